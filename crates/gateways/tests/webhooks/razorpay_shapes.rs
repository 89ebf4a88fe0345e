//! Every shape of Razorpay's events that the protocol reference lists, odd ones included.
//!
//! It deliberately signs nothing: shapes are read after the signature holds.

use gateways::event::{
    About, DisputeState, InvoiceState, LinkState, Observation, PaymentState, RefundState,
    SettlementState, SubscriptionState,
};
use gateways::razorpay::webhook::parse;
use gateways::{Event, ParseError};

const PAYMENT: &str = r#"{"id":"pay_A","entity":"payment","amount":5000,"currency":"INR",
    "status":"STATUS","order_id":"order_A","captured":true,"method":"upi","notes":[]}"#;

fn event(kind: &str, payload: &str) -> Result<Event, ParseError> {
    let text = format!(
        r#"{{"entity":"event","event":"{kind}","payload":{{{payload}}},"created_at":1782880211}}"#
    );
    parse(text.as_bytes())
}

fn entity(key: &str, entity: &str) -> String {
    format!(r#""{key}":{{"entity":{entity}}}"#)
}

fn payment(status: &str) -> String {
    entity("payment", &PAYMENT.replace("STATUS", status))
}

fn state(kind: &str, status: &str) -> PaymentState {
    let About::Payment(state) = only(kind, &payment(status)).about else { panic!("{kind}") };
    state
}

fn only(kind: &str, payload: &str) -> Observation {
    let mut event = event(kind, payload).unwrap();
    assert_eq!(event.observations.len(), 1, "{event:?}");
    event.observations.remove(0)
}

#[test]
fn event_and_status_decide_and_the_flag_never_does() {
    use PaymentState::{Authorized, Captured, Created, Failed, Unclear};
    assert_eq!(state("payment.authorized", "authorized"), Authorized);
    assert_eq!(state("payment.captured", "captured"), Captured);
    assert_eq!(state("order.paid", "captured"), Captured);
    assert_eq!(state("payment.failed", "failed"), Failed);
    // The weaker of the two holds.
    assert_eq!(state("payment.authorized", "captured"), Authorized);
    assert_eq!(state("payment.captured", "authorized"), Authorized);
    assert_eq!(state("payment.captured", "created"), Created);
    // A contradiction is never money.
    assert_eq!(state("payment.failed", "captured"), Unclear);
    assert_eq!(state("payment.failed", "authorized"), Unclear);
    assert_eq!(state("payment.captured", "failed"), Unclear);
    assert_eq!(state("payment.captured", "Captured"), Unclear);
    assert_eq!(state("payment.authorized", "refunded"), Unclear);
}

#[test]
fn one_payment_has_one_key_whichever_event_tells() {
    let paid = payment("captured");
    let link = r#"{"id":"L","amount":5000,"currency":"INR","status":"paid","order_id":"A"}"#;
    let beside = [
        ("payment.captured", String::new()),
        ("order.paid", entity("order", r#"{"id":"order_A","receipt":"DB-1","notes":[]}"#)),
        ("payment_link.paid", entity("payment_link", link)),
        ("payment_link.partially_paid", entity("payment_link", link)),
        ("qr_code.credited", entity("qr_code", r#"{"id":"qr_A","close_by":1798741799}"#)),
        ("invoice.paid", entity("invoice", r#"{"id":"inv_A","amount":5000,"currency":"INR"}"#)),
        ("subscription.charged", entity("subscription", r#"{"id":"sub_A","status":"active"}"#)),
    ];
    for (kind, other) in beside {
        let payload = if other.is_empty() { paid.clone() } else { format!("{paid},{other}") };
        let event = event(kind, &payload).unwrap();
        let told: Vec<_> = event
            .observations
            .iter()
            .filter(|seen| seen.about == About::Payment(PaymentState::Captured))
            .map(|seen| (seen.id.as_str(), seen.amount, seen.order_id.as_deref()))
            .collect();
        assert_eq!(told, [("pay_A", Some(5_000), Some("order_A"))], "{kind}");
    }
}

#[test]
fn captured_may_be_a_text_and_created_at_may_be_missing() {
    let charged = r#"{"event":"subscription.charged","payload":{
        "subscription":{"entity":{"id":"sub_A","plan_id":"plan_A","status":"active","notes":
            {"customer_code":"C-17","plan_code":"premium"}}},
        "payment":{"entity":{"id":"pay_A","amount":"5000","currency":"INR","status":"captured",
            "captured":"1","notes":null,"acquirer_data":[],"fee":null,"tax":null}}}}"#;
    let event = parse(charged.as_bytes()).unwrap();
    assert_eq!(event.created_at, None);
    let [subscription, payment] = &event.observations[..] else { panic!("{event:?}") };
    assert_eq!(subscription.about, About::Subscription(SubscriptionState::Charged));
    assert_eq!(subscription.payment_id.as_deref(), Some("pay_A"));
    for seen in [subscription, payment] {
        assert_eq!(seen.customer_code.as_deref(), Some("C-17"));
        assert_eq!(seen.plan_code.as_deref(), Some("premium"));
    }
    assert_eq!(payment.subscription_id.as_deref(), Some("sub_A"));
    assert_eq!(payment.amount, Some(5_000));
    let halted = only(
        "subscription.halted",
        &entity("subscription", r#"{"id":"sub_A","plan_id":"plan_A"}"#),
    );
    assert_eq!(halted.about, About::Subscription(SubscriptionState::Changed));
    assert_eq!(halted.plan_code, None);
}

#[test]
fn unknown_kinds_are_kept_without_observations() {
    for text in [
        r#"{"entity":"event","event":"payment.downtime.started","contains":["payment.downtime"],
            "payload":{"payment.downtime":{"entity":{"id":"down_A"}}},"created_at":1}"#,
        r#"{"entity":"event","event":"fund_account.validation.completed",
            "payload":{"fund_account.validation":{"entity":{"id":"fav_A"}}}}"#,
        r#"{"entity":"event","event":"payout.downtime.resolved","payload":{}}"#,
        r#"{"event":"product.route.activated","payload":{"merchant_product":
            {"entity":{"id":"acc_prd_A"},"data":{"x":[]}}}}"#,
        r#"{"event":"qr_code.created","payload":{"qr_code":{"entity":{"close_by":"1625077799"}}}}"#,
        r#"{"event":"something.new"}"#,
        r#"{"event":"something.odd","payload":[]}"#,
    ] {
        let event = parse(text.as_bytes()).unwrap();
        assert!(event.observations.is_empty(), "{text}");
    }
}

#[test]
fn notes_come_in_every_type() {
    for (notes, expected) in [
        ("[]", None),
        ("{}", None),
        ("null", None),
        (r#""a plain text""#, None),
        (r#"["bill_no"]"#, None),
        (r#"{"bill_no":" DB-7 "}"#, Some("DB-7")),
        (r#"{"bill_no":7}"#, Some("7")),
        (r#"{"bill_no":""}"#, None),
        (r#"{"bill_no":{"x":1}}"#, None),
        (r#"{"bill_no":null,"route":"R7"}"#, None),
    ] {
        let text = PAYMENT.replace("STATUS", "captured").replace("[]", notes);
        let seen = only("payment.captured", &entity("payment", &text));
        assert_eq!(seen.bill_ref.as_deref(), expected, "{notes}");
    }
}

#[test]
fn a_bill_is_named_by_notes_then_reference_then_receipt() {
    let order = entity("order", r#"{"id":"A","receipt":"DB-3","notes":{"customer_code":"C-1"}}"#);
    let seen = only("order.paid", &format!("{},{order}", payment("captured")));
    assert_eq!(seen.bill_ref.as_deref(), Some("DB-3"));
    assert_eq!(seen.customer_code.as_deref(), Some("C-1"));
    let noted = PAYMENT.replace("STATUS", "captured").replace("[]", r#"{"bill_no":"DB-1"}"#);
    let seen = only("order.paid", &format!("{},{order}", entity("payment", &noted)));
    assert_eq!(seen.bill_ref.as_deref(), Some("DB-1"));
}

#[test]
fn the_order_beside_a_payment_must_be_its_own() {
    let order = entity("order", r#"{"id":"B","receipt":"DB-3"}"#);
    let found = event("order.paid", &format!("{},{order}", payment("captured")));
    assert_eq!(
        found.unwrap_err().to_string(),
        "payload.order.entity.id is not the order of the payment"
    );
}

#[test]
fn links_that_end_without_money() {
    let link = |status: &str| {
        entity(
            "payment_link",
            &format!(
                r#"{{"id":"plink_A","amount":5000,"currency":"INR","status":"{status}",
                "cancelled_at":0,"expire_by":0,"notes":null,"reminders":[],"customer":
                {{"contact":"9812300002"}},"reference_id":"DB-4"}}"#
            ),
        )
    };
    let seen = only("payment_link.cancelled", &link("cancelled"));
    assert_eq!(seen.about, About::Link(LinkState::Cancelled));
    assert_eq!(seen.bill_ref.as_deref(), Some("DB-4"));
    let seen = only("payment_link.expired", &link("expired"));
    assert_eq!(seen.about, About::Link(LinkState::Expired));
    let event = event(
        "payment_link.partially_paid",
        &format!("{},{}", link("partially_paid"), payment("captured")),
    );
    let seen = event.unwrap().observations;
    assert_eq!(seen[0].about, About::Link(LinkState::PartlyPaid));
    assert_eq!(seen[1].about, About::Payment(PaymentState::Captured));
}

#[test]
fn refunds_by_event_and_status() {
    use RefundState::{Failed, Pending, Processed, Unclear};
    for (kind, status, expected) in [
        ("refund.created", "pending", Pending),
        ("refund.created", "processed", Processed),
        ("refund.processed", "processed", Processed),
        ("refund.failed", "failed", Failed),
        ("refund.processed", "failed", Unclear),
        ("refund.failed", "processed", Unclear),
        ("refund.speed_changed", "pending", Pending),
    ] {
        let refund = format!(
            r#"{{"id":"rfnd_A","amount":100,"currency":"INR","payment_id":"pay_A","notes":[],
            "acquirer_data":{{"arn":"7412"}},"status":"{status}"}}"#
        );
        let seen = only(kind, &format!("{},{}", entity("refund", &refund), payment("captured")));
        assert_eq!(seen.about, About::Refund(expected), "{kind} {status}");
        assert_eq!(seen.rrn.as_deref(), Some("7412"));
    }
}

#[test]
fn disputes_say_what_was_taken() {
    use DisputeState::{ActionRequired, Closed, Lost, Open, Unclear, UnderReview, Won};
    for (kind, status, expected) in [
        ("created", "open", Open),
        ("action_required", "open", ActionRequired),
        ("under_review", "under_review", UnderReview),
        ("won", "won", Won),
        ("lost", "lost", Lost),
        ("closed", "closed", Closed),
        ("closed", "lost", Lost),
        ("won", "lost", Unclear),
        ("lost", "open", Unclear),
    ] {
        let dispute = format!(
            r#"{{"id":"disp_A","payment_id":"pay_A","amount":5000,"currency":"INR",
            "amount_deducted":5000,"reason_code":"goods_not_received","status":"{status}"}}"#
        );
        let payload = format!("{},{}", payment("captured"), entity("dispute", &dispute));
        let seen = only(&format!("payment.dispute.{kind}"), &payload);
        assert_eq!(seen.about, About::Dispute(expected), "{kind} {status}");
        assert_eq!(seen.amount_deducted, Some(5_000));
        assert_eq!(seen.payment_id.as_deref(), Some("pay_A"));
        assert_eq!(seen.reason.as_deref(), Some("goods_not_received"));
    }
}

#[test]
fn settlements_carry_the_reference_of_the_bank() {
    let settlement = r#"{"id":"setl_A","entity":"settlement","amount":900000,"status":"processed",
        "fees":0,"tax":0,"utr":"1568176960vxp0rj","created_at":1782880211}"#;
    let seen = only("settlement.processed", &entity("settlement", settlement));
    assert_eq!(seen.about, About::Settlement(SettlementState::Processed));
    assert_eq!((seen.amount, seen.fee, seen.currency), (Some(900_000), Some(0), None));
    assert_eq!(seen.rrn.as_deref(), Some("1568176960vxp0rj"));
}

#[test]
fn invoices_beside_their_payment() {
    let invoice = r#"{"id":"inv_A","amount":5000,"currency":"INR","receipt":"DB-9","status":"paid",
        "order_id":"order_A"}"#;
    let payload = format!("{},{}", payment("captured"), entity("invoice", invoice));
    let seen = event("invoice.paid", &payload).unwrap().observations;
    assert_eq!(seen[0].about, About::Invoice(InvoiceState::Paid));
    assert_eq!(seen[1].about, About::Payment(PaymentState::Captured));
    assert_eq!(seen[1].bill_ref.as_deref(), Some("DB-9"));
    assert_eq!(seen[1].invoice_id.as_deref(), Some("inv_A"));
}

#[test]
fn what_decides_must_be_there() {
    for (kind, payload, expected) in [
        ("payment.captured", String::new(), "payload.payment is missing"),
        ("payment.captured", entity("payment", "[]"), "payload.payment is missing"),
        ("payment.captured", entity("refund", "{}"), "payload.payment is missing"),
        (
            "payment.captured",
            entity("payment", r#"{"id":"pay_A","amount":1,"currency":"INR"}"#),
            "payload.payment.entity.status is missing",
        ),
        (
            "payment.captured",
            entity("payment", r#"{"status":"captured","amount":1,"currency":"INR"}"#),
            "payload.payment.entity.id is missing",
        ),
        (
            "payment.captured",
            entity("payment", r#"{"id":"pay_A","status":"captured","currency":"INR"}"#),
            "payload.payment.entity.amount is missing",
        ),
        (
            "payment.captured",
            entity("payment", r#"{"id":"pay_A","status":"captured","amount":1}"#),
            "payload.payment.entity.currency is missing",
        ),
    ] {
        assert_eq!(event(kind, &payload).unwrap_err().to_string(), expected);
    }
    let nothing = parse(br#"{"event":"payment.captured"}"#).unwrap_err();
    assert_eq!(nothing.to_string(), "payload is missing");
}
