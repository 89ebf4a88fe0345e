//! What was read lately is shown again only while nobody has written anything.
//!
//! It deliberately writes past the service as well, as another program on the same file would.

use crate::kit::{Api, Reply, blocking, each};
use app::Store;
use app::access::people::{self, Change};
use domain::access::Role;
use domain::calendar::Month;
use serde_json::{Value, json};
use std::time::Duration;

const BILL: &str = "/api/v1/customers/C-1/bills/2026-10";

fn drafts(api: &Api, store: &Store) {
    let month = Month::parse("2026-10").unwrap();
    let request = app::billing::Request { month, mode: app::billing::Mode::Draft, dry_run: false };
    let actor = app::Actor::program("test", api.at());
    blocking(|| app::billing::run(store, &actor, request, &mut |_, _| {})).unwrap();
}

fn delivery(reference: &str) -> Value {
    json!({ "deliveries": [{ "reference": reference, "date": "2026-10-20", "shift": "morning",
        "customer_code": "C-1", "sku": "MILK", "quantity": "1", "status": "delivered" }] })
}

#[test]
fn a_change_is_seen_at_once_whoever_makes_it() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        drafts(api, &api.store);
        let total = async || {
            // Twice: the second time it may come from memory.
            api.get(BILL, &token).await.ok(200);
            api.get(BILL, &token).await.ok(200).json()["total"].clone()
        };
        let first = total().await;
        api.post("/api/v1/deliveries", &token, delivery("R-1")).await.ok(200);
        drafts(api, &api.store);
        let second = total().await;
        assert_ne!(first, second);
        // Another program on the same database.
        let other = blocking(|| Store::open(&api.url)).unwrap();
        api.post("/api/v1/deliveries", &token, delivery("R-2")).await.ok(200);
        drafts(api, &other);
        assert_ne!(second, total().await);
        // Closing a connection to a server waits for it.
        blocking(|| drop(other));
    });
}

/// Until what was written is known on a server, several times.
const A_LITTLE: Duration = Duration::from_millis(20);

/// How many requests were answered without reading, and how many of a route were answered well.
async fn figures(api: &Api, route: &str) -> (u64, u64) {
    let text = api.get("/metrics", "").await.text;
    let figure = |begins: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(begins));
        line.map_or(0, |value| value.trim().parse::<u64>().unwrap())
    };
    let labels = format!("{{method=\"GET\",route=\"{route}\",status=\"2xx\"}}");
    let all = figure(&format!("http_server_request_duration_seconds_count{labels}"));
    (figure("http_server_shown_again_total"), all)
}

#[test]
fn what_customers_may_use_is_remembered_while_others_tables_are_written() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let (path, route) = ("/api/v1/customers/C-1/entitlements/curd", "/none");
        let entitled = async || api.get(path, &token).await.json()["entitled"].clone();
        let mut again = false;
        for n in 0..100 {
            assert_eq!(entitled().await, false);
            api.post("/api/v1/deliveries", &token, delivery(&format!("R-{n}"))).await.ok(200);
            let before = figures(api, route).await.0;
            assert_eq!(entitled().await, false);
            again = figures(api, route).await.0 > before;
            if again {
                break;
            }
            tokio::time::sleep(A_LITTLE).await;
        }
        assert!(again, "it was read anew after each delivery");
        // What is given to everybody counts at once.
        let plan = json!({ "code": "curd_club", "name": "Curd club", "price": "0",
            "features": ["curd"] });
        api.post("/api/v1/plans", &token, plan).await.ok(201);
        assert_eq!(entitled().await, true);
    });
}

#[test]
fn what_is_shown_again_is_counted_under_its_route() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        drafts(api, &api.store);
        let first = api.get(BILL, &token).await;
        let route = "/api/v1/customers/{code}/bills/{month}";
        // What another test or the work of this program has written takes a moment to be known on
        // a server; then it is shown again.
        let mut last = figures(api, route).await;
        let mut again = None;
        for _ in 0..100 {
            let reply = api.get(BILL, &token).await;
            let now = figures(api, route).await;
            assert_eq!(now.1, last.1 + 1, "each request is counted under its route");
            let was_shown_again = now.0 > last.0;
            last = now;
            if was_shown_again {
                again = Some(reply);
                break;
            }
            tokio::time::sleep(A_LITTLE).await;
        }
        let again = again.expect("nothing was shown again");
        assert_eq!((again.status, &again.text), (200, &first.text));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    });
}

#[test]
fn whoever_is_out_is_out_at_once() {
    each(async |api| {
        let owner = api.person(Role::Owner, None);
        api.dairy(&owner).await;
        drafts(api, &api.store);
        let clerk = api.person(Role::Accountant, None);
        for _ in 0..2 {
            api.get(BILL, &clerk).await.ok(200);
        }
        // What one caller may see does not open it to another.
        let rider = api.person(Role::Rider, None);
        for _ in 0..2 {
            api.get(BILL, &rider).await.refused(403, "not_allowed");
            api.get(BILL, "").await.refused(401, "not_signed_in");
        }
        api.get(BILL, &clerk).await.ok(200);
        blocking(|| {
            let clerk = people::by_login(&api.store, "accountant@example.in").unwrap();
            let actor = app::Actor::program("test", api.at());
            let out = Change { name: None, role: None, customer_code: None, active: Some(false) };
            people::change(&api.store, &actor, clerk.id, clerk.version, &out).unwrap();
        });
        api.get(BILL, &clerk).await.refused(401, "not_signed_in");
        // A token does not outlive its time because it is remembered.
        api.get(BILL, &owner).await.ok(200);
        api.later(16 * 60);
        api.get(BILL, &owner).await.refused(401, "not_signed_in");
    });
}

/// The headers of an answer but for those that differ each time. The length is told by the server
/// when the answer is sent, unless a route has told it before.
fn told(reply: &Reply) -> Vec<String> {
    let each = ["x-request-id", "ratelimit", "date", "content-length"];
    let headers = reply.headers.iter().filter(|(name, _)| !each.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    headers
}

/// The quota and what is left of it.
fn quota(reply: &Reply) -> (u32, u32) {
    let number = |header: &str, before: &str| {
        let found =
            reply.header(header).split(before).nth(1).and_then(|rest| rest.split(';').next());
        found.unwrap_or_default().parse().unwrap()
    };
    (number("ratelimit-policy", "q="), number("ratelimit", "r="))
}

#[test]
fn what_is_shown_again_is_answered_like_what_was_read() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        drafts(api, &api.store);
        let again = async || {
            let reply = api.get(BILL, &token).await;
            reply.ok(200);
            reply
        };
        let (first, second) = (again().await, again().await);
        assert_eq!(first.json(), second.json());
        assert_eq!(told(&first), told(&second));
        let (all, left) = quota(&second);
        assert!(left < all, "every request counts");
        let tag = again().await.header("etag").to_owned();
        let has = [("if-none-match", tag.as_str())];
        api.call("GET", BILL, &token, Value::Null, &has).await.ok(304);
        // What is not the same request goes the whole way.
        let head = api.call("HEAD", BILL, &token, Value::Null, &[]).await;
        assert_eq!((head.ok(200).text.as_str(), head.header("etag")), ("", tag.as_str()));
        api.get(&format!("{BILL}?x=1"), &token).await.ok(200);
        let unread = [("if-none-match", "\"other\"")];
        api.call("GET", BILL, &token, Value::Null, &unread).await.ok(200);
    });
}
