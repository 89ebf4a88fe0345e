//! Postal codes.
//!
//! It deliberately does not refuse a code for not fitting its State: borders and habits differ.

use thiserror::Error;

/// Why a text is not a postal code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a PIN code; expected six digits that do not start with 0")]
pub struct PincodeError(pub String);

/// An Indian postal code: six digits, the first not zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pincode(String);

impl Pincode {
    /// Reads six digits; one space after the third is allowed, as on envelopes.
    pub fn parse(text: &str) -> Result<Self, PincodeError> {
        let digits = match text.split_once(' ') {
            Some((first, rest)) if first.len() == 3 => format!("{first}{rest}"),
            _ => text.to_owned(),
        };
        let right = digits.len() == 6
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if right { Ok(Self(digits)) } else { Err(PincodeError(text.chars().take(40).collect())) }
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Pincode;

    #[test]
    fn six_digits_not_starting_with_zero() {
        assert_eq!(Pincode::parse("380001").unwrap().as_str(), "380001");
        assert_eq!(Pincode::parse("380 001").unwrap().as_str(), "380001");
        for wrong in ["080001", "38001", "3800011", "38000a", "", "३८०००१"] {
            assert!(Pincode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
