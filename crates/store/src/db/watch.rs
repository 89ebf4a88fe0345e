//! Whether anybody has committed anything: what was read before may then be shown again.
//!
//! It deliberately works for SQLite only, where asking takes less than reading would. Commits of
//! this program are counted, so they are known at once; those of other programs on the same file
//! are asked for, at most once a millisecond, which is less than an answer takes to arrive.

use super::open::{Inner, Place, Store};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// Differs when another connection has committed since it was last asked for on this one.
const DATA_VERSION: &str = "PRAGMA data_version";
/// Between two questions whether other programs have committed.
const ASK_EVERY_MICROS: u64 = 1_000;

/// What is known of commits.
#[derive(Default)]
pub(super) struct Watch {
    /// Commits of this program, and how often others were seen to have committed.
    epoch: AtomicI64,
    /// When others were last asked for, in microseconds since the first time.
    asked: AtomicU64,
    asking: OnceLock<Option<Asking>>,
}

/// A connection that sees the commits of all others.
struct Asking {
    begun: Instant,
    /// The connection, and what it said last.
    conn: Mutex<(rusqlite::Connection, i64)>,
}

impl Asking {
    fn new(place: &Place) -> Option<Self> {
        let Inner::Sqlite(conn) = place.connect().ok()? else { return None };
        Some(Self { begun: Instant::now(), conn: Mutex::new((conn, 0)) })
    }
}

impl Watch {
    /// Counts a commit of this program, before whoever made it is told.
    pub(super) fn committed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    fn ask(&self, asking: &Asking) -> Option<()> {
        let micros = u64::try_from(asking.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let asked = self.asked.load(Ordering::SeqCst);
        if asked != 0 && micros < asked.saturating_add(ASK_EVERY_MICROS) {
            return Some(());
        }
        let mut conn = asking.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let (conn, known) = &mut *conn;
        let mut statement = conn.prepare_cached(DATA_VERSION).ok()?;
        let found: i64 = statement.query_row([], |row| row.get(0)).ok()?;
        if found != *known {
            *known = found;
            self.epoch.fetch_add(1, Ordering::SeqCst);
        }
        self.asked.store(micros.max(1), Ordering::SeqCst);
        Some(())
    }
}

impl Store {
    /// A number that stays the same while nobody commits anything; what was read in a transaction
    /// begun after it was asked for is the latest for as long. None when the database is a server,
    /// or when it cannot be told.
    pub fn epoch(&self) -> Option<i64> {
        let watch = &self.watch;
        let asking = watch.asking.get_or_init(|| {
            self.readers.as_ref()?;
            Asking::new(&self.place)
        });
        watch.ask(asking.as_ref()?)?;
        Some(watch.epoch.load(Ordering::SeqCst))
    }
}
