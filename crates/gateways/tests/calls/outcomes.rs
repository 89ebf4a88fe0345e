//! Refused, unreachable, unknown: what a call's outcome is, whatever the server does.
//!
//! It deliberately uses raw answers, which no fake would give.

use std::net::TcpListener;
use std::sync::atomic::Ordering;

use gateways::CallError;
use gateways::call::Retry;
use gateways::razorpay::{NewOrder, NewRefund};
use gateways::stripe::NewPaymentIntent;

use crate::kit::{Receiver, razorpay_at, reply, retry, stripe_at, tags};

fn order() -> NewOrder {
    NewOrder {
        amount: 5_000,
        currency: "INR".to_owned(),
        receipt: "DB-1".to_owned(),
        tags: tags("DB-1"),
        partial_payment: false,
    }
}

fn refund() -> NewRefund {
    NewRefund {
        amount: 100,
        idempotency_key: "refund-0001".to_owned(),
        receipt: None,
        tags: tags("DB-1"),
    }
}

fn is_unknown<T: std::fmt::Debug>(outcome: &Result<T, CallError>) -> bool {
    matches!(outcome, Err(CallError::Unknown { .. }))
}

#[test]
fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (policy, waits) = retry(3);
    let outcome = razorpay_at(&url, policy).create_order(&order());
    assert!(matches!(outcome, Err(CallError::Unreachable { .. })), "{outcome:?}");
    assert!(outcome.unwrap_err().may_pass());
    // Nothing was sent, so even a POST without a key is tried again.
    assert_eq!(waits.load(Ordering::SeqCst), 2);
}

#[test]
fn who_cannot_encrypt_gets_no_key() {
    let server = Receiver::start(|_| Some(reply(200, "{}")));
    let url = server.url.replace("http:", "https:");
    let outcome = razorpay_at(&url, Retry::never()).create_order(&order());
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(server.received().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn sent_and_not_answered_is_unknown_and_sent_once() {
    for answer in [
        None,
        Some(String::new()),
        Some("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{".to_owned()),
    ] {
        let server = Receiver::start(move |_| answer.clone());
        let outcome = razorpay_at(&server.url, retry(3).0).create_order(&order());
        assert!(is_unknown(&outcome), "{outcome:?}");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn answers_that_settle_nothing_are_unknown() {
    let good = |body: &str| reply(200, body);
    for answer in [
        reply(500, r#"{"error":{"code":"SERVER_ERROR","description":"trouble"}}"#),
        reply(503, "<html>"),
        reply(408, ""),
        reply(302, ""),
        good(""),
        good("<html>"),
        good("[]"),
        good(r#"{"id":"order_A"}"#),
        good(r#"{"id":"order_A","amount":1.5,"currency":"INR"}"#),
    ] {
        let server = Receiver::start(move |_| Some(answer.clone()));
        let outcome = razorpay_at(&server.url, retry(3).0).create_order(&order());
        assert!(is_unknown(&outcome), "{outcome:?}");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn refusals_name_code_and_reason_and_no_secret() {
    let body = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"key_secret_A is bad\n"}}"#;
    let server = Receiver::start(move |_| Some(reply(400, body)));
    let outcome = razorpay_at(&server.url, retry(3).0).create_order(&order());
    let expected = CallError::Refused {
        status: Some(400),
        code: "BAD_REQUEST_ERROR".to_owned(),
        what: "(secret) is bad".to_owned(),
    };
    assert_eq!(outcome, Err(expected));
    assert_eq!(server.received().len(), 1);

    let server = Receiver::start(|_| Some(reply(403, "no")));
    let outcome = razorpay_at(&server.url, Retry::never()).order("order_A");
    assert_eq!(outcome.unwrap_err().to_string(), "refused (http_403): without a reason");
}

#[test]
fn too_many_requests_are_made_again_and_then_refused() {
    let server = Receiver::start(|_| Some(reply(429, "")));
    let outcome = razorpay_at(&server.url, retry(3).0).create_order(&order());
    assert!(matches!(&outcome, Err(CallError::Refused { status: Some(429), .. })), "{outcome:?}");
    assert!(outcome.unwrap_err().may_pass());
    assert_eq!(server.received().len(), 3);
}

#[test]
fn what_has_a_key_is_repeated_under_the_same_key() {
    let done = concat!(
        r#"{"id":"rfnd_A","amount":100,"currency":"INR","#,
        r#""payment_id":"pay_A","status":"processed"}"#
    );
    let server = Receiver::start(move |number| match number {
        0 => None,
        1 => Some(reply(409, "")),
        _ => Some(reply(200, done)),
    });
    let outcome = razorpay_at(&server.url, retry(3).0).refund_payment("pay_A", &refund());
    assert_eq!(outcome.unwrap().id, "rfnd_A");
    let received = server.received();
    assert_eq!(received.len(), 3);
    for request in &received {
        assert_eq!(request.header("x-refund-idempotency"), Some("refund-0001"));
        assert_eq!(request.body, received[0].body);
    }
}

#[test]
fn after_an_unanswered_attempt_only_an_answer_to_the_request_settles() {
    for (status, settled) in [(400, true), (422, true), (401, false), (404, false), (429, false)] {
        let server = Receiver::start(move |number| (number > 0).then(|| reply(status, "")));
        let outcome = razorpay_at(&server.url, retry(2).0).refund_payment("pay_A", &refund());
        assert_eq!(is_unknown(&outcome), !settled, "{status}: {outcome:?}");
    }
    // Still in flight under our key.
    let server = Receiver::start(|_| Some(reply(409, "")));
    let outcome = razorpay_at(&server.url, retry(2).0).refund_payment("pay_A", &refund());
    assert!(is_unknown(&outcome), "{outcome:?}");
}

#[test]
fn stripe_says_whether_to_try_again() {
    let intent = NewPaymentIntent { amount: 5_000, currency: "INR".to_owned(), tags: tags("DB-1") };
    for (status, wish, attempts) in
        [(500, "false", 1), (500, "true", 3), (400, "true", 3), (400, "maybe", 1)]
    {
        let head = format!("HTTP/1.1 {status} X\r\nstripe-should-retry: {wish}\r\n");
        let answer = format!("{head}connection: close\r\ncontent-length: 0\r\n\r\n");
        let server = Receiver::start(move |_| Some(answer.clone()));
        let outcome = stripe_at(&server.url, retry(3).0).create_payment_intent(&intent, "key-1");
        assert!(outcome.is_err());
        assert_eq!(server.received().len(), attempts, "{status} {wish}");
    }
}

#[test]
fn requests_carry_what_the_providers_want() {
    let server = Receiver::start(|_| Some(reply(400, "")));
    let _ = razorpay_at(&server.url, Retry::never()).create_order(&order());
    let _ = razorpay_at(&server.url, Retry::never()).orders_by_receipt("a/b &c");
    let _ = razorpay_at(&server.url, Retry::never()).payment("../../x?y");
    let intent = NewPaymentIntent { amount: 5_000, currency: "INR".to_owned(), tags: tags("D/1") };
    let _ = stripe_at(&server.url, Retry::never()).create_payment_intent(&intent, "key-1");
    let received = server.received();
    assert!(received[0].head.starts_with("POST /v1/orders HTTP/1.1"), "{}", received[0].head);
    // rzp_test_A:key_secret_A
    let basic = "Basic cnpwX3Rlc3RfQTprZXlfc2VjcmV0X0E=";
    assert_eq!(received[0].header("authorization"), Some(basic));
    assert_eq!(
        String::from_utf8_lossy(&received[0].body),
        concat!(
            r#"{"amount":5000,"currency":"INR","notes":{"bill_no":"DB-1","customer_code":"C-1"},"#,
            r#""partial_payment":false,"receipt":"DB-1"}"#
        )
    );
    assert!(received[1].head.starts_with("GET /v1/orders?receipt=a%2Fb%20%26c HTTP/1.1"));
    assert!(received[2].head.starts_with("GET /v1/payments/..%2F..%2Fx%3Fy HTTP/1.1"));
    assert_eq!(received[3].header("authorization"), Some("Bearer sk_test_A"));
    assert_eq!(received[3].header("stripe-version"), Some("2025-03-31.basil"));
    assert_eq!(received[3].header("idempotency-key"), Some("key-1"));
    let form = String::from_utf8_lossy(&received[3].body).into_owned();
    assert!(
        form.contains("currency=inr&") && form.contains("metadata%5Bbill_no%5D=D%2F1"),
        "{form}"
    );
}

#[test]
fn what_a_browser_needs_is_not_shown() {
    let intent = concat!(
        r#"{"id":"pi_A","amount":1,"currency":"inr","status":"processing","#,
        r#""client_secret":"pi_A_secret_B"}"#
    );
    let server = Receiver::start(move |_| Some(reply(200, intent)));
    let intent = stripe_at(&server.url, Retry::never()).payment_intent("pi_A").unwrap();
    assert!(!format!("{intent:?}").contains("secret_B"), "{intent:?}");
    let secret = intent.client_secret.unwrap();
    assert_eq!(secret.expose(), "pi_A_secret_B");
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!(
        "{:?} {:?}",
        razorpay_at("http://127.0.0.1:1", Retry::never()),
        stripe_at("http://127.0.0.1:1", Retry::never())
    );
    for secret in ["key_secret_A", "cnpwX3", "sk_test_A"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_would_be_refused_is_not_asked() {
    let razorpay = razorpay_at("http://127.0.0.1:1", Retry::never());
    let refused = |outcome: Result<(), CallError>| {
        assert!(matches!(outcome, Err(CallError::Refused { status: None, .. })), "{outcome:?}");
    };
    refused(razorpay.create_order(&NewOrder { amount: 99, ..order() }).map(|_| ()));
    refused(razorpay.create_order(&NewOrder { receipt: String::new(), ..order() }).map(|_| ()));
    refused(razorpay.create_order(&NewOrder { receipt: "x".repeat(41), ..order() }).map(|_| ()));
    for key in ["short", "with a space", "slash/0001"] {
        let refund = NewRefund { idempotency_key: key.to_owned(), ..refund() };
        refused(razorpay.refund_payment("pay_A", &refund).map(|_| ()));
    }
    refused(razorpay.refund_payment("pay_A", &NewRefund { amount: 0, ..refund() }).map(|_| ()));
    let stripe = stripe_at("http://127.0.0.1:1", Retry::never());
    let intent = NewPaymentIntent { amount: 1, currency: "INR".to_owned(), tags: tags("DB-1") };
    for key in ["", "a b", &"x".repeat(256)] {
        refused(stripe.create_payment_intent(&intent, key).map(|_| ()));
    }
}
