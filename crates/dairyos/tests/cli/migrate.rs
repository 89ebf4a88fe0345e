//! `dairyos migrate`: tables of an earlier program are brought up to date, those of a later one
//! are left alone.

use crate::kit::{Books, assert_help, assert_words};
use testkit::on_both;

const HISTORY: &str = "refinery_schema_history";

#[test]
fn help_is_there() {
    assert_help(&["migrate"], &[]);
}

#[test]
fn tables_of_today_stay() {
    on_both(|database| {
        let books = Books::issued(database);
        let before = books.bills("2024-10");
        let said = books.ok(&["migrate"]);
        assert_words(&said, &["up to date", "version"]);
        assert_eq!(books.ok(&["migrate"]), said);
        assert_eq!(books.bills("2024-10"), before);
        books.run(&["migrate", "--json"]).misused();
    });
}

#[test]
fn an_older_database_is_refused_until_it_is_migrated() {
    on_both(|database| {
        let books = Books::issued(database);
        let before = books.bills("2024-10");
        let statements = testkit::back_to_the_second_version(database.kind == "sqlite");
        books.sql(&statements.iter().map(String::as_str).collect::<Vec<_>>());
        for args in [
            &["verify"][..],
            &["bills", "list", "--month", "2024-10"],
            &["bills", "run", "--month", "2024-10"],
            &["ledger", "balances"],
            &["explain", "INV/24-25/000001"],
        ] {
            let (code, message) = books.error(args);
            assert_eq!(code, "database_older", "{args:?}");
            assert_words(&message, &["version 2", "backup", "dairyos migrate"]);
        }
        assert_words(&books.ok(&["migrate"]), &["from version 2 to version"]);
        assert_eq!(books.bills("2024-10"), before);
        books.assert_verified();
    });
}

#[test]
fn a_newer_database_is_left_alone() {
    on_both(|database| {
        let books = Books::issued(database);
        let newer = format!(
            "INSERT INTO {HISTORY} (version, name, applied_on, checksum) \
             VALUES (99, 'later', '2030-01-01T00:00:00Z', '0')"
        );
        books.sql(&[newer.as_str()]);
        for args in [
            &["verify"][..],
            &["bills", "run", "--month", "2024-10", "--issue"],
            &["bills", "list", "--month", "2024-10"],
            &["import", "."],
            &["init", "--name", "Gokul Dairy", "--state", "24"],
        ] {
            let (code, message) = books.error(args);
            assert_eq!(code, "database_newer", "{args:?}");
            assert_words(&message, &["version 99", "newer"]);
        }
        let answer = books.run(&["migrate"]).failed();
        assert_words(&answer.err, &["version 99", "newer"]);
    });
}

#[test]
fn what_is_not_there_cannot_be_migrated() {
    on_both(|database| {
        let books = Books::none(database);
        let answer = books.run(&["migrate"]).failed();
        assert_words(&answer.err, &["dairyos init"]);
        assert!(!database.folder().join("dairyos.db").exists());
    });
}
