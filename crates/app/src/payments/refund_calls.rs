//! Acting on refunds that a gateway shall pay: sent with our reference as idempotency key, looked
//! for when nobody knows what became of them, followed until they are processed or have failed.
//!
//! Each step is noted before the call and after it, in transactions of their own; the call is made
//! between them. It deliberately fails no refund of which nobody knows what became of it.

use super::ask::told_of;
use super::calls::{Desk, GRACE, SLOWLY, answer_of, random, shortened};
use super::gateways::Gateways;
use super::refunds::{facts, lock};
use super::{Booked, book};
use crate::audit::entry;
use crate::jobs::{NewJob, enqueue};
use crate::{Actor, AppError};
use domain::calendar::Moment;
use domain::ids::RefundId;
use domain::jobs::later;
use domain::payments::{Found, Next, RefundState, RefundStatus, Step, after_asking, after_call};
use gateways::CallError;
use gateways::event::Observation;
use serde_json::json;
use std::time::Duration;
use store::payments::{self, AskedRefund};
use store::{Tx, audit};

/// The kind of the jobs.
pub(crate) const REFUND: &str = "payments.refund";
/// How soon, and then how often, is asked about a refund that is on its way.
const FOLLOW: Duration = Duration::from_hours(1);
/// What is tried again sooner than this gets a job of its own.
const SOON: Duration = Duration::from_mins(10);

/// What became of a step.
enum Came {
    /// The gateway told of the refund.
    Told(Box<Observation>),
    /// It did not; this is what follows, and why.
    Else(Next, Option<String>),
}

/// The job that takes the next step of a refund.
pub(crate) fn job(id: RefundId, attempts: u32, run_at: Moment) -> NewJob {
    let key = format!("{} {attempts} {}", id.0, run_at.unix_micros());
    NewJob::now(REFUND, json!({ "refund": id.0 }), run_at).once(key)
}

/// Takes the step that is due of a refund, if any is; whether one was.
pub(crate) fn act(desk: &Desk<'_>, id: RefundId) -> Result<bool, AppError> {
    let claimed = desk.store.write(|tx| claim(tx, &(desk.actor)(), desk.gateways, id))?;
    let Some((refund, is_first)) = claimed else { return Ok(false) };
    let came = if is_first { send(desk, &refund) } else { ask(desk, &refund) };
    desk.store.write(|tx| keep(tx, &(desk.actor)(), &refund, &came))?;
    Ok(true)
}

/// Takes the step that is due, so that nobody else does; whether it is the first.
fn claim(
    tx: &mut Tx<'_>,
    actor: &Actor,
    gateways: &Gateways,
    id: RefundId,
) -> Result<Option<(AskedRefund, bool)>, AppError> {
    let mut refund = lock(tx, id)?;
    if refund.retry_at.is_none_or(|at| at > actor.at) || !refund.by_gateway {
        return Ok(None);
    }
    gateways.must_know(refund.provider)?;
    let is_first = refund.state == RefundState::Approved;
    refund.state = moved(&refund, if is_first { Step::Send } else { Step::Lose });
    refund.attempts += 1;
    refund.retry_at = Some(later(actor.at, GRACE));
    payments::save_refund(tx, &refund, actor.at)?;
    Ok(Some((refund, is_first)))
}

/// The state after a step; what cannot be stays as it is. One that the gateway has told of is on
/// its way, whatever is not known of it at the moment.
fn moved(refund: &AskedRefund, step: Step) -> RefundState {
    if step == Step::Lose && refund.told_as.is_some() {
        return refund.state;
    }
    refund.state.after(step).unwrap_or(refund.state)
}

fn send(desk: &Desk<'_>, refund: &AskedRefund) -> Came {
    match desk.gateways.refund(refund) {
        Ok(seen) => checked(refund, seen),
        Err(error) => {
            let random = random(&refund.reference, refund.attempts);
            let now = (desk.actor)().at;
            let next = after_call(answer_of(&error), refund.attempts, now, random);
            Came::Else(next, Some(shortened(&error)))
        }
    }
}

/// Asks what became of a refund. What the gateway does not know is sent again, under the same key.
fn ask(desk: &Desk<'_>, refund: &AskedRefund) -> Came {
    let answer = desk.gateways.find_refund(refund);
    let (found, why) = match answer {
        Ok(Some(seen)) => return checked(refund, seen),
        Ok(None) => (Found::Absent, Some(shortened("the gateway does not know it"))),
        Err(error) => (Found::Unknown, Some(shortened(&error))),
    };
    let random = random(&refund.reference, refund.attempts);
    match after_asking(found, refund.attempts, (desk.actor)().at, random) {
        Next::Send(_) if refund.told_as.is_none() => send(desk, refund),
        next => Came::Else(next, why),
    }
}

/// A refund of another amount is not ours.
fn checked(refund: &AskedRefund, seen: Observation) -> Came {
    if seen.amount == Some(refund.amount.paise()) {
        return Came::Told(Box::new(seen));
    }
    let error = CallError::Unknown { what: "the gateway tells of another amount".to_owned() };
    Came::Else(Next::AskPerson, Some(shortened(&error)))
}

/// Keeps what a step has led to.
fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedRefund,
    came: &Came,
) -> Result<(), AppError> {
    match came {
        Came::Told(seen) => told(tx, actor, claimed, seen),
        Came::Else(next, why) => other(tx, actor, claimed, *next, why.as_ref()),
    }
}

/// Books what the gateway tells of a refund; it is one with what its webhooks tell.
fn told(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedRefund,
    seen: &Observation,
) -> Result<(), AppError> {
    let (mut told, unclear) = told_of(claimed.provider, std::slice::from_ref(seen), actor.at);
    for told in &mut told {
        "refund".clone_into(&mut told.cause);
        told.cause_key = format!("{} {}", claimed.reference, claimed.attempts);
    }
    let booked = book(tx, actor, &told)?;
    let unfit = booked.into_iter().find_map(|booked| match booked {
        Booked::Unfit(why) | Booked::Failed(why) => Some(why),
        Booked::Changed(_) | Booked::Nothing(_) => None,
    });
    let mut refund = lock(tx, claimed.id)?;
    let before = facts(&refund);
    refund.told_as = refund.told_as.take().or_else(|| Some(seen.id.clone()));
    // Its webhooks may know more than the answer.
    let known = payments::by_key(tx, refund.payment)?;
    let known = known.and_then(|listed| listed.payment.facts.refunds.get(&seen.id).copied());
    let step = match known.map(|known| known.status) {
        Some(RefundStatus::Processed) => Step::Process,
        Some(RefundStatus::Failed) => Step::Fail,
        Some(RefundStatus::Pending) | None => Step::Send,
    };
    refund.state = moved(&refund, step);
    refund.failure = unfit.or(unclear).map(|why| shortened(&why));
    if refund.state == RefundState::Failed && refund.failure.is_none() {
        refund.failure =
            seen.reason.clone().or_else(|| Some("the gateway says that it failed".to_owned()));
    }
    refund.retry_at = Some(later(actor.at, FOLLOW));
    payments::save_refund(tx, &refund, actor.at)?;
    trace(tx, actor, &before, refund)
}

/// Keeps that the gateway did not tell of it.
fn other(
    tx: &mut Tx<'_>,
    actor: &Actor,
    claimed: &AskedRefund,
    next: Next,
    why: Option<&String>,
) -> Result<(), AppError> {
    let mut refund = lock(tx, claimed.id)?;
    if refund.attempts != claimed.attempts {
        // Somebody else has taken another step since.
        return Ok(());
    }
    let before = facts(&refund);
    refund.failure = why.cloned();
    match next {
        Next::Send(at) | Next::Ask(at) => {
            let step = if matches!(next, Next::Send(_)) { Step::Send } else { Step::Lose };
            refund.state = moved(&refund, step);
            refund.retry_at = Some(at);
        }
        Next::AskPerson => {
            refund.state = moved(&refund, Step::Lose);
            refund.retry_at = Some(later(actor.at, SLOWLY));
        }
        // What the gateway has told of is not given up because it is not found at the moment.
        Next::GiveUp | Next::Finish if refund.told_as.is_some() => {
            refund.retry_at = Some(later(actor.at, SLOWLY));
        }
        Next::GiveUp | Next::Finish => refund.state = moved(&refund, Step::Fail),
    }
    payments::save_refund(tx, &refund, actor.at)?;
    let soon = later(actor.at, SOON);
    if let Some(at) = refund.retry_at.filter(|at| refund.state.is_under_way() && *at < soon) {
        enqueue(tx, actor, &[job(refund.id, refund.attempts, at)])?;
    }
    trace(tx, actor, &before, refund)
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    before: &serde_json::Value,
    refund: AskedRefund,
) -> Result<(), AppError> {
    let after = facts(&refund);
    let trace = entry("call", "refund_requests", refund.reference, Some(before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}

#[cfg(test)]
mod tests {
    use super::answer_of;
    use domain::payments::Answer;
    use gateways::CallError;

    #[test]
    fn answers_are_told_apart() {
        let refused = |status| CallError::Refused {
            status: Some(status),
            code: "x".to_owned(),
            what: "y".to_owned(),
        };
        assert_eq!(answer_of(&refused(400)), Answer::Refused);
        assert_eq!(answer_of(&refused(429)), Answer::NotSent);
        let what = || "z".to_owned();
        assert_eq!(answer_of(&CallError::Unreachable { what: what() }), Answer::NotSent);
        assert_eq!(answer_of(&CallError::Unknown { what: what() }), Answer::Unknown);
    }
}
