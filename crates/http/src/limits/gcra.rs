//! The rule of the limits: a bucket of requests that is refilled evenly (GCRA, ITU-T I.371).
//!
//! It deliberately has no clock and keeps nothing: times and the one number that is kept are
//! passed in, in microseconds.

/// The largest burst that can be set.
pub const MAX_BURST: u32 = 1_000_000;
/// The longest time that can be set, in seconds: a day.
pub const MAX_PER_SECONDS: u32 = 86_400;

const MICROS: u64 = 1_000_000;

/// How many requests there are at once, and in how many seconds as many become free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    burst: u32,
    per_seconds: u32,
}

impl Quota {
    /// A quota, if it is within the limits.
    pub fn new(burst: u32, per_seconds: u32) -> Result<Self, String> {
        if !(1..=MAX_BURST).contains(&burst) {
            return Err(format!("expected a burst of 1 to {MAX_BURST}"));
        }
        if !(1..=MAX_PER_SECONDS).contains(&per_seconds) {
            return Err(format!("expected a time of 1 to {MAX_PER_SECONDS} seconds"));
        }
        Ok(Self { burst, per_seconds })
    }

    /// Requests at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Seconds in which as many become free again.
    pub const fn per_seconds(self) -> u32 {
        self.per_seconds
    }

    /// Microseconds after which one more request becomes free; at least 1.
    pub const fn interval_micros(self) -> u64 {
        self.per_seconds as u64 * MICROS / self.burst as u64
    }

    /// Microseconds of a bucket that has been used up.
    pub const fn capacity_micros(self) -> u64 {
        self.interval_micros() * self.burst as u64
    }

    /// What is answered to a request, given how long the bucket takes to fill up again after it.
    pub const fn decision(self, allowed: bool, backlog_micros: u64) -> Decision {
        let interval = self.interval_micros();
        let left = self.capacity_micros().saturating_sub(backlog_micros) / interval;
        // The next one is free when the bucket lacks one less than it does now.
        let lacking = (self.burst as u64).saturating_sub(left + 1) * interval;
        let wait = backlog_micros.saturating_sub(lacking);
        Decision { allowed, quota: self, remaining: left, next_seconds: wait.div_ceil(MICROS) }
    }
}

/// Whether a request is within the quota, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// It may be carried out.
    pub allowed: bool,
    /// The quota it was counted against.
    pub quota: Quota,
    /// Requests left at this moment.
    pub remaining: u64,
    /// Seconds until there is one more, rounded up.
    pub next_seconds: u64,
}

/// Counts a request. `full_at` is when the bucket is full again, as kept; returned is the decision
/// and what is to be kept.
pub fn take(quota: Quota, full_at: u64, now: u64) -> (Decision, u64) {
    let capacity = quota.capacity_micros();
    // A bucket cannot lack more than everything, whatever was kept under another quota.
    let backlog = full_at.saturating_sub(now).min(capacity);
    let after = backlog + quota.interval_micros();
    if after > capacity {
        return (quota.decision(false, backlog), now + backlog);
    }
    (quota.decision(true, after), now + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = MICROS;

    #[test]
    fn a_burst_then_an_even_rate() {
        let quota = Quota::new(3, 60).unwrap();
        let mut full_at = 0;
        let mut at = |now: u64| {
            let (decision, kept) = take(quota, full_at, now * SECOND);
            full_at = kept;
            (decision.allowed, decision.remaining, decision.next_seconds)
        };
        assert_eq!(at(0), (true, 2, 20));
        assert_eq!(at(0), (true, 1, 20));
        assert_eq!(at(5), (true, 0, 15));
        assert_eq!(at(5), (false, 0, 15));
        assert_eq!(at(19), (false, 0, 1));
        assert_eq!(at(20), (true, 0, 20));
        assert_eq!(at(20), (false, 0, 20));
        assert_eq!(at(60), (true, 1, 20));
        assert_eq!(at(1000), (true, 2, 20));
    }

    #[test]
    fn whoever_waits_as_told_is_let_in() {
        for (burst, per_seconds) in [(1, 1), (1, 86_400), (7, 60), (1_000_000, 1), (13, 7)] {
            let quota = Quota::new(burst, per_seconds).unwrap();
            let (mut full_at, mut now) = (0, 0);
            for _ in 0..50 {
                let (decision, kept) = take(quota, full_at, now);
                full_at = kept;
                if !decision.allowed {
                    assert!(decision.next_seconds >= 1);
                    now += decision.next_seconds * SECOND;
                    let (again, kept) = take(quota, full_at, now);
                    assert!(again.allowed, "{quota:?}");
                    full_at = kept;
                }
            }
        }
    }

    #[test]
    fn never_more_than_the_burst_and_the_rate() {
        let quota = Quota::new(10, 10).unwrap();
        let mut full_at = 0;
        let mut allowed = 0;
        for tenth in 0..600_u64 {
            let (decision, kept) = take(quota, full_at, tenth * SECOND / 10);
            full_at = kept;
            allowed += u64::from(decision.allowed);
        }
        // Ten at once, and one for each of the 59 seconds that follow.
        assert_eq!(allowed, 10 + 59);
    }

    #[test]
    fn what_was_kept_under_another_quota_does_no_harm() {
        let quota = Quota::new(2, 2).unwrap();
        let (decision, kept) = take(quota, u64::MAX, 5 * SECOND);
        assert!(!decision.allowed);
        assert_eq!(decision.next_seconds, 1);
        assert_eq!(kept, 7 * SECOND);
    }

    #[test]
    fn quotas_have_limits() {
        assert!(Quota::new(0, 1).is_err() && Quota::new(1, 0).is_err());
        assert!(Quota::new(MAX_BURST + 1, 1).is_err() && Quota::new(1, 86_401).is_err());
        assert!(Quota::new(MAX_BURST, 1).unwrap().interval_micros() == 1);
    }
}
