//! Jobs as people look after them: listed, shown, counted, cancelled, made to wait again.
//!
//! It deliberately cannot stop a job that runs.

use crate::audit::entry;
use crate::{Actor, AppError};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::State;
use serde_json::json;
use store::jobs::{self, Job, Page};
use store::{Store, Tx, audit};

/// Jobs of a page when nothing is said.
pub const LIST_DEFAULT: u32 = 50;
/// Jobs of a page at most.
pub const LIST_MOST: u32 = 1_000;

/// A page of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The jobs, the newest first.
    pub jobs: Vec<Job>,
    /// The job after which the next page begins; absent on the last page.
    pub next: Option<JobId>,
}

/// A page of jobs. At most `LIST_MOST` are given.
pub fn list(store: &Store, page: Page<'_>) -> Result<Listed, AppError> {
    let limit = page.limit.clamp(1, LIST_MOST);
    store.read(|tx| {
        // One more than asked for tells whether there is a next page.
        let mut jobs = jobs::list(tx, &Page { limit: limit + 1, ..page })?;
        let more = jobs.len() > limit as usize;
        jobs.truncate(limit as usize);
        let next = jobs.last().filter(|_| more).map(|job| job.id);
        Ok(Listed { jobs, next })
    })
}

/// A job.
pub fn show(store: &Store, id: JobId) -> Result<Job, AppError> {
    store.read(|tx| show_in(tx, id))
}

/// A job, inside a transaction.
pub fn show_in(tx: &mut Tx<'_>, id: JobId) -> Result<Job, AppError> {
    found(tx, id)
}

/// A job of one kind; one of another kind is not known here.
pub fn show_kind(tx: &mut Tx<'_>, id: JobId, kind: &str) -> Result<Job, AppError> {
    let job = jobs::find(tx, id)?.filter(|job| job.kind == kind);
    job.ok_or_else(|| AppError::NotFound(format!("there is no {kind} {}", id.0)))
}

fn found(tx: &mut Tx<'_>, id: JobId) -> Result<Job, AppError> {
    jobs::find(tx, id)?.ok_or_else(|| AppError::NotFound(format!("there is no job {}", id.0)))
}

/// Makes a job that was given up or cancelled wait again, with all its attempts.
pub fn requeue(store: &Store, actor: &Actor, id: JobId) -> Result<Job, AppError> {
    store.write(|tx| {
        let job = found(tx, id)?;
        if !job.state.can_be_requeued() {
            let state = job.state.as_str();
            return Err(AppError::Conflict(format!(
                "job {} is {state}; only a dead or cancelled job can be requeued",
                id.0
            )));
        }
        if let Some(key) = &job.unique_key
            && let Some(rival) = jobs::rival(tx, &job.kind, key)?
        {
            return Err(AppError::Conflict(format!(
                "job {} does the same already, and is not finished",
                rival.0
            )));
        }
        let done = jobs::wait_again(tx, id, actor.at)?;
        stepped_in(tx, actor, "requeue", &job, done)
    })
}

/// Takes a waiting job back.
pub fn cancel(store: &Store, actor: &Actor, id: JobId) -> Result<Job, AppError> {
    store.write(|tx| {
        let job = found(tx, id)?;
        if job.state != State::Waiting {
            let state = job.state.as_str();
            return Err(AppError::Conflict(format!(
                "job {} is {state}; only a waiting job can be cancelled",
                id.0
            )));
        }
        let done = jobs::cancel(tx, id, actor.at)?;
        stepped_in(tx, actor, "cancel", &job, done)
    })
}

/// Traces a step, and reads the job again.
fn stepped_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: &Job,
    done: bool,
) -> Result<Job, AppError> {
    if !done {
        return Err(AppError::Changed(format!("job {}", before.id.0)));
    }
    let after = found(tx, before.id)?;
    let facts = |job: &Job| {
        let state = job.state.as_str();
        json!({ "kind": job.kind, "state": state, "attempts": job.attempts })
    };
    let record = before.id.0.to_string();
    let entry = entry(action, "jobs", record, Some(&facts(before)), Some(&facts(&after)));
    audit::write(tx, actor, &[entry])?;
    Ok(after)
}

/// How the queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// How many jobs are in each state.
    pub counts: [(State, u64); State::ALL.len()],
    /// Since when the longest waiting due job is due: late jobs are a sign that no worker runs.
    pub oldest_due: Option<Moment>,
}

impl Stats {
    /// For how many seconds the longest waiting due job is due; 0 when none is.
    pub fn oldest_due_secs(&self, now: Moment) -> u64 {
        let micros =
            self.oldest_due.map_or(0, |due| now.unix_micros().saturating_sub(due.unix_micros()));
        u64::try_from(micros / 1_000_000).unwrap_or(0)
    }
}

/// How the queue stands.
pub fn stats(store: &Store, now: Moment) -> Result<Stats, AppError> {
    store.read(|tx| {
        let mut counts = State::ALL.map(|state| (state, 0));
        for (state, count) in &mut counts {
            *count = jobs::count(tx, *state)?;
        }
        Ok(Stats { counts, oldest_due: jobs::oldest_due(tx, now)? })
    })
}
