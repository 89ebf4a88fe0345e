//! Commits of others on a server: a thread looks every few milliseconds, for as long as somebody
//! wants to know.
//!
//! What it saw holds for a limited time from the moment it began to look, so that a server that
//! does not answer is not taken for one on which nothing happens. It deliberately does not listen
//! to notifications: how late one arrives has no limit, and sending them makes commits wait for
//! each other.
//!
//! While another program has the database open, nothing holds: what it commits must be seen by
//! whoever is told of it, at once. Programs say when they come ([`crate::db::presence`]), and wait
//! until nothing holds any more before they write. What is written past the program, by hand, is
//! seen when the limited time is over at the latest.

use super::Counts;
use crate::db::StoreError;
use crate::db::open::{Inner, Place};
use crate::db::presence::{self, Presence};
use crate::db::server::Server;
use crate::epoch::{Area, Written};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// How long what was seen holds: long enough that a busy machine has the next look in time.
pub(in crate::db) const HOLDS: Duration = Duration::from_millis(50);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long it looks on after somebody wanted to know.
const STAY_AWAKE: Duration = Duration::from_millis(200);
/// Between two questions whether the others have gone.
const ASK_FOR_OTHERS_EVERY: Duration = Duration::from_millis(100);
/// Before a new connection is tried when one is lost.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// The transactions that are at work and the first that is to come, which differ after each commit
/// of a transaction that has written; how often programs have come, and how often statements have
/// changed tables of the narrow areas, counted before they are committed.
const LOOK: &str = "SELECT CAST(pg_current_snapshot() AS TEXT), \
     CAST((SELECT last_value FROM program_starts) AS BIGINT), \
     CAST((SELECT last_value FROM changes_of_access) AS BIGINT), \
     CAST((SELECT last_value FROM changes_of_entitlements) AS BIGINT)";
/// How many hold a lock of those who change the rows of these tables, which they keep until their
/// transaction has ended.
const CHANGING: &str = "SELECT COUNT(*) FROM pg_locks WHERE relation IN \
     (SELECT CAST(name AS regclass) FROM UNNEST(CAST($1 AS TEXT[])) AS t (name)) \
     AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', \
     'AccessExclusiveLock') AND database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";

/// What the thread and those who want to know share; times are in microseconds since it began.
struct Shared {
    begun: Instant,
    holds_until: AtomicU64,
    wanted: AtomicU64,
    asleep: AtomicBool,
    ended: AtomicBool,
}

impl Shared {
    fn micros(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether nobody has wanted to know for long.
    fn is_unwanted(&self) -> bool {
        let wanted = Duration::from_micros(self.wanted.load(Ordering::SeqCst));
        Duration::from_micros(self.micros()) > wanted + STAY_AWAKE
    }
}

/// The thread that looks; it ends when this is dropped.
pub(super) struct Asking {
    shared: Arc<Shared>,
    thread: Thread,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Asking {
    /// Begins to look; none for a store that could not say that it has come.
    pub(super) fn new(place: &Place, counts: &Arc<Counts>) -> Option<Self> {
        let presence = place.presence()?;
        let shared = Arc::new(Shared {
            begun: Instant::now(),
            holds_until: AtomicU64::new(0),
            wanted: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let looking = Looking {
            shared: Arc::clone(&shared),
            counts: Arc::clone(counts),
            place: place.clone(),
            presence,
            seen: None,
        };
        let run = || looking.run();
        let handle = thread::Builder::new().name("watch".to_owned()).spawn(run).ok()?;
        Some(Self { shared, thread: handle.thread().clone() })
    }

    /// Whether what was seen still holds.
    pub(super) fn ask(&self) -> Option<()> {
        let (shared, now) = (&self.shared, self.shared.micros());
        shared.wanted.store(now, Ordering::SeqCst);
        if shared.asleep.swap(false, Ordering::SeqCst) {
            self.thread.unpark();
        }
        (now < shared.holds_until.load(Ordering::SeqCst)).then_some(())
    }
}

/// What was seen last.
struct Seen {
    server: Box<Server>,
    looked: Looked,
    access: Changes,
    entitlements: Changes,
    is_alone: bool,
    asked_for_others: Instant,
}

/// What one look tells.
struct Looked {
    snapshot: String,
    starts: i64,
    access: i64,
    entitlements: i64,
}

/// A narrow area: whether statements have changed it whose transactions may not have ended.
struct Changes {
    area: Area,
    is_open: bool,
}

impl Changes {
    /// Whether the area may have been written since the last look. `is_new` says that statements
    /// have changed it since then, `is_committed` that anybody has committed anything.
    fn seen(
        &mut self,
        server: &mut Server,
        is_new: bool,
        is_committed: bool,
    ) -> Result<bool, StoreError> {
        if is_new {
            self.is_open = true;
            return Ok(true);
        }
        if !self.is_open {
            return Ok(false);
        }
        // Counted once more after the last of them has ended.
        self.is_open = is_changing(server, self.area)?;
        Ok(is_committed || !self.is_open)
    }
}

/// The thread's own.
struct Looking {
    shared: Arc<Shared>,
    counts: Arc<Counts>,
    place: Place,
    presence: Presence,
    seen: Option<Seen>,
}

impl Looking {
    fn run(mut self) {
        while !self.shared.ended.load(Ordering::SeqCst) {
            if self.shared.is_unwanted() {
                self.sleep();
                continue;
            }
            let began = self.shared.micros();
            let holds = u64::try_from(HOLDS.as_micros()).unwrap_or(0);
            let looked = self.look();
            let until = if looked.as_ref().is_ok_and(|alone| *alone) { began + holds } else { 0 };
            self.shared.holds_until.store(until, Ordering::SeqCst);
            let pause = if looked.is_ok() { LOOK_EVERY } else { RECONNECT_AFTER };
            if looked.is_err() {
                self.seen = None;
            }
            thread::park_timeout(pause);
        }
    }

    /// Sleeps until somebody wants to know.
    fn sleep(&self) {
        self.shared.asleep.store(true, Ordering::SeqCst);
        // Whoever came in between has not seen that it sleeps.
        if self.shared.is_unwanted() && !self.shared.ended.load(Ordering::SeqCst) {
            thread::park();
        }
        self.shared.asleep.store(false, Ordering::SeqCst);
    }

    /// Looks once: counts what others have committed, and says whether nobody else is there.
    fn look(&mut self) -> Result<bool, StoreError> {
        let Some(seen) = &mut self.seen else {
            let seen = Seen::first(&self.place, self.presence)?;
            self.counts.add(Written::ALL);
            return Ok(self.seen.insert(seen).is_alone);
        };
        let looked = look(&mut seen.server)?;
        let was_alone = seen.is_alone;
        let is_due = !was_alone && seen.asked_for_others.elapsed() >= ASK_FOR_OTHERS_EVERY;
        let somebody_came = looked.starts != seen.looked.starts;
        if somebody_came || is_due {
            seen.is_alone = !presence::has_others(&mut seen.server, self.presence)?;
            seen.asked_for_others = Instant::now();
        }
        // What has changed is taken note of in any case: it may be committed later.
        let written = seen.written(&looked)?;
        let is_unsure = somebody_came || seen.is_alone != was_alone;
        self.counts.add(if is_unsure { Written::ALL } else { written });
        seen.looked = looked;
        // Who came may have written and gone since this look began.
        Ok(seen.is_alone && !somebody_came)
    }
}

impl Seen {
    fn first(place: &Place, presence: Presence) -> Result<Self, StoreError> {
        let Inner::Postgres(mut server) = place.connect()? else {
            return Err(StoreError::unexpected("a file in the place of a server"));
        };
        let looked = look(&mut server)?;
        let is_alone = !presence::has_others(&mut server, presence)?;
        // Who has changed something before this look may not have ended.
        let changes = |area| Changes { area, is_open: true };
        let (access, entitlements) = (changes(Area::Access), changes(Area::Entitlements));
        let asked_for_others = Instant::now();
        Ok(Self { server, looked, access, entitlements, is_alone, asked_for_others })
    }

    /// What may have been written between the last look and this one.
    fn written(&mut self, now: &Looked) -> Result<Written, StoreError> {
        let (server, last) = (&mut self.server, &self.looked);
        let everything = now.snapshot != last.snapshot;
        let access = self.access.seen(server, now.access != last.access, everything)?;
        let is_new = now.entitlements != last.entitlements;
        let entitlements = self.entitlements.seen(server, is_new, everything)?;
        Ok(Written { access, entitlements, everything })
    }
}

fn look(server: &mut Server) -> Result<Looked, StoreError> {
    let mut found = None;
    server.query(LOOK, iter::empty(), |row| {
        let snapshot = row.text(0)?.to_owned();
        let (starts, access, entitlements) = (row.int(1)?, row.int(2)?, row.int(3)?);
        found = Some(Looked { snapshot, starts, access, entitlements });
        Ok(())
    })?;
    found.ok_or_else(|| StoreError::unexpected("no snapshot"))
}

fn is_changing(server: &mut Server, area: Area) -> Result<bool, StoreError> {
    let (tables, mut count) = (area.tables(), 0);
    let params = iter::once(&tables as &(dyn ToSql + Sync));
    server.query(CHANGING, params, |row| {
        count = row.int(0)?;
        Ok(())
    })?;
    Ok(count > 0)
}
