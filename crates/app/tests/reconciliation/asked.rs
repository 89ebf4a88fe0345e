//! What gateways list, asked for and compared: against the local Razorpay and Stripe.

use crate::faults::found;
use crate::kit::{Named, SECRET, captured, delivery, event, keys, receive};
use crate::office::Office;
use app::payments::Gateways;
use app::reconciliation::{Asked, Report, Rules, ask, run};
use app::webhooks::{Delivery, Gateway, Secrets};
use domain::calendar::Day;
use domain::money::Money;
use domain::payments::{Provider, RequestKind};
use gateways::fake::{Misbehaviour, Outcome};
use serde_json::{Value, json};
use testkit::on_both;

fn asked(office: &Office<'_>, day: Day) -> Asked {
    ask(&office.dairy.store, &office.desk.gateways, day).unwrap()
}

/// The gateways asked, and the books compared with their lists.
fn compared(office: &Office<'_>, day: Day) -> Report {
    let asked = asked(office, day);
    assert_eq!(asked.missing, Vec::<String>::new());
    let actor = office.actor("office");
    run(&office.dairy.store, &actor, day, Rules::default(), &asked.given).unwrap()
}

/// Errors and warnings only: bills that nobody has paid yet are not what these tests are about.
fn wrong(report: &Report) -> Vec<String> {
    found(report).into_iter().filter(|line| !line.starts_with("info")).collect()
}

/// A request that was made: its id at the gateway.
fn made(office: &Office<'_>, kind: RequestKind, customer: &str) -> String {
    let id = office.ask(kind, customer);
    office.work();
    office.request(id).provider_reference.unwrap()
}

#[test]
fn a_payment_that_only_the_gateway_knows_is_found() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        let link = made(&office, RequestKind::Link, "C1");
        let session = made(&office, RequestKind::Checkout, "C2");
        // One fails first, and nobody is told of either.
        office.razorpay.pay(&link, Outcome::Failed).unwrap();
        office.razorpay.pay(&link, Outcome::Captured).unwrap();
        office.stripe.pay(&session, Outcome::Captured).unwrap();
        let expected = ["error provider_only 600.00 0.00", "error provider_only 1200.00 0.00"];
        assert_eq!(wrong(&compared(&office, day)), expected);
        // Asking for payments books them, and the lists agree.
        office.ask_now();
        assert_eq!(wrong(&compared(&office, day)), Vec::<String>::new());
        // The day before had none of it.
        assert_eq!(wrong(&compared(&office, day.plus_days(-1))), Vec::<String>::new());
        office.dairy.assert_verified();
    });
}

/// A payment of 60 rupees on a day, of which the gateway knows nothing.
fn unknown_there(office: &Office<'_>, day: Day) {
    let notes = json!({ "customer_code": "C3" });
    receive(&office.dairy, &[delivery("e1", &captured("pay_forged", 6_000, notes))]);
    let (day, on) = (day.number(), "reference = 'pay_forged'");
    office.dairy.sql(&format!(
        "UPDATE payments SET received_day = {day}, version = version + 1 WHERE {on}"
    ));
}

#[test]
fn a_payment_that_only_we_know_is_found() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        office.paid("C1");
        unknown_there(&office, day);
        assert_eq!(wrong(&compared(&office, day)), ["error ours_only 0.00 60.00"]);
    });
}

#[test]
fn a_payment_of_which_we_were_told_late_is_known_to_the_gateway() {
    on_both(|database| {
        let office = Office::new(database);
        let order = made(&office, RequestKind::Order, "C1");
        let payment = office.razorpay.pay(&order, Outcome::Captured).unwrap();
        office.pass(9 * 86_400);
        office.dairy.at("2026-10-11T10:00:00+05:30");
        let seen = office.razorpay.payment(&payment).unwrap();
        let body = event("payment.captured", &[("payment", seen)]);
        receive(&office.dairy, &[delivery("late", &body)]);
        office.dairy.sql("UPDATE payments SET received_day = 20261011, version = version + 1");
        let day = office.now().business_day();
        let asked = asked(&office, day);
        let listed: Vec<_> = asked.given.payments.iter().map(|one| one.captured).collect();
        assert_eq!(listed, [Some(Money::from_paise(60_000))]);
        assert_eq!(wrong(&compared(&office, day)), Vec::<String>::new());
    });
}

#[test]
fn lists_are_read_page_by_page() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        let (order, total) = (made(&office, RequestKind::Order, "C1"), 205);
        for _ in 0..total {
            office.razorpay.pay_amount(&order, 100, Outcome::Failed).unwrap();
            office
                .stripe
                .pay(&made(&office, RequestKind::Checkout, "C2"), Outcome::Failed)
                .unwrap();
        }
        // Of the day after; it is in the list of that day alone.
        office.pass(86_400);
        office.razorpay.pay(&order, Outcome::Captured).unwrap();
        let given = asked(&office, day).given;
        for provider in [Provider::Razorpay, Provider::Stripe] {
            assert!(given.listed.contains(&provider));
            let of = given.payments.iter().filter(|one| one.provider == provider);
            assert!(of.clone().all(|one| one.captured == Some(Money::ZERO)));
            assert_eq!(of.count(), total, "{provider:?}");
        }
        let later = asked(&office, day.plus_days(1)).given;
        assert_eq!(later.payments.len(), 2 * total + 1);
    });
}

#[test]
fn what_went_back_in_whole_is_no_difference() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        office.paid("C1");
        // Another one went back before anybody told us that it had come.
        let order = made(&office, RequestKind::Order, "C2");
        let payment = office.razorpay.pay(&order, Outcome::Captured).unwrap();
        let back = gateways::razorpay::NewRefund {
            amount: 120_000,
            idempotency_key: "refund-0001".to_owned(),
            receipt: None,
            tags: gateways::call::Tags::default(),
        };
        office.way.refund_payment(&payment, &back).unwrap();
        assert_eq!(wrong(&compared(&office, day)), Vec::<String>::new());
    });
}

#[test]
fn a_list_that_is_not_whole_is_not_taken() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        unknown_there(&office, day);
        office.razorpay.misbehave(Misbehaviour::Fail500);
        let first = asked(&office, day);
        assert_eq!(first.given.listed, [Provider::Stripe]);
        let [missing] = &first.missing[..] else { panic!("{first:?}") };
        assert!(missing.starts_with("razorpay, the payments: unknown"), "{missing}");
        // Our payment is not said to be unknown there.
        let actor = office.actor("office");
        let store = &office.dairy.store;
        let report = run(store, &actor, day, Rules::default(), &first.given).unwrap();
        assert_eq!(wrong(&report), Vec::<String>::new());
        assert_eq!(ask(store, &Gateways::default(), day).unwrap(), Asked::default());
    });
}

#[test]
fn a_settlement_is_compared_with_its_rows() {
    on_both(|database| {
        let office = Office::new(database);
        let day = office.now().business_day();
        office.paid("C1");
        let session = made(&office, RequestKind::Checkout, "C2");
        office.stripe.pay(&session, Outcome::Captured).unwrap();
        office.ask_now();
        // Both pay out what has come in less fees; Razorpay 5 rupees less than that, so that only
        // the rows can tell.
        office.razorpay.misbehave(Misbehaviour::ShortSettlement(500));
        let short = json!({
            "id": office.razorpay.settle().unwrap(), "entity": "settlement", "amount": 58_084,
            "status": "processed", "fees": 0, "tax": 0, "utr": "U1", "created_at": secs(&office),
        });
        let body = event("settlement.processed", &[("settlement", short)]);
        receive(&office.dairy, &[delivery("s1", &body)]);
        let payout = json!({
            "id": office.stripe.settle().unwrap(), "object": "payout", "amount": 117_600,
            "currency": "inr", "created": secs(&office), "arrival_date": secs(&office),
            "status": "paid",
        });
        receive(&office.dairy, &[from_stripe(&office, &payout)]);
        let settlements = asked(&office, day).given.settlements;
        assert_eq!(settlements.len(), 2, "{settlements:?}");
        let expected = ["error settlement_sum_wrong 585.84 580.84"];
        assert_eq!(wrong(&compared(&office, day)), expected);
        // It is asked about as long as it is wrong.
        office.pass(30 * 86_400);
        let later = day.plus_days(30);
        assert_eq!(asked(&office, later).given.settlements.len(), 1);
        assert_eq!(wrong(&compared(&office, later)), expected);
    });
}

fn secs(office: &Office<'_>) -> i64 {
    office.now().unix_micros() / 1_000_000
}

/// A payout as Stripe tells of it.
fn from_stripe(office: &Office<'_>, payout: &Value) -> Delivery {
    let body = json!({
        "id": "evt_payout", "object": "event", "type": "payout.paid", "livemode": true,
        "created": secs(office), "data": { "object": payout },
    })
    .to_string();
    let secrets = Secrets::new([SECRET]).unwrap();
    let signature = gateways::stripe::webhook::sign(body.as_bytes(), &secrets, secs(office));
    let headers = Named(vec![("stripe-signature", signature)]);
    let body = body.into_bytes();
    keys().authenticate(Gateway::Stripe, &headers, body, office.now()).unwrap()
}
