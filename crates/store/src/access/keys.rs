//! Keys of programs.
//!
//! It deliberately knows a key by its hash; only its first characters are kept readable.

use super::Page;
use super::people::{self, Person, columns};
use crate::db::{Row, StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::PersonId;

pub(crate) const ADD: &str = "INSERT INTO api_keys (id, name, person_id, shown_prefix, key_hash, \
     scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const BY_HASH: &str = concat!(
    "SELECT k.id, k.name, k.person_id, k.shown_prefix, k.scopes, k.created_at, k.expires_at, \
     k.used_at, k.revoked_at, k.version, ",
    columns!(),
    " FROM api_keys k JOIN people p ON p.id = k.person_id WHERE k.key_hash = $1"
);
pub(crate) const BY_ID: &str = "SELECT id, name, person_id, shown_prefix, scopes, created_at, \
     expires_at, used_at, revoked_at, version FROM api_keys WHERE id = $1";
pub(crate) const LIST: &str = "SELECT id, name, person_id, shown_prefix, scopes, created_at, \
     expires_at, used_at, revoked_at, version FROM api_keys WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const OF_PERSON: &str = "SELECT id, name, person_id, shown_prefix, scopes, \
     created_at, expires_at, used_at, revoked_at, version FROM api_keys \
     WHERE person_id = $3 AND id > $1 ORDER BY id LIMIT $2";
pub(crate) const USABLE: &str = "SELECT COUNT(*) FROM api_keys WHERE person_id = $1 \
     AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
pub(crate) const REVOKE: &str = "UPDATE api_keys SET revoked_at = $2, version = version + 1 \
     WHERE id = $1 AND revoked_at IS NULL";
pub(crate) const USE: &str = "UPDATE api_keys SET used_at = $2 \
     WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)";
pub(crate) const QUERIES: &[&str] = &[ADD, BY_HASH, BY_ID, LIST, OF_PERSON, USABLE, REVOKE, USE];

/// A key of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The id; 0 for one that is not kept yet.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Whose permissions it has at most.
    pub person: PersonId,
    /// Its first characters.
    pub shown_prefix: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// When it was made.
    pub created_at: Moment,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
    /// When it was last used, to the minute.
    pub used_at: Option<Moment>,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
    /// Counts the changes.
    pub version: i64,
}

impl Key {
    /// Whether it can be used at a moment.
    pub fn is_usable(&self, at: Moment) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| at < end)
    }
}

/// The columns of a key.
const KEY_COLUMNS: usize = 10;

fn read(row: &Row<'_>) -> Result<Key, StoreError> {
    let moment = |place: usize| Ok(row.opt_int(place)?.map(Moment::from_unix_micros));
    // A permission that this program no longer knows is not given.
    let scopes = row.text(4)?.split(' ').filter_map(Permission::from_name).collect();
    Ok(Key {
        id: row.int(0)?,
        name: row.text(1)?.to_owned(),
        person: PersonId(row.int(2)?),
        shown_prefix: row.text(3)?.to_owned(),
        scopes,
        created_at: Moment::from_unix_micros(row.int(5)?),
        expires_at: moment(6)?,
        used_at: moment(7)?,
        revoked_at: moment(8)?,
        version: row.int(9)?,
    })
}

/// Adds a key of a hash and returns its id.
pub fn add(tx: &mut Tx<'_>, key: &Key, hash: &str) -> Result<i64, StoreError> {
    let id = allot(tx, Counter::ApiKeys, 1)?;
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let scopes = scopes.join(" ");
    let params = [
        id.into(),
        key.name.as_str().into(),
        key.person.0.into(),
        key.shown_prefix.as_str().into(),
        hash.into(),
        scopes.as_str().into(),
        key.created_at.unix_micros().into(),
        key.expires_at.map(Moment::unix_micros).into(),
    ];
    tx.execute(ADD, &params)?;
    Ok(id)
}

/// The key of a hash, with its person.
pub fn with_person(tx: &mut Tx<'_>, hash: &str) -> Result<Option<(Key, Person)>, StoreError> {
    tx.find(BY_HASH, &[hash.into()], |row| Ok((read(row)?, people::read(row, KEY_COLUMNS)?)))
}

/// The key of an id.
pub fn by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Key>, StoreError> {
    tx.find(BY_ID, &[id.into()], read)
}

/// A page of keys by id, of one person or all.
pub fn list(tx: &mut Tx<'_>, person: Option<PersonId>, page: Page) -> Result<Vec<Key>, StoreError> {
    let (after, limit) = (page.after.into(), page.limit.into());
    match person {
        None => tx.list(LIST, &[after, limit], read),
        Some(person) => tx.list(OF_PERSON, &[after, limit, person.0.into()], read),
    }
}

/// How many keys of a person can be used.
pub fn usable(tx: &mut Tx<'_>, person: PersonId, at: Moment) -> Result<i64, StoreError> {
    let params = [person.0.into(), at.unix_micros().into()];
    tx.find(USABLE, &params, |row| row.int(0)).map(Option::unwrap_or_default)
}

/// Revokes a key; `false` when it was revoked before.
pub fn revoke(tx: &mut Tx<'_>, id: i64, at: Moment) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, &[id.into(), at.unix_micros().into()])? == 1)
}

/// Notes a use, if the last one noted is not after a moment.
pub fn note_use(
    tx: &mut Tx<'_>,
    id: i64,
    at: Moment,
    unless_after: Moment,
) -> Result<bool, StoreError> {
    let params = [id.into(), at.unix_micros().into(), unless_after.unix_micros().into()];
    Ok(tx.execute(USE, &params)? == 1)
}
