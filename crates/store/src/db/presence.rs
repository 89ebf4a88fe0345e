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
const COME: &str = "SELECT nextval('program_starts')";
const OTHERS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_locks \
     WHERE locktype = 'advisory' AND objsubid = 2 AND classid = CAST($1 AS BIGINT) \
     AND objid <> CAST($2 AS BIGINT) AND database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The number of a store that has a database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence(i64);

/// Gives a store its number, says that it has come, and waits if it is not alone. None for whoever
/// may not say so, and therefore not write.
pub(super) fn come(server: &mut Server) -> Result<Option<Presence>, StoreError> {
    let Some(number) = refusable(next(server))? else { return Ok(None) };
    let presence = Presence(number);
    join(server, presence)?;
    if has_others(server, presence)? {
        thread::sleep(HOLDS);
    }
    Ok(Some(presence))
}

/// Says on a further connection that the store is there.
pub(super) fn join(server: &mut Server, Presence(number): Presence) -> Result<(), StoreError> {
    let lock = format!("SELECT pg_advisory_lock_shared({OPEN_LOCKS}, {number})");
    // Counted after the lock is held: who then looks for others finds it.
    refusable(server.command(&format!("{lock}; {COME}"))).map(drop)
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

/// What a server may refuse to those who only read, as opposed to one that cannot be reached.
fn refusable<T>(done: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::ReadOnly(_) | StoreError::Other(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
