//! Removing what is kept for a limited time only: finished jobs, answers to repeated requests, and
//! the traces of signing in.
//!
//! It deliberately removes a bounded number of rows at a time, so that nobody waits long, and
//! touches nothing that the books or the audit trail point at.

use crate::db::{Column, Each, StoreError, Tx};
use domain::calendar::Moment;

pub(super) const FINISHED: &str = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs \
     WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)";
pub(super) const KEYS: &str = "DELETE FROM idempotency_keys \
     WHERE (caller, method, path, key) IN (SELECT caller, method, path, key \
     FROM idempotency_keys WHERE kept_at < $1 ORDER BY kept_at LIMIT $2)";
pub(super) const FAILURES: &str = "DELETE FROM sign_in_failures \
     WHERE (login, source) IN (SELECT login, source FROM sign_in_failures \
     WHERE failed_at < $1 AND (locked_until IS NULL OR locked_until < $2) \
     ORDER BY failed_at LIMIT $3)";
pub(super) const ATTEMPTS: &str = "DELETE FROM sign_in_attempts \
     WHERE id IN (SELECT id FROM sign_in_attempts WHERE at < $1 ORDER BY at LIMIT $2)";
pub(super) const SESSIONS: &str = "SELECT id FROM sessions \
     WHERE id > $1 AND (expires_at < $2 OR ended_at < $2) ORDER BY id LIMIT $3";
pub(super) const NOTICES: &str = "DELETE FROM notices \
     WHERE id IN (SELECT id FROM notices WHERE at < $1 ORDER BY at LIMIT $2)";
const TOKENS_OF: Each = Each {
    sql: "DELETE FROM refresh_tokens WHERE session_id = :session",
    columns: &[Column::Text("session")],
};
const SESSION: Each =
    Each { sql: "DELETE FROM sessions WHERE id = :session", columns: &[Column::Text("session")] };
pub(super) const QUERIES: &[&str] = &[FINISHED, KEYS, FAILURES, ATTEMPTS, SESSIONS, NOTICES];
pub(super) const SETS: &[&Each] = &[&TOKENS_OF, &SESSION];

/// Removes at most so many jobs that were finished before a moment; how many were.
pub fn expire_finished(tx: &mut Tx<'_>, before: Moment, limit: u32) -> Result<u64, StoreError> {
    tx.execute(FINISHED, &[before.unix_micros().into(), i64::from(limit).into()])
}

/// Removes at most so many answers to repeated requests that were kept before a moment.
pub fn expire_keys(tx: &mut Tx<'_>, before: Moment, limit: u32) -> Result<u64, StoreError> {
    tx.execute(KEYS, &[before.unix_micros().into(), i64::from(limit).into()])
}

/// Removes at most so many counts of failures to sign in that ended before a moment and lock
/// nobody any more.
pub fn expire_failures(
    tx: &mut Tx<'_>,
    before: Moment,
    now: Moment,
    limit: u32,
) -> Result<u64, StoreError> {
    let params = [before.unix_micros().into(), now.unix_micros().into(), i64::from(limit).into()];
    tx.execute(FAILURES, &params)
}

/// Removes at most so many attempts to sign in made before a moment.
pub fn expire_attempts(tx: &mut Tx<'_>, before: Moment, limit: u32) -> Result<u64, StoreError> {
    tx.execute(ATTEMPTS, &[before.unix_micros().into(), i64::from(limit).into()])
}

/// Removes at most so many notices to people that are older than a moment.
pub fn expire_notices(tx: &mut Tx<'_>, before: Moment, limit: u32) -> Result<u64, StoreError> {
    tx.execute(NOTICES, &[before.unix_micros().into(), i64::from(limit).into()])
}

/// At most so many sessions, with ids after the given one, that ended or expired before a moment.
pub fn sessions_over(
    tx: &mut Tx<'_>,
    after: &str,
    before: Moment,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let params = [after.into(), before.unix_micros().into(), i64::from(limit).into()];
    tx.list(SESSIONS, &params, |row| row.text(0).map(str::to_owned))
}

/// Removes sessions and their refresh tokens; how many sessions were.
pub fn remove_sessions(tx: &mut Tx<'_>, sessions: &[String]) -> Result<u64, StoreError> {
    let rows = || sessions.iter().map(|id| [id.as_str().into()]);
    tx.for_each(&TOKENS_OF, rows())?;
    tx.for_each(&SESSION, rows())
}
