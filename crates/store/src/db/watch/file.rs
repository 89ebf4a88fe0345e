//! Commits of other programs on SQLite's file.
//!
//! It deliberately asks at most once a millisecond, which is less than an answer takes to arrive.

use super::Counts;
use crate::areas::Written;
use crate::db::open::{Inner, Place};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Differs when another connection has committed since it was last asked for on this one.
const DATA_VERSION: &str = "PRAGMA data_version";
/// Between two questions whether other programs have committed.
const ASK_EVERY_MICROS: u64 = 1_000;

/// A connection that sees the commits of all others.
pub(super) struct Asking {
    begun: Instant,
    /// When it was last asked, in microseconds since then.
    asked: AtomicU64,
    /// The connection, and what it said last.
    conn: Mutex<(rusqlite::Connection, i64)>,
}

impl Asking {
    pub(super) fn new(place: &Place) -> Option<Self> {
        let Inner::Sqlite(conn) = place.connect().ok()? else { return None };
        let (begun, asked) = (Instant::now(), AtomicU64::new(0));
        Some(Self { begun, asked, conn: Mutex::new((conn, 0)) })
    }

    /// Counts that others have committed, when they have: in all areas, since the file does not
    /// tell where. Commits of this program look the same.
    pub(super) fn ask(&self, counts: &Counts) -> Option<()> {
        let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let asked = self.asked.load(Ordering::SeqCst);
        if asked != 0 && micros < asked.saturating_add(ASK_EVERY_MICROS) {
            return Some(());
        }
        let mut conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let (conn, known) = &mut *conn;
        let mut statement = conn.prepare_cached(DATA_VERSION).ok()?;
        let found: i64 = statement.query_row([], |row| row.get(0)).ok()?;
        if found != *known {
            *known = found;
            counts.add(Written::ALL);
        }
        self.asked.store(micros.max(1), Ordering::SeqCst);
        Some(())
    }
}
