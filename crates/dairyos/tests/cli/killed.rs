//! `kill -9` at random moments: the program is started again and ends in the same state as if it
//! had never been interrupted.
//!
//! The moments are spread over the time an uninterrupted start takes; their exact places are drawn
//! with a fixed seed. The machine decides what the program is doing then, so every place must do.

use crate::kit::{Books, fields, list};
use crate::many;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};
use testkit::{Database, on_both};

const SIGKILL: i32 = 9;
const RUN: [&str; 6] = ["bills", "run", "--month", "2024-10", "--issue", "--json"];

/// Numbers below 1,000, drawn with a fixed seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        u32::try_from(self.0 >> 33).unwrap() % 1_000
    }
}

/// Starts a command and kills it after a while; whether it was still at work.
fn kill(books: &Books<'_>, args: &[&str], after: Duration) -> bool {
    let mut child = books
        .command(args)
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(SIGKILL)
}

/// Everything that can be observed of October's bills after a run, by name.
fn observed(books: &Books<'_>, run: &Value) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fields(run)
        .into_iter()
        // What this start did, not what is there.
        .filter(|name| !["changes", "mode", "dry_run"].contains(name))
        .map(|name| (name.to_owned(), run[name].to_string()))
        .collect();
    for bill in books.bills("2024-10") {
        all.push((format!("bill of {}", bill["customer_code"]), bill.to_string()));
    }
    let journal = books.ok(&["ledger", "export", "--format", "csv"]);
    for entry in journal.lines() {
        let (id, entry) = entry.split_once(',').unwrap();
        all.push((format!("an entry of transaction {id}"), entry.to_owned()));
    }
    all
}

#[track_caller]
fn assert_same(found: &[(String, String)], expected: &[(String, String)], after: &str) {
    for ((name, one), (_, other)) in found.iter().zip(expected) {
        assert_eq!(one, other, "{name} after {after}");
    }
    assert_eq!(found.len(), expected.len(), "after {after}");
}

/// Kills a command `times` times, each on a fresh copy of the books, every second time twice in a
/// row, and lets it end. `finish` starts it for the last time and tells what it left behind.
fn killed_and_finished(
    prepared: &Database,
    args: &[&str],
    times: u32,
    finish: impl Fn(&Books<'_>) -> Vec<(String, String)>,
) {
    let uninterrupted = many::copy_of(prepared);
    let books = Books::none(&uninterrupted);
    let start = Instant::now();
    books.ok(args);
    let usual = start.elapsed();
    let expected = finish(&books);
    let mut dice = Dice(u64::from(times));
    let mut hits = 0;
    for time in 0..times {
        let copy = many::copy_of(prepared);
        let books = Books::none(&copy);
        let mut said = format!("kill {time} of {args:?} on {}", copy.kind);
        for _ in 0..=(time % 2) {
            let moment = usual * (time * 1_000 + dice.next()) / (times * 1_000);
            hits += u32::from(kill(&books, args, moment));
            said.push_str(&format!(", {} us", moment.as_micros()));
            books.assert_verified();
        }
        assert_same(&finish(&books), &expected, &said);
        books.assert_verified();
    }
    assert!(hits >= times / 2, "only {hits} kills met the program at work");
}

#[test]
fn an_import_is_all_or_nothing() {
    on_both(|database| {
        let books = many::books(database);
        let file = database.file("many.csv", many::deliveries(1..=6));
        let file = file.to_str().unwrap();
        let args = ["import", "--kind", "deliveries", file];
        killed_and_finished(database, &args, 4, |books| {
            let counts = &books.json(&args)["imported"][0];
            let counts = ["rows", "added", "changed", "unchanged"].map(|name| &counts[name]);
            let counts = counts.map(|count| count.as_u64().unwrap());
            let rows = 6 * many::CUSTOMERS;
            let [all, nothing] = [[rows, rows, 0, 0], [rows, 0, 0, rows]];
            assert!(counts == all || counts == nothing, "{counts:?}");
            let mut run = books.json(&["bills", "run", "--month", "2024-10", "--dry-run"]);
            assert_eq!(run["deliveries"]["billed"], many::delivered(6));
            let changes = run["changes"].take();
            vec![
                ("certificate".to_owned(), run.to_string()),
                ("changes".into(), changes.to_string()),
            ]
        });
        assert!(books.bills("2024-10").is_empty());
    });
}

#[test]
fn a_run_that_issues_goes_on_where_it_was() {
    on_both(|database| {
        let books = many::books(database);
        books.import("deliveries", many::deliveries(1..=3)).done();
        killed_and_finished(database, &RUN, 4, |books| {
            let run = books.run(&RUN).done().json();
            assert_eq!(run["bills"]["issued"], many::CUSTOMERS - 1);
            observed(books, &run)
        });
    });
}

#[test]
fn an_issue_of_drafts_goes_on_where_it_was() {
    on_both(|database| {
        let books = many::books(database);
        books.import("deliveries", many::deliveries(1..=3)).done();
        books.ok(&["bills", "run", "--month", "2024-10"]);
        killed_and_finished(database, &["bills", "issue", "--month", "2024-10"], 4, |books| {
            let run = books.json(&["bills", "issue", "--month", "2024-10"]);
            assert_eq!(run["bills"]["issued"], many::CUSTOMERS - 1);
            observed(books, &run)
        });
    });
}

#[test]
fn books_are_made_or_can_be_made() {
    let init = ["init", "--name", "Gokul Dairy", "--state", "24"];
    on_both(|database| {
        let books = Books::none(database);
        let start = Instant::now();
        books.ok(&init);
        let usual = start.elapsed();
        let mut dice = Dice(1);
        for time in 0..8 {
            let fresh = if database.kind == "sqlite" {
                Database::sqlite()
            } else {
                Database::postgres(&testkit::postgres_server().unwrap())
            };
            let books = Books::none(&fresh);
            kill(&books, &init, usual * (time * 1_000 + dice.next()) / 8_000);
            books.ok(&init);
            let found = books.json(&["verify"]);
            assert_eq!(found["clean"], true, "{found:#}");
            assert_eq!(list(&books.json(&["ledger", "balances"])["customers"]).len(), 0);
        }
    });
}
