//! The sales of plans that payments make: posted as income, and no longer the customer's.
//!
//! It deliberately asks nothing of the database while no payment names a plan.

use super::load::begin;
use super::money::{Books, note, posting_day};
use super::{Works, finish};
use crate::entitlements::{follow, holding};
use crate::{Actor, AppError};
use domain::calendar::Day;
use domain::entitlements::{Posted, sale_transaction, sold};
use domain::ids::PaymentId;
use std::collections::HashMap;
use store::payments::Kept;
use store::{Tx, entitlements};

/// The cause in logs.
const CAUSE: &str = "plan";

/// Decides what payments give, what of them is sold for it, and what is posted of that.
pub(super) fn sell(
    tx: &mut Tx<'_>,
    today: Day,
    works: &Works,
    books: &mut Books,
) -> Result<(), AppError> {
    let changed = || works.all.iter().filter(|work| work.is_changed());
    let named = changed().filter_map(|work| Some((work.now.id, work.now.plan.as_deref()?)));
    let named: Vec<(PaymentId, &str)> = named.collect();
    let holding = holding(tx, named.iter().map(|(_, code)| *code))?;
    let held = named.iter().filter(|(_, code)| holding.contains(*code));
    books.held = held.map(|(payment, _)| *payment).collect();
    books.plans = follow(tx, changed().map(|work| &work.now))?;
    if books.plans.is_nothing() {
        return Ok(());
    }
    let known: Vec<PaymentId> = changed()
        .filter(|work| !work.is_new && books.plans.price_of(work.now.id).is_some())
        .map(|work| work.now.id)
        .collect();
    let posted: HashMap<PaymentId, Posted> = match known.as_slice() {
        [] => HashMap::new(),
        known => entitlements::sales(tx, known)?.into_iter().collect(),
    };
    for work in changed() {
        let now = &work.now;
        let price = books.plans.price_of(now.id);
        let (Some(price), Some(customer)) = (price, now.customer) else { continue };
        let sold = sold(price, &now.facts, now.provider)?;
        let posted = posted.get(&now.id).copied().unwrap_or_default();
        let day = posting_day(work, today);
        books.transactions.extend(sale_transaction(day, customer, now.id, posted, sold)?);
        books.sold.insert(now.id, sold);
    }
    Ok(())
}

/// Lets payments, loaded for a change, buy the plan they name, which is known by now.
pub(crate) fn book_plan(
    tx: &mut Tx<'_>,
    actor: &Actor,
    code: &str,
    payments: Vec<Kept>,
) -> Result<(), AppError> {
    let mut works = Works::default();
    for kept in payments {
        let (provider, reference) = (kept.provider, kept.reference.clone());
        let mut work = begin(Some(kept), provider, &reference, actor.at);
        note(&mut work, actor, CAUSE, &format!("{CAUSE} {code}"));
        works.all.push(work);
    }
    finish(tx, actor, &mut works)
}
