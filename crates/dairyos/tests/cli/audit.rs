//! `dairyos audit`: the trail as a table, JSON and CSV, and in parts.

use crate::kit::{Books, assert_help, assert_words, fields, list, run};
use serde_json::Value;
use std::path::Path;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    let options = [
        "--table", "--record", "--person", "--action", "--from", "--to", "--limit", "--cursor",
        "--json", "--csv",
    ];
    assert_help(&["audit", "list"], &options);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["audit", "list", "--record", "C-001"][..],
        &["audit", "list", "--from", "yesterday"],
        &["audit", "list", "--json", "--csv"],
        &["audit", "list", "--csv", "--limit", "5"],
        &["audit", "list", "--limit", "1001"],
        &["audit", "list", "--person", "meena"],
    ] {
        run(Path::new("."), args).misused();
    }
}

fn actions(answer: &Value) -> Vec<&str> {
    list(&answer["entries"]).iter().map(|row| row["action"].as_str().unwrap()).collect()
}

#[test]
fn the_trail_of_a_dairy_is_shown() {
    on_both(|database| {
        let books = Books::issued(database);
        let all = books.json(&["audit", "list"]);
        assert_eq!(fields(&all), ["entries", "next"]);
        assert!(all["next"].is_null());
        let rows = list(&all["entries"]);
        let first = rows.last().unwrap();
        let expected = [
            "action",
            "actor",
            "after",
            "at",
            "before",
            "changed",
            "id",
            "person",
            "record",
            "request_id",
            "role",
            "table",
        ];
        assert_eq!(fields(first), expected);
        assert_eq!((&first["actor"], &first["id"]), (&"meena".into(), &1.into()));
        assert!(first["at"].as_str().unwrap().ends_with("+05:30"));
        let bills = books.json(&["audit", "list", "--table", "bills", "--action", "issue"]);
        assert_eq!(actions(&bills), ["issue"; 3]);
        let record = ["audit", "list", "--table", "bills", "--record", "INV/24-25/000001"];
        let of_bill = books.json(&record);
        assert_eq!(actions(&of_bill), ["issue"]);
        let none = books.ok(&["audit", "list", "--person", "7"]);
        assert_eq!(none, "There are no such rows.\n");
        assert_eq!(actions(&books.json(&["audit", "list", "--to", "2024-01-01"])), [""; 0]);
        let today = books.json(&["audit", "list", "--from", "2024-01-01", "--limit", "1000"]);
        assert_eq!(list(&today["entries"]).len(), rows.len());
        let table = books.ok(&["audit", "list", "--limit", "2"]);
        assert_words(&table, &["At", "Actor", "meena", "--cursor "]);
        // Page after page, each row once.
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut args = vec!["audit", "list", "--limit", "3"];
            args.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]));
            let page = books.json(&args);
            seen.extend(list(&page["entries"]).iter().map(|row| row["id"].as_i64()));
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        let ids: Vec<_> = rows.iter().map(|row| row["id"].as_i64()).collect();
        assert_eq!(seen, ids);
        let (code, _) = books.error(&["audit", "list", "--cursor", "what?"]);
        assert_eq!(code, "invalid");
    });
}

#[test]
fn the_trail_is_exported() {
    on_both(|database| {
        let books = Books::issued(database);
        let rows = list(&books.json(&["audit", "list"])["entries"]).len();
        let csv = books.ok(&["audit", "list", "--csv"]);
        let mut lines = csv.lines();
        let header = "id,at,actor,role,person,action,table,record,changed,before,after,request_id";
        assert_eq!(lines.next(), Some(header));
        assert_eq!(lines.count(), rows);
        let csv = books.ok(&["audit", "list", "--csv", "--table", "bills", "--action", "issue"]);
        assert_words(&csv, &[",meena,,,issue,bills,INV/24-25/000002,"]);
        assert_eq!(csv.lines().count(), 4);
    });
}
