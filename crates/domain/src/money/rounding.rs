//! The one rounding rule of the product: half to even, on exact integers.
//!
//! It deliberately knows nothing of money; callers scale numerator and denominator themselves.

/// Divides `numerator` by `denominator` and rounds to the nearest integer, ties to the even one.
/// Magnitudes are rounded, so a credit note mirrors its bill exactly.
///
/// Returns `None` when `denominator` is not positive.
pub fn half_even(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    let quotient = numerator / denominator;
    let remainder = (numerator % denominator).unsigned_abs();
    // Compare the remainder with what is left of the denominator, never with twice itself: no
    // operand can overflow this way.
    let rest = denominator.unsigned_abs() - remainder;
    let away = remainder > rest || (remainder == rest && quotient % 2 != 0);
    if !away {
        Some(quotient)
    } else if numerator < 0 {
        Some(quotient - 1)
    } else {
        Some(quotient + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::half_even;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_even_neighbour() {
        for (numerator, denominator, expected) in [
            (5, 10, 0),
            (15, 10, 2),
            (25, 10, 2),
            (-5, 10, 0),
            (-15, 10, -2),
            (-25, 10, -2),
            (24, 10, 2),
            (26, 10, 3),
            (0, 7, 0),
            (494_925_000, 10_000, 49_492),
        ] {
            assert_eq!(half_even(numerator, denominator), Some(expected), "{numerator}");
        }
        assert_eq!(half_even(1, 0), None);
        assert_eq!(half_even(1, -2), None);
        assert_eq!(half_even(i128::MAX, 1), Some(i128::MAX));
        assert_eq!(half_even(i128::MIN, 1), Some(i128::MIN));
    }

    proptest! {
        // The definition in exact rational arithmetic: the result r is the integer nearest to n/d,
        // and when two are equally near, the even one.
        #[test]
        fn nearest_and_even(n in -1_000_000_000_000_000_000i128..1_000_000_000_000_000_000,
                            d in 1i128..1_000_000_000_000) {
            let r = half_even(n, d).unwrap();
            let distance_times_two = 2 * (r * d - n).abs();
            prop_assert!(distance_times_two <= d);
            if distance_times_two == d {
                prop_assert_eq!(r % 2, 0);
            }
        }

        #[test]
        fn mirrors_around_zero(n in -1_000_000_000_000i128..1_000_000_000_000,
                               d in 1i128..1_000_000) {
            prop_assert_eq!(half_even(n, d).unwrap(), -half_even(-n, d).unwrap());
        }
    }
}
