//! Jobs: work that is done after its cause was committed, at least once. Where a job stands, what
//! follows a failure, and when work that comes again is due.
//!
//! It deliberately knows no kind of job and no queue.

mod retry;
mod schedule;
mod state;

pub use retry::{BACKOFF_CAP, BACKOFF_START, MAX_ATTEMPTS, Next, after_failure, backoff};
pub use schedule::{MISSED_KEPT, Schedule, ScheduleError};
pub use state::State;

use crate::calendar::Moment;
use std::time::Duration;

/// The moment so much later; stays at the end of time.
pub fn later(moment: Moment, by: Duration) -> Moment {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Moment::from_unix_micros(moment.unix_micros().saturating_add(micros))
}

/// The moment so much earlier; stays at the beginning of time.
pub fn earlier(moment: Moment, by: Duration) -> Moment {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Moment::from_unix_micros(moment.unix_micros().saturating_sub(micros))
}

#[cfg(test)]
mod tests {
    use super::{earlier, later};
    use crate::calendar::Moment;
    use std::time::Duration;

    #[test]
    fn moments_move_and_stay_within_time() {
        let at = Moment::from_unix_micros(5_000_000);
        assert_eq!(later(at, Duration::from_secs(2)).unix_micros(), 7_000_000);
        assert_eq!(earlier(at, Duration::from_secs(6)).unix_micros(), -1_000_000);
        assert_eq!(later(at, Duration::MAX).unix_micros(), i64::MAX);
        let dawn = Moment::from_unix_micros(i64::MIN);
        assert_eq!(earlier(dawn, Duration::from_secs(1)), dawn);
    }
}
