//! How much was delivered: litres, kilograms or pieces in thousandths of the unit.
//!
//! It deliberately does not know its unit; the product does.

use super::amount::Overflow;
use super::decimal::{DecimalError, format_fixed, parse_fixed};
use std::fmt;

/// A quantity in thousandths of the product's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest quantity of one delivery: one million units, far above any tanker.
    pub const MAX_DELIVERY: Self = Self(1_000_000_000);

    /// A quantity in thousandths.
    pub const fn from_milli(milli_units: i64) -> Self {
        Self(milli_units)
    }

    /// The quantity in thousandths.
    pub const fn milli(self) -> i64 {
        self.0
    }

    /// Reads units with at most three decimals.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        parse_fixed(text, 3).map(Self)
    }

    /// The sum, or an error when it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow { doing: "a sum of quantities" })
    }
}

/// Units with three decimals, such as `1.500`.
impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format_fixed(self.0, 3))
    }
}
