//! Events of gateways that could not be processed, tried again; and gateways that have gone
//! silent.
//!
//! It deliberately succeeds when events were given up: they are kept for people, who see them in
//! the inbox.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::AppError;
use crate::webhooks::{retry_due, silence};
use domain::jobs::Schedule;
use serde_json::json;
use std::time::Duration;

/// Tries events again.
pub(super) const RETRY: &str = "webhooks.retry";
/// When it comes again.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: RETRY, schedule: Schedule::Every(1), kind: RETRY };
/// How long a gateway may say nothing while something that we asked it for is open. Retries reach
/// back a day, after which Razorpay disables the webhook (protocols 1.12).
const SILENCE: Duration = Duration::from_hours(12);

pub(super) fn retry(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let at = context.now();
    let retried = retry_due(context.store, at)?;
    let silent = context.store.read(|tx| silence(tx, at, SILENCE)).map_err(|e: AppError| e)?;
    let silent: Vec<_> = silent
        .iter()
        .map(|one| json!({ "provider": one.provider.as_str(), "since": one.since.rfc3339() }))
        .collect();
    Ok(Outcome::with(json!({
        "done": retried.done, "waiting": retried.waiting, "dead": retried.dead, "silent": silent,
    })))
}
