//! Finding rows of the audit trail, the newest first.
//!
//! It deliberately has a text for each way in: by record, by person, and by time for all else. A
//! table or an action alone is looked for among the rows of the time asked for.

use super::Actor;
use crate::db::{StoreError, Tx, Value};
use domain::access::Role;
use domain::audit::SealedRow;
use domain::calendar::Moment;
use domain::ids::PersonId;
use std::fmt;

/// The columns that `read` reads.
macro_rules! columns {
    () => {
        "id, at, actor, person_id, role, request_id, action, table_name, record, before, after, \
         changed"
    };
}
pub(super) use columns;

/// What every search asks: a time, a place in the order, and what is named.
macro_rules! asked {
    () => {
        "at >= $1 AND at < $2 AND (at, id) < ($3, $4) \
         AND (CAST($5 AS TEXT) IS NULL OR action = $5) \
         AND (CAST($6 AS TEXT) IS NULL OR table_name = $6)"
    };
}

pub(super) const BY_TIME: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE ",
    asked!(),
    " ORDER BY at DESC, id DESC LIMIT $7"
);
pub(super) const BY_PERSON: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE person_id = $8 AND ",
    asked!(),
    " ORDER BY at DESC, id DESC LIMIT $7"
);
pub(super) const BY_RECORD: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE table_name = $9 AND record = $10 \
     AND (CAST($8 AS BIGINT) IS NULL OR person_id = $8) AND ",
    asked!(),
    " ORDER BY at DESC, id DESC LIMIT $7"
);
pub(super) const QUERIES: &[&str] = &[BY_TIME, BY_PERSON, BY_RECORD];

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// When the work was begun.
    pub at: Moment,
    /// The person or program.
    pub actor: String,
    /// The person who had signed in.
    pub person: Option<PersonId>,
    /// What the person was in the business, as it was written.
    pub role: Option<String>,
    /// The request over HTTP.
    pub request: Option<String>,
    /// What was done.
    pub action: String,
    /// The table it was done to.
    pub table: String,
    /// The record, by the name people use.
    pub record: String,
    /// The facts before, as JSON.
    pub before: Option<String>,
    /// The facts after, as JSON.
    pub after: Option<String>,
    /// The names of the facts that differ, with blanks between.
    pub changed: Option<String>,
}

impl Row {
    /// Who did it, when, and at whose request.
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.actor.clone(),
            at: self.at,
            person: self.person,
            role: self.role.as_deref().and_then(Role::from_name),
            request: self.request.clone(),
        }
    }

    /// The place of the row in the order of searches.
    pub const fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }
}

/// Reads a row without taking it over.
pub(super) fn borrowed<'r>(row: &'r crate::db::Row<'_>) -> Result<SealedRow<'r>, StoreError> {
    Ok(SealedRow {
        id: row.int(0)?,
        at: Moment::from_unix_micros(row.int(1)?),
        actor: row.text(2)?,
        person_id: row.opt_int(3)?,
        role: row.opt_text(4)?,
        request_id: row.opt_text(5)?,
        action: row.text(6)?,
        table_name: row.text(7)?,
        record: row.text(8)?,
        before: row.opt_text(9)?,
        after: row.opt_text(10)?,
        changed: row.opt_text(11)?,
    })
}

fn read(row: &crate::db::Row<'_>) -> Result<Row, StoreError> {
    let row = borrowed(row)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(Row {
        id: row.id,
        at: row.at,
        actor: row.actor.to_owned(),
        person: row.person_id.map(PersonId),
        role: owned(row.role),
        request: owned(row.request_id),
        action: row.action.to_owned(),
        table: row.table_name.to_owned(),
        record: row.record.to_owned(),
        before: owned(row.before),
        after: owned(row.after),
        changed: owned(row.changed),
    })
}

/// A place in the order of searches; what follows it is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the work was begun.
    pub at: Moment,
    /// The row.
    pub id: i64,
}

/// Microseconds and id, with a dot between.
impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.at.unix_micros(), self.id)
    }
}

/// Which rows are looked for. What is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this table.
    pub table: Option<String>,
    /// About this record of the table; without a table it is not looked at.
    pub record: Option<String>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of this action.
    pub action: Option<String>,
    /// Not before this moment.
    pub from: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
}

/// At most so many rows, the newest first, after a place in that order.
pub fn search(
    tx: &mut Tx<'_>,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let until = filter.until.map_or(i64::MAX, Moment::unix_micros);
    let (at, id) = after.map_or((i64::MAX, i64::MAX), |place| (place.at.unix_micros(), place.id));
    let table = filter.table.as_deref();
    let person = filter.person.map(|person| person.0);
    let asked: [Value<'_>; 7] = [
        filter.from.map_or(i64::MIN, Moment::unix_micros).into(),
        until.into(),
        at.into(),
        id.into(),
        filter.action.as_deref().into(),
        table.into(),
        i64::from(limit).into(),
    ];
    match (table, filter.record.as_deref(), person) {
        (Some(table), Some(record), person) => {
            let more: [Value<'_>; 3] = [person.into(), table.into(), record.into()];
            tx.list(BY_RECORD, &[&asked[..], &more].concat(), read)
        }
        (_, _, Some(person)) => tx.list(BY_PERSON, &[&asked[..], &[person.into()]].concat(), read),
        _ => tx.list(BY_TIME, &asked, read),
    }
}
