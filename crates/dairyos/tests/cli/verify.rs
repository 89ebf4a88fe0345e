//! `dairyos verify`: every invariant by name, and damage that is found and named.

use crate::kit::{Books, assert_help, assert_words, fields, list};
use serde_json::{Value, json};
use testkit::on_both;

const NAMES: [&str; 20] = [
    "bills_are_sums_of_lines",
    "line_arithmetic",
    "bill_content",
    "deliveries_make_lines",
    "unbilled_is_known",
    "numbers_gapless",
    "number_form",
    "ledger_balances",
    "bills_posted_once",
    "opening_balances_posted",
    "payments_allocated",
    "payments_posted",
    "payment_logs",
    "cash_handed_over",
    "entitlements",
    "issues_traced",
    "audit_chain",
    "audit_seals_in_order",
    "guards_present",
    "file_sound",
];

#[test]
fn help_names_every_option() {
    assert_help(&["verify"], &["--json"]);
}

#[test]
fn sound_books_are_clean_at_every_stage() {
    on_both(|database| {
        let books = Books::empty(database);
        for month in [None, Some("--dry-run"), Some("--json"), Some("--issue")] {
            let found = books.json(&["verify"]);
            assert_eq!(fields(&found), ["clean", "invariants"]);
            assert_eq!(found["clean"], true);
            let names: Vec<&Value> =
                list(&found["invariants"]).iter().map(|one| &one["name"]).collect();
            assert_eq!(names, NAMES);
            for one in list(&found["invariants"]) {
                assert_eq!(fields(one), ["broken", "name", "statement", "status", "where"]);
                assert_eq!([&one["status"], &one["statement"]][0], "ok");
                assert_eq!(one["broken"], 0);
                assert_eq!(one["where"], json!([]));
            }
            match month {
                None => books.fill(),
                Some(option) => drop(books.ok(&["bills", "run", "--month", "2024-10", option])),
            }
        }
        let table = books.ok(&["verify"]);
        assert_words(&table, &NAMES);
        assert_words(&table, &["Everything holds."]);
        assert!(!table.contains("broken"), "{table}");
    });
}

#[test]
fn damage_is_named_with_its_place() {
    on_both(|database| {
        let books = Books::issued(database);
        let damage = "UPDATE deliveries SET quantity_milli = 1501 WHERE reference = 'R-1'";
        if database.kind == "sqlite" {
            books.sql(&["DROP TRIGGER deliveries_final", damage]);
        } else {
            books.sql(&[
                "ALTER TABLE deliveries DISABLE TRIGGER USER",
                damage,
                "ALTER TABLE deliveries ENABLE TRIGGER USER",
                "ALTER TABLE deliveries DISABLE TRIGGER deliveries_final",
            ]);
        }
        let answer = books.run(&["verify", "--json"]);
        assert_eq!(answer.code, Some(1));
        assert_eq!(answer.err, "");
        let found = answer.json();
        assert_eq!(found["clean"], false);
        let broken: Vec<(&str, &Value)> = list(&found["invariants"])
            .iter()
            .filter(|one| one["status"] == "broken")
            .map(|one| (one["name"].as_str().unwrap(), one))
            .collect();
        let names: Vec<&str> = broken.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["deliveries_make_lines", "guards_present"]);
        assert_eq!(broken[0].1["broken"], 1);
        let place = list(&broken[0].1["where"])[0].as_str().unwrap();
        assert!(place.starts_with("INV/24-25/000001/"), "{place}");
        assert_eq!(broken[1].1["where"], json!(["deliveries_final"]));
        let answer = books.run(&["verify"]);
        assert_eq!(answer.code, Some(1));
        let words =
            ["deliveries_make_lines", "broken", place, "deliveries_final", "Not all holds."];
        assert_words(&answer.out, &words);
        // The sums of a rerun's certificate show it as well.
        let run = books.run(&["bills", "run", "--month", "2024-10", "--json"]);
        assert_eq!(run.code, Some(1));
        let run = run.json();
        assert_eq!([&run["clean"], &run["sums"]["equal"]], [&json!(false), &json!(false)]);
        let run = books.run(&["bills", "run", "--month", "2024-10"]);
        assert_eq!(run.code, Some(1));
        assert_words(&run.out, &["DIFFERENT"]);
    });
}

#[test]
fn what_is_not_there_cannot_be_verified() {
    on_both(|database| {
        let books = Books::none(database);
        let (code, message) = books.error(&["verify"]);
        let expected =
            if database.kind == "sqlite" { "database_missing" } else { "database_not_initialised" };
        assert_eq!(code, expected);
        assert_words(&message, &["dairyos init"]);
    });
}
