//! Showing the password once more, and the code: needed before acts that a stolen session must not
//! be enough for (ASVS 7.5.1, 7.5.3).
//!
//! Guesses are counted for each session; five failures lock its proofs for 15 minutes, and nothing
//! else.

use super::secrets::Secrets;
use super::{Caller, guesses, later, notices, passwords, sessions, totp};
use crate::AppError;
use domain::access::Source;
use domain::calendar::Moment;
use store::access::people::{self, Person};
use store::{Store, Tx};

/// Minutes that a proof holds. Signing in is one.
pub const PROOF_MINUTES: i64 = 10;

/// Refuses a caller who has not shown what they sign in with within the last minutes. A program
/// never has.
pub fn needs_proof(caller: &Caller, at: Moment) -> Result<(), AppError> {
    let proved = |proved_at: Moment| at < later(proved_at, PROOF_MINUTES * 60);
    if caller.proved_at.is_some_and(proved) { Ok(()) } else { Err(AppError::ProofNeeded) }
}

/// Takes the password, and the code if the person has a second factor, as proof for the session.
pub fn prove(
    store: &Store,
    secrets: &Secrets,
    at: Moment,
    caller: &Caller,
    password: &str,
    code: Option<&str>,
) -> Result<(), AppError> {
    let session = caller.own_session()?;
    let shown = Shown { password, code: Code::IfSecondFactor(code) };
    with_shown(store, secrets, at, caller, &shown, |tx, _| sessions::note_proof(tx, session, at))
}

/// Which code has to be shown beside the password.
pub(super) enum Code<'a> {
    /// None.
    No,
    /// One, if the person has a second factor.
    IfSecondFactor(Option<&'a str>),
}

/// What a caller shows.
pub(super) struct Shown<'a> {
    pub(super) password: &'a str,
    pub(super) code: Code<'a>,
}

/// Does something for a caller who shows the password, and the code, in one transaction with using
/// up the code. A failure counts against the session.
pub(super) fn with_shown<T>(
    store: &Store,
    secrets: &Secrets,
    at: Moment,
    caller: &Caller,
    shown: &Shown<'_>,
    work: impl FnOnce(&mut Tx<'_>, &Person) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let source = Source::Session(caller.own_session()?.to_owned());
    let begun = store.write(|tx| {
        let person = people::by_id(tx, caller.person)?.filter(|person| person.active);
        let Some(person) = person else { return Ok(None) };
        let reserved = guesses::reserve(tx, &person.login, &source, at)?;
        Ok::<_, AppError>(Some((person, reserved)))
    })?;
    let (person, reserved) = begun.ok_or(AppError::NotSignedIn)?;
    let right = if reserved.allowed {
        passwords::verify(&person.password_hash, shown.password)?
    } else {
        passwords::waste()?;
        false
    };
    let failed = |error: AppError| {
        if let (AppError::SignInFailed, Some(until)) = (&error, reserved.locks_until) {
            let told = store.write(|tx| notices::tell_locked(tx, person.id, at, until, None));
            return told.err().unwrap_or(error);
        }
        error
    };
    if !right {
        return Err(failed(AppError::SignInFailed));
    }
    let done = store.write(|tx| {
        if !people::hold(tx, person.id, &person.password_hash)? {
            return Err(AppError::SignInFailed);
        }
        let person = people::by_id(tx, person.id)?.ok_or(AppError::NotSignedIn)?;
        if let Code::IfSecondFactor(code) = shown.code
            && person.has_second_factor()
        {
            let Some(code) = code else {
                guesses::take_back(tx, &person.login, &source)?;
                return Ok(None);
            };
            if totp::use_code(tx, secrets, &person, code, at)?.is_none() {
                return Err(AppError::SignInFailed);
            }
        }
        guesses::succeeded(tx, &person.login, &source)?;
        work(tx, &person).map(Some)
    });
    done.map_err(failed)?.ok_or(AppError::CodeNeeded)
}
