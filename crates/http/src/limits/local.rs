//! The counts of one process: a map of bounded size.
//!
//! It deliberately forgets those who have their whole quota again, and, when there are too many
//! callers at once, some of those who have used the least.

use super::gcra::{self, Decision, Quota};
use super::{Caller, Group};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Callers that are counted at once; about 16 MB.
pub const MAX_TRACKED_CALLERS: usize = 100_000;
/// Parts of the map, so that requests seldom wait for each other.
const SHARDS: usize = 16;
/// How often a part is searched for those who can be forgotten, in microseconds.
const SWEEP_MICROS: u64 = 10_000_000;
/// How many are compared when one must give way.
const COMPARED: usize = 8;

type Key = (Group, Caller);

#[derive(Default)]
struct Shard {
    /// When each caller's bucket is full again, in microseconds.
    full_at: HashMap<Key, u64>,
    sweep_at: u64,
}

/// The counts.
pub struct Local {
    shards: Vec<Mutex<Shard>>,
    places: RandomState,
    per_shard: usize,
}

impl Local {
    /// Nobody is counted yet.
    pub fn new() -> Self {
        Self::of_size(MAX_TRACKED_CALLERS)
    }

    fn of_size(callers: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, places: RandomState::new(), per_shard: callers.div_ceil(SHARDS) }
    }

    /// Counts a request at a time since the start of the program.
    pub fn take(&self, group: Group, caller: &Caller, quota: Quota, now: Duration) -> Decision {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let key = (group, caller.clone());
        let [low, ..] = self.places.hash_one(&key).to_le_bytes();
        let place = usize::from(low) % SHARDS;
        let Some(shard) = self.shards.get(place) else {
            return gcra::take(quota, 0, now).0;
        };
        // A count that somebody left half done is still a count.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = shard.full_at.get(&key).copied();
        let (decision, full_at) = gcra::take(quota, kept.unwrap_or(0), now);
        if kept.is_none() {
            shard.make_room(self.per_shard, now);
        }
        shard.full_at.insert(key, full_at);
        decision
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().full_at.len()).sum()
    }
}

impl Shard {
    fn make_room(&mut self, most: usize, now: u64) {
        if now >= self.sweep_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = now + SWEEP_MICROS;
        }
        while self.full_at.len() >= most {
            let some = self.full_at.iter().take(COMPARED);
            let least = some.min_by_key(|(_, full_at)| **full_at).map(|(key, _)| key.clone());
            let Some(key) = least else { break };
            self.full_at.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn caller(number: u32) -> Caller {
        Caller::Address(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn callers_and_groups_are_counted_apart() {
        let local = Local::new();
        let quota = Quota::new(2, 60).unwrap();
        let take = |group, number| {
            local.take(group, &caller(number), quota, Duration::from_secs(1)).allowed
        };
        assert_eq!([1, 1, 1, 2].map(|n| take(Group::Read, n)), [true, true, false, true]);
        assert!(take(Group::Write, 1));
    }

    #[test]
    fn the_map_does_not_grow_without_end() {
        let local = Local::of_size(160);
        let quota = Quota::new(5, 60).unwrap();
        for number in 0..10_000 {
            local.take(Group::Read, &caller(number), quota, Duration::from_secs(1));
        }
        assert!(local.len() <= 160, "{}", local.len());
    }

    #[test]
    fn whoever_used_up_the_quota_is_not_forgotten_for_newcomers() {
        let local = Local::of_size(16 * 64);
        let quota = Quota::new(50, 60).unwrap();
        let now = Duration::from_secs(1);
        while local.take(Group::Read, &caller(1), quota, now).allowed {}
        for number in 2..20_000 {
            local.take(Group::Read, &caller(number), quota, now);
        }
        assert!(!local.take(Group::Read, &caller(1), quota, now).allowed);
    }

    #[test]
    fn whoever_has_the_whole_quota_again_is_forgotten() {
        let local = Local::new();
        let quota = Quota::new(5, 5).unwrap();
        for number in 0..1000 {
            local.take(Group::Read, &caller(number), quota, Duration::from_secs(1));
        }
        assert_eq!(local.len(), 1000);
        // So many that each part of the map surely gets one of them.
        for number in 5000..6200 {
            local.take(Group::Read, &caller(number), quota, Duration::from_mins(5));
        }
        assert_eq!(local.len(), 1200);
    }

    #[test]
    fn many_at_once_share_one_quota() {
        let local = Local::new();
        let quota = Quota::new(100, 86_400).unwrap();
        let allowed: usize = std::thread::scope(|scope| {
            let work = || {
                let now = Duration::from_secs(1);
                (0..200).filter(|_| local.take(Group::Read, &caller(1), quota, now).allowed).count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(allowed, 100);
    }
}
