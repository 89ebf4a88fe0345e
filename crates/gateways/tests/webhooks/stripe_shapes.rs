//! What Stripe's events say, in the shapes of several versions of its API.
//!
//! It deliberately signs nothing: shapes are read after the signature holds.

use gateways::event::{
    About, DisputeState, InvoiceState, LinkState, Observation, PaymentState, RefundState,
    SettlementState, SubscriptionState,
};
use gateways::stripe::webhook::{Mode, is_for, parse};
use gateways::{Event, ParseError, Provider};

fn event(kind: &str, object: &str) -> Result<Event, ParseError> {
    let text = format!(
        r#"{{"id":"evt_A","object":"event","api_version":null,"created":1782880211,
        "data":{{"object":{object}}},"livemode":false,"pending_webhooks":1,"request":null,
        "type":"{kind}"}}"#
    );
    parse(text.as_bytes())
}

fn seen(kind: &str, object: &str) -> Vec<Observation> {
    event(kind, object).unwrap().observations
}

fn only(kind: &str, object: &str) -> Observation {
    let mut seen = seen(kind, object);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

fn intent(status: &str) -> String {
    format!(
        r#"{{"id":"pi_A","object":"payment_intent","amount":5000,"amount_received":4000,
        "currency":"inr","status":"{status}","latest_charge":{{"id":"ch_A"}},"customer":"cus_A",
        "metadata":{{"bill_no":"DB-1","customer_code":"C-1"}},"payment_method_types":["card"],
        "last_payment_error":{{"code":"card_declined","decline_code":"insufficient_funds"}}}}"#
    )
}

#[test]
fn payment_intents_by_event_and_status() {
    use PaymentState::{Authorized, Captured, Created, Failed, Unclear};
    for (kind, status, expected) in [
        ("created", "requires_payment_method", Created),
        ("processing", "processing", Created),
        ("requires_action", "requires_action", Created),
        ("amount_capturable_updated", "requires_capture", Authorized),
        ("succeeded", "succeeded", Captured),
        ("succeeded", "processing", Created),
        ("payment_failed", "requires_payment_method", Failed),
        ("payment_failed", "succeeded", Unclear),
        ("canceled", "canceled", Failed),
    ] {
        let seen = only(&format!("payment_intent.{kind}"), &intent(status));
        assert_eq!(seen.about, About::Payment(expected), "{kind} {status}");
        let amount = if expected == Captured { 4_000 } else { 5_000 };
        assert_eq!((seen.id.as_str(), seen.amount), ("pi_A", Some(amount)));
        assert_eq!(seen.currency.as_deref(), Some("INR"));
        assert_eq!(seen.charge_id.as_deref(), Some("ch_A"));
        assert_eq!(seen.bill_ref.as_deref(), Some("DB-1"));
        assert_eq!(seen.method.as_deref(), Some("card"));
        assert_eq!(seen.reason.as_deref(), Some("insufficient_funds"));
    }
}

fn session(paid: &str, intent: &str) -> String {
    format!(
        r#"{{"id":"cs_A","object":"checkout.session","amount_total":5000,"currency":"inr",
        "client_reference_id":"DB-2","metadata":{{}},"payment_intent":{intent},
        "payment_status":"{paid}","status":"complete"}}"#
    )
}

#[test]
fn a_completed_session_may_be_unpaid() {
    let found = seen("checkout.session.completed", &session("paid", "\"pi_A\""));
    assert_eq!(found[0].about, About::Link(LinkState::Paid));
    assert_eq!(found[1].about, About::Payment(PaymentState::Captured));
    assert_eq!((found[1].id.as_str(), found[1].link_id.as_deref()), ("pi_A", Some("cs_A")));
    assert_eq!(found[1].bill_ref.as_deref(), Some("DB-2"));

    let found = only("checkout.session.completed", &session("unpaid", "\"pi_A\""));
    assert_eq!(found.about, About::Link(LinkState::Pending));

    let found = seen("checkout.session.async_payment_succeeded", &session("paid", "\"pi_A\""));
    assert_eq!(found[1].about, About::Payment(PaymentState::Captured));
    let found = only("checkout.session.async_payment_succeeded", &session("unpaid", "\"pi_A\""));
    assert_eq!(found.about, About::Link(LinkState::Pending));

    let found = seen("checkout.session.async_payment_failed", &session("unpaid", "\"pi_A\""));
    assert_eq!(found[0].about, About::Link(LinkState::Failed));
    assert_eq!(found[1].about, About::Payment(PaymentState::Failed));

    let found = only("checkout.session.expired", &session("unpaid", "null"));
    assert_eq!(found.about, About::Link(LinkState::Expired));
}

#[test]
fn a_session_without_an_intent_tells_of_no_payment() {
    let found = only("checkout.session.completed", &session("paid", "null"));
    assert_eq!(found.about, About::Link(LinkState::Paid));
    let found = seen("checkout.session.completed", &session("paid", r#"{"id":"pi_A"}"#));
    assert_eq!(found[1].id, "pi_A");
}

fn invoice(rest: &str) -> String {
    format!(
        r#"{{"id":"in_A","object":"invoice","amount_paid":5000,"amount_due":5000,"currency":"inr",
        "status":"paid","customer":"cus_A","metadata":{{}}{rest}}}"#
    )
}

#[test]
fn cash_is_booked_on_payment_succeeded_only() {
    let old = invoice(
        r#","payment_intent":"pi_A","subscription":"sub_A","subscription_details":
        {"metadata":{"plan_code":"premium","customer_code":"C-1"}}"#,
    );
    let new = invoice(
        r#","parent":{"subscription_details":{"subscription":"sub_A","metadata":
        {"plan_code":"premium","customer_code":"C-1"}}},"payments":{"data":[{"payment":
        {"type":"payment_intent","payment_intent":"pi_A"}}]}"#,
    );
    for invoice in [old, new] {
        let found = seen("invoice.paid", &invoice);
        assert_eq!(found[0].about, About::Invoice(InvoiceState::Paid));
        assert_eq!(found[1].about, About::Subscription(SubscriptionState::Charged));
        assert_eq!(found.len(), 2);

        let found = seen("invoice.payment_succeeded", &invoice);
        assert_eq!(found[1].about, About::Payment(PaymentState::Captured));
        assert_eq!((found[1].id.as_str(), found[1].amount), ("pi_A", Some(5_000)));
        assert_eq!(found[1].invoice_id.as_deref(), Some("in_A"));
        assert_eq!(found[2].id, "sub_A");
        assert_eq!(found[2].plan_code.as_deref(), Some("premium"));

        let found = seen("invoice.payment_failed", &invoice);
        assert_eq!(found[0].about, About::Invoice(InvoiceState::Failed));
        assert_eq!(found[1].about, About::Payment(PaymentState::Failed));
        assert_eq!((found[1].id.as_str(), found[1].amount), ("pi_A", Some(5_000)));
        assert_eq!(found.len(), 2);
    }
    // Without an intent there is no key under which the payment could be posted once.
    let found = only("invoice.payment_succeeded", &invoice(""));
    assert_eq!(found.about, About::Invoice(InvoiceState::Paid));
    let found = only("invoice.payment_failed", &invoice(""));
    assert_eq!(found.about, About::Invoice(InvoiceState::Failed));
}

#[test]
fn an_invoice_of_the_oldest_shape_is_paid_by_its_charge() {
    for (charge, id) in [
        (r#""ch_A""#, "ch_A"),
        (r#"{"id":"ch_A","payment_intent":"pi_A"}"#, "pi_A"),
        (r#"{"id":"ch_A","payment_intent":null}"#, "ch_A"),
    ] {
        let invoice = invoice(&format!(r#","charge":{charge}"#));
        let found = seen("invoice.payment_succeeded", &invoice);
        assert_eq!(found[1].about, About::Payment(PaymentState::Captured));
        assert_eq!((found[1].id.as_str(), found[1].charge_id.as_deref()), (id, Some("ch_A")));
        assert_eq!(found.len(), 2);
    }
}

#[test]
fn an_invoice_may_be_paid_in_several_payments() {
    let part = |id: &str, paid: i64, status: &str| {
        format!(
            r#"{{"amount_paid":{paid},"status":"{status}","payment":{{"payment_intent":"{id}"}}}}"#
        )
    };
    let data = [part("pi_A", 2_000, "paid"), part("pi_B", 3_000, "paid"), part("pi_C", 0, "open")];
    let invoice = invoice(&format!(r#","payments":{{"data":[{}]}}"#, data.join(",")));
    let found = seen("invoice.payment_succeeded", &invoice);
    let paid: Vec<_> = found[1..].iter().map(|one| (one.id.as_str(), one.amount)).collect();
    assert_eq!(paid, [("pi_A", Some(2_000)), ("pi_B", Some(3_000))]);
    assert_eq!(found[0].payment_id, None);
    // The one that is open is the one that has failed.
    let found = seen("invoice.payment_failed", &invoice);
    assert_eq!((found[1].id.as_str(), found.len()), ("pi_C", 2));
}

#[test]
fn a_payment_of_an_invoice_tells_of_its_intent() {
    let one = |payment: &str, status: &str| {
        format!(
            r#"{{"id":"inpay_A","object":"invoice_payment","amount_paid":5000,"currency":"inr",
            "invoice":"in_A","payment":{payment},"status":"{status}",
            "status_transitions":{{"canceled_at":null,"paid_at":1782880000}}}}"#
        )
    };
    let intent = r#"{"type":"payment_intent","payment_intent":"pi_A"}"#;
    let found = only("invoice_payment.paid", &one(intent, "paid"));
    assert_eq!(found.about, About::Payment(PaymentState::Captured));
    assert_eq!((found.id.as_str(), found.amount), ("pi_A", Some(5_000)));
    assert_eq!(
        (found.currency.as_deref(), found.invoice_id.as_deref()),
        (Some("INR"), Some("in_A"))
    );
    assert_eq!(found.created_at.unwrap().unix_micros(), 1_782_880_000_000_000);
    let charge = r#"{"type":"charge","charge":"ch_A"}"#;
    assert_eq!(only("invoice_payment.paid", &one(charge, "paid")).id, "ch_A");
    // Outside of Stripe, or not yet.
    let outside = r#"{"type":"payment_record","payment_record":"pr_A"}"#;
    assert!(seen("invoice_payment.paid", &one(outside, "paid")).is_empty());
    assert!(seen("invoice_payment.paid", &one(intent, "open")).is_empty());
}

#[test]
fn refunds_name_the_intent_before_the_charge() {
    use RefundState::{Failed, Pending, Processed, Unclear};
    for (kind, status, expected) in [
        ("refund.created", "pending", Pending),
        ("refund.created", "succeeded", Processed),
        ("refund.updated", "succeeded", Processed),
        ("refund.updated", "requires_action", Pending),
        ("refund.updated", "canceled", Failed),
        ("refund.failed", "failed", Failed),
        ("refund.failed", "succeeded", Unclear),
    ] {
        let object = format!(
            r#"{{"id":"re_A","amount":100,"currency":"inr","charge":"ch_A","payment_intent":"pi_A",
            "status":"{status}","reason":"requested_by_customer"}}"#
        );
        let seen = only(kind, &object);
        assert_eq!(seen.about, About::Refund(expected), "{kind} {status}");
        assert_eq!(seen.payment_id.as_deref(), Some("pi_A"));
        let without = object.replace(r#""payment_intent":"pi_A","#, "");
        assert_eq!(only(kind, &without).payment_id.as_deref(), Some("ch_A"));
        let neither = without.replace(r#""charge":"ch_A","#, "");
        let error = event(kind, &neither).unwrap_err().to_string();
        assert_eq!(error, "data.object.payment_intent is missing");
    }
    assert!(seen("charge.refunded", r#"{"id":"ch_A","amount_refunded":100}"#).is_empty());
}

#[test]
fn dispute_money_moves_with_its_own_events() {
    use DisputeState::{Closed, FundsReinstated, FundsWithdrawn, Lost, Open, Unclear, Won};
    for (kind, status, expected, deducted) in [
        ("created", "needs_response", Open, None),
        ("updated", "under_review", DisputeState::UnderReview, None),
        ("funds_withdrawn", "needs_response", FundsWithdrawn, Some(5_000)),
        ("funds_reinstated", "won", FundsReinstated, Some(0)),
        ("closed", "won", Won, None),
        ("closed", "lost", Lost, None),
        ("closed", "warning_closed", Closed, None),
        ("closed", "needs_response", Unclear, None),
    ] {
        let object = format!(
            r#"{{"id":"dp_A","amount":5000,"currency":"inr","charge":"ch_A","payment_intent":"pi_A",
            "status":"{status}","reason":"fraudulent"}}"#
        );
        let seen = only(&format!("charge.dispute.{kind}"), &object);
        assert_eq!(seen.about, About::Dispute(expected), "{kind} {status}");
        assert_eq!(seen.amount_deducted, deducted);
        assert_eq!(seen.payment_id.as_deref(), Some("pi_A"));
    }
}

#[test]
fn payouts_are_settlements() {
    let object = r#"{"id":"po_A","amount":900000,"currency":"inr","status":"paid",
        "trace_id":{"status":"supported","value":"UTR0001"}}"#;
    let seen = only("payout.paid", object);
    assert_eq!(seen.about, About::Settlement(SettlementState::Processed));
    assert_eq!(seen.rrn.as_deref(), Some("UTR0001"));
}

#[test]
fn thin_events_are_kept() {
    let text = r#"{"id":"evt_T","object":"v2.core.event",
        "type":"v1.billing.meter.error_report_triggered","livemode":true,
        "created":"2026-07-01T04:30:11.123456789Z","snapshot_event":"evt_A",
        "related_object":{"id":"mtr_A","type":"billing.meter","url":"/v1/billing/meters/mtr_A"}}"#;
    let event = parse(text.as_bytes()).unwrap();
    assert_eq!(event.created_at.unwrap().unix_micros(), 1_782_880_211_123_456);
    assert!(event.observations.is_empty());
    let thin = event.thin.clone().unwrap();
    assert_eq!(thin.related_id.as_deref(), Some("mtr_A"));
    assert_eq!(thin.snapshot_event.as_deref(), Some("evt_A"));
    assert!(is_for(&event, Mode::Live) && !is_for(&event, Mode::Test));
    let bare = r#"{"id":"evt_T","object":"v2.core.event","type":"x","created":5}"#;
    assert_eq!(parse(bare.as_bytes()).unwrap().created_at, None);
}

#[test]
fn an_event_belongs_to_one_world() {
    let event = event("payment_intent.succeeded", &intent("succeeded")).unwrap();
    assert_eq!((event.provider, event.id.as_deref()), (Provider::Stripe, Some("evt_A")));
    assert!(is_for(&event, Mode::Test) && !is_for(&event, Mode::Live));
    let silent = parse(br#"{"id":"evt_A","object":"event","type":"x"}"#).unwrap();
    // Each world has secrets of its own, so one that does not say is of ours.
    assert!(is_for(&silent, Mode::Test) && is_for(&silent, Mode::Live));
    let odd = parse(br#"{"id":"evt_A","object":"event","type":"x","livemode":"false"}"#);
    assert_eq!(odd.unwrap_err().to_string(), "livemode is not true or false");
}

#[test]
fn what_decides_must_be_there() {
    let no_data = parse(br#"{"id":"evt_A","object":"event","type":"refund.created"}"#);
    assert_eq!(no_data.unwrap_err().to_string(), "data.object is missing");
    let no_id = parse(br#"{"object":"event","type":"refund.created"}"#);
    assert_eq!(no_id.unwrap_err().to_string(), "id is missing");
    assert_eq!(parse(br#"{"event":"payment.captured"}"#), Err(ParseError::NotAnEvent));
    let negative =
        event("payout.paid", r#"{"id":"po_A","amount":-5,"currency":"inr","status":"paid"}"#);
    assert!(negative.unwrap_err().to_string().starts_with("data.object.amount is not an amount"));
}
