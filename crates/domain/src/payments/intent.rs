//! Whether a payment that a gateway tells of is the one that was asked for: its currency and its
//! amount (protocols 1.10). What does not fit is held for a person, and nothing is posted. The
//! order fits by itself: what was asked for is found by it.
//!
//! It deliberately asks nothing of payments that nobody asked for, such as those by a standing QR.

use super::shown;
use crate::money::Money;
use thiserror::Error;

/// The only currency of the books.
pub const CURRENCY: &str = "INR";

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intended {
    /// The amount.
    pub amount: Money,
    /// Whether less may be paid (a link that accepts parts).
    pub in_parts: bool,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Another currency.
    #[error("the payment is in {0}; the books are in INR")]
    Currency(String),
    /// Another amount.
    #[error(
        "{found} rupees were paid where {expected} were asked for; if that is right, replay the \
         event and accept the amount"
    )]
    Amount {
        /// What was asked for.
        expected: Money,
        /// What was told.
        found: Money,
    },
}

/// Checks the code of a currency as it was told, in capitals or not.
pub fn check_currency(told: &str) -> Result<(), Mismatch> {
    if told.eq_ignore_ascii_case(CURRENCY) { Ok(()) } else { Err(Mismatch::Currency(shown(told))) }
}

impl Intended {
    /// Checks the amount that was paid.
    pub fn fits(self, found: Money) -> Result<(), Mismatch> {
        let expected = self.amount;
        if found == expected || (self.in_parts && found < expected) {
            Ok(())
        } else {
            Err(Mismatch::Amount { expected, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Intended, Mismatch, check_currency};
    use crate::money::Money;

    #[test]
    fn the_books_are_in_rupees() {
        assert_eq!(check_currency("inr"), Ok(()));
        assert_eq!(check_currency("USD"), Err(Mismatch::Currency("USD".to_owned())));
        assert!(check_currency(&"x".repeat(900)).unwrap_err().to_string().len() < 100);
    }

    #[test]
    fn the_amount_must_fit() {
        let paise = Money::from_paise;
        let whole = Intended { amount: paise(1000), in_parts: false };
        let parts = Intended { in_parts: true, ..whole };
        for (intended, found, fits) in [
            (whole, 1000, true),
            (whole, 999, false),
            (whole, 1001, false),
            (parts, 1000, true),
            (parts, 999, true),
            (parts, 1001, false),
        ] {
            let wrong = Mismatch::Amount { expected: paise(1000), found: paise(found) };
            assert_eq!(intended.fits(paise(found)), if fits { Ok(()) } else { Err(wrong) });
        }
    }
}
