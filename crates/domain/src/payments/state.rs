//! The states of a payment, its refunds and its disputes.
//!
//! It deliberately has no transitions: the state of a payment follows from what is known of it
//! (`Facts::state`), so that events in any order end in the same state.

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Asked for, or begun.
    Created,
    /// Promised by the customer's bank, not taken yet.
    Authorized,
    /// The money is ours.
    Captured,
    /// A part went back to the customer.
    PartRefunded,
    /// All of it went back to the customer.
    Refunded,
    /// No money came, or it was taken back by the bank (a bounced cheque). Of a gateway this is
    /// not final: a failed payment may still be authorized or captured.
    Failed,
    /// The customer disputes it with their bank, or won such a dispute against us.
    Disputed,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Authorized,
        Self::Captured,
        Self::PartRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Disputed,
    ];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::PartRefunded => "part-refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Disputed => "disputed",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What a provider says of a refund. A later one in this order outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum RefundStatus {
    /// Accepted; the money is on its way.
    #[default]
    Pending,
    /// It reached the customer's bank.
    Processed,
    /// It did not go through; the money is ours again.
    Failed,
}

impl RefundStatus {
    /// All, in their order.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Processed, Self::Failed];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// The status of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a provider says of a dispute. A later one in this order outweighs an earlier one: so it is
/// the same in the end whichever was told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum DisputeStatus {
    /// Begun.
    #[default]
    Created,
    /// The provider waits for our evidence.
    ActionRequired,
    /// The bank decides.
    UnderReview,
    /// Over; nobody said who won.
    Closed,
    /// Over; the money stays ours.
    Won,
    /// Over; the customer has the money.
    Lost,
}

impl DisputeStatus {
    /// All, in their order.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::ActionRequired,
        Self::UnderReview,
        Self::Closed,
        Self::Won,
        Self::Lost,
    ];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::ActionRequired => "action_required",
            Self::UnderReview => "under_review",
            Self::Closed => "closed",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// The status of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether it is not decided yet.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::ActionRequired | Self::UnderReview)
    }
}

#[cfg(test)]
mod tests {
    use super::{DisputeStatus, RefundStatus, State};

    #[test]
    fn every_state_has_its_word() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.as_str()), Some(state));
        }
        for status in RefundStatus::ALL {
            assert_eq!(RefundStatus::from_name(status.as_str()), Some(status));
        }
        for status in DisputeStatus::ALL {
            assert_eq!(DisputeStatus::from_name(status.as_str()), Some(status));
        }
        assert_eq!(State::from_name("part_refunded"), None);
        assert_eq!(RefundStatus::from_name("Failed"), None);
        assert_eq!(DisputeStatus::from_name(""), None);
    }

    #[test]
    fn later_words_outweigh_earlier_ones() {
        assert!(RefundStatus::ALL.is_sorted() && DisputeStatus::ALL.is_sorted());
        let open: Vec<_> = DisputeStatus::ALL.into_iter().filter(|s| s.is_open()).collect();
        assert_eq!(open, &DisputeStatus::ALL[..3]);
        assert_eq!(RefundStatus::default(), RefundStatus::Pending);
        assert_eq!(DisputeStatus::default(), DisputeStatus::Created);
    }
}
