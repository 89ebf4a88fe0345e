//! How long requests took: every single time is kept, so that percentiles are exact.
//!
//! It deliberately keeps no distribution of buckets: a round has some hundred thousand requests.

use std::time::Duration;

/// Microseconds in a millisecond.
const MICROS_PER_MILLI: f64 = 1000.0;

/// Times of requests, in microseconds, in no order. The longest that is
/// told apart is 71 minutes.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<u32>);

impl Times {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds those of others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The times in their order, for percentiles.
    pub fn sorted(mut self) -> Sorted {
        self.0.sort_unstable();
        Sorted(self.0)
    }
}

/// Times in their order.
#[derive(Clone, Debug)]
pub struct Sorted(Vec<u32>);

impl Sorted {
    /// The smallest time, in milliseconds, that at least so many of 1000 requests did not exceed
    /// (nearest rank); 0 when there was none.
    pub fn within(&self, per_mille: usize) -> f64 {
        let rank = (self.0.len() * per_mille).div_ceil(1000);
        let micros = self.0.get(rank.saturating_sub(1)).copied().unwrap_or(0);
        f64::from(micros) / MICROS_PER_MILLI
    }
}

#[cfg(test)]
mod tests {
    use super::Times;
    use std::time::Duration;

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let mut times = Times::default();
        for millis in (1..=1000).rev() {
            times.add(Duration::from_millis(millis));
        }
        let mut twice = Times::default();
        twice.extend(&times);
        assert_eq!(twice.count(), 1000);
        let sorted = times.sorted();
        let at = |per_mille| format!("{:.0}", sorted.within(per_mille));
        assert_eq!([500, 950, 990, 999, 1000].map(at), ["500", "950", "990", "999", "1000"]);
    }

    #[test]
    fn few_times_have_percentiles_too() {
        assert_eq!(format!("{}", Times::default().sorted().within(990)), "0");
        let mut times = Times::default();
        times.add(Duration::from_micros(1500));
        times.add(Duration::from_hours(2));
        let sorted = times.sorted();
        assert_eq!(format!("{:.1} {:.1}", sorted.within(500), sorted.within(0)), "1.5 1.5");
        assert!(sorted.within(990) > 3_600_000.0);
    }
}
