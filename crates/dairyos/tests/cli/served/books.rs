//! What the command line and the service both give of the books is the same.

use super::Server;
use crate::kit::{Books, text};
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};
use testkit::{Database, on_both};

#[test]
fn an_accountant_verifies_and_exports_what_the_commands_do() {
    on_both(|database| {
        let books = Books::issued(database);
        let server = Server::start(&books);
        let token = server.person(&books, "accountant");
        let begun = server.ask("POST", "/api/v1/verifications", &token, &json!({}));
        let place = begun.ok(202).header("location").to_owned();
        let start = Instant::now();
        let done = loop {
            let job = server.get(&place, &token).ok(200).json();
            if job["state"] == "done" {
                break job;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{job:#}");
            sleep(Duration::from_millis(20));
        };
        assert_eq!(done["result"], books.json(&["verify"]));
        // A job of another kind is none of this place, nor of this role.
        let path = format!("/api/v1/bill-runs/{}", text(&json!(place)).rsplit('/').next().unwrap());
        server.get(&path, &token).refused(404, "not_found");
        for format in ["hledger", "beancount", "csv"] {
            let path = format!("/api/v1/ledger/export?format={format}");
            let headers = [("connection", "close")];
            let reply = server.ask_with("GET", &path, &token, &json!(null), &headers);
            let expected = books.ok(&["ledger", "export", "--format", format]);
            assert_eq!(reply.ok(200).body, expected, "{format}");
        }
    });
}

#[test]
fn what_is_shown_again_leaves_the_line_of_its_route() {
    let database = Database::sqlite();
    let books = Books::issued(&database);
    let server = Server::start(&books);
    let token = server.owner(&books);
    let bills = server.get("/api/v1/bills?month=2024-10", &token).ok(200).json();
    let path = format!("/api/v1/bills/{}", text(&bills["items"][0]["number"]));
    let shown_again = || {
        let figures = server.get("/metrics", "").ok(200).body.clone();
        let mut lines = figures.lines();
        let figure = lines.find_map(|line| line.strip_prefix("http_server_shown_again_total "));
        figure.unwrap().parse::<u64>().unwrap()
    };
    let ask = |id: &str| {
        let headers = [("x-request-id", id)];
        let reply = server.ask_with("GET", &path, &token, &json!(null), &headers);
        reply.ok(200);
        // What differs each time.
        let mut line = server.line(id);
        for name in ["timestamp", "request_id", "trace_id", "duration_ms"] {
            assert!(line.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        line
    };
    let first = ask("first");
    let again = (0..50).find_map(|n| {
        let before = shown_again();
        let line = ask(&format!("again-{n}"));
        (shown_again() > before).then_some(line)
    });
    assert_eq!(again.unwrap(), first);
    assert_eq!(first["route"], "/api/v1/bills/{prefix}/{year}/{serial}");
}

#[test]
fn readiness_and_figures_tell_of_the_worker_and_the_connections() {
    on_both(|database| {
        let books = Books::empty(database);
        let server = Server::start(&books);
        assert_eq!(server.get("/readyz", "").ok(200).body, "ready\nworker alive\n");
        let figures = server.get("/metrics", "").ok(200).body.clone();
        let figure = |name: &str| {
            let mut lines = figures.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find_map(|(known, value)| (known == name).then_some(value));
            found.unwrap_or_else(|| panic!("no {name}: {figures}")).parse::<i64>().unwrap()
        };
        assert_eq!(figure("dairyos_worker_alive"), 1);
        let connections = |part: &str| figure(&format!("dairyos_database_connections_{part}"));
        // One writer besides on SQLite.
        let limit = if database.kind == "sqlite" { 5 } else { 4 };
        assert_eq!(connections("limit"), limit);
        assert!(connections("in_use") + connections("idle") <= limit, "{figures}");
        assert!(connections("in_use") + connections("idle") > 0, "{figures}");
        let alone = Server::start_with(&books, &[("DAIRYOS_JOBS__THREADS", "0")]);
        assert_eq!(alone.get("/readyz", "").ok(200).body, "ready\n");
        assert!(!alone.get("/metrics", "").body.contains("dairyos_worker_alive"));
    });
}
