//! The price of one unit, in thousandths of a rupee: NUMERIC(10,3).
//!
//! It deliberately does not know which customer or day it is for; see `catalog`.

use super::amount::{Money, Overflow};
use super::decimal::{DecimalError, format_fixed, parse_fixed};
use super::{Quantity, half_even};
use std::fmt;

/// Rupees for one unit, in milli-rupees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice(i64);

impl UnitPrice {
    /// The largest price that NUMERIC(10,3) holds: 9,999,999.999 rupees.
    pub const MAX: Self = Self(9_999_999_999);

    /// A price in milli-rupees.
    pub const fn from_milli(milli_rupees: i64) -> Self {
        Self(milli_rupees)
    }

    /// The price in milli-rupees.
    pub const fn milli(self) -> i64 {
        self.0
    }

    /// Reads rupees with at most three decimals. Zero and negative prices are read; whether they
    /// are allowed is decided where the price is used.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let milli = parse_fixed(text, 3)?;
        if milli.abs() > Self::MAX.0 {
            return Err(DecimalError::TooLarge { text: text.to_owned(), limit: 7 });
        }
        Ok(Self(milli))
    }

    /// `quantity × price`, rounded half to even to the paisa.
    pub fn times(self, quantity: Quantity) -> Result<Money, Overflow> {
        let doing = "quantity times unit price";
        let exact = self.exact_times(quantity);
        let paise = half_even(exact, 10_000).ok_or(Overflow { doing })?;
        Money::from_wide(paise, doing)
    }

    /// `quantity × price` in millionths of a rupee (ten-thousandths of a paisa), unrounded.
    pub fn exact_times(self, quantity: Quantity) -> i128 {
        i128::from(self.0) * i128::from(quantity.milli())
    }
}

/// Plain rupees with three decimals, such as `64.000`.
impl fmt::Display for UnitPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format_fixed(self.0, 3))
    }
}

#[cfg(test)]
mod tests {
    use super::UnitPrice;
    use crate::money::Quantity;

    fn amount(quantity: &str, price: &str) -> i64 {
        let quantity = Quantity::parse(quantity).unwrap();
        UnitPrice::parse(price).unwrap().times(quantity).unwrap().paise()
    }

    #[test]
    fn rounds_once_per_printed_line() {
        assert_eq!(amount("0.250", "65.99"), 1650);
        assert_eq!(amount("7.500", "65.99"), 49_492);
        assert_eq!(amount("1", "0.005"), 0);
        assert_eq!(amount("3", "0.005"), 2);
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        assert!(UnitPrice::parse("10000000").is_err());
        assert!(UnitPrice::parse("64.0005").is_err());
        assert_eq!(UnitPrice::parse("9999999.999").unwrap(), UnitPrice::MAX);
        let too_much = Quantity::from_milli(i64::MAX);
        assert!(UnitPrice::MAX.times(too_much).is_err());
    }
}
