//! Two programs at work on one database at the same moment: every delivery is billed once, numbers
//! have no gap, and nothing is lost.

use crate::kit::{Answer, Books, list, paise};
use crate::many;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;
use testkit::on_both;

const RUN: [&str; 4] = ["bills", "run", "--month", "2024-10"];
const RUN_AND_ISSUE: [&str; 5] = ["bills", "run", "--month", "2024-10", "--issue"];

fn start(books: &Books<'_>, args: &[&str]) -> Child {
    books
        .command(&[args, &["--json"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts two commands, the second a little later; their answers.
fn both(books: &Books<'_>, first: &[&str], second: &[&str], later: Duration) -> [Value; 2] {
    let first = start(books, first);
    sleep(later);
    let second = start(books, second);
    [first, second].map(|child| Answer::of(child.wait_with_output().unwrap()).done().json())
}

#[test]
fn two_runs_make_each_bill_once() {
    on_both(|database| {
        let books = many::books(database);
        books.import("deliveries", many::deliveries(1..=3)).done();
        let alone = many::copy_of(database);
        let alone = Books::none(&alone);
        let expected = alone.json(&RUN_AND_ISSUE);
        let bills = alone.bills("2024-10");
        let count = many::CUSTOMERS - 1;
        assert_eq!(bills.len() as u64, count);
        for (first, later) in [(&RUN_AND_ISSUE[..], 0), (&RUN_AND_ISSUE, 60), (&RUN, 0)] {
            let copy = many::copy_of(database);
            let books = Books::none(&copy);
            let runs = both(&books, first, &RUN_AND_ISSUE, Duration::from_millis(later));
            let issued = |run: &Value| run["changes"]["issued"].as_u64().unwrap();
            assert_eq!(runs.iter().map(issued).sum::<u64>(), count);
            for run in &runs {
                assert_eq!(run["content_hash"], expected["content_hash"]);
                assert_eq!(run["clean"], true);
            }
            let numbers: BTreeSet<String> = books
                .bills("2024-10")
                .iter()
                .map(|bill| bill["number"].as_str().unwrap().to_owned())
                .collect();
            let gapless = (1..=count).map(|serial| format!("INV/24-25/{serial:06}"));
            assert!(numbers.into_iter().eq(gapless));
            let content = |bills: &[Value]| -> Vec<Value> {
                let parts = bills.iter().map(|bill| {
                    ["customer_code", "lines", "total", "previous_balance", "payable", "version"]
                        .map(|name| bill[name].clone())
                        .into()
                });
                parts.collect()
            };
            assert!(content(&books.bills("2024-10")) == content(&bills), "bills differ");
            books.assert_verified();
        }
    });
}

/// Deliveries on the bills of a month, and what the bills come to in paise.
fn billed(books: &Books<'_>, month: &str) -> [u64; 2] {
    let bills = books.bills(month);
    let lines = bills.iter().flat_map(|bill| list(&bill["lines"]));
    let items = lines.map(|line| line["deliveries"].as_u64().unwrap()).sum();
    let total: i64 = bills.iter().map(|bill| paise(&bill["total"])).sum();
    [items, total.unsigned_abs()]
}

#[test]
fn deliveries_that_come_during_a_run_are_never_lost() {
    on_both(|database| {
        let books = many::books(database);
        books.import("deliveries", many::deliveries(1..=2)).done();
        let more = database.file("more.csv", many::deliveries(3..=4));
        let import = ["import", "--kind", "deliveries", more.to_str().unwrap()];
        let (draft, issue) = (&RUN[..], &RUN_AND_ISSUE[..]);
        for (run, later) in [(issue, 0), (issue, 40), (draft, 40)] {
            let copy = many::copy_of(database);
            let books = Books::none(&copy);
            let [_, imported] = both(&books, run, &import, Duration::from_millis(later));
            assert_eq!(imported["imported"][0]["added"], 2 * many::CUSTOMERS);
            books.json(&RUN_AND_ISSUE);
            let [october, value] = billed(&books, "2024-10");
            let next = books.json(&["bills", "run", "--month", "2024-11", "--issue"]);
            let [november, late] = billed(&books, "2024-11");
            assert_eq!(october + november, many::delivered(4), "{next:#}");
            let total = i64::try_from(value + late).unwrap();
            assert_eq!(owed(&books), total + opening(), "{next:#}");
            if run == draft {
                assert_eq!(november, 0);
            }
            books.assert_verified();
        }
    });
}

/// What all customers owe, in paise.
fn owed(books: &Books<'_>) -> i64 {
    let balances = books.json(&["ledger", "balances"]);
    list(&balances["customers"]).iter().map(|customer| paise(&customer["balance"])).sum()
}

/// What they owed at the start.
fn opening() -> i64 {
    let sevenths = 1..=i64::try_from(many::CUSTOMERS / 7).unwrap();
    sevenths.map(|number| number * 700 + 25).sum()
}

#[test]
fn one_file_imported_by_two_is_taken_once() {
    on_both(|database| {
        let books = many::books(database);
        let file = database.file("same.csv", many::deliveries(1..=2));
        let import = ["import", "--kind", "deliveries", file.to_str().unwrap()];
        let answers = both(&books, &import, &import, Duration::ZERO);
        let sum = |name: &str| -> u64 {
            answers.iter().map(|answer| answer["imported"][0][name].as_u64().unwrap()).sum()
        };
        let rows = 2 * many::CUSTOMERS;
        assert_eq!([sum("added"), sum("changed"), sum("unchanged")], [rows, 0, rows]);
        let run = books.json(&RUN_AND_ISSUE);
        assert_eq!(run["deliveries"]["billed"], many::delivered(2));
        assert_eq!(run["customers"]["billed"], many::CUSTOMERS - 1);
        books.assert_verified();
    });
}

#[test]
fn customers_and_their_balances_imported_by_two_are_taken_once() {
    on_both(|database| {
        let books = Books::empty(database);
        let mut rows = String::from("code,name,opening_balance\n");
        for number in 1..=500 {
            rows.push_str(&format!("C{number},Customer {number},{number}.00\n"));
        }
        let file = database.file("customers.csv", &rows);
        let import = ["import", "--kind", "customers", file.to_str().unwrap()];
        let answers = both(&books, &import, &import, Duration::ZERO);
        let added = |answer: &Value| answer["imported"][0]["added"].as_u64().unwrap();
        assert_eq!(answers.iter().map(added).sum::<u64>(), 500);
        assert_eq!(owed(&books), 500 * 501 / 2 * 100);
        books.assert_verified();
    });
}

#[test]
fn books_are_made_once_by_two() {
    let init = ["init", "--name", "Gokul Dairy", "--state", "24"];
    for _ in 0..5 {
        on_both(|database| {
            let books = Books::none(database);
            let answers = both(&books, &init, &init, Duration::ZERO);
            let made: Vec<bool> =
                answers.iter().map(|answer| answer["created"].as_bool().unwrap()).collect();
            assert!(made[0] != made[1], "{made:?}");
            books.assert_verified();
        });
    }
}
