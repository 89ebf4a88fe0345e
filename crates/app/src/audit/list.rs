//! Listing the audit trail in pages, the newest rows first, and the shape in which rows leave the
//! program as JSON.
//!
//! It deliberately has no total: counting all rows would read all rows.

use super::{Cursor, Filter, Row};
use crate::{AppError, Invalid};
use domain::calendar::{Day, Moment};
use serde::Serialize;
use serde_json::Value;
use store::{Store, audit};
use utoipa::ToSchema;

/// Rows of a page when nothing is said.
pub const LIST_DEFAULT: u32 = 50;
/// Rows of a page at most.
pub const LIST_MOST: u32 = 1_000;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The rows, the newest first.
    pub rows: Vec<Row>,
    /// Where the next page begins; absent on the last page.
    pub next: Option<Cursor>,
}

/// A page of the rows that a filter asks for. At most `LIST_MOST` rows are given.
pub fn list(
    store: &Store,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Listed, AppError> {
    check(filter)?;
    let limit = limit.clamp(1, LIST_MOST);
    store.read(|tx| {
        // One more than asked for tells whether there is a next page.
        let mut rows = audit::search(tx, filter, after, limit + 1)?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(Row::cursor);
        Ok(Listed { rows, next })
    })
}

/// The moments from the beginning of one day in India to the end of another, for a filter.
pub fn between(from: Option<Day>, to: Option<Day>) -> (Option<Moment>, Option<Moment>) {
    let midnight = |day: Day| Moment::parse(&format!("{day}T00:00:00+05:30"));
    // The last day of the calendar has no day after it, and no end is needed.
    let after = to.map(|day| day.plus_days(1)).filter(|after| Some(*after) != to);
    (from.and_then(midnight), after.and_then(midnight))
}

/// A record alone is not asked for: the same code may be a customer's and a product's.
pub(super) fn check(filter: &Filter) -> Result<(), AppError> {
    if filter.record.is_some() && filter.table.is_none() {
        let detail = "expected the table of the record as well, such as customers";
        return Err(AppError::Invalid(Invalid::one("#/table", detail)));
    }
    Ok(())
}

/// Reads the text of a cursor: the moment in microseconds and the id, with a dot between.
pub fn parse_cursor(text: &str) -> Result<Cursor, AppError> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    let (at, id) = read.ok_or_else(|| {
        AppError::Invalid(Invalid::one("#/cursor", "expected the next of the page before"))
    })?;
    Ok(Cursor { at: Moment::from_unix_micros(at), id })
}

/// A row as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRow)]
pub struct Shape {
    /// Its id.
    pub id: i64,
    /// When the work was begun, RFC 3339 in Indian time.
    pub at: String,
    /// The person or program.
    pub actor: String,
    /// What the person was in the business.
    #[schema(required)]
    pub role: Option<String>,
    /// The person who had signed in.
    #[schema(required)]
    pub person: Option<i64>,
    /// What was done.
    pub action: String,
    /// The table it was done to.
    pub table: String,
    /// The record.
    pub record: String,
    /// The names of the facts that differ.
    #[schema(required)]
    pub changed: Option<Vec<String>>,
    /// The facts before.
    #[schema(required)]
    pub before: Option<Value>,
    /// The facts after.
    #[schema(required)]
    pub after: Option<Value>,
    /// The request over HTTP.
    #[schema(required)]
    pub request_id: Option<String>,
}

/// The shape of a row.
pub fn shape(row: &Row) -> Shape {
    // Facts that are no JSON, such as those of a program before this one, are shown as a text.
    let facts = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)))
    };
    let names = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Shape {
        id: row.id,
        at: row.at.rfc3339(),
        actor: row.actor.clone(),
        role: row.role.clone(),
        person: row.person.map(|person| person.0),
        action: row.action.clone(),
        table: row.table.clone(),
        record: row.record.clone(),
        changed: row.changed.as_deref().map(names),
        before: facts(&row.before),
        after: facts(&row.after),
        request_id: row.request.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{between, parse_cursor};
    use domain::calendar::{Day, Moment};

    #[test]
    fn days_are_whole_and_indian() {
        let day = |text| Some(Day::parse(text).unwrap());
        let moment = |text: &str| Some(Moment::parse(text).unwrap());
        let (from, until) = between(day("2026-02-27"), day("2026-02-28"));
        assert_eq!(from, moment("2026-02-26T18:30:00Z"));
        assert_eq!(until, moment("2026-02-28T18:30:00Z"));
        assert_eq!(between(None, day("9999-12-31")), (None, None));
    }

    #[test]
    fn a_cursor_is_read_as_it_is_shown() {
        let cursor = parse_cursor("1795241625629684.17").unwrap();
        assert_eq!(cursor.at, Moment::from_unix_micros(1_795_241_625_629_684));
        assert_eq!(cursor.id, 17);
        assert_eq!(cursor.to_string(), "1795241625629684.17");
        for wrong in ["", "17", "a.b", "1.", "1.2.3", "1.9999999999999999999", "' OR 1=1"] {
            assert_eq!(parse_cursor(wrong).unwrap_err().code(), "invalid", "{wrong}");
        }
    }
}
