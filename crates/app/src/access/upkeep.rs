//! Forgetting what is no longer needed; for a job that runs once a day.
//!
//! It deliberately keeps people and keys: the audit trail names them.

use super::later;
use crate::AppError;
use domain::calendar::Moment;
use store::Store;
use store::access::{attempts, sessions};

/// Days that attempts to sign in are kept.
pub const ATTEMPT_DAYS: i64 = 90;
/// Days that sessions are kept after they ended by themselves.
pub const SESSION_DAYS: i64 = 90;
/// Days after which a failure has no meaning any more.
const FAILURE_DAYS: i64 = 1;
/// Seconds of a day.
const DAY_SECS: i64 = 24 * 3600;

/// Removes old attempts, failures and sessions; says how many attempts and sessions.
pub fn forget(store: &Store, at: Moment) -> Result<(u64, u64), AppError> {
    let before = |days: i64| later(at, -days * DAY_SECS);
    let attempts =
        store.write(|tx| attempts::forget(tx, before(FAILURE_DAYS), before(ATTEMPT_DAYS)))?;
    let sessions = store.write(|tx| sessions::forget(tx, before(SESSION_DAYS)))?;
    Ok((attempts, sessions))
}
