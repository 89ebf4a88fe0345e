//! Keys of programs: `dk_XXXXXXXX_` and 256 random bits. A key acts for a person, within its scopes
//! and within what the person's role may at the moment of each request.
//!
//! It deliberately shows a key once; the database knows its hash, people its first characters.

use super::{Caller, Page, clamped, later, opaque, people, sessions};
use crate::{Actor, AppError, Invalid, Random};
use domain::access::Permission;
use domain::calendar::Moment;
use domain::customers::check_name;
use domain::ids::PersonId;
use serde_json::{Value, json};
use store::access::keys as kept;
use store::access::people::{self as kept_people, Person};
use store::{Store, Tx, audit};

pub use store::access::keys::Key;

/// What every key begins with, so that one found in a file is known for what it is.
const MARK: &str = "dk_";
/// Letters that stay readable.
const SHOWN_LETTERS: usize = 8;
/// Characters of a whole key: the mark, the letters, `_`, and 32 bytes as base64url.
const KEY_CHARS: usize = 3 + SHOWN_LETTERS + 1 + 43;
/// Keys of one person that can be used at a time.
const MOST_KEYS: i64 = 20;
/// Seconds between two notes of a key's use.
const NOTE_SECS: i64 = 60;

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey<'a> {
    /// Whom it acts for.
    pub person: PersonId,
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Permission],
    /// When it ends by itself, if it does.
    pub expires_at: Option<Moment>,
}

/// A key that was made. The text is shown once; there is no `Debug`.
pub struct Made {
    /// The key as kept.
    pub key: Key,
    /// The whole key.
    pub text: String,
}

/// Makes a key for a person whom the actor may reach.
pub fn add(
    store: &Store,
    random: &dyn Random,
    actor: &Actor,
    new: &NewKey<'_>,
) -> Result<Made, AppError> {
    let letters = opaque::letters(random, SHOWN_LETTERS)?;
    let shown_prefix = format!("{MARK}{letters}");
    let text = format!("{shown_prefix}_{}", opaque::token(random)?);
    let hash = opaque::hash(&text);
    store.write(|tx| {
        // Two keys made at once count one after the other.
        kept_people::in_turn(tx)?;
        let person = people::reach(tx, actor, new.person)?;
        if !person.active {
            return Err(AppError::Conflict("the person is disabled".to_owned()));
        }
        let scopes = checked(new, person.role, actor.at)?;
        if kept::usable(tx, person.id, actor.at)? >= MOST_KEYS {
            let what = format!("the person has {MOST_KEYS} keys already; revoke one first");
            return Err(AppError::Conflict(what));
        }
        let mut key = Key {
            id: 0,
            name: new.name.trim().to_owned(),
            person: person.id,
            shown_prefix,
            scopes,
            created_at: actor.at,
            expires_at: new.expires_at,
            used_at: None,
            revoked_at: None,
            version: 1,
        };
        key.id = kept::add(tx, &key, &hash)?;
        trace(tx, actor, "add", None, &key)?;
        Ok(Made { key, text })
    })
}

/// The scopes of a key, each once, if everything about it is right.
fn checked(
    new: &NewKey<'_>,
    role: domain::access::Role,
    at: Moment,
) -> Result<Vec<Permission>, AppError> {
    let mut invalid = Invalid::new();
    invalid.take("#/name", check_name(new.name));
    if new.scopes.is_empty() {
        invalid.add("#/scopes", "expected at least one");
    }
    for (place, scope) in new.scopes.iter().enumerate() {
        if !scope.is_given_to(role) {
            let what = format!("the role {} does not have {}", role.as_str(), scope.as_str());
            invalid.add(format!("#/scopes/{place}"), what);
        }
    }
    if new.expires_at.is_some_and(|end| end <= at) {
        invalid.add("#/expires_at", "expected a moment to come");
    }
    invalid.check()?;
    let mut scopes = new.scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn facts(key: &Key) -> Value {
    json!({
        "name": key.name,
        "person": key.person.0,
        "prefix": key.shown_prefix,
        "scopes": key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "expires_at": key.expires_at.map(Moment::rfc3339),
        "revoked_at": key.revoked_at.map(Moment::rfc3339),
    })
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&Key>,
    after: &Key,
) -> Result<(), AppError> {
    let (id, before) = (after.id.to_string(), before.map(facts));
    let entry = crate::audit::entry(action, "api_keys", id, before.as_ref(), Some(&facts(after)));
    Ok(audit::write(tx, actor, &[entry])?)
}

/// Revokes a key of a person whom the actor may reach. Revoking it again changes nothing.
pub fn revoke(store: &Store, actor: &Actor, id: i64) -> Result<Key, AppError> {
    let none = || AppError::NotFound("there is no such key".to_owned());
    store.write(|tx| {
        let before = kept::by_id(tx, id)?.ok_or_else(none)?;
        people::reach(tx, actor, before.person)?;
        if kept::revoke(tx, id, actor.at)? {
            let after = kept::by_id(tx, id)?.ok_or_else(none)?;
            trace(tx, actor, "revoke", Some(&before), &after)?;
            return Ok(after);
        }
        kept::by_id(tx, id)?.ok_or_else(none)
    })
}

/// A page of keys by id, of one person or all.
pub fn list(store: &Store, person: Option<PersonId>, page: Page) -> Result<Vec<Key>, AppError> {
    Ok(store.read(|tx| kept::list(tx, person, clamped(page)))?)
}

/// Who asks with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The program, acting for its person.
    pub caller: Caller,
    /// Whether the use is to be noted by [`note_use`]: the last note is a minute old.
    pub note_use: bool,
}

/// Whether a text has the form of a key, and so is one or nothing.
pub fn is_key(text: &str) -> bool {
    text.starts_with(MARK)
}

/// A key and its person, as they are kept; not for showing, and so without `Debug`.
#[derive(Clone)]
pub struct Found {
    key: Key,
    person: Person,
}

/// What is kept of a key, whether it can be used or not.
pub fn find(tx: &mut Tx<'_>, key: &str) -> Result<Found, AppError> {
    if !is_key(key) || key.len() != KEY_CHARS {
        return Err(AppError::NotSignedIn);
    }
    let found = kept::with_person(tx, &opaque::hash(key))?;
    let (key, person) = found.ok_or(AppError::NotSignedIn)?;
    Ok(Found { key, person })
}

/// Who asks with a key at a moment; revoked and expired ones, and those of people who may not sign
/// in or have yet to change an initial password, get the answer of unknown ones.
pub fn judge(found: &Found, at: Moment) -> Result<Checked, AppError> {
    let Found { key, person } = found;
    if !key.is_usable(at) || !person.active || person.password_is_initial {
        return Err(AppError::NotSignedIn);
    }
    let caller = sessions::of_person(person);
    let note_use = key.used_at.is_none_or(|used| later(used, NOTE_SECS) <= at);
    let name = format!("{} by key {}", caller.name, key.shown_prefix);
    let scopes = Some(key.scopes.clone());
    Ok(Checked { caller: Caller { name, key: Some(key.id), scopes, ..caller }, note_use })
}

/// Both at once.
pub fn check(tx: &mut Tx<'_>, key: &str, at: Moment) -> Result<Checked, AppError> {
    judge(&find(tx, key)?, at)
}

/// Notes the use of a key, at most once a minute however often it is called.
pub fn note_use(store: &Store, key: i64, at: Moment) -> Result<(), AppError> {
    store.write(|tx| note_use_in(tx, key, at))
}

/// The same inside a transaction.
pub fn note_use_in(tx: &mut Tx<'_>, key: i64, at: Moment) -> Result<(), AppError> {
    kept::note_use(tx, key, at, later(at, -NOTE_SECS))?;
    Ok(())
}
