//! Which programs have a database on a server open: each holds a shared lock of a number of its own
//! with every connection, and a sequence counts who comes.
//!
//! It deliberately keeps nobody out. Who comes waits until whatever another program remembers holds
//! no longer, so that nobody is shown what is older than a commit they were told of.

use super::StoreError;
use super::server::Server;
use super::watch::HOLDS;
use std::iter;
use std::thread;

/// The group of PostgreSQL's advisory locks that programs hold ("open" in hexadecimal ASCII).
const OPEN_LOCKS: i32 = 0x6f_70_65_6e;
/// How refusals end: no permission, no such relation (SQLSTATE).
const REFUSALS: [&str; 2] = ["[42501]", "[42P01]"];
const COME: &str = "SELECT nextval('program_starts')";
const OTHERS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_locks \
     WHERE locktype = 'advisory' AND objsubid = 2 AND classid = CAST($1 AS BIGINT) \
     AND objid <> CAST($2 AS BIGINT) AND database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The number of a store that has a database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence(i64);

/// Gives a store its number and says that it has come. None for whoever may not count in the
/// sequence: a role that reads. A role that writes needs `USAGE` on it, as on the others.
pub(super) fn come(server: &mut Server) -> Result<Option<Presence>, StoreError> {
    let Some(number) = unless_refused(next(server))? else { return Ok(None) };
    let presence = Presence(number);
    join(server, presence)?;
    Ok(Some(presence))
}

/// Says on a connection that the store is there, and waits if another one is. So does each further
/// connection: those before it may be gone, with all that they said.
pub(super) fn join(server: &mut Server, presence: Presence) -> Result<(), StoreError> {
    let Presence(number) = presence;
    server.command(&format!("SELECT pg_advisory_lock_shared({OPEN_LOCKS}, {number})"))?;
    // Counted after the lock is held: who then looks for others finds it.
    unless_refused(next(server))?;
    if has_others(server, presence)? {
        thread::sleep(HOLDS);
    }
    Ok(())
}

/// Whether other stores have the database open.
pub(super) fn has_others(server: &mut Server, own: Presence) -> Result<bool, StoreError> {
    let (group, own) = (i64::from(OPEN_LOCKS), own.0);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&group, &own];
    let mut others = 0;
    server.query(OTHERS, params.into_iter(), |row| {
        others = row.int(0)?;
        Ok(())
    })?;
    Ok(others > 0)
}

fn next(server: &mut Server) -> Result<i64, StoreError> {
    let mut number = None;
    server.query(COME, iter::empty(), |row| {
        number = Some(row.int(0)?);
        Ok(())
    })?;
    number.ok_or_else(|| StoreError::unexpected("no number"))
}

/// Nothing, when the server refuses it to a role that only reads, or because it only reads itself;
/// a database that was restored without the sequence has none.
fn unless_refused<T>(done: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    let refused = |error: &StoreError| match error {
        StoreError::ReadOnly(_) => true,
        StoreError::Other(text) => REFUSALS.iter().any(|code| text.ends_with(code)),
        _ => false,
    };
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if refused(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
