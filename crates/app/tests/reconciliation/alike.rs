//! Payments that look like another one: found among those that have paid, and among advances.
//!
//! References of the bank that are the same, and bills paid twice, are among the other faults.

use crate::faults::{day, found, receipt, reconcile, record, upi};
use crate::kit::{billed, captured, delivery, receive};
use app::reconciliation::{Given, Rules, run};
use domain::payments::Provider;
use serde_json::json;
use testkit::on_both;

#[test]
fn the_same_amount_of_one_customer_by_two_ways_on_a_day_is_looked_at() {
    on_both(|database| {
        let dairy = billed(database);
        // Two of C1's bill in parts: each pays, none is free.
        upi(&dairy, 30_000, "618200000001", "C1");
        record(&dairy, &receipt(Provider::Bank, 30_000, "ABCDN26217000015", "C1"));
        // Two of C2 alike in amount and way: two months at once are no mistake.
        upi(&dairy, 60_000, "618200000002", "C2");
        upi(&dairy, 60_000, "618200000003", "C2");
        // C3 pays the same as C1, and is somebody else.
        let other = captured("pay_1", 30_000, json!({ "customer_code": "C3" }));
        receive(&dairy, &[delivery("e1", &other)]);
        let lines = found(&reconcile(&dairy));
        let expected = "warning duplicate 0.00 300.00";
        assert_eq!(lines.iter().filter(|line| line.contains("duplicate")).count(), 1, "{lines:?}");
        assert!(lines.contains(&expected.to_owned()), "{lines:?}");
    });
}

#[test]
fn an_advance_that_looks_like_a_payment_of_an_earlier_day_stays_in_sight() {
    on_both(|database| {
        let dairy = billed(database);
        upi(&dairy, 60_000, "618200000001", "C1");
        record(&dairy, &receipt(Provider::Bank, 60_000, "ABCDN26217000015", "C1"));
        let later = day("2026-10-05");
        dairy.on("2026-10-05");
        let none = Given::default();
        let report = run(&dairy.store, &dairy.actor(), later, Rules::default(), &none).unwrap();
        let lines = found(&report);
        let alike = "warning duplicate 0.00 600.00";
        assert_eq!(lines.iter().filter(|line| *line == alike).count(), 1, "{lines:?}");
    });
}
