//! Booking what is told of payments: whose they are, what is known of them, what is posted, which
//! dues they settle, all as sets in one transaction.
//!
//! It deliberately does not ask who tells: a gateway's event and a receipt typed in the office take
//! the same way. What is told twice, or in another order, ends in the same books.

mod advance;
mod late;
mod load;
mod merge;
mod money;
mod plan;
mod release;
mod save;
mod twin;

pub(crate) use advance::apply_advances;
pub(crate) use plan::book_plan;
pub(crate) use release::release_to_advance;

use crate::{Actor, AppError};
use domain::calendar::Day;
use domain::ids::{BillId, CustomerId, PaymentId, PersonId};
use domain::money::Money;
use domain::payments::{Facts, Observation, Provider};
use std::collections::HashMap;
use store::Tx;
use store::payments::{AskedIds, Kept, LogEntry};

/// Something told about one payment.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// How the payment comes in.
    pub provider: Provider,
    /// By what it is known there.
    pub reference: String,
    /// What is told, one thing at a time.
    pub seen: Vec<Observation>,
    /// The currency told.
    pub currency: Option<String>,
    /// Somebody has accepted that it may be another amount than was asked for.
    pub any_amount: bool,
    /// Whose it is, as far as it is told.
    pub names: Names,
    /// How it was paid.
    pub method: Option<String>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// Whose cash it is.
    pub person: Option<PersonId>,
    /// The business day it came, when that is known better than from the moment of its capture.
    pub day: Option<Day>,
    /// The kind of the event, or the command.
    pub cause: String,
    /// The event's id, or what names one command; a payment is changed once by it.
    pub cause_key: String,
}

/// By what is told whose a payment is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The gateway's ids of what we may have asked for: order, link, QR code.
    pub requests: Vec<String>,
    /// The number of our bill.
    pub bill: Option<String>,
    /// The code of our customer.
    pub customer: Option<String>,
    /// The code of our plan.
    pub plan: Option<String>,
}

/// What became of something told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Booked {
    /// It told something new.
    Changed(PaymentId),
    /// All of it was known.
    Nothing(PaymentId),
    /// It cannot be true, is in another currency, or was recorded by hand: nothing was booked.
    Unfit(String),
    /// It could not be booked; it may be another time.
    Failed(String),
}

/// Whose a payment is.
#[derive(Clone, Debug, Default)]
struct Whose {
    customer: Option<CustomerId>,
    bill: Option<BillId>,
    plan: Option<String>,
    request: Option<store::payments::Request>,
}

/// A payment at work.
struct Work {
    /// What was known before; nothing of a new payment.
    before: Facts,
    /// Whose it was before.
    customer_before: Option<CustomerId>,
    /// The bill it was made for, as far as that was known before.
    named_before: Option<BillId>,
    /// Before this transaction nobody knew of it.
    is_new: bool,
    /// What is to be kept.
    now: Kept,
    /// Its state before, for its traces.
    state_before: Option<&'static str>,
    /// What is to be added to its log.
    log: Vec<LogEntry>,
    /// The reason why it cannot be booked.
    failed: Option<String>,
}

impl Work {
    fn is_changed(&self) -> bool {
        self.failed.is_none() && !self.log.is_empty()
    }

    /// What a cause of changes is called in logs: the last one.
    fn cause(&self) -> (&str, &str) {
        self.log.last().map_or(("", ""), |entry| (&entry.cause, &entry.cause_key))
    }
}

/// The payments at work, in the order in which they were first told of.
#[derive(Default)]
struct Works {
    all: Vec<Work>,
    by_key: HashMap<(Provider, String), usize>,
    /// Ids for the new ones, where they are asked for ahead.
    ids: Option<AskedIds>,
}

/// Books what is told, in the order given, and says what became of each. What does not fit stands
/// back and leaves the others.
pub(crate) fn book(tx: &mut Tx<'_>, actor: &Actor, told: &[Told]) -> Result<Vec<Booked>, AppError> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let (mut works, whose) = load::load(tx, actor.at, told)?;
    let twins = twin::find(tx, told, &works)?;
    let mut booked = merge::merge(&mut works, actor, told, &whose, &twins)?;
    finish(tx, actor, &mut works)?;
    name_results(&works, told, &mut booked);
    Ok(booked)
}

/// Moves the money that follows from what is known of payments now, and keeps all of it.
fn finish(tx: &mut Tx<'_>, actor: &Actor, works: &mut Works) -> Result<(), AppError> {
    save::give_ids(tx, works)?;
    let mut books = money::decide(tx, actor.at, works)?;
    late::release(tx, actor, works, &mut books)?;
    money::settle(tx, actor, works, &mut books)?;
    save::save(tx, actor, works, &books)?;
    books.plans.keep(tx, actor)
}

/// Fills in the ids of new payments, and the failures that were found after the merge.
fn name_results(works: &Works, told: &[Told], booked: &mut [Booked]) {
    for (told, booked) in told.iter().zip(booked) {
        let place = works.by_key.get(&(told.provider, told.reference.clone()));
        let Some(work) = place.and_then(|place| works.all.get(*place)) else { continue };
        *booked = match (&work.failed, &*booked) {
            (_, Booked::Unfit(_)) => continue,
            (Some(reason), _) => Booked::Failed(reason.clone()),
            (None, Booked::Changed(_)) => Booked::Changed(work.now.id),
            (None, _) => Booked::Nothing(work.now.id),
        };
    }
}

/// What a customer was given for a payment and keeps; never less than nothing.
fn kept_of(facts: &Facts, provider: Provider) -> Result<Money, AppError> {
    Ok(domain::payments::kept(facts, provider)?.max(Money::ZERO))
}
