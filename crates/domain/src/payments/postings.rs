//! What the ledger must hold for a payment, as it follows from what is known of it.
//!
//! Each kind of posting is unique per payment. Nothing is posted until money was captured; what was
//! told before (a refund, a dispute) is posted with it. So the same knowledge leads to the same
//! postings, in whatever order it came.
//!
//! It deliberately makes no transactions; `decide` makes those that are not there yet.

use super::facts::{DisputeFacts, Facts};
use super::provider::Provider;
use super::state::{DisputeStatus, RefundStatus};
use crate::money::{Money, Overflow};
use std::fmt;

/// What a posting is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Money came in.
    Receipt,
    /// A cheque was cleared: it became money in the bank.
    Cleared,
    /// A cheque that was told to be cleared bounced after all.
    Uncleared,
    /// The provider's fee.
    Fee,
    /// Money goes back to the customer, by the provider's id of the refund.
    Refund(String),
    /// A refund that was booked did not go through.
    RefundFailed(String),
    /// A dispute's money was taken from us, by the provider's id of the dispute.
    Dispute(String),
    /// A dispute's money was given back.
    DisputeWon(String),
    /// The receipt is taken back: a bounced cheque, a cancelled receipt.
    Reversal,
}

/// The text under which the posting is unique for its payment.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt => formatter.write_str("receipt"),
            Self::Cleared => formatter.write_str("cleared"),
            Self::Uncleared => formatter.write_str("uncleared"),
            Self::Fee => formatter.write_str("fee"),
            Self::Refund(id) => write!(formatter, "refund:{id}"),
            Self::RefundFailed(id) => write!(formatter, "refund-failed:{id}"),
            Self::Dispute(id) => write!(formatter, "dispute:{id}"),
            Self::DisputeWon(id) => write!(formatter, "dispute-won:{id}"),
            Self::Reversal => formatter.write_str("reversal"),
        }
    }
}

/// What the ledger must hold for one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What it is for.
    pub kind: Kind,
    /// The amount, positive.
    pub amount: Money,
    /// The tax in a fee; zero for all others.
    pub tax: Money,
    /// The knowledge that the amount follows from. It only grows, so it tells a correction of a
    /// posting from the posting, and two corrections from each other.
    pub level: (Money, Money),
}

impl Posting {
    fn of(kind: Kind, amount: Money) -> Self {
        Self { kind, amount, tax: Money::ZERO, level: (amount, Money::ZERO) }
    }

    /// The text of a correction, when more became known after the posting was made:
    /// `fee@4348/663`.
    pub fn correction(&self) -> String {
        let (first, second) = (self.level.0.paise(), self.level.1.paise());
        format!("{}@{first}/{second}", self.kind)
    }
}

/// What the ledger must hold for a payment of which so much is known, each kind once.
pub fn postings(facts: &Facts, provider: Provider) -> Vec<Posting> {
    let mut all = Vec::new();
    let captured = facts.captured;
    if captured <= Money::ZERO {
        return all;
    }
    all.push(Posting::of(Kind::Receipt, captured));
    if provider == Provider::Cheque && facts.cleared {
        all.push(Posting::of(Kind::Cleared, captured));
        if facts.reversed {
            all.push(Posting::of(Kind::Uncleared, captured));
        }
    }
    if let Some(fee) = facts.fee.filter(|fee| !fee.amount().is_zero()) {
        let (amount, tax) = (fee.amount(), fee.tax());
        all.push(Posting { kind: Kind::Fee, amount, tax, level: (amount, tax) });
    }
    for (id, refund) in &facts.refunds {
        all.push(Posting::of(Kind::Refund(id.clone()), refund.amount));
        if refund.status == RefundStatus::Failed {
            all.push(Posting::of(Kind::RefundFailed(id.clone()), refund.amount));
        }
    }
    for (id, dispute) in &facts.disputes {
        let (taken, given_back) = moved(dispute, provider);
        let (amount, level) = amount_of(dispute, provider);
        let posting = |kind| Posting { kind, amount, tax: Money::ZERO, level };
        if taken {
            all.push(posting(Kind::Dispute(id.clone())));
        }
        if given_back {
            all.push(posting(Kind::DisputeWon(id.clone())));
        }
    }
    if facts.reversed {
        all.push(Posting::of(Kind::Reversal, captured));
    }
    all
}

/// Whether a dispute's money was taken, and whether it was given back.
///
/// Stripe tells when it moves the money (protocols 3.9). Others take it when the dispute is lost.
fn moved(dispute: &DisputeFacts, provider: Provider) -> (bool, bool) {
    if provider == Provider::Stripe {
        (dispute.withdrawn || dispute.reinstated, dispute.reinstated)
    } else {
        (dispute.status == DisputeStatus::Lost, false)
    }
}

/// The amount a dispute is booked with, and what it follows from. Outside Stripe it is what was
/// deducted, as soon as that is told.
fn amount_of(dispute: &DisputeFacts, provider: Provider) -> (Money, (Money, Money)) {
    if provider == Provider::Stripe || dispute.deducted.is_zero() {
        (dispute.amount, (Money::ZERO, dispute.amount))
    } else {
        (dispute.deducted, (dispute.deducted, Money::ZERO))
    }
}

/// What the customer has been given for the payment and keeps: what came in, less refunds, lost
/// disputes and a reversal. Fees are ours. Negative when more went back than came in.
pub fn kept(facts: &Facts, provider: Provider) -> Result<Money, Overflow> {
    let sign = |kind: &Kind| match kind {
        Kind::Receipt | Kind::RefundFailed(_) | Kind::DisputeWon(_) => 1,
        Kind::Refund(_) | Kind::Dispute(_) | Kind::Reversal => -1,
        Kind::Cleared | Kind::Uncleared | Kind::Fee => 0,
    };
    let all = postings(facts, provider);
    let signed = all.iter().map(|p| sign(&p.kind) * i128::from(p.amount.paise()));
    Money::from_wide(signed.sum(), "what is kept of a payment")
}

#[cfg(test)]
mod tests {
    use super::{Kind, kept, postings};
    use crate::calendar::Moment;
    use crate::money::Money;
    use crate::payments::{DisputeStatus, Facts, Fee, Observation, Provider, RefundStatus};

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    fn told(observations: &[Observation]) -> Facts {
        let mut facts = Facts::default();
        for observation in observations {
            facts.merge(observation);
        }
        facts
    }

    fn captured() -> Observation {
        Observation::Captured { amount: paise(1000), at: Moment::from_unix_micros(1) }
    }

    fn dispute(status: DisputeStatus, deducted: i64) -> Observation {
        let id = "disp_1".to_owned();
        Observation::Dispute { id, status, amount: paise(300), deducted: paise(deducted) }
    }

    fn posted(facts: &Facts, provider: Provider) -> Vec<(String, i64)> {
        let text = |p: &super::Posting| (p.kind.to_string(), p.amount.paise());
        postings(facts, provider).iter().map(text).collect()
    }

    fn pairs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
        expected.iter().map(|(kind, amount)| ((*kind).to_owned(), *amount)).collect()
    }

    #[test]
    fn nothing_is_posted_before_money_came() {
        let id = "r".to_owned();
        let refund = Observation::Refund { id, status: RefundStatus::Failed, amount: paise(10) };
        let fee = Observation::Fee(Fee::new(paise(20), paise(3)).unwrap());
        let early = [refund, fee, dispute(DisputeStatus::Lost, 0), Observation::Reversed];
        let mut facts = told(&early);
        assert!(postings(&facts, Provider::Razorpay).is_empty());
        facts.merge(&captured());
        let expected = [
            ("receipt", 1000),
            ("fee", 20),
            ("refund:r", 10),
            ("refund-failed:r", 10),
            ("dispute:disp_1", 300),
            ("reversal", 1000),
        ];
        assert_eq!(posted(&facts, Provider::Razorpay), pairs(&expected));
        assert_eq!(kept(&facts, Provider::Razorpay), Ok(paise(-300)));
    }

    #[test]
    fn a_free_payment_has_no_posting_of_a_fee() {
        let none = Fee::new(Money::ZERO, Money::ZERO).unwrap();
        let facts = told(&[captured(), Observation::Fee(none)]);
        assert_eq!(posted(&facts, Provider::Razorpay), pairs(&[("receipt", 1000)]));
    }

    #[test]
    fn a_cheque_becomes_money_when_it_is_cleared() {
        let facts = told(&[captured(), Observation::Cleared]);
        let cleared = [("receipt", 1000), ("cleared", 1000)];
        assert_eq!(posted(&facts, Provider::Cheque), pairs(&cleared));
        assert_eq!(posted(&facts, Provider::Bank), pairs(&cleared[..1]));
        let facts = told(&[captured(), Observation::Reversed, Observation::Cleared]);
        let bounced =
            [("receipt", 1000), ("cleared", 1000), ("uncleared", 1000), ("reversal", 1000)];
        assert_eq!(posted(&facts, Provider::Cheque), pairs(&bounced));
        assert_eq!(kept(&facts, Provider::Cheque), Ok(Money::ZERO));
    }

    #[test]
    fn razorpay_takes_a_disputes_money_when_it_is_lost() {
        for status in DisputeStatus::ALL {
            let facts = told(&[captured(), dispute(status, 0)]);
            let lost = status == DisputeStatus::Lost;
            assert_eq!(postings(&facts, Provider::Razorpay).len(), if lost { 2 } else { 1 });
        }
        let facts = told(&[captured(), dispute(DisputeStatus::Lost, 250)]);
        let expected = [("receipt", 1000), ("dispute:disp_1", 250)];
        assert_eq!(posted(&facts, Provider::Razorpay), pairs(&expected));
    }

    #[test]
    fn stripe_tells_when_it_moves_a_disputes_money() {
        let (dispute_id, amount) = ("disp_1".to_owned(), paise(300));
        let taken = Observation::FundsWithdrawn { dispute: dispute_id.clone(), amount };
        let back = Observation::FundsReinstated { dispute: dispute_id, amount };
        let lost = dispute(DisputeStatus::Lost, 0);
        let facts = told(&[captured(), lost.clone()]);
        assert_eq!(posted(&facts, Provider::Stripe), pairs(&[("receipt", 1000)]));
        let facts = told(&[captured(), lost, taken]);
        let expected = [("receipt", 1000), ("dispute:disp_1", 300), ("dispute-won:disp_1", 300)];
        assert_eq!(posted(&facts, Provider::Stripe), pairs(&expected[..2]));
        // What was given back had been taken, even if nobody told.
        let facts = told(&[captured(), back]);
        assert_eq!(posted(&facts, Provider::Stripe), pairs(&expected));
    }

    #[test]
    fn corrections_have_names_of_their_own() {
        let facts = told(&[captured(), Observation::Fee(Fee::new(paise(43), paise(6)).unwrap())]);
        let all = postings(&facts, Provider::Razorpay);
        assert_eq!(all[0].correction(), "receipt@1000/0");
        assert_eq!(all[1].correction(), "fee@43/6");
        assert_eq!(all[1].kind, Kind::Fee);
    }
}
