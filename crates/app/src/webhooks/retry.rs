//! Events that could not be processed: tried again with growing pauses, given up in the end, or
//! processed again at somebody's word.
//!
//! It deliberately checks no signature again: that concerns the delivery, which is long over
//! (protocols 3.3).

use super::StripeMode;
use super::authenticate::{Delivery, Read, read_stripe};
use super::read::read;
use super::receive::{Done, process, random};
use crate::payments::Told;
use crate::{Actor, AppError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::calendar::Moment;
use domain::ids::WebhookEventId;
use domain::money::Money;
use domain::payments::{Observation, Provider};
use domain::webhooks::{Outcome, Standing, State};
use gateways::{razorpay, stripe};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::webhooks::{self, Whole};
use store::{Store, Tx, audit};

/// Events taken in one transaction.
const BATCH: i64 = 64;
/// Transactions of one run; the next run goes on.
const MOST_BATCHES: usize = 100;

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Processed now, or found to need nothing.
    pub done: u64,
    /// To be tried again.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
}

impl Retried {
    fn count(&mut self, state: State) {
        match state {
            State::Processed | State::Ignored => self.done += 1,
            State::Received | State::Failed => self.waiting += 1,
            State::Dead => self.dead += 1,
        }
    }
}

/// Tries events again whose time has come. Those of Stripe's other world are left.
pub fn retry_due(store: &Store, at: Moment, mode: StripeMode) -> Result<Retried, AppError> {
    let mut retried = Retried::default();
    for _ in 0..MOST_BATCHES {
        let states = match store.write(|tx| together(tx, at, mode)) {
            Ok(states) => states,
            Err(AppError::Store(error)) if is_passing(&error) => return Err(error.into()),
            // One of them breaks the set; each is tried alone.
            Err(_) => alone(store, at, mode)?,
        };
        if states.is_empty() {
            break;
        }
        for state in states {
            retried.count(state);
        }
    }
    Ok(retried)
}

fn is_passing(error: &store::StoreError) -> bool {
    use store::StoreError::{Busy, Full, Unreachable};
    matches!(error, Busy(_) | Full(_) | Unreachable(_))
}

fn together(tx: &mut Tx<'_>, at: Moment, mode: StripeMode) -> Result<Vec<State>, AppError> {
    let due = webhooks::take_due(tx, at, BATCH)?;
    again(tx, &super::actor(at), &due, mode, false)
}

fn alone(store: &Store, at: Moment, mode: StripeMode) -> Result<Vec<State>, AppError> {
    let due: Vec<WebhookEventId> = store.write(|tx| {
        let due = webhooks::take_due(tx, at, BATCH)?;
        Ok::<_, AppError>(due.into_iter().map(|whole| whole.kept.id).collect())
    })?;
    let mut states = Vec::with_capacity(due.len());
    for id in due {
        let tried = store.write(|tx| {
            let whole = webhooks::take(tx, id)?;
            let whole = whole.filter(|whole| whole.kept.standing.state.is_waiting());
            again(tx, &super::actor(at), &whole.into_iter().collect::<Vec<_>>(), mode, false)
        });
        states.extend(match tried {
            Ok(states) => states,
            Err(error) => store.write(|tx| put_off(tx, id, &error.to_string(), at))?,
        });
    }
    Ok(states)
}

/// Notes that an event could not be processed even alone.
fn put_off(
    tx: &mut Tx<'_>,
    id: WebhookEventId,
    why: &str,
    at: Moment,
) -> Result<Vec<State>, AppError> {
    let Some(whole) = webhooks::take(tx, id)? else { return Ok(Vec::new()) };
    let done = Done::because(Outcome::Failed, why);
    let standing = whole.kept.standing.after(done.outcome, at, random(&bytes_of(&whole).1));
    webhooks::move_on(tx, &[(id, standing, done.reason.as_deref())], at)?;
    Ok(vec![standing.state])
}

/// Processes kept events once more.
fn again(
    tx: &mut Tx<'_>,
    actor: &Actor,
    due: &[Whole],
    mode: StripeMode,
    any_amount: bool,
) -> Result<Vec<State>, AppError> {
    let at = actor.at;
    let reads: Vec<(Read, String, [u8; 32])> = due
        .iter()
        .map(|whole| {
            let (body, hash) = bytes_of(whole);
            let key = format!("{}@{}", whole.kept.event_id, at.unix_micros());
            (read_kept(whole.kept.provider, &body, mode), key, hash)
        })
        .collect();
    let events: Vec<_> = due
        .iter()
        .zip(&reads)
        .map(|(whole, (read, key, _))| (whole.kept.provider, read, key.as_str()))
        .collect();
    let done = process(tx, actor, &events, any_amount)?;
    let mut moved = Vec::with_capacity(due.len());
    for ((whole, done), (.., hash)) in due.iter().zip(&done).zip(&reads) {
        let standing = whole.kept.standing.after(done.outcome, at, random(hash));
        moved.push((whole.kept.id, standing, done.reason.as_deref()));
    }
    webhooks::move_on(tx, &moved, at)?;
    Ok(moved.iter().map(|(_, standing, _)| standing.state).collect())
}

/// The bytes of a kept event, and their SHA-256.
fn bytes_of(whole: &Whole) -> (Vec<u8>, [u8; 32]) {
    let body = if whole.body_is_base64 {
        STANDARD.decode(&whole.body).unwrap_or_default()
    } else {
        whole.body.clone().into_bytes()
    };
    let hash = Sha256::digest(&body).into();
    (body, hash)
}

fn read_kept(provider: Provider, body: &[u8], mode: StripeMode) -> Read {
    if provider == Provider::Stripe {
        return read_stripe(stripe::webhook::parse(body), mode);
    }
    match razorpay::webhook::parse(body) {
        Ok(event) => Read::Event(Box::new(event)),
        Err(error) => Read::Unreadable(error.to_string()),
    }
}

/// The payments that a kept event tells of, by the gateway's ids, with what was captured of each if
/// it says so. Empty when it cannot be read.
pub(crate) fn tells_of(whole: &Whole) -> Vec<(String, Option<Money>)> {
    let body = bytes_of(whole).0;
    let parsed = match whole.kept.provider {
        Provider::Stripe => stripe::webhook::parse(&body),
        _ => razorpay::webhook::parse(&body),
    };
    let Ok(event) = parsed else { return Vec::new() };
    let said = read(whole.kept.provider, &event, &whole.kept.event_id, whole.kept.received_at);
    let captured = |told: &Told| {
        told.seen.iter().find_map(|seen| match seen {
            Observation::Captured { amount, .. } => Some(*amount),
            _ => None,
        })
    };
    let told = said.unwrap_or_default().told;
    told.iter().map(|told| (told.reference.clone(), captured(told))).collect()
}

/// Processes an event once more at somebody's word, whatever became of it before. What it tells
/// that is known changes nothing, and what is of Stripe's other world stays ignored. Money of
/// another amount than was asked for is booked when that somebody accepts it.
pub fn replay(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: WebhookEventId,
    mode: StripeMode,
    accept_amount: bool,
) -> Result<webhooks::Kept, AppError> {
    let unknown = || AppError::NotFound(format!("there is no event {}", id.0));
    let mut whole = webhooks::take(tx, id)?.ok_or_else(unknown)?;
    if !whole.kept.standing.state.can_be_replayed() {
        let what = format!("the event {} waits to be processed already", id.0);
        return Err(AppError::Conflict(what));
    }
    let before = json!({ "state": whole.kept.standing.state.as_str() });
    whole.kept.standing = Standing::received(actor.at);
    again(tx, actor, std::slice::from_ref(&whole), mode, accept_amount)?;
    let now = webhooks::take(tx, id)?.ok_or_else(unknown)?.kept;
    let mut after = json!({ "state": now.standing.state.as_str() });
    if accept_amount {
        after["amount_accepted"] = json!(true);
    }
    let record = format!("{} {}", now.provider.as_str(), now.event_id);
    let trace =
        crate::audit::entry("replay", "gateway_events", record, Some(&before), Some(&after));
    audit::write(tx, actor, &[trace])?;
    Ok(now)
}

/// Keeps a delivery whose booking failed in a way that broke its transaction: it is tried again
/// later.
pub fn keep_failed(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    why: &str,
    at: Moment,
) -> Result<super::Receipt, AppError> {
    super::receive::keep_one(tx, delivery, &Done::because(Outcome::Failed, why), at)
}
