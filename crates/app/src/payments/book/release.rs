//! Refunding a payment to the customer's advance: what it has paid is open again, and the money is
//! free.
//!
//! It deliberately posts nothing: the customer keeps what was paid in.

use super::load::begin;
use super::money::Books;
use super::save::pay_bills;
use crate::{Actor, AppError};
use domain::money::Money;
use domain::payments::{Allocated, release};
use serde_json::json;
use store::payments::{self, Kept, LogEntry};
use store::{Tx, audit};

/// The cause in logs.
const CAUSE: &str = "refund_to_advance";

/// Releases so much of what a payment, loaded for a change, has paid; the newest first. It stays
/// free until a due is settled for the customer the next time.
pub(crate) fn release_to_advance(
    tx: &mut Tx<'_>,
    actor: &Actor,
    payment: Kept,
    amount: Money,
    key: &str,
) -> Result<(), AppError> {
    let standing: Vec<Allocated> =
        payments::allocated(tx, &[payment.id])?.into_iter().map(|found| found.part).collect();
    let released = release(Money::ZERO, &standing, amount)?;
    let gone = || AppError::Changed(format!("payment {}", payment.id.0));
    let customer = payment.customer.filter(|_| released.beyond.is_zero()).ok_or_else(gone)?;
    let before = json!({ "free": payment.free.to_string() });
    let (provider, reference) = (payment.provider, payment.reference.clone());
    let mut work = begin(Some(payment), provider, &reference, actor.at);
    let mut books = Books::default();
    for (_, target, part) in released.parts {
        books.allocate(&mut work.now, customer, target, part.negated()?)?;
    }
    let now = &mut work.now;
    now.free = now.free.plus(amount)?;
    now.version += 1;
    now.updated_at = actor.at;
    let state = now.facts.state().as_str().to_owned();
    let entry = LogEntry {
        entry_no: now.version,
        at: actor.at,
        from: Some(state.clone()),
        to: state,
        cause: CAUSE.to_owned(),
        cause_key: key.to_owned(),
        actor: actor.name.clone(),
        request: actor.request.clone(),
        details: json!({ "released": amount.to_string() }).to_string(),
    };
    payments::update(tx, &[now])?;
    payments::add_log(tx, &[(now.id, entry)])?;
    payments::add_allocations(tx, &books.allocations, CAUSE, actor.at)?;
    pay_bills(tx, actor, &books.paid, &books.bills)?;
    let after = json!({ "free": now.free.to_string() });
    let record = format!("{} {}", now.provider.as_str(), now.reference);
    let trace = crate::audit::entry(CAUSE, "payments", record, Some(&before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}
