//! Verifying the books as a job: for a request that shall not wait for it.
//!
//! It deliberately succeeds when something is broken; the result says what.

use super::{Context, Job, JobError, NewJob, Outcome, enqueue};
use crate::audit::entry;
use crate::verify::{verify, wire};
use crate::{Actor, AppError};
use serde_json::json;
use store::jobs::Enqueued;
use store::{Tx, audit};

/// The kind.
pub const VERIFY: &str = "books.verify";
/// What at most one unfinished job of the kind has.
const ALL_BOOKS: &str = "all";

/// Enqueues a verification of the books. While one is unfinished it stands for this one.
pub fn enqueue_verify_in(tx: &mut Tx<'_>, actor: &Actor) -> Result<Enqueued, AppError> {
    let job = NewJob::now(VERIFY, json!({}), actor.at).once(ALL_BOOKS);
    let enqueued = enqueue(tx, actor, &[job])?.first().copied();
    let job = enqueued.ok_or_else(|| AppError::Changed("the queue of jobs".to_owned()))?;
    if job.is_new {
        let (record, facts) = (job.id.0.to_string(), json!({ "kind": VERIFY }));
        let entry = entry("enqueue", "jobs", record, None, Some(&facts));
        audit::write(tx, actor, &[entry])?;
    }
    Ok(job)
}

/// Verifies. The result is what `dairyos verify --json` prints.
pub(super) fn run(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let findings = verify(context.store, &mut |_, _| {})?;
    let result = serde_json::to_value(wire::shape(&findings))
        .map_err(|error| JobError::Dead(error.to_string()))?;
    Ok(Outcome::with(result))
}
