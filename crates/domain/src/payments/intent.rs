//! Whether a payment that a gateway tells of is the one that was asked for: its amount, currency
//! and order (protocols 1.10). What does not fit is held for a person, and nothing is posted.
//!
//! It deliberately asks nothing of payments that nobody asked for, such as those by a standing QR.

use super::shown;
use crate::money::Money;
use thiserror::Error;

/// The only currency of the books.
pub const CURRENCY: &str = "INR";

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intended<'a> {
    /// The amount.
    pub amount: Money,
    /// Whether less may be paid (a link that accepts parts).
    pub in_parts: bool,
    /// The provider's id of the order or session, if there is one.
    pub order: Option<&'a str>,
}

/// What was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// The amount.
    pub amount: Money,
    /// The currency's code, in capitals or not.
    pub currency: &'a str,
    /// The provider's id of the order or session, if it was told.
    pub order: Option<&'a str>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Another currency.
    #[error("the payment is in {0}; the books are in INR")]
    Currency(String),
    /// Another amount.
    #[error("{found} rupees were paid where {expected} were asked for")]
    Amount {
        /// What was asked for.
        expected: Money,
        /// What was told.
        found: Money,
    },
    /// Another order.
    #[error("the payment is for order {found}, ours is {expected}")]
    Order {
        /// Ours.
        expected: String,
        /// The one told.
        found: String,
    },
}

/// Checks what was told against what was asked for, if anything was.
pub fn fits(intended: Option<Intended<'_>>, told: Told<'_>) -> Result<(), Mismatch> {
    if !told.currency.eq_ignore_ascii_case(CURRENCY) {
        return Err(Mismatch::Currency(shown(told.currency)));
    }
    let Some(intended) = intended else { return Ok(()) };
    if let (Some(expected), Some(found)) = (intended.order, told.order)
        && expected != found
    {
        return Err(Mismatch::Order { expected: shown(expected), found: shown(found) });
    }
    let (expected, found) = (intended.amount, told.amount);
    if found == expected || (intended.in_parts && found < expected) {
        Ok(())
    } else {
        Err(Mismatch::Amount { expected, found })
    }
}

#[cfg(test)]
mod tests {
    use super::{Intended, Mismatch, Told, fits};
    use crate::money::Money;

    #[test]
    fn amount_currency_and_order_must_fit() {
        let amount = Money::from_paise(1000);
        let whole = Intended { amount, in_parts: false, order: Some("order_1") };
        let parts = Intended { in_parts: true, ..whole };
        let right = Told { amount, currency: "inr", order: Some("order_1") };
        let less = Told { amount: Money::from_paise(999), ..right };
        let more = Told { amount: Money::from_paise(1001), ..right };
        assert_eq!(fits(Some(whole), right), Ok(()));
        assert_eq!(fits(None, more), Ok(()));
        assert_eq!(fits(Some(whole), Told { order: None, ..right }), Ok(()));
        assert_eq!(fits(Some(parts), less), Ok(()));
        for (intended, told) in [(whole, less), (whole, more), (parts, more)] {
            let wrong = Mismatch::Amount { expected: amount, found: told.amount };
            assert_eq!(fits(Some(intended), told), Err(wrong));
        }
        let dollars = Told { currency: "USD", ..right };
        assert_eq!(fits(None, dollars), Err(Mismatch::Currency("USD".to_owned())));
        let other = Told { order: Some("order_2"), ..right };
        assert!(matches!(fits(Some(whole), other), Err(Mismatch::Order { .. })));
    }
}
