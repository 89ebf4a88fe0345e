//! Bill numbers: `INV/26-27/000001`, consecutive in a series and financial year, at most 16
//! characters of digits, capitals, `-` and `/` (CGST Rules, Rule 46(b)).
//!
//! It deliberately does not count; the store allots the next number when a bill is issued.

use crate::calendar::FinancialYear;
use std::fmt;
use thiserror::Error;

/// Longest bill number the law allows, in characters.
const MAX_NUMBER_CHARS: usize = 16;
/// Longest prefix that leaves room for year and six digits.
const MAX_PREFIX_CHARS: usize = 3;

/// Why a text cannot be the prefix of bill numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" cannot start bill numbers; expected 1 to 3 of A-Z, 0-9 and -, not starting with 0 or \
     -, so that a number such as INV/26-27/000001 keeps to 16 characters"
)]
pub struct PrefixError(pub String);

/// The first part of the bill numbers of a series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BillPrefix(String);

impl BillPrefix {
    /// Reads a prefix.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        let right = (1..=MAX_PREFIX_CHARS).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.starts_with(['0', '-']);
        if right {
            Ok(Self(text.to_owned()))
        } else {
            Err(PrefixError(text.chars().take(40).collect()))
        }
    }

    /// The prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why there is no further number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the bill series {prefix}/{year} has no number {serial}: it must be 1 or more and keep to 16 \
     characters; use a shorter prefix from the next year on"
)]
pub struct NumberError {
    /// The series' prefix.
    pub prefix: String,
    /// The financial year.
    pub year: FinancialYear,
    /// The number that does not fit.
    pub serial: i64,
}

/// A bill's number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BillNumber {
    text: String,
    serial: i64,
}

impl BillNumber {
    /// The number `serial` (from 1) of a series and year.
    pub fn new(prefix: &BillPrefix, year: FinancialYear, serial: i64) -> Result<Self, NumberError> {
        let text = format!("{}/{year}/{serial:06}", prefix.0);
        if serial < 1 || text.len() > MAX_NUMBER_CHARS {
            return Err(NumberError { prefix: prefix.0.clone(), year, serial });
        }
        Ok(Self { text, serial })
    }

    /// The number as printed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its place in the series, from 1.
    pub const fn serial(&self) -> i64 {
        self.serial
    }
}

impl fmt::Display for BillNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{BillNumber, BillPrefix};
    use crate::calendar::{Day, FinancialYear};

    #[test]
    fn numbers_keep_to_sixteen_characters() {
        let year = FinancialYear::of(Day::parse("2026-10-31").unwrap());
        let prefix = BillPrefix::parse("INV").unwrap();
        let number = BillNumber::new(&prefix, year, 1).unwrap();
        assert_eq!(number.as_str(), "INV/26-27/000001");
        assert_eq!(number.as_str().len(), 16);
        assert_eq!(number.serial(), 1);
        assert!(BillNumber::new(&prefix, year, 1_000_000).is_err());
        assert!(BillNumber::new(&prefix, year, 0).is_err());
        let short = BillPrefix::parse("B").unwrap();
        let number = BillNumber::new(&short, year, 1_000_000).unwrap();
        assert_eq!(number.to_string(), "B/26-27/1000000");
    }

    #[test]
    fn prefixes_follow_rule_46() {
        for right in ["INV", "B", "9A", "A-1"] {
            assert_eq!(BillPrefix::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", "INVO", "0A", "-A", "a", "ब", "A/B", "A "] {
            assert!(BillPrefix::parse(wrong).is_err(), "{wrong}");
        }
    }
}
