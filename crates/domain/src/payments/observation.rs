//! What is seen of a payment: one thing at a time, as a gateway, a bank or one of our people tells.
//!
//! It deliberately knows no gateway's format; whoever reads that makes observations of it.

use super::shown;
use super::state::{DisputeStatus, RefundStatus};
use crate::calendar::Moment;
use crate::ids::PersonId;
use crate::money::Money;
use thiserror::Error;

/// Longest id of a provider's refund or dispute, in bytes; those of Razorpay have 19, of Stripe up
/// to 28.
pub const MAX_ID_BYTES: usize = 64;

/// The most that is taken as one amount of money: 1,000 crore rupees. It is far above what any
/// dairy is paid at once, and so far below what an `i64` holds that sums of millions fit.
pub const MAX_AMOUNT: Money = Money::from_paise(1_000_000_000_000);

/// What a provider keeps of a payment. The tax is a part of it, not on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fee {
    amount: Money,
    tax: Money,
}

impl Fee {
    /// A fee with its tax; `None` unless `0 <= tax <= amount`.
    pub fn new(amount: Money, tax: Money) -> Option<Self> {
        (Money::ZERO <= tax && tax <= amount).then_some(Self { amount, tax })
    }

    /// What is kept in all, tax included.
    pub const fn amount(self) -> Money {
        self.amount
    }

    /// The tax in it.
    pub const fn tax(self) -> Money {
        self.tax
    }
}

/// One thing seen of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// It was asked for.
    Created {
        /// The amount asked for.
        amount: Money,
    },
    /// The customer's bank promised it.
    Authorized {
        /// The amount promised.
        amount: Money,
    },
    /// The money is ours: captured by a gateway, counted by a rider, seen in the bank, or taken as
    /// a cheque.
    Captured {
        /// The amount.
        amount: Money,
        /// When, as told; not when we heard of it.
        at: Moment,
    },
    /// An attempt failed.
    Failed,
    /// What the provider keeps of it.
    Fee(Fee),
    /// A refund.
    Refund {
        /// The provider's id of the refund; for our own ways of paying, ours.
        id: String,
        /// Where it stands.
        status: RefundStatus,
        /// The amount.
        amount: Money,
    },
    /// A refund was paid by hand, from somebody's cash. It is told together with the refund.
    PaidOut {
        /// Our id of the refund.
        refund: String,
        /// Whose cash it was.
        person: PersonId,
    },
    /// A dispute.
    Dispute {
        /// The provider's id of the dispute.
        id: String,
        /// Where it stands.
        status: DisputeStatus,
        /// The amount in dispute.
        amount: Money,
        /// What was taken from us for it (`amount_deducted` of Razorpay); zero when not told.
        deducted: Money,
    },
    /// A dispute's money was taken from us (`charge.dispute.funds_withdrawn` of Stripe).
    FundsWithdrawn {
        /// The provider's id of the dispute.
        dispute: String,
        /// The amount.
        amount: Money,
    },
    /// A dispute's money was given back (`charge.dispute.funds_reinstated` of Stripe).
    FundsReinstated {
        /// The provider's id of the dispute.
        dispute: String,
        /// The amount.
        amount: Money,
    },
    /// The cheque was cleared.
    Cleared,
    /// The cheque bounced, or the receipt was cancelled.
    Reversed,
}

/// Why an observation cannot be true.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ObservationError {
    /// Money is told as positive amounts.
    #[error("{0} is not an amount that can be paid; expected more than zero")]
    NotPositive(Money),
    /// More than is taken at once.
    #[error("{0} is more than can be paid at once; expected at most {MAX_AMOUNT}")]
    TooMuch(Money),
    /// Not a provider's id.
    #[error(
        "\"{0}\" is not the id of a refund or dispute; expected 1 to 64 of letters, digits, _, - \
         and ."
    )]
    Id(String),
}

impl Observation {
    /// Whether it can be true: amounts are positive and ids are ids. What cannot be true is not
    /// merged; its event is kept for a person to look at.
    pub fn check(&self) -> Result<(), ObservationError> {
        match self {
            Self::Created { amount }
            | Self::Authorized { amount }
            | Self::Captured { amount, .. } => check_amount(*amount),
            Self::Refund { id, amount, .. } => check_id(id).and_then(|()| check_amount(*amount)),
            Self::Dispute { id, amount, deducted, .. } => {
                check_id(id)?;
                if *deducted < Money::ZERO {
                    return Err(ObservationError::NotPositive(*deducted));
                }
                at_most(*deducted).and_then(|()| check_amount(*amount))
            }
            Self::FundsWithdrawn { dispute, amount }
            | Self::FundsReinstated { dispute, amount } => {
                check_id(dispute).and_then(|()| check_amount(*amount))
            }
            Self::PaidOut { refund, .. } => check_id(refund),
            Self::Fee(fee) => at_most(fee.amount),
            Self::Failed | Self::Cleared | Self::Reversed => Ok(()),
        }
    }
}

/// Whether so much can be paid, given back or handed over at once: more than nothing, and at most
/// `MAX_AMOUNT`.
pub fn check_amount(amount: Money) -> Result<(), ObservationError> {
    if amount > Money::ZERO { at_most(amount) } else { Err(ObservationError::NotPositive(amount)) }
}

fn at_most(amount: Money) -> Result<(), ObservationError> {
    if amount <= MAX_AMOUNT { Ok(()) } else { Err(ObservationError::TooMuch(amount)) }
}

/// Ids are opaque and case-sensitive, but they become a part of a posting's name.
fn check_id(id: &str) -> Result<(), ObservationError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(plain) {
        Ok(())
    } else {
        Err(ObservationError::Id(shown(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fee, MAX_AMOUNT, MAX_ID_BYTES, Observation, ObservationError};
    use crate::calendar::Moment;
    use crate::money::Money;
    use crate::payments::{DisputeStatus, RefundStatus};

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    #[test]
    fn the_tax_is_a_part_of_the_fee() {
        // The fee of P1 (protocols 1): 4348, of which 663 are tax.
        let fee = Fee::new(paise(4348), paise(663)).unwrap();
        assert_eq!((fee.amount(), fee.tax()), (paise(4348), paise(663)));
        assert!(Fee::new(Money::ZERO, Money::ZERO).is_some());
        for (amount, tax) in [(-1, 0), (10, -1), (10, 11), (-5, -5)] {
            assert_eq!(Fee::new(paise(amount), paise(tax)), None);
        }
    }

    #[test]
    fn amounts_are_positive() {
        let at = Moment::from_unix_micros(0);
        let id = || "x_1".to_owned();
        let (status, deducted) = (DisputeStatus::Created, Money::ZERO);
        let most = MAX_AMOUNT.paise();
        for (amount, right) in [(1, true), (most, true), (0, false), (-1, false)] {
            let amount = paise(amount);
            for observation in [
                Observation::Created { amount },
                Observation::Authorized { amount },
                Observation::Captured { amount, at },
                Observation::Refund { id: id(), status: RefundStatus::Pending, amount },
                Observation::Dispute { id: id(), status, amount, deducted },
                Observation::FundsWithdrawn { dispute: id(), amount },
                Observation::FundsReinstated { dispute: id(), amount },
            ] {
                let expected =
                    if right { Ok(()) } else { Err(ObservationError::NotPositive(amount)) };
                assert_eq!(observation.check(), expected, "{observation:?}");
            }
        }
        for amount in [most + 1, i64::MAX].map(paise) {
            let expected = Err(ObservationError::TooMuch(amount));
            assert_eq!(Observation::Captured { amount, at }.check(), expected);
            assert_eq!(Observation::Fee(Fee::new(amount, Money::ZERO).unwrap()).check(), expected);
            let deducted = amount;
            let dispute = Observation::Dispute { id: id(), status, amount: paise(1), deducted };
            assert_eq!(dispute.check(), expected);
        }
        let taken = paise(-1);
        let wrong = Observation::Dispute { id: id(), status, amount: paise(1), deducted: taken };
        assert_eq!(wrong.check(), Err(ObservationError::NotPositive(taken)));
        let fee = Observation::Fee(Fee::new(paise(1), Money::ZERO).unwrap());
        for observation in [Observation::Failed, fee, Observation::Cleared, Observation::Reversed] {
            assert_eq!(observation.check(), Ok(()));
        }
    }

    #[test]
    fn ids_are_plain() {
        let check = |id: &str| {
            let (status, amount) = (RefundStatus::Pending, paise(1));
            Observation::Refund { id: id.to_owned(), status, amount }.check()
        };
        for right in ["rfnd_T3stRfd0000001", "re_1-2.3", &"x".repeat(MAX_ID_BYTES)] {
            assert_eq!(check(right), Ok(()));
        }
        for wrong in ["", "a b", "a:b", "a@b", "é", "a\n", &"x".repeat(MAX_ID_BYTES + 1)] {
            assert!(matches!(check(wrong), Err(ObservationError::Id(_))), "{wrong}");
        }
        assert!(check(&"é".repeat(900)).unwrap_err().to_string().len() < 250);
    }
}
