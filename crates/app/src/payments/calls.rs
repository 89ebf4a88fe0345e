//! Acting on what we ask gateways for: sent, looked for when nobody knows what became of it,
//! looked at while it can be paid, withdrawn.
//!
//! Each step is noted before the call and after it, in transactions of their own; the call is made
//! between them. Whoever has taken a step has it for a while (`GRACE`). It deliberately sends
//! nothing again before the gateway was asked whether it knows it.

use super::ask::told_of;
use super::gateways::{Gateways, Made, Standing};
use super::requests::{facts, lock, trace};
use super::{Booked, book};
use crate::audit::entry;
use crate::jobs::{NewJob, enqueue};
use crate::{Actor, AppError};
use domain::calendar::Moment;
use domain::ids::RequestId;
use domain::jobs::later;
use domain::payments::{Answer, Found, Next, RequestDue, RequestState, after_asking, after_call};
use gateways::CallError;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use store::payments::{self, AskedFor};
use store::{Store, Tx, audit};

/// The kind of the jobs.
pub(crate) const CALL: &str = "payments.call";
/// How long a step belongs to whoever has taken it: longer than all attempts of a call take.
pub(super) const GRACE: Duration = Duration::from_mins(5);
/// How soon, at first, something that can be paid is looked at.
const LOOK_FIRST: Duration = Duration::from_mins(10);
/// How seldom, in the end.
const LOOK_LAST: Duration = Duration::from_hours(24);
/// How often is asked about what is still not known when the quick questions are used up.
pub(super) const SLOWLY: Duration = Duration::from_hours(1);
/// Longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 300;

/// With what a step is done.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub store: &'a Store,
    pub gateways: &'a Gateways,
    /// Who acts, at this moment.
    pub actor: &'a dyn Fn() -> Actor,
}

/// The job that takes the next step of a request.
pub(crate) fn job(id: RequestId, attempts: u32, run_at: Moment) -> NewJob {
    let key = format!("{} {attempts} {}", id.0, run_at.unix_micros());
    NewJob::now(CALL, json!({ "request": id.0 }), run_at).once(key)
}

/// Takes the step that is due of a request, if any is; whether one was.
pub(crate) fn act(desk: &Desk<'_>, id: RequestId) -> Result<bool, AppError> {
    let claimed = desk.store.write(|tx| claim(tx, &(desk.actor)(), desk.gateways, id))?;
    let Some((asked, due, payee)) = claimed else { return Ok(false) };
    match due {
        RequestDue::Send => {
            let answer = desk.gateways.make(&asked, &payee);
            desk.store.write(|tx| sent(tx, &(desk.actor)(), &asked, &answer))?;
        }
        RequestDue::Find => {
            let answer = desk.gateways.find(&asked);
            desk.store.write(|tx| looked_for(tx, &(desk.actor)(), &asked, &answer))?;
        }
        RequestDue::Look => look(desk, &asked)?,
        RequestDue::Nothing | RequestDue::End(_) => {}
    }
    Ok(true)
}

/// Takes the step that is due, so that nobody else does.
fn claim(
    tx: &mut Tx<'_>,
    actor: &Actor,
    gateways: &Gateways,
    id: RequestId,
) -> Result<Option<(AskedFor, RequestDue, String)>, AppError> {
    let mut asked = lock(tx, id)?;
    if asked.retry_at.is_none_or(|at| at > actor.at) {
        return Ok(None);
    }
    let too_old = asked.expires_at.is_some_and(|end| end <= actor.at);
    let due = asked.state.due(asked.cancel_asked, too_old);
    match due {
        RequestDue::Nothing => return Ok(None),
        RequestDue::End(state) => {
            let before = facts(&asked);
            asked.state = state;
            payments::save_request(tx, &asked, actor.at)?;
            trace(tx, actor, "end", &before, &asked)?;
            return Ok(None);
        }
        RequestDue::Send | RequestDue::Find | RequestDue::Look => {}
    }
    gateways.must_know(asked.provider)?;
    if due == RequestDue::Send {
        asked.state = RequestState::Sent;
    }
    if due != RequestDue::Look {
        asked.attempts += 1;
    }
    asked.retry_at = Some(later(actor.at, GRACE));
    payments::save_request(tx, &asked, actor.at)?;
    Ok(Some((asked, due, crate::business::load(tx)?.name)))
}

/// How a call ended, in the words of the rules.
pub(super) fn answer_of(error: &CallError) -> Answer {
    match error {
        error if error.may_pass() => Answer::NotSent,
        CallError::Refused { .. } => Answer::Refused,
        CallError::Unreachable { .. } => Answer::NotSent,
        CallError::Unknown { .. } => Answer::Unknown,
    }
}

/// A number that spreads what is tried again; nobody gains by guessing it.
pub(super) fn random(reference: &str, attempts: u32) -> u64 {
    let hash = Sha256::digest(format!("{reference} {attempts}"));
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(super) fn shortened(text: &(impl ToString + ?Sized)) -> String {
    text.to_string().chars().take(MAX_REASON_CHARS).collect()
}

/// Keeps how the making ended.
fn sent(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedFor,
    answer: &Result<Made, CallError>,
) -> Result<(), AppError> {
    let (attempts, random) = (claimed.attempts, random(&claimed.reference, claimed.attempts));
    let outcome = answer.as_ref().map_or_else(answer_of, |_| Answer::Done);
    let next = after_call(outcome, attempts, actor.at, random);
    keep(tx, actor, claimed, answer.as_ref().ok(), next, answer.as_ref().err())
}

/// Keeps what the gateway knows.
fn looked_for(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedFor,
    answer: &Result<Option<Made>, CallError>,
) -> Result<(), AppError> {
    let found = match answer {
        Ok(Some(_)) => Found::There,
        Ok(None) => Found::Absent,
        Err(_) => Found::Unknown,
    };
    let random = random(&claimed.reference, claimed.attempts);
    let next = after_asking(found, claimed.attempts, actor.at, random);
    let made = answer.as_ref().ok().and_then(Option::as_ref);
    keep(tx, actor, claimed, made, next, answer.as_ref().err())
}

/// Keeps what a step has led to, unless somebody else has taken another since.
fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedFor,
    made: Option<&Made>,
    next: Next,
    error: Option<&CallError>,
) -> Result<(), AppError> {
    let mut asked = lock(tx, claimed.id)?;
    let before = facts(&asked);
    let was_overtaken = asked.attempts != claimed.attempts;
    if was_overtaken && (made.is_none() || asked.provider_reference.is_some()) {
        return Ok(());
    }
    asked.reason = error.map(shortened);
    match (made, next) {
        (Some(made), _) => take_in(&mut asked, made, actor.at),
        (None, Next::Send(at)) => {
            asked.state = RequestState::New;
            asked.retry_at = Some(at);
        }
        (None, Next::Ask(at)) => {
            asked.state = RequestState::Unknown;
            asked.retry_at = Some(at);
        }
        (None, Next::AskPerson) => {
            asked.state = RequestState::Unknown;
            asked.retry_at = Some(later(actor.at, SLOWLY));
        }
        (None, Next::GiveUp | Next::Finish) => {
            asked.state = RequestState::Refused;
            if asked.reason.is_none() {
                asked.reason = Some(shortened("given up: the gateway does not know it"));
            }
        }
    }
    if asked.cancel_asked && asked.state == RequestState::New {
        asked.state = RequestState::Cancelled;
    }
    payments::save_request(tx, &asked, actor.at)?;
    if let Some(at) =
        asked.retry_at.filter(|at| asked.state.is_open() && *at < later(actor.at, LOOK_FIRST))
    {
        enqueue(tx, actor, &[job(asked.id, asked.attempts, at)])?;
    }
    trace(tx, actor, "call", &before, &asked)
}

/// Takes in what the gateway has made.
fn take_in(asked: &mut AskedFor, made: &Made, now: Moment) {
    asked.provider_reference = asked.provider_reference.take().or(Some(made.reference.clone()));
    asked.order_reference = asked.order_reference.take().or_else(|| made.order.clone());
    asked.url = made.url.clone().or_else(|| asked.url.take());
    asked.expires_at = made.expires_at.or(asked.expires_at);
    asked.reason = None;
    if asked.state.is_open() {
        asked.state = RequestState::Done;
        asked.retry_at = Some(if asked.cancel_asked { now } else { later(now, LOOK_FIRST) });
    }
}

/// Asks how a request stands, books what is told of its payments, and withdraws it when it is to
/// be.
fn look(desk: &Desk<'_>, claimed: &AskedFor) -> Result<(), AppError> {
    let now = (desk.actor)().at;
    let too_old = claimed.expires_at.is_some_and(|end| end <= now);
    let mut answer = desk.gateways.look(claimed);
    if let Ok(standing) = &mut answer
        && standing.ended.is_none()
        && (claimed.cancel_asked || too_old)
        && desk.gateways.close(claimed).is_ok()
    {
        let end =
            if claimed.cancel_asked { RequestState::Cancelled } else { RequestState::Expired };
        standing.ended = Some(end);
    }
    desk.store.write(|tx| seen(tx, &(desk.actor)(), claimed, &answer))
}

/// Books what was told of the payments of a request, and keeps where it stands.
fn seen(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedFor,
    answer: &Result<Standing, CallError>,
) -> Result<(), AppError> {
    let mut reason = answer.as_ref().err().map(shortened);
    if let Ok(standing) = answer {
        let (told, unclear) = told_of(claimed.provider, &standing.seen, actor.at);
        let booked = book(tx, actor, &told)?;
        let unfit = booked.into_iter().find_map(|booked| match booked {
            Booked::Unfit(why) | Booked::Failed(why) => Some(why),
            Booked::Changed(_) | Booked::Nothing(_) => None,
        });
        reason = unfit.or(unclear).map(|why| shortened(&why));
    }
    // What was booked has taken the counters already.
    let Some(mut asked) = payments::lock_request(tx, claimed.id)? else { return Ok(()) };
    if !asked.state.is_open() {
        return Ok(());
    }
    let before = facts(&asked);
    asked.reason = reason;
    let age = actor.at.unix_micros().saturating_sub(asked.created_at.unix_micros()) / 4;
    let pause = Duration::from_micros(u64::try_from(age).unwrap_or(0));
    asked.retry_at = Some(later(actor.at, pause.clamp(LOOK_FIRST, LOOK_LAST)));
    if let Ok(standing) = answer {
        asked.order_reference = asked.order_reference.take().or_else(|| standing.order.clone());
        asked.state = match standing.ended {
            // What was withdrawn before its payment came is paid all the same.
            Some(RequestState::Expired) if asked.cancel_asked => RequestState::Cancelled,
            Some(ended) => ended,
            None => asked.state,
        };
    }
    payments::save_request(tx, &asked, actor.at)?;
    if facts(&asked) != before {
        let after = facts(&asked);
        let reference = asked.reference.clone();
        let trace = entry("look", "payment_requests", reference, Some(&before), Some(&after));
        audit::write(tx, actor, &[trace])?;
    }
    Ok(())
}
