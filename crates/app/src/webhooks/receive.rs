//! Receiving deliveries: all that wait, in one transaction; each kept once, with what it told.
//!
//! It deliberately takes in only what was found authentic, and lets what cannot be booked fall out
//! alone: it is kept with its reason, without an effect on money.

use super::authenticate::{Delivery, Read, hex};
use super::read::{Said, ToldSettlement, read};
use crate::payments::{Booked, Told, book};
use crate::{Actor, AppError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::calendar::Moment;
use domain::ids::PaymentId;
use domain::ledger::{Transaction, settlement_transaction};
use domain::payments::Provider;
use domain::webhooks::{Arrival, Outcome, Standing, arrival};
use gateways::Event;
use std::collections::HashMap;
use store::webhooks::{self, NewEvent};
use store::{Tx, Work, ledger, payments};

/// Longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// What it told is in the books.
    Processed,
    /// Kept; its kind is not one that we act on.
    Ignored,
    /// It was known, word for word. Under another id, which is not signed, it is kept and has told
    /// nothing new.
    AlreadyProcessed,
    /// Its id is that of another content; it is refused and flagged.
    Conflict,
    /// Kept, and not booked, for this reason.
    Kept(String),
}

/// How an attempt to process an event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub outcome: Outcome,
    pub reason: Option<String>,
    /// Whether it told something new of a payment.
    has_news: bool,
    /// A payment of which all that it told was known.
    known: Option<PaymentId>,
}

impl Done {
    pub(super) fn of(outcome: Outcome) -> Self {
        Self { outcome, reason: None, has_news: false, known: None }
    }

    pub(super) fn because(outcome: Outcome, reason: &str) -> Self {
        // It may quote what came, and no database takes a NUL.
        let plain = reason.chars().filter(|c| !c.is_control());
        Self { reason: Some(plain.take(MAX_REASON_CHARS).collect()), ..Self::of(outcome) }
    }
}

/// Keeps deliveries and books what they tell, in the order given.
pub fn receive(
    tx: &mut Tx<'_>,
    deliveries: &[Delivery],
    at: Moment,
) -> Result<Vec<Receipt>, AppError> {
    let actor = super::actor(at);
    // Statements are planned once for a connection, which may be when a table is still empty.
    tx.expect(Work::WriteOften)?;
    let (mut receipts, altered) = sort_out(tx, deliveries)?;
    let new: Vec<&Delivery> =
        deliveries.iter().zip(&receipts).filter(|(_, r)| r.is_none()).map(|(d, _)| d).collect();
    let events: Vec<_> = new.iter().map(|d| (d.provider, &d.read, d.event_id.as_str())).collect();
    let mut done = process(tx, &actor, &events, false)?;
    let again = told_before(tx, &new, &mut done)?;
    keep(tx, &new, &done, at)?;
    flag(tx, &altered)?;
    let mut done = done.into_iter().zip(again);
    for receipt in receipts.iter_mut().filter(|receipt| receipt.is_none()) {
        *receipt = done.next().map(|(done, again)| match done.outcome {
            Outcome::Processed if again => Receipt::AlreadyProcessed,
            Outcome::Processed => Receipt::Processed,
            Outcome::Ignored => Receipt::Ignored,
            Outcome::Failed | Outcome::Hopeless => Receipt::Kept(done.reason.unwrap_or_default()),
        });
    }
    let lost = || AppError::Changed("a delivery".to_owned());
    receipts.into_iter().map(|receipt| receipt.ok_or_else(lost)).collect()
}

/// A delivery under the id of another content: who, which id, and its SHA-256.
type Altered = (Provider, String, String);

/// Counts deliveries under the ids of others.
fn flag(tx: &mut Tx<'_>, altered: &[Altered]) -> Result<(), AppError> {
    let altered: Vec<_> = altered
        .iter()
        .map(|(provider, id, hash)| (*provider, id.as_str(), hash.as_str()))
        .collect();
    Ok(webhooks::flag(tx, &altered)?)
}

/// Tells those that are known, or come twice here, from the new ones.
fn sort_out(
    tx: &mut Tx<'_>,
    deliveries: &[Delivery],
) -> Result<(Vec<Option<Receipt>>, Vec<Altered>), AppError> {
    let keys: Vec<(Provider, &str)> =
        deliveries.iter().map(|d| (d.provider, d.event_id.as_str())).collect();
    let mut known: HashMap<(Provider, &str), String> = HashMap::new();
    for found in webhooks::known(tx, &keys)? {
        if let Some(key) = keys.get(found.place) {
            known.insert(*key, found.body_hash);
        }
    }
    let mut altered = Vec::new();
    let mut receipts = Vec::with_capacity(deliveries.len());
    for (delivery, key) in deliveries.iter().zip(&keys) {
        let hash = hex(&delivery.body_hash);
        let there = known.get(key);
        let same = there.is_some_and(|known| *known == hash);
        // The rule compares hashes as bytes; both are there as hexadecimal here.
        let stands_for = if same { delivery.body_hash } else { [0; 32] };
        receipts.push(match arrival(there.map(|_| &stands_for), &delivery.body_hash) {
            Arrival::New => {
                known.insert(*key, hash);
                None
            }
            Arrival::Again => Some(Receipt::AlreadyProcessed),
            Arrival::Altered => {
                altered.push((key.0, key.1.to_owned(), hash));
                Some(Receipt::Conflict)
            }
        });
    }
    Ok((receipts, altered))
}

/// Books what events tell and says how each ended.
pub(super) fn process(
    tx: &mut Tx<'_>,
    actor: &Actor,
    events: &[(Provider, &Read, &str)],
    any_amount: bool,
) -> Result<Vec<Done>, AppError> {
    let mut done = Vec::with_capacity(events.len());
    let mut said = Said::default();
    let mut event_of: Vec<usize> = Vec::new();
    for (place, (provider, read_as, key)) in events.iter().enumerate() {
        done.push(match read_as {
            Read::Unreadable(why) => Done::because(Outcome::Hopeless, why),
            Read::NotOurs(_, why) => Done::because(Outcome::Ignored, why),
            Read::Event(event) => {
                take(&mut said, &mut event_of, place, *provider, event, key, actor.at)
            }
        });
    }
    for told in &mut said.told {
        told.any_amount = any_amount;
    }
    // Counters are taken in the same order by all: settlements, payments, ledger, audit.
    let paid_out = settle(tx, actor, &said.settled)?;
    let booked = book(tx, actor, &said.told)?;
    ledger::post(tx, &paid_out, actor.at)?;
    for (place, booked) in event_of.iter().zip(booked) {
        let Some(done) = done.get_mut(*place) else { continue };
        match booked {
            Booked::Changed(_) => done.has_news = true,
            Booked::Nothing(id) => done.known = Some(id),
            Booked::Unfit(reason) => *done = Done::because(Outcome::Hopeless, &reason),
            Booked::Failed(reason) => *done = Done::because(Outcome::Failed, &reason),
        }
    }
    move_requests(tx, &said.moved, actor.at)?;
    Ok(done)
}

/// Finds deliveries whose very content has come before under another id, which is not signed: a
/// delivery that somebody plays back. Only those are looked up that told nothing new.
fn told_before(
    tx: &mut Tx<'_>,
    new: &[&Delivery],
    done: &mut [Done],
) -> Result<Vec<bool>, AppError> {
    let mut again = vec![false; new.len()];
    let is_known = |done: &Done| done.outcome == Outcome::Processed && !done.has_news;
    if !done.iter().any(|done| is_known(done) && done.known.is_some()) {
        return Ok(again);
    }
    let mut here: HashMap<(Provider, [u8; 32]), &str> = HashMap::new();
    let mut asked = Vec::new();
    let mut found: Vec<(usize, String)> = Vec::new();
    for (place, (delivery, done)) in new.iter().zip(&*done).enumerate() {
        let content = (delivery.provider, delivery.body_hash);
        let first = *here.entry(content).or_insert(&delivery.event_id);
        let (Some(payment), true) = (done.known, is_known(done)) else { continue };
        if first != delivery.event_id {
            found.push((place, first.to_owned()));
        }
        if let Read::Event(event) = &delivery.read {
            let (hash, cause) = (hex(&delivery.body_hash), event.kind.as_str());
            asked.push((place, webhooks::Content { payment, cause, hash }));
        }
    }
    let (places, contents): (Vec<usize>, Vec<_>) = asked.into_iter().unzip();
    // What is known by now comes last, and names the first of all.
    for (asked, event_id) in webhooks::told_before(tx, &contents)? {
        found.extend(places.get(asked).map(|place| (*place, event_id)));
    }
    for (place, event_id) in found {
        let (Some(again), Some(done)) = (again.get_mut(place), done.get_mut(place)) else {
            continue;
        };
        *again = true;
        done.reason = Some(format!("the event {event_id} has told it, word for word"));
    }
    Ok(again)
}

/// Adds what an event says to all that is said.
fn take(
    said: &mut Said,
    event_of: &mut Vec<usize>,
    place: usize,
    provider: Provider,
    event: &Event,
    key: &str,
    at: Moment,
) -> Done {
    if event.observations.is_empty() {
        return Done::of(Outcome::Ignored);
    }
    match read(provider, event, key, at) {
        Err(why) => Done::because(Outcome::Hopeless, &why),
        Ok(mut new) => {
            event_of.extend(new.told.iter().map(|_: &Told| place));
            said.told.append(&mut new.told);
            said.moved.append(&mut new.moved);
            said.settled.append(&mut new.settled);
            Done::of(Outcome::Processed)
        }
    }
}

/// Notes what became of things that we asked for.
fn move_requests(
    tx: &mut Tx<'_>,
    moved: &[(Provider, String, &'static str)],
    at: Moment,
) -> Result<(), AppError> {
    let keys: Vec<(Provider, &str)> =
        moved.iter().map(|(provider, id, _)| (*provider, id.as_str())).collect();
    let mut found = payments::requests(tx, &keys)?;
    // Found in no order; what was told last is to hold.
    found.sort_by_key(|(place, _)| *place);
    let states: Vec<(i64, &str)> = found
        .iter()
        .filter_map(|(place, request)| Some((request.id, moved.get(*place)?.2)))
        .collect();
    Ok(payments::move_requests(tx, &states, at)?)
}

/// Keeps settlements, each once, and says what is to be posted.
fn settle(
    tx: &mut Tx<'_>,
    actor: &Actor,
    settled: &[ToldSettlement],
) -> Result<Vec<Transaction>, AppError> {
    let mut transactions = Vec::new();
    for told in settled {
        let new = payments::Settlement {
            provider: told.provider,
            reference: &told.reference,
            amount: told.amount,
            bank_reference: told.bank_reference.as_deref(),
            day: told.at.business_day(),
        };
        if let Some(id) = payments::add_settlement(tx, &new, actor.at)? {
            let account = told.provider.account();
            transactions.extend(settlement_transaction(new.day, id, account, told.amount)?);
        }
    }
    Ok(transactions)
}

/// Keeps new events with how their first attempt ended.
fn keep(tx: &mut Tx<'_>, new: &[&Delivery], done: &[Done], at: Moment) -> Result<(), AppError> {
    let texts: Vec<_> = new.iter().map(|delivery| text_of(&delivery.body)).collect();
    let hashes: Vec<String> = new.iter().map(|delivery| hex(&delivery.body_hash)).collect();
    let mut events = Vec::with_capacity(new.len());
    for (((delivery, done), (body, body_is_base64)), body_hash) in
        new.iter().zip(done).zip(&texts).zip(&hashes)
    {
        let event = match &delivery.read {
            Read::Event(event) | Read::NotOurs(event, _) => Some(event),
            Read::Unreadable(_) => None,
        };
        events.push(NewEvent {
            provider: delivery.provider,
            event_id: &delivery.event_id,
            kind: event.map_or("unknown", |event| event.kind.as_str()),
            body,
            body_is_base64: *body_is_base64,
            body_hash,
            headers: &delivery.headers,
            secret_no: i64::try_from(delivery.secret_no).unwrap_or(i64::MAX),
            live: event.and_then(|event| event.live),
            standing: Standing::received(at).after(done.outcome, at, random(&delivery.body_hash)),
            reason: done.reason.as_deref(),
        });
    }
    Ok(webhooks::add(tx, &events, at)?)
}

/// A number that spreads the retries of different events; nobody gains by guessing it.
pub(super) fn random(hash: &[u8; 32]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The bytes as text, in base64 when they are none, or hold what no text column takes.
fn text_of(body: &[u8]) -> (std::borrow::Cow<'_, str>, bool) {
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') => (text.into(), false),
        _ => (STANDARD.encode(body).into(), true),
    }
}

/// Keeps one delivery with how an attempt ended, unless it is known.
pub(super) fn keep_one(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    done: &Done,
    at: Moment,
) -> Result<Receipt, AppError> {
    let (known, altered) = sort_out(tx, std::slice::from_ref(delivery))?;
    if let Some(known) = known.into_iter().next().flatten() {
        flag(tx, &altered)?;
        return Ok(known);
    }
    keep(tx, &[delivery], std::slice::from_ref(done), at)?;
    Ok(Receipt::Kept(done.reason.clone().unwrap_or_default()))
}
