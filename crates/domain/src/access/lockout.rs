//! When failures to sign in lock, so that guessing is hopeless and yet no stranger can lock
//! somebody out (OWASP ASVS 5.0, 6.1.1 and 6.3.1).
//!
//! Failures are counted for each login and source. A device on which the person has signed in
//! before is a source of its own, and so is each network address; a stranger is another source and
//! locks only that. All unknown devices of a login together have a wide limit of their own, against
//! guessing from many addresses; known devices are not held by it.
//!
//! It deliberately asks neither whether the login exists nor where the counts are kept.

use crate::calendar::Moment;
use std::net::IpAddr;

/// The source that stands for all unknown devices of a login together.
const ALL: &str = "*";
/// Bytes of an IPv6 address that name a network; a stranger has a whole /64 to choose from.
const IPV6_NETWORK_BYTES: usize = 8;

/// How many failures lock, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Failures that lock.
    pub failures: i64,
    /// A failure this many seconds after the one before begins the count anew.
    pub window_secs: i64,
    /// Seconds that the lock holds.
    pub lock_secs: i64,
}

/// One source: five failures, each within 15 minutes of the one before, lock it for 15 minutes.
pub const ONE_SOURCE: Rule = Rule { failures: 5, window_secs: 15 * 60, lock_secs: 15 * 60 };
/// All unknown devices of a login together: 100 failures without a day's rest lock them for 15
/// minutes.
pub const ALL_UNKNOWN: Rule = Rule { failures: 100, window_secs: 24 * 3600, lock_secs: 15 * 60 };

/// Where an attempt comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A device on which the person has signed in before, by the hash of its token.
    Device(String),
    /// A session that is asked for the password once more.
    Session(String),
    /// An unknown device, by its address.
    Address(IpAddr),
}

impl Source {
    /// The counters that an attempt from here counts in, each with its rule, in the order in which
    /// they are locked.
    pub fn counters(&self) -> Vec<(String, Rule)> {
        match self {
            Self::Device(hash) => vec![(format!("device:{hash}"), ONE_SOURCE)],
            Self::Session(id) => vec![(format!("session:{id}"), ONE_SOURCE)],
            Self::Address(address) => vec![
                (format!("address:{}", network(*address)), ONE_SOURCE),
                (ALL.to_owned(), ALL_UNKNOWN),
            ],
        }
    }
}

/// The network of an address: IPv4 as it is, also inside IPv6; the /64 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets.iter_mut().skip(IPV6_NETWORK_BYTES).for_each(|byte| *byte = 0);
            format!("{}/64", IpAddr::from(octets))
        }
    }
}

/// Failures of one login and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: i64,
    /// The last one.
    pub last_at: Moment,
    /// Until when they lock.
    pub locked_until: Option<Moment>,
}

impl Failures {
    /// The failures with one more at `now`. A lock that is over, or a rest as long as the window,
    /// begins the count anew.
    #[must_use]
    pub fn one_more(before: Option<Self>, rule: Rule, now: Moment) -> Self {
        let goes_on = |before: &Self| {
            before.locked_until.is_none_or(|until| until > now)
                && now < later(before.last_at, rule.window_secs)
        };
        let count = 1 + before.filter(goes_on).map_or(0, |before| before.count);
        let locked_until = (count >= rule.failures).then(|| later(now, rule.lock_secs));
        Self { count, last_at: now, locked_until }
    }

    /// The failures without one that turned out to be none; `None` when it was the only one.
    #[must_use]
    pub fn one_less(self, rule: Rule) -> Option<Self> {
        let count = self.count - 1;
        let locked_until = self.locked_until.filter(|_| count >= rule.failures);
        (count > 0).then_some(Self { count, locked_until, ..self })
    }
}

/// Whether an attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Allowed,
    /// Not before this moment.
    LockedUntil(Moment),
}

/// Decides on an attempt at `now` from the counters of its source.
pub fn decide(now: Moment, counters: &[Option<Failures>]) -> Verdict {
    let locks = counters.iter().flatten().filter_map(|failures| failures.locked_until);
    match locks.filter(|until| *until > now).max() {
        Some(until) => Verdict::LockedUntil(until),
        None => Verdict::Allowed,
    }
}

fn later(moment: Moment, secs: i64) -> Moment {
    Moment::from_unix_micros(moment.unix_micros().saturating_add(secs * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::{ALL_UNKNOWN, Failures, ONE_SOURCE, Rule, Source, Verdict, decide};
    use crate::calendar::Moment;

    fn at(secs: i64) -> Moment {
        Moment::from_unix_micros(secs * 1_000_000)
    }

    fn fail(rule: Rule, times: &[i64]) -> Option<Failures> {
        let one = |before, secs: &i64| Some(Failures::one_more(before, rule, at(*secs)));
        times.iter().fold(None, one)
    }

    #[test]
    fn five_failures_lock_a_source_for_fifteen_minutes() {
        let four = fail(ONE_SOURCE, &[0, 1, 2, 3]);
        assert_eq!(decide(at(4), &[four]), Verdict::Allowed);
        let five = fail(ONE_SOURCE, &[0, 1, 2, 3, 4]);
        assert_eq!(decide(at(5), &[five]), Verdict::LockedUntil(at(904)));
        assert_eq!(decide(at(903), &[five]), Verdict::LockedUntil(at(904)));
        assert_eq!(decide(at(904), &[five]), Verdict::Allowed);
        let after = Failures::one_more(five, ONE_SOURCE, at(904));
        assert_eq!((after.count, after.locked_until), (1, None));
    }

    #[test]
    fn slow_failures_do_not_add_up() {
        let slow = fail(ONE_SOURCE, &[0, 900, 1800, 2700, 3600, 4500]).unwrap();
        assert_eq!((slow.count, slow.locked_until), (1, None));
        let steady = fail(ONE_SOURCE, &[0, 899, 1798, 2697, 3596]).unwrap();
        assert_eq!(steady.locked_until, Some(at(3596 + 900)));
    }

    #[test]
    fn an_attempt_that_was_none_is_taken_back() {
        let five = fail(ONE_SOURCE, &[0, 1, 2, 3, 4]).unwrap();
        let four = five.one_less(ONE_SOURCE).unwrap();
        assert_eq!((four.count, four.locked_until), (4, None));
        assert_eq!(fail(ONE_SOURCE, &[0]).unwrap().one_less(ONE_SOURCE), None);
    }

    #[test]
    fn a_hundred_from_anywhere_lock_the_unknown_devices() {
        let times: Vec<i64> = (0..100).map(|n| n * 600).collect();
        let all = fail(ALL_UNKNOWN, &times);
        let fresh = None;
        let until = at(99 * 600 + 900);
        assert_eq!(decide(at(99 * 600 + 1), &[fresh, all]), Verdict::LockedUntil(until));
        assert_eq!(
            decide(at(99 * 600), &[fresh, fail(ALL_UNKNOWN, &times[..99])]),
            Verdict::Allowed
        );
        let known = Source::Device("ab".to_owned());
        assert!(known.counters().iter().all(|(counter, _)| counter != "*"));
    }

    #[test]
    fn addresses_count_by_their_network() {
        let counter = |text: &str| {
            let source = Source::Address(text.parse().unwrap());
            source.counters().into_iter().map(|(counter, _)| counter).collect::<Vec<_>>()
        };
        assert_eq!(counter("203.0.113.9"), ["address:203.0.113.9", "*"]);
        assert_eq!(counter("::ffff:203.0.113.9"), ["address:203.0.113.9", "*"]);
        assert_eq!(counter("2001:db8:1:2:3:4:5:6")[0], "address:2001:db8:1:2::/64");
        assert_eq!(counter("2001:db8:1:2:ffff::1")[0], "address:2001:db8:1:2::/64");
        assert_eq!(Source::Session("x".to_owned()).counters()[0].0, "session:x");
    }

    #[test]
    fn times_at_the_edge_do_not_wrap() {
        let end = Moment::from_unix_micros(i64::MAX);
        let failures = Failures::one_more(None, Rule { failures: 1, ..ONE_SOURCE }, end);
        assert_eq!(failures.locked_until, Some(end));
    }
}
