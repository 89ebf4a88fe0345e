//! The audit trail: one row per write of consequence, in its transaction, never changed.
//!
//! It deliberately holds no secrets and no full phone numbers.

mod seals;
mod search;

pub use seals::{add_seal, allot_seal, last_seal, next_ids, rows_between, seals_after};
pub use search::{Cursor, Filter, Row, search};

use crate::db::{Insert, StoreError, Tx};
use crate::imports;
use domain::access::Role;
use domain::calendar::Moment;
use domain::ids::PersonId;

/// Who does something, when, and at whose request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person or program.
    pub name: String,
    /// The moment the work was begun.
    pub at: Moment,
    /// The person, when one has signed in.
    pub person: Option<PersonId>,
    /// What the person is in the business.
    pub role: Option<Role>,
    /// The request over HTTP that asked for it.
    pub request: Option<String>,
}

impl Actor {
    /// A command or a program that works by itself.
    pub fn program(name: impl Into<String>, at: Moment) -> Self {
        Self { name: name.into(), at, person: None, role: None, request: None }
    }
}

/// One write of consequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done, such as `issue`.
    pub action: &'static str,
    /// The table it was done to.
    pub table: &'static str,
    /// The record, by the name people use.
    pub record: String,
    /// The facts before, as JSON.
    pub before: Option<String>,
    /// The facts after, as JSON.
    pub after: Option<String>,
    /// The names of the facts that differ, with blanks between.
    pub changed: Option<String>,
}

const INSERT: Insert = Insert {
    table: "audit",
    columns: &[
        "id",
        "at",
        "actor",
        "person_id",
        "role",
        "request_id",
        "action",
        "table_name",
        "record",
        "before",
        "after",
        "changed",
    ],
};
pub(crate) const OF_RECORD: &str = "SELECT at, actor, person_id, role, request_id, action, before, \
     after FROM audit \
     WHERE table_name = $1 AND record = $2 ORDER BY id";
pub(crate) const QUERIES: &[&[&str]] = &[&[OF_RECORD], search::QUERIES, seals::QUERIES];

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Who and when.
    pub actor: Actor,
    /// What was done.
    pub action: String,
    /// The facts before, as JSON.
    pub before: Option<String>,
    /// The facts after, as JSON.
    pub after: Option<String>,
}

/// Writes entries.
pub fn write(tx: &mut Tx<'_>, actor: &Actor, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let first = imports::allot(tx, imports::Counter::Audit, entries.len())?;
    add(tx, first, actor, entries)
}

/// Adds entries under consecutive ids.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    first: i64,
    actor: &Actor,
    entries: &[Entry],
) -> Result<(), StoreError> {
    let rows = entries.iter().zip(first..).map(|(entry, id)| {
        [
            id.into(),
            actor.at.unix_micros().into(),
            actor.name.as_str().into(),
            actor.person.map(|person| person.0).into(),
            actor.role.map(Role::as_str).into(),
            actor.request.as_deref().into(),
            entry.action.into(),
            entry.table.into(),
            entry.record.as_str().into(),
            entry.before.as_deref().into(),
            entry.after.as_deref().into(),
            entry.changed.as_deref().into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// All entries about one record, in order.
pub fn of_record(tx: &mut Tx<'_>, table: &str, record: &str) -> Result<Vec<Kept>, StoreError> {
    tx.list(OF_RECORD, &[table.into(), record.into()], |row| {
        Ok(Kept {
            actor: Actor {
                at: Moment::from_unix_micros(row.int(0)?),
                name: row.text(1)?.to_owned(),
                person: row.opt_int(2)?.map(PersonId),
                role: row.opt_text(3)?.and_then(Role::from_name),
                request: row.opt_text(4)?.map(str::to_owned),
            },
            action: row.text(5)?.to_owned(),
            before: row.opt_text(6)?.map(str::to_owned),
            after: row.opt_text(7)?.map(str::to_owned),
        })
    })
}
