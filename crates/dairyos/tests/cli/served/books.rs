//! What the command line and the service both give of the books is the same.

use super::Server;
use crate::kit::{Books, text};
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};
use testkit::on_both;

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
