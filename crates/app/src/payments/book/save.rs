//! Saving what was decided about payments, as sets.
//!
//! It deliberately writes what others wait for last: the counters of the ledger and of the audit
//! trail.

use super::money::Books;
use super::{Work, Works};
use crate::{Actor, AppError};
use domain::ids::BillId;
use domain::money::Money;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use store::payments::{self, Kept, PaidBill};
use store::{Tx, audit, ledger};

/// Gives new payments their ids.
pub(super) fn give_ids(tx: &mut Tx<'_>, works: &mut Works) -> Result<(), AppError> {
    let new = |work: &&mut Work| work.is_new && work.is_changed();
    let count = works.all.iter_mut().filter(|work| new(work)).count();
    let mut ids = match works.ids.take() {
        Some(asked) => asked.take(tx)?,
        None => Vec::new(),
    };
    let further = count.saturating_sub(ids.len());
    if further > 0 {
        ids.extend(payments::allot_ids(tx, further)?);
    }
    for (work, id) in works.all.iter_mut().filter(new).zip(ids) {
        work.now.id = id;
    }
    Ok(())
}

/// Saves the payments that were changed, with all that follows.
pub(super) fn save(
    tx: &mut Tx<'_>,
    actor: &Actor,
    works: &Works,
    books: &Books,
) -> Result<(), AppError> {
    let changed: Vec<&Work> = works.all.iter().filter(|work| work.is_changed()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let part = |new: bool| -> Vec<&Kept> {
        changed.iter().filter(|work| work.is_new == new).map(|work| &work.now).collect()
    };
    payments::add(tx, &part(true))?;
    payments::update(tx, &part(false))?;
    put_parts(tx, actor, &changed)?;
    let log: Vec<_> = changed
        .iter()
        .flat_map(|work| work.log.iter().map(|entry| (work.now.id, entry.clone())))
        .collect();
    payments::add_log(tx, &log)?;
    let cause = changed.first().map_or("", |work| work.cause().0);
    payments::add_allocations(tx, &books.allocations, cause, actor.at)?;
    pay_bills(tx, actor, &books.paid, &books.bills)?;
    let traces: Vec<_> = changed.iter().map(|work| trace(work)).collect();
    Ok(ledger::post_with_traces(tx, &books.transactions, actor, &traces)?)
}

/// Keeps the refunds and disputes of which something new is known.
fn put_parts(tx: &mut Tx<'_>, actor: &Actor, changed: &[&Work]) -> Result<(), AppError> {
    let mut refunds = Vec::new();
    let mut disputes = Vec::new();
    for work in changed {
        let (now, before) = (&work.now.facts, &work.before);
        for (id, refund) in &now.refunds {
            if before.refunds.get(id) != Some(refund) {
                refunds.push((work.now.id, id.as_str(), *refund));
            }
        }
        for (id, dispute) in &now.disputes {
            if before.disputes.get(id) != Some(dispute) {
                disputes.push((work.now.id, id.as_str(), *dispute));
            }
        }
    }
    payments::put_refunds(tx, &refunds, actor.at)?;
    if !refunds.is_empty() {
        payments::tell_refunds(tx, &refunds, actor.at)?;
    }
    payments::put_disputes(tx, &disputes, actor.at)?;
    Ok(())
}

/// Keeps how much of bills is paid, of some of which that is known already; their states follow.
pub(in crate::payments) fn pay_bills(
    tx: &mut Tx<'_>,
    actor: &Actor,
    changes: &BTreeMap<BillId, Money>,
    known: &HashMap<BillId, PaidBill>,
) -> Result<(), AppError> {
    let moved: Vec<BillId> =
        changes.iter().filter(|(_, change)| !change.is_zero()).map(|(bill, _)| *bill).collect();
    let asked: Vec<BillId> = moved.iter().copied().filter(|id| !known.contains_key(id)).collect();
    let mut found = payments::bills_paid(tx, &asked)?;
    found.extend(moved.iter().filter_map(|id| known.get(id)));
    if found.len() != moved.len() {
        return Err(AppError::Changed("a bill".to_owned()));
    }
    let mut bills = Vec::with_capacity(moved.len());
    for mut bill in found {
        let before = bill.paid;
        let change = changes.get(&bill.bill).copied().unwrap_or_default();
        bill.paid = before.plus(change)?;
        let state = bill.state.settle(bill.total, bill.paid);
        bill.state = state.map_err(|error| AppError::Conflict(error.to_string()))?;
        bills.push((bill, before));
    }
    Ok(payments::pay_bills(tx, &bills, actor.at)?)
}

/// The audit row of a payment that was changed.
fn trace(work: &Work) -> audit::Entry {
    let now = &work.now;
    let before = work.state_before.map(|state| {
        facts_of(state, work.before.captured, work.customer_before.map(|customer| customer.0))
    });
    let after = facts_of(
        now.facts.state().as_str(),
        now.facts.captured,
        now.customer.map(|customer| customer.0),
    );
    let action = if work.is_new { "add" } else { "change" };
    crate::audit::entry(action, "payments", now.id.0.to_string(), before.as_ref(), Some(&after))
}

fn facts_of(state: &str, captured: Money, customer: Option<i64>) -> Value {
    json!({ "state": state, "captured": captured.to_string(), "customer": customer })
}
