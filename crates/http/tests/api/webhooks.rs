//! Deliveries of gateways over HTTP: forged, cut, re-encoded, replayed, signed with an old secret,
//! too large, no JSON. None of it moves money twice, or at all.

use crate::kit::{Api, GATEWAY_SECRET, OLD_GATEWAY_SECRET, Reply, blocking, each, once};
use app::Actor;
use app::customers::Said;
use axum::body::Body;
use axum::http::Request;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

pub const RAZORPAY: &str = "/api/v1/webhooks/razorpay";
pub const STRIPE: &str = "/api/v1/webhooks/stripe";

pub fn mac(secret: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub async fn post(
    api: &Api,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Reply {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::from(body.into())).unwrap()).await
}

/// Delivers a body as Razorpay would.
async fn deliver(api: &Api, event_id: &str, body: &str) -> Reply {
    let signature = mac(GATEWAY_SECRET, body.as_bytes());
    let headers = [("x-razorpay-signature", signature.as_str()), ("x-razorpay-event-id", event_id)];
    post(api, RAZORPAY, &headers, body).await
}

fn captured(id: &str, paise: i64) -> String {
    // Slashes as PHP writes them: whoever reads and writes the body anew breaks the signature.
    let text = json!({
        "entity": "event", "event": "payment.captured", "payload": { "payment": { "entity": {
            "id": id, "entity": "payment", "amount": paise, "currency": "INR",
            "status": "captured", "order_id": null, "method": "upi", "description": "Milk 06/2026",
            "notes": { "customer_code": "C1" }, "fee": 0, "tax": 0, "acquirer_data": {},
        }}},
        "created_at": 1_790_000_001,
    });
    text.to_string().replace('/', "\\/")
}

/// A dairy with one customer.
fn with_customer(api: &Api) {
    blocking(|| {
        let actor = Actor::program("test", api.at());
        let said = Said { name: Some("Asha".to_owned()), ..Said::default() };
        api.store.write(|tx| app::customers::add(tx, &actor, "C1", &said)).unwrap();
    });
}

/// What the ledger says C1 owes, in paise.
fn owed(api: &Api) -> i64 {
    let balances = blocking(|| app::ledger::balances(&api.store)).unwrap();
    balances.customers.first().map_or(0, |customer| customer.balance.paise())
}

#[test]
fn a_delivery_is_answered_after_it_is_kept_and_known_again() {
    each(async |api| {
        with_customer(api);
        let body = captured("pay_1", 12_300);
        let reply = deliver(api, "evt_1", &body).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"status":"processed"}"#));
        assert_eq!(owed(api), -12_300);
        let again = deliver(api, "evt_1", &body).await;
        assert_eq!((again.status, again.text.as_str()), (200, r#"{"status":"already_processed"}"#));
        // The id is not signed: the same body under a new one tells nothing new.
        let renamed = deliver(api, "evt_2", &body).await;
        assert_eq!(renamed.text, r#"{"status":"already_processed"}"#);
        // A known id with another content is refused.
        deliver(api, "evt_1", &captured("pay_2", 5)).await.refused(409, "conflict");
        assert_eq!(owed(api), -12_300);
        let unknown = deliver(api, "evt_3", r#"{"entity":"event","event":"new.thing"}"#).await;
        assert_eq!(unknown.text, r#"{"status":"ignored"}"#);
        let figures = api.send(Request::get("/metrics").body(Body::empty()).unwrap()).await.text;
        assert!(figures.contains("billing_webhook_replay_block_total 3"), "{figures}");
        blocking(|| {
            let findings = app::verify::verify(&api.store, &mut |_, _| {}).unwrap();
            assert!(findings.is_clean(), "{findings:#?}");
        });
    });
}

#[test]
fn figures_tell_how_it_goes_with_each_gateway() {
    each(async |api| {
        with_customer(api);
        let shows = async |wanted: &[(&str, i64)]| {
            let text = api.get("/metrics", "").await.text;
            for (name, value) in wanted {
                let line = format!("billing_webhook_{name}\"}} {value}\n");
                assert!(text.contains(&line), "{line} in {text}");
            }
        };
        let now = api.at().unix_micros() / 1_000_000;
        let since = "failing_since_timestamp_seconds{provider=\"razorpay";
        shows(&[(since, 0), ("failures_total{provider=\"stripe", 0)]).await;
        let forged = [("x-razorpay-signature", "00"), ("x-razorpay-event-id", "evt_1")];
        post(api, RAZORPAY, &forged, captured("pay_1", 5)).await.refused(401, "bad_signature");
        api.later(60);
        post(api, RAZORPAY, &forged, captured("pay_1", 5)).await.refused(401, "bad_signature");
        shows(&[(since, now)]).await;
        deliver(api, "evt_1", "this is no JSON").await.ok(200);
        shows(&[
            (since, 0),
            ("dead_letters{provider=\"razorpay", 1),
            ("dead_letters{provider=\"stripe", 0),
            ("waiting{provider=\"razorpay", 0),
            ("silent{provider=\"razorpay", 0),
            ("silent{provider=\"stripe", 0),
            ("last_event_timestamp_seconds{provider=\"razorpay", now + 60),
        ])
        .await;
        let text = api.get("/metrics", "").await.text;
        assert!(!text.contains("last_event_timestamp_seconds{provider=\"stripe\"}"), "{text}");
    });
}

#[test]
fn what_is_not_authentic_is_refused_and_not_kept() {
    each(async |api| {
        with_customer(api);
        let body = captured("pay_1", 12_300);
        let right = mac(GATEWAY_SECRET, body.as_bytes());
        let id = ("x-razorpay-event-id", "evt_1");
        let reread: serde_json::Value = serde_json::from_str(&body).unwrap();
        let upper = right.to_uppercase();
        let forged = mac("another secret", body.as_bytes());
        for (signature, body) in [
            (forged.as_str(), body.clone()),
            (upper.as_str(), body.clone()),
            (right.as_str(), reread.to_string()),
            (right.as_str(), body[..body.len() - 1].to_owned()),
            (right.as_str(), String::new()),
            ("", body.clone()),
        ] {
            let headers = [("x-razorpay-signature", signature), id];
            post(api, RAZORPAY, &headers, body).await.refused(401, "bad_signature");
        }
        post(api, RAZORPAY, &[id], body.clone()).await.refused(401, "bad_signature");
        let large = vec![b' '; 5 << 20];
        post(api, RAZORPAY, &[id], large).await.refused(413, "too_large");
        post(api, "/api/v1/webhooks/paypal", &[id], body).await.refused(404, "not_found");
        let counts =
            blocking(|| api.store.read(|tx| app::webhooks::list(tx, None, None, None, 10)));
        assert_eq!(counts.unwrap().0, []);
        assert_eq!(owed(api), 0);
        let figures = api.send(Request::get("/metrics").body(Body::empty()).unwrap()).await.text;
        assert!(figures.contains("billing_webhook_invalid_sig_total 7"), "{figures}");
    });
}

#[test]
fn authentic_nonsense_is_kept_for_people() {
    each(async |api| {
        for (place, body) in ["not JSON", "[]", "{\"event\":5}", "{\"event\":\"payment.captured\"}"]
            .iter()
            .enumerate()
        {
            let reply = deliver(api, &format!("evt_{place}"), body).await;
            assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("kept")), "{body}");
            // The answer says why, and shows nothing of the content.
            let whys = ["not readable JSON", "not an event", "not an event", "payload is missing"];
            let reason = reply.json()["reason"].as_str().unwrap().to_owned();
            assert!(reason.contains(whys[place]), "{body}: {reason}");
        }
        // Bytes that are no text.
        let bytes = [0xff, 0x00, 0x7b];
        let signature = mac(GATEWAY_SECRET, &bytes);
        let reply = post(api, RAZORPAY, &[("x-razorpay-signature", &signature)], bytes).await;
        assert_eq!(reply.json()["status"], "kept");
        let counts = blocking(|| api.store.read(app::webhooks::counts)).unwrap();
        assert_eq!((counts.waiting, counts.dead), (0, 5));
    });
}

#[test]
fn secrets_are_a_set_and_ids_are_ids() {
    each(async |api| {
        with_customer(api);
        let body = captured("pay_1", 12_300);
        let old = mac(OLD_GATEWAY_SECRET, body.as_bytes());
        let headers = [("x-razorpay-signature", old.as_str()), ("x-razorpay-event-id", "evt_1")];
        assert_eq!(post(api, RAZORPAY, &headers, body.clone()).await.status, 200);
        let long = "e".repeat(65);
        for id in ["", "evt 1", long.as_str()] {
            let headers = [("x-razorpay-signature", old.as_str()), ("x-razorpay-event-id", id)];
            post(api, RAZORPAY, &headers, body.clone()).await.refused(400, "bad_request");
        }
        assert_eq!(owed(api), -12_300);
    });
}

#[test]
fn stripes_moment_counts_both_ways() {
    once(async |api| {
        let event = json!({
            "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": true,
            "created": 1_790_000_000,
            "data": { "object": {
                "id": "pi_1", "object": "payment_intent", "amount": 500, "amount_received": 500,
                "currency": "inr", "status": "succeeded", "created": 1_790_000_000,
                "metadata": { "customer_code": "C1" },
            }},
        });
        let body = event.to_string();
        let now = api.at().unix_micros() / 1_000_000;
        for (offset, status) in [(0, 200), (-299, 200), (299, 200), (-301, 401), (301, 401)] {
            let signed = now + offset;
            let signature = mac(GATEWAY_SECRET, format!("{signed}.{body}").as_bytes());
            let header = format!("t={signed},v1={signature}");
            let reply = post(api, STRIPE, &[("stripe-signature", &header)], body.clone()).await;
            assert_eq!(reply.status, status, "{offset}: {}", reply.text);
        }
        let shown = blocking(|| {
            api.store.read(|tx| app::webhooks::list(tx, None, None, None, 10)).unwrap().0
        });
        assert_eq!(shown.len(), 1);
        // Events of the test mode are kept and left.
        let body =
            body.replace("\"livemode\":true", "\"livemode\":false").replace("evt_1", "evt_2");
        let signature = mac(GATEWAY_SECRET, format!("{now}.{body}").as_bytes());
        let header = format!("t={now},v1={signature}");
        let reply = post(api, STRIPE, &[("stripe-signature", &header)], body).await;
        assert_eq!(reply.text, r#"{"status":"ignored"}"#);
    });
}

#[test]
fn many_at_once_are_kept_together() {
    each(async |api| {
        with_customer(api);
        let mut all = Vec::new();
        for turn in 0..100 {
            // Each payment is told of twice, under two ids.
            let body = captured(&format!("pay_{}", turn / 2), 100);
            all.push(async move { deliver(api, &format!("evt_{turn}"), &body).await });
        }
        let replies = futures_in_turn(all).await;
        let answered = |status: &str| {
            let one = |reply: &&Reply| reply.status == 200 && reply.json()["status"] == status;
            replies.iter().filter(one).count()
        };
        // One of two has told it first, whether they were kept in one set or not.
        assert_eq!((answered("processed"), answered("already_processed")), (50, 50));
        assert_eq!(owed(api), -5_000);
        blocking(|| {
            let findings = app::verify::verify(&api.store, &mut |_, _| {}).unwrap();
            assert!(findings.is_clean(), "{findings:#?}");
        });
    });
}

/// Polls all futures at once until each is done.
async fn futures_in_turn<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for (future, done) in &mut all {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(all.iter_mut().filter_map(|(_, done)| done.take()).collect())
    })
    .await
}
