//! Counting guesses. An attempt counts as a failure before it is looked at and is taken back when
//! it was none: however many are made at once, no more than allowed are looked at.
//!
//! It deliberately decides nothing; `domain::access::decide` does.

use domain::access::{Failures, Source, Verdict, decide};
use domain::calendar::Moment;
use store::access::attempts;
use store::{StoreError, Tx};

/// What became of counting an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reserved {
    /// Whether it may be looked at; nothing was counted when its source is locked.
    pub(super) allowed: bool,
    /// Until when it locks its source if it turns out to be a failure.
    pub(super) locks_until: Option<Moment>,
}

/// Counts an attempt.
pub(super) fn reserve(
    tx: &mut Tx<'_>,
    login: &str,
    source: &Source,
    at: Moment,
) -> Result<Reserved, StoreError> {
    let counters = source.counters();
    let mut found = Vec::with_capacity(counters.len());
    for (counter, _) in &counters {
        found.push(attempts::hold(tx, login, counter)?);
    }
    let allowed = decide(at, &found) == Verdict::Allowed;
    let mut locks_until = None;
    for ((counter, rule), before) in counters.iter().zip(found) {
        if allowed {
            let after = Failures::one_more(before, *rule, at);
            locks_until = locks_until.max(after.locked_until);
            attempts::set(tx, login, counter, Some(after))?;
        } else if before.is_none() {
            attempts::set(tx, login, counter, None)?;
        }
    }
    Ok(Reserved { allowed, locks_until })
}

/// Takes a counted attempt back: it was no failure, nor a success.
pub(super) fn take_back(tx: &mut Tx<'_>, login: &str, source: &Source) -> Result<(), StoreError> {
    for (counter, rule) in source.counters() {
        let held = attempts::hold(tx, login, &counter)?;
        attempts::set(tx, login, &counter, held.and_then(|failures| failures.one_less(rule)))?;
    }
    Ok(())
}

/// Clears the failures of a source after a success. What others have failed from elsewhere stays.
pub(super) fn succeeded(tx: &mut Tx<'_>, login: &str, source: &Source) -> Result<(), StoreError> {
    take_back(tx, login, source)?;
    match source.counters().first() {
        Some((own, _)) => attempts::set(tx, login, own, None),
        None => Ok(()),
    }
}
