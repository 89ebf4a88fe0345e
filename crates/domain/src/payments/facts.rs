//! What is known of a payment. It only grows: telling something twice, or in another order, ends in
//! the same knowledge (a join-semilattice), and so in the same state and the same postings.
//!
//! It deliberately forgets who told it and when; the log of the payment keeps that.

use super::observation::{Fee, Observation};
use super::state::{DisputeStatus, RefundStatus, State};
use crate::calendar::Moment;
use crate::ids::PersonId;
use crate::money::{Money, Overflow};
use std::collections::BTreeMap;

/// A refund, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundFacts {
    /// The furthest status told.
    pub status: RefundStatus,
    /// The largest amount told.
    pub amount: Money,
    /// Whose cash it was paid from, when it was paid by hand; otherwise that of the payment.
    pub person: Option<PersonId>,
}

/// A dispute, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisputeFacts {
    /// The furthest status told.
    pub status: DisputeStatus,
    /// The largest amount in dispute told.
    pub amount: Money,
    /// The largest amount taken from us told; zero when none was told.
    pub deducted: Money,
    /// The provider took the money from us.
    pub withdrawn: bool,
    /// The provider gave it back.
    pub reinstated: bool,
}

/// What is known of a payment.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that is told by itself")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The amount asked for: the largest told.
    pub amount: Money,
    /// The customer's bank has promised it.
    pub authorized: bool,
    /// An attempt failed.
    pub failed: bool,
    /// What was captured: the largest amount told; zero when none was.
    pub captured: Money,
    /// When it was captured: the earliest time told.
    pub captured_at: Option<Moment>,
    /// What the provider keeps, once known; the largest told.
    pub fee: Option<Fee>,
    /// Refunds by the provider's id.
    pub refunds: BTreeMap<String, RefundFacts>,
    /// Disputes by the provider's id.
    pub disputes: BTreeMap<String, DisputeFacts>,
    /// The cheque was cleared.
    pub cleared: bool,
    /// The cheque bounced, or the receipt was cancelled.
    pub reversed: bool,
}

/// What an observation changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: all of it was known.
    Nothing,
    /// Something is known that was not; the state stays.
    Learned,
    /// Something is known that was not, and the state is another one.
    Moved {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
    },
}

impl Facts {
    /// Takes in what was observed and tells what of it was new.
    pub fn merge(&mut self, seen: &Observation) -> Change {
        let before = self.state();
        if !self.learn(seen) {
            return Change::Nothing;
        }
        match self.state() {
            to if to == before => Change::Learned,
            to => Change::Moved { from: before, to },
        }
    }

    /// Takes in what was observed; whether any of it was new.
    fn learn(&mut self, seen: &Observation) -> bool {
        match seen {
            Observation::Created { amount } => raise(&mut self.amount, *amount),
            Observation::Authorized { amount } => {
                raise(&mut self.amount, *amount) | raise(&mut self.authorized, true)
            }
            Observation::Captured { amount, at } => {
                raise(&mut self.amount, *amount)
                    | raise(&mut self.captured, *amount)
                    | lower(&mut self.captured_at, *at)
            }
            Observation::Failed => raise(&mut self.failed, true),
            Observation::Fee(fee) => raise(&mut self.fee, Some(*fee)),
            Observation::Refund { id, status, amount } => {
                let (refund, new) = entry(&mut self.refunds, id);
                new | raise(&mut refund.status, *status) | raise(&mut refund.amount, *amount)
            }
            Observation::PaidOut { refund, person } => {
                let (refund, new) = entry(&mut self.refunds, refund);
                new | raise(&mut refund.person, Some(*person))
            }
            Observation::Dispute { id, status, amount, deducted } => {
                let (dispute, new) = entry(&mut self.disputes, id);
                new | raise(&mut dispute.status, *status)
                    | raise(&mut dispute.amount, *amount)
                    | raise(&mut dispute.deducted, *deducted)
            }
            Observation::FundsWithdrawn { dispute, amount } => {
                let (dispute, new) = entry(&mut self.disputes, dispute);
                new | raise(&mut dispute.amount, *amount) | raise(&mut dispute.withdrawn, true)
            }
            Observation::FundsReinstated { dispute, amount } => {
                let (dispute, new) = entry(&mut self.disputes, dispute);
                new | raise(&mut dispute.amount, *amount) | raise(&mut dispute.reinstated, true)
            }
            Observation::Cleared => raise(&mut self.cleared, true),
            Observation::Reversed => raise(&mut self.reversed, true),
        }
    }

    /// The state that follows.
    ///
    /// A reversed payment has failed: its money never was ours. A dispute that is open or lost
    /// outweighs what else is known, and money captured outweighs a failure. What was only
    /// authorized may be given back by the gateway (protocols 1.7): all of it, without a posting.
    pub fn state(&self) -> State {
        let against_us = |dispute: &DisputeFacts| {
            dispute.status.is_open() || dispute.status == DisputeStatus::Lost
        };
        if self.reversed {
            State::Failed
        } else if self.disputes.values().any(against_us) {
            State::Disputed
        } else if self.captured > Money::ZERO {
            match self.refunded_wide() {
                refunded if refunded >= i128::from(self.captured.paise()) => State::Refunded,
                refunded if refunded > 0 => State::PartRefunded,
                _ => State::Captured,
            }
        } else if self.authorized && self.refunded_wide() >= self.amount.paise().max(1).into() {
            State::Refunded
        } else if self.authorized {
            State::Authorized
        } else if self.failed {
            State::Failed
        } else {
            State::Created
        }
    }

    /// What went back to the customer or is on its way: all refunds that have not failed.
    pub fn refunded(&self) -> Result<Money, Overflow> {
        Money::from_wide(self.refunded_wide(), "the sum of refunds")
    }

    /// Whether a dispute was lost.
    pub fn has_lost_dispute(&self) -> bool {
        self.disputes.values().any(|dispute| dispute.status == DisputeStatus::Lost)
    }

    /// Whether what was sold for it is to be taken back: all was refunded, a dispute was lost, or
    /// the receipt was reversed.
    pub fn is_revoked(&self) -> bool {
        let returned =
            self.captured > Money::ZERO && self.refunded_wide() >= self.captured.paise().into();
        self.reversed || self.has_lost_dispute() || returned
    }

    fn refunded_wide(&self) -> i128 {
        let standing = |refund: &&RefundFacts| refund.status != RefundStatus::Failed;
        let refunds = self.refunds.values().filter(standing);
        refunds.map(|refund| i128::from(refund.amount.paise())).sum()
    }
}

/// Raises what is known to what was seen, if that is more; whether it was.
fn raise<T: PartialOrd>(known: &mut T, seen: T) -> bool {
    let more = seen > *known;
    if more {
        *known = seen;
    }
    more
}

/// Lowers the moment known to the one seen, if that is earlier; whether it was.
fn lower(known: &mut Option<Moment>, seen: Moment) -> bool {
    let earlier = known.is_none_or(|known| seen < known);
    if earlier {
        *known = Some(seen);
    }
    earlier
}

/// What is known under an id, and whether it is known only now.
fn entry<'a, T: Default>(known: &'a mut BTreeMap<String, T>, id: &str) -> (&'a mut T, bool) {
    let new = !known.contains_key(id);
    (known.entry(id.to_owned()).or_default(), new)
}

#[cfg(test)]
mod tests {
    use super::{Change, DisputeFacts, Facts};
    use crate::calendar::Moment;
    use crate::money::Money;
    use crate::payments::{DisputeStatus, Fee, Observation, RefundStatus, State};

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    fn captured(amount: i64, at: i64) -> Observation {
        Observation::Captured { amount: paise(amount), at: Moment::from_unix_micros(at) }
    }

    fn refund(id: &str, status: RefundStatus, amount: i64) -> Observation {
        Observation::Refund { id: id.to_owned(), status, amount: paise(amount) }
    }

    fn dispute(status: DisputeStatus) -> Observation {
        let (id, amount) = ("disp_1".to_owned(), paise(100));
        Observation::Dispute { id, status, amount, deducted: Money::ZERO }
    }

    fn told(observations: &[Observation]) -> Facts {
        let mut facts = Facts::default();
        for observation in observations {
            facts.merge(observation);
            assert_eq!(facts.merge(observation), Change::Nothing, "{observation:?}");
        }
        facts
    }

    #[test]
    fn a_failed_payment_may_still_succeed() {
        let amount = paise(100);
        let mut facts = Facts::default();
        assert_eq!(facts.merge(&Observation::Created { amount }), Change::Learned);
        let steps = [
            (Observation::Failed, State::Failed),
            (Observation::Authorized { amount }, State::Authorized),
            (captured(100, 5), State::Captured),
        ];
        let mut from = State::Created;
        for (observation, to) in steps {
            assert_eq!(facts.merge(&observation), Change::Moved { from, to });
            from = to;
        }
        assert_eq!(facts.merge(&Observation::Failed), Change::Nothing);
        assert_eq!(facts.merge(&captured(100, 4)), Change::Learned);
        assert_eq!(facts.captured_at, Some(Moment::from_unix_micros(4)));
        assert_eq!(facts.merge(&captured(60, 9)), Change::Nothing);
        assert_eq!(facts.captured, amount);
        let late = told(&[captured(100, 4), Observation::Failed]);
        assert_eq!(late.state(), State::Captured);
    }

    #[test]
    fn refunds_count_until_they_fail() {
        let part = refund("a", RefundStatus::Pending, 40);
        let rest = refund("b", RefundStatus::Processed, 60);
        let facts = told(&[captured(100, 1), part.clone()]);
        assert_eq!((facts.state(), facts.is_revoked()), (State::PartRefunded, false));
        let facts = told(&[captured(100, 1), part.clone(), rest.clone()]);
        assert_eq!((facts.state(), facts.refunded()), (State::Refunded, Ok(paise(100))));
        assert!(facts.is_revoked());
        let facts = told(&[part, rest, captured(100, 1), refund("b", RefundStatus::Failed, 60)]);
        assert_eq!((facts.state(), facts.refunded()), (State::PartRefunded, Ok(paise(40))));
        // A refund of what was never captured changes no state.
        assert_eq!(told(&[refund("a", RefundStatus::Processed, 9)]).state(), State::Created);
        let most = [1, 2].map(|n| refund(&format!("{n}"), RefundStatus::Pending, i64::MAX));
        assert!(told(&most).refunded().is_err());
    }

    #[test]
    fn what_was_only_authorized_may_be_given_back() {
        let authorized = Observation::Authorized { amount: paise(100) };
        let back = |amount, status| refund("a", status, amount);
        for (events, state) in [
            (vec![back(100, RefundStatus::Processed)], State::Refunded),
            (vec![back(60, RefundStatus::Processed)], State::Authorized),
            (vec![back(100, RefundStatus::Failed)], State::Authorized),
            (vec![back(100, RefundStatus::Processed), captured(100, 1)], State::Refunded),
            (vec![back(60, RefundStatus::Processed), captured(100, 1)], State::PartRefunded),
        ] {
            let mut forward = vec![authorized.clone()];
            forward.extend(events);
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            assert_eq!((told(&forward).state(), told(&backward).state()), (state, state));
        }
    }

    #[test]
    fn disputes_outweigh_the_rest_until_they_are_won() {
        use DisputeStatus::{Closed, Created, Lost, UnderReview, Won};
        for (status, state) in [
            (Created, State::Disputed),
            (UnderReview, State::Disputed),
            (Closed, State::Captured),
            (Won, State::Captured),
            (Lost, State::Disputed),
        ] {
            let facts = told(&[dispute(status), captured(100, 1), dispute(Created)]);
            assert_eq!(facts.state(), state, "{status:?}");
            assert_eq!(facts.is_revoked(), status == Lost);
        }
        let (id, amount) = ("dp_1".to_owned(), paise(100));
        let taken = Observation::FundsWithdrawn { dispute: id.clone(), amount };
        let back = Observation::FundsReinstated { dispute: id.clone(), amount };
        let facts = told(&[back, taken]);
        let expected =
            DisputeFacts { amount, withdrawn: true, reinstated: true, ..DisputeFacts::default() };
        assert_eq!(facts.disputes.get(&id), Some(&expected));
    }

    #[test]
    fn a_bounced_cheque_is_a_failed_payment() {
        let facts = told(&[captured(100, 1), Observation::Cleared]);
        assert_eq!(facts.state(), State::Captured);
        let facts = told(&[Observation::Reversed, captured(100, 1)]);
        assert_eq!((facts.state(), facts.is_revoked()), (State::Failed, true));
    }

    #[test]
    fn a_fee_is_learned_once_it_is_known() {
        let fee = |amount, tax| Fee::new(paise(amount), paise(tax)).unwrap();
        let facts = told(&[Observation::Fee(fee(0, 0)), Observation::Fee(fee(40, 6))]);
        assert_eq!(facts.fee, Some(fee(40, 6)));
        let mut facts = facts;
        assert_eq!(facts.merge(&Observation::Fee(fee(0, 0))), Change::Nothing);
    }

    #[test]
    fn negative_amounts_lower_nothing() {
        let facts =
            told(&[captured(100, 1), captured(-5, 1), refund("a", RefundStatus::Pending, -9)]);
        assert_eq!((facts.captured, facts.state()), (paise(100), State::Captured));
    }
}
