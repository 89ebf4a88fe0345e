//! What follows a failed attempt: another one after a while, or giving up.
//!
//! The while is drawn between nothing and a bound that doubles with each attempt ("full jitter"):
//! jobs that failed together because of one cause do not come back together. It deliberately takes
//! the random number from its caller.

use super::later;
use crate::calendar::Moment;
use std::time::Duration;

/// The bound of the pause after the first attempt.
pub const BACKOFF_START: Duration = Duration::from_secs(2);
/// The bound of every pause.
pub const BACKOFF_CAP: Duration = Duration::from_hours(1);
/// How often a job is tried unless its kind says otherwise. The pauses before the last attempt
/// come to 17 minutes at most.
pub const MAX_ATTEMPTS: u32 = 10;

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, not before this moment.
    Again(Moment),
    /// No further attempt.
    GiveUp,
}

/// The longest pause after so many attempts.
fn bound(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1);
    let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
    BACKOFF_START.saturating_mul(factor).min(BACKOFF_CAP)
}

/// The pause after so many attempts, drawn by a random number: from nothing to the bound.
pub fn backoff(attempts: u32, random: u64) -> Duration {
    let bound = bound(attempts).as_micros();
    // The random number as a fraction of 2^64, times the bound.
    let micros = ((bound + 1) * u128::from(random)) >> 64;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// What follows a failed attempt: the `attempts`-th of at most `max_attempts`.
pub fn after_failure(attempts: u32, max_attempts: u32, now: Moment, random: u64) -> Next {
    if attempts >= max_attempts {
        Next::GiveUp
    } else {
        Next::Again(later(now, backoff(attempts, random)))
    }
}

#[cfg(test)]
mod tests {
    use super::{BACKOFF_CAP, MAX_ATTEMPTS, Next, after_failure, backoff};
    use crate::calendar::Moment;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn the_bound_doubles_up_to_an_hour() {
        let longest = |attempts| backoff(attempts, u64::MAX).as_secs();
        let expected = [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (40, 3600)];
        for (attempts, secs) in expected {
            assert_eq!(longest(attempts), secs, "{attempts}");
        }
        assert_eq!(longest(0), 2);
        assert_eq!(backoff(u32::MAX, u64::MAX), BACKOFF_CAP);
        assert_eq!(backoff(5, 0), Duration::ZERO);
        assert_eq!(backoff(1, 1 << 63), Duration::from_secs(1));
        let all: u64 = (1..MAX_ATTEMPTS).map(longest).sum();
        assert_eq!(all / 60, 17);
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        let now = Moment::from_unix_micros(1_000_000);
        assert_eq!(
            after_failure(1, 3, now, u64::MAX),
            Next::Again(Moment::from_unix_micros(3_000_000))
        );
        assert_eq!(after_failure(2, 3, now, 0), Next::Again(now));
        assert_eq!(after_failure(3, 3, now, 0), Next::GiveUp);
        assert_eq!(after_failure(4, 3, now, 0), Next::GiveUp);
        assert_eq!(after_failure(1, 1, now, 0), Next::GiveUp);
    }

    proptest! {
        #[test]
        fn a_pause_is_within_its_bound(attempts: u32, random: u64) {
            prop_assert!(backoff(attempts, random) <= BACKOFF_CAP);
            prop_assert!(backoff(attempts, random) <= backoff(attempts, u64::MAX));
        }
    }
}
