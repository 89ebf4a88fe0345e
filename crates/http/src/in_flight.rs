//! Requests with an Idempotency-Key that are at work in this process.
//!
//! It deliberately is not what makes a request take effect once: that is the row in the database.
//! It only lets a second request be answered at once instead of waiting for the first.

use crate::extract::RawKey;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The requests at work.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Mutex<HashSet<RawKey>>>);

/// One request at work, until this is dropped.
#[derive(Debug)]
pub struct Alone {
    all: InFlight,
    key: RawKey,
}

impl InFlight {
    /// Begins a request, unless the same one is at work.
    pub fn enter(&self, key: &RawKey) -> Option<Alone> {
        let key = key.clone();
        self.set().insert(key.clone()).then(|| Alone { all: self.clone(), key })
    }

    fn set(&self) -> MutexGuard<'_, HashSet<RawKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.all.set().remove(&self.key);
    }
}
