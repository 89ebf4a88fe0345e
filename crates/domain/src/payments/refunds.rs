//! Refunds that we ask for: how much may go back, who must agree, and where a refund stands.
//!
//! `requested → approved → sent → processed`, `failed` or `unknown`. It deliberately books nothing:
//! money moves when the provider tells of the refund.

use super::facts::Facts;
use super::postings::kept;
use super::provider::Provider;
use crate::ids::PersonId;
use crate::money::{Money, Overflow};
use thiserror::Error;

/// Where a refund that we asked for stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefundState {
    /// Asked for by one of our people; another must agree.
    Requested,
    /// Agreed, and to be sent.
    Approved,
    /// Declined by the one who should have agreed.
    Declined,
    /// Sent to the provider.
    Sent,
    /// Sent, and nobody knows what became of it; the provider is asked.
    Unknown,
    /// The money went back.
    Processed,
    /// The provider refused it, or it did not go through.
    Failed,
}

/// Where a refund goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Where the money came from.
    Source,
    /// The customer's advance: bills that the payment has paid are open again.
    Advance,
}

impl Destination {
    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Advance => "advance",
        }
    }

    /// The destination of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Source, Self::Advance].into_iter().find(|one| one.as_str() == name)
    }
}

/// What happens to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody agrees.
    Approve,
    /// Somebody declines.
    Decline,
    /// It is sent, or sent again after the provider was found not to know it.
    Send,
    /// Nobody knows what became of it.
    Lose,
    /// The provider paid it.
    Process,
    /// The provider refused it, or took it back.
    Fail,
}

/// Why a refund cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefundError {
    /// No money.
    #[error("{0} cannot be refunded; give an amount of more than zero")]
    NotPositive(Money),
    /// More than there is.
    #[error("{asked} cannot be refunded: {left} of the payment is left; refund that or less")]
    TooMuch {
        /// What was asked for.
        asked: Money,
        /// What is left.
        left: Money,
    },
    /// The one who asks may not agree.
    #[error("whoever asks for a refund cannot approve or decline it; ask another person")]
    SamePerson,
    /// It stands elsewhere.
    #[error("the refund is {}, so it cannot be {}", .0.as_str(), .1.as_str())]
    Standing(RefundState, RefundState),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl RefundState {
    /// All, in the order of a refund's life.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Approved,
        Self::Declined,
        Self::Sent,
        Self::Unknown,
        Self::Processed,
        Self::Failed,
    ];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether its money is promised to the customer: it counts against what may be refunded, until
    /// the provider tells of the refund.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Requested | Self::Approved | Self::Sent | Self::Unknown)
    }

    /// The state after a step. Told twice, it stays; a provider may take back what it had
    /// processed, but what failed has failed.
    pub fn after(self, step: Step) -> Result<Self, RefundError> {
        use RefundState::{Approved, Declined, Failed, Processed, Requested, Sent, Unknown};
        let to = match step {
            Step::Approve => Approved,
            Step::Decline => Declined,
            Step::Send => Sent,
            Step::Lose => Unknown,
            Step::Process => Processed,
            Step::Fail => Failed,
        };
        let allowed = match (self, to) {
            (from, to) if from == to => true,
            (Requested, Approved | Declined) | (Approved, Sent) | (Processed, Failed) => true,
            (Sent | Unknown, to) => matches!(to, Sent | Unknown | Processed | Failed),
            _ => false,
        };
        if allowed { Ok(to) } else { Err(RefundError::Standing(self, to)) }
    }
}

/// What may still be refunded of a payment: what the customer was given for it and keeps, less
/// `under_way`, the refunds asked for of which the provider has not told yet. Never negative.
pub fn refundable(facts: &Facts, provider: Provider, under_way: Money) -> Result<Money, Overflow> {
    Ok(kept(facts, provider)?.minus(under_way)?.max(Money::ZERO))
}

/// Whether `asked` of the `left` refundable may go back.
pub fn may_refund(asked: Money, left: Money) -> Result<(), RefundError> {
    if asked <= Money::ZERO {
        return Err(RefundError::NotPositive(asked));
    }
    if asked > left {
        return Err(RefundError::TooMuch { asked, left });
    }
    Ok(())
}

/// Decides on a request to refund `asked` of the `left` refundable: approved at once while all that
/// goes back of the payment without another person's word, `alone` so far, is at most `limit`;
/// above it another person must agree. So a large refund in small parts needs one too.
pub fn ask_refund(
    asked: Money,
    left: Money,
    alone: Money,
    limit: Money,
) -> Result<RefundState, RefundError> {
    may_refund(asked, left)?;
    let needs_another = alone.plus(asked)? > limit;
    Ok(if needs_another { RefundState::Requested } else { RefundState::Approved })
}

/// Whether `checker` may approve or decline what `maker` asked for: anybody but the maker.
pub fn may_check(maker: PersonId, checker: PersonId) -> Result<(), RefundError> {
    if maker == checker { Err(RefundError::SamePerson) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{RefundError, RefundState, Step, ask_refund, may_check, may_refund, refundable};
    use crate::calendar::Moment;
    use crate::ids::PersonId;
    use crate::money::Money;
    use crate::payments::{Facts, Observation, Provider, RefundStatus};

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    #[test]
    fn a_refund_lives_forward() {
        use RefundState::{Approved, Declined, Failed, Processed, Requested, Sent, Unknown};
        let steps = [
            (Step::Approve, Approved),
            (Step::Decline, Declined),
            (Step::Send, Sent),
            (Step::Lose, Unknown),
            (Step::Process, Processed),
            (Step::Fail, Failed),
        ];
        let allowed = [
            (Requested, &[Approved, Declined][..]),
            (Approved, &[Approved, Sent]),
            (Declined, &[Declined]),
            (Sent, &[Sent, Unknown, Processed, Failed]),
            (Unknown, &[Sent, Unknown, Processed, Failed]),
            (Processed, &[Processed, Failed]),
            (Failed, &[Failed]),
        ];
        for (from, to) in allowed {
            for (step, after) in steps {
                let expected = if to.contains(&after) {
                    Ok(after)
                } else {
                    Err(RefundError::Standing(from, after))
                };
                assert_eq!(from.after(step), expected, "{from:?} {step:?}");
            }
            assert_eq!(RefundState::from_name(from.as_str()), Some(from));
        }
        let under_way: Vec<_> = RefundState::ALL.into_iter().filter(|s| s.is_under_way()).collect();
        assert_eq!(under_way, [Requested, Approved, Sent, Unknown]);
        assert_eq!(RefundState::from_name("done"), None);
    }

    #[test]
    fn no_more_goes_back_than_came_in() {
        let mut facts = Facts::default();
        let left = |facts: &Facts, under_way| {
            refundable(facts, Provider::Razorpay, paise(under_way)).unwrap().paise()
        };
        assert_eq!(left(&facts, 0), 0);
        facts.merge(&Observation::Captured { amount: paise(100), at: Moment::from_unix_micros(1) });
        assert_eq!((left(&facts, 0), left(&facts, 30), left(&facts, 130)), (100, 70, 0));
        let (id, status) = ("r".to_owned(), RefundStatus::Pending);
        facts.merge(&Observation::Refund { id, status, amount: paise(40) });
        assert_eq!((left(&facts, 0), left(&facts, 30)), (60, 30));
        facts.merge(&Observation::Reversed);
        assert_eq!(left(&facts, 0), 0);
        let least = paise(i64::MIN);
        let wrong =
            refundable(&Facts { captured: paise(1), ..Facts::default() }, Provider::Upi, least);
        assert!(wrong.is_err());
    }

    #[test]
    fn large_refunds_need_another_person() {
        let ask = |asked| ask_refund(paise(asked), paise(100), paise(0), paise(50));
        assert_eq!(ask(50), Ok(RefundState::Approved));
        assert_eq!(ask(51), Ok(RefundState::Requested));
        assert_eq!(ask(100), Ok(RefundState::Requested));
        // In parts.
        let after = |alone| ask_refund(paise(20), paise(100), paise(alone), paise(50));
        assert_eq!(after(30), Ok(RefundState::Approved));
        assert_eq!(after(31), Ok(RefundState::Requested));
        assert_eq!(may_refund(paise(20), paise(20)), Ok(()));
        let left = paise(100);
        assert_eq!(ask(101), Err(RefundError::TooMuch { asked: paise(101), left }));
        for wrong in [0, -1] {
            assert_eq!(ask(wrong), Err(RefundError::NotPositive(paise(wrong))));
        }
        assert_eq!(may_check(PersonId(1), PersonId(2)), Ok(()));
        assert_eq!(may_check(PersonId(1), PersonId(1)), Err(RefundError::SamePerson));
    }
}
