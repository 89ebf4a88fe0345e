//! Where a job stands.
//!
//! It deliberately has no state for a job that waits for its next attempt: it is waiting.

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// To be done once it is due.
    Waiting,
    /// A worker has it on lease.
    Running,
    /// Done.
    Done,
    /// Given up: it cannot succeed, or has failed as often as it may.
    Dead,
    /// Taken back before it was done.
    Cancelled,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Running, Self::Done, Self::Dead, Self::Cancelled];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing will be done about it any more, unless somebody asks.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }

    /// Whether it can be made to wait again: what was done is not done anew.
    pub const fn can_be_requeued(self) -> bool {
        matches!(self, Self::Dead | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_state_has_its_word() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.as_str()), Some(state));
            assert!(!state.can_be_requeued() || state.is_finished());
        }
        assert_eq!(State::from_name("Waiting"), None);
        assert!(!State::Done.can_be_requeued() && !State::Running.is_finished());
    }
}
