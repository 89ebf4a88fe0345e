//! Signing in with a login, a password and, if the person has one, a second factor.
//!
//! It deliberately gives one answer in one time to a wrong login, a wrong password, a disabled
//! person and a locked source (ASVS 6.3.8), and looks at passwords outside of transactions.

use super::guesses::Reserved;
use super::secrets::Secrets;
use super::sessions::{self, MOST_AGENT_CHARS, Opened, REFRESH_SECS};
use super::{Page, clamped, guesses, later, notices, opaque, passwords, tokens, totp};
use crate::{AppError, Random};
use domain::access::{Login, NoticeKind, Role, Source};
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde_json::{Value, json};
use std::net::IpAddr;
use store::access::attempts::{self, Attempt};
use store::access::people::{self, Person};
use store::access::sessions as kept;
use store::{Store, Tx, audit};

/// Seconds that a device stays known.
pub(super) const DEVICE_SECS: i64 = 365 * 24 * 3600;
/// Devices of a person that stay known; those used longest ago are forgotten.
const MOST_DEVICES: i64 = 20;

/// What somebody shows in order to sign in.
pub struct SignIn<'a> {
    /// The login as written.
    pub login: &'a str,
    /// The password as received.
    pub password: &'a str,
    /// The code of the second factor: six digits, or a recovery code.
    pub code: Option<&'a str>,
    /// The token of a device that has signed in before.
    pub device: Option<&'a str>,
    /// The network address of the device.
    pub address: IpAddr,
    /// What its program calls itself.
    pub user_agent: &'a str,
    /// The request over HTTP.
    pub request_id: Option<&'a str>,
}

/// What somebody has signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The password alone.
    Password,
    /// The password and a code of the moment.
    Totp,
    /// The password and a recovery code; so many are left.
    Recovery {
        /// Recovery codes left.
        left: i64,
    },
}

/// Somebody who has signed in, or whose session goes on. The tokens are nowhere else; there is no
/// `Debug`.
pub struct Signed {
    /// For requests, for [`tokens::ACCESS_SECS`].
    pub access_token: String,
    /// For the next pair of tokens, once.
    pub refresh_token: String,
    /// For this device, when it was not known yet; to be shown at the next sign-in.
    pub device_token: Option<String>,
    /// The session.
    pub session_id: String,
    /// The person.
    pub person: PersonId,
    /// The person's name.
    pub name: String,
    /// What the person is in the business.
    pub role: Role,
    /// Seconds that the access token holds.
    pub expires_in_secs: i64,
    /// When the session ends by itself, however often it is refreshed.
    pub session_ends_at: Moment,
    /// What was shown; `None` for a session that goes on.
    pub factor: Option<Factor>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// An attempt that has been counted, or is locked.
struct Begun {
    person: Option<Person>,
    source: Source,
    known_device: Option<String>,
    reserved: Reserved,
}

/// How an attempt ended.
enum Ended {
    Signed(Box<Signed>),
    CodeNeeded,
    Failed,
}

/// Signs somebody in.
pub fn sign_in(
    store: &Store,
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    request: &SignIn<'_>,
) -> Result<Signed, AppError> {
    let Ok(login) = Login::parse(request.login) else {
        passwords::waste()?;
        store.write(|tx| note(tx, request, at, "?", None, "no_login"))?;
        return Err(AppError::SignInFailed);
    };
    let begun = store.write(|tx| begin(tx, request, &login, at))?;
    let (right, outcome) = look_at(&begun, request.password, at)?;
    let shown = login.shown();
    let (Some(person), true) = (&begun.person, right) else {
        let id = begun.person.as_ref().map(|person| person.id);
        store.write(|tx| {
            tell_locked(tx, request, at, &begun, id)?;
            note(tx, request, at, &shown, id, outcome)
        })?;
        return Err(AppError::SignInFailed);
    };
    let stronger = if passwords::is_outdated(&person.password_hash) {
        Some(passwords::hash(random, request.password)?)
    } else {
        None
    };
    let ended = store.write(|tx| {
        let ended = finish(tx, secrets, random, at, request, &begun, person)?;
        let (outcome, signed) = match &ended.0 {
            Ended::Signed(_) => ("signed_in", true),
            Ended::CodeNeeded => ("code_needed", false),
            Ended::Failed => (ended.1, false),
        };
        if let Some(stronger) = stronger.as_deref().filter(|_| signed) {
            people::rehash(tx, person.id, &person.password_hash, stronger)?;
        }
        note(tx, request, at, &shown, Some(person.id), outcome)?;
        Ok::<_, AppError>(ended.0)
    })?;
    match ended {
        Ended::Signed(signed) => Ok(*signed),
        Ended::CodeNeeded => Err(AppError::CodeNeeded),
        Ended::Failed => Err(AppError::SignInFailed),
    }
}

/// Finds the person and the source of an attempt, and counts it.
fn begin(
    tx: &mut Tx<'_>,
    request: &SignIn<'_>,
    login: &Login,
    at: Moment,
) -> Result<Begun, AppError> {
    let person = people::by_login(tx, login.as_str())?;
    let mut known_device = None;
    if let (Some(person), Some(token)) = (&person, request.device) {
        let hash = opaque::hash(token);
        let since = kept::device(tx, &hash, person.id)?;
        known_device = since.filter(|since| at < later(*since, DEVICE_SECS)).map(|_| hash);
    }
    let source = match &known_device {
        Some(hash) => Source::Device(hash.clone()),
        None => Source::Address(request.address),
    };
    let reserved = guesses::reserve(tx, login.as_str(), &source, at)?;
    Ok(Begun { person, source, known_device, reserved })
}

/// Whether the password is right and its person may sign in; with what becomes of it otherwise.
/// Every answer takes one Argon2.
fn look_at(begun: &Begun, password: &str, at: Moment) -> Result<(bool, &'static str), AppError> {
    let outcome = match &begun.person {
        _ if !begun.reserved.allowed => "locked",
        None => "no_login",
        Some(person) if !person.active => "disabled",
        Some(person) if person.password_expires_at.is_some_and(|end| end <= at) => "expired",
        Some(person) => {
            return Ok((passwords::verify(&person.password_hash, password)?, "wrong_password"));
        }
    };
    passwords::waste()?;
    Ok((false, outcome))
}

/// Decides on the second factor and opens the session; says why not otherwise.
fn finish(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    request: &SignIn<'_>,
    begun: &Begun,
    looked_at: &Person,
) -> Result<(Ended, &'static str), AppError> {
    // Between looking at the password and now the person may have been disabled or changed.
    if !people::hold(tx, looked_at.id, &looked_at.password_hash)? {
        return Ok((Ended::Failed, "changed"));
    }
    let Some(person) = people::by_id(tx, looked_at.id)? else {
        return Ok((Ended::Failed, "changed"));
    };
    let mut factor = Factor::Password;
    if person.has_second_factor() {
        let Some(code) = request.code else {
            guesses::take_back(tx, &person.login, &begun.source)?;
            return Ok((Ended::CodeNeeded, "code_needed"));
        };
        let Some(used) = totp::use_code(tx, secrets, &person, code, at)? else {
            tell_wrong_code(tx, request, at, begun, person.id)?;
            return Ok((Ended::Failed, "wrong_code"));
        };
        factor = used;
    }
    guesses::succeeded(tx, &person.login, &begun.source)?;
    let opened = Opened {
        with_second_factor: factor != Factor::Password,
        address: request.address,
        user_agent: request.user_agent,
    };
    let mut signed = sessions::open(tx, secrets, random, at, &person, &opened)?;
    signed.factor = Some(factor);
    if let Some(hash) = &begun.known_device {
        kept::note_device(tx, hash, at)?;
    } else {
        let token = opaque::token(random)?;
        kept::add_device(tx, &opaque::hash(&token), person.id, at, MOST_DEVICES)?;
        notices::tell(tx, person.id, at, NoticeKind::NewDevice, &from(request))?;
        signed.device_token = Some(token);
    }
    let after = json!({
        "second_factor": opened.with_second_factor,
        "known_device": begun.known_device.is_some(),
        "ends_at": later(at, REFRESH_SECS).rfc3339(),
    });
    let id = person.id.0.to_string();
    let entry = crate::audit::entry("sign_in", "people", id, None, Some(&after));
    let actor = sessions::actor_of(&person, at, request.request_id);
    audit::write(tx, &actor, &[entry])?;
    Ok((Ended::Signed(Box::new(signed)), "signed_in"))
}

/// Where a request comes from, for a notice.
fn from(request: &SignIn<'_>) -> Value {
    let printable = request.user_agent.chars().filter(|c| !c.is_control());
    let user_agent: String = printable.take(MOST_AGENT_CHARS).collect();
    json!({ "address": request.address.to_canonical().to_string(), "user_agent": user_agent })
}

/// Tells a person of a failure that has locked a place.
fn tell_locked(
    tx: &mut Tx<'_>,
    request: &SignIn<'_>,
    at: Moment,
    begun: &Begun,
    person: Option<PersonId>,
) -> Result<(), AppError> {
    let (Some(person), Some(until)) = (person, begun.reserved.locks_until) else { return Ok(()) };
    notices::tell_locked(tx, person, at, until, Some(request.address))
}

/// Tells a person that somebody on a device that is not known knew the password.
fn tell_wrong_code(
    tx: &mut Tx<'_>,
    request: &SignIn<'_>,
    at: Moment,
    begun: &Begun,
    person: PersonId,
) -> Result<(), AppError> {
    if begun.known_device.is_none() {
        notices::tell(tx, person, at, NoticeKind::WrongCode, &from(request))?;
    }
    tell_locked(tx, request, at, begun, Some(person))
}

/// Keeps what became of an attempt.
fn note(
    tx: &mut Tx<'_>,
    request: &SignIn<'_>,
    at: Moment,
    login_shown: &str,
    person: Option<PersonId>,
    outcome: &str,
) -> Result<(), AppError> {
    let attempt = Attempt {
        id: 0,
        at,
        person,
        login: login_shown.to_owned(),
        address: request.address.to_canonical().to_string(),
        outcome: outcome.to_owned(),
        request: request.request_id.map(str::to_owned),
    };
    Ok(attempts::add(tx, &attempt)?)
}

/// A page of attempts to sign in, of one person or all, the newest first; `page.after` is the id
/// of the last one of the page before, or 0.
pub fn attempts(
    store: &Store,
    person: Option<PersonId>,
    page: Page,
) -> Result<Vec<Attempt>, AppError> {
    Ok(store.read(|tx| attempts::list(tx, person, clamped(page)))?)
}

/// The tokens of a session that begins or goes on.
pub(super) fn signed(
    secrets: &Secrets,
    random: &dyn Random,
    at: Moment,
    person: &Person,
    session: (&str, Moment),
    refresh_token: String,
) -> Result<Signed, AppError> {
    let (session, session_ends_at) = session;
    let access_token = tokens::access(secrets, random, person.id, person.role, session, at)?;
    Ok(Signed {
        access_token,
        refresh_token,
        device_token: None,
        session_id: session.to_owned(),
        person: person.id,
        name: person.name.clone(),
        role: person.role,
        expires_in_secs: tokens::ACCESS_SECS,
        session_ends_at,
        factor: None,
        must_change_password: person.password_is_initial,
    })
}
