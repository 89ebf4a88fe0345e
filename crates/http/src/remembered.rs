//! What was read lately, for as long as nobody has written in its area (`Store::epoch`): sessions,
//! keys, and the answers that show one thing.
//!
//! It deliberately forgets all of an area with the first commit of anybody there, so that nothing
//! old is shown, and holds no more than a few megabytes.

use app::access::keys;
use app::access::sessions::Found;
use app::{Area, Epoch};
use axum::body::Bytes;
use axum::http::HeaderValue;
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::CustomerId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions that are remembered, and keys.
const MOST_SESSIONS: usize = 4_096;
/// Bytes of all answers of an area that are remembered; when there are more, all are forgotten.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes that an answer takes besides its path and its body, about.
const EACH_BYTES: usize = 256;

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

/// What was read of one area while nobody wrote there.
struct Part<T> {
    area: Area,
    /// The count of the area.
    epoch: i64,
    read: T,
}

impl<T: Default> Part<T> {
    fn new(area: Area) -> Self {
        Self { area, epoch: 0, read: T::default() }
    }

    /// What is remembered at an epoch: what was read before is forgotten. None for whoever asked
    /// for the epoch before others did.
    fn at(&mut self, epoch: Epoch) -> Option<&mut T> {
        let epoch = epoch.of(self.area);
        if self.epoch < epoch {
            (self.epoch, self.read) = (epoch, T::default());
        }
        (self.epoch == epoch).then_some(&mut self.read)
    }
}

/// Who asks.
#[derive(Default)]
struct Callers {
    sessions: HashMap<String, Arc<Found>>,
    keys: HashMap<String, Arc<keys::Found>>,
}

/// Answers by their paths.
#[derive(Default)]
struct Answers {
    shown: HashMap<String, Kept>,
    bytes: usize,
}

struct Parts {
    callers: Part<Callers>,
    answers: [Part<Answers>; 2],
}

impl Parts {
    fn callers(&mut self, epoch: Epoch) -> Option<&mut Callers> {
        self.callers.at(epoch)
    }

    fn shown(&mut self, epoch: Epoch, path: &str) -> Option<Kept> {
        let mut parts = self.answers.iter_mut();
        parts.find_map(|part| part.at(epoch)?.shown.get(path).cloned())
    }
}

/// The memory of a service.
pub(crate) struct Remembered(Mutex<Parts>);

impl Default for Remembered {
    fn default() -> Self {
        let answers = [Area::Entitlements, Area::Everything].map(Part::new);
        Self(Mutex::new(Parts { callers: Part::new(Area::Access), answers }))
    }
}

impl Remembered {
    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session by its id.
    pub(crate) fn session(&self, epoch: Epoch, id: &str) -> Option<Arc<Found>> {
        self.parts().callers(epoch)?.sessions.get(id).cloned()
    }

    /// Keeps a session that was read after the epoch was asked for.
    pub(crate) fn keep_session(&self, epoch: Epoch, id: &str, found: Arc<Found>) {
        if let Some(callers) = self.parts().callers(epoch)
            && callers.sessions.len() < MOST_SESSIONS
        {
            callers.sessions.insert(id.to_owned(), found);
        }
    }

    /// A key by its text.
    pub(crate) fn key(&self, epoch: Epoch, text: &str) -> Option<Arc<keys::Found>> {
        self.parts().callers(epoch)?.keys.get(text).cloned()
    }

    /// Keeps a key that was read after the epoch was asked for.
    pub(crate) fn keep_key(&self, epoch: Epoch, text: &str, found: Arc<keys::Found>) {
        if let Some(callers) = self.parts().callers(epoch)
            && callers.keys.len() < MOST_SESSIONS
        {
            callers.keys.insert(text.to_owned(), found);
        }
    }

    /// The answer at a path, for a session that is known too.
    pub(crate) fn shown(&self, epoch: Epoch, id: &str, path: &str) -> Option<(Arc<Found>, Kept)> {
        let mut parts = self.parts();
        let found = Arc::clone(parts.callers(epoch)?.sessions.get(id)?);
        Some((found, parts.shown(epoch, path)?))
    }

    /// The same for a key that is known too.
    pub(crate) fn shown_to_key(
        &self,
        epoch: Epoch,
        text: &str,
        path: &str,
    ) -> Option<(Arc<keys::Found>, Kept)> {
        let mut parts = self.parts();
        let found = Arc::clone(parts.callers(epoch)?.keys.get(text)?);
        Some((found, parts.shown(epoch, path)?))
    }

    /// Keeps an answer that depends on an area and was read after the epoch was asked for.
    pub(crate) fn keep_shown(&self, epoch: Epoch, area: Area, path: &str, kept: Kept) {
        let mut parts = self.parts();
        let part = parts.answers.iter_mut().find(|part| part.area == area);
        let Some(answers) = part.and_then(|part| part.at(epoch)) else { return };
        let bytes = path.len() + kept.shown.body.len() + EACH_BYTES;
        if answers.bytes + bytes > MOST_BYTES {
            *answers = Answers::default();
        }
        if bytes <= MOST_BYTES && answers.shown.insert(path.to_owned(), kept).is_none() {
            answers.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, MOST_BYTES, Remembered, Shown};
    use app::{Area, Epoch};
    use axum::body::Bytes;
    use axum::http::HeaderValue;
    use domain::access::Permission;
    use std::sync::Arc;

    /// An epoch in which entitlements and everything were written so often.
    fn epoch(entitlements: i64, everything: i64) -> Epoch {
        Epoch { access: 0, entitlements, everything }
    }

    fn keep(remembered: &Remembered, epoch: Epoch, area: Area, path: &str, bytes: usize) {
        let tag = HeaderValue::from_static("\"1\"");
        let body = Bytes::from(vec![b'x'; bytes]);
        let shown = Shown { tag, body, whose: None, holds_until: None };
        let kept = Kept { permission: Permission::BillsRead, shown, route: Arc::from("/{name}") };
        remembered.keep_shown(epoch, area, path, kept);
    }

    fn has(remembered: &Remembered, epoch: Epoch, path: &str) -> bool {
        remembered.parts().shown(epoch, path).is_some()
    }

    #[test]
    fn what_was_read_is_forgotten_with_the_next_epoch_of_its_area() {
        let remembered = Remembered::default();
        keep(&remembered, epoch(1, 7), Area::Everything, "/a", 3);
        keep(&remembered, epoch(1, 7), Area::Entitlements, "/e", 3);
        assert!(has(&remembered, epoch(1, 7), "/a") && has(&remembered, epoch(1, 7), "/e"));
        assert!(!has(&remembered, epoch(1, 7), "/b"));
        assert!(!has(&remembered, epoch(1, 8), "/a"));
        assert!(has(&remembered, epoch(1, 8), "/e"));
        assert!(!has(&remembered, epoch(1, 7), "/a"), "forgotten is forgotten");
        assert!(!has(&remembered, epoch(2, 9), "/e"));
    }

    #[test]
    fn whoever_is_late_keeps_nothing_and_forgets_nothing() {
        let remembered = Remembered::default();
        keep(&remembered, epoch(1, 8), Area::Everything, "/a", 3);
        keep(&remembered, epoch(1, 7), Area::Everything, "/b", 3);
        assert!(has(&remembered, epoch(1, 8), "/a"));
        assert!(!has(&remembered, epoch(1, 8), "/b") && !has(&remembered, epoch(1, 7), "/b"));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let remembered = Remembered::default();
        let at = epoch(0, 7);
        keep(&remembered, at, Area::Everything, "/a", MOST_BYTES / 2);
        keep(&remembered, at, Area::Everything, "/b", MOST_BYTES);
        assert!(!has(&remembered, at, "/a") && !has(&remembered, at, "/b"));
        keep(&remembered, at, Area::Everything, "/a", MOST_BYTES / 2);
        keep(&remembered, at, Area::Everything, "/b", MOST_BYTES / 3);
        assert!(has(&remembered, at, "/a") && has(&remembered, at, "/b"));
        keep(&remembered, at, Area::Everything, "/c", MOST_BYTES / 3);
        assert!(has(&remembered, at, "/c") && !has(&remembered, at, "/a"));
    }

    #[test]
    fn an_answer_is_shown_only_to_a_session_that_is_known() {
        let remembered = Remembered::default();
        keep(&remembered, epoch(0, 7), Area::Everything, "/a", 3);
        assert!(remembered.shown(epoch(0, 7), "nobody", "/a").is_none());
    }
}
