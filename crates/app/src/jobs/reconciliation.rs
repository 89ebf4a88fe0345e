//! The nightly comparison of the books, as of the day before.
//!
//! It deliberately succeeds when something does not agree, or when a gateway does not answer; the
//! report and the result say so.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::payments::Gateways;
use crate::reconciliation::{Rules, ask, run};
use domain::calendar::{Day, Moment};
use domain::jobs::Schedule;
use serde_json::{Value, json};

/// The kind.
pub const RECONCILE: &str = "reconciliation.run";
/// When it comes again: at 02:30, when all of the day has been told.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: RECONCILE, schedule: Schedule::Daily(2 * 60 + 30), kind: RECONCILE };

/// The handler under these rules: what the gateways list is asked for first. The payload names the
/// moment it was due, or a `date`.
pub fn reconcile(
    rules: Rules,
    gateways: Gateways,
) -> impl Fn(&Context<'_>, &Job) -> Result<Outcome, JobError> + Send + Sync {
    move |context, job| {
        let actor = context.actor(job);
        let day = day_of(&job.payload, actor.at);
        let asked = ask(context.store, &gateways, day)?;
        let report = run(context.store, &actor, day, rules, &asked.given)?;
        let (summary, status) = (report.run.summary, report.run.status);
        Ok(Outcome::with(json!({
            "date": day.to_string(), "status": status.as_str(), "errors": summary.errors,
            "warnings": summary.warnings, "infos": summary.infos, "without": asked.missing,
        })))
    }
}

/// The day before the moment the job was due, unless a date is named.
fn day_of(payload: &str, now: Moment) -> Day {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let text = |key: &str| payload.get(key).and_then(Value::as_str).map(str::to_owned);
    let named = text("date").and_then(|text| Day::parse(&text).ok());
    let due = text("due").and_then(|text| Moment::parse(&text)).unwrap_or(now);
    named.unwrap_or_else(|| due.business_day().plus_days(-1))
}
