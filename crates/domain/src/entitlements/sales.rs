//! Sales: what of a payment is income for its plan, and what is posted for it.
//!
//! What is sold follows from what is known of the payment, never from the order in which it was
//! told: so the balances are the same in the end. It deliberately knows no tax; a plan's price is
//! income as a whole.

use super::grants::GrantState;
use crate::calendar::Day;
use crate::ids::{CustomerId, PaymentId};
use crate::ledger::{Account, Cause, LedgerError, Transaction};
use crate::money::{Money, Overflow};
use crate::payments::{Facts, Provider, kept};

/// The name of the posting of a sale.
const POSTING: &str = "plan-sale";

/// What of a payment is income for a plan of this price: while the plan is given, the price, or
/// what the customer has left with us of it; otherwise nothing.
///
/// So a part that is refunded makes the sale smaller and no customer a debtor, and what is paid
/// above the price stays the customer's.
pub fn sold(price: Money, facts: &Facts, provider: Provider) -> Result<Money, Overflow> {
    if GrantState::of(price, facts) != Some(GrantState::Given) {
        return Ok(Money::ZERO);
    }
    Ok(kept(facts, provider)?.max(Money::ZERO).min(price))
}

/// What the ledger holds of the sale that a payment made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// How many postings.
    pub count: i64,
    /// What they come to.
    pub amount: Money,
}

/// The posting that brings what is posted of a sale to what is sold; negative, it takes the sale
/// back. `None` when they are equal.
///
/// Each posting of a payment has its number (`plan-sale`, `plan-sale@2`), so that none is made
/// twice.
pub fn sale_transaction(
    day: Day,
    customer: CustomerId,
    payment: PaymentId,
    posted: Posted,
    sold: Money,
) -> Result<Option<Transaction>, LedgerError> {
    let amount = sold.minus(posted.amount)?;
    if amount.is_zero() {
        return Ok(None);
    }
    let kind = match posted.count {
        0 => POSTING.to_owned(),
        count => format!("{POSTING}@{}", count.saturating_add(1)),
    };
    let entries = [(Account::Receivable, amount), (Account::PlanSales, amount.negated()?)];
    Transaction::new(day, Some(customer), Cause::Payment { payment, kind }, entries).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Posted, sale_transaction, sold};
    use crate::calendar::{Day, Moment};
    use crate::ids::{CustomerId, PaymentId};
    use crate::ledger::{Account, Cause};
    use crate::money::Money;
    use crate::payments::{DisputeStatus, Facts, Observation, Provider, RefundStatus};

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    fn captured(amount: i64) -> Observation {
        Observation::Captured { amount: paise(amount), at: Moment::from_unix_micros(1) }
    }

    fn refund(id: &str, status: RefundStatus, amount: i64) -> Observation {
        Observation::Refund { id: id.to_owned(), status, amount: paise(amount) }
    }

    /// What is sold of a plan of 100 paise, after each thing told.
    fn after_each(provider: Provider, told: &[Observation]) -> Vec<i64> {
        let mut facts = Facts::default();
        let mut after = Vec::new();
        for seen in told {
            facts.merge(seen);
            after.push(sold(paise(100), &facts, provider).unwrap().paise());
        }
        after
    }

    #[test]
    fn a_sale_is_what_is_left_of_the_price() {
        use RefundStatus::{Failed, Pending, Processed};
        let authorized = Observation::Authorized { amount: paise(100) };
        let told = [
            authorized,
            captured(99),
            captured(100),
            refund("a", Pending, 30),
            refund("a", Failed, 30),
            refund("b", Processed, 100),
            Observation::Reversed,
        ];
        let after = after_each(Provider::Razorpay, &told);
        assert_eq!(after, [0, 0, 100, 70, 100, 0, 0]);
        // What is above the price is the customer's, and goes back first.
        let told = [captured(130), refund("a", Processed, 20), refund("b", Processed, 20)];
        assert_eq!(after_each(Provider::Upi, &told), [100, 100, 90]);
        assert_eq!(sold(paise(0), &Facts::default(), Provider::Upi), Ok(Money::ZERO));
    }

    #[test]
    fn a_dispute_takes_the_sale_with_its_money() {
        let (id, amount) = ("d".to_owned(), paise(100));
        let dispute = |status| {
            let deducted = Money::ZERO;
            Observation::Dispute { id: id.clone(), status, amount, deducted }
        };
        let told = [
            captured(100),
            dispute(DisputeStatus::Created),
            Observation::FundsWithdrawn { dispute: id.clone(), amount },
            Observation::FundsReinstated { dispute: id.clone(), amount },
            dispute(DisputeStatus::Lost),
        ];
        assert_eq!(after_each(Provider::Stripe, &told), [100, 100, 0, 100, 0]);
        let told = [captured(100), dispute(DisputeStatus::Lost)];
        assert_eq!(after_each(Provider::Razorpay, &told), [100, 0]);
    }

    #[test]
    fn only_what_is_missing_is_posted() {
        let day = Day::parse("2026-10-31").unwrap();
        let made = |count, amount, sold| {
            let posted = Posted { count, amount: paise(amount) };
            sale_transaction(day, CustomerId(3), PaymentId(7), posted, paise(sold)).unwrap()
        };
        assert_eq!(made(0, 0, 0), None);
        assert_eq!(made(1, 100, 100), None);
        for (count, amount, sold, name, change) in
            [(0, 0, 100, "plan-sale", 100), (1, 100, 70, "plan-sale@2", -30)]
        {
            let posted = made(count, amount, sold).unwrap();
            let cause = Cause::Payment { payment: PaymentId(7), kind: name.to_owned() };
            assert_eq!((posted.customer, posted.cause.clone()), (Some(CustomerId(3)), cause));
            let of = |entry: &crate::ledger::Entry| (entry.account, entry.amount.paise());
            let entries: Vec<_> = posted.entries().iter().map(of).collect();
            assert_eq!(entries, [(Account::Receivable, change), (Account::PlanSales, -change)]);
        }
        let least = Posted { count: 1, amount: paise(i64::MIN) };
        let wrong = sale_transaction(day, CustomerId(3), PaymentId(7), least, paise(1));
        assert!(wrong.is_err());
    }
}
