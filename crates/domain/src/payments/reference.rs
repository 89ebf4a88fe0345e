//! References of transfers and addresses of UPI: what may be typed or told, as text.
//!
//! It deliberately asks no bank whether they exist.

use super::shown;
use std::fmt;
use thiserror::Error;

/// Shortest and longest reference of a bank, in characters: 12 of UPI and IMPS, 16 of NEFT, 22 of
/// RTGS; some banks send shorter ones of their own.
const REFERENCE_CHARS: std::ops::RangeInclusive<usize> = 10..=22;
/// Characters of a reference of UPI and IMPS, all digits.
const RRN_CHARS: usize = 12;
/// Longest name before the `@` of a UPI address, in characters.
const MAX_VPA_NAME_CHARS: usize = 255;
/// Longest handle after the `@` of a UPI address, in characters.
const MAX_VPA_HANDLE_CHARS: usize = 64;
/// Shortest part of a UPI address on either side, in characters.
const MIN_VPA_PART_CHARS: usize = 2;

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is not a bank's reference (RRN or UTR); expected 10 to 22 of A-Z and 0-9, such as \
     621700000041"
)]
pub struct ReferenceError(pub String);

/// The reference of a transfer: the RRN of UPI and IMPS, the UTR of NEFT and RTGS. It is text; a
/// leading zero counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BankReference(String);

impl BankReference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let plain = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if REFERENCE_CHARS.contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError(shown(text)))
        }
    }

    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has the form of a reference of UPI or IMPS: twelve digits.
    pub fn is_rrn(&self) -> bool {
        self.0.len() == RRN_CHARS && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for BankReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Why a text is no UPI address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a UPI address; expected name@handle, such as demodairy@upiexample")]
pub struct VpaError(pub String);

/// An address of UPI (VPA): `demodairy@upiexample`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Vpa(String);

impl Vpa {
    /// Reads an address: letters, digits, `.`, `-`, `_` before the `@`; a letter, then letters and
    /// digits after it.
    pub fn parse(text: &str) -> Result<Self, VpaError> {
        let right = text.split_once('@').is_some_and(|(name, handle)| {
            let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            (MIN_VPA_PART_CHARS..=MAX_VPA_NAME_CHARS).contains(&name.len())
                && (MIN_VPA_PART_CHARS..=MAX_VPA_HANDLE_CHARS).contains(&handle.len())
                && name.bytes().all(named)
                && handle.starts_with(|first: char| first.is_ascii_alphabetic())
                && handle.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if right { Ok(Self(text.to_owned())) } else { Err(VpaError(shown(text))) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{BankReference, Vpa};

    #[test]
    fn references_are_text() {
        for right in ["621700000041", "021700000041", "ABCDH00712345678", "ABCDR72026080500012345"]
        {
            let reference = BankReference::parse(right).unwrap();
            assert_eq!((reference.as_str(), reference.to_string().as_str()), (right, right));
            assert_eq!(reference.is_rrn(), right.len() == 12);
        }
        assert!(!BankReference::parse("C62170000003").unwrap().is_rrn());
        let long = "1".repeat(23);
        for wrong in ["", "123456789", &long, "abcd12345678", "6217 00000041", "६२१७००००००४१"]
        {
            assert!(BankReference::parse(wrong).is_err(), "{wrong}");
        }
        assert!(BankReference::parse(&"é".repeat(99)).unwrap_err().to_string().len() < 250);
    }

    #[test]
    fn addresses_have_a_name_and_a_handle() {
        for right in ["demodairy@upiexample", "meena.p@upiexample", "98-1_2@ok1", "ab@cd"] {
            assert_eq!(Vpa::parse(right).unwrap().as_str(), right);
        }
        let long = format!("{}@upi", "a".repeat(256));
        for wrong in
            ["", "@", "a@upi", "dairy@u", "dairy", "a b@upi", "x&y@upi", "ab@1upi", "ab@u.i", &long]
        {
            assert!(Vpa::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Vpa::parse("ab@cd@ef").is_err());
    }
}
