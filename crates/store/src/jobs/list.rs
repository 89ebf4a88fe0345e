//! Jobs as people look at them and step in: found, listed, counted, taken back, made to wait
//! again.
//!
//! It deliberately steps in only where the state allows it, in the condition of each statement.

use super::{Job, columns, read};
use crate::db::{StoreError, Tx};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::State;

pub(super) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1");
pub(super) const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM jobs WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
     ORDER BY id DESC LIMIT $3"
);
pub(super) const NEWEST_IN_STATE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM jobs WHERE state = $4 AND id < $1 AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
     ORDER BY id DESC LIMIT $3"
);
pub(super) const COUNT: &str = "SELECT COUNT(*) FROM jobs WHERE state = $1";
pub(super) const RIVAL: &str = "SELECT id FROM jobs \
     WHERE kind = $1 AND unique_key = $2 AND finished_at IS NULL";
pub(super) const WAIT_AGAIN: &str = "UPDATE jobs SET state = 'waiting', attempts = 0, \
     run_at = $2, finished_at = NULL WHERE id = $1 AND state IN ('dead', 'cancelled')";
pub(super) const CANCEL: &str = "UPDATE jobs SET state = 'cancelled', finished_at = $2 \
     WHERE id = $1 AND state = 'waiting'";
pub(super) const QUERIES: &[&str] =
    &[BY_ID, NEWEST, NEWEST_IN_STATE, COUNT, RIVAL, WAIT_AGAIN, CANCEL];

/// A job by its id.
pub fn find(tx: &mut Tx<'_>, id: JobId) -> Result<Option<Job>, StoreError> {
    tx.find(BY_ID, &[id.0.into()], read)
}

/// Which jobs are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this kind.
    pub kind: Option<&'a str>,
    /// Only those older than this one.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// The newest jobs first.
pub fn list(tx: &mut Tx<'_>, page: &Page<'_>) -> Result<Vec<Job>, StoreError> {
    let before = page.before.map_or(i64::MAX, |id| id.0);
    let params = [before.into(), page.kind.into(), i64::from(page.limit).into()];
    match page.state {
        None => tx.list(NEWEST, &params, read),
        Some(state) => {
            let [before, kind, limit] = params;
            tx.list(NEWEST_IN_STATE, &[before, kind, limit, state.as_str().into()], read)
        }
    }
}

/// How many jobs are in a state.
pub fn count(tx: &mut Tx<'_>, state: State) -> Result<u64, StoreError> {
    let count = tx.find(COUNT, &[state.as_str().into()], |row| row.int(0))?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// The unfinished job with a kind and key, if there is one.
pub fn rival(tx: &mut Tx<'_>, kind: &str, key: &str) -> Result<Option<JobId>, StoreError> {
    tx.find(RIVAL, &[kind.into(), key.into()], |row| row.int(0).map(JobId))
}

/// Makes a job that was given up or cancelled wait again, with all its attempts; `false` when it
/// is in another state.
pub fn wait_again(tx: &mut Tx<'_>, id: JobId, run_at: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(WAIT_AGAIN, &[id.0.into(), run_at.unix_micros().into()])? == 1)
}

/// Takes a waiting job back; `false` when it is not waiting.
pub fn cancel(tx: &mut Tx<'_>, id: JobId, now: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(CANCEL, &[id.0.into(), now.unix_micros().into()])? == 1)
}
