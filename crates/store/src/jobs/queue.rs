//! The way of a job: enqueued, claimed on lease, and done, tried again or given up by whoever
//! still has the lease.
//!
//! It deliberately removes nothing; see `expire`. Where several workers claim at once, each skips
//! what another is about to take.

use super::{Job, columns, read};
use crate::db::{Column, Each, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::State;

/// How often a job that seemed to be there already is looked for: it may be finished by a worker
/// between the two looks, and then there is room for the new one.
const TRIES: usize = 3;

const ADD: Each = Each {
    sql: "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempts, \
          max_attempts, request_id, created_at) \
          SELECT :id, :kind, :payload, 'waiting', :unique_key, :run_at, 0, :max_attempts, \
          :request, :created_at {row} WHERE TRUE ON CONFLICT DO NOTHING",
    columns: &[
        Column::Int("id"),
        Column::Text("kind"),
        Column::Text("payload"),
        Column::Text("unique_key"),
        Column::Int("run_at"),
        Column::Int("max_attempts"),
        Column::Text("request"),
        Column::Int("created_at"),
    ],
};
const UNFINISHED: Each = Each {
    sql: "SELECT :place, j.id FROM jobs j WHERE j.kind = :kind AND j.unique_key = :unique_key \
          AND j.finished_at IS NULL",
    columns: &[Column::Int("place"), Column::Text("kind"), Column::Text("unique_key")],
};
pub(super) const OLDEST_DUE: &str = "SELECT run_at FROM jobs WHERE state = 'waiting' \
     AND run_at <= $1 ORDER BY run_at, id LIMIT 1";
pub(super) const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM jobs WHERE state = 'waiting' AND run_at <= $1 ORDER BY run_at, id LIMIT $2 \
     FOR UPDATE SKIP LOCKED"
);
const TAKE: Each = Each {
    sql: "UPDATE jobs SET state = 'running', attempts = attempts + 1, worker = :worker, \
          leased_until = :until WHERE id = :id",
    columns: &[Column::Text("worker"), Column::Int("until"), Column::Int("id")],
};
pub(super) const EXTEND: &str = "UPDATE jobs SET leased_until = $4 \
     WHERE id = $1 AND state = 'running' AND worker = $2 AND attempts = $3";
pub(super) const DONE: &str = "UPDATE jobs SET state = 'done', result = $4, finished_at = $5, \
     worker = NULL, leased_until = NULL \
     WHERE id = $1 AND state = 'running' AND worker = $2 AND attempts = $3";
pub(super) const FORGET: &str = "DELETE FROM jobs \
     WHERE id = $1 AND state = 'running' AND worker = $2 AND attempts = $3";
pub(super) const RETRY: &str = "UPDATE jobs SET state = 'waiting', last_error = $4, run_at = $5, \
     worker = NULL, leased_until = NULL \
     WHERE id = $1 AND state = 'running' AND worker = $2 AND attempts = $3";
pub(super) const GIVE_UP: &str = "UPDATE jobs SET state = 'dead', last_error = $4, \
     finished_at = $5, worker = NULL, leased_until = NULL \
     WHERE id = $1 AND state = 'running' AND worker = $2 AND attempts = $3";
pub(super) const EXPIRED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM jobs WHERE state = 'running' AND leased_until < $1 ORDER BY leased_until LIMIT $2 \
     FOR UPDATE SKIP LOCKED"
);
const FREE: Each = Each {
    sql: "UPDATE jobs SET state = 'waiting', last_error = :error, run_at = :at, worker = NULL, \
          leased_until = NULL WHERE id = :id",
    columns: &[Column::Text("error"), Column::Int("at"), Column::Int("id")],
};
const BURY: Each = Each {
    sql: "UPDATE jobs SET state = 'dead', last_error = :error, finished_at = :at, worker = NULL, \
          leased_until = NULL WHERE id = :id",
    columns: &[Column::Text("error"), Column::Int("at"), Column::Int("id")],
};
pub(super) const QUERIES: &[&str] =
    &[OLDEST_DUE, DUE, EXTEND, DONE, FORGET, RETRY, GIVE_UP, EXPIRED];
pub(super) const SETS: &[&Each] = &[&ADD, &UNFINISHED, &TAKE, &FREE, &BURY];

/// A job to be enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewJob<'a> {
    /// What is to be done.
    pub kind: &'a str,
    /// What it is to be done with, as JSON.
    pub payload: &'a str,
    /// At most one unfinished job of the kind has it.
    pub unique_key: Option<&'a str>,
    /// When it is due.
    pub run_at: Moment,
    /// How often it is tried.
    pub max_attempts: u32,
    /// The request over HTTP that asked for it.
    pub request: Option<&'a str>,
    /// Now.
    pub created_at: Moment,
}

/// The job that stands for one that was to be enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// Its id.
    pub id: JobId,
    /// Whether it is new; else an unfinished one has the same kind and key.
    pub is_new: bool,
}

/// Enqueues jobs; the answers are in their order. To be called before `audit::write`: every
/// transaction takes ids from the counters in the same order.
pub fn enqueue(tx: &mut Tx<'_>, jobs: &[NewJob<'_>]) -> Result<Vec<Enqueued>, StoreError> {
    let mut found: Vec<Option<Enqueued>> = vec![None; jobs.len()];
    for _ in 0..TRIES {
        let left: Vec<usize> =
            found.iter().enumerate().filter(|(_, job)| job.is_none()).map(|(at, _)| at).collect();
        if left.is_empty() {
            break;
        }
        enqueue_some(tx, jobs, &left, &mut found)?;
    }
    let all: Option<Vec<Enqueued>> = found.into_iter().collect();
    all.ok_or_else(|| StoreError::Busy("a job with the same key was ended meanwhile".to_owned()))
}

fn enqueue_some(
    tx: &mut Tx<'_>,
    jobs: &[NewJob<'_>],
    places: &[usize],
    found: &mut [Option<Enqueued>],
) -> Result<(), StoreError> {
    let first = allot(tx, Counter::Jobs, places.len())?;
    let new: Vec<(usize, i64, &NewJob<'_>)> =
        places.iter().zip(first..).filter_map(|(at, id)| Some((*at, id, jobs.get(*at)?))).collect();
    let rows = new.iter().map(|(_, id, job)| {
        [
            (*id).into(),
            job.kind.into(),
            job.payload.into(),
            job.unique_key.into(),
            job.run_at.unix_micros().into(),
            i64::from(job.max_attempts).into(),
            job.request.into(),
            job.created_at.unix_micros().into(),
        ]
    });
    tx.for_each(&ADD, rows)?;
    let mut keyed = Vec::new();
    for (place, (at, id, job)) in (0i64..).zip(&new) {
        match job.unique_key {
            Some(key) => keyed.push([place.into(), job.kind.into(), key.into()]),
            None => set(found, *at, Enqueued { id: JobId(*id), is_new: true }),
        }
    }
    tx.look_up(&UNFINISHED, &keyed, |row| {
        let kept = row.int(1)?;
        let place = usize::try_from(row.int(0)?).ok().and_then(|place| new.get(place));
        if let Some((at, id, _)) = place {
            set(found, *at, Enqueued { id: JobId(kept), is_new: kept == *id });
        }
        Ok(())
    })
}

fn set(found: &mut [Option<Enqueued>], at: usize, job: Enqueued) {
    if let Some(place) = found.get_mut(at) {
        *place = Some(job);
    }
}

/// Since when the longest waiting due job is due, if any is; asked before `claim`, which needs a
/// transaction that may write.
pub fn oldest_due(tx: &mut Tx<'_>, now: Moment) -> Result<Option<Moment>, StoreError> {
    let due = tx.find(OLDEST_DUE, &[now.unix_micros().into()], |row| row.int(0))?;
    Ok(due.map(Moment::from_unix_micros))
}

/// Takes at most so many due jobs on lease, the longest due first; each is then running, and its
/// attempt has begun.
pub fn claim(
    tx: &mut Tx<'_>,
    worker: &str,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let params = [now.unix_micros().into(), i64::from(limit).into()];
    let mut jobs = tx.list(DUE, &params, read)?;
    let rows: Vec<_> = jobs
        .iter()
        .map(|job| [worker.into(), until.unix_micros().into(), job.id.0.into()])
        .collect();
    tx.for_each(&TAKE, rows)?;
    for job in &mut jobs {
        job.state = State::Running;
        job.attempts += 1;
        job.worker = Some(worker.to_owned());
        job.leased_until = Some(until);
    }
    Ok(jobs)
}

/// The lease on one attempt at a job. An attempt that was taken over has another worker or
/// another number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub id: JobId,
    /// Who has it.
    pub worker: String,
    /// The number of the attempt.
    pub attempt: u32,
}

impl Claim {
    fn params(&self) -> [Value<'_>; 3] {
        [self.id.0.into(), self.worker.as_str().into(), i64::from(self.attempt).into()]
    }
}

/// Renews a lease; `false` when it is no longer ours.
pub fn extend(tx: &mut Tx<'_>, claim: &Claim, until: Moment) -> Result<bool, StoreError> {
    let [id, worker, attempt] = claim.params();
    Ok(tx.execute(EXTEND, &[id, worker, attempt, until.unix_micros().into()])? == 1)
}

/// Ends a job that was done; `false` when the lease is no longer ours, and then nothing changes.
pub fn done(
    tx: &mut Tx<'_>,
    claim: &Claim,
    result: Option<&str>,
    now: Moment,
) -> Result<bool, StoreError> {
    let [id, worker, attempt] = claim.params();
    let params = [id, worker, attempt, result.into(), now.unix_micros().into()];
    Ok(tx.execute(DONE, &params)? == 1)
}

/// Removes a job that found nothing to do; `false` when the lease is no longer ours.
pub fn forget(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, StoreError> {
    Ok(tx.execute(FORGET, &claim.params())? == 1)
}

/// Lets a job wait for its next attempt; `false` when the lease is no longer ours.
pub fn retry(
    tx: &mut Tx<'_>,
    claim: &Claim,
    error: &str,
    run_at: Moment,
) -> Result<bool, StoreError> {
    let [id, worker, attempt] = claim.params();
    let params = [id, worker, attempt, error.into(), run_at.unix_micros().into()];
    Ok(tx.execute(RETRY, &params)? == 1)
}

/// Gives a job up; `false` when the lease is no longer ours.
pub fn give_up(
    tx: &mut Tx<'_>,
    claim: &Claim,
    error: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let [id, worker, attempt] = claim.params();
    let params = [id, worker, attempt, error.into(), now.unix_micros().into()];
    Ok(tx.execute(GIVE_UP, &params)? == 1)
}

/// At most so many running jobs whose lease has run out; they stay locked until the end of the
/// transaction.
pub fn expired(tx: &mut Tx<'_>, now: Moment, limit: u32) -> Result<Vec<Job>, StoreError> {
    tx.list(EXPIRED, &[now.unix_micros().into(), i64::from(limit).into()], read)
}

/// Lets jobs that `expired` found wait again, each for its reason, until a moment.
pub fn free(tx: &mut Tx<'_>, jobs: &[(JobId, String)], run_at: Moment) -> Result<u64, StoreError> {
    tx.for_each(&FREE, rows(jobs, run_at))
}

/// Gives up jobs that `expired` found, each for its reason.
pub fn bury(tx: &mut Tx<'_>, jobs: &[(JobId, String)], now: Moment) -> Result<u64, StoreError> {
    tx.for_each(&BURY, rows(jobs, now))
}

fn rows(jobs: &[(JobId, String)], at: Moment) -> impl Iterator<Item = [Value<'_>; 3]> {
    jobs.iter()
        .map(move |(id, error)| [error.as_str().into(), at.unix_micros().into(), id.0.into()])
}
