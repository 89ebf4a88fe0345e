//! Jobs: work that was committed together with its cause, kept until it is done.
//!
//! It deliberately decides nothing: whether a failure is followed by another attempt, and when, is
//! `domain::jobs`' to say.

mod expire;
mod list;
mod queue;
mod schedules;

pub use expire::{
    expire_attempts, expire_failures, expire_finished, expire_keys, expire_notices,
    remove_sessions, sessions_over,
};
pub use list::{Page, cancel, count, find, list, rival, wait_again};
pub use queue::{
    Claim, Enqueued, NewJob, bury, claim, done, enqueue, expired, extend, forget, free, give_up,
    oldest_due, retry,
};
pub use schedules::{begin, last_due, move_on};

use crate::db::{Each, Row, StoreError};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::State;

/// The columns that `read` reads.
macro_rules! columns {
    () => {
        "id, kind, payload, state, unique_key, run_at, attempts, max_attempts, worker, \
         leased_until, last_error, result, request_id, created_at, finished_at"
    };
}
use columns;

pub(crate) const QUERIES: &[&[&str]] =
    &[expire::QUERIES, list::QUERIES, queue::QUERIES, schedules::QUERIES];
pub(crate) const SETS: &[&[&Each]] = &[expire::SETS, queue::SETS];

/// A job as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id, by which logs name it.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// What it is to be done with, as JSON.
    pub payload: String,
    /// Where it stands.
    pub state: State,
    /// At most one unfinished job of the kind has it.
    pub unique_key: Option<String>,
    /// When it is due; of a job that has begun, when it was.
    pub run_at: Moment,
    /// Attempts that have begun, this one included while it runs.
    pub attempts: u32,
    /// How many there may be.
    pub max_attempts: u32,
    /// Who has it, while it runs.
    pub worker: Option<String>,
    /// Until when, unless the lease is renewed.
    pub leased_until: Option<Moment>,
    /// Why the last failed attempt failed.
    pub last_error: Option<String>,
    /// What came out of it, as JSON.
    pub result: Option<String>,
    /// The request over HTTP that asked for it.
    pub request: Option<String>,
    /// When it was enqueued.
    pub created_at: Moment,
    /// When it was done, given up or cancelled.
    pub finished_at: Option<Moment>,
}

fn read(row: &Row<'_>) -> Result<Job, StoreError> {
    let text = |place| Ok::<_, StoreError>(row.opt_text(place)?.map(str::to_owned));
    let moment = |place| Ok::<_, StoreError>(row.opt_int(place)?.map(Moment::from_unix_micros));
    let number = |place, what: &str| {
        u32::try_from(row.int(place)?).map_err(|_| StoreError::unexpected(format!("jobs.{what}")))
    };
    Ok(Job {
        id: JobId(row.int(0)?),
        kind: row.text(1)?.to_owned(),
        payload: row.text(2)?.to_owned(),
        state: State::from_name(row.text(3)?)
            .ok_or_else(|| StoreError::unexpected("jobs.state"))?,
        unique_key: text(4)?,
        run_at: Moment::from_unix_micros(row.int(5)?),
        attempts: number(6, "attempts")?,
        max_attempts: number(7, "max_attempts")?,
        worker: text(8)?,
        leased_until: moment(9)?,
        last_error: text(10)?,
        result: text(11)?,
        request: text(12)?,
        created_at: Moment::from_unix_micros(row.int(13)?),
        finished_at: moment(14)?,
    })
}
