//! Whether something at work beside the requests is still alive: it beats, and is asked when it
//! last did.
//!
//! It deliberately knows nothing of what beats.

use domain::calendar::Moment;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Microseconds without a beat after which it counts as dead; a worker looks for jobs, and renews
/// its leases, several times a minute.
const MOST_SILENCE: i64 = 120 * 1_000_000;

/// The beats of something; a copy is a handle.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<AtomicI64>);

impl Pulse {
    /// Something that is alive at a moment.
    pub fn new(now: Moment) -> Self {
        Self(Arc::new(AtomicI64::new(now.unix_micros())))
    }

    /// It is alive now.
    pub fn beat(&self, now: Moment) {
        self.0.fetch_max(now.unix_micros(), Ordering::Relaxed);
    }

    /// Whether it has beaten lately.
    pub fn is_alive(&self, now: Moment) -> bool {
        now.unix_micros() - self.0.load(Ordering::Relaxed) < MOST_SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::Pulse;
    use domain::calendar::Moment;

    #[test]
    fn silence_is_death() {
        let at = |secs: i64| Moment::from_unix_micros(secs * 1_000_000);
        let pulse = Pulse::new(at(0));
        assert!(pulse.is_alive(at(119)) && !pulse.is_alive(at(120)));
        pulse.beat(at(100));
        // Threads may tell the time in another order.
        pulse.beat(at(50));
        assert!(pulse.is_alive(at(219)) && !pulse.is_alive(at(220)));
    }
}
