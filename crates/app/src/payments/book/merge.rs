//! Taking in what is told: whether it can be true and is not in the books under another name, and
//! what of it is new.
//!
//! It deliberately moves no money; that follows from what is known in the end.

use super::twin::Twins;
use super::{Booked, Told, Whose, Work, Works};
use crate::{Actor, AppError};
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::{Change, Intended, Observation, check_currency};
use serde_json::json;
use store::payments::LogEntry;

/// Longest text of a gateway that is kept beside a payment, in characters.
const MAX_NOTE_CHARS: usize = 64;

/// Takes in what is told, in order. `twins`: the receipts that people have recorded of what is told
/// at a place.
pub(super) fn merge(
    works: &mut Works,
    actor: &Actor,
    told: &[Told],
    whose: &[Whose],
    twins: &Twins,
) -> Result<Vec<Booked>, AppError> {
    let mut booked = Vec::with_capacity(told.len());
    for (place, (told, whose)) in told.iter().zip(whose).enumerate() {
        let work = works.by_key.get(&(told.provider, told.reference.clone()));
        let work = work.and_then(|place| works.all.get_mut(*place));
        let Some(work) = work else {
            return Err(AppError::Changed(format!("the payment {}", told.reference)));
        };
        let twin = twins.get(&place).map(|receipt| twin_of(told, *receipt));
        booked.push(match unfit(told, whose, work).or(twin) {
            Some(reason) => Booked::Unfit(reason),
            None => take_in(work, actor, told, whose),
        });
    }
    Ok(booked)
}

/// Why something told cannot be booked.
fn unfit(told: &Told, whose: &Whose, work: &Work) -> Option<String> {
    for seen in &told.seen {
        if let Err(error) = seen.check() {
            return Some(error.to_string());
        }
    }
    let checked = check_currency(told.currency.as_deref()?);
    if let Err(mismatch) = checked {
        return Some(mismatch.to_string());
    }
    let request = whose.request.as_ref().filter(|_| !told.any_amount)?;
    let intended = Intended { amount: request.amount?, in_parts: request.in_parts };
    let paid = told.seen.iter().find_map(|seen| match seen {
        Observation::Authorized { amount } | Observation::Captured { amount, .. } => Some(*amount),
        _ => None,
    })?;
    // What somebody has accepted is in the books, whatever else tells of it.
    let is_booked = work.now.facts.captured == paid;
    let checked = if is_booked { Ok(()) } else { intended.fits(paid) };
    checked.err().map(|mismatch| mismatch.to_string())
}

/// Why a payment that a gateway tells of is held: it is in the books already.
fn twin_of(told: &Told, receipt: PaymentId) -> String {
    format!(
        "{} has the bank's reference and the amount of payment {}, which was recorded by hand; \
         take that receipt back and replay this event, or dismiss it",
        told.reference, receipt.0
    )
}

fn take_in(work: &mut Work, actor: &Actor, told: &Told, whose: &Whose) -> Booked {
    let from = work.now.facts.state();
    let was_captured = work.now.facts.captured > Money::ZERO;
    let mut changed = false;
    for seen in &told.seen {
        changed |= work.now.facts.merge(seen) != Change::Nothing;
    }
    changed |= name(work, told, whose);
    if !changed && work.now.version > 0 {
        return Booked::Nothing(work.now.id);
    }
    if !was_captured && let Some(at) = work.now.facts.captured_at {
        work.now.received_day = told.day.unwrap_or_else(|| at.business_day());
    }
    work.now.version += 1;
    work.now.updated_at = actor.at;
    let first = work.now.version == 1;
    work.log.push(LogEntry {
        entry_no: work.now.version,
        at: actor.at,
        from: (!first).then(|| from.as_str().to_owned()),
        to: work.now.facts.state().as_str().to_owned(),
        cause: told.cause.clone(),
        cause_key: told.cause_key.clone(),
        actor: actor.name.clone(),
        request: actor.request.clone(),
        details: details(told),
    });
    Booked::Changed(PaymentId(0))
}

/// Takes in whose it is and how it was paid; whether any of it that matters was not known. What is
/// known stays.
fn name(work: &mut Work, told: &Told, whose: &Whose) -> bool {
    let now = &mut work.now;
    let before = (now.customer, now.named_bill, now.request, now.plan.is_some());
    now.customer = now.customer.or(whose.customer);
    // What we asked for outweighs what a note says, whichever is told first.
    let asked = whose.request.as_ref().filter(|_| now.request.is_none());
    let asked = asked.filter(|asked| now.customer == Some(asked.customer));
    now.named_bill = asked.and_then(|asked| asked.bill).or(now.named_bill).or(whose.bill);
    now.request = now.request.or(whose.request.as_ref().map(|request| request.id));
    let short = |text: &String| text.chars().take(MAX_NOTE_CHARS).collect::<String>();
    now.plan = now.plan.take().or_else(|| whose.plan.as_ref().map(short));
    now.method = now.method.take().or_else(|| told.method.as_ref().map(short));
    now.bank_reference =
        now.bank_reference.take().or_else(|| told.bank_reference.as_ref().map(short));
    now.person = now.person.or(told.person);
    before != (now.customer, now.named_bill, now.request, now.plan.is_some())
}

/// What was told, for the log.
fn details(told: &Told) -> String {
    let seen: Vec<String> = told.seen.iter().map(in_words).collect();
    json!({ "told": seen }).to_string()
}

fn in_words(seen: &Observation) -> String {
    match seen {
        Observation::Created { amount } => format!("asked for {amount}"),
        Observation::Authorized { amount } => format!("authorized {amount}"),
        Observation::Captured { amount, at } => format!("captured {amount} at {}", at.rfc3339()),
        Observation::Failed => "an attempt failed".to_owned(),
        Observation::Fee(fee) => format!("fee {} with tax {}", fee.amount(), fee.tax()),
        Observation::Refund { id, status, amount } => {
            format!("refund {id} of {amount}: {}", status.as_str())
        }
        Observation::PaidOut { refund, person } => {
            format!("refund {refund} paid by person {}", person.0)
        }
        Observation::Dispute { id, status, amount, deducted } => {
            format!("dispute {id} of {amount}, {deducted} taken: {}", status.as_str())
        }
        Observation::FundsWithdrawn { dispute, amount } => {
            format!("dispute {dispute}: {amount} taken")
        }
        Observation::FundsReinstated { dispute, amount } => {
            format!("dispute {dispute}: {amount} given back")
        }
        Observation::Cleared => "cleared".to_owned(),
        Observation::Reversed => "reversed".to_owned(),
    }
}
