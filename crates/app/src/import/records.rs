//! Records that a program sends one by one or in small lists, taken by the same rules as files.
//!
//! It deliberately has no rules of its own: a record becomes a row, and what is wrong with a row
//! is said about the record.

use super::{BadFile, Kind, Tally, columns_of, import_sent};
use crate::{Actor, AppError, Invalid};
use std::io::Cursor;
use store::Tx;

/// The fields of a record by the names of their columns; what is absent is blank.
pub type Record = Vec<(&'static str, Option<String>)>;

/// Takes records, all or none. `at` is where the list of records stands in what was sent, such as
/// `#/deliveries`, or nothing when there is one record which is all of it.
pub fn import_records(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: Kind,
    records: &[Record],
    at: Option<&str>,
) -> Result<(i64, Tally), AppError> {
    let columns: Vec<&str> = columns_of(kind).iter().map(|column| column.name).collect();
    let mut text = columns.join(",");
    text.push('\n');
    let mut lines = Vec::with_capacity(records.len());
    let mut line = 2;
    for record in records {
        lines.push(line);
        let row = row(&columns, record);
        line += row.matches('\n').count() as u64;
        text.push_str(&row);
    }
    let name = format!("api.{}", kind.as_str());
    import_sent(tx, actor, kind, &name, Box::new(Cursor::new(text.into_bytes()))).map_err(|error| {
        match error {
            AppError::BadFile(bad) => AppError::Invalid(placed(&bad, &columns, &lines, at)),
            other => other,
        }
    })
}

fn row(columns: &[&str], record: &Record) -> String {
    let field = |column: &&str| {
        let found = record.iter().find(|(name, _)| name == column);
        let text = found.and_then(|(_, value)| value.as_deref()).unwrap_or("");
        // A carriage return would be a line end of its own.
        format!("\"{}\"", text.replace('"', "\"\"").replace('\r', " "))
    };
    let fields: Vec<String> = columns.iter().map(field).collect();
    format!("{}\n", fields.join(","))
}

/// What is wrong with rows, said about records.
fn placed(bad: &BadFile, columns: &[&str], lines: &[u64], at: Option<&str>) -> Invalid {
    let mut invalid = Invalid::new();
    for row in &bad.rows {
        let record = lines.partition_point(|line| *line <= row.line).saturating_sub(1);
        let mut pointer = at.map_or_else(|| "#".to_owned(), |list| format!("{list}/{record}"));
        if let Some(column) = row.column.checked_sub(1).and_then(|place| columns.get(place)) {
            pointer.push_str(&format!("/{column}"));
        }
        invalid.add(pointer, row.what.as_str());
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::{BadFile, placed, row};
    use crate::import::BadRow;

    #[test]
    fn records_become_rows() {
        let record = vec![
            ("b", Some("say \"hi\",\nthere".to_owned())),
            ("c", None),
            ("a", Some("1".to_owned())),
        ];
        assert_eq!(row(&["a", "b", "c"], &record), "\"1\",\"say \"\"hi\"\",\nthere\",\"\"\n");
    }

    #[test]
    fn what_is_wrong_is_said_about_the_record() {
        let wrong = |line, column| BadRow { line, column, what: "no".to_owned() };
        let rows = vec![wrong(2, 1), wrong(4, 2), wrong(5, 0)];
        let bad = BadFile { file: "api".to_owned(), rows, more: false };
        // The first record takes the lines 2 and 3.
        let invalid = placed(&bad, &["sku", "name"], &[2, 4, 5], Some("#/list"));
        let pointers: Vec<&str> = invalid.parts().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["#/list/0/sku", "#/list/1/name", "#/list/2"]);
        let alone = placed(&bad, &["sku", "name"], &[2], None);
        assert_eq!(alone.parts().next().unwrap().0, "#/sku");
    }
}
