//! An amount of money in paise.
//!
//! It deliberately has no arithmetic operators: every sum is checked, and an overflow is an error
//! that names what was being done.

use super::decimal::{DecimalError, format_fixed, parse_fixed};
use std::fmt;
use thiserror::Error;

/// A sum of money did not fit into 64 bits of paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the amount is too large to be kept: {doing} goes beyond 92,233,720,368,547,758 rupees")]
pub struct Overflow {
    /// What was being computed.
    pub doing: &'static str,
}

/// Money in paise; negative for amounts owed the other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount given in paise.
    pub const fn from_paise(paise: i64) -> Self {
        Self(paise)
    }

    /// An amount given in paise as a wide intermediate result.
    pub fn from_wide(paise: i128, doing: &'static str) -> Result<Self, Overflow> {
        i64::try_from(paise).map(Self).map_err(|_| Overflow { doing })
    }

    /// The amount in paise.
    pub const fn paise(self) -> i64 {
        self.0
    }

    /// Reads rupees with at most two decimals, such as `1250.50` or `-3`.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        parse_fixed(text, 2).map(Self)
    }

    /// The sum, or an error when it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow { doing: "a sum" })
    }

    /// The difference, or an error when it does not fit.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow { doing: "a difference" })
    }

    /// The amount with the other sign.
    pub fn negated(self) -> Result<Self, Overflow> {
        self.0.checked_neg().map(Self).ok_or(Overflow { doing: "a change of sign" })
    }

    /// The sum of all amounts, or an error when it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// What must be added to reach the nearest whole rupee, 50 paise going up: between -49 and 50
    /// paise. The line "Round off" of a bill shows it.
    pub const fn to_whole_rupee(self) -> Self {
        let over = self.0.rem_euclid(100);
        Self(if over >= 50 { 100 - over } else { -over })
    }

    /// True for zero paise.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// Plain rupees with two decimals, such as `1250.50`: the form of files and of the API.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format_fixed(self.0, 2))
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, Overflow};

    #[test]
    fn overflow_is_an_error() {
        let most = Money::from_paise(i64::MAX);
        assert_eq!(most.plus(Money::from_paise(1)), Err(Overflow { doing: "a sum" }));
        let least = Money::from_paise(i64::MIN);
        assert_eq!(least.minus(Money::from_paise(1)), Err(Overflow { doing: "a difference" }));
        assert_eq!(least.negated(), Err(Overflow { doing: "a change of sign" }));
        assert!(Money::sum([most, most]).is_err());
        assert!(Money::from_wide(i128::from(i64::MAX) + 1, "a line").is_err());
        assert_eq!(least.to_string(), "-92233720368547758.08");
    }

    #[test]
    fn whole_rupee_goes_up_from_fifty_paise() {
        for (paise, expected) in [
            (0, 0),
            (1, -1),
            (49, -49),
            (50, 50),
            (99, 1),
            (100, 0),
            (12_350, 50),
            (12_349, -49),
            (-50, 50),
            (-51, -49),
            (-1, 1),
        ] {
            assert_eq!(Money::from_paise(paise).to_whole_rupee().paise(), expected, "{paise}");
        }
    }

    #[test]
    fn reads_and_writes_rupees() {
        assert_eq!(Money::parse("-3.5").unwrap().paise(), -350);
        assert_eq!(Money::from_paise(-5).to_string(), "-0.05");
        assert_eq!(format!("{:>10}", Money::from_paise(12_345)), "    123.45");
        assert!(Money::parse("1.005").is_err());
        assert!(Money::ZERO.is_zero());
    }
}
