//! Sessions: opened by signing in, carried on by refresh tokens, checked at every request, ended.
//!
//! A refresh token is used once. Whoever shows a used one again has copied it or was copied from:
//! the whole session ends (RFC 9700, section 4.14.2). There is no grace for two uses at once.
//!
//! A session lasts seven days from signing in, however often it is refreshed; for the roles that
//! the policy names it ends earlier when nobody uses it. It deliberately is not written at every
//! request: use is noted when it is refreshed, every quarter of an hour by a program at work.

use super::secrets::Secrets;
use super::sign_in::{Signed, signed};
use super::tokens::Claims;
use super::{Caller, MOST_ROWS, later, notices, opaque, people};
use crate::{Actor, AppError, Random};
use domain::access::{Login, NoticeKind};
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde_json::json;
use std::net::IpAddr;
use store::access::people as kept_people;
use store::access::people::Person;
use store::access::sessions as kept;
use store::{Store, Tx, audit};

pub use store::access::sessions::{Listed, Session};

/// Seconds that a session lasts from its beginning.
pub const REFRESH_SECS: i64 = 7 * 24 * 3600;
/// Characters of a program's name for itself that are kept.
pub(super) const MOST_AGENT_CHARS: usize = 200;

/// Characters of a session's id at most.
const MOST_ID_CHARS: usize = 64;

/// What is known of a session when it is opened.
pub(super) struct Opened<'a> {
    pub(super) with_second_factor: bool,
    pub(super) address: IpAddr,
    pub(super) user_agent: &'a str,
}

/// Opens a session with its first tokens.
pub(super) fn open(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    person: &Person,
    opened: &Opened<'_>,
) -> Result<Signed, AppError> {
    let expires_at = later(at, REFRESH_SECS);
    let printable = opened.user_agent.chars().filter(|c| !c.is_control());
    let session = Session {
        id: opaque::id(random)?,
        person: person.id,
        user_agent: printable.take(MOST_AGENT_CHARS).collect(),
        address: opened.address.to_canonical().to_string(),
        with_second_factor: opened.with_second_factor,
        created_at: at,
        proved_at: at,
        used_at: at,
        expires_at,
        ended: None,
    };
    kept::add(tx, &session)?;
    let token = opaque::token(random)?;
    kept::add_token(tx, &opaque::hash(&token), &session.id, at, expires_at)?;
    signed(secrets, random, at, person, (&session.id, expires_at), token)
}

/// Carries a session on: the refresh token is used up and another takes its place.
pub fn refresh(
    store: &Store,
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    token: &str,
    request_id: Option<&str>,
) -> Result<Signed, AppError> {
    let hash = opaque::hash(token);
    // The end of a session that was copied is kept although the answer is a refusal.
    let gone_on = store.write(|tx| go_on(tx, secrets, random, at, &hash, request_id))?;
    gone_on.ok_or(AppError::RefreshRefused)
}

fn go_on(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    hash: &str,
    request_id: Option<&str>,
) -> Result<Option<Signed>, AppError> {
    let Some(token) = kept::token(tx, hash)? else { return Ok(None) };
    let Some((session, person)) = kept::with_person(tx, &token.session)? else {
        return Ok(None);
    };
    if !is_valid(&session, &person, at) {
        return Ok(None);
    }
    if token.used || !kept::use_token(tx, hash, at)? {
        if kept::end(tx, &session.id, person.id, "reuse", at)? {
            let begun = json!({ "session_begun_at": session.created_at.rfc3339(),
                "address": session.address, "user_agent": session.user_agent });
            notices::tell(tx, person.id, at, NoticeKind::TokenReused, &begun)?;
            let after = json!({ "reason": "reuse" });
            let id = person.id.0.to_string();
            let entry = crate::audit::entry("end_session", "people", id, None, Some(&after));
            audit::write(tx, &actor_of(&person, at, request_id), &[entry])?;
        }
        return Ok(None);
    }
    if is_idle(secrets, &session, &person, at) {
        kept::end(tx, &session.id, person.id, "idle", at)?;
        return Ok(None);
    }
    if at >= token.expires_at || !kept::note_use(tx, &session.id, at)? {
        return Ok(None);
    }
    let next = opaque::token(random)?;
    kept::add_token(tx, &opaque::hash(&next), &session.id, at, session.expires_at)?;
    signed(secrets, random, at, &person, (&session.id, session.expires_at), next).map(Some)
}

/// Whether a session of a person goes on.
fn is_valid(session: &Session, person: &Person, at: Moment) -> bool {
    session.is_alive(at) && person.active && session.created_at >= person.sessions_from
}

/// Whether nobody has used a session for longer than the policy lets it rest.
fn is_idle(secrets: &Secrets, session: &Session, person: &Person, at: Moment) -> bool {
    let most = secrets.policy.idle_secs_of(person.role);
    most.is_some_and(|secs| later(session.used_at, secs) <= at)
}

/// A session with its person, as they are kept.
#[derive(Clone)]
pub struct Found {
    session: Session,
    person: Person,
    /// Who asks in it while it goes on.
    caller: Caller,
}

/// The session of an access token that [`super::tokens::read`] has taken; by primary keys, for
/// every request.
pub fn find(tx: &mut Tx<'_>, claims: &Claims) -> Result<Found, AppError> {
    let (session, person) = kept::with_person(tx, &claims.session)?.ok_or(AppError::NotSignedIn)?;
    let caller = Caller {
        proved_at: Some(session.proved_at),
        session: Some(session.id.clone()),
        ..of_person(&person)
    };
    Ok(Found { session, person, caller })
}

/// Who asks in a session, if it goes on at a moment. The role is that of what is kept, not that of
/// the token.
pub fn judge<'f>(
    secrets: &Secrets,
    found: &'f Found,
    claims: &Claims,
    at: Moment,
) -> Result<&'f Caller, AppError> {
    let Found { session, person, caller } = found;
    // A token knows the second it was made in; within that second the session decides.
    let of_now = claims.issued_secs >= person.sessions_from.unix_micros().div_euclid(1_000_000);
    let goes_on = is_valid(session, person, at) && !is_idle(secrets, session, person, at);
    if person.id != claims.person || !of_now || !goes_on {
        return Err(AppError::NotSignedIn);
    }
    Ok(caller)
}

/// Both at once.
pub fn check(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    claims: &Claims,
    at: Moment,
) -> Result<Caller, AppError> {
    judge(secrets, &find(tx, claims)?, claims, at).cloned()
}

/// A person as one who asks, by neither session nor key yet.
pub(super) fn of_person(person: &Person) -> Caller {
    Caller {
        person: person.id,
        name: person.name.clone(),
        login_shown: shown(person),
        role: person.role,
        customer: person.customer,
        session: None,
        key: None,
        scopes: None,
        proved_at: None,
        has_second_factor: person.has_second_factor(),
        must_change_password: person.password_is_initial,
    }
}

/// The login of a person, shortened.
pub(super) fn shown(person: &Person) -> String {
    Login::parse(&person.login).map_or_else(|_| "?".to_owned(), |login| login.shown())
}

/// A person as the one who does something.
pub(super) fn actor_of(person: &Person, at: Moment, request_id: Option<&str>) -> Actor {
    of_person(person).actor(at, request_id)
}

/// Whether a text has the form of an id; others are not asked of the database.
fn is_id(text: &str) -> bool {
    text.len() <= MOST_ID_CHARS && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The sessions of a person, the newest first.
pub fn list(store: &Store, person: PersonId, listed: &Listed) -> Result<Vec<Session>, AppError> {
    if listed.after.as_ref().is_some_and(|(_, id)| !is_id(id)) {
        return Err(AppError::BadArgument("the place to go on from is no session".to_owned()));
    }
    let listed = Listed { limit: listed.limit.clamp(1, MOST_ROWS), ..listed.clone() };
    Ok(store.read(|tx| kept::of_person(tx, person, &listed))?)
}

fn traced(
    tx: &mut Tx<'_>,
    actor: &Actor,
    person: PersonId,
    reason: &str,
    ended: u64,
) -> Result<(), AppError> {
    let after = json!({ "reason": reason, "sessions": ended });
    let id = person.0.to_string();
    let entry = crate::audit::entry("end_session", "people", id, None, Some(&after));
    Ok(audit::write(tx, actor, &[entry])?)
}

/// Ends the caller's own session.
pub fn sign_out(store: &Store, caller: &Caller, actor: &Actor) -> Result<(), AppError> {
    let session = caller.own_session()?;
    store.write(|tx| {
        if kept::end(tx, session, caller.person, "signed_out", actor.at)? {
            traced(tx, actor, caller.person, "signed_out", 1)?;
        }
        Ok(())
    })
}

/// Ends one session of a person.
pub fn end(store: &Store, actor: &Actor, person: PersonId, session: &str) -> Result<(), AppError> {
    store.write(|tx| {
        people::reach(tx, actor, person)?;
        if !is_id(session) || !kept::end(tx, session, person, "ended", actor.at)? {
            return Err(AppError::NotFound("there is no such session that goes on".to_owned()));
        }
        traced(tx, actor, person, "ended", 1)
    })
}

/// Ends all sessions of the caller but the one that asks; says how many.
pub fn end_others(store: &Store, caller: &Caller, actor: &Actor) -> Result<u64, AppError> {
    let own = caller.own_session()?;
    store.write(|tx| {
        let ended = kept::end_all(tx, caller.person, Some(own), "ended", actor.at)?;
        traced(tx, actor, caller.person, "ended", ended)?;
        Ok(ended)
    })
}

/// Ends all sessions of a person, forgets their devices, and makes void what was issued before;
/// says how many sessions.
pub fn end_all(store: &Store, actor: &Actor, person: PersonId) -> Result<u64, AppError> {
    store.write(|tx| {
        people::reach(tx, actor, person)?;
        let ended = void(tx, person, "ended", actor.at)?;
        traced(tx, actor, person, "ended", ended)?;
        Ok(ended)
    })
}

/// Ends everything that a person has open.
pub(super) fn void(
    tx: &mut Tx<'_>,
    person: PersonId,
    reason: &str,
    at: Moment,
) -> Result<u64, AppError> {
    kept_people::void_before(tx, person, at)?;
    kept::forget_devices(tx, person)?;
    Ok(kept::end_all(tx, person, None, reason, at)?)
}

/// Notes that the caller has shown what they sign in with.
pub(super) fn note_proof(tx: &mut Tx<'_>, session: &str, at: Moment) -> Result<(), AppError> {
    if kept::prove(tx, session, at)? { Ok(()) } else { Err(AppError::NotSignedIn) }
}
