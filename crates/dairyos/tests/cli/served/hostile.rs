//! Requests that are slow, cut off, flooded, garbled or forged, written as bytes: each is answered
//! as documented or its connection is closed, nothing is written, and the service goes on.

use super::{Reply, Server, count, rest};
use crate::kit::Books;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};
use testkit::{Database, on_both};

/// Seconds that the service of these tests waits for a request, and for its headers.
const LIMITS: [(&str, &str); 2] =
    [("DAIRYOS_HTTP__REQUEST_TIMEOUT_SECS", "2"), ("DAIRYOS_HTTP__HEADER_READ_TIMEOUT_SECS", "1")];

/// A service with short limits on SQLite, an owner's token, and the number of audit rows; after
/// the test the number must be the same.
fn hurried(test: impl Fn(&Server, &str)) {
    let database = Database::sqlite();
    on(&database, test);
}

fn on(database: &Database, test: impl Fn(&Server, &str)) {
    let books = Books::empty(database);
    let server = Server::start_with(&books, &LIMITS);
    let token = server.owner(&books);
    let rows = || count(&books, "SELECT COUNT(*) FROM audit", &[]);
    let before = rows();
    test(&server, &token);
    assert_eq!(rows(), before, "something was written");
    server.get("/api/v1/me", &token).ok(200);
}

/// The head of a request that adds a customer, with a body of so many bytes to come.
fn head(token: &str, length: usize) -> String {
    format!(
        "POST /api/v1/customers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn read(mut stream: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A connection that is reset has been closed as well.
    let _ = stream.read_to_end(&mut all);
    all
}

#[test]
fn slow_bodies_are_given_up() {
    hurried(|server, token| {
        // A byte now and then.
        let start = Instant::now();
        let mut dribbling = server.connect().unwrap();
        dribbling.write_all(head(token, 1_000).as_bytes()).unwrap();
        // Never another byte.
        let mut silent = server.connect().unwrap();
        silent.write_all((head(token, 100) + "{\"code\":").as_bytes()).unwrap();
        let mut ended = false;
        while !ended && start.elapsed() < Duration::from_secs(8) {
            ended = dribbling.write_all(b" ").is_err() || start.elapsed() > Duration::from_secs(3);
            sleep(Duration::from_millis(50));
        }
        for stream in [&dribbling, &silent] {
            let reply = Reply::read(&read(stream)).unwrap();
            reply.refused(408, "too_slow");
            assert_eq!(reply.header("connection"), "close", "{reply:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        // Ended by its sender before it was whole.
        let mut cut = server.connect().unwrap();
        cut.write_all((head(token, 100) + "{\"code\":").as_bytes()).unwrap();
        let answer = rest(cut);
        if !answer.is_empty() {
            Reply::read(&answer).unwrap().refused(400, "bad_request");
        }
    });
}

#[test]
fn headers_that_never_end_are_given_up() {
    hurried(|server, _| {
        for beginning in ["GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow:", "GET /he", "\r\n", ""] {
            let start = Instant::now();
            let mut stream = server.connect().unwrap();
            stream.write_all(beginning.as_bytes()).unwrap();
            let answer = String::from_utf8(read(&stream)).unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
            assert!(start.elapsed() < Duration::from_secs(5), "{beginning:?}");
        }
    });
}

#[test]
fn floods_of_headers_are_refused() {
    hurried(|server, token| {
        let many = |count: usize, length: usize| {
            let mut text = format!("GET /api/v1/me HTTP/1.1\r\nauthorization: Bearer {token}\r\n");
            for number in 0..count {
                text.push_str(&format!("x-{number}: {}\r\n", "y".repeat(length)));
            }
            text + "connection: close\r\nhost: x\r\n\r\n"
        };
        // What the layer sees it explains; the server itself only refuses.
        let seen = Reply::read(&server.raw(many(80, 1).as_bytes()).unwrap()).unwrap();
        seen.refused(431, "headers_too_large");
        for (count, length) in [(5_000, 1), (3, 20_000), (1, 500_000), (90, 4_000)] {
            let mut stream = server.connect().unwrap();
            // The other side may hang up before all is written.
            let _ = stream.write_all(many(count, length).as_bytes());
            let answer = String::from_utf8(rest(stream)).unwrap();
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 431");
            assert!(refused, "{count} of {length}: {answer}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(200_000));
        let mut stream = server.connect().unwrap();
        let _ = stream.write_all(long.as_bytes());
        let answer = String::from_utf8(rest(stream)).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    });
}

#[test]
fn what_is_no_request_is_refused_also_behind_one_that_is() {
    hurried(|server, token| {
        let garbage: [&[u8]; 5] = [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\0\0\0\0\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ];
        for bytes in garbage {
            let alone = String::from_utf8(server.raw(bytes).unwrap()).unwrap();
            assert!(alone.is_empty() || alone.starts_with("HTTP/1.1 400"), "{bytes:?}: {alone}");
            let good = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
            let both = server.raw(&[good, bytes].concat()).unwrap();
            let both = String::from_utf8(both).unwrap();
            assert!(both.starts_with("HTTP/1.1 200"), "{both}");
            let after = both.split_once("ok\n").unwrap().1;
            assert!(after.is_empty() || after.starts_with("HTTP/1.1 400"), "{bytes:?}: {after}");
        }
        // Two lengths, or two ways to tell where the body ends (RFC 9112, 6.3): one proxy might
        // take the end of it for another request.
        let smuggled = "GET /api/v1/me HTTP/1.1\r\nhost: x\r\n\r\n";
        for lengths in [
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: -1\r\n",
            "content-length: 5, 6\r\n",
            "transfer-encoding: gzip, identity\r\n",
        ] {
            let begun = format!(
                "POST /api/v1/session/refresh HTTP/1.1\r\nhost: x\r\n{lengths}\
                 content-type: application/json\r\n\r\n{{}}   {smuggled}"
            );
            let answer = String::from_utf8(server.raw(begun.as_bytes()).unwrap()).unwrap();
            assert!(answer.starts_with("HTTP/1.1 400"), "{lengths}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
        }
        server.get("/healthz", token).ok(200);
    });
}

#[test]
fn places_that_are_none_lead_nowhere() {
    on_both(|database| {
        on(database, |server, token| {
            let ask = |target: &[u8]| {
                let mut bytes = b"GET ".to_vec();
                bytes.extend(target);
                bytes.extend(
                    format!(
                        " HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                         connection: close\r\n\r\n"
                    )
                    .bytes(),
                );
                Reply::read(&server.raw(&bytes).unwrap()).unwrap()
            };
            for path in [
                "/api/v1/../../etc/passwd",
                "/../../../../etc/passwd",
                "/api/v1/%2e%2e/%2e%2e/etc/passwd",
                "/api/v1/customers/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
                "/api/v1/customers/..%5c..%5cetc",
                "/api/docs/..%2f..%2fetc%2fpasswd",
                "//etc/passwd",
            ] {
                ask(path.as_bytes()).refused(404, "not_found");
            }
            // A zero byte and bytes that are no UTF-8, bare and written as %00 and %ff: no text
            // that could be kept.
            for target in [
                &b"/api/v1/customers/a\0b"[..],
                b"/api/v1/customers?route=a\0b",
                b"/api/v1/customers\nx",
            ] {
                assert_eq!(ask(target).status, 400, "{target:?}");
            }
            for target in [
                "/api/v1/customers/%00",
                "/api/v1/customers/%ff%fe",
                "/api/v1/customers/%00/deliveries",
                "/api/v1/customers/C/bills/%00",
                "/api/v1/products/%00",
                "/api/v1/orders/%00",
                "/api/v1/bills/INV/%00/1",
                "/api/v1/customers?route=%00",
                "/api/v1/customers?route=%ff",
                "/api/v1/customers?after=%00",
                // "a\0b" in a cursor.
                "/api/v1/customers?after=YQBi",
                "/api/v1/customers?search=%00",
                "/api/v1/orders?customer=%00",
                "/api/v1/jobs?kind=%00",
                "/api/v1/audit?table=%00&record=%00",
                "/api/v1/audit/report?table=a%00&action=%00",
                "/api/v1/people?role=%00",
                "/api/v1/bills?month=%00&status=%00",
            ] {
                let reply = ask(target.as_bytes());
                assert!(reply.status < 500, "{target}: {reply:?}");
                assert!([200, 400, 404, 422].contains(&reply.status), "{target}: {reply:?}");
            }
        });
    });
}

#[test]
fn bodies_that_are_none_change_nothing() {
    on_both(|database| {
        on(database, |server, token| {
            let send = |kind: &str, body: &str| {
                let head = head(token, body.len())
                    .replace("application/json", kind)
                    .replace("host: x", "host: x\r\nconnection: close");
                Reply::read(&server.raw((head + body).as_bytes()).unwrap()).unwrap()
            };
            let deep = format!("{{\"code\":{}", "[".repeat(100) + &"]".repeat(100) + "}");
            let deeper = format!("{{\"unknown\":{}", "{\"a\":".repeat(1_000));
            for (body, status, code) in [
                (deep.as_str(), 422, "invalid"),
                (&deeper, 422, "invalid"),
                ("{\"code\":1e400,\"name\":\"b\"}", 400, "bad_json"),
                ("{\"code\":\"a\",\"name\":\"b\\u0000c\"}", 422, "invalid"),
                ("{\"code\":\"\\u0000\",\"name\":\"b\"}", 422, "invalid"),
                ("{\"code\":\"\\ud800\",\"name\":\"b\"}", 400, "bad_json"),
                ("\u{feff}{}", 400, "bad_json"),
            ] {
                send("application/json", body).refused(status, code);
            }
            for kind in ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""] {
                send(kind, "{}").refused(415, "unsupported_media_type");
            }
            // Texts of the sign-in are compared, looked up and counted.
            for login in ["\0", "a\0@example.in", "\u{ffff}@example.in", &"x".repeat(254)] {
                let body = json!({ "login": login, "password": "x\0y" });
                server.ask("POST", "/api/v1/session", "", &body).refused(401, "sign_in_failed");
            }
            let body = json!({ "refresh_token": "\0" });
            let reply = server.ask("POST", "/api/v1/session/refresh", "", &body);
            reply.refused(401, "refresh_refused");
        });
    });
}
