//! Customers: whom the dairy delivers to and bills, and the forms of what is kept about them.
//!
//! It deliberately does not treat a phone number as an identity: families and neighbours share
//! one. The customer code is the identity people use.

mod address;
mod billing_mode;
mod contact;
mod gstin;
mod state;

pub use address::{Pincode, PincodeError};
pub use billing_mode::{BillingMode, BillingModeError};
pub use contact::{Email, EmailError, Language, LanguageError, Phone, PhoneError};
pub use gstin::{Fssai, FssaiError, Gstin, GstinError};
pub use state::{State, StateError};

use crate::money::Money;
use thiserror::Error;

/// Longest customer code, SKU or reference, in characters.
pub const MAX_CODE_CHARS: usize = 64;
/// Longest name, route or address, in characters.
pub const MAX_TEXT_CHARS: usize = 500;

/// A customer as reported by the office. Blank fields are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The code people use; unique in the business.
    pub code: String,
    /// The name, in any script.
    pub name: String,
    /// Where to call or write.
    pub phone: Option<Phone>,
    /// Where to send papers.
    pub email: Option<Email>,
    /// The language of papers and messages.
    pub language: Option<Language>,
    /// Where the delivery goes.
    pub address: Option<String>,
    /// Postal code.
    pub pincode: Option<Pincode>,
    /// The State the goods go to, which decides between CGST + SGST and IGST. When absent, the
    /// GSTIN's State, else the business's own.
    pub state: Option<State>,
    /// GST registration of a trade customer.
    pub gstin: Option<Gstin>,
    /// The delivery route.
    pub route: Option<String>,
    /// What the customer owed when the books were opened; negative for an advance.
    pub opening_balance: Money,
    /// Whether the customer pays before or after being delivered to.
    pub billing_mode: BillingMode,
}

impl Customer {
    /// The State of supply: the stated one, else the GSTIN's, else the business's own.
    pub fn state_of_supply(&self, business: State) -> State {
        self.state.or_else(|| self.gstin.as_ref().map(Gstin::state)).unwrap_or(business)
    }
}

/// Why a text cannot be a code or a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing was given.
    #[error("it is empty; expected {expected}")]
    Empty {
        /// What belongs there.
        expected: &'static str,
    },
    /// It goes on for too long.
    #[error("it has {found} characters; expected at most {allowed}")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        allowed: usize,
    },
    /// It has characters that cannot be printed.
    #[error("it contains a control character; expected plain text")]
    Control,
}

/// Checks a code, SKU or reference: 1 to 64 printable characters.
pub fn check_code(text: &str) -> Result<(), TextError> {
    check_text(text, MAX_CODE_CHARS, "a code")
}

/// Checks a name: 1 to 500 printable characters.
pub fn check_name(text: &str) -> Result<(), TextError> {
    check_text(text, MAX_TEXT_CHARS, "a name")
}

/// Checks a free text that is present: at most 500 characters, line breaks allowed.
pub fn check_free_text(text: &str) -> Result<(), TextError> {
    let without_breaks = text.replace(['\n', '\r', '\t'], " ");
    check_text(&without_breaks, MAX_TEXT_CHARS, "a text")
}

fn check_text(text: &str, allowed: usize, expected: &'static str) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty { expected });
    }
    if text.len() > allowed {
        let found = text.chars().count();
        if found > allowed {
            return Err(TextError::TooLong { found, allowed });
        }
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BillingMode, Customer, State, TextError, check_code, check_free_text, check_name};
    use crate::customers::Gstin;
    use crate::money::Money;

    #[test]
    fn codes_and_names_are_printable_and_bounded() {
        assert_eq!(check_code("C-001"), Ok(()));
        assert_eq!(check_name("મીના પટેલ"), Ok(()));
        assert!(matches!(check_code("  "), Err(TextError::Empty { .. })));
        assert!(matches!(check_code(&"x".repeat(65)), Err(TextError::TooLong { .. })));
        assert_eq!(check_code("a\u{0}b"), Err(TextError::Control));
        assert_eq!(check_free_text("Flat 3,\nRose Wing"), Ok(()));
        assert_eq!(check_free_text("bell\u{7}"), Err(TextError::Control));
    }

    #[test]
    fn the_state_of_supply_falls_back() {
        let gujarat = State::parse("24").unwrap();
        let mut customer = Customer {
            code: "C1".to_owned(),
            name: "Asha".to_owned(),
            phone: None,
            email: None,
            language: None,
            address: None,
            pincode: None,
            state: None,
            gstin: None,
            route: None,
            opening_balance: Money::ZERO,
            billing_mode: BillingMode::Postpaid,
        };
        assert_eq!(customer.state_of_supply(gujarat), gujarat);
        customer.gstin = Some(Gstin::parse("29AABCR1718E1ZL").unwrap());
        assert_eq!(customer.state_of_supply(gujarat).code(), "29");
        customer.state = Some(State::parse("27").unwrap());
        assert_eq!(customer.state_of_supply(gujarat).code(), "27");
    }
}
