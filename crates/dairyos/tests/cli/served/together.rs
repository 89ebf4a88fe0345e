//! Two processes that serve one PostgreSQL database: what is begun at one goes on at the other,
//! and what both are asked at the same moment happens once.

use super::{Reply, Server, count};
use crate::kit::{Books, list, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use testkit::{Database, postgres_server};

const CUSTOMERS: &str = "/api/v1/customers";

/// Two processes on one database, and the token of an owner who has signed in at the first.
fn two(test: impl Fn(&Books<'_>, &[Server; 2], &str)) {
    let Some(server) = postgres_server() else { return };
    let database = Database::postgres(&server);
    let books = Books::empty(&database);
    let servers = [Server::start(&books), Server::start(&books)];
    let token = servers[0].owner(&books);
    test(&books, &servers, &token);
}

/// The same request sent to both at the same moment, `each` times to each.
fn at_once(
    servers: &[Server; 2],
    each: usize,
    request: impl Fn(&Server) -> Reply + Sync,
) -> Vec<Reply> {
    scope(|scope| {
        let request = &request;
        let sent = (0..2 * each).map(|n| scope.spawn(move || request(&servers[n % 2])));
        let sent: Vec<_> = sent.collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn who_signs_in_at_one_is_known_at_the_other() {
    two(|_, [first, second], token| {
        assert_eq!(second.get("/api/v1/me", token).ok(200).json()["name"], "Asha");
        // Signed out at one is signed out at the other.
        second.ask("DELETE", "/api/v1/session", token, &Value::Null).ok(204);
        first.get("/api/v1/me", token).refused(401, "not_signed_in");
    });
}

#[test]
fn one_key_sent_to_both_takes_effect_once() {
    two(|books, servers, token| {
        for number in 0..25 {
            let code = format!("C-{number}");
            let body = json!({ "code": code, "name": "Asha" });
            let key = format!("both-{number}");
            let send = |server: &Server| {
                let headers = [("idempotency-key", key.as_str())];
                server.ask_with("POST", CUSTOMERS, token, &body, &headers)
            };
            let mut replies = at_once(servers, 2, send);
            let fresh = replies.iter().filter(|reply| reply.status == 201 && !reply.is_replayed());
            assert_eq!(fresh.count(), 1, "{replies:?}");
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                reply.refused(409, "request_outstanding");
            }
            replies.extend(servers.iter().map(send));
            let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
            assert!(made.len() >= 3 && made[made.len() - 2..].iter().all(|one| one.is_replayed()));
            for reply in &made {
                assert_eq!(reply.body, made[0].body);
                assert_eq!(reply.header("etag"), made[0].header("etag"));
            }
            let traces = "SELECT COUNT(*) FROM audit WHERE table_name = 'customers' \
                          AND record = $1";
            assert_eq!(count(books, traces, &[&code]), 1);
        }
        assert_eq!(count(books, "SELECT COUNT(*) FROM customers", &[]), 25);
        assert_eq!(count(books, "SELECT COUNT(*) FROM idempotency_keys", &[]), 25);
        books.assert_verified();
    });
}

#[test]
fn a_bill_run_asked_of_both_is_done_once() {
    two(|books, servers, token| {
        books.fill();
        let body = json!({ "month": "2024-10", "mode": "run_and_issue" });
        let keys = std::sync::atomic::AtomicU32::new(0);
        // Each request has a key of its own; one unfinished run of a month stands for all.
        let replies = at_once(servers, 2, |server| {
            let key = keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
            let headers = [("idempotency-key", key.as_str())];
            server.ask_with("POST", "/api/v1/bill-runs", token, &body, &headers)
        });
        let jobs: BTreeSet<i64> =
            replies.iter().map(|reply| reply.ok(202).json()["id"].as_i64().unwrap()).collect();
        let start = Instant::now();
        for (place, job) in jobs.iter().enumerate() {
            let path = format!("/api/v1/jobs/{job}");
            let done = loop {
                let job = servers[place % 2].get(&path, token).ok(200).json();
                if !["waiting", "running"].contains(&text(&job["state"])) {
                    break job;
                }
                assert!(start.elapsed() < Duration::from_secs(30), "{job:#}");
                sleep(Duration::from_millis(20));
            };
            assert_eq!((text(&done["state"]), &done["attempts"]), ("done", &json!(1)), "{done:#}");
            assert_eq!(done["result"]["bills"]["issued"], 3, "{done:#}");
        }
        let path = "/api/v1/bills?month=2024-10";
        let bills = servers[1].get(path, token).ok(200).json();
        let numbers: Vec<&str> =
            list(&bills["items"]).iter().map(|bill| text(&bill["number"])).collect();
        assert_eq!(numbers, ["INV/24-25/000001", "INV/24-25/000002", "INV/24-25/000003"]);
        let issues = "SELECT COUNT(*) FROM audit WHERE action = 'issue' AND table_name = 'bills'";
        assert_eq!(count(books, issues, &[]), 3);
        books.assert_verified();
    });
}

#[test]
fn of_two_changes_from_one_version_one_is_made() {
    two(|books, servers, token| {
        let body = json!({ "code": "C-1", "name": "Asha" });
        servers[0].ask("POST", CUSTOMERS, token, &body).ok(201);
        let path = format!("{CUSTOMERS}/C-1");
        for round in 1..=25 {
            let version = format!("\"{round}\"");
            let names = std::sync::atomic::AtomicU32::new(0);
            let replies = at_once(servers, 1, |server| {
                let name = names.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let body = json!({ "name": format!("Asha {round}-{name}") });
                let headers = [("if-match", version.as_str())];
                server.ask_with("PATCH", &path, token, &body, &headers)
            });
            let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{replies:?}");
            let kept = servers[round % 2].get(&path, token);
            let made = replies.iter().find(|reply| reply.status == 200).unwrap();
            assert_eq!(kept.ok(200).body, made.body);
            let lost = replies.iter().find(|reply| reply.status == 412).unwrap();
            lost.refused(412, "version_lost");
        }
        let changes = "SELECT COUNT(*) FROM audit WHERE action = 'change' AND record = 'C-1'";
        assert_eq!(count(books, changes, &[]), 25);
    });
}
