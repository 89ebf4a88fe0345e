//! `kill -9` of the service in the middle of requests: what was answered is kept, what was not can
//! be sent again, and each key has one effect.
//!
//! The moments are drawn with a fixed seed; the machine decides what the program is doing then.

use super::{Reply, Server, count};
use crate::killed::Dice;
use crate::kit::Books;
use serde_json::json;
use std::collections::BTreeMap;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use testkit::on_both;

/// Times the service is killed.
const KILLS: u32 = 5;
/// Programs that send at once.
const SENDERS: u32 = 4;
/// The longest time until a kill, in milliseconds.
const LONGEST: u64 = 400;

fn send(server: &Server, token: &str, code: &str) -> std::io::Result<Reply> {
    let body = json!({ "code": code, "name": format!("Customer {code}"),
        "opening_balance": "10.00" });
    server.try_ask("POST", "/api/v1/customers", token, &body, &[("idempotency-key", code)])
}

/// Sends one request after the other until the service has gone; what was answered, and the one
/// that was not.
fn send_until_gone(server: &Server, token: &str, name: &str) -> (BTreeMap<String, String>, String) {
    let mut answered = BTreeMap::new();
    loop {
        let code = format!("{name}-{}", answered.len());
        match send(server, token, &code) {
            Ok(reply) => {
                assert!(!reply.is_replayed(), "{reply:?}");
                answered.insert(code, reply.ok(201).body.clone());
            }
            Err(_) => return (answered, code),
        }
    }
}

/// Sends again what may be held by a process that the database has not missed yet.
fn send_again(server: &Server, token: &str, code: &str) -> Reply {
    let start = Instant::now();
    loop {
        let reply = send(server, token, code).unwrap();
        if reply.status != 409 || start.elapsed() > Duration::from_secs(20) {
            return reply;
        }
        reply.refused(409, "request_outstanding");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_key_has_one_effect_however_often_the_service_is_killed() {
    on_both(|database| {
        let books = Books::empty(database);
        let mut server = Server::start(&books);
        let token = server.owner(&books);
        let mut dice = Dice(7);
        let (mut all, mut interrupted) = (BTreeMap::new(), 0);
        for kill in 0..KILLS {
            let moment = Duration::from_millis(u64::from(dice.next()) * LONGEST / 1_000);
            let sent: Vec<_> = scope(|scope| {
                let (server, token) = (&server, token.as_str());
                let senders = (0..SENDERS).map(|sender| {
                    let name = format!("K{kill}-{sender}");
                    scope.spawn(move || send_until_gone(server, token, &name))
                });
                let senders: Vec<_> = senders.collect();
                sleep(moment);
                server.signal_kill();
                senders.into_iter().map(|sender| sender.join().unwrap()).collect()
            });
            server.kill();
            server = Server::start(&books);
            for (answered, unanswered) in sent {
                for (code, body) in &answered {
                    let again = send_again(&server, &token, code);
                    assert!(again.is_replayed(), "{code}: {again:?}");
                    assert_eq!(&again.ok(201).body, body, "{code}");
                }
                let again = send_again(&server, &token, &unanswered);
                interrupted += u32::from(again.ok(201).is_replayed());
                all.extend(answered);
                all.insert(unanswered, again.body);
            }
        }
        assert!(all.len() > 20, "only {} requests", all.len());
        for (code, body) in &all {
            let traces = "SELECT COUNT(*) FROM audit WHERE table_name = 'customers' \
                          AND record = $1";
            assert_eq!(count(&books, traces, &[code]), 1, "{code} {body}");
        }
        let made = i64::try_from(all.len()).unwrap();
        for sql in [
            "SELECT COUNT(*) FROM customers",
            "SELECT COUNT(*) FROM idempotency_keys",
            "SELECT COUNT(*) FROM ledger_transactions",
        ] {
            assert_eq!(count(&books, sql, &[]), made, "{sql}, {interrupted} done unanswered");
        }
        books.assert_verified();
    });
}
