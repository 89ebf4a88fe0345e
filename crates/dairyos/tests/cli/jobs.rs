//! `dairyos jobs`: listed, shown, taken back, made to wait again.

use crate::kit::{Books, assert_help, assert_words, fields, list, run};
use std::path::Path;
use testkit::on_both;

/// Books with jobs: a dead one, one that waits, and one that is done.
pub fn books(database: &testkit::Database) -> Books<'_> {
    let books = Books::small(database);
    let dead = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, \
                last_error, created_at, finished_at) VALUES (1, 'bills.run', \
                '{\"month\":\"2024-10\",\"mode\":\"draft\",\"actor\":\"meena\"}', 'dead', \
                1730000000000000, 10, 10, 'given up after 10 attempts: the disk of the database \
                is full, and nobody has made room on it', 0, 1730000001000000)";
    let waiting = "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempts, \
                   max_attempts, created_at) VALUES (2, 'audit.seal', '{}', 'waiting', 'k', \
                   4000000000000000, 0, 10, 0)";
    let done = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, \
                result, created_at, finished_at) VALUES (3, 'jobs.expire', '{}', 'done', 0, 1, \
                10, '{\"removed\":0}', 0, 1)";
    books.sql(&[dead, waiting, done, "UPDATE counters SET next = 4 WHERE name = 'jobs'"]);
    books
}

#[test]
fn help_names_every_option() {
    let options = ["--state <STATE>", "--kind <KIND>", "--before <ID>", "--limit", "--json"];
    assert_help(&["jobs", "list"], &options);
    assert_help(&["jobs", "show"], &["<ID>", "--json"]);
    assert_help(&["jobs", "requeue"], &["<ID>"]);
    assert_help(&["jobs", "cancel"], &["<ID>"]);
    assert_help(&["work"], &["--once", "--threads"]);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["jobs", "list", "--state", "asleep"][..],
        &["jobs", "list", "--limit", "0"],
        &["jobs", "list", "--limit", "1001"],
        &["jobs", "show", "seven"],
        &["jobs", "requeue"],
        &["work", "--threads", "0"],
        &["work", "--threads", "17"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn jobs_are_listed_and_shown() {
    on_both(|database| {
        let books = books(database);
        let all = books.json(&["jobs", "list"]);
        assert_eq!(fields(&all), ["jobs", "next"]);
        let ids: Vec<_> = list(&all["jobs"]).iter().map(|job| job["id"].as_i64()).collect();
        assert_eq!(ids, [Some(3), Some(2), Some(1)]);
        assert!(all["next"].is_null());
        let expected = [
            "attempts",
            "created_at",
            "finished_at",
            "id",
            "kind",
            "last_error",
            "leased_until",
            "max_attempts",
            "payload",
            "request_id",
            "result",
            "run_at",
            "state",
            "unique_key",
            "worker",
        ];
        assert_eq!(fields(&all["jobs"][0]), expected);
        let page = books.json(&["jobs", "list", "--limit", "2"]);
        assert_eq!(page["next"], 2);
        let rest = books.json(&["jobs", "list", "--before", "2"]);
        assert_eq!(rest["jobs"][0]["id"], 1);
        let dead = books.json(&["jobs", "list", "--state", "dead", "--kind", "bills.run"]);
        assert_eq!(list(&dead["jobs"]).len(), 1);
        let table = books.ok(&["jobs", "list", "--limit", "2"]);
        assert_words(&table, &["Job", "audit.seal", "waiting", "0 of 10", "--before 2"]);
        let table = books.ok(&["jobs", "list", "--state", "dead"]);
        assert_words(&table, &["given up after 10 attempts", "..."]);
        assert!(!table.contains("made room"), "{table}");
        let none = books.ok(&["jobs", "list", "--kind", "no such"]);
        assert_eq!(none, "There are no such jobs.\n");
        let shown = books.ok(&["jobs", "show", "1"]);
        assert_words(&shown, &["Job 1  bills.run  dead", "10 of 10", "nobody has made room"]);
        assert_words(&shown, &["2024-10-27 09:03:20 IST", "2024-10-27 09:03:21 IST", "meena"]);
        assert_eq!(books.json(&["jobs", "show", "3"])["result"]["removed"], 0);
        let (code, message) = books.error(&["jobs", "show", "9"]);
        assert_eq!((code.as_str(), message.as_str()), ("not_found", "there is no job 9"));
    });
}

#[test]
fn people_step_in_and_are_traced() {
    on_both(|database| {
        let books = books(database);
        assert_eq!(books.ok(&["jobs", "requeue", "1"]), "Job 1, bills.run, waits again.\n");
        assert_eq!(books.json(&["jobs", "show", "1"])["attempts"], 0);
        assert_eq!(books.ok(&["jobs", "cancel", "2"]), "Job 2, audit.seal, is cancelled.\n");
        for args in [["jobs", "requeue", "3"], ["jobs", "cancel", "2"], ["jobs", "cancel", "9"]] {
            let answer = books.run(&args).failed();
            assert_eq!(answer.out, "");
        }
        let traced = books.json(&["audit", "list", "--table", "jobs"]);
        let steps: Vec<_> = list(&traced["entries"])
            .iter()
            .map(|row| [&row["action"], &row["record"], &row["actor"]])
            .collect();
        assert_eq!(steps, [["cancel", "2", "meena"], ["requeue", "1", "meena"]]);
        // A cancelled one can wait again as well.
        books.ok(&["jobs", "requeue", "2"]);
        books.assert_verified();
    });
}
