//! What gateways are asked for: made once whatever happens, withdrawn, paid, too old.

use crate::kit::{books, captured, delivery, receive};
use crate::office::Office;
use app::AppError;
use app::payments::{self, Gateways, NewRequest, Returned};
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{Provider, RequestKind};
use gateways::fake::{Misbehaviour, Outcome};
use gateways::razorpay::Window;
use gateways::stripe::Since;
use serde_json::json;
use testkit::on_both;

/// How many things at the gateways have a request's reference.
fn made(office: &Office<'_>, kind: RequestKind, reference: &str) -> usize {
    let from = Moment::from_unix_micros(0);
    match kind {
        RequestKind::Order => office.way.orders_by_receipt(reference).unwrap().items.len(),
        RequestKind::Link => office.way.payment_links_by_reference(reference).unwrap().items.len(),
        RequestKind::Qr => {
            let to = office.now();
            let page = office.way.qr_codes(&Window { from, to, count: 100, skip: 0 }).unwrap();
            page.items.iter().filter(|qr| qr.reference.as_deref() == Some(reference)).count()
        }
        RequestKind::Checkout => {
            let since = Since { from, to: None, starting_after: None, limit: 100 };
            let page = office.stripe_way.checkout_sessions(&since).unwrap();
            page.items.iter().filter(|one| one.reference.as_deref() == Some(reference)).count()
        }
    }
}

fn misbehave(office: &Office<'_>, kind: RequestKind, what: Misbehaviour) {
    match kind {
        RequestKind::Checkout => office.stripe.misbehave(what),
        _ => office.razorpay.misbehave(what),
    }
}

#[test]
fn each_kind_is_made_and_paid() {
    on_both(|database| {
        for kind in RequestKind::ALL {
            let fresh = testkit_fresh(database);
            let office = Office::new(&fresh);
            let id = office.ask(kind, "C1");
            assert_eq!(office.state(id), "new");
            office.work();
            let asked = office.request(id);
            assert_eq!(asked.state.as_str(), "done", "{asked:?}");
            assert_eq!(asked.url.is_some(), kind != RequestKind::Order);
            assert_eq!(made(&office, kind, &asked.reference), 1);
            let there = asked.provider_reference.unwrap();
            match kind {
                RequestKind::Checkout => office.stripe.pay(&there, Outcome::Captured).unwrap(),
                _ => office.razorpay.pay(&there, Outcome::Captured).unwrap(),
            };
            // Nobody tells; the gateway is asked.
            office.work_for(3, 600);
            assert_eq!(office.state(id), "paid", "{kind:?} {:?}", office.request(id));
            assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid", "{kind:?}");
            assert_eq!(office.dairy.count("SELECT COUNT(*) FROM payments"), 1);
            assert!(matches!(office.cancel(id), Err(AppError::Conflict(_))));
            office.dairy.assert_verified();
        }
    });
}

/// A fresh database of the same kind.
fn testkit_fresh(database: &testkit::Database) -> testkit::Database {
    testkit::databases().into_iter().find(|one| one.kind == database.kind).unwrap()
}

#[test]
fn whatever_the_gateway_does_one_thing_is_made() {
    on_both(|database| {
        let office = Office::new(database);
        for kind in RequestKind::ALL {
            for what in [
                Misbehaviour::TimeOutAfterSuccess,
                Misbehaviour::Fail500AfterSuccess,
                Misbehaviour::Fail500,
                Misbehaviour::TooManyRequests,
            ] {
                misbehave(&office, kind, what);
                let id = office.ask(kind, "C1");
                office.work();
                let state = office.state(id);
                let waits = what == Misbehaviour::TooManyRequests;
                assert_eq!(state, if waits { "new" } else { "unknown" }, "{kind:?} {what:?}");
                // The first question is not answered either.
                misbehave(&office, kind, Misbehaviour::Fail500);
                office.work_for(6, 30);
                let asked = office.request(id);
                assert_eq!(asked.state.as_str(), "done", "{kind:?} {what:?} {asked:?}");
                assert_eq!(made(&office, kind, &asked.reference), 1, "{kind:?} {what:?}");
                assert!(asked.reason.is_none() && asked.provider_reference.is_some());
            }
        }
    });
}

#[test]
fn a_program_that_dies_leaves_one_thing() {
    on_both(|database| {
        let office = Office::new(database);
        for (kind, operation) in [
            (RequestKind::Order, "create_order"),
            (RequestKind::Link, "create_link"),
            (RequestKind::Qr, "create_qr"),
            (RequestKind::Checkout, "create_checkout"),
        ] {
            // After the call, before its answer is kept.
            office.die_after(operation);
            let id = office.ask(kind, "C1");
            office.work();
            assert_eq!(office.state(id), "sent", "{kind:?}");
            assert!(office.request(id).provider_reference.is_none());
            // Nobody else looks at it at once.
            office.calls();
            office.work();
            assert!(!office.calls().iter().any(|call| call.contains("create")));
            office.work_for(4, 400);
            let asked = office.request(id);
            assert_eq!(asked.state.as_str(), "done", "{kind:?}");
            assert_eq!(made(&office, kind, &asked.reference), 1);
            // Before the call.
            let id = office.ask(kind, "C1");
            let at = office.now().unix_micros();
            office.dairy.sql(&format!(
                "UPDATE payment_requests SET state = 'sent', attempts = 1, retry_at = {at} \
                 WHERE id = {}",
                id.0
            ));
            office.work_for(4, 400);
            let asked = office.request(id);
            assert_eq!(asked.state.as_str(), "done", "{kind:?}");
            assert_eq!(made(&office, kind, &asked.reference), 1);
        }
    });
}

#[test]
fn what_a_gateway_refuses_is_refused() {
    on_both(|database| {
        let office = Office::new(database);
        let half = Some(Money::from_paise(50));
        let new = NewRequest { amount: half, ..office.new_request(RequestKind::Order, "C1") };
        let id = office.try_ask(&new).unwrap();
        office.work();
        let asked = office.request(id);
        assert_eq!(asked.state.as_str(), "refused");
        assert!(asked.reason.unwrap().contains("below 100"));
        assert!(matches!(office.cancel(id), Err(AppError::Conflict(_))));
    });
}

#[test]
fn what_does_not_go_together_is_named() {
    on_both(|database| {
        let office = Office::new(database);
        let good = office.new_request(RequestKind::Link, "C1");
        let soon = Moment::parse("2026-10-02T09:00:00+05:30");
        let for_plan = |plan: &str, paise: i64| NewRequest {
            customer: Some("C1".to_owned()),
            bill: None,
            plan: Some(plan.to_owned()),
            amount: Some(Money::from_paise(paise)),
            ..good.clone()
        };
        for (wrong, part) in [
            (NewRequest { provider: Provider::Stripe, ..good.clone() }, "kind"),
            (NewRequest { provider: Provider::Upi, ..good.clone() }, "provider"),
            (NewRequest { amount: Some(Money::ZERO), ..good.clone() }, "amount"),
            (NewRequest { bill: Some("INV/1".to_owned()), ..good.clone() }, "bill_number"),
            (NewRequest { customer: Some("C2".to_owned()), ..good.clone() }, "bill_number"),
            (NewRequest { bill: None, ..good.clone() }, "customer_code"),
            (NewRequest { expires_at: soon, ..good.clone() }, "expires_at"),
            (NewRequest { plan: Some("vip".to_owned()), ..good.clone() }, "plan_code"),
            (for_plan("gold", 49_900), "plan_code: there is no such plan"),
            (for_plan("free", 100), "plan_code: the plan costs nothing"),
            (for_plan("vip", 49_901), "amount: expected 499.00"),
            (NewRequest { in_parts: true, ..for_plan("vip", 49_900) }, "in_parts"),
            (
                NewRequest { in_parts: true, ..office.new_request(RequestKind::Qr, "C1") },
                "in_parts",
            ),
        ] {
            let error = office.try_ask(&wrong).unwrap_err();
            assert!(error.to_string().contains(part), "{part}: {error}");
            assert_eq!(error.code(), "invalid");
        }
        let actor = office.actor("office");
        let none = Gateways::default();
        let error =
            office.dairy.store.write(|tx| payments::ask(tx, &actor, &none, &good)).unwrap_err();
        assert_eq!(error.code(), "not_configured");
        assert!(error.to_string().contains("gateways.razorpay.key_id"), "{error}");
        assert_eq!(office.dairy.count("SELECT COUNT(*) FROM payment_requests"), 0);
        assert_eq!(office.dairy.count("SELECT COUNT(*) FROM jobs WHERE kind = 'payments.call'"), 0);
    });
}

#[test]
fn what_is_withdrawn_cannot_be_paid() {
    on_both(|database| {
        let office = Office::new(database);
        // Before it was sent.
        let id = office.ask(RequestKind::Link, "C1");
        office.cancel(id).unwrap();
        office.cancel(id).unwrap();
        office.work();
        assert_eq!(office.state(id), "cancelled");
        assert_eq!(made(&office, RequestKind::Link, &office.request(id).reference), 0);
        for kind in RequestKind::ALL {
            let id = office.ask(kind, "C1");
            office.work();
            office.cancel(id).unwrap();
            office.work();
            assert_eq!(office.state(id), "cancelled", "{kind:?}");
            let there = office.request(id).provider_reference.unwrap();
            let paid = match kind {
                RequestKind::Checkout => office.stripe.pay(&there, Outcome::Captured).is_ok(),
                _ => office.razorpay.pay(&there, Outcome::Captured).is_ok(),
            };
            assert_eq!(paid, kind == RequestKind::Order, "{kind:?}");
        }
        // What is paid for an order all the same is found and booked.
        office.ask_now();
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid");
        // While nobody knows what became of it.
        office.razorpay.misbehave(Misbehaviour::TimeOutAfterSuccess);
        let id = office.ask(RequestKind::Link, "C2");
        office.work();
        office.cancel(id).unwrap();
        assert_eq!(office.state(id), "unknown");
        office.work_for(4, 30);
        assert_eq!(office.state(id), "cancelled");
        let there = office.request(id).provider_reference.unwrap();
        assert_eq!(office.way.payment_link(&there).unwrap().status, "cancelled");
        office.dairy.assert_verified();
    });
}

#[test]
fn what_is_too_old_ends() {
    on_both(|database| {
        let office = Office::new(database);
        let end = Moment::from_unix_micros(office.now().unix_micros() + 3_600_000_000);
        let mut ids = Vec::new();
        for kind in RequestKind::ALL {
            let new = NewRequest { expires_at: Some(end), ..office.new_request(kind, "C1") };
            ids.push(office.try_ask(&new).unwrap());
        }
        office.work();
        assert!(ids.iter().all(|id| office.state(*id) == "done"));
        office.pass(3_700);
        // Never sent, and too old by now.
        office.work_for(3, 1_200);
        for id in ids {
            assert_eq!(office.state(id), "expired", "{:?}", office.request(id));
        }
    });
}

#[test]
fn a_standing_qr_code_is_paid_again_and_again() {
    on_both(|database| {
        let office = Office::new(database);
        let mut new = office.new_request(RequestKind::Qr, "C1");
        (new.bill, new.customer) = (None, Some("C1".to_owned()));
        let id = office.try_ask(&new).unwrap();
        office.work();
        let there = office.request(id).provider_reference.unwrap();
        for _ in 0..2 {
            office.razorpay.pay_amount(&there, 30_000, Outcome::Captured).unwrap();
            office.work_for(2, 600);
            assert_eq!(office.state(id), "done");
        }
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid");
        office.dairy.assert_verified();
    });
}

#[test]
fn a_browser_that_comes_back_moves_no_money() {
    on_both(|database| {
        let office = Office::new(database);
        let id = office.ask(RequestKind::Order, "C1");
        let confirm = |payment: &str, signature: &str| {
            let (payment, signature) = (payment.to_owned(), signature.to_owned());
            let returned = Returned { payment, signature, link_status: None };
            let (actor, gateways) = (office.actor("office"), &office.desk.gateways);
            office.dairy.store.write(|tx| payments::confirm(tx, &actor, gateways, id, &returned))
        };
        assert!(matches!(confirm("pay_1", "00"), Err(AppError::Conflict(_))));
        office.work();
        let order = office.request(id).provider_reference.unwrap();
        for wrong in ["", "zz", &"0".repeat(64)] {
            assert!(matches!(confirm("pay_1", wrong), Err(AppError::Invalid(_))), "{wrong}");
        }
        // Authentic, and not paid.
        confirm("pay_1", &office.razorpay.sign_return(&order, "pay_1")).unwrap();
        office.work();
        assert_eq!(office.state(id), "done");
        assert_eq!(office.dairy.count("SELECT COUNT(*) FROM payments"), 0);
        let payment = office.razorpay.pay(&order, Outcome::Captured).unwrap();
        confirm(&payment, &office.razorpay.sign_return(&order, &payment)).unwrap();
        assert_eq!(office.dairy.count("SELECT COUNT(*) FROM payments"), 0);
        office.work();
        assert_eq!(office.state(id), "paid");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid");
        office.dairy.assert_verified();
    });
}

#[test]
fn a_payment_of_which_no_webhook_told_is_found_once() {
    on_both(|database| {
        let office = Office::new(database);
        let order = gateways::razorpay::NewOrder {
            amount: 60_000,
            currency: "INR".to_owned(),
            receipt: "elsewhere".to_owned(),
            tags: gateways::call::Tags {
                customer_code: Some("C1".to_owned()),
                ..gateways::call::Tags::default()
            },
            partial_payment: false,
        };
        let order = office.way.create_order(&order).unwrap();
        let payment = office.razorpay.pay(&order.id, Outcome::Captured).unwrap();
        let failed = office.razorpay.pay(&order.id, Outcome::Failed);
        assert!(failed.is_err() || failed.is_ok());
        let found = office.ask_now();
        assert_eq!(found["booked"].as_i64().unwrap(), if failed.is_ok() { 2 } else { 1 });
        assert_eq!(found["failed"], json!([]));
        let after = books(&office.dairy);
        assert!(after.iter().any(|line| line.starts_with("razorpay pay_")), "{after:?}");
        // Asked again, and told by a webhook that comes late.
        let found = office.ask_now();
        assert_eq!(found["booked"], 0, "{found}");
        let body = captured(&payment, 60_000, json!({ "customer_code": "C1" }));
        receive(&office.dairy, &[delivery("late", &body)]);
        let count = "SELECT COUNT(*) FROM ledger_transactions WHERE posting = 'receipt'";
        assert_eq!(office.dairy.count(count), 1);
        assert_eq!(
            office.dairy.count("SELECT COUNT(*) FROM payment_log WHERE cause = 'asked'"),
            found["known"].as_i64().unwrap()
        );
        // What was given back at the gateway itself is found too.
        let new = gateways::razorpay::NewRefund {
            amount: 10_000,
            idempotency_key: "dashboard_1".to_owned(),
            receipt: None,
            tags: gateways::call::Tags::default(),
        };
        office.way.refund_payment(&payment, &new).unwrap();
        let found = office.ask_now();
        assert_eq!(found["booked"], 1, "{found}");
        office.dairy.assert_verified();
        // A gateway that does not answer is named, and asked again the next time.
        office.razorpay.misbehave(Misbehaviour::Fail500);
        let found = office.ask_now();
        assert!(found["failed"][0].as_str().unwrap().contains("razorpay"), "{found}");
    });
}

#[test]
fn what_stripe_keeps_is_booked_when_it_is_asked() {
    on_both(|database| {
        let office = Office::new(database);
        let intent = gateways::stripe::NewPaymentIntent {
            amount: 60_000,
            currency: "INR".to_owned(),
            tags: gateways::call::Tags {
                customer_code: Some("C1".to_owned()),
                ..gateways::call::Tags::default()
            },
        };
        let made = office.stripe_way.create_payment_intent(&intent, "intent-1").unwrap();
        let begun = office.now();
        office.pass(2 * 24 * 3_600);
        office.stripe.pay(&made.payment.id, Outcome::Captured).unwrap();
        let paid = office.now();
        office.pass(60);
        let found = office.ask_now();
        assert_eq!(found["booked"], 1, "{found}");
        let after = books(&office.dairy);
        assert!(after.contains(&"gateway_fees 0 1200".to_owned()), "{after:?}");
        assert!(after.contains(&"gateway_stripe 0 58800".to_owned()), "{after:?}");
        // It came when it was paid, not when it was asked for.
        assert!(begun < paid);
        let at = office.dairy.count("SELECT captured_at FROM payments");
        assert_eq!(at, paid.unix_micros() / 1_000_000 * 1_000_000);
        assert_eq!(office.ask_now()["booked"], 0);
        office.dairy.assert_verified();
    });
}
