//! The handle by which threads are asked to end, and the pauses from which it wakes them.
//!
//! It deliberately cannot be taken back.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Asks threads to end.
#[derive(Debug, Default)]
pub struct Stop {
    requested: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Nobody is asked yet.
    pub const fn new() -> Self {
        Self { requested: Mutex::new(false), changed: Condvar::new() }
    }

    /// Asks all to end, and wakes those that pause.
    pub fn request(&self) {
        *self.requested.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        *self.requested.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pauses, but not longer than until the end is asked for; whether it was.
    pub fn wait(&self, pause: Duration) -> bool {
        let requested = self.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(requested, pause, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::Stop;
    use std::time::Duration;

    #[test]
    fn a_pause_ends_when_the_end_is_asked_for() {
        let stop = Stop::new();
        assert!(!stop.wait(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stop.wait(Duration::from_hours(1)));
            stop.request();
            assert!(waiting.join().unwrap());
        });
        assert!(stop.is_requested() && stop.wait(Duration::from_hours(1)));
    }
}
