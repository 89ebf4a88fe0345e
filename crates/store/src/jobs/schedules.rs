//! Up to when the jobs of each schedule were enqueued.
//!
//! It deliberately moves on only from where the caller believes it to be: of several programs that
//! find the same due time, one enqueues.

use crate::db::{StoreError, Tx};
use domain::calendar::Moment;

pub(super) const LAST: &str = "SELECT last_due_at FROM job_schedules WHERE name = $1";
pub(super) const BEGIN: &str =
    "INSERT INTO job_schedules (name, last_due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(super) const MOVE: &str =
    "UPDATE job_schedules SET last_due_at = $3 WHERE name = $1 AND last_due_at = $2";
pub(super) const QUERIES: &[&str] = &[LAST, BEGIN, MOVE];

/// The last due time for which a job was enqueued, or when the schedule was first met.
pub fn last_due(tx: &mut Tx<'_>, name: &str) -> Result<Option<Moment>, StoreError> {
    let last = tx.find(LAST, &[name.into()], |row| row.int(0))?;
    Ok(last.map(Moment::from_unix_micros))
}

/// Notes a schedule that is met for the first time: what was due before is not caught up.
pub fn begin(tx: &mut Tx<'_>, name: &str, now: Moment) -> Result<(), StoreError> {
    tx.execute(BEGIN, &[name.into(), now.unix_micros().into()]).map(|_| ())
}

/// Moves a schedule on; `false` when another program has done so. To be called in the transaction
/// that enqueues.
pub fn move_on(tx: &mut Tx<'_>, name: &str, from: Moment, to: Moment) -> Result<bool, StoreError> {
    let params = [name.into(), from.unix_micros().into(), to.unix_micros().into()];
    Ok(tx.execute(MOVE, &params)? == 1)
}
