//! What plans are sold for: posted as income in the transaction that gives them, taken back with
//! the money, and nothing of what is owed for milk.

use crate::dairy::Dairy;
use crate::kit::{billed, captured, delivery, dispute, receive, refund};
use crate::plans::{PREMIUM, bought, until};
use app::entitlements::{self, PlanFacts};
use app::payments;
use domain::ids::PaymentId;
use domain::money::Money;
use serde_json::json;
use testkit::on_both;

/// What is posted to an account of income, and what a customer owes by the ledger, in paise.
pub fn balances(dairy: &Dairy<'_>, customer: i64) -> (i64, i64) {
    let sum = |of: &str| {
        let sum = "SELECT CAST(COALESCE(SUM(e.amount_paise), 0) AS BIGINT) FROM ledger_entries e \
                   JOIN ledger_transactions t ON t.id = e.transaction_id";
        dairy.count(&format!("{sum} WHERE t.customer_id = {customer} AND e.account = '{of}'"))
    };
    (-sum("plan_sales"), sum("receivable"))
}

pub fn free(dairy: &Dairy<'_>) -> i64 {
    dairy.count("SELECT CAST(COALESCE(SUM(free_paise), 0) AS BIGINT) FROM payments")
}

#[test]
fn a_plan_leaves_what_is_owed_for_milk_as_it_is() {
    on_both(|database| {
        let dairy = billed(database);
        assert_eq!(balances(&dairy, 1), (0, 60_000));
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        receive(&dairy, &[delivery("e2", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        assert_eq!((balances(&dairy, 1), free(&dairy)), ((PREMIUM, 60_000), 0));
        // Above the price: the rest is the customer's, and pays no bill.
        receive(&dairy, &[delivery("e3", &bought("pay_2", PREMIUM + 500, "C2", "premium"))]);
        assert_eq!((balances(&dairy, 2), free(&dairy)), ((PREMIUM, 119_500), 500));
        // Below it nothing is sold, until the rest is captured.
        receive(&dairy, &[delivery("e4", &bought("pay_3", PREMIUM - 1, "C3", "premium"))]);
        assert_eq!((balances(&dairy, 3), free(&dairy)), ((0, 6_000 - PREMIUM + 1), PREMIUM + 499));
        receive(&dairy, &[delivery("e5", &bought("pay_3", PREMIUM, "C3", "premium"))]);
        assert_eq!((balances(&dairy, 3), free(&dairy)), ((PREMIUM, 6_000), 500));
        dairy.assert_verified();
        dairy.deliver(&["2026-10-01 C1 MILK 1", "2026-10-01 C2 MILK 1"]);
        dairy.on("2026-11-01");
        dairy.run_and_issue("2026-10");
        let bill = dairy.bill("C1", "2026-10");
        assert_eq!((bill.previous_balance.as_str(), bill.status), ("600.00", "issued"));
        let bill = dairy.bill("C2", "2026-10");
        assert_eq!((bill.previous_balance.as_str(), bill.status), ("1195.00", "issued"));
        dairy.assert_verified();
    });
}

#[test]
fn money_that_goes_back_takes_the_sale_with_it() {
    on_both(|database| {
        let dairy = billed(database);
        let tell = |event: &str, body: &str, sale: i64, free_now: i64| {
            receive(&dairy, &[delivery(event, body)]);
            receive(&dairy, &[delivery(&format!("{event}-again"), body)]);
            assert_eq!((balances(&dairy, 1), free(&dairy)), ((sale, 60_000), free_now), "{event}");
            dairy.assert_verified();
        };
        tell("e1", &bought("pay_1", PREMIUM, "C1", "premium"), PREMIUM, 0);
        // A part: the sale is smaller, and nobody owes anything for it.
        let part = |kind: &str, status: &str| refund(kind, "rf_1", "pay_1", 5_000, status);
        tell("e2", &part("refund.created", "pending"), PREMIUM - 5_000, 0);
        tell("e3", &part("refund.failed", "failed"), PREMIUM, 0);
        let all = refund("refund.processed", "rf_2", "pay_1", PREMIUM, "processed");
        tell("e4", &all, 0, 0);
        tell("e5", &bought("pay_2", PREMIUM, "C1", "premium"), PREMIUM, 0);
        let open = dispute("payment.dispute.created", "dp_1", "pay_2", PREMIUM, "open");
        tell("e6", &open, PREMIUM, 0);
        let lost = dispute("payment.dispute.lost", "dp_1", "pay_2", PREMIUM, "lost");
        tell("e7", &lost, 0, 0);
        let names = "SELECT COUNT(*) FROM ledger_transactions WHERE payment_id = 1 AND posting \
                     IN ('plan-sale', 'plan-sale@2', 'plan-sale@3', 'plan-sale@4')";
        assert_eq!(dairy.count(names), 4);
    });
}

#[test]
fn what_was_taken_for_a_bill_before_its_plan_was_told_is_given_back() {
    on_both(|database| {
        let dairy = billed(database);
        let plain = captured("pay_1", PREMIUM + 500, json!({ "customer_code": "C1" }));
        receive(&dairy, &[delivery("e1", &plain)]);
        let paid = || dairy.count("SELECT paid_paise FROM bills WHERE customer_id = 1");
        assert_eq!(paid(), PREMIUM + 500);
        let other = captured("pay_2", 1_000, json!({ "customer_code": "C1" }));
        receive(&dairy, &[delivery("e2", &other)]);
        receive(&dairy, &[delivery("e3", &bought("pay_1", PREMIUM + 500, "C1", "premium"))]);
        assert_eq!(paid(), 1_000);
        assert_eq!(dairy.bill("C1", "2026-09").status, "part-paid");
        assert_eq!((balances(&dairy, 1), free(&dairy)), ((PREMIUM, 58_500), 500));
        assert!(until(&dairy, "C1", "analytics").is_some());
        dairy.assert_verified();
    });
}

#[test]
fn money_of_nobody_and_for_no_known_plan_is_sold_when_both_are_known() {
    on_both(|database| {
        let dairy = billed(database);
        let nobodys = captured("pay_1", 5_000, json!({ "plan_code": "curd_club" }));
        receive(&dairy, &[delivery("e1", &nobodys)]);
        let club = PlanFacts {
            name: Some("Curd club".to_owned()),
            price: Some(Money::from_paise(5_000)),
            features: Some(vec!["curd".to_owned()]),
            ..PlanFacts::default()
        };
        let assign = || {
            let customer = "C1";
            let assigned = |tx: &mut store::Tx<'_>| {
                payments::assign(tx, &dairy.actor(), PaymentId(1), customer, None)
            };
            dairy.store.write(assigned).unwrap();
        };
        let add = || {
            dairy
                .store
                .write(|tx| entitlements::add(tx, &dairy.actor(), "curd_club", &club))
                .unwrap();
        };
        // A plan that nobody sells holds nothing back.
        let paid = || dairy.count("SELECT paid_paise FROM bills WHERE customer_id = 1");
        assign();
        assert_eq!((balances(&dairy, 1), free(&dairy), paid()), ((0, 55_000), 0, 5_000));
        dairy.assert_verified();
        add();
        assert_eq!((balances(&dairy, 1), free(&dairy), paid()), ((5_000, 60_000), 0, 0));
        dairy.assert_verified();
        let bounced = refund("refund.processed", "rf_1", "pay_1", 5_000, "processed");
        receive(&dairy, &[delivery("e2", &bounced)]);
        assert_eq!((balances(&dairy, 1), free(&dairy)), ((0, 60_000), 0));
        dairy.assert_verified();
    });
}

#[test]
fn a_plan_that_is_sold_is_plain_to_the_reconciliation() {
    on_both(|database| {
        let dairy = billed(database);
        let told = [
            bought("pay_1", PREMIUM, "C1", "premium"),
            bought("pay_2", PREMIUM + 500, "C2", "premium"),
            bought("pay_3", PREMIUM - 1, "C3", "premium"),
            bought("pay_4", PREMIUM, "C1", "premium"),
            refund("refund.processed", "rf_1", "pay_4", 5_000, "processed"),
            bought("pay_5", PREMIUM, "C1", "premium"),
            refund("refund.processed", "rf_2", "pay_5", PREMIUM, "processed"),
        ];
        for (place, body) in told.iter().enumerate() {
            receive(&dairy, &[delivery(&format!("e{place}"), body)]);
        }
        let suspects = || {
            let until = dairy.actor().at.business_day();
            let found = dairy
                .store
                .read(|tx| store::reconciliation::suspects(tx, (1, 100), until))
                .unwrap();
            found.iter().map(|suspect| suspect.payment.0).collect::<Vec<_>>()
        };
        assert_eq!(suspects(), Vec::<i64>::new());
        // What is free of one that was sold is looked at.
        dairy.sql("UPDATE payments SET free_paise = 1, version = version + 1 WHERE id = 1");
        assert_eq!(suspects(), [1]);
    });
}

#[test]
fn money_for_a_plan_that_nobody_sells_pays_dues_and_is_an_advance() {
    on_both(|database| {
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &bought("pay_1", 70_000, "C1", "plan_NTQ0000000001"))]);
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert_eq!(free(&dairy), 10_000);
        dairy.assert_verified();
        // The advance pays the next bill.
        dairy.deliver(&["2026-10-01 C1 MILK 1"]);
        dairy.on("2026-11-01");
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.bill("C1", "2026-10").status, "paid");
        assert_eq!(free(&dairy), 4_000);
        dairy.assert_verified();
    });
}

#[test]
fn money_that_does_not_fit_the_price_of_its_plan_is_told_of() {
    on_both(|database| {
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM - 1, "C1", "premium"))]);
        receive(&dairy, &[delivery("e2", &bought("pay_2", PREMIUM + 500, "C2", "premium"))]);
        receive(&dairy, &[delivery("e3", &bought("pay_3", PREMIUM, "C3", "premium"))]);
        let until = dairy.actor().at.business_day();
        let read = |tx: &mut store::Tx<'_>| store::reconciliation::waiting(tx, until);
        let waiting = dairy.store.read(read).unwrap();
        let told: Vec<_> = waiting.iter().map(|issue| issue.payment.map(|id| id.0)).collect();
        assert_eq!(told, [Some(1), Some(2)]);
    });
}
