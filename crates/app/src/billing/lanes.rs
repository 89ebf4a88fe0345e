//! Ranges of one run at work at the same time, where the database takes more than one writer.
//!
//! It deliberately decides nothing about bills. It keeps two orders: ranges take their locks one
//! after the other, and are kept one after the other, so that bill numbers follow the customers
//! and a run that is killed has kept the first ranges whole. In between, ranges overlap.

use super::part::Part;
use crate::AppError;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Why a range's transaction ends without being kept.
pub(super) enum Stop {
    /// It was only a dry run.
    Dry(Box<Part>),
    /// Something failed.
    Failed(AppError),
    /// An earlier range failed.
    Halted,
}

impl<E: Into<AppError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// How far the ranges of a run are; each number is that of the next range.
#[derive(Default)]
struct Passed {
    taken: u32,
    locked: u32,
    kept: u32,
    halted: bool,
}

/// The order in which ranges pass.
#[derive(Default)]
pub(super) struct Turns {
    passed: Mutex<Passed>,
    moved: Condvar,
}

impl Turns {
    /// Takes the next range, unless one has failed.
    pub(super) fn take(&self) -> Option<u32> {
        let mut passed = self.passed();
        if passed.halted {
            return None;
        }
        passed.taken += 1;
        Some(passed.taken - 1)
    }

    /// Waits until all ranges before this one have their locks. Holding none while it waits, a
    /// range cannot stand in the way of one before it.
    pub(super) fn wait_to_lock(&self, range: u32) -> Result<(), Stop> {
        self.wait(|passed| passed.locked == range)
    }

    /// Lets the next range take its locks.
    pub(super) fn locked(&self, range: u32) {
        self.passed().locked = range + 1;
        self.moved.notify_all();
    }

    /// Waits until all ranges before this one are kept.
    pub(super) fn wait_to_keep(&self, range: u32) -> Result<(), Stop> {
        self.wait(|passed| passed.kept == range)
    }

    /// Lets the next range be kept.
    pub(super) fn kept(&self, range: u32) {
        self.passed().kept = range + 1;
        self.moved.notify_all();
    }

    /// Stops all ranges that are not kept yet.
    pub(super) fn halt(&self) {
        self.passed().halted = true;
        self.moved.notify_all();
    }

    fn wait(&self, come: impl Fn(&Passed) -> bool) -> Result<(), Stop> {
        let mut passed = self.passed();
        while !come(&passed) {
            if passed.halted {
                return Err(Stop::Halted);
            }
            passed = self.moved.wait(passed).unwrap_or_else(PoisonError::into_inner);
        }
        if passed.halted { Err(Stop::Halted) } else { Ok(()) }
    }

    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's way through the ranges; the others do not wait for it when it panics.
pub(super) struct Lane<'t>(pub(super) &'t Turns);

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.halt();
        }
    }
}
