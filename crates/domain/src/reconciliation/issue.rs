//! An issue: one thing that does not agree, its severity, and the work on it.
//!
//! It deliberately names records by the ids that stay; amounts are what they were on the day.

use super::Fingerprint;
use crate::ids::{BillId, PaymentId};
use crate::money::Money;
use thiserror::Error;

/// Longest note of a closed issue, in characters.
pub const MAX_NOTE_CHARS: usize = 1000;

/// How grave an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Usual in a running business; good to know.
    Info,
    /// The books are right, but somebody should act.
    Warning,
    /// The books and the world differ: money is missing in one of them.
    Error,
}

impl Severity {
    /// All, the lightest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// What does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueKind {
    /// An issued bill that nothing, or not enough, was paid for. Info: customers take their time.
    BillWithoutPayment,
    /// Money that settles no bill: an advance, or a receipt of nobody. Warning: it waits for a
    /// person, or for the next bill.
    PaymentWithoutBill,
    /// A payment of another amount than was asked for, or than the gateway has. Error.
    AmountMismatch,
    /// Two payments that look like one: the same reference, or the same bill paid twice. Warning:
    /// each is booked once, and the customer may want one back.
    Duplicate,
    /// A payment that only the gateway or the bank knows. Error: money is not in the books.
    ProviderOnly,
    /// A payment that only we know. Error: the books tell of money that is not there.
    OursOnly,
    /// The parts of a settlement do not come to what was paid out. Error.
    SettlementSumWrong,
    /// The ledger does not hold what follows from the payments. Error: the program is wrong, or
    /// somebody changed the books.
    LedgerDiffers,
    /// A person has had cash in hand for longer than allowed. Warning.
    CashNotHandedOver,
}

impl IssueKind {
    /// All, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::BillWithoutPayment,
        Self::PaymentWithoutBill,
        Self::AmountMismatch,
        Self::Duplicate,
        Self::ProviderOnly,
        Self::OursOnly,
        Self::SettlementSumWrong,
        Self::LedgerDiffers,
        Self::CashNotHandedOver,
    ];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BillWithoutPayment => "bill_without_payment",
            Self::PaymentWithoutBill => "payment_without_bill",
            Self::AmountMismatch => "amount_mismatch",
            Self::Duplicate => "duplicate",
            Self::ProviderOnly => "provider_only",
            Self::OursOnly => "ours_only",
            Self::SettlementSumWrong => "settlement_sum_wrong",
            Self::LedgerDiffers => "ledger_differs",
            Self::CashNotHandedOver => "cash_not_handed_over",
        }
    }

    /// The kind of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How grave it usually is; a finding may say otherwise.
    pub const fn severity(self) -> Severity {
        match self {
            Self::BillWithoutPayment => Severity::Info,
            Self::PaymentWithoutBill | Self::Duplicate | Self::CashNotHandedOver => {
                Severity::Warning
            }
            Self::AmountMismatch
            | Self::ProviderOnly
            | Self::OursOnly
            | Self::SettlementSumWrong
            | Self::LedgerDiffers => Severity::Error,
        }
    }
}

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What.
    pub kind: IssueKind,
    /// How grave.
    pub severity: Severity,
    /// The bill it is about.
    pub bill: Option<BillId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// What else it is about: the provider's id of a payment that only it knows, a settlement, a
    /// person, an account. Empty when bill and payment say it.
    pub subject: String,
    /// In words, for people.
    pub details: String,
    /// What should be there.
    pub expected: Option<Money>,
    /// What is there.
    pub found: Option<Money>,
}

impl Issue {
    /// By what it is the same issue as yesterday's: its kind and what it is about. The words and
    /// amounts may change.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.kind.as_str(), self.bill, self.payment, &self.subject)
    }
}

/// Where the work on an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueState {
    /// Nobody looks after it.
    Open,
    /// Somebody does.
    Assigned,
    /// Settled, with a note. It stays so while it is found with the same amounts.
    Closed,
}

/// Why the work on an issue cannot go on so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IssueError {
    /// It is closed already.
    #[error("the issue is closed; reopen it first")]
    Closed,
    /// It is not closed.
    #[error("the issue is not closed, so it cannot be reopened")]
    NotClosed,
    /// No note, or too long a one.
    #[error("a note of 1 to 1000 characters is needed to close an issue: what was found and done")]
    Note,
}

impl IssueState {
    /// All, in their order.
    pub const ALL: [Self; 3] = [Self::Open, Self::Assigned, Self::Closed];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Closed => "closed",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state once somebody looks after it, or somebody else.
    pub const fn assign(self) -> Result<Self, IssueError> {
        match self {
            Self::Open | Self::Assigned => Ok(Self::Assigned),
            Self::Closed => Err(IssueError::Closed),
        }
    }

    /// The state once it is settled.
    pub fn close(self, note: &str) -> Result<Self, IssueError> {
        if self == Self::Closed {
            return Err(IssueError::Closed);
        }
        if note.trim().is_empty() || note.chars().count() > MAX_NOTE_CHARS {
            return Err(IssueError::Note);
        }
        Ok(Self::Closed)
    }

    /// The state once a closed issue is looked at again.
    pub const fn reopen(self) -> Result<Self, IssueError> {
        match self {
            Self::Closed => Ok(Self::Open),
            Self::Open | Self::Assigned => Err(IssueError::NotClosed),
        }
    }

    /// The state when a comparison finds it again. What was closed is opened when the amounts are
    /// other ones than those it was closed for.
    pub const fn found_again(self, changed: bool) -> Self {
        match self {
            Self::Closed if changed => Self::Open,
            known => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IssueError, IssueKind, IssueState, MAX_NOTE_CHARS, Severity};

    #[test]
    fn every_word_is_found() {
        for kind in IssueKind::ALL {
            assert_eq!(IssueKind::from_name(kind.as_str()), Some(kind));
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::from_name(severity.as_str()), Some(severity));
            assert!(IssueKind::ALL.into_iter().any(|kind| kind.severity() == severity));
        }
        for state in IssueState::ALL {
            assert_eq!(IssueState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(IssueKind::from_name("Duplicate"), None);
        assert_eq!(Severity::from_name("fatal"), None);
        assert_eq!(IssueState::from_name("done"), None);
        assert!(Severity::ALL.is_sorted());
    }

    #[test]
    fn an_issue_is_settled_with_a_note() {
        use IssueState::{Assigned, Closed, Open};
        for state in [Open, Assigned] {
            assert_eq!(state.assign(), Ok(Assigned));
            assert_eq!(state.close("The customer paid in cash."), Ok(Closed));
            assert_eq!(state.found_again(true), state);
            assert_eq!(state.reopen(), Err(IssueError::NotClosed));
            for wrong in ["", " \n", &"x".repeat(MAX_NOTE_CHARS + 1)] {
                assert_eq!(state.close(wrong), Err(IssueError::Note));
            }
        }
        assert_eq!(Closed.assign(), Err(IssueError::Closed));
        assert_eq!(Closed.close("again"), Err(IssueError::Closed));
        assert_eq!((Closed.found_again(true), Closed.found_again(false)), (Open, Closed));
        assert_eq!(Closed.reopen(), Ok(Open));
    }
}
