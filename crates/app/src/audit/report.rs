//! The audit trail as CSV (RFC 4180), the newest rows first.
//!
//! It deliberately writes facts as they are kept, as JSON in one field, and reads in pages, so that
//! a slow reader holds no transaction open.

use super::list::check;
use super::{Filter, Row};
use crate::{AppError, csv};
use std::io::{self, Write};
use store::{Store, audit};

/// The columns. `at` is RFC 3339 in Indian time, `changed` names with blanks between.
pub const REPORT_COLUMNS: [&str; 12] = [
    "id",
    "at",
    "actor",
    "role",
    "person",
    "action",
    "table",
    "record",
    "changed",
    "before",
    "after",
    "request_id",
];

/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 1_000;

/// Writes all rows that a filter asks for; how many there were.
pub fn report(store: &Store, filter: &Filter, out: &mut dyn Write) -> Result<u64, AppError> {
    check(filter)?;
    line(out, REPORT_COLUMNS).map_err(|error| failed(&error))?;
    let (mut after, mut count) = (None, 0);
    loop {
        let page =
            store.read(|tx| Ok::<_, AppError>(audit::search(tx, filter, after, ROWS_PER_PAGE)?))?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.cursor());
        count += page.len() as u64;
        for row in &page {
            write_row(out, row).map_err(|error| failed(&error))?;
        }
    }
}

fn failed(error: &io::Error) -> AppError {
    AppError::Output(error.to_string())
}

fn write_row(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let (id, at) = (row.id.to_string(), row.at.rfc3339());
    let person = number(row.person.map(|person| person.0));
    let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    line(
        out,
        [
            id.as_str(),
            &at,
            &row.actor,
            &text(&row.role),
            &person,
            &row.action,
            &row.table,
            &row.record,
            &text(&row.changed),
            &text(&row.before),
            &text(&row.after),
            &text(&row.request),
        ],
    )
}

fn line(out: &mut dyn Write, fields: [&str; REPORT_COLUMNS.len()]) -> io::Result<()> {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        out.write_all(csv::field(field).as_bytes())?;
    }
    out.write_all(b"\n")
}
