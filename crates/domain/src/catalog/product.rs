//! A product: what is delivered, in which unit, under which tax.
//!
//! It deliberately has one tax rate, the one in force; bills keep the rate they were made with.

use crate::money::{TaxRate, UnitPrice};
use thiserror::Error;

/// The unit a product is sold in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Litres (UQC LTR).
    Litre,
    /// Kilograms (UQC KGS).
    Kilogram,
    /// Pieces (UQC PCS).
    Piece,
}

impl Unit {
    /// The word under which it is kept and used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Litre => "L",
            Self::Kilogram => "kg",
            Self::Piece => "piece",
        }
    }

    /// Reads the word used in files.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Litre, Self::Kilogram, Self::Piece].into_iter().find(|unit| unit.as_str() == text)
    }
}

/// Why a text is not an HSN code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not an HSN code; expected 2, 4, 6 or 8 digits")]
pub struct HsnError(pub String);

/// A code of the harmonised system of nomenclature (notification 78/2020-CT).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hsn(String);

impl Hsn {
    /// Reads 2, 4, 6 or 8 digits; spaces between them are ignored (`0405 90 20`).
    pub fn parse(text: &str) -> Result<Self, HsnError> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let right = matches!(digits.len(), 2 | 4 | 6 | 8)
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if right { Ok(Self(digits)) } else { Err(HsnError(text.chars().take(40).collect())) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A product as reported by the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The code people use; unique in the business.
    pub sku: String,
    /// The name printed on bills.
    pub name: String,
    /// The unit of quantities and prices.
    pub unit: Unit,
    /// Tax classification, if known.
    pub hsn: Option<Hsn>,
    /// The GST rate in force.
    pub tax_rate: TaxRate,
    /// The general price that holds until the first dated price; absent when all prices are dated.
    pub price: Option<UnitPrice>,
    /// Whether prices contain the tax.
    pub tax_inclusive: bool,
}

#[cfg(test)]
mod tests {
    use super::{Hsn, Unit};

    #[test]
    fn units_and_codes() {
        for unit in [Unit::Litre, Unit::Kilogram, Unit::Piece] {
            assert_eq!(Unit::parse(unit.as_str()), Some(unit));
        }
        assert_eq!(Unit::parse("litre"), None);
        assert_eq!(Hsn::parse("0405 90 20").unwrap().as_str(), "04059020");
        for wrong in ["", "4", "040", "04O1", "040590201"] {
            assert!(Hsn::parse(wrong).is_err(), "{wrong}");
        }
    }
}
