//! Deliveries as they come in practice: several of one thing in a set, played back under another
//! id, of Stripe's other world, told late, with many headers. Each ends as if it had come alone,
//! once and in time.

use crate::kit::{
    Named, SECRET, billed, books, captured, delivery, event, keys, now, payment, receive,
};
use app::webhooks::{Delivery, Gateway, Headers, Keys, Receipt, Secrets, StripeMode};
use domain::ids::WebhookEventId;
use domain::webhooks::State;
use serde_json::{Value, json};
use testkit::on_both;

fn link(kind: &str, status: &str) -> String {
    let entity = json!({
        "id": "plink_1", "amount": 60_000, "amount_paid": 0, "currency": "INR", "status": status,
        "order_id": "order_1", "created_at": 1_790_000_000, "notes": Value::Null,
    });
    event(kind, &[("payment_link", entity)])
}

#[test]
fn the_last_word_about_a_link_holds_and_paid_stays() {
    on_both(|database| {
        let dairy = billed(database);
        let paid = link("payment_link.paid", "paid");
        let expired = link("payment_link.expired", "expired");
        let cancelled = link("payment_link.cancelled", "cancelled");
        let sets = [
            (vec![&expired, &paid], "paid"),
            (vec![&paid, &expired], "paid"),
            (vec![&expired, &paid, &cancelled, &expired], "paid"),
            (vec![&cancelled, &expired], "expired"),
            (vec![&expired, &cancelled], "cancelled"),
        ];
        for (set, (bodies, state)) in sets.iter().enumerate() {
            let id = set + 1;
            dairy.sql(&format!(
                "INSERT INTO payment_requests (id, provider, kind, reference, provider_reference, \
                 customer_id, amount_paise, in_parts, state, created_at, updated_at) VALUES \
                 ({id}, 'razorpay', 'link', 'our-{id}', 'plink_{id}', 1, 60000, 0, 'done', 1, 1)"
            ));
            let told: Vec<_> = bodies
                .iter()
                .enumerate()
                .map(|(place, body)| {
                    let body = body.replace("plink_1", &format!("plink_{id}"));
                    delivery(&format!("e{id}-{place}"), &body)
                })
                .collect();
            receive(&dairy, &told);
            let moved = format!(
                "SELECT COUNT(*) FROM payment_requests WHERE id = {id} AND state = '{state}'"
            );
            assert_eq!(dairy.count(&moved), 1, "{state} of set {set}");
        }
        dairy.assert_verified();
    });
}

#[test]
fn every_altered_delivery_is_counted() {
    on_both(|database| {
        let dairy = billed(database);
        let body = |paise| captured("pay_1", paise, json!({ "customer_code": "C1" }));
        receive(&dairy, &[delivery("e1", &body(60_000)), delivery("e2", &body(60_000))]);
        let told = [
            delivery("e1", &body(1)),
            delivery("e2", &body(2)),
            delivery("e1", &body(3)),
            delivery("e1", &body(4)),
        ];
        assert!(receive(&dairy, &told).iter().all(|receipt| *receipt == Receipt::Conflict));
        let count = |id: &str| {
            let one = "SELECT altered_count FROM gateway_events WHERE event_id =";
            dairy.count(&format!("{one} '{id}'"))
        };
        assert_eq!((count("e1"), count("e2")), (3, 1));
        let last = gateway_hash(&body(4));
        let kept = "SELECT COUNT(*) FROM gateway_events WHERE event_id = 'e1' AND altered_hash =";
        assert_eq!(dairy.count(&format!("{kept} '{last}'")), 1);
        dairy.assert_verified();
    });
}

/// SHA-256 of a body, in hexadecimal, as it is kept.
fn gateway_hash(body: &str) -> String {
    let hash = delivery("other", body).body_hash;
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn a_delivery_played_back_under_another_id_is_known_by_its_content() {
    on_both(|database| {
        let dairy = billed(database);
        let body = captured("pay_1", 60_000, json!({ "customer_code": "C1" }));
        // In one set, and later.
        let told = [delivery("e1", &body), delivery("e2", &body)];
        assert_eq!(receive(&dairy, &told), [Receipt::Processed, Receipt::AlreadyProcessed]);
        let before = books(&dairy);
        let told = [delivery("e3", &body), delivery("e4", &body)];
        assert_eq!(receive(&dairy, &told), [Receipt::AlreadyProcessed, Receipt::AlreadyProcessed]);
        // Another event of the same payment tells nothing new either, and was not told before.
        let paid = payment("pay_1", 60_000, "captured", json!({}));
        let order = event("order.paid", &[("payment", paid)]);
        assert_eq!(receive(&dairy, &[delivery("e5", &order)]), [Receipt::Processed]);
        assert_eq!(books(&dairy), before);
        // Each is kept, with the name of the first.
        let named = "SELECT COUNT(*) FROM gateway_events WHERE state = 'processed' AND \
                     reason = 'the event e1 has told it, word for word'";
        assert_eq!(dairy.count(named), 3);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM gateway_events"), 5);
        dairy.assert_verified();
    });
}

/// An event of Stripe about an intent that was asked for long before it was paid.
fn intent_paid(event_id: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{event_id}","object":"event","type":"payment_intent.succeeded",
        "created":1790744400,{rest}"data":{{"object":{{"id":"pi_1","object":"payment_intent",
        "amount":60000,"amount_received":60000,"currency":"inr","status":"succeeded",
        "created":1788000000,"metadata":{{"customer_code":"C1"}}}}}}}}"#
    )
}

/// An authentic delivery of Stripe.
fn of_stripe(body: &str, mode: StripeMode) -> Delivery {
    let secrets = Secrets::new([SECRET]).unwrap();
    let secs = now().unix_micros() / 1_000_000;
    let signed = gateways::stripe::webhook::sign(body.as_bytes(), &secrets, secs);
    let headers = Named(vec![("stripe-signature", signed)]);
    let keys = Keys { stripe_mode: mode, ..keys() };
    keys.authenticate(Gateway::Stripe, &headers, body.as_bytes().to_vec(), now()).unwrap()
}

#[test]
fn the_other_world_of_stripe_stays_out_of_the_books() {
    use StripeMode::{Live, Test};
    let (test, live) = ("\"livemode\":false,", "\"livemode\":true,");
    on_both(|database| {
        for (rest, ours) in [(test, Live), (live, Test)] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            let before = books(&dairy);
            let one = of_stripe(&intent_paid("evt_1", rest), ours);
            assert_eq!(receive(&dairy, &[one]), [Receipt::Ignored]);
            // Nor at somebody's word, nor when it could not be kept at first.
            let id = WebhookEventId(1);
            let again = |mode| {
                dairy
                    .store
                    .write(|tx| app::webhooks::replay(tx, &dairy.actor(), id, mode, false))
                    .unwrap()
            };
            assert_eq!(again(ours).standing.state, State::Ignored);
            let later = domain::jobs::later(now(), std::time::Duration::from_hours(5));
            let two = of_stripe(&intent_paid("evt_2", rest), ours);
            dairy
                .store
                .write(|tx| app::webhooks::keep_failed(tx, &two, "the database was full", now()))
                .unwrap();
            app::webhooks::retry_due(&dairy.store, later, ours).unwrap();
            assert_eq!(books(&dairy), before);
            let ignored = "SELECT COUNT(*) FROM gateway_events WHERE state = 'ignored'";
            assert_eq!(dairy.count(ignored), 2);
            // Whoever changes the setting can have it booked.
            let other = if ours == Live { Test } else { Live };
            assert_eq!(again(other).standing.state, State::Processed);
            assert_ne!(books(&dairy), before);
            dairy.assert_verified();
        }
    });
}

#[test]
fn an_event_that_does_not_say_its_world_is_ours() {
    on_both(|database| {
        let dairy = billed(database);
        let one = of_stripe(&intent_paid("evt_1", ""), StripeMode::Live);
        assert_eq!(receive(&dairy, &[one]), [Receipt::Processed]);
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        dairy.assert_verified();
    });
}

#[test]
fn stripes_money_came_when_it_was_paid_whichever_event_tells_first() {
    let paid = intent_paid("evt_1", "\"livemode\":true,");
    let session = r#"{"id":"evt_2","object":"event","type":"checkout.session.completed",
        "livemode":true,"created":1790744401,"data":{"object":{"id":"cs_1","payment_status":"paid",
        "status":"complete","amount_total":60000,"currency":"inr","payment_intent":"pi_1",
        "created":1788000000,"metadata":{"customer_code":"C1"}}}}"#;
    on_both(|database| {
        for bodies in [[paid.as_str(), session], [session, paid.as_str()]] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            for body in bodies {
                receive(&dairy, &[of_stripe(body, StripeMode::Live)]);
            }
            // 1790744400 is the 30th of September in India, 1788000000 the 29th of August.
            assert_eq!(dairy.count("SELECT received_day FROM payments"), 20_260_930);
            let at = "SELECT captured_at FROM payments";
            assert_eq!(dairy.count(at), 1_790_744_400_000_000);
            dairy.assert_verified();
        }
    });
}

#[test]
fn headers_are_kept_as_they_came_but_for_secrets() {
    let body = captured("pay_1", 60_000, json!({}));
    let secrets = Secrets::new([SECRET]).unwrap();
    let signature = gateways::razorpay::webhook::sign(body.as_bytes(), &secrets);
    let long = "x".repeat(20_000);
    let headers = Bytes(vec![
        ("x-razorpay-signature", signature.clone().into_bytes()),
        ("authorization", b"Bearer secret".to_vec()),
        ("cookie", b"secret".to_vec()),
        ("proxy-authorization", b"secret".to_vec()),
        ("x-twice", b"1".to_vec()),
        ("x-twice", b"2".to_vec()),
        ("x-odd", b"caf\xe9 \"\\".to_vec()),
        ("x-long", long.into_bytes()),
        ("x-razorpay-event-id", b"e1".to_vec()),
    ]);
    let one = keys().authenticate(Gateway::Razorpay, &headers, body.into_bytes(), now()).unwrap();
    let kept: Value = serde_json::from_str(&one.headers).unwrap();
    let expected = json!([
        ["x-razorpay-signature", signature],
        ["x-twice", "1"],
        ["x-twice", "2"],
        ["x-odd", "caf\u{fffd} \"\\", "was no UTF-8"],
        ["x-razorpay-event-id", "e1"],
        { "left_out": 1 },
    ]);
    assert_eq!(kept, expected);
}

/// Headers whose values need not be text.
struct Bytes(Vec<(&'static str, Vec<u8>)>);

impl Headers for Bytes {
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_slice())
    }

    fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_slice()))
    }
}
