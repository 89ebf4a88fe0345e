//! Each kind of fault, planted and found.

use crate::dairy::Dairy;
use crate::kit::{billed, captured, delivery, event, receive};
use app::payments::NewReceipt;
use app::reconciliation::{Given, ProviderPayment, ProviderSettlement, Report, Rules, run, wire};
use domain::calendar::Day;
use domain::ids::PersonId;
use domain::money::Money;
use domain::payments::Provider;
use domain::reconciliation::SettlementRow;
use serde_json::{Value, json};
use testkit::on_both;

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The day of most deliveries.
pub fn today() -> Day {
    day("2026-10-02")
}

pub fn given(dairy: &Dairy<'_>, given: &Given) -> Report {
    run(&dairy.store, &dairy.actor(), today(), Rules::default(), given).unwrap()
}

pub fn reconcile(dairy: &Dairy<'_>) -> Report {
    given(dairy, &Given::default())
}

/// A report as JSON.
pub fn json_of(report: &Report) -> Value {
    serde_json::to_value(wire::WholeReconciliation::from(report)).unwrap()
}

/// What was found: `severity type expected found`.
pub fn found(report: &Report) -> Vec<String> {
    let json = json_of(report);
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let issues = json["issues"].as_array().unwrap().iter();
    issues
        .map(|issue| {
            let parts = ["severity", "type", "expected", "found"].map(|key| word(&issue[key]));
            parts.join(" ")
        })
        .collect()
}

pub fn receipt(way: Provider, amount: i64, reference: &str, customer: &str) -> NewReceipt {
    NewReceipt {
        plan: None,
        way,
        amount: Money::from_paise(amount),
        reference: (way != Provider::Cash).then(|| reference.to_owned()),
        customer: Some(customer.to_owned()).filter(|code| !code.is_empty()),
        bill: None,
        person: None,
        day: None,
    }
}

pub fn record(dairy: &Dairy<'_>, new: &NewReceipt) -> i64 {
    dairy.store.write(|tx| app::payments::record(tx, &dairy.actor(), new)).unwrap().0
}

pub fn upi(dairy: &Dairy<'_>, amount: i64, reference: &str, customer: &str) -> i64 {
    record(dairy, &receipt(Provider::Upi, amount, reference, customer))
}

/// All bills paid, each by a payment of its amount: C3's through Razorpay.
pub fn paid(dairy: &Dairy<'_>) {
    upi(dairy, 60_000, "618200000001", "C1");
    upi(dairy, 120_000, "618200000002", "C2");
    receive(dairy, &[delivery("e1", &captured("pay_1", 6_000, json!({ "customer_code": "C3" })))]);
}

#[test]
fn a_clean_book_is_clean_and_a_second_look_is_the_same() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        let report = reconcile(&dairy);
        let json = json_of(&report);
        assert_eq!(json["status"], "clean");
        let none = json!({ "total_issues": 0, "errors": 0, "warnings": 0, "infos": 0 });
        assert_eq!((&json["summary"], &json["issues"]), (&none, &json!([])));
        assert_eq!((report.run.bills, report.run.payments), (3, 3));
        assert_eq!(reconcile(&dairy), report);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM reconciliations"), 1);
        dairy.assert_verified();
    });
}

#[test]
fn a_day_that_is_not_over_is_compared_and_one_to_come_is_not() {
    on_both(|database| {
        let dairy = billed(database);
        let tomorrow = today().plus_days(1);
        let none = Given::default();
        let error = run(&dairy.store, &dairy.actor(), tomorrow, Rules::default(), &none);
        assert_eq!(error.unwrap_err().code(), "invalid");
        // On the day before the bills were made, nothing was owed.
        let early = day("2026-09-29");
        let report = run(&dairy.store, &dairy.actor(), early, Rules::default(), &none).unwrap();
        assert_eq!(report.run.summary.total_issues, 0);
        let later = Rules { due_days: 30, ..Rules::default() };
        let report = run(&dairy.store, &dairy.actor(), today(), later, &none).unwrap();
        assert_eq!(report.run.summary.total_issues, 0);
    });
}

#[test]
fn bills_that_are_open_are_infos() {
    on_both(|database| {
        let dairy = billed(database);
        upi(&dairy, 60_000, "618200000001", "C1");
        upi(&dairy, 20_000, "618200000002", "C2");
        let report = reconcile(&dairy);
        let expected =
            ["info bill_without_payment 60.00 0.00", "info amount_mismatch 1200.00 200.00"];
        assert_eq!(found(&report), expected);
        assert_eq!(json_of(&report)["status"], "clean");
    });
}

#[test]
fn money_without_a_bill_waits_for_somebody() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        upi(&dairy, 7_000, "618200000003", "");
        upi(&dairy, 8_000, "618200000004", "C1");
        let report = reconcile(&dairy);
        let expected =
            ["warning payment_without_bill 0.00 70.00", "info payment_without_bill 0.00 80.00"];
        assert_eq!(found(&report), expected);
        assert_eq!(json_of(&report)["status"], "warnings");
    });
}

#[test]
fn a_bill_that_counts_as_paid_by_nothing_is_an_error() {
    on_both(|database| {
        let dairy = billed(database);
        upi(&dairy, 60_000, "618200000001", "C1");
        upi(&dairy, 6_000, "618200000002", "C3");
        dairy.sql("UPDATE bills SET state = 'paid', paid_paise = 120000 WHERE customer_id = 2");
        let one_less = "UPDATE bills SET state = 'part-paid', paid_paise = 5999 \
                        WHERE customer_id = 3";
        dairy.sql(one_less);
        let expected =
            ["error bill_without_payment 1200.00 0.00", "error amount_mismatch 59.99 60.00"];
        assert_eq!(found(&reconcile(&dairy)), expected);
    });
}

#[test]
fn payments_that_look_like_another_are_warnings() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        // The same bill once more, by its name; the same sum another way; the same reference.
        let number = dairy.bill("C2", "2026-09").number.unwrap();
        let twice = receipt(Provider::Upi, 120_000, "618200000005", "C2");
        record(&dairy, &NewReceipt { bill: Some(number), ..twice });
        record(&dairy, &receipt(Provider::Bank, 60_000, "UTR0000000000001", "C1"));
        dairy.deliver(&["2026-09-10 C3 MILK 1"]);
        let same = upi(&dairy, 1_000, "618200000007", "C3");
        dairy.sql(&format!(
            "UPDATE payments SET bank_reference = '618200000001', version = version + 1 \
             WHERE id = {same}"
        ));
        let report = reconcile(&dairy);
        let expected = [
            "warning duplicate 0.00 600.00",
            "warning duplicate 0.00 10.00",
            "warning duplicate 0.00 1200.00",
        ];
        assert_eq!(found(&report), expected);
    });
}

#[test]
fn what_only_the_gateway_knows_is_an_error() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        let dollars = captured("pay_2", 5_000, json!([])).replace("INR", "USD");
        receive(&dairy, &[delivery("e2", &dollars)]);
        let expected = ["error provider_only 50.00 0.00"];
        assert_eq!(found(&reconcile(&dairy)), expected);
        // The gateway's list has it too, another one, and one with another amount.
        let listed = |reference: &str, captured| ProviderPayment {
            provider: Provider::Razorpay,
            reference: reference.to_owned(),
            captured: Some(Money::from_paise(captured)),
        };
        let with = Given {
            listed: vec![Provider::Razorpay],
            payments: vec![listed("pay_1", 6_100), listed("pay_2", 5_000), listed("pay_3", 900)],
            ..Given::default()
        };
        let expected = [
            "error amount_mismatch 61.00 60.00",
            "error provider_only 50.00 0.00",
            "error provider_only 9.00 0.00",
        ];
        assert_eq!(found(&given(&dairy, &with)), expected);
    });
}

#[test]
fn what_the_gateway_does_not_know_is_an_error() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        dairy.sql("UPDATE payments SET received_day = 20261002, version = version + 1");
        let with = Given { listed: vec![Provider::Razorpay], ..Given::default() };
        assert_eq!(found(&given(&dairy, &with)), ["error ours_only 0.00 60.00"]);
        assert_eq!(found(&reconcile(&dairy)), Vec::<String>::new());
        // A payment that nobody told of; the ledger has nothing of it either.
        dairy.sql(
            "INSERT INTO payments (id, provider, reference, customer_id, amount_paise, currency, \
             state, authorized, failed, captured_paise, captured_at, cleared, reversed, \
             free_paise, plan_code, received_day, allocation_count, version, created_at, \
             updated_at) VALUES (99, 'razorpay', 'pay_9', 1, 500, 'INR', 'captured', 0, 0, 500, \
             1, 0, 0, 500, 'x', 20261002, 0, 1, 1, 1)",
        );
        // What is free is told of, whatever plan it names.
        let expected = [
            "error ours_only 0.00 5.00",
            "error ledger_differs 5.00 0.00",
            "info payment_without_bill 0.00 5.00",
        ];
        assert_eq!(found(&reconcile(&dairy)), expected);
    });
}

#[test]
fn a_settlement_is_what_its_payments_come_to() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        // 60 rupees less a fee of 1.20 came in.
        let settled = |id: &str, paise: i64| {
            let entity = json!({
                "id": id, "entity": "settlement", "amount": paise, "status": "processed",
                "fees": 0, "tax": 0, "utr": format!("UTR{id}"), "created_at": 1_790_900_000,
            });
            delivery(&format!("e{id}"), &event("settlement.processed", &[("settlement", entity)]))
        };
        receive(&dairy, &[settled("setl_1", 5_000)]);
        assert_eq!(found(&reconcile(&dairy)), Vec::<String>::new());
        receive(&dairy, &[settled("setl_2", 1_000)]);
        let expected = ["error settlement_sum_wrong 8.80 10.00"];
        assert_eq!(found(&reconcile(&dairy)), expected);
        let rows = |credit| {
            let credit = Money::from_paise(credit);
            vec![SettlementRow { credit, debit: Money::ZERO }]
        };
        let of = |reference: &str, credit| ProviderSettlement {
            provider: Provider::Razorpay,
            reference: reference.to_owned(),
            rows: rows(credit),
        };
        let with = Given {
            settlements: vec![of("setl_1", 4_990), of("setl_2", 1_000)],
            ..Given::default()
        };
        let expected = ["error settlement_sum_wrong 49.90 50.00"];
        assert_eq!(found(&given(&dairy, &with)), expected);
    });
}

#[test]
fn a_ledger_that_differs_is_an_error() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        dairy
            .store
            .write(|tx| {
                for sql in [
                    "INSERT INTO ledger_entries (transaction_id, entry_no, account, amount_paise) \
                     VALUES (9999, 1, 'bank', 700), (9999, 2, 'gateway_fees', -700)",
                    "INSERT INTO ledger_transactions (id, day, customer_id, cause, payment_id, \
                     posting, posted_at) VALUES (9999, 20261002, 1, 'payment', 1, 'extra', 1)",
                ] {
                    tx.execute(sql, &[])?;
                }
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
        let report = reconcile(&dairy);
        assert_eq!(found(&report), ["error ledger_differs 600.00 600.00"]);
        assert_eq!(report.issues[0].payment.unwrap().0, 1);
    });
}

#[test]
fn refunds_disputes_and_bounced_cheques_agree() {
    on_both(|database| {
        let dairy = billed(database);
        paid(&dairy);
        let cheque = record(&dairy, &receipt(Provider::Cheque, 500, "000123", "C1"));
        let cheque = domain::ids::PaymentId(cheque);
        dairy.store.write(|tx| app::payments::clear(tx, &dairy.actor(), cheque)).unwrap();
        dairy.at("2026-10-02T10:00:01+05:30");
        dairy.store.write(|tx| app::payments::reverse(tx, &dairy.actor(), cheque)).unwrap();
        let parts = [
            crate::kit::refund("refund.processed", "rfnd_1", "pay_1", 1_000, "processed"),
            crate::kit::dispute("payment.dispute.lost", "disp_1", "pay_1", 2_000, "lost"),
        ];
        let parts: Vec<_> =
            parts.iter().zip(0..).map(|(body, n)| delivery(&format!("p{n}"), body)).collect();
        receive(&dairy, &parts);
        let report = reconcile(&dairy);
        assert_eq!(found(&report), ["info amount_mismatch 60.00 30.00"]);
        dairy.assert_verified();
    });
}

#[test]
fn cash_is_handed_over_the_next_day() {
    on_both(|database| {
        let dairy = billed(database);
        dairy.sql(
            "INSERT INTO people (id, login, name, role, state, password_hash, \
             password_is_initial, sessions_from, created_at, updated_at) \
             VALUES (4, 'ravi', 'Ravi', 'rider', 'active', 'x', 0, 0, 0, 0)",
        );
        paid(&dairy);
        let cash = |amount, on: &str| {
            let new = receipt(Provider::Cash, amount, "", "C1");
            let day = Some(day(on));
            record(&dairy, &NewReceipt { person: Some(PersonId(4)), day, ..new });
        };
        cash(300, "2026-10-02");
        cash(200, "2026-10-01");
        let of_cash = || {
            let all = found(&reconcile(&dairy));
            all.into_iter().filter(|line| line.contains("cash")).collect::<Vec<_>>()
        };
        assert_eq!(of_cash(), ["warning cash_not_handed_over 0.00 2.00"]);
        let rules = Rules { cash_days: 2, ..Rules::default() };
        let none = Given::default();
        let report = run(&dairy.store, &dairy.actor(), today(), rules, &none).unwrap();
        assert!(!found(&report).iter().any(|line| line.contains("cash")));
    });
}
