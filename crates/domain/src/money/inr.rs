//! Rupees for people: `₹12,34,567.89`, in every language the same.
//!
//! It deliberately uses no locale library: several Indian locales of CLDR group money by thousands
//! or change the digits, and a bill must read alike for everyone.

use super::Money;

/// Formats an amount with the rupee sign, Indian grouping (three digits, then twos), Latin digits
/// and two decimals. Negative amounts start with `-`.
pub fn inr(amount: Money) -> String {
    let paise = amount.paise().unsigned_abs();
    let rupees = (paise / 100).to_string();
    let sign = if amount.paise() < 0 { "-" } else { "" };
    format!("{sign}₹{}.{:02}", grouped(&rupees), paise % 100)
}

/// Inserts the Indian grouping commas into a string of digits.
fn grouped(digits: &str) -> String {
    let count = digits.len();
    let mut out = String::with_capacity(count + count / 2);
    for (index, digit) in digits.chars().enumerate() {
        let left = count - index;
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::inr;
    use crate::money::Money;
    use proptest::prelude::*;

    #[test]
    fn groups_by_lakh_and_crore() {
        for (paise, expected) in [
            (0, "₹0.00"),
            (99_900, "₹999.00"),
            (100_000, "₹1,000.00"),
            (9_999_950, "₹99,999.50"),
            (10_000_000, "₹1,00,000.00"),
            (123_456_789, "₹12,34,567.89"),
            (1_000_000_000, "₹1,00,00,000.00"),
            (-123_450, "-₹1,234.50"),
            (-5, "-₹0.05"),
            (i64::MIN, "-₹92,23,37,20,36,85,47,758.08"),
        ] {
            assert_eq!(inr(Money::from_paise(paise)), expected);
        }
    }

    proptest! {
        #[test]
        fn without_commas_it_is_the_plain_number(paise in any::<i64>()) {
            let amount = Money::from_paise(paise);
            let plain: String = inr(amount).chars().filter(|c| !"₹,".contains(*c)).collect();
            prop_assert_eq!(plain, amount.to_string());
        }
    }
}
