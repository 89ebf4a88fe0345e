//! People: who they are, and what they sign in with.
//!
//! It deliberately never removes a person: the audit trail names them.

use super::Page;
use crate::db::{Row, StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::access::Role;
use domain::calendar::Moment;
use domain::ids::{CustomerId, PersonId};

/// The columns of a person, in the order in which they are read.
macro_rules! columns {
    () => {
        "p.id, p.login, p.name, p.role, p.customer_id, p.state, p.password_hash, \
         p.password_is_initial, p.password_expires_at, p.totp_secret, p.totp_confirmed_at, \
         p.totp_last_step, p.sessions_from, p.created_at, p.updated_at, p.version, \
         (SELECT c.code FROM customers c WHERE c.id = p.customer_id)"
    };
}
pub(super) use columns;

pub(crate) const ADD: &str = "INSERT INTO people (id, login, name, role, customer_id, state, \
     password_hash, password_is_initial, password_expires_at, sessions_from, created_at, \
     updated_at) VALUES ($1, $2, $3, $4, $5, 'active', $6, 1, $7, $8, $8, $8) \
     ON CONFLICT (login) DO NOTHING";
pub(crate) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM people p WHERE p.id = $1");
pub(crate) const BY_LOGIN: &str =
    concat!("SELECT ", columns!(), " FROM people p WHERE p.login = $1");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM people p WHERE p.id > $1 AND (CAST($3 AS TEXT) IS NULL OR p.state = $3) \
     ORDER BY p.id LIMIT $2"
);
pub(crate) const LIST_OF_ROLE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM people p WHERE p.role = $4 AND p.id > $1 \
     AND (CAST($3 AS TEXT) IS NULL OR p.state = $3) ORDER BY p.id LIMIT $2"
);
pub(crate) const ACTIVE_OWNERS: &str =
    "SELECT COUNT(*) FROM people WHERE role = 'owner' AND state = 'active'";
// Changes nothing; whoever changes people takes turns at this row.
pub(crate) const IN_TURN: &str = "UPDATE counters SET next = next WHERE name = 'people'";
// Changes nothing; the person stays as read until the end of the transaction.
pub(crate) const HOLD: &str = "UPDATE people SET version = version \
     WHERE id = $1 AND state = 'active' AND password_hash = $2";
pub(crate) const CHANGE: &str = "UPDATE people SET name = $3, role = $4, customer_id = $5, \
     state = $6, updated_at = $7, version = version + 1 WHERE id = $1 AND version = $2";
pub(crate) const SET_PASSWORD: &str = "UPDATE people SET password_hash = $3, \
     password_is_initial = $4, password_expires_at = $5, updated_at = $6, version = version + 1 \
     WHERE id = $1 AND password_hash = $2";
pub(crate) const REHASH: &str =
    "UPDATE people SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
pub(crate) const SESSIONS_FROM: &str = "UPDATE people SET sessions_from = $2 WHERE id = $1";
pub(crate) const QUERIES: &[&str] = &[
    ADD,
    BY_ID,
    BY_LOGIN,
    LIST,
    LIST_OF_ROLE,
    ACTIVE_OWNERS,
    IN_TURN,
    HOLD,
    CHANGE,
    SET_PASSWORD,
    REHASH,
    SESSIONS_FROM,
];

/// A person as kept, with hashes; not for showing, and so without `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The login in its one form.
    pub login: String,
    /// The name.
    pub name: String,
    /// What the person is in the business.
    pub role: Role,
    /// The customer that the person is, for the role of customers.
    pub customer: Option<CustomerId>,
    /// The code of that customer.
    pub customer_code: Option<String>,
    /// Whether the person may sign in.
    pub active: bool,
    /// The hash of the password, a PHC string.
    pub password_hash: String,
    /// Whether the password was given by the program and must be changed.
    pub password_is_initial: bool,
    /// When an initial password ends.
    pub password_expires_at: Option<Moment>,
    /// The secret of the second factor, encrypted; there while it is being set up, and after.
    pub totp_secret: Option<String>,
    /// Since when the second factor is asked for.
    pub totp_confirmed_at: Option<Moment>,
    /// The time step of the last code that was used.
    pub totp_last_step: i64,
    /// What was issued before is void.
    pub sessions_from: Moment,
    /// When the person was added.
    pub created_at: Moment,
    /// When the person was last changed.
    pub updated_at: Moment,
    /// Counts the changes.
    pub version: i64,
}

impl Person {
    /// Whether a second factor is asked for.
    pub const fn has_second_factor(&self) -> bool {
        self.totp_confirmed_at.is_some()
    }
}

/// Reads a person whose columns begin at a place.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Person, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("people.{what}"));
    let moment = |place: usize| row.int(first + place).map(Moment::from_unix_micros);
    let opt_moment = |place: usize| Ok(row.opt_int(first + place)?.map(Moment::from_unix_micros));
    Ok(Person {
        id: PersonId(row.int(first)?),
        login: row.text(first + 1)?.to_owned(),
        name: row.text(first + 2)?.to_owned(),
        role: Role::from_name(row.text(first + 3)?).ok_or_else(|| wrong("role"))?,
        customer: row.opt_int(first + 4)?.map(CustomerId),
        active: row.text(first + 5)? == ACTIVE,
        password_hash: row.text(first + 6)?.to_owned(),
        password_is_initial: row.int(first + 7)? == 1,
        password_expires_at: opt_moment(8)?,
        totp_secret: row.opt_text(first + 9)?.map(str::to_owned),
        totp_confirmed_at: opt_moment(10)?,
        totp_last_step: row.int(first + 11)?,
        sessions_from: moment(12)?,
        created_at: moment(13)?,
        updated_at: moment(14)?,
        version: row.int(first + 15)?,
        customer_code: row.opt_text(first + 16)?.map(str::to_owned),
    })
}

/// The state of people who may sign in.
const ACTIVE: &str = "active";

const fn state(active: bool) -> &'static str {
    if active { ACTIVE } else { "disabled" }
}

/// A person to be added, with an initial password.
pub struct NewPerson<'a> {
    /// The login in its one form.
    pub login: &'a str,
    /// The name.
    pub name: &'a str,
    /// What the person is in the business.
    pub role: Role,
    /// The customer that the person is, for the role of customers.
    pub customer: Option<CustomerId>,
    /// The hash of the initial password.
    pub password_hash: &'a str,
    /// When the initial password ends.
    pub password_expires_at: Moment,
}

/// Adds a person; `None` when somebody has the login already.
pub fn add(
    tx: &mut Tx<'_>,
    person: &NewPerson<'_>,
    at: Moment,
) -> Result<Option<PersonId>, StoreError> {
    let id = allot(tx, Counter::People, 1)?;
    let params = [
        id.into(),
        person.login.into(),
        person.name.into(),
        person.role.as_str().into(),
        person.customer.map(|customer| customer.0).into(),
        person.password_hash.into(),
        person.password_expires_at.unix_micros().into(),
        at.unix_micros().into(),
    ];
    Ok((tx.execute(ADD, &params)? == 1).then_some(PersonId(id)))
}

/// The person of an id.
pub fn by_id(tx: &mut Tx<'_>, id: PersonId) -> Result<Option<Person>, StoreError> {
    tx.find(BY_ID, &[id.0.into()], |row| read(row, 0))
}

/// The person of a login in its one form.
pub fn by_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<Person>, StoreError> {
    tx.find(BY_LOGIN, &[login.into()], |row| read(row, 0))
}

/// Which people a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of a role.
    pub role: Option<Role>,
    /// Only those who may sign in, or who may not.
    pub active: Option<bool>,
}

/// A page of people, by id.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, page: Page) -> Result<Vec<Person>, StoreError> {
    let (after, limit) = (page.after.into(), page.limit.into());
    let state = filter.active.map(state).into();
    match filter.role {
        None => tx.list(LIST, &[after, limit, state], |row| read(row, 0)),
        Some(role) => {
            let params = [after, limit, state, role.as_str().into()];
            tx.list(LIST_OF_ROLE, &params, |row| read(row, 0))
        }
    }
}

/// How many owners may sign in.
pub fn active_owners(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.find(ACTIVE_OWNERS, &[], |row| row.int(0)).map(Option::unwrap_or_default)
}

/// Waits for its turn to change who people are; others wait until the end of the transaction.
pub fn in_turn(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(IN_TURN, &[]).map(|_| ())
}

/// Holds a person until the end of the transaction, if active and still of this password.
pub fn hold(tx: &mut Tx<'_>, id: PersonId, password_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(HOLD, &[id.0.into(), password_hash.into()])? == 1)
}

/// What may be changed of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// What the person is in the business.
    pub role: Role,
    /// The customer that the person is, for the role of customers.
    pub customer: Option<CustomerId>,
    /// Whether the person may sign in.
    pub active: bool,
}

/// Changes a person of a version; `false` when the version is no longer the present one.
pub fn change(
    tx: &mut Tx<'_>,
    id: PersonId,
    version: i64,
    profile: &Profile,
    at: Moment,
) -> Result<bool, StoreError> {
    let params = [
        id.0.into(),
        version.into(),
        profile.name.as_str().into(),
        profile.role.as_str().into(),
        profile.customer.map(|customer| customer.0).into(),
        state(profile.active).into(),
        at.unix_micros().into(),
    ];
    Ok(tx.execute(CHANGE, &params)? == 1)
}

/// A password to be kept.
pub struct NewPassword<'a> {
    /// Its hash.
    pub hash: &'a str,
    /// When it ends, for one that was given by the program and must be changed.
    pub initial_until: Option<Moment>,
}

/// Replaces the password of a person; `false` when it is no longer the one of `before`.
pub fn set_password(
    tx: &mut Tx<'_>,
    id: PersonId,
    before: &str,
    password: &NewPassword<'_>,
    at: Moment,
) -> Result<bool, StoreError> {
    let params = [
        id.0.into(),
        before.into(),
        password.hash.into(),
        password.initial_until.is_some().into(),
        password.initial_until.map(Moment::unix_micros).into(),
        at.unix_micros().into(),
    ];
    Ok(tx.execute(SET_PASSWORD, &params)? == 1)
}

/// Keeps a stronger hash of the same password.
pub fn rehash(tx: &mut Tx<'_>, id: PersonId, before: &str, hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(REHASH, &[id.0.into(), before.into(), hash.into()])? == 1)
}

/// Makes everything void that was issued to a person before a moment.
pub fn void_before(tx: &mut Tx<'_>, id: PersonId, at: Moment) -> Result<(), StoreError> {
    tx.execute(SESSIONS_FROM, &[id.0.into(), at.unix_micros().into()]).map(|_| ())
}
