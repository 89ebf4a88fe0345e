//! The UPI link of a bill, `upi://pay?…`, which is also exactly the text of its QR code (NPCI UPI
//! Linking Specifications 1.6).
//!
//! It deliberately sends no parameter `tid`, which is the payer's bank's own, and makes no picture.

use super::reference::Vpa;
use super::shown;
use crate::money::Money;
use std::fmt::Write as _;
use thiserror::Error;

/// Shortest and longest reference `tr` of a link, in characters (the QR form, tag 27.01).
const REFERENCE_CHARS: std::ops::RangeInclusive<usize> = 4..=35;
/// Begins the reference of a customer: a link with an amount must have one, of four characters at
/// least, and codes may be shorter.
const CUSTOMER_PREFIX: &str = "CUST";
/// Longest name of a payee, in characters.
const MAX_NAME_CHARS: usize = 99;
/// Longest note, in characters; payment programs cut longer ones.
const MAX_NOTE_CHARS: usize = 50;
/// Digits of a merchant category code.
const CATEGORY_CHARS: usize = 4;

/// Why there can be no link.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UpiError {
    /// No reference can be made of the bill's number.
    #[error("\"{0}\" makes no reference of a UPI link; expected 4 to 35 letters and digits in it")]
    Reference(String),
    /// The payee's name is empty, long, or not plain text.
    #[error("\"{0}\" cannot be the payee of a UPI link; expected 1 to 99 characters on one line")]
    Name(String),
    /// The note is long, or not plain text.
    #[error("\"{0}\" cannot be the note of a UPI link; expected at most 50 characters on one line")]
    Note(String),
    /// The category code is wrong.
    #[error("\"{0}\" is not a merchant category code; expected the 4 digits that the bank gave")]
    Category(String),
    /// The amount is not positive.
    #[error("{0} cannot be asked for by a UPI link; expected more than zero")]
    Amount(Money),
}

/// Our reference in a link (`tr`): letters and digits only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkReference(String);

impl LinkReference {
    /// The reference of a bill's number: its letters and digits. `BS/2627/000123` becomes
    /// `BS2627000123`.
    pub fn of(bill_number: &str) -> Result<Self, UpiError> {
        let text: String = bill_number.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/');
        if REFERENCE_CHARS.contains(&text.len()) && bill_number.chars().all(plain) {
            Ok(Self(text))
        } else {
            Err(UpiError::Reference(shown(bill_number)))
        }
    }

    /// The reference of a customer who pays all that is due: `CUST` and the letters and digits of
    /// the code, as many as fit. `C-1` becomes `CUSTC1`.
    pub fn of_customer(code: &str) -> Self {
        let plain = code.chars().filter(char::is_ascii_alphanumeric);
        Self(CUSTOMER_PREFIX.chars().chain(plain).take(*REFERENCE_CHARS.end()).collect())
    }

    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpiLink<'a> {
    /// Who is paid (`pa`).
    pub payee: &'a Vpa,
    /// Their name (`pn`).
    pub name: &'a str,
    /// The category code that the bank gave (`mc`).
    pub category: Option<&'a str>,
    /// Our reference (`tr`). It does not come back in the bank's messages.
    pub reference: Option<&'a LinkReference>,
    /// A note for the payer (`tn`).
    pub note: Option<&'a str>,
    /// The amount (`am`). Without it the payer types one.
    pub amount: Option<Money>,
}

impl UpiLink<'_> {
    /// The link: parameters in the order of the specification, everything but letters, digits and
    /// `-._~` encoded, the `@` of the address kept.
    pub fn text(&self) -> Result<String, UpiError> {
        if !is_line(self.name, MAX_NAME_CHARS) {
            return Err(UpiError::Name(shown(self.name)));
        }
        let mut text = format!("upi://pay?pa={}&pn={}", self.payee.as_str(), encoded(self.name));
        if let Some(category) = self.category {
            let digits = category.bytes().all(|byte| byte.is_ascii_digit());
            if category.len() != CATEGORY_CHARS || !digits {
                return Err(UpiError::Category(shown(category)));
            }
            text.push_str(&format!("&mc={category}"));
        }
        if let Some(reference) = self.reference {
            text.push_str(&format!("&tr={}", reference.as_str()));
        }
        if let Some(note) = self.note {
            if !is_line(note, MAX_NOTE_CHARS) {
                return Err(UpiError::Note(shown(note)));
            }
            text.push_str(&format!("&tn={}", encoded(note)));
        }
        if let Some(amount) = self.amount {
            if amount <= Money::ZERO {
                return Err(UpiError::Amount(amount));
            }
            text.push_str(&format!("&am={amount}"));
        }
        text.push_str("&cu=INR");
        Ok(text)
    }
}

/// Whether a text is something to read on one line, of at most so many characters.
fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Percent-encoding of all but the unreserved characters (RFC 3986, 2.3); a blank is `%20`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{LinkReference, UpiError, UpiLink};
    use crate::money::Money;
    use crate::payments::Vpa;

    fn with(check: impl FnOnce(UpiLink<'_>)) {
        let payee = Vpa::parse("demodairy@upiexample").unwrap();
        let reference = LinkReference::of("BS/2627/000123").unwrap();
        check(UpiLink {
            payee: &payee,
            name: "Demo Dairy",
            category: Some("1234"),
            reference: Some(&reference),
            note: Some("Milk bill"),
            amount: Some(Money::from_paise(124_000)),
        });
    }

    #[test]
    fn the_link_is_exactly_that_of_the_specification() {
        with(|link| {
            let expected = "upi://pay?pa=demodairy@upiexample&pn=Demo%20Dairy&mc=1234\
                            &tr=BS2627000123&tn=Milk%20bill&am=1240.00&cu=INR";
            assert_eq!(link.text().unwrap(), expected);
            let still =
                UpiLink { category: None, reference: None, note: None, amount: None, ..link };
            let expected = "upi://pay?pa=demodairy@upiexample&pn=Demo%20Dairy&cu=INR";
            assert_eq!(still.text().unwrap(), expected);
        });
    }

    #[test]
    fn a_customer_has_a_reference_whatever_the_code() {
        for (code, expected) in
            [("C1", "CUSTC1"), ("C-1/a", "CUSTC1a"), ("राधा", "CUST"), ("12", "CUST12")]
        {
            assert_eq!(LinkReference::of_customer(code).as_str(), expected);
        }
        assert_eq!(LinkReference::of_customer(&"A".repeat(64)).as_str().len(), 35);
    }

    #[test]
    fn nothing_in_a_name_ends_the_parameter() {
        with(|link| {
            let text = UpiLink { name: "A & B=C#?+%/ दूध", ..link }.text().unwrap();
            let name = text.split('&').nth(1).unwrap();
            assert_eq!(name, "pn=A%20%26%20B%3DC%23%3F%2B%25%2F%20%E0%A4%A6%E0%A5%82%E0%A4%A7");
            assert_eq!(text.matches('&').count(), 6);
        });
    }

    #[test]
    fn wrong_parts_are_refused() {
        with(|link| {
            let long = "x".repeat(100);
            for name in ["", " ", "a\nb", &long] {
                let wrong = UpiLink { name, ..link }.text();
                assert!(matches!(wrong, Err(UpiError::Name(_))), "{name}");
            }
            for note in ["", "a\tb", &long[..51]] {
                let wrong = UpiLink { note: Some(note), ..link }.text();
                assert!(matches!(wrong, Err(UpiError::Note(_))), "{note}");
            }
            for category in ["", "123", "12345", "12a4"] {
                let wrong = UpiLink { category: Some(category), ..link }.text();
                assert!(matches!(wrong, Err(UpiError::Category(_))), "{category}");
            }
            for paise in [0, -1] {
                let amount = Money::from_paise(paise);
                let wrong = UpiLink { amount: Some(amount), ..link }.text();
                assert_eq!(wrong, Err(UpiError::Amount(amount)));
            }
        });
    }

    #[test]
    fn references_keep_letters_and_digits() {
        let of = |number: &str| LinkReference::of(number).map(|made| made.as_str().to_owned());
        assert_eq!(of("INV/26-27/000007").unwrap(), "INV2627000007");
        let long = "1".repeat(36);
        for wrong in ["", "1/2-3", "B S/2627/1", "बिल/2627/1", &long] {
            assert!(matches!(of(wrong), Err(UpiError::Reference(_))), "{wrong}");
        }
        assert!(of(&long[..35]).is_ok());
    }
}
