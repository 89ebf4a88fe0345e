//! A bill that is named late: what was allocated for its customer since then is released, to be
//! allocated as if the bill had been known from the beginning.
//!
//! It deliberately looks back no further than to the first allocation of the payment: what was
//! settled before stays as it is.

use super::load::begin;
use super::money::{Books, note};
use super::{Work, Works};
use crate::{Actor, AppError};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::{Allocated, Target};
use std::collections::BTreeMap;
use store::Tx;
use store::payments;

/// The cause in logs.
const CAUSE: &str = "reallocate";

/// What is to be released, by payment.
type Parts = BTreeMap<PaymentId, Vec<Allocated>>;

/// Releases what must make way for bills that are named only now. It is free until dues are
/// settled.
pub(super) fn release(
    tx: &mut Tx<'_>,
    actor: &Actor,
    works: &mut Works,
    books: &mut Books,
) -> Result<(), AppError> {
    let late = works.all.iter().filter(|work| is_late(work, books));
    let late: Vec<(CustomerId, PaymentId)> =
        late.filter_map(|work| Some((work.now.customer?, work.now.id))).collect();
    // Gateways name the bill at once as a rule: there is hardly ever one, and never many.
    for (customer, payment) in late {
        let mut parts = standing(tx, customer, payment, books)?;
        let elsewhere = |work: &Work, part: &Allocated| {
            work.now.named_bill.map(Target::Bill) != Some(part.target)
        };
        let own = works.all.iter().find(|work| work.now.id == payment);
        let moves = own.zip(parts.get(&payment));
        if !moves.is_some_and(|(work, parts)| parts.iter().any(|part| elsewhere(work, part))) {
            continue;
        }
        let cause = own.map(|work| work.cause().1.to_owned()).unwrap_or_default();
        load(tx, actor, works, &parts)?;
        for work in works.all.iter_mut().filter(|work| work.failed.is_none()) {
            let mut of_work = parts.remove(&work.now.id).unwrap_or_default();
            of_work.retain(|part| elsewhere(work, part));
            if of_work.is_empty() {
                continue;
            }
            for part in of_work {
                books.allocate(&mut work.now, customer, part.target, part.amount.negated()?)?;
                work.now.free = work.now.free.plus(part.amount)?;
            }
            if !work.is_changed() {
                note(work, actor, CAUSE, &format!("{CAUSE} {cause}"));
            }
        }
    }
    Ok(())
}

/// Whether the bill of a payment that may have paid something is known only now.
fn is_late(work: &Work, books: &Books) -> bool {
    work.is_changed()
        && work.now.allocation_count > 0
        && work.named_before != work.now.named_bill
        && !books.held.contains(&work.now.id)
}

/// What was allocated for a customer since a payment has paid something, and still stands.
fn standing(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    payment: PaymentId,
    books: &Books,
) -> Result<Parts, AppError> {
    let mut parts = Parts::new();
    for found in payments::allocated_since(tx, customer, payment)? {
        let mut part = found.part;
        let taken = books
            .allocations
            .iter()
            .filter(|taken| (taken.payment, taken.target) == (found.payment, part.target));
        part.amount = part.amount.plus(Money::sum(taken.map(|taken| taken.amount))?)?;
        if part.amount > Money::ZERO {
            parts.entry(found.payment).or_default().push(part);
        }
    }
    Ok(parts)
}

/// Loads those payments that are not at work yet.
fn load(tx: &mut Tx<'_>, actor: &Actor, works: &mut Works, parts: &Parts) -> Result<(), AppError> {
    let is_here = |id: &PaymentId| works.all.iter().any(|work| work.now.id == *id);
    let ids: Vec<PaymentId> = parts.keys().copied().filter(|id| !is_here(id)).collect();
    for kept in payments::load_for_change(tx, &ids)? {
        let (provider, reference) = (kept.provider, kept.reference.clone());
        works.all.push(begin(Some(kept), provider, &reference, actor.at));
    }
    Ok(())
}
