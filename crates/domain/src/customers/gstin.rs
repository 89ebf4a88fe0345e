//! Registration numbers on papers: the GSTIN with its check digit, and the FSSAI licence number.
//!
//! It deliberately does not ask any register whether a number is in use.

use super::State;
use std::fmt;
use thiserror::Error;

/// Why a text is not a GSTIN.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GstinError {
    /// The form is wrong.
    #[error(
        "\"{0}\" is not a GSTIN; expected 15 characters: State code, PAN, entity, Z and check \
         digit, such as 24AANFA2641L1ZF"
    )]
    Form(String),
    /// The last character does not fit the others.
    #[error("\"{found}\" has a wrong check digit; expected it to end in {expected}")]
    CheckDigit {
        /// The text as given.
        found: String,
        /// The right last character.
        expected: char,
    },
}

/// A GST identification number, in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gstin(String, State);

/// The alphabet of the check digit.
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Gstin {
    /// Reads a GSTIN; small letters are read as capitals.
    pub fn parse(text: &str) -> Result<Self, GstinError> {
        let upper = text.to_ascii_uppercase();
        let form = || GstinError::Form(text.chars().take(40).collect());
        let bytes: &[u8; 15] = upper.as_bytes().try_into().map_err(|_| form())?;
        let is = |range: std::ops::Range<usize>, test: fn(&u8) -> bool| {
            bytes.iter().take(range.end).skip(range.start).all(test)
        };
        let right = is(0..2, u8::is_ascii_digit)
            && is(2..7, u8::is_ascii_uppercase)
            && is(7..11, u8::is_ascii_digit)
            && is(11..12, u8::is_ascii_uppercase)
            && is(12..13, |byte| byte.is_ascii_uppercase() || (b'1'..=b'9').contains(byte))
            && is(13..14, |byte| matches!(byte, b'Z' | b'1'..=b'9' | b'A' | b'B' | b'D'..=b'J'))
            && is(14..15, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let state = upper.get(..2).and_then(|code| State::parse(code).ok());
        let Some(state) = state.filter(|_| right) else {
            return Err(form());
        };
        let expected = check_digit(bytes);
        if !upper.ends_with(expected) {
            return Err(GstinError::CheckDigit { found: upper, expected });
        }
        Ok(Self(upper, state))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The State of registration.
    pub const fn state(&self) -> State {
        self.1
    }
}

impl fmt::Display for Gstin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The check digit over the first 14 characters: factors 1 and 2 in turn, each product folded in
/// base 36.
fn check_digit(bytes: &[u8; 15]) -> char {
    let index = |byte: &u8| ALPHABET.iter().position(|letter| letter == byte).unwrap_or(0);
    let sum: usize = bytes
        .iter()
        .take(14)
        .enumerate()
        .map(|(place, byte)| {
            let product = (1 + place % 2) * index(byte);
            product / 36 + product % 36
        })
        .sum();
    ALPHABET.get((36 - sum % 36) % 36).map_or('0', |byte| char::from(*byte))
}

/// Why a text is not an FSSAI number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not an FSSAI licence number; expected 14 digits")]
pub struct FssaiError(pub String);

/// A licence or registration number of the food authority: 14 digits, printed on every bill
/// (order of 8 June 2021).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fssai(String);

impl Fssai {
    /// Reads 14 digits.
    pub fn parse(text: &str) -> Result<Self, FssaiError> {
        if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FssaiError(text.chars().take(40).collect()))
        }
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Fssai, Gstin, GstinError};

    #[test]
    fn real_numbers_pass_and_wrong_ones_do_not() {
        for right in [
            "24AANFA2641L1ZF",
            "29AABCR1718E1ZL",
            "24AAQCA8719H1ZC",
            "29AAGCB7383J1Z4",
            "27AAPFU0939F1ZV",
            "27aapfu0939f1zv",
        ] {
            let gstin = Gstin::parse(right).unwrap();
            assert_eq!(gstin.as_str(), right.to_uppercase());
            assert_eq!(gstin.state().code(), &right[..2]);
            assert_eq!(gstin.to_string(), gstin.as_str());
        }
        let error = Gstin::parse("27AAACT1234C1Z5").unwrap_err();
        assert!(matches!(error, GstinError::CheckDigit { expected: 'X', .. }), "{error}");
        for wrong in ["36AMBPG7773M002", "07AGAPA5363L002", "", "24AANFA2641L1Z", "25AANFA2641L1ZF"]
        {
            assert!(matches!(Gstin::parse(wrong), Err(GstinError::Form(_))), "{wrong}");
        }
    }

    #[test]
    fn every_single_wrong_character_is_found() {
        let right = "24AANFA2641L1ZF";
        for place in 0..15 {
            for letter in ('0'..='9').chain('A'..='Z') {
                let mut wrong: Vec<char> = right.chars().collect();
                if wrong[place] == letter {
                    continue;
                }
                wrong[place] = letter;
                let wrong: String = wrong.into_iter().collect();
                assert!(Gstin::parse(&wrong).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn fssai_has_fourteen_digits() {
        assert_eq!(Fssai::parse("10012345678901").unwrap().as_str(), "10012345678901");
        assert!(Fssai::parse("1001234567890").is_err());
        assert!(Fssai::parse("1001234567890x").is_err());
    }
}
