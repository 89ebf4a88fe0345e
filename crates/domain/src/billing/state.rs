//! The states of a bill: `draft → issued → part-paid → paid`, and `cancelled` through a credit
//! note only.
//!
//! It deliberately does not know payments; it is told how much has been paid.

use crate::money::Money;
use thiserror::Error;

/// Where a bill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BillState {
    /// Computed, without a number; a rerun recomputes it.
    Draft,
    /// Numbered, posted, and fixed for ever.
    Issued,
    /// Issued, and paid in part.
    PartPaid,
    /// Issued, and paid in full.
    Paid,
    /// Issued, and taken back whole by a credit note.
    Cancelled,
}

/// Why a bill cannot change its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StateError {
    /// Only a draft can be issued.
    #[error("a bill that is {} cannot be issued; only a draft can", .0.as_str())]
    NotDraft(BillState),
    /// Payments and credit notes concern issued bills.
    #[error("a bill that is {} takes no payment or credit note; issue it first", .0.as_str())]
    NotIssued(BillState),
}

impl BillState {
    /// All, in the order of a bill's life.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Issued, Self::PartPaid, Self::Paid, Self::Cancelled];

    /// The word under which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issued => "issued",
            Self::PartPaid => "part-paid",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state kept under `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the bill's content can never change again.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Draft)
    }

    /// The state after issuing.
    pub const fn issue(self) -> Result<Self, StateError> {
        match self {
            Self::Draft => Ok(Self::Issued),
            _ => Err(StateError::NotDraft(self)),
        }
    }

    /// The state when `paid` of `total` has arrived in all; it goes back when a payment bounces.
    pub fn settle(self, total: Money, paid: Money) -> Result<Self, StateError> {
        match self {
            Self::Draft | Self::Cancelled => Err(StateError::NotIssued(self)),
            _ if paid >= total => Ok(Self::Paid),
            _ if paid > Money::ZERO => Ok(Self::PartPaid),
            _ => Ok(Self::Issued),
        }
    }

    /// The state after a credit note over the whole bill.
    pub const fn credit(self) -> Result<Self, StateError> {
        match self {
            Self::Draft | Self::Cancelled => Err(StateError::NotIssued(self)),
            _ => Ok(Self::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BillState, StateError};
    use crate::money::Money;

    #[test]
    fn a_bill_lives_forward() {
        use BillState::{Cancelled, Draft, Issued, Paid, PartPaid};
        let rupees = |rupees: i64| Money::from_paise(rupees * 100);
        assert_eq!(Draft.issue(), Ok(Issued));
        for state in [Issued, PartPaid, Paid, Cancelled] {
            assert_eq!(state.issue(), Err(StateError::NotDraft(state)));
            assert!(state.is_final());
        }
        assert_eq!(Issued.settle(rupees(10), rupees(4)), Ok(PartPaid));
        assert_eq!(PartPaid.settle(rupees(10), rupees(10)), Ok(Paid));
        assert_eq!(Paid.settle(rupees(10), rupees(0)), Ok(Issued));
        assert_eq!(Draft.settle(rupees(1), rupees(1)), Err(StateError::NotIssued(Draft)));
        assert_eq!(Paid.credit(), Ok(Cancelled));
        assert_eq!(Draft.credit(), Err(StateError::NotIssued(Draft)));
        assert_eq!(Cancelled.credit(), Err(StateError::NotIssued(Cancelled)));
        for state in BillState::ALL {
            assert_eq!(BillState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(BillState::from_name("open"), None);
        assert!(!Draft.is_final());
    }
}
