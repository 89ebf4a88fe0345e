//! Jobs that come again: for each due time since the last look one job is enqueued, in the
//! transaction that moves the schedule on.
//!
//! It deliberately needs no leader: of several programs that look at once, one moves on.

use super::{NewJob, Registry, Scheduled, enqueue};
use crate::{Actor, AppError};
use domain::calendar::Moment;
use serde_json::json;
use store::{Store, jobs};

/// Enqueues what has become due; how many jobs were.
pub(super) fn tick(store: &Store, registry: &Registry, now: Moment) -> Result<u64, AppError> {
    let mut enqueued = 0;
    for scheduled in registry.schedules() {
        enqueued += tick_one(store, registry, scheduled, now)?;
    }
    Ok(enqueued)
}

fn tick_one(
    store: &Store,
    registry: &Registry,
    scheduled: &Scheduled,
    now: Moment,
) -> Result<u64, AppError> {
    let name = scheduled.name;
    let Some(last) = store.read(|tx| jobs::last_due(tx, name))? else {
        store.write(|tx| jobs::begin(tx, name, now))?;
        return Ok(0);
    };
    let due = scheduled.schedule.due_between(last, now);
    let Some(newest) = due.last().copied() else {
        return Ok(0);
    };
    let kind = scheduled.kind;
    let max_attempts = registry.kind(kind).map(|kind| kind.max_attempts);
    let new: Vec<NewJob> = due
        .iter()
        .map(|due| {
            let text = due.rfc3339();
            let mut job = NewJob::now(kind, json!({ "due": text }), *due);
            job.max_attempts = max_attempts.unwrap_or(job.max_attempts);
            job.once(format!("{name} {text}"))
        })
        .collect();
    let actor = Actor::program("schedule", now);
    store.write(|tx| {
        if !jobs::move_on(tx, name, last, newest)? {
            return Ok(0);
        }
        enqueue(tx, &actor, &new)?;
        Ok(new.len() as u64)
    })
}
