//! Deliveries of gateways: kept once, booked once, and harmless when they do not fit.

use crate::dairy::Dairy;
use crate::kit::{
    billed, books, captured, delivery, dispute, event, now, payment, receive, refund,
};
use app::webhooks::{Receipt, StripeMode, replay};
use domain::ids::WebhookEventId;
use domain::money::Money;
use domain::webhooks::State;
use serde_json::json;
use testkit::on_both;

#[test]
fn a_captured_payment_pays_the_bill_it_names_once() {
    on_both(|database| {
        let dairy = billed(database);
        let number = dairy.bill("C1", "2026-09").number.unwrap();
        let body = captured("pay_1", 60_000, json!({ "bill_no": number }));
        assert_eq!(receive(&dairy, &[delivery("e1", &body)]), [Receipt::Processed]);
        let after = books(&dairy);
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert!(after.contains(&"gateway_razorpay 0 58800".to_owned()), "{after:?}");
        assert!(after.contains(&"gateway_fees 0 1000".to_owned()), "{after:?}");
        assert!(after.contains(&"input_gst 0 200".to_owned()), "{after:?}");
        assert!(after.contains(&"receivable 1 0".to_owned()), "{after:?}");
        // The same delivery, the same body under another id, and all events of the same payment.
        assert_eq!(receive(&dairy, &[delivery("e1", &body)]), [Receipt::AlreadyProcessed]);
        let paid = payment("pay_1", 60_000, "captured", json!({}));
        let order = json!({ "id": "order_9", "amount": 60_000, "currency": "INR" });
        let more = [
            delivery("e2", &body),
            delivery("e3", &event("order.paid", &[("payment", paid.clone()), ("order", order)])),
            delivery("e3", &body),
        ];
        let told = [Receipt::AlreadyProcessed, Receipt::Processed, Receipt::Conflict];
        assert_eq!(receive(&dairy, &more), told);
        assert_eq!(books(&dairy), after);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM gateway_events"), 3);
        assert_eq!(dairy.count("SELECT CAST(SUM(altered_count) AS BIGINT) FROM gateway_events"), 1);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM payment_log"), 1);
        dairy.assert_verified();
    });
}

#[test]
fn what_is_more_than_due_is_an_advance_and_nobodys_money_waits() {
    on_both(|database| {
        let dairy = billed(database);
        let told = [
            delivery("e1", &captured("pay_1", 70_000, json!({ "customer_code": "C1" }))),
            delivery("e2", &captured("pay_2", 5_000, json!([]))),
            delivery("e3", &captured("pay_3", 100, json!({ "customer_code": "nobody" }))),
        ];
        assert_eq!(
            receive(&dairy, &told),
            [Receipt::Processed, Receipt::Processed, Receipt::Processed]
        );
        let after = books(&dairy);
        assert!(after.contains(&"receivable 1 -10000".to_owned()), "{after:?}");
        assert!(after.contains(&"unmatched_receipts 0 -5100".to_owned()), "{after:?}");
        assert!(after.contains(&"free 1 10000".to_owned()), "{after:?}");
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        dairy.assert_verified();
    });
}

#[test]
fn refunds_and_lost_disputes_open_the_bill_again() {
    on_both(|database| {
        let dairy = billed(database);
        let number = dairy.bill("C2", "2026-09").number.unwrap();
        let notes = json!({ "bill_no": number });
        receive(&dairy, &[delivery("e1", &captured("pay_1", 120_000, notes))]);
        receive(
            &dairy,
            &[delivery("e2", &refund("refund.processed", "rfnd_1", "pay_1", 20_000, "processed"))],
        );
        assert_eq!(dairy.bill("C2", "2026-09").status, "part-paid");
        let lost = dispute("payment.dispute.lost", "disp_1", "pay_1", 100_000, "lost");
        receive(&dairy, &[delivery("e3", &lost)]);
        assert_eq!(dairy.bill("C2", "2026-09").status, "issued");
        let after = books(&dairy);
        assert!(after.contains(&"receivable 2 120000".to_owned()), "{after:?}");
        assert!(after.contains(&"razorpay pay_1 disputed 120000 2 2400".to_owned()), "{after:?}");
        dairy.assert_verified();
    });
}

/// A payment by an order over 600 rupees, for C1's bill.
fn of_order(dairy: &Dairy<'_>, id: &str, paise: i64, currency: &str) -> String {
    if dairy.count("SELECT COUNT(*) FROM payment_requests") == 0 {
        dairy.sql(
            "INSERT INTO payment_requests (id, provider, kind, reference, provider_reference, \
             customer_id, amount_paise, in_parts, state, created_at, updated_at) VALUES \
             (1, 'razorpay', 'order', 'our-1', 'order_1', 1, 60000, 0, 'done', 1, 1)",
        );
    }
    let mut entity = payment(id, paise, "captured", json!([]));
    entity["order_id"] = json!("order_1");
    entity["currency"] = json!(currency);
    event("payment.captured", &[("payment", entity)])
}

#[test]
fn what_does_not_fit_is_kept_and_moves_nothing() {
    on_both(|database| {
        let dairy = billed(database);
        let before = books(&dairy);
        let unclear =
            event("payment.failed", &[("payment", payment("pay_1", 5, "captured", json!([])))]);
        let too_much = domain::payments::MAX_AMOUNT.paise() + 1;
        let told = [
            delivery("e1", &of_order(&dairy, "pay_1", too_much, "INR")),
            delivery("e2", &of_order(&dairy, "pay_1", 60_000, "USD")),
            delivery("e3", &unclear),
            delivery("e4", "this is not JSON"),
            delivery("e5", &event("invoice.strange", &[])),
        ];
        let receipts = receive(&dairy, &told);
        for receipt in &receipts[..4] {
            assert!(matches!(receipt, Receipt::Kept(_)), "{receipts:?}");
        }
        assert_eq!(receipts[4], Receipt::Ignored);
        assert_eq!(books(&dairy), before);
        let counts = dairy.store.read(app::webhooks::counts).unwrap();
        assert_eq!((counts.waiting, counts.dead), (0, 4));
        // In one set with a good one, only the bad one falls out.
        let good = delivery("e7", &of_order(&dairy, "pay_1", 60_000, "INR"));
        let bad = delivery("e6", &of_order(&dairy, "pay_1", 1, "INR"));
        let receipts = receive(&dairy, &[bad, good]);
        assert!(matches!(receipts[0], Receipt::Kept(_)));
        assert_eq!(receipts[1], Receipt::Processed);
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        dairy.assert_verified();
    });
}

#[test]
fn money_of_another_amount_than_was_asked_for_is_held_until_somebody_accepts_it() {
    on_both(|database| {
        for (paise, status, advance) in [(61_200, "paid", 1_200), (58_800, "part-paid", 0)] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            let told = delivery("e1", &of_order(&dairy, "pay_1", paise, "INR"));
            let receipts = receive(&dairy, &[told]);
            assert!(matches!(&receipts[..], [Receipt::Kept(why)] if why.contains("600.00 were")));
            assert_eq!(dairy.bill("C1", "2026-09").status, "issued");
            let again = |accept| {
                let work = |tx: &mut store::Tx<'_>| {
                    replay(tx, &dairy.actor(), WebhookEventId(1), StripeMode::Live, accept)
                };
                dairy.store.write(work).unwrap().standing.state
            };
            assert_eq!([again(false), again(true)], [State::Dead, State::Processed]);
            assert_eq!(dairy.bill("C1", "2026-09").status, status);
            // Other events of the same payment need no word any more.
            let told = delivery("e2", &of_order(&dairy, "pay_1", paise, "INR"));
            assert!(!matches!(receive(&dairy, &[told])[0], Receipt::Kept(_)));
            let free = "SELECT CAST(SUM(free_paise) AS BIGINT) FROM payments";
            assert_eq!(dairy.count(free), advance);
            let until = dairy.actor().at.business_day();
            let read = |tx: &mut store::Tx<'_>| store::reconciliation::suspects(tx, (1, 9), until);
            let suspects = dairy.store.read(read).unwrap();
            let asked: Vec<_> =
                suspects.iter().map(|one| (one.asked.map(Money::paise), one.captured)).collect();
            assert_eq!(asked, [(Some(60_000), Money::from_paise(paise))]);
            dairy.assert_verified();
        }
    });
}

#[test]
fn what_was_authorized_and_given_back_is_refunded_without_a_posting() {
    on_both(|database| {
        let dairy = billed(database);
        let before = dairy.count("SELECT COUNT(*) FROM ledger_entries");
        let notes = json!({ "customer_code": "C1" });
        let promised = payment("pay_1", 60_000, "authorized", notes);
        let told = [
            delivery("e1", &event("payment.authorized", &[("payment", promised)])),
            delivery("e2", &refund("refund.processed", "rf_1", "pay_1", 60_000, "processed")),
        ];
        assert_eq!(receive(&dairy, &told), [Receipt::Processed, Receipt::Processed]);
        let after = books(&dairy);
        assert!(after.contains(&"razorpay pay_1 refunded 0 1 0".to_owned()), "{after:?}");
        assert_eq!(dairy.count("SELECT COUNT(*) FROM ledger_entries"), before);
        assert_eq!(dairy.bill("C1", "2026-09").status, "issued");
        dairy.assert_verified();
    });
}

/// A payment with the bank's reference.
fn with_reference(id: &str, paise: i64, rrn: &str) -> String {
    let mut entity = payment(id, paise, "captured", json!({ "customer_code": "C1" }));
    entity["acquirer_data"] = json!({ "rrn": rrn });
    event("payment.captured", &[("payment", entity)])
}

#[test]
fn what_was_recorded_by_hand_before_is_held_and_not_credited_twice() {
    on_both(|database| {
        let dairy = billed(database);
        let new = app::payments::NewReceipt {
            way: domain::payments::Provider::Upi,
            amount: Money::from_paise(60_000),
            reference: Some("618200000117".to_owned()),
            customer: Some("C1".to_owned()),
            bill: None,
            plan: None,
            person: None,
            day: None,
        };
        let record = || dairy.store.write(|tx| app::payments::record(tx, &dairy.actor(), &new));
        let id = record().unwrap();
        let before = books(&dairy);
        let told = with_reference("pay_1", 60_000, "618200000117");
        // Twice, in one set with a good one of another reference.
        let other = with_reference("pay_2", 500, "618200000118");
        let receipts = receive(
            &dairy,
            &[delivery("e1", &told), delivery("e2", &told), delivery("e3", &other)],
        );
        let [Receipt::Kept(why), Receipt::Kept(_), Receipt::Processed] = &receipts[..] else {
            panic!("{receipts:?}");
        };
        assert!(why.contains("of payment 1, which was recorded by hand"), "{why}");
        assert_eq!(dairy.count("SELECT COUNT(*) FROM payments"), 2);
        assert!(books(&dairy).contains(&"gateway_razorpay 0 490".to_owned()));
        assert!(before.iter().any(|line| line.starts_with("bank 0 60000")), "{before:?}");
        // Another amount is another payment, of which the reconciliation warns.
        let less = with_reference("pay_3", 1_000, "618200000117");
        assert_eq!(receive(&dairy, &[delivery("e4", &less)]), [Receipt::Processed]);
        // The receipt is taken back, and the event replayed.
        dairy.store.write(|tx| app::payments::reverse(tx, &dairy.actor(), id)).unwrap();
        let replayed = dairy
            .store
            .write(|tx| replay(tx, &dairy.actor(), WebhookEventId(1), StripeMode::Live, false))
            .unwrap();
        assert_eq!(replayed.standing.state, State::Processed);
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert!(record().is_err(), "the gateway's payment stands");
        dairy.assert_verified();
    });
}

#[test]
fn an_event_is_replayed_when_what_it_needs_is_there() {
    on_both(|database| {
        let dairy = billed(database);
        let body = captured("pay_1", 60_000, json!({ "customer_code": "C9" }));
        receive(&dairy, &[delivery("e1", &body)]);
        dairy
            .import(app::import::Kind::Customers, "code,name,state,opening_balance\nC9,New,,100\n");
        let replayed = dairy
            .store
            .write(|tx| replay(tx, &dairy.actor(), WebhookEventId(1), StripeMode::Live, false))
            .unwrap();
        assert_eq!(replayed.standing.state, State::Processed);
        let after = books(&dairy);
        assert!(after.contains(&"unmatched_receipts 0 0".to_owned()), "{after:?}");
        assert!(after.contains(&"receivable 4 -50000".to_owned()), "{after:?}");
        assert!(after.contains(&"free 4 50000".to_owned()), "{after:?}");
        // Once more tells nothing new.
        dairy
            .store
            .write(|tx| replay(tx, &dairy.actor(), WebhookEventId(1), StripeMode::Live, false))
            .unwrap();
        assert_eq!(books(&dairy), after);
        dairy.assert_verified();
    });
}

#[test]
fn failed_events_are_tried_again_and_given_up() {
    on_both(|database| {
        let dairy = billed(database);
        let body = captured("pay_1", 60_000, json!({ "customer_code": "C1" }));
        let one = delivery("e1", &body);
        dairy
            .store
            .write(|tx| app::webhooks::keep_failed(tx, &one, "the database refused it", now()))
            .unwrap();
        let early = app::webhooks::retry_due(&dairy.store, now(), StripeMode::Live).unwrap();
        assert_eq!(early, app::webhooks::Retried::default());
        let later = domain::jobs::later(now(), std::time::Duration::from_hours(5));
        let done = app::webhooks::retry_due(&dairy.store, later, StripeMode::Live).unwrap();
        assert_eq!((done.done, done.waiting, done.dead), (1, 0, 0));
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert_eq!(receive(&dairy, &[one]), [Receipt::AlreadyProcessed]);
        dairy.assert_verified();
    });
}

#[test]
fn a_settlement_is_posted_once() {
    on_both(|database| {
        let dairy = billed(database);
        let entity = json!({
            "id": "setl_1", "entity": "settlement", "amount": 5_000, "status": "processed",
            "fees": 0, "tax": 0, "utr": "UTR1", "created_at": 1_790_000_700,
        });
        let body = event("settlement.processed", &[("settlement", entity)]);
        receive(&dairy, &[delivery("e1", &body), delivery("e2", &body)]);
        receive(&dairy, &[delivery("e3", &body)]);
        let after = books(&dairy);
        assert!(after.contains(&"bank 0 5000".to_owned()), "{after:?}");
        assert!(after.contains(&"gateway_razorpay 0 -5000".to_owned()), "{after:?}");
        dairy.assert_verified();
    });
}

#[test]
fn verify_finds_what_is_broken() {
    use app::verify::Invariant::{PaymentLogs, PaymentsAllocated, PaymentsPosted};
    let damages: [(&str, &[app::verify::Invariant]); 5] = [
        (
            "UPDATE payments SET version = version + 1, free_paise = 5",
            &[PaymentsAllocated, PaymentLogs],
        ),
        ("INSERT INTO allocations VALUES (1, 77, 1, NULL, 5, 1, 'x')", &[PaymentsAllocated]),
        (
            "UPDATE payments SET version = version + 1, fee_paise = 1201",
            &[PaymentsPosted, PaymentLogs],
        ),
        (
            "INSERT INTO payment_log VALUES (1, 5, 1, NULL, 'captured', 'x', 'x', 'x', NULL, '{}')",
            &[PaymentLogs],
        ),
        (
            "UPDATE bills SET paid_paise = 59999, state = 'part-paid' WHERE customer_id = 1",
            &[PaymentsAllocated],
        ),
    ];
    on_both(|database| {
        for (damage, broken) in damages {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            let body = captured("pay_1", 60_000, json!({ "customer_code": "C1" }));
            receive(&dairy, &[delivery("e1", &body)]);
            dairy.assert_verified();
            dairy.sql(damage);
            assert_eq!(dairy.broken(), broken, "{damage}");
        }
    });
}
