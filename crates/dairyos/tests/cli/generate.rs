//! `dairyos generate`: the same dairy from the same seed, into a folder of its own.

use crate::kit::{Books, assert_help, assert_words, fields, run};
use std::collections::BTreeMap;
use std::path::Path;
use testkit::{Database, on_both};

const FILES: [&str; 6] = [
    "customers.csv",
    "deliveries.csv",
    "late/deliveries.csv",
    "orders.csv",
    "prices.csv",
    "products.csv",
];

/// Makes a dairy of thirty customers and two months; its files.
fn made(folder: &Path, out: &str, more: &[&str]) -> BTreeMap<&'static str, Vec<u8>> {
    let args = ["generate", "--customers", "30", "--months", "2", "--out", out];
    run(folder, &[&args, more].concat()).done();
    FILES.map(|name| (name, std::fs::read(folder.join(out).join(name)).unwrap())).into()
}

#[test]
fn help_names_every_option() {
    let options = ["--customers", "--months", "--seed", "--last-month", "--out", "--json"];
    assert_help(&["generate"], &options);
}

#[test]
fn the_seed_decides_every_byte() {
    let database = Database::sqlite();
    let folder = database.folder();
    let last = ["--last-month", "2024-11"];
    let first = made(folder, "a", &[&last[..], &["--seed", "7"]].concat());
    assert_eq!(made(folder, "b", &[&["--seed", "7"], &last[..]].concat()), first);
    let other = made(folder, "c", &[&last[..], &["--seed", "8"]].concat());
    for name in ["customers.csv", "deliveries.csv"] {
        assert_ne!(other[name], first[name], "{name}");
    }
    assert_eq!(
        made(folder, "d", &last),
        made(folder, "e", &[&last[..], &["--seed", "1"]].concat())
    );
    // Files that are there are replaced.
    assert_eq!(made(folder, "c", &[&last[..], &["--seed", "7"]].concat()), first);
}

#[test]
fn the_answer_counts_what_the_files_hold() {
    let database = Database::sqlite();
    let args = ["generate", "--customers", "30", "--months", "3", "--last-month", "2025-02"];
    let args = [&args[..], &["--out", "deep/er", "--json"]].concat();
    let answer = run(database.folder(), &args).done().json();
    let expected = [
        "customers",
        "deliveries",
        "first_month",
        "last_month",
        "late_deliveries",
        "orders",
        "out",
        "prices",
        "products",
    ];
    assert_eq!(fields(&answer), expected);
    assert_eq!(answer["first_month"], "2024-12");
    assert_eq!(answer["last_month"], "2025-02");
    assert_eq!(answer["customers"], 30);
    assert_eq!(answer["out"], "deep/er");
    for (name, field) in [
        ("customers.csv", "customers"),
        ("products.csv", "products"),
        ("prices.csv", "prices"),
        ("deliveries.csv", "deliveries"),
        ("orders.csv", "orders"),
        ("late/deliveries.csv", "late_deliveries"),
    ] {
        let path = database.folder().join("deep/er").join(name);
        let rows = crate::journals::csv(&std::fs::read_to_string(path).unwrap()).len() - 1;
        assert_eq!(answer[field], rows, "{name}");
    }
    let table = run(database.folder(), &args[..args.len() - 1]).done().out;
    assert_words(&table, &["2024-12 to 2025-02", "deep/er", "late/deliveries.csv", "File", "Rows"]);
}

#[test]
fn what_is_made_can_be_imported_and_billed() {
    on_both(|database| {
        let books = Books::empty(database);
        made(database.folder(), "made", &["--last-month", "2024-11"]);
        assert_eq!(books.json(&["import", "made"])["complete"], true);
        for month in ["2024-10", "2024-11"] {
            let run = books.json(&["bills", "run", "--month", month, "--issue"]);
            assert_eq!([&run["clean"], &run["sums"]["equal"]], [true, true], "{run:#}");
            assert!(run["changes"]["issued"].as_u64() > Some(20), "{run:#}");
        }
        let late = ["import", "--kind", "deliveries", "made/late/deliveries.csv"];
        assert_eq!(books.json(&late)["complete"], true);
        books.assert_verified();
    });
}

#[test]
fn wrong_plans_are_refused() {
    let database = Database::sqlite();
    let folder = database.folder();
    let plan = |customers: &'static str, months: &'static str| {
        vec!["generate", "--customers", customers, "--months", months, "--out", "made"]
    };
    for args in [
        plan("0", "1"),
        plan("-1", "1"),
        plan("many", "1"),
        plan("1", "0"),
        plan("1", "61"),
        [&plan("1", "1")[..], &["--last-month", "2024-13"]].concat(),
        [&plan("1", "1")[..], &["--seed", "-1"]].concat(),
        vec!["generate", "--customers", "1", "--months", "1"],
        vec!["generate", "--months", "1", "--out", "made"],
        vec!["generate", "--customers", "1", "--out", "made"],
    ] {
        run(folder, &args).misused();
    }
    let answer = run(folder, &plan("5000001", "1"));
    assert!(matches!(answer.code, Some(1 | 2)), "{answer:?}");
    assert_words(&answer.err, &["5000001", "5000000"]);
    let early = [&plan("1", "3")[..], &["--last-month", "1900-02"]].concat();
    let answer = run(folder, &early).failed();
    assert_words(&answer.err, &["1900-01"]);
    assert!(!folder.join("made").exists());
}

#[test]
fn a_file_is_no_folder_to_write_into() {
    let database = Database::sqlite();
    let path = database.file("taken", "mine");
    let args = ["generate", "--customers", "1", "--months", "1", "--out", "taken"];
    let answer = run(database.folder(), &args).failed();
    assert_words(&answer.err, &["taken", "not a folder"]);
    let (_, message) = run(database.folder(), &[&args[..], &["--json"]].concat()).error();
    assert_words(&message, &["taken", "not a folder"]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
}
