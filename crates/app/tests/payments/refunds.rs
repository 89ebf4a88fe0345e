//! Refunds: never more than there is, agreed by another person above the limit, one with what the
//! gateway tells.

use crate::kit::{books, delivery, receive, refund};
use crate::office::Office;
use app::AppError;
use app::payments::{self, NewReceipt, NewRefund, PaidOut};
use domain::ids::{PaymentId, RefundId};
use domain::money::Money;
use domain::payments::{Destination, Provider};
use gateways::fake::Misbehaviour;
use testkit::on_both;

fn reference(office: &Office<'_>, payment: PaymentId) -> String {
    let shown = office.dairy.store.read(|tx| payments::show(tx, payment)).unwrap();
    shown.listed.payment.reference
}

fn record(office: &Office<'_>, way: Provider, paise: i64, reference: Option<&str>) -> PaymentId {
    let new = NewReceipt {
        plan: None,
        way,
        amount: Money::from_paise(paise),
        reference: reference.map(str::to_owned),
        customer: Some("C1".to_owned()),
        bill: None,
        person: None,
        day: None,
    };
    let actor = office.actor("office");
    office.dairy.store.write(|tx| payments::record(tx, &actor, &new)).unwrap()
}

fn approve(office: &Office<'_>, who: &str, id: RefundId) -> Result<(), AppError> {
    let actor = office.actor(who);
    office.dairy.store.write(|tx| payments::approve(tx, &actor, &office.desk, id))
}

fn decline(office: &Office<'_>, who: &str, id: RefundId) -> Result<(), AppError> {
    let actor = office.actor(who);
    office.dairy.store.write(|tx| payments::decline(tx, &actor, id))
}

fn pay_out(office: &Office<'_>, id: RefundId, reference: Option<&str>) -> Result<(), AppError> {
    let paid = PaidOut { person: None, reference: reference.map(str::to_owned) };
    let actor = office.actor("maker");
    office.dairy.store.write(|tx| payments::pay_out(tx, &actor, id, &paid))
}

#[test]
fn a_refund_of_a_gateway_is_one_with_its_webhooks() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let id = office.refund(payment, 10_000);
        assert_eq!(office.refund_state(id), "approved");
        office.work();
        let shown = office.shown_refund(id);
        let there = shown.told_as.unwrap();
        let of = reference(&office, payment);
        assert_eq!(office.refunds_there(&of), 1);
        let told = refund("refund.processed", &there, &of, 10_000, "processed");
        receive(&office.dairy, &[delivery("r1", &told), delivery("r2", &told)]);
        assert_eq!(office.refund_state(id), "processed");
        let after = books(&office.dairy);
        assert!(after.contains(&format!("refund {there}processed10000")), "{after:?}");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "part-paid");
        // The worker and the gateway say nothing new.
        office.work_for(2, 3_700);
        office.ask_now();
        assert_eq!(office.dairy.count("SELECT COUNT(*) FROM payment_refunds"), 1);
        assert_eq!(office.refunds_there(&of), 1);
        // It failed after all; the money is ours again.
        let failed = refund("refund.failed", &there, &of, 10_000, "failed");
        receive(&office.dairy, &[delivery("r3", &failed)]);
        assert_eq!(office.refund_state(id), "failed");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid");
        office.dairy.assert_verified();
    });
}

#[test]
fn the_webhook_may_come_before_the_answer() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let of = reference(&office, payment);
        office.die_after("refund");
        let id = office.refund(payment, 20_000);
        office.work();
        assert_eq!(office.refund_state(id), "sent");
        let there = office.way.refunds_of_payment(&of).unwrap().items[0].id.clone();
        let told = refund("refund.processed", &there, &of, 20_000, "processed");
        receive(&office.dairy, &[delivery("r1", &told)]);
        office.work_for(4, 400);
        assert_eq!(office.refund_state(id), "processed", "{:?}", office.shown_refund(id));
        assert_eq!(office.shown_refund(id).told_as, Some(there));
        assert_eq!(office.refunds_there(&of), 1);
        office.dairy.assert_verified();
    });
}

#[test]
fn whatever_the_gateway_does_money_goes_back_once() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let of = reference(&office, payment);
        for (number, what) in [
            Misbehaviour::TimeOutAfterSuccess,
            Misbehaviour::Fail500AfterSuccess,
            Misbehaviour::Fail500,
            Misbehaviour::TooManyRequests,
        ]
        .into_iter()
        .enumerate()
        {
            office.razorpay.misbehave(what);
            let id = office.refund(payment, 5_000);
            office.work();
            let state = office.refund_state(id);
            let waits = what == Misbehaviour::TooManyRequests;
            assert_eq!(state, if waits { "sent" } else { "unknown" }, "{what:?}");
            office.razorpay.misbehave(Misbehaviour::Fail500);
            office.work_for(6, 30);
            let shown = office.shown_refund(id);
            assert!(shown.told_as.is_some(), "{what:?} {shown:?}");
            assert!(["sent", "processed"].contains(&shown.state.as_str()), "{shown:?}");
            assert_eq!(office.refunds_there(&of), number + 1, "{what:?}");
        }
        office.dairy.assert_verified();
    });
}

#[test]
fn stripe_gives_money_back_too() {
    on_both(|database| {
        let office = Office::new(database);
        let id = office.ask(domain::payments::RequestKind::Checkout, "C1");
        office.work();
        let session = office.request(id).provider_reference.unwrap();
        let intent = office.stripe.pay(&session, gateways::fake::Outcome::Captured).unwrap();
        office.ask_now();
        let payment = office.payment_id(Provider::Stripe, &intent);
        office.stripe.misbehave(Misbehaviour::Fail500AfterSuccess);
        let id = office.refund(payment, 60_000);
        office.work_for(4, 30);
        assert_eq!(office.refund_state(id), "processed", "{:?}", office.shown_refund(id));
        let there = office.stripe_way.refunds_of_payment(&intent).unwrap().items;
        assert_eq!(there.len(), 1);
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "issued");
        office.dairy.assert_verified();
    });
}

#[test]
fn above_the_limit_another_person_agrees() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C2");
        let id = office.refund(payment, 100_001);
        assert_eq!(office.refund_state(id), "requested");
        office.work();
        assert_eq!(office.refunds_there(&reference(&office, payment)), 0);
        // What is asked for is promised.
        let new = Office::refund_of(20_000, Destination::Source);
        let error = office.try_refund("maker", payment, &new).unwrap_err();
        assert!(error.to_string().contains("199.99"), "{error}");
        for wrong in [approve(&office, "maker", id), decline(&office, "maker", id)] {
            assert_eq!(wrong.unwrap_err().code(), "not_allowed");
        }
        approve(&office, "checker", id).unwrap();
        assert_eq!(approve(&office, "other", id).unwrap_err().code(), "conflict");
        assert_eq!(decline(&office, "other", id).unwrap_err().code(), "conflict");
        office.work();
        assert_eq!(office.refunds_there(&reference(&office, payment)), 1);
        assert_eq!(office.shown_refund(id).checked_as.as_deref(), Some("checker"));
        // Declined, what was promised is free again.
        let payment = office.paid("C2");
        let shown = office.dairy.store.read(|tx| payments::show(tx, payment)).unwrap();
        let all = shown.listed.payment.facts.captured.paise();
        if all > 100_000 {
            let id = office.refund(payment, all);
            decline(&office, "checker", id).unwrap();
            assert_eq!(office.refund_state(id), "declined");
            office.refund(payment, 100);
        }
        office.dairy.assert_verified();
    });
}

#[test]
fn two_at_once_give_back_no_more_than_there_is() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let stores: Vec<_> = (0..4).map(|_| office.dairy.another_store()).collect();
        let new = Office::refund_of(25_000, Destination::Source);
        let done: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = stores
                .iter()
                .map(|store| {
                    let (actor, desk, new) = (office.actor("maker"), &office.desk, &new);
                    scope.spawn(move || {
                        store
                            .write(|tx| payments::ask_refund(tx, &actor, desk, payment, new))
                            .is_ok()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(done.iter().filter(|done| **done).count(), 2);
        office.work();
        assert_eq!(office.refunds_there(&reference(&office, payment)), 2);
        office.dairy.assert_verified();
    });
}

#[test]
fn what_came_through_a_bank_is_paid_by_hand() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = record(&office, Provider::Upi, 60_000, Some("618200000117"));
        let new = NewRefund {
            reference: Some("618200000999".to_owned()),
            ..Office::refund_of(10_000, Destination::Source)
        };
        let id = office.try_refund("maker", payment, &new).unwrap();
        assert_eq!(office.refund_state(id), "processed");
        let after = books(&office.dairy);
        assert!(after.contains(&"bank 0 50000".to_owned()), "{after:?}");
        // Agreed, and paid afterwards.
        let id = office.refund(payment, 20_000);
        assert_eq!(office.refund_state(id), "approved");
        assert_eq!(pay_out(&office, id, None).unwrap_err().code(), "invalid");
        pay_out(&office, id, Some("618200000998")).unwrap();
        assert_eq!(pay_out(&office, id, Some("618200000998")).unwrap_err().code(), "conflict");
        assert_eq!(office.shown_refund(id).paid_reference.as_deref(), Some("618200000998"));
        let error =
            office.try_refund("maker", payment, &Office::refund_of(30_001, Destination::Source));
        assert_eq!(error.unwrap_err().code(), "conflict");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "part-paid");
        office.dairy.assert_verified();
        // A cheque that has not been cleared.
        let cheque = record(&office, Provider::Cheque, 10_000, Some("000123"));
        let refused =
            office.try_refund("maker", cheque, &Office::refund_of(1, Destination::Source));
        assert_eq!(refused.unwrap_err().code(), "conflict");
    });
}

#[test]
fn a_large_refund_in_small_parts_needs_another_person_too() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = record(&office, Provider::Upi, 250_000, Some("618200000118"));
        let asked = |paise| {
            let new = Office::refund_of(paise, Destination::Source);
            office.refund_state(office.try_refund("maker", payment, &new).unwrap())
        };
        assert_eq!(asked(60_000), "approved");
        assert_eq!(asked(40_000), "approved");
        assert_eq!(asked(1), "requested");
        // Of another payment it is small.
        let other = record(&office, Provider::Upi, 60_000, Some("618200000119"));
        assert_eq!(office.refund_state(office.refund(other, 10_000)), "approved");
    });
}

#[test]
fn cash_comes_from_whose_hand_it_is() {
    on_both(|database| {
        let office = Office::new(database);
        for (id, name) in [(1, "Ravi"), (2, "Sita")] {
            office.dairy.sql(&person(id, name));
        }
        let mut new = NewReceipt {
            plan: None,
            way: Provider::Cash,
            amount: Money::from_paise(60_000),
            reference: None,
            customer: Some("C1".to_owned()),
            bill: None,
            person: Some(domain::ids::PersonId(1)),
            day: None,
        };
        let actor = office.actor("office");
        let payment = office.dairy.store.write(|tx| payments::record(tx, &actor, &new)).unwrap();
        new.day = None;
        let hand = NewRefund {
            person: Some(domain::ids::PersonId(2)),
            ..Office::refund_of(10_000, Destination::Source)
        };
        let id = office.try_refund("maker", payment, &hand).unwrap();
        assert_eq!(office.refund_state(id), "processed");
        let id = office.refund(payment, 5_000);
        assert_eq!(office.refund_state(id), "processed");
        let of = |person| {
            format!(
                "SELECT CAST(SUM(amount_paise) AS BIGINT) FROM ledger_entries \
                 WHERE account = 'cash_in_hand' AND person_id = {person}"
            )
        };
        assert_eq!(office.dairy.count(&of(1)), 55_000);
        assert_eq!(office.dairy.count(&of(2)), -10_000);
        office.dairy.assert_verified();
    });
}

fn person(id: i64, name: &str) -> String {
    format!(
        "INSERT INTO people (id, login, name, role, state, password_hash, \
         password_is_initial, sessions_from, created_at, updated_at) \
         VALUES ({id}, 'l{id}', '{name}', 'rider', 'active', 'x', 0, 0, 1, 1)"
    )
}

#[test]
fn to_the_advance_bills_are_open_again() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "paid");
        let new = Office::refund_of(20_000, Destination::Advance);
        let id = office.try_refund("maker", payment, &new).unwrap();
        assert_eq!(office.refund_state(id), "processed");
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "part-paid");
        let after = books(&office.dairy);
        assert!(after.contains(&"free 1 20000".to_owned()), "{after:?}");
        assert!(after.contains(&"receivable 1 0".to_owned()), "{after:?}");
        office.work();
        assert_eq!(office.refunds_there(&reference(&office, payment)), 0);
        // No more than is on bills.
        let error =
            office.try_refund("maker", payment, &Office::refund_of(40_001, Destination::Advance));
        assert_eq!(error.unwrap_err().code(), "conflict");
        // The advance can go back to its source.
        office.refund(payment, 60_000);
        office.work();
        office.dairy.assert_verified();
    });
}

#[test]
fn what_the_gateway_refuses_has_failed() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let of = reference(&office, payment);
        // Somebody gave it back at the gateway itself, and nobody has told yet.
        let new = gateways::razorpay::NewRefund {
            amount: 60_000,
            idempotency_key: "dashboard_1".to_owned(),
            receipt: None,
            tags: gateways::call::Tags::default(),
        };
        office.way.refund_payment(&of, &new).unwrap();
        let id = office.refund(payment, 60_000);
        office.work();
        let shown = office.shown_refund(id);
        assert_eq!(shown.state.as_str(), "failed", "{shown:?}");
        assert!(shown.failure.is_some());
        let found = office.ask_now();
        assert_eq!(office.dairy.bill("C1", "2026-09").status, "issued", "{found}");
        let again = office.try_refund("maker", payment, &Office::refund_of(1, Destination::Source));
        assert_eq!(again.unwrap_err().code(), "conflict");
        office.dairy.assert_verified();
    });
}

#[test]
fn a_refund_needs_an_amount_and_a_reason() {
    on_both(|database| {
        let office = Office::new(database);
        let payment = office.paid("C1");
        let good = Office::refund_of(100, Destination::Source);
        for wrong in [
            NewRefund { amount: Money::ZERO, ..good.clone() },
            NewRefund { amount: Money::from_paise(-1), ..good.clone() },
            NewRefund { reason: "  ".to_owned(), ..good.clone() },
            NewRefund { reference: Some("618200000117".to_owned()), ..good.clone() },
            NewRefund { person: Some(domain::ids::PersonId(1)), ..good.clone() },
        ] {
            assert_eq!(office.try_refund("maker", payment, &wrong).unwrap_err().code(), "invalid");
        }
        let error = office.try_refund("maker", PaymentId(99), &good).unwrap_err();
        assert_eq!(error.code(), "not_found");
        let unconfigured = payments::Desk::default();
        let actor = office.actor("maker");
        let refused = office
            .dairy
            .store
            .write(|tx| payments::ask_refund(tx, &actor, &unconfigured, payment, &good));
        assert_eq!(refused.unwrap_err().code(), "not_configured");
    });
}
