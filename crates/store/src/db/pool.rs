//! The connections of a store, lent to one transaction each.
//!
//! It deliberately opens a connection only when all others are lent, and never more than allowed.

use super::StoreError;
use super::open::{Inner, Place};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

/// Connections that are not lent, and how many there are in all.
struct Kept {
    idle: Vec<Inner>,
    open: usize,
    /// Who waits, the longest first: a number and the thread.
    waiting: VecDeque<(u64, Thread)>,
    /// The number of the next who waits.
    next: u64,
}

impl Kept {
    /// Whether a connection is there, or may be made.
    fn has_one(&self, most: usize) -> bool {
        !self.idle.is_empty() || self.open < most
    }

    /// Wakes who has waited longest, and nobody else: the others would only wait again.
    fn wake(&self) {
        if let Some((_, thread)) = self.waiting.front() {
            thread.unpark();
        }
    }
}

/// How the connections of a store stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those a transaction is using.
    pub lent: usize,
    /// Those that wait for one.
    pub idle: usize,
    /// As many as there may be.
    pub most: usize,
}

/// A limited number of connections to one place.
pub(super) struct Pool {
    place: Place,
    most: usize,
    kept: Mutex<Kept>,
}

/// A connection on loan; it goes back when this is dropped.
pub(super) struct Loan<'p> {
    pool: &'p Pool,
    inner: Option<Inner>,
}

impl Pool {
    /// A pool of at most so many connections, with its first, if there is one.
    pub(super) fn new(place: Place, first: Option<Inner>, most: usize) -> Self {
        let idle: Vec<Inner> = first.into_iter().collect();
        let kept = Kept { open: idle.len(), idle, waiting: VecDeque::new(), next: 0 };
        let kept = Mutex::new(kept);
        Self { place, most, kept }
    }

    /// How the connections stand.
    pub(super) fn counts(&self) -> Connections {
        let kept = self.kept();
        let idle = kept.idle.len();
        Connections { lent: kept.open.saturating_sub(idle), idle, most: self.most }
    }

    /// How many connections there can be at once.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Lends a connection; waits for one when as many as allowed are lent. Who has waited longest
    /// is first, so that a long row of transactions keeps nobody out.
    pub(super) fn lend(&self) -> Result<Loan<'_>, StoreError> {
        let mut kept = self.kept();
        if !kept.waiting.is_empty() || !kept.has_one(self.most) {
            let place = kept.next;
            kept.next += 1;
            kept.waiting.push_back((place, thread::current()));
            while kept.waiting.front().map(|(first, _)| *first) != Some(place)
                || !kept.has_one(self.most)
            {
                drop(kept);
                // Whoever gives one back, or goes before, wakes this thread; waking too early or
                // before parking does no harm.
                thread::park();
                kept = self.kept();
            }
            kept.waiting.pop_front();
            if kept.has_one(self.most) {
                // There may be another one for the next.
                kept.wake();
            }
        }
        if let Some(inner) = kept.idle.pop() {
            return Ok(Loan { pool: self, inner: Some(inner) });
        }
        kept.open += 1;
        drop(kept);
        // Counts as lent while it is being made, and makes room again if that fails.
        let mut loan = Loan { pool: self, inner: None };
        loan.inner = Some(self.place.connect()?);
        Ok(loan)
    }

    /// Lends a connection that is idle, if nobody waits for it.
    pub(super) fn lend_idle(&self) -> Option<Loan<'_>> {
        let mut kept = self.kept();
        if !kept.waiting.is_empty() {
            return None;
        }
        let inner = kept.idle.pop()?;
        Some(Loan { pool: self, inner: Some(inner) })
    }

    /// The state. A panic elsewhere cannot have left a transaction open: it is rolled back when
    /// dropped.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan<'_> {
    /// The connection.
    pub(super) fn inner(&mut self) -> Result<&mut Inner, StoreError> {
        self.inner.as_mut().ok_or_else(|| StoreError::unexpected("a connection given back"))
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut kept = self.pool.kept();
        match self.inner.take().filter(Inner::is_usable) {
            Some(inner) => kept.idle.push(inner),
            None => kept.open -= 1,
        }
        kept.wake();
    }
}
