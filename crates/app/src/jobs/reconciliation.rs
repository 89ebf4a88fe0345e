//! The nightly comparison of the books, as of the day before.
//!
//! It deliberately succeeds when something does not agree; the report says what. A lister, where
//! gateways are called, is handed in by the program.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::reconciliation::{Given, Rules, run};
use domain::calendar::{Day, Moment};
use domain::jobs::Schedule;
use serde_json::{Value, json};

/// The kind.
pub const RECONCILE: &str = "reconciliation.run";
/// When it comes again: at 02:30, when all of the day has been told.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: RECONCILE, schedule: Schedule::Daily(2 * 60 + 30), kind: RECONCILE };

/// Asks gateways for what they have of a day. An error says why a list is not here; the books are
/// then compared without it.
pub type Lister = dyn Fn(Day) -> Result<Given, String> + Send + Sync;

/// The handler under these rules. The payload names the moment it was due, or a `date`.
pub fn reconcile(
    rules: Rules,
    lister: Option<Box<Lister>>,
) -> impl Fn(&Context<'_>, &Job) -> Result<Outcome, JobError> + Send + Sync {
    move |context, job| {
        let actor = context.actor(job);
        let day = day_of(&job.payload, actor.at);
        let asked = lister.as_ref().map(|ask| ask(day)).transpose();
        let (given, unlisted) = match asked {
            Ok(given) => (given.unwrap_or_default(), None),
            Err(why) => (Given::default(), Some(why)),
        };
        let report = run(context.store, &actor, day, rules, &given)?;
        let (summary, status) = (report.run.summary, report.run.status);
        Ok(Outcome::with(json!({
            "date": day.to_string(), "status": status.as_str(), "errors": summary.errors,
            "warnings": summary.warnings, "infos": summary.infos, "without_list": unlisted,
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
