//! Attempts to sign in, and the failures that lock.
//!
//! It deliberately keeps logins whole only in the counters of failures, which are removed after a
//! day; attempts show them shortened.

use super::Page;
use crate::db::{StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::access::Failures;
use domain::calendar::Moment;
use domain::ids::PersonId;

// Adds the row if need be and holds it: attempts at once count one after the other. A row just
// added failed "at 0", long ago.
pub(crate) const HOLD: &str = "INSERT INTO sign_in_failures (login, source, failures, failed_at) \
     VALUES ($1, $2, 1, 0) ON CONFLICT (login, source) DO UPDATE \
     SET failures = sign_in_failures.failures RETURNING failures, failed_at, locked_until";
pub(crate) const SET: &str = "UPDATE sign_in_failures SET failures = $3, failed_at = $4, \
     locked_until = $5 WHERE login = $1 AND source = $2";
pub(crate) const CLEAR: &str = "DELETE FROM sign_in_failures WHERE login = $1 AND source = $2";
pub(crate) const CLEAR_ALL: &str = "DELETE FROM sign_in_failures WHERE login = $1";
pub(crate) const FORGET_FAILURES: &str = "DELETE FROM sign_in_failures WHERE failed_at < $1";
pub(crate) const ADD: &str = "INSERT INTO sign_in_attempts \
     (id, at, person_id, login, address, outcome, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const LIST: &str = "SELECT id, at, person_id, login, address, outcome, request_id \
     FROM sign_in_attempts WHERE id < $1 ORDER BY id DESC LIMIT $2";
pub(crate) const OF_PERSON: &str = "SELECT id, at, person_id, login, address, outcome, \
     request_id FROM sign_in_attempts WHERE person_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2";
pub(crate) const FORGET: &str = "DELETE FROM sign_in_attempts WHERE at < $1";
pub(crate) const QUERIES: &[&str] =
    &[HOLD, SET, CLEAR, CLEAR_ALL, FORGET_FAILURES, ADD, LIST, OF_PERSON, FORGET];

/// The failures of a login and source, held until the end of the transaction; `None` when there
/// are none.
pub fn hold(tx: &mut Tx<'_>, login: &str, source: &str) -> Result<Option<Failures>, StoreError> {
    let found = tx.find(HOLD, &[login.into(), source.into()], |row| {
        Ok(Failures {
            count: row.int(0)?,
            last_at: Moment::from_unix_micros(row.int(1)?),
            locked_until: row.opt_int(2)?.map(Moment::from_unix_micros),
        })
    })?;
    Ok(found.filter(|failures| failures.last_at.unix_micros() != 0))
}

/// Keeps the failures of a login and source that are held; none are removed.
pub fn set(
    tx: &mut Tx<'_>,
    login: &str,
    source: &str,
    failures: Option<Failures>,
) -> Result<(), StoreError> {
    let Some(failures) = failures else {
        return tx.execute(CLEAR, &[login.into(), source.into()]).map(|_| ());
    };
    let params = [
        login.into(),
        source.into(),
        failures.count.into(),
        failures.last_at.unix_micros().into(),
        failures.locked_until.map(Moment::unix_micros).into(),
    ];
    tx.execute(SET, &params).map(|_| ())
}

/// Removes all failures of a login; says how many sources had some.
pub fn clear_all(tx: &mut Tx<'_>, login: &str) -> Result<u64, StoreError> {
    tx.execute(CLEAR_ALL, &[login.into()])
}

/// An attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The id; 0 for one that is not kept yet.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// The person of the login, if there is one.
    pub person: Option<PersonId>,
    /// The login, shortened.
    pub login: String,
    /// The address it came from.
    pub address: String,
    /// What became of it.
    pub outcome: String,
    /// The request over HTTP.
    pub request: Option<String>,
}

/// Adds an attempt.
pub fn add(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), StoreError> {
    let id = allot(tx, Counter::SignInAttempts, 1)?;
    let params = [
        id.into(),
        attempt.at.unix_micros().into(),
        attempt.person.map(|person| person.0).into(),
        attempt.login.as_str().into(),
        attempt.address.as_str().into(),
        attempt.outcome.as_str().into(),
        attempt.request.as_deref().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// A page of attempts, of one person or all, the newest first; `page.after` is the last id of the
/// page before, 0 for the first page.
pub fn list(
    tx: &mut Tx<'_>,
    person: Option<PersonId>,
    page: Page,
) -> Result<Vec<Attempt>, StoreError> {
    let before = if page.after == 0 { i64::MAX } else { page.after };
    let read = |row: &crate::db::Row<'_>| {
        Ok(Attempt {
            id: row.int(0)?,
            at: Moment::from_unix_micros(row.int(1)?),
            person: row.opt_int(2)?.map(PersonId),
            login: row.text(3)?.to_owned(),
            address: row.text(4)?.to_owned(),
            outcome: row.text(5)?.to_owned(),
            request: row.opt_text(6)?.map(str::to_owned),
        })
    };
    match person {
        None => tx.list(LIST, &[before.into(), page.limit.into()], read),
        Some(person) => {
            tx.list(OF_PERSON, &[before.into(), page.limit.into(), person.0.into()], read)
        }
    }
}

/// Removes failures and attempts older than the moments; says how many attempts.
pub fn forget(
    tx: &mut Tx<'_>,
    failures_before: Moment,
    attempts_before: Moment,
) -> Result<u64, StoreError> {
    tx.execute(FORGET_FAILURES, &[failures_before.unix_micros().into()])?;
    tx.execute(FORGET, &[attempts_before.unix_micros().into()])
}
