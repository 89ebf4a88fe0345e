//! Authentic deliveries with hostile texts and numbers in every field: each is answered, and kept
//! or known, and none breaks a database.

use crate::kit::{Api, GATEWAY_SECRET, blocking, each, once};
use crate::webhooks::{RAZORPAY, STRIPE, mac, post};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Values that are put in the place of each value of an event.
fn hostile() -> Vec<Value> {
    vec![
        json!("\0"),
        json!("x\0y"),
        json!("\u{1}\u{7f}\u{85}\r\n\u{2028}\u{202e}'; DROP TABLE payments; --"),
        json!("\u{10ffff}\u{1f600}".repeat(20_000)),
        json!("a".repeat(100_000)),
        json!(i64::MAX),
        json!(-1),
        json!(true),
        json!([{ "a": "\0" }]),
        json!({ "id": "\0" }),
    ]
}

fn razorpay(kind: &str, payload: &[(&str, Value)]) -> Value {
    let held: serde_json::Map<String, Value> =
        payload.iter().map(|(key, entity)| ((*key).into(), json!({ "entity": entity }))).collect();
    json!({ "entity": "event", "account_id": "acc_1", "event": kind, "payload": held,
        "created_at": 1_790_000_001 })
}

fn stripe(kind: &str, object: &Value) -> Value {
    json!({ "id": "evt_1", "object": "event", "type": kind, "livemode": true, "account": "acct_1",
        "created": 1_790_000_001, "data": { "object": object } })
}

fn notes() -> Value {
    json!({ "bill_no": "B-1", "customer_code": "C1", "plan_code": "P1", "reference": "R-1" })
}

fn payment(status: &str) -> Value {
    json!({ "id": "pay_1", "entity": "payment", "amount": 500, "currency": "INR",
        "status": status, "order_id": "order_1", "invoice_id": "inv_1", "method": "upi",
        "vpa": "a@b", "notes": notes(), "fee": 10, "tax": 1, "customer_id": "cust_1",
        "amount_refunded": 0, "acquirer_data": { "rrn": "1", "arn": "2" },
        "error_reason": "x", "error_code": "y", "upi": { "vpa": "a@b" },
        "created_at": 1_790_000_000 })
}

fn of_razorpay() -> Vec<Value> {
    let order = json!({ "id": "order_1", "amount": 500, "currency": "INR", "receipt": "R-1" });
    let link = json!({ "id": "plink_1", "amount": 500, "currency": "INR", "status": "paid",
        "order_id": "order_1", "reference_id": "R-1", "notes": notes(), "created_at": 1 });
    let refund = json!({ "id": "rfnd_1", "amount": 5, "currency": "INR", "payment_id": "pay_1",
        "status": "processed", "notes": notes(), "acquirer_data": { "arn": "2" } });
    let dispute = json!({ "id": "disp_1", "amount": 5, "currency": "INR", "payment_id": "pay_1",
        "status": "lost", "amount_deducted": 5, "reason_code": "x" });
    let settled = json!({ "id": "setl_1", "amount": 5, "status": "processed", "fees": 0,
        "tax": 0, "utr": "U1", "created_at": 1_790_000_000 });
    let captured = || ("payment", payment("captured"));
    vec![
        razorpay("payment.captured", &[captured()]),
        razorpay("payment.failed", &[("payment", payment("failed"))]),
        razorpay("order.paid", &[captured(), ("order", order.clone())]),
        razorpay("payment_link.paid", &[captured(), ("order", order), ("payment_link", link)]),
        razorpay("qr_code.credited", &[captured(), ("qr_code", json!({ "id": "qr_1" }))]),
        razorpay("refund.processed", &[("refund", refund)]),
        razorpay("payment.dispute.lost", &[("dispute", dispute)]),
        razorpay("settlement.processed", &[("settlement", settled)]),
        razorpay("unheard.of", &[]),
    ]
}

fn of_stripe() -> Vec<Value> {
    let intent = json!({ "id": "pi_1", "amount": 500, "amount_received": 500, "currency": "inr",
        "status": "succeeded", "created": 1_790_000_000, "latest_charge": "ch_1",
        "invoice": "in_1", "customer": "cus_1", "payment_method_types": ["upi"],
        "last_payment_error": { "code": "x" }, "metadata": notes() });
    let session = json!({ "id": "cs_1", "payment_status": "paid", "status": "complete",
        "amount_total": 500, "currency": "inr", "payment_intent": "pi_1", "created": 1,
        "client_reference_id": "R-1", "metadata": notes() });
    let refund = json!({ "id": "re_1", "amount": 5, "currency": "inr", "payment_intent": "pi_1",
        "charge": "ch_1", "status": "succeeded", "reason": "x", "metadata": notes() });
    let dispute = json!({ "id": "dp_1", "amount": 5, "currency": "inr", "payment_intent": "pi_1",
        "charge": "ch_1", "status": "lost", "reason": "x" });
    let invoice = json!({ "id": "in_1", "amount_paid": 500, "amount_due": 500, "currency": "inr",
        "status": "paid", "subscription": "sub_1", "payment_intent": "pi_1", "charge": "ch_1",
        "customer": "cus_1", "metadata": notes() });
    let payout = json!({ "id": "po_1", "amount": 5, "currency": "inr", "status": "paid",
        "trace_id": { "value": "U1" }, "created": 1_790_000_000 });
    let thin = json!({ "id": "evt_2", "object": "v2.core.event", "type": "v1.thing",
        "created": "2026-10-01T00:00:00Z", "related_object": { "id": "x", "type": "y" } });
    vec![
        stripe("payment_intent.succeeded", &intent),
        stripe("checkout.session.completed", &session),
        stripe("refund.updated", &refund),
        stripe("charge.dispute.closed", &dispute),
        stripe("invoice.payment_succeeded", &invoice),
        stripe("payout.paid", &payout),
        stripe("unheard.of", &json!({})),
        thin,
    ]
}

/// The places of all values in a tree, as JSON pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{at}/{name}"), all);
            }
        }
        Value::Array(items) => {
            for (place, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{place}"), all);
            }
        }
        _ => all.push(at.to_owned()),
    }
}

/// Puts each hostile value in the place of each value of the events, and delivers them.
async fn deliver_all(api: &Api, path: &str, events: &[Value]) {
    let secs = api.at().unix_micros() / 1_000_000;
    let mut number = 0;
    for event in events {
        let mut all = Vec::new();
        places(event, "", &mut all);
        for (place, value) in all.iter().flat_map(|p| hostile().into_iter().map(move |v| (p, v))) {
            number += 1;
            let id = format!("evt_h{number}");
            let mut damaged = event.clone();
            damaged["id"] = json!(id);
            *damaged.pointer_mut(place).unwrap() = value.clone();
            let body = damaged.to_string();
            let signed = mac(GATEWAY_SECRET, format!("{secs}.{body}").as_bytes());
            let headers = [
                ("x-razorpay-signature", mac(GATEWAY_SECRET, body.as_bytes())),
                ("x-razorpay-event-id", id),
                ("stripe-signature", format!("t={secs},v1={signed}")),
            ];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let reply = post(api, path, &headers, body).await;
            let shown: String = value.to_string().chars().take(60).collect();
            assert_eq!(reply.status, 200, "{place} {shown}: {}", reply.text);
        }
    }
}

#[test]
fn hostile_values_in_every_field_are_answered_and_kept() {
    each(async |api| {
        deliver_all(api, RAZORPAY, &of_razorpay()).await;
        deliver_all(api, STRIPE, &of_stripe()).await;
        // A kind that is too long is cut, and one with a NUL is not taken for another one.
        let found = blocking(|| {
            api.store.read(|tx| app::webhooks::list(tx, None, None, None, 200)).unwrap().0
        });
        assert!(found.iter().all(|kept| kept.kind.chars().count() <= 100));
        blocking(|| {
            let findings = app::verify::verify(&api.store, &mut |_, _| {}).unwrap();
            assert!(findings.is_clean(), "{findings:#?}");
        });
    });
}

/// Sends the beginning of a request and then a body, and reads the answer as a plain client does:
/// only after everything was sent.
fn send_all(address: SocketAddr, path: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_client_that_sends_too_much_sees_why_it_is_refused() {
    once(async |api| {
        let address = api.listen().await;
        let large = vec![b' '; 5 << 20];
        blocking(|| {
            for path in [RAZORPAY, STRIPE] {
                let answer = send_all(address, path, "", &large);
                assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
                assert!(answer.contains("\"code\":\"too_large\""), "{answer}");
            }
            // Nobody reads the body of one who has not signed in.
            let answer = send_all(address, "/api/v1/customers", "", &large);
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
            // Who waits to be told to go on is refused without having sent anything.
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let head = format!(
                "POST {RAZORPAY} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                large.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        });
    });
}
