//! What was read lately, for as long as nobody has written anything (`Store::epoch`): sessions,
//! keys, and the answers that show one thing.
//!
//! It deliberately forgets everything with the first commit of anybody, so that nothing old is
//! shown, and holds no more than a few megabytes.

use app::access::keys;
use app::access::sessions::Found;
use axum::body::Bytes;
use axum::http::HeaderValue;
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::CustomerId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions that are remembered, and keys.
const MOST_SESSIONS: usize = 4_096;
/// Bytes of all answers that are remembered.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// An answer that shows one thing, with the tag by which a change of it is seen.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) tag: HeaderValue,
    pub(crate) body: Bytes,
    /// The customer it is about, who alone may see it among customers.
    pub(crate) whose: Option<CustomerId>,
    /// The first moment at which it is wrong although nobody has written anything.
    pub(crate) holds_until: Option<Moment>,
}

/// An answer as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What it takes to see it.
    pub(crate) permission: Permission,
    /// The answer.
    pub(crate) shown: Shown,
    /// The route by which it was asked for.
    pub(crate) route: Arc<str>,
}

/// What was read while the database stood at one epoch.
#[derive(Default)]
struct Read {
    epoch: i64,
    sessions: HashMap<String, Arc<Found>>,
    keys: HashMap<String, Arc<keys::Found>>,
    shown: HashMap<String, Kept>,
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

    /// A key by its text.
    pub(crate) fn key(&self, epoch: i64, text: &str) -> Option<Arc<keys::Found>> {
        self.at(epoch).keys.get(text).cloned()
    }

    /// Keeps a key that was read after the epoch was asked for.
    pub(crate) fn keep_key(&self, epoch: i64, text: &str, found: Arc<keys::Found>) {
        let mut read = self.at(epoch);
        if read.keys.len() < MOST_SESSIONS {
            read.keys.insert(text.to_owned(), found);
        }
    }

    /// The answer at a path, for a session that is known too.
    pub(crate) fn shown(&self, epoch: i64, id: &str, path: &str) -> Option<(Arc<Found>, Kept)> {
        let read = self.at(epoch);
        Some((Arc::clone(read.sessions.get(id)?), read.shown.get(path)?.clone()))
    }

    /// The same for a key that is known too.
    pub(crate) fn shown_to_key(
        &self,
        epoch: i64,
        text: &str,
        path: &str,
    ) -> Option<(Arc<keys::Found>, Kept)> {
        let read = self.at(epoch);
        Some((Arc::clone(read.keys.get(text)?), read.shown.get(path)?.clone()))
    }

    /// Keeps an answer that was read after the epoch was asked for.
    pub(crate) fn keep_shown(&self, epoch: i64, path: &str, kept: Kept) {
        let mut read = self.at(epoch);
        let bytes = read.bytes + path.len() + kept.shown.body.len();
        if bytes <= MOST_BYTES && read.shown.insert(path.to_owned(), kept).is_none() {
            read.bytes = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, MOST_BYTES, Remembered, Shown};
    use axum::body::Bytes;
    use axum::http::HeaderValue;
    use domain::access::Permission;
    use std::sync::Arc;

    fn keep(remembered: &Remembered, epoch: i64, path: &str, bytes: usize) {
        let tag = HeaderValue::from_static("\"1\"");
        let body = Bytes::from(vec![b'x'; bytes]);
        let shown = Shown { tag, body, whose: None, holds_until: None };
        let kept = Kept { permission: Permission::BillsRead, shown, route: Arc::from("/{name}") };
        remembered.keep_shown(epoch, path, kept);
    }

    fn has(remembered: &Remembered, epoch: i64, path: &str) -> bool {
        remembered.at(epoch).shown.contains_key(path)
    }

    #[test]
    fn all_is_forgotten_with_the_next_epoch() {
        let remembered = Remembered::default();
        keep(&remembered, 7, "/a", 3);
        assert!(has(&remembered, 7, "/a") && !has(&remembered, 7, "/b"));
        assert!(!has(&remembered, 8, "/a"));
        assert!(!has(&remembered, 7, "/a"), "forgotten is forgotten");
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let remembered = Remembered::default();
        keep(&remembered, 7, "/a", MOST_BYTES / 2);
        keep(&remembered, 7, "/b", MOST_BYTES);
        assert!(has(&remembered, 7, "/a") && !has(&remembered, 7, "/b"));
    }

    #[test]
    fn an_answer_is_shown_only_to_a_session_that_is_known() {
        let remembered = Remembered::default();
        keep(&remembered, 7, "/a", 3);
        assert!(remembered.shown(7, "nobody", "/a").is_none());
    }
}
