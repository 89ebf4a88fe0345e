//! What follows a call to the outside: done, given up, sent again, or asked about. An answer that
//! nobody knows is never guessed; the provider is asked what became of it.
//!
//! It deliberately calls nobody and takes the random number from its caller.

use crate::calendar::Moment;
use crate::jobs::{self, MAX_ATTEMPTS};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The provider did it.
    Done,
    /// The provider will not do it; asking the same again is useless.
    Refused,
    /// It was not taken up: no connection, or too many calls at once (429).
    NotSent,
    /// It was sent, and nobody knows what became of it: a time-out, an error of the provider.
    Unknown,
}

/// What the provider said when it was asked what became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It knows it: it was done.
    There,
    /// It does not know it: it was not done.
    Absent,
    /// It did not say.
    Unknown,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is done.
    Finish,
    /// Nothing: it will not be done.
    GiveUp,
    /// Send it, with the same idempotency key, not before this moment.
    Send(Moment),
    /// Ask what became of it, not before this moment.
    Ask(Moment),
    /// Nothing more by itself: nobody could tell what became of it, and a person must look.
    AskPerson,
}

/// What follows the `attempts`-th call or question about it.
pub fn after_call(answer: Answer, attempts: u32, now: Moment, random: u64) -> Next {
    match answer {
        Answer::Done => Next::Finish,
        Answer::Refused => Next::GiveUp,
        Answer::NotSent => pause(attempts, now, random).map_or(Next::GiveUp, Next::Send),
        Answer::Unknown => pause(attempts, now, random).map_or(Next::AskPerson, Next::Ask),
    }
}

/// What follows when the provider was asked, the `attempts`-th time that anything was tried.
pub fn after_asking(found: Found, attempts: u32, now: Moment, random: u64) -> Next {
    match found {
        Found::There => Next::Finish,
        Found::Absent => pause(attempts, now, random).map_or(Next::GiveUp, Next::Send),
        Found::Unknown => pause(attempts, now, random).map_or(Next::AskPerson, Next::Ask),
    }
}

fn pause(attempts: u32, now: Moment, random: u64) -> Option<Moment> {
    match jobs::after_failure(attempts, MAX_ATTEMPTS, now, random) {
        jobs::Next::Again(at) => Some(at),
        jobs::Next::GiveUp => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Found, Next, after_asking, after_call};
    use crate::calendar::Moment;
    use crate::jobs::MAX_ATTEMPTS;

    #[test]
    fn what_is_not_known_is_asked() {
        let now = Moment::from_unix_micros(5);
        let call = |answer, attempts| after_call(answer, attempts, now, 0);
        assert_eq!(call(Answer::Done, 1), Next::Finish);
        assert_eq!(call(Answer::Refused, 1), Next::GiveUp);
        assert_eq!(call(Answer::NotSent, 1), Next::Send(now));
        assert_eq!(call(Answer::NotSent, MAX_ATTEMPTS), Next::GiveUp);
        assert_eq!(call(Answer::Unknown, 1), Next::Ask(now));
        assert_eq!(call(Answer::Unknown, MAX_ATTEMPTS), Next::AskPerson);
        let later = Moment::from_unix_micros(2_000_005);
        assert_eq!(after_call(Answer::Unknown, 1, now, u64::MAX), Next::Ask(later));
    }

    #[test]
    fn what_was_not_done_is_sent_again() {
        let now = Moment::from_unix_micros(5);
        let asked = |found, attempts| after_asking(found, attempts, now, 0);
        assert_eq!(asked(Found::There, MAX_ATTEMPTS), Next::Finish);
        assert_eq!(asked(Found::Absent, 2), Next::Send(now));
        assert_eq!(asked(Found::Absent, MAX_ATTEMPTS), Next::GiveUp);
        assert_eq!(asked(Found::Unknown, 2), Next::Ask(now));
        assert_eq!(asked(Found::Unknown, MAX_ATTEMPTS), Next::AskPerson);
    }
}
