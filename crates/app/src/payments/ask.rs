//! Asking gateways by ourselves: about what we asked them for and what is not known, and for
//! payments that only they know, so that a lost webhook loses no money.
//!
//! It deliberately books through the same way as webhooks do: what is told twice is booked once.

use super::calls::{self, Desk};
use super::{Booked, Told, book, refund_calls};
use crate::webhooks::read;
use crate::{AppError, jobs};
use domain::calendar::Moment;
use domain::jobs::{earlier, later};
use domain::money::Money;
use domain::payments::Provider;
use gateways::Event;
use gateways::event::{About, Observation, PaymentState};
use serde_json::{Value, json};
use std::time::Duration;
use store::payments::{self, Cursor};

/// The kind of the jobs.
pub(crate) const ASK: &str = "payments.ask";
/// Under which cause is booked what was asked for.
const CAUSE: &str = "asked";
/// How many requests, and refunds, are asked about in one run; the next run goes on.
const MOST: i64 = 200;
/// Pages of payments of one run and gateway; the next run begins where this one began.
const MOST_PAGES: u32 = 500;
/// How far back each run looks once more: lists lag, and clocks differ.
const OVERLAP: Duration = Duration::from_hours(1);
/// How far back is looked once a day: a payment may be captured days after it was made
/// (protocols 1.7).
const DEEP: Duration = Duration::from_hours(4 * 24);
/// How often that is.
const DEEP_EVERY: Duration = Duration::from_hours(24);
/// Things that do not fit, of which a run names so many.
const MOST_NAMED: usize = 20;

/// What a run has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Requests that were looked at.
    pub requests: u64,
    /// Refunds that were asked about.
    pub refunds: u64,
    /// Payments that told something new.
    pub booked: u64,
    /// Payments that were known.
    pub known: u64,
    /// What does not fit or cannot be read, and is for a person; some of it by name.
    pub unfit: Vec<String>,
    /// What could not be asked, and why.
    pub failed: Vec<String>,
}

impl Found {
    pub(crate) fn result(&self) -> Value {
        json!({
            "requests": self.requests, "refunds": self.refunds, "booked": self.booked,
            "known": self.known, "unfit": self.unfit, "failed": self.failed,
        })
    }

    /// Whether nothing was asked about, or all of it was known.
    pub(crate) fn is_nothing(&self) -> bool {
        self.requests + self.refunds + self.booked == 0
            && self.unfit.is_empty()
            && self.failed.is_empty()
    }

    fn note_unfit(&mut self, what: String) {
        if self.unfit.len() < MOST_NAMED {
            self.unfit.push(what);
        }
    }
}

/// Asks about all that is due, and for payments that only gateways know.
pub(crate) fn run(desk: &Desk<'_>, may_go_on: &dyn Fn() -> bool) -> Result<Found, AppError> {
    let mut found = Found::default();
    let now = (desk.actor)().at;
    let due = desk.store.read(|tx| payments::due_requests(tx, now, MOST))?;
    for id in due.into_iter().take_while(|_| may_go_on()) {
        match calls::act(desk, id) {
            Ok(acted) => found.requests += u64::from(acted),
            Err(error) => found.failed.push(format!("request {}: {error}", id.0)),
        }
    }
    let due = desk.store.read(|tx| payments::due_refunds(tx, now, MOST))?;
    for id in due.into_iter().take_while(|_| may_go_on()) {
        match refund_calls::act(desk, id) {
            Ok(acted) => found.refunds += u64::from(acted),
            Err(error) => found.failed.push(format!("refund {}: {error}", id.0)),
        }
    }
    for provider in desk.gateways.providers() {
        sweep(desk, provider, &mut found, may_go_on)?;
    }
    found.failed.truncate(MOST_NAMED);
    Ok(found)
}

/// Asks a gateway for the payments made since the last time.
fn sweep(
    desk: &Desk<'_>,
    provider: Provider,
    found: &mut Found,
    may_go_on: &dyn Fn() -> bool,
) -> Result<(), AppError> {
    let now = (desk.actor)().at;
    let cursor = desk.store.read(|tx| payments::cursor(tx, provider))?;
    let is_deep = cursor.is_none_or(|cursor| later(cursor.deep_at, DEEP_EVERY) <= now);
    let from = match cursor {
        Some(cursor) if !is_deep => earlier(cursor.asked_until, OVERLAP),
        Some(cursor) => earlier(now, DEEP).min(earlier(cursor.asked_until, OVERLAP)),
        None => earlier(now, DEEP),
    };
    let mut last = None;
    for number in 0..MOST_PAGES {
        if !may_go_on() {
            return Ok(());
        }
        let page = match desk.gateways.payments(provider, (from, now), (number, last.take())) {
            Ok(page) => page,
            Err(error) => {
                found.failed.push(format!("{} payments: {error}", provider.as_str()));
                return Ok(());
            }
        };
        for error in &page.unreadable {
            found.note_unfit(format!("{} payment: {error}", provider.as_str()));
        }
        take_in(desk, provider, &page.items, found)?;
        if !page.more {
            let deep_at = cursor.filter(|_| !is_deep).map_or(now, |cursor| cursor.deep_at);
            let cursor = Cursor { asked_until: now, deep_at };
            return desk
                .store
                .write(|tx| Ok::<_, AppError>(payments::move_cursor(tx, provider, cursor)?));
        }
        last = page.last_id;
    }
    found.failed.push(format!("{}: there are more payments than one run takes", provider.as_str()));
    Ok(())
}

/// Books a page of payments, with the refunds of those of which more went back than is known.
fn take_in(
    desk: &Desk<'_>,
    provider: Provider,
    page: &[Observation],
    found: &mut Found,
) -> Result<(), AppError> {
    let at = (desk.actor)().at;
    let mut seen: Vec<Observation> = Vec::with_capacity(page.len());
    for one in page {
        match one.about {
            // Nobody has paid, or not yet.
            About::Payment(PaymentState::Created) => continue,
            About::Payment(PaymentState::Refunded) => {}
            _ => seen.push(one.clone()),
        }
        let refunded = Money::from_paise(one.amount_refunded.unwrap_or(0));
        if refunded > Money::ZERO && refunded != known_refunds(desk, provider, &one.id)? {
            match desk.gateways.refunds_of(provider, &one.id) {
                Ok(page) => seen.extend(page.items),
                Err(error) => found.failed.push(format!("refunds of {}: {error}", one.id)),
            }
        }
    }
    let (told, unclear) = told_of(provider, &seen, at);
    if let Some(why) = unclear {
        found.note_unfit(why);
    }
    let booked = desk.store.write(|tx| book(tx, &(desk.actor)(), &told))?;
    for (told, booked) in told.iter().zip(booked) {
        match booked {
            Booked::Changed(_) => found.booked += 1,
            Booked::Nothing(_) => found.known += 1,
            Booked::Unfit(why) | Booked::Failed(why) => {
                found.note_unfit(format!("{}: {why}", told.reference));
            }
        }
    }
    Ok(())
}

/// What is known to have gone back of a payment.
fn known_refunds(desk: &Desk<'_>, provider: Provider, id: &str) -> Result<Money, AppError> {
    desk.store.read(|tx| {
        let Some(id) = payments::by_reference(tx, provider, id)? else { return Ok(Money::ZERO) };
        let listed = payments::by_key(tx, id)?;
        let refunded = listed.map(|listed| listed.payment.facts.refunded()).transpose()?;
        Ok(refunded.unwrap_or(Money::ZERO))
    })
}

/// What a gateway says when it is asked, as things told of payments; and what contradicts itself,
/// the first of it.
pub(super) fn told_of(
    provider: Provider,
    seen: &[Observation],
    at: Moment,
) -> (Vec<Told>, Option<String>) {
    let who = match provider {
        Provider::Stripe => gateways::Provider::Stripe,
        _ => gateways::Provider::Razorpay,
    };
    let (mut all, mut unclear) = (Vec::with_capacity(seen.len()), None);
    for one in seen {
        // A payment that waits for its payer says nothing.
        if one.about == About::Payment(PaymentState::Created) {
            continue;
        }
        let event = Event {
            provider: who,
            id: None,
            kind: CAUSE.to_owned(),
            created_at: None,
            live: None,
            account: None,
            thin: None,
            observations: vec![one.clone()],
        };
        // Each changes a payment once.
        let status = one.status.as_deref().unwrap_or_default();
        let key = format!("{CAUSE} {} {} {status}", at.unix_micros(), one.id);
        match read(provider, &event, &key, at) {
            Ok(said) => all.extend(said.told),
            Err(why) => unclear = unclear.or(Some(format!("{}: {why}", one.id))),
        }
    }
    (all, unclear)
}

/// Has gateways asked now, by a worker.
pub fn ask_now(tx: &mut store::Tx<'_>, actor: &crate::Actor) -> Result<i64, AppError> {
    let job = jobs::NewJob::now(ASK, json!({}), actor.at).once("now");
    let enqueued = jobs::enqueue(tx, actor, &[job])?;
    let first = enqueued.first().ok_or_else(|| AppError::Changed("the job".to_owned()))?;
    Ok(first.id.0)
}
