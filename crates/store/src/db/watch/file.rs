//! Commits of other programs on SQLite's file.
//!
//! It deliberately asks at most once a millisecond, which is less than an answer takes to arrive.
//! The file tells that another connection has committed, not whose it was nor where it wrote:
//! commits of this program hold what is known while they are made, so that they are told apart.

use super::Counts;
use crate::db::open::{Inner, Place};
use crate::epoch::Written;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

/// Differs when another connection has committed since it was last asked for on this one.
const DATA_VERSION: &str = "PRAGMA data_version";
/// Between two questions whether other programs have committed.
const ASK_EVERY_MICROS: u64 = 1_000;

/// How old the last answer may be while it cannot be asked anew, because this program commits or
/// somebody else asks.
const HOLDS_MICROS: u64 = 10_000;

/// How long commits are told apart after somebody wanted to know.
const STAY_AWAKE_MICROS: u64 = 200_000;

/// A connection that sees the commits of all others, and what it said last.
struct Known {
    conn: Connection,
    version: i64,
}

impl Known {
    /// Asks, and says whether another connection has committed since it was last asked.
    fn is_changed(&mut self) -> Option<bool> {
        let before = self.version;
        self.version = version(&self.conn)?;
        Some(self.version != before)
    }
}

fn version(conn: &Connection) -> Option<i64> {
    let mut statement = conn.prepare_cached(DATA_VERSION).ok()?;
    statement.query_row([], |row| row.get(0)).ok()
}

/// Who asks for commits of others.
pub(super) struct Asking {
    begun: Instant,
    /// When it was last asked, in microseconds since then.
    asked: AtomicU64,
    /// When somebody wanted to know last, in the same way.
    wanted: AtomicU64,
    known: Mutex<Known>,
}

impl Asking {
    pub(super) fn new(place: &Place) -> Option<Self> {
        let Inner::Sqlite(conn) = place.connect().ok()? else { return None };
        let known = Mutex::new(Known { conn, version: 0 });
        let [asked, wanted] = [0, 0].map(AtomicU64::new);
        Some(Self { begun: Instant::now(), asked, wanted, known })
    }

    /// Counts that others have committed, when they have: in all areas.
    pub(super) fn ask(&self, counts: &Counts) -> Option<()> {
        let now = self.micros();
        self.wanted.store(now, Ordering::SeqCst);
        if is_within(&self.asked, now, ASK_EVERY_MICROS) {
            return Some(());
        }
        let mut known = match self.known.try_lock() {
            Ok(known) => known,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return is_within(&self.asked, now, HOLDS_MICROS).then_some(());
            }
        };
        self.look(&mut known, now, counts)
    }

    fn look(&self, known: &mut Known, now: u64, counts: &Counts) -> Option<()> {
        if known.is_changed()? {
            counts.add(Written::ALL);
        }
        self.asked.store(now, Ordering::SeqCst);
        Some(())
    }

    /// The time since it began, in microseconds; never 0.
    fn micros(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// Begins a commit of this program on a connection that holds the write lock, so that nobody
    /// else commits until it ends. None when nobody has wanted to know for long: then it is taken
    /// for a commit of others.
    pub(super) fn committing<'a>(
        &'a self,
        conn: &'a Connection,
        counts: &'a Counts,
    ) -> Option<Committing<'a>> {
        if !is_within(&self.wanted, self.micros(), STAY_AWAKE_MICROS) {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut known, self.micros(), counts)?;
        let own = version(conn)?;
        Some(Committing { known, conn, own, counts })
    }
}

/// Whether a moment was no longer than so many microseconds ago; 0 is none.
fn is_within(moment: &AtomicU64, now: u64, micros: u64) -> bool {
    let moment = moment.load(Ordering::SeqCst);
    moment != 0 && now < moment.saturating_add(micros)
}

/// A commit of this program under way.
pub(in crate::db) struct Committing<'a> {
    known: MutexGuard<'a, Known>,
    conn: &'a Connection,
    /// What the committing connection said of commits by others before.
    own: i64,
    counts: &'a Counts,
}

impl Drop for Committing<'_> {
    /// Ends it. When the committing connection has seen nobody else's commit after this one was
    /// asked for, the change that the other connection sees is this commit alone.
    fn drop(&mut self) {
        let seen = self.known.is_changed();
        if seen.is_none() || version(self.conn) != Some(self.own) {
            self.counts.add(Written::ALL);
        }
    }
}
