//! The life of an event that a gateway told us of: received, then processed or ignored, or failed
//! and tried again until it is dead.
//!
//! It deliberately reads no event and checks no signature; it is told how the attempt ended.

use crate::calendar::Moment;
use crate::jobs::{MAX_ATTEMPTS, Next, after_failure, earlier};
use std::time::Duration;

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Kept, and to be processed.
    Received,
    /// What it told is in the books.
    Processed,
    /// Kept and left: its kind is not one that we act on.
    Ignored,
    /// An attempt failed; another one follows.
    Failed,
    /// Given up; a person must look.
    Dead,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] =
        [Self::Received, Self::Processed, Self::Ignored, Self::Failed, Self::Dead];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it waits for an attempt.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Received | Self::Failed)
    }

    /// Whether somebody may have it processed again. Also what was processed: it tells nothing new,
    /// so it posts nothing.
    pub const fn can_be_replayed(self) -> bool {
        !matches!(self, Self::Received)
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it told is in the books.
    Processed,
    /// Its kind is not one that we act on.
    Ignored,
    /// It failed, and may succeed another time.
    Failed,
    /// It failed, and will again: it cannot be read, or does not fit what was asked for.
    Hopeless,
}

/// Where an event stands after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Attempts made since it was received or replayed.
    pub attempts: u32,
    /// When the next attempt is due; for `received` and `failed` only.
    pub retry_at: Option<Moment>,
}

impl Standing {
    /// An event that was received, or is to be replayed: due at once.
    pub const fn received(now: Moment) -> Self {
        Self { state: State::Received, attempts: 0, retry_at: Some(now) }
    }

    /// Where it stands after one more attempt. The random number draws the pause before another.
    pub fn after(self, outcome: Outcome, now: Moment, random: u64) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let (state, retry_at) = match outcome {
            Outcome::Processed => (State::Processed, None),
            Outcome::Ignored => (State::Ignored, None),
            Outcome::Hopeless => (State::Dead, None),
            Outcome::Failed => match after_failure(attempts, MAX_ATTEMPTS, now, random) {
                Next::Again(at) => (State::Failed, Some(at)),
                Next::GiveUp => (State::Dead, None),
            },
        };
        Self { state, attempts, retry_at }
    }
}

/// What an arriving delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An event that is not known.
    New,
    /// An event that is known, word for word; nothing is to be done.
    Again,
    /// The id of a known event with another content: refused and flagged.
    Altered,
}

/// Compares an arriving delivery with the event known under its id, by SHA-256 of their bytes.
pub fn arrival(known: Option<&[u8; 32]>, arriving: &[u8; 32]) -> Arrival {
    match known {
        None => Arrival::New,
        Some(known) if known == arriving => Arrival::Again,
        Some(_) => Arrival::Altered,
    }
}

/// Days before a gateway was last heard of that are looked at for payments.
pub const USUAL_OF_DAYS: u32 = 7;
/// On so many of them payments must have come for it to be usual that they do.
const USUAL_DAYS: u32 = 5;
/// How long what was usual is expected: a dairy that has left a gateway is not told for ever.
const USUAL_FOR: Duration = Duration::from_hours(30 * 24);

/// How long something that we asked a gateway for lets us expect that it tells: an order that its
/// customer has left is never told of.
pub const EXPECTED_FOR: Duration = Duration::from_hours(7 * 24);

/// What is known of a gateway that ought to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// When it was last heard of.
    pub last: Option<Moment>,
    /// Since when something that we asked it for within `EXPECTED_FOR` is open.
    pub open: Option<Moment>,
    /// Since when anything that we asked it for is open, however long ago that was. A silence is
    /// known by it, so that it stays the same one while what was asked for grows old.
    pub first_open: Option<Moment>,
    /// On how many of the `USUAL_OF_DAYS` days up to then payments came through it.
    pub busy_days: u32,
}

/// Since when a gateway has been silent, if it has told nothing for longer than `most` although
/// something that we asked it for is open, or payments came through it on most days: perhaps it
/// has disabled our webhook (protocols 1.12).
pub fn silent_since(pulse: &Pulse, now: Moment, most: Duration) -> Option<Moment> {
    let too_long = earlier(now, most);
    let waited = |open: Moment| pulse.last.map_or(open, |last| last.max(open));
    if let Some(open) = pulse.open.filter(|open| waited(*open) < too_long) {
        return Some(waited(pulse.first_open.map_or(open, |first| first.min(open))));
    }
    let usual = pulse
        .last
        .filter(|last| pulse.busy_days >= USUAL_DAYS && *last >= earlier(now, USUAL_FOR.max(most)));
    usual.filter(|last| *last < too_long)
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Outcome, Pulse, Standing, State, arrival, silent_since};
    use crate::calendar::Moment;
    use crate::jobs::MAX_ATTEMPTS;
    use std::time::Duration;

    #[test]
    fn every_state_has_its_word() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.as_str()), Some(state));
            assert!(state.is_waiting() || state.can_be_replayed());
        }
        assert_eq!(State::from_name("done"), None);
        assert!(State::Failed.is_waiting() && !State::Received.can_be_replayed());
    }

    #[test]
    fn a_failed_event_is_tried_until_it_is_dead() {
        let now = Moment::from_unix_micros(7);
        let mut standing = Standing::received(now);
        assert_eq!((standing.state, standing.retry_at), (State::Received, Some(now)));
        for attempt in 1..MAX_ATTEMPTS {
            standing = standing.after(Outcome::Failed, now, 0);
            assert_eq!((standing.state, standing.attempts), (State::Failed, attempt));
            assert_eq!(standing.retry_at, Some(now));
        }
        let processed = standing.after(Outcome::Processed, now, 0);
        assert_eq!((processed.state, processed.retry_at), (State::Processed, None));
        let dead = standing.after(Outcome::Failed, now, 0);
        assert_eq!((dead.state, dead.retry_at), (State::Dead, None));
    }

    #[test]
    fn the_first_attempt_may_be_the_last() {
        let now = Moment::from_unix_micros(7);
        let after = |outcome| Standing::received(now).after(outcome, now, 0).state;
        assert_eq!(after(Outcome::Ignored), State::Ignored);
        assert_eq!(after(Outcome::Hopeless), State::Dead);
    }

    #[test]
    fn silence_is_told_when_something_is_expected() {
        const HOUR: i64 = 3_600_000_000;
        let at = |hour: i64| Some(Moment::from_unix_micros(hour * HOUR));
        let day = Duration::from_hours(24);
        let now = Moment::from_unix_micros(1_000 * HOUR);
        for (last, open, busy_days, since) in [
            (None, None, 0, None),
            (at(1), None, 0, None),
            (at(1), None, 4, None),
            // Something is open.
            (None, at(900), 0, at(900)),
            (at(950), at(900), 0, at(950)),
            (at(900), at(950), 0, at(950)),
            (at(900), at(990), 0, None),
            (at(990), at(100), 0, None),
            // Payments usually come, and did not so long ago.
            (at(950), None, 5, at(950)),
            (at(950), at(990), 5, at(950)),
            (at(976), None, 7, None),
            (at(975), None, 7, at(975)),
            (at(279), None, 7, None),
            (at(280), None, 7, at(280)),
        ] {
            let pulse = Pulse { last, open, first_open: open, busy_days };
            assert_eq!(silent_since(&pulse, now, day), since, "{pulse:?}");
        }
        // What was asked for long ago is not expected, and names a silence that is one.
        for (last, open, since) in [
            (None, None, None),
            (at(950), None, None),
            (None, at(990), None),
            (None, at(950), at(100)),
            (at(200), at(950), at(200)),
            (at(990), at(950), None),
        ] {
            let pulse = Pulse { last, open, first_open: at(100), busy_days: 0 };
            assert_eq!(silent_since(&pulse, now, day), since, "{pulse:?}");
        }
    }

    #[test]
    fn an_id_belongs_to_one_content() {
        assert_eq!(arrival(None, &[1; 32]), Arrival::New);
        assert_eq!(arrival(Some(&[1; 32]), &[1; 32]), Arrival::Again);
        assert_eq!(arrival(Some(&[2; 32]), &[1; 32]), Arrival::Altered);
    }
}
