//! Advances pay the bills that are issued, in the transaction that issues them.
//!
//! It deliberately asks once per range of customers: a month without advances costs one look-up
//! more.

use super::load::begin;
use super::money::{Books, note_advance};
use super::save::pay_bills;
use super::{Work, kept_of};
use crate::{Actor, AppError};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::{Applied, Credit, Source, Target, apply_advance};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::payments::{self, Kept, LogEntry, OpeningUse};
use store::{Tx, audit};

/// Lets advances of the customers `from..=to` pay what those of them in `billed` owe. `cause` names
/// the occasion in their logs. Returns the rows of the audit trail.
pub(crate) fn apply_advances(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (from, to): (i64, i64),
    billed: &HashSet<CustomerId>,
    cause: &str,
) -> Result<Vec<audit::Entry>, AppError> {
    let mut credits: BTreeMap<CustomerId, Vec<Credit>> = BTreeMap::new();
    let mut found = payments::credits_of_range(tx, from, to)?;
    found.extend(payments::opening_credits(tx, from, to)?);
    for found in found.into_iter().filter(|found| billed.contains(&found.customer)) {
        credits.entry(found.customer).or_default().push(found.credit);
    }
    if credits.is_empty() {
        return Ok(Vec::new());
    }
    let applied = decide(tx, &credits)?;
    let mut books = Books::default();
    let uses = opening_uses(&applied, &mut books)?;
    let works = use_payments(tx, actor, &applied, &mut books, cause)?;
    let changed: Vec<&Kept> = works.iter().map(|work| &work.now).collect();
    payments::update(tx, &changed)?;
    let log: Vec<(PaymentId, LogEntry)> = works
        .iter()
        .flat_map(|work| work.log.iter().map(|entry| (work.now.id, entry.clone())))
        .collect();
    payments::add_log(tx, &log)?;
    payments::add_allocations(tx, &books.allocations, "advance", actor.at)?;
    payments::add_opening_uses(tx, &uses, actor.at)?;
    pay_bills(tx, actor, &books.paid, &books.bills)?;
    works.iter().map(trace).collect()
}

/// What pays what, customer by customer.
fn decide(
    tx: &mut Tx<'_>,
    credits: &BTreeMap<CustomerId, Vec<Credit>>,
) -> Result<Vec<(CustomerId, Applied)>, AppError> {
    let customers: Vec<CustomerId> = credits.keys().copied().collect();
    let mut dues: HashMap<CustomerId, Vec<_>> = HashMap::new();
    for found in payments::dues(tx, &customers)? {
        dues.entry(found.customer).or_default().push(found.due);
    }
    let mut applied = Vec::new();
    for (customer, credits) in credits {
        let Some(dues) = dues.get(customer) else { continue };
        applied.extend(apply_advance(credits, dues)?.into_iter().map(|part| (*customer, part)));
    }
    Ok(applied)
}

/// The parts that balances brought forward pay.
fn opening_uses(
    applied: &[(CustomerId, Applied)],
    books: &mut Books,
) -> Result<Vec<OpeningUse>, AppError> {
    let mut uses = Vec::new();
    for (customer, part) in applied.iter().filter(|(_, part)| part.source == Source::Opening) {
        let Target::Bill(bill) = part.target else { continue };
        uses.push(OpeningUse { customer: *customer, bill, amount: part.amount });
        let paid = books.paid.entry(bill).or_default();
        *paid = paid.plus(part.amount)?;
    }
    Ok(uses)
}

/// The payments whose advances pay, with what they pay.
fn use_payments(
    tx: &mut Tx<'_>,
    actor: &Actor,
    applied: &[(CustomerId, Applied)],
    books: &mut Books,
    cause: &str,
) -> Result<Vec<Work>, AppError> {
    let payment_of = |part: &Applied| match part.source {
        Source::Payment(payment) => Some(payment),
        Source::Opening => None,
    };
    let mut ids: Vec<PaymentId> = applied.iter().filter_map(|(_, part)| payment_of(part)).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut works: BTreeMap<PaymentId, Work> = BTreeMap::new();
    for kept in payments::load_for_change(tx, &ids)? {
        let (provider, reference) = (kept.provider, kept.reference.clone());
        works.insert(kept.id, begin(Some(kept), provider, &reference, actor.at));
    }
    for (customer, part) in applied {
        let work = payment_of(part).and_then(|payment| works.get_mut(&payment));
        let Some(work) = work else { continue };
        books.allocate(&mut work.now, *customer, part.target, part.amount)?;
        work.now.free = work.now.free.minus(part.amount)?;
    }
    for work in works.values_mut() {
        note_advance(work, actor, cause);
    }
    Ok(works.into_values().collect())
}

/// The audit row of an advance that has paid something.
fn trace(work: &Work) -> Result<audit::Entry, AppError> {
    let now = &work.now;
    let keeps = kept_of(&now.facts, now.provider)?;
    let free = |free: Money| json!({ "kept": keeps.to_string(), "free": free.to_string() });
    let record = now.id.0.to_string();
    let after = free(now.free);
    Ok(crate::audit::entry("apply_advance", "payments", record, None, Some(&after)))
}
