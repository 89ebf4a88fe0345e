//! What was read lately, for as long as nobody has written anything: sessions, and the answers that
//! show one thing.
//!
//! It deliberately forgets everything with the first commit of anybody, so that nothing old is ever
//! shown, and holds no more than a few megabytes.

use app::access::sessions::Found;
use axum::body::Bytes;
use axum::http::HeaderValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions that are remembered.
const MOST_SESSIONS: usize = 4_096;
/// Bytes of all answers that are remembered.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// An answer that shows one thing, with the tag by which a change of it is seen.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) tag: HeaderValue,
    pub(crate) body: Bytes,
}

/// What was read while the database stood at one epoch.
#[derive(Default)]
struct Read {
    epoch: i64,
    sessions: HashMap<String, Arc<Found>>,
    shown: HashMap<String, Shown>,
    bytes: usize,
}

impl Read {
    /// Forgets what was read at another epoch.
    fn at(&mut self, epoch: i64) -> &mut Self {
        if self.epoch != epoch {
            *self = Self { epoch, ..Self::default() };
        }
        self
    }
}

/// The memory of a service.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<Read>);

impl Remembered {
    fn at(&self, epoch: i64) -> MutexGuard<'_, Read> {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.at(epoch);
        read
    }

    /// A session by its id.
    pub(crate) fn session(&self, epoch: i64, id: &str) -> Option<Arc<Found>> {
        self.at(epoch).sessions.get(id).cloned()
    }

    /// Keeps a session that was read after the epoch was asked for.
    pub(crate) fn keep_session(&self, epoch: i64, id: &str, found: Arc<Found>) {
        let mut read = self.at(epoch);
        if read.sessions.len() < MOST_SESSIONS {
            read.sessions.insert(id.to_owned(), found);
        }
    }

    /// The answer at a path.
    pub(crate) fn shown(&self, epoch: i64, path: &str) -> Option<Shown> {
        self.at(epoch).shown.get(path).cloned()
    }

    /// Keeps an answer that was read after the epoch was asked for.
    pub(crate) fn keep_shown(&self, epoch: i64, path: &str, shown: &Shown) {
        let mut read = self.at(epoch);
        let bytes = read.bytes + path.len() + shown.body.len();
        if bytes <= MOST_BYTES && read.shown.insert(path.to_owned(), shown.clone()).is_none() {
            read.bytes = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, Remembered, Shown};
    use axum::body::Bytes;
    use axum::http::HeaderValue;

    fn shown(bytes: usize) -> Shown {
        Shown { tag: HeaderValue::from_static("\"1\""), body: Bytes::from(vec![b'x'; bytes]) }
    }

    #[test]
    fn all_is_forgotten_with_the_next_epoch() {
        let remembered = Remembered::default();
        remembered.keep_shown(7, "/a", &shown(3));
        assert_eq!(remembered.shown(7, "/a").unwrap().body.len(), 3);
        assert!(remembered.shown(7, "/b").is_none());
        assert!(remembered.shown(8, "/a").is_none());
        assert!(remembered.shown(7, "/a").is_none(), "forgotten is forgotten");
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let remembered = Remembered::default();
        remembered.keep_shown(7, "/a", &shown(MOST_BYTES / 2));
        remembered.keep_shown(7, "/b", &shown(MOST_BYTES));
        assert!(remembered.shown(7, "/a").is_some() && remembered.shown(7, "/b").is_none());
    }
}
