//! The currency of what a gateway tells. Money in another one is held for a person: the books
//! cannot hold it (protocols 1.10).
//!
//! It deliberately says nothing of amounts: money of another amount than was asked for came in all
//! the same. It is booked, and the reconciliation names it.

use super::shown;
use thiserror::Error;

/// The only currency of the books.
pub const CURRENCY: &str = "INR";

/// A payment in another currency.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the payment is in {0}; the books are in INR")]
pub struct OtherCurrency(String);

/// Checks the code of a currency as it was told, in capitals or not.
pub fn check_currency(told: &str) -> Result<(), OtherCurrency> {
    if told.eq_ignore_ascii_case(CURRENCY) { Ok(()) } else { Err(OtherCurrency(shown(told))) }
}

#[cfg(test)]
mod tests {
    use super::{OtherCurrency, check_currency};

    #[test]
    fn the_books_are_in_rupees() {
        assert_eq!(check_currency("inr"), Ok(()));
        assert_eq!(check_currency("USD"), Err(OtherCurrency("USD".to_owned())));
        assert!(check_currency(&"x".repeat(900)).unwrap_err().to_string().len() < 100);
    }
}
