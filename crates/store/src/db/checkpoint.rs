//! Moving what was committed from SQLite's journal into its file, apart from those who write.
//!
//! Left to itself, SQLite does this in the commit that makes the journal long, and whoever commits
//! then waits for two more flushes of the disk. It deliberately is for programs that run on: one
//! that does a single thing and ends is better off with SQLite's own way.

use super::open::{Inner, Store};
use super::{StoreError, from_sqlite};

/// Pages of the journal from which a commit moves them after all: 128 MiB, should the one who does
/// it apart be late.
const LATEST_PAGES: i64 = 32_768;

/// Memory for pages of the connection that writes. After a commit that has split pages of a tree
/// SQLite visits every page it holds, so that a larger cache makes small commits slower.
const CACHE_KIB: i64 = 32 * 1024;

/// Who moves pages apart.
pub struct Checkpoints(rusqlite::Connection);

impl Store {
    /// Whoever is to move pages from now on; nobody when the database is a server.
    pub fn checkpoints(&self) -> Result<Option<Checkpoints>, StoreError> {
        let Inner::Sqlite(conn) = self.place.first(false)? else { return Ok(None) };
        let mut loan = self.writers.lend()?;
        if let Inner::Sqlite(writer) = loan.inner()? {
            let sqlite = |error: rusqlite::Error| from_sqlite(&error);
            writer.pragma_update(None, "wal_autocheckpoint", LATEST_PAGES).map_err(sqlite)?;
            writer.pragma_update(None, "cache_size", -CACHE_KIB).map_err(sqlite)?;
        }
        Ok(Some(Checkpoints(conn)))
    }
}

impl Checkpoints {
    /// Moves what nobody reads any more from the journal; waits for nobody. Returns the pages that
    /// are left in the journal.
    pub fn run(&self) -> Result<i64, StoreError> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let done = self.0.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], read);
        done.map(|(pages, moved)| pages - moved).map_err(|error| from_sqlite(&error))
    }
}
