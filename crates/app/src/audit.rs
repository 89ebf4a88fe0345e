//! The audit trail: rows from facts before and after, lists and reports of them, and the seals
//! over them.
//!
//! It deliberately does not choose what is traced; secrets and full phone numbers are kept out by
//! the use cases.

mod list;
mod report;
mod seal;

pub use list::{LIST_DEFAULT, LIST_MOST, Listed, Shape, between, list, parse_cursor, shape};
pub use report::{REPORT_COLUMNS, report};
pub use seal::{Sealed, seal};
pub use store::audit::{Cursor, Filter, Row};

use serde_json::Value;
use store::audit::Entry;

/// The row of one write: the facts before (none when the record is new) and after (none when it is
/// gone), each a JSON object.
pub(crate) fn entry(
    action: &'static str,
    table: &'static str,
    record: impl Into<String>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Entry {
    Entry {
        action,
        table,
        record: record.into(),
        before: before.map(Value::to_string),
        after: after.map(Value::to_string),
        changed: before.zip(after).map(|(before, after)| changed(before, after)),
    }
}

/// The names of the facts that differ, in order, with blanks between.
fn changed(before: &Value, after: &Value) -> String {
    let nothing = serde_json::Map::new();
    let (before, after) =
        (before.as_object().unwrap_or(&nothing), after.as_object().unwrap_or(&nothing));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let mut names: Vec<&str> = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, _)| name)
        .chain(gone)
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::entry;
    use serde_json::json;

    #[test]
    fn a_change_names_the_facts_that_differ() {
        let before = json!({ "name": "Asha", "route": "R1", "pincode": "380001" });
        let after = json!({ "name": "Asha", "route": "R2", "email": "a@b.in" });
        let change = entry("change", "customers", "C1", Some(&before), Some(&after));
        assert_eq!(change.changed.as_deref(), Some("email pincode route"));
        let same = entry("change", "customers", "C1", Some(&before), Some(&before));
        assert_eq!(same.changed.as_deref(), Some(""));
        let new = entry("add", "customers", "C1", None, Some(&after));
        assert_eq!((new.before, new.changed), (None, None));
        assert!(new.after.unwrap().contains("\"R2\""));
    }
}
