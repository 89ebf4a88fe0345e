//! Proving the ledger of a range of customers: every issued bill posted once, with its own
//! amounts, on its day and to its customer, after the balance it names; opening balances posted.
//!
//! It deliberately leaves the balance of each transaction to a question about all of them.

use super::{Findings, Invariant, name};
use crate::AppError;
use domain::billing::BillState;
use domain::ids::{BillId, CustomerId};
use domain::ledger::Account;
use domain::money::Money;
use std::collections::HashMap;
use store::Tx;
use store::verify::{self, CheckedBill, Posted};

/// What the ledger holds, or must hold, for one bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OfBill {
    receivable: Money,
    sales: Money,
    cgst: Money,
    sgst: Money,
    igst: Money,
    round_off: Money,
    other: Money,
}

impl OfBill {
    fn add(&mut self, account: Account, amount: Money) -> Result<(), AppError> {
        let sum = match account {
            Account::Receivable => &mut self.receivable,
            Account::Sales => &mut self.sales,
            Account::OutputCgst => &mut self.cgst,
            Account::OutputSgst => &mut self.sgst,
            Account::OutputIgst => &mut self.igst,
            Account::RoundOff => &mut self.round_off,
            _ => &mut self.other,
        };
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// What the ledger must hold for a bill.
    fn expected(bill: &CheckedBill) -> Result<Self, AppError> {
        if bill.state == BillState::Draft {
            return Ok(Self::default());
        }
        let split = bill.content.split;
        Ok(Self {
            receivable: bill.content.total,
            sales: split.taxable.negated()?,
            cgst: split.cgst.negated()?,
            sgst: split.sgst.negated()?,
            igst: split.igst.negated()?,
            round_off: bill.content.round_off.negated()?,
            other: Money::ZERO,
        })
    }
}

/// What is posted for one bill, and how.
#[derive(Clone, Copy, Debug)]
struct Posting {
    amounts: OfBill,
    customer: CustomerId,
    transaction: i64,
    day: i64,
    /// One transaction, all receivables of its own customer.
    fits: bool,
}

/// The ledger of a range of customers.
#[derive(Default)]
struct Books {
    bills: HashMap<BillId, Posting>,
    opening: HashMap<CustomerId, Money>,
    /// Each customer's receivable entries, by transaction.
    owed: HashMap<CustomerId, Vec<(i64, Money)>>,
}

impl Books {
    fn add(&mut self, posted: Posted) -> Result<(), AppError> {
        if let Some(customer) = posted.receivable_of {
            self.owed.entry(customer).or_default().push((posted.transaction, posted.amount));
        }
        let own = posted.receivable_of.is_none_or(|customer| customer == posted.customer);
        let Some(bill) = posted.bill else {
            // Payments are proved by what is known of them.
            if posted.payment.is_some() {
                return Ok(());
            }
            if posted.account == Account::Receivable {
                let sum = self.opening.entry(posted.customer).or_default();
                *sum = sum.plus(posted.amount)?;
            }
            return Ok(());
        };
        let posting = self.bills.entry(bill).or_insert(Posting {
            amounts: OfBill::default(),
            customer: posted.customer,
            transaction: posted.transaction,
            day: posted.day,
            fits: true,
        });
        posting.fits &= own && posting.transaction == posted.transaction;
        posting.amounts.add(posted.account, posted.amount)
    }

    /// What a customer owed before a transaction.
    fn owed_before(&self, customer: CustomerId, transaction: i64) -> Result<Money, AppError> {
        let entries = self.owed.get(&customer).map(Vec::as_slice).unwrap_or_default();
        let earlier = entries.iter().filter(|(id, _)| *id < transaction);
        Ok(Money::sum(earlier.map(|(_, amount)| *amount))?)
    }
}

/// Checks the ledger of a range of customers against their bills and opening balances.
pub(super) fn check(
    tx: &mut Tx<'_>,
    findings: &mut Findings,
    (from, to): (i64, i64),
    bills: &[CheckedBill],
) -> Result<(), AppError> {
    let mut books = Books::default();
    let mut failed = None;
    verify::posted(tx, from, to, |posted| {
        let added = books.add(posted);
        failed = failed.take().or(added.err());
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    for bill in bills {
        let posting = books.bills.remove(&bill.id);
        let amounts = posting.map(|posting| posting.amounts).unwrap_or_default();
        let mut right = amounts == OfBill::expected(bill)?;
        if let Some(posting) = posting.filter(|_| bill.state != BillState::Draft) {
            let owed = books.owed_before(bill.customer, posting.transaction)?;
            right &= posting.fits && posting.customer == bill.customer;
            right &= posting.day == bill.day && owed == bill.previous_balance;
        }
        if !right {
            findings.broken(Invariant::BillsPostedOnce, || name(bill));
        }
    }
    let mut alone: Vec<_> = books.bills.into_keys().collect();
    alone.sort_unstable();
    for bill in alone {
        findings.broken(Invariant::BillsPostedOnce, || format!("bill {}", bill.0));
    }
    for (customer, code, expected) in verify::opening_balances(tx, from, to)? {
        if books.opening.get(&customer).copied().unwrap_or_default() != expected {
            findings.broken(Invariant::OpeningBalancesPosted, || code);
        }
    }
    Ok(())
}
