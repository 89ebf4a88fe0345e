//! Events of gateways that could not be processed, tried again; and gateways that have gone
//! silent, of which owners and admins are told.
//!
//! It deliberately succeeds when events were given up: they are kept for people, who see them in
//! the inbox.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::AppError;
use crate::access::notices;
use crate::webhooks::{SilenceLimits, StripeMode, retry_due, silence};
use domain::access::NoticeKind;
use domain::jobs::Schedule;
use serde_json::{Value, json};

/// Tries events again.
pub(super) const RETRY: &str = "webhooks.retry";
/// When it comes again.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: RETRY, schedule: Schedule::Every(1), kind: RETRY };
/// Looks for gateways that have gone silent.
pub(super) const SILENCE: &str = "webhooks.silence";
/// When it comes again.
pub(super) const SILENCE_SCHEDULE: Scheduled =
    Scheduled { name: SILENCE, schedule: Schedule::Every(60), kind: SILENCE };

pub(super) fn retry(context: &Context<'_>, _: &Job, mode: StripeMode) -> Result<Outcome, JobError> {
    let retried = retry_due(context.store, context.now(), mode)?;
    let nothing = retried.done + retried.waiting + retried.dead == 0;
    let result = json!({
        "done": retried.done, "waiting": retried.waiting, "dead": retried.dead,
    });
    Ok(Outcome::unless_nothing(nothing, result))
}

/// Tells owners and admins of gateways that have gone silent, once for each silence.
pub(super) fn watch(
    context: &Context<'_>,
    _: &Job,
    limits: SilenceLimits,
) -> Result<Outcome, JobError> {
    let at = context.now();
    let silent = context.store.read(|tx| silence(tx, at, limits))?;
    let silent: Vec<Value> = silent
        .iter()
        .map(|one| json!({ "gateway": one.provider.as_str(), "since": one.since.rfc3339() }))
        .collect();
    let mut told = 0;
    if !silent.is_empty() {
        told = context.store.write(|tx| {
            let mut told = 0;
            for details in &silent {
                told += notices::tell_leaders(tx, at, NoticeKind::WebhookSilent, details)?;
            }
            Ok::<u64, AppError>(told)
        })?;
    }
    Ok(Outcome::unless_nothing(told == 0, json!({ "silent": silent, "told": told })))
}
