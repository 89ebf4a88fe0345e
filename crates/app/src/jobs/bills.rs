//! A month's bill run as a job: for a request that shall not wait for it.
//!
//! It deliberately holds no rule of billing. Run twice, it finds the month billed and reproduces
//! the certificate; cut off, it goes on where it was.

use super::{Context, Job, JobError, NewJob, Outcome, enqueue};
use crate::audit::entry;
use crate::billing::{self, Mode, Request, wire};
use crate::{Actor, AppError};
use domain::access::Role;
use domain::calendar::Month;
use domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::Enqueued;
use store::{Store, Tx, audit};

/// The kind.
pub const RUN: &str = "bills.run";

/// What is asked for, and by whom.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// Such as `2026-10`.
    month: String,
    /// `draft`, `run_and_issue` or `issue`.
    mode: String,
    actor: String,
    person: Option<i64>,
    role: Option<String>,
}

/// The mode of a word.
fn mode(word: &str) -> Option<Mode> {
    [Mode::Draft, Mode::RunAndIssue, Mode::IssueDrafts]
        .into_iter()
        .find(|mode| mode.as_str() == word)
}

/// Enqueues a run of a month's bills. While one of the month is unfinished it stands for this one,
/// whatever its mode.
pub fn enqueue_run(
    store: &Store,
    actor: &Actor,
    month: Month,
    mode: Mode,
) -> Result<Enqueued, AppError> {
    store.write(|tx| enqueue_run_in(tx, actor, month, mode))
}

/// The same inside a transaction.
pub fn enqueue_run_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    month: Month,
    mode: Mode,
) -> Result<Enqueued, AppError> {
    let today = actor.at.business_day();
    if month.first_day() > today {
        return Err(AppError::FutureMonth { month, today });
    }
    let facts = json!({ "kind": RUN, "month": month.to_string(), "mode": mode.as_str() });
    let payload = json!(Payload {
        month: month.to_string(),
        mode: mode.as_str().to_owned(),
        actor: actor.name.clone(),
        person: actor.person.map(|person| person.0),
        role: actor.role.map(|role| role.as_str().to_owned()),
    });
    let job = NewJob::now(RUN, payload, actor.at).once(month.to_string());
    let enqueued = enqueue(tx, actor, &[job])?;
    let first = enqueued.first().copied();
    let job = first.ok_or_else(|| AppError::Changed("the queue of jobs".to_owned()))?;
    if job.is_new {
        let record = job.id.0.to_string();
        let entry = entry("enqueue", "jobs", record, None, Some(&facts));
        audit::write(tx, actor, &[entry])?;
    }
    Ok(job)
}

/// Runs the bills in the name of whoever asked for it. The result is what `dairyos bills run
/// --json` prints.
pub(super) fn run(context: &Context<'_>, job: &Job) -> Result<Outcome, JobError> {
    let bad = |what: String| JobError::Dead(format!("the payload is not understood: {what}"));
    let payload: Payload =
        serde_json::from_str(&job.payload).map_err(|error| bad(error.to_string()))?;
    let month = Month::parse(&payload.month).map_err(|error| bad(error.to_string()))?;
    let mode = mode(&payload.mode).ok_or_else(|| bad(format!("mode \"{}\"", payload.mode)))?;
    let actor = Actor {
        name: payload.actor,
        at: context.now(),
        person: payload.person.map(PersonId),
        role: payload.role.as_deref().and_then(Role::from_name),
        request: job.request.clone(),
    };
    let request = Request { month, mode, dry_run: false };
    let report = billing::run(context.store, &actor, request, &mut |_, _| {})?;
    let result = serde_json::to_value(wire::run(mode.as_str(), false, &report))
        .map_err(|error| JobError::Dead(error.to_string()))?;
    Ok(Outcome::with(result))
}
