//! Sessions, their refresh tokens, and the devices on which people have signed in.
//!
//! It deliberately knows tokens by their hashes only.

use super::people::{self, Person, columns};
use crate::db::{Row, StoreError, Tx};
use domain::calendar::Moment;
use domain::ids::PersonId;

pub(crate) const ADD: &str = "INSERT INTO sessions (id, person_id, user_agent, address, \
     with_second_factor, created_at, proved_at, used_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7)";
pub(crate) const WITH_PERSON: &str = concat!(
    "SELECT s.id, s.person_id, s.user_agent, s.address, s.with_second_factor, s.created_at, \
     s.proved_at, s.used_at, s.expires_at, s.ended_at, s.end_reason, ",
    columns!(),
    " FROM sessions s JOIN people p ON p.id = s.person_id WHERE s.id = $1"
);
pub(crate) const OF_PERSON: &str = "SELECT id, person_id, user_agent, address, \
     with_second_factor, created_at, proved_at, used_at, expires_at, ended_at, end_reason \
     FROM sessions WHERE person_id = $1 AND (created_at, id) < ($2, $3) \
     AND ($4 = 0 OR (ended_at IS NULL AND expires_at > $5)) \
     ORDER BY created_at DESC, id DESC LIMIT $6";
pub(crate) const PROVE: &str =
    "UPDATE sessions SET proved_at = $2 WHERE id = $1 AND ended_at IS NULL";
pub(crate) const USE: &str =
    "UPDATE sessions SET used_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";
pub(crate) const END: &str = "UPDATE sessions SET ended_at = $3, end_reason = $4 \
     WHERE id = $1 AND person_id = $2 AND ended_at IS NULL";
pub(crate) const END_ALL: &str = "UPDATE sessions SET ended_at = $3, end_reason = $4 \
     WHERE person_id = $1 AND id <> $2 AND ended_at IS NULL";
pub(crate) const ADD_TOKEN: &str = "INSERT INTO refresh_tokens \
     (token_hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)";
pub(crate) const TOKEN: &str =
    "SELECT session_id, expires_at, used_at FROM refresh_tokens WHERE token_hash = $1";
pub(crate) const USE_TOKEN: &str =
    "UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL";
pub(crate) const ADD_DEVICE: &str = "INSERT INTO known_devices \
     (device_hash, person_id, created_at, used_at) VALUES ($1, $2, $3, $3)";
pub(crate) const DEVICE: &str = "SELECT created_at FROM known_devices \
     WHERE device_hash = $1 AND person_id = $2";
pub(crate) const USE_DEVICE: &str = "UPDATE known_devices SET used_at = $2 WHERE device_hash = $1";
pub(crate) const FORGET_DEVICES: &str = "DELETE FROM known_devices WHERE person_id = $1";
pub(crate) const KEEP_NEWEST_DEVICES: &str = "DELETE FROM known_devices WHERE person_id = $1 \
     AND device_hash NOT IN (SELECT device_hash FROM known_devices WHERE person_id = $1 \
     ORDER BY used_at DESC, device_hash LIMIT $2)";
pub(crate) const FORGET_TOKENS: &str = "DELETE FROM refresh_tokens WHERE session_id IN \
     (SELECT id FROM sessions WHERE expires_at < $1)";
pub(crate) const FORGET: &str = "DELETE FROM sessions WHERE expires_at < $1";
pub(crate) const QUERIES: &[&str] = &[
    ADD,
    WITH_PERSON,
    OF_PERSON,
    PROVE,
    USE,
    END,
    END_ALL,
    ADD_TOKEN,
    TOKEN,
    USE_TOKEN,
    ADD_DEVICE,
    DEVICE,
    USE_DEVICE,
    FORGET_DEVICES,
    KEEP_NEWEST_DEVICES,
    FORGET_TOKENS,
    FORGET,
];

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: String,
    /// Whose it is.
    pub person: PersonId,
    /// What the program of the person calls itself.
    pub user_agent: String,
    /// The address it was begun from.
    pub address: String,
    /// Whether it was begun with a second factor.
    pub with_second_factor: bool,
    /// When it was begun.
    pub created_at: Moment,
    /// When the person last showed what they sign in with.
    pub proved_at: Moment,
    /// When it was last begun or refreshed.
    pub used_at: Moment,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// When it was ended, and why.
    pub ended: Option<(Moment, String)>,
}

impl Session {
    /// Whether it goes on at a moment.
    pub fn is_alive(&self, at: Moment) -> bool {
        self.ended.is_none() && at < self.expires_at
    }
}

/// The columns of a session.
const SESSION_COLUMNS: usize = 11;

fn read(row: &Row<'_>) -> Result<Session, StoreError> {
    let moment = |place: usize| row.int(place).map(Moment::from_unix_micros);
    let ended = match (row.opt_int(9)?, row.opt_text(10)?) {
        (Some(at), Some(reason)) => Some((Moment::from_unix_micros(at), reason.to_owned())),
        _ => None,
    };
    Ok(Session {
        id: row.text(0)?.to_owned(),
        person: PersonId(row.int(1)?),
        user_agent: row.text(2)?.to_owned(),
        address: row.text(3)?.to_owned(),
        with_second_factor: row.int(4)? == 1,
        created_at: moment(5)?,
        proved_at: moment(6)?,
        used_at: moment(7)?,
        expires_at: moment(8)?,
        ended,
    })
}

/// Adds a session; it is proved and used when it is created.
pub fn add(tx: &mut Tx<'_>, session: &Session) -> Result<(), StoreError> {
    let params = [
        session.id.as_str().into(),
        session.person.0.into(),
        session.user_agent.as_str().into(),
        session.address.as_str().into(),
        session.with_second_factor.into(),
        session.created_at.unix_micros().into(),
        session.expires_at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// A session with its person.
pub fn with_person(tx: &mut Tx<'_>, id: &str) -> Result<Option<(Session, Person)>, StoreError> {
    tx.find(WITH_PERSON, &[id.into()], |row| Ok((read(row)?, people::read(row, SESSION_COLUMNS)?)))
}

/// Which sessions of a person a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The last one of the page before: when it was begun, and its id.
    pub after: Option<(Moment, String)>,
    /// Only those alive at this moment.
    pub alive_at: Option<Moment>,
    /// How many at most.
    pub limit: i64,
}

/// The sessions of a person, the newest first.
pub fn of_person(
    tx: &mut Tx<'_>,
    person: PersonId,
    listed: &Listed,
) -> Result<Vec<Session>, StoreError> {
    let (begun, id) = match &listed.after {
        Some((begun, id)) => (begun.unix_micros(), id.as_str()),
        None => (i64::MAX, ""),
    };
    let params = [
        person.0.into(),
        begun.into(),
        id.into(),
        listed.alive_at.is_some().into(),
        listed.alive_at.map_or(0, Moment::unix_micros).into(),
        listed.limit.into(),
    ];
    tx.list(OF_PERSON, &params, read)
}

/// Notes that the person has shown what they sign in with; `false` when the session has ended.
pub fn prove(tx: &mut Tx<'_>, id: &str, at: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(PROVE, &[id.into(), at.unix_micros().into()])? == 1)
}

/// Notes a use; `false` when the session does not go on.
pub fn note_use(tx: &mut Tx<'_>, id: &str, at: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(USE, &[id.into(), at.unix_micros().into()])? == 1)
}

/// Ends a session of a person; `false` when they have no such session that goes on.
pub fn end(
    tx: &mut Tx<'_>,
    id: &str,
    person: PersonId,
    reason: &str,
    at: Moment,
) -> Result<bool, StoreError> {
    let params = [id.into(), person.0.into(), at.unix_micros().into(), reason.into()];
    Ok(tx.execute(END, &params)? == 1)
}

/// Ends all sessions of a person, but for one that may stay; says how many.
pub fn end_all(
    tx: &mut Tx<'_>,
    person: PersonId,
    but: Option<&str>,
    reason: &str,
    at: Moment,
) -> Result<u64, StoreError> {
    let params =
        [person.0.into(), but.unwrap_or("").into(), at.unix_micros().into(), reason.into()];
    tx.execute(END_ALL, &params)
}

/// A refresh token as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its session.
    pub session: String,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// Whether it was used.
    pub used: bool,
}

/// Adds a refresh token to a session.
pub fn add_token(
    tx: &mut Tx<'_>,
    hash: &str,
    session: &str,
    at: Moment,
    expires_at: Moment,
) -> Result<(), StoreError> {
    let (at, expires_at) = (at.unix_micros().into(), expires_at.unix_micros().into());
    tx.execute(ADD_TOKEN, &[hash.into(), session.into(), at, expires_at]).map(|_| ())
}

/// The refresh token of a hash.
pub fn token(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Token>, StoreError> {
    tx.find(TOKEN, &[hash.into()], |row| {
        Ok(Token {
            session: row.text(0)?.to_owned(),
            expires_at: Moment::from_unix_micros(row.int(1)?),
            used: row.opt_int(2)?.is_some(),
        })
    })
}

/// Uses a refresh token; `false` when it was used before.
pub fn use_token(tx: &mut Tx<'_>, hash: &str, at: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_TOKEN, &[hash.into(), at.unix_micros().into()])? == 1)
}

/// Adds a device on which a person has signed in, and forgets all but the `most` last used.
pub fn add_device(
    tx: &mut Tx<'_>,
    hash: &str,
    person: PersonId,
    at: Moment,
    most: i64,
) -> Result<(), StoreError> {
    tx.execute(ADD_DEVICE, &[hash.into(), person.0.into(), at.unix_micros().into()])?;
    tx.execute(KEEP_NEWEST_DEVICES, &[person.0.into(), most.into()]).map(|_| ())
}

/// Since when a device is known as one of a person.
pub fn device(tx: &mut Tx<'_>, hash: &str, person: PersonId) -> Result<Option<Moment>, StoreError> {
    let params = [hash.into(), person.0.into()];
    tx.find(DEVICE, &params, |row| row.int(0).map(Moment::from_unix_micros))
}

/// Notes the use of a device.
pub fn note_device(tx: &mut Tx<'_>, hash: &str, at: Moment) -> Result<(), StoreError> {
    tx.execute(USE_DEVICE, &[hash.into(), at.unix_micros().into()]).map(|_| ())
}

/// Forgets the devices of a person.
pub fn forget_devices(tx: &mut Tx<'_>, person: PersonId) -> Result<u64, StoreError> {
    tx.execute(FORGET_DEVICES, &[person.0.into()])
}

/// Removes sessions that ended by themselves before a moment, with their tokens.
pub fn forget(tx: &mut Tx<'_>, before: Moment) -> Result<u64, StoreError> {
    let before = [before.unix_micros().into()];
    tx.execute(FORGET_TOKENS, &before)?;
    tx.execute(FORGET, &before)
}
