//! Reading what was made: a bill explained down to its deliveries, lists, and the journal.
//!
//! It deliberately leaves the looks of output to the command line.

use crate::kit::{CUSTOMERS, Dairy};
use app::AppError;
use app::explain::{PriceOrigin, explain};
use app::import::Kind;
use domain::calendar::{Day, Month};
use domain::catalog::PriceBasis;
use domain::ledger::Account;
use domain::money::UnitPrice;
use testkit::on_both;

#[test]
fn a_bill_is_explained_down_to_its_deliveries() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.price(&["MILK C1 2026-09-02 55"]);
        dairy.deliver(&[
            "2026-09-01 C1 MILK 1.000",
            "2026-09-02 C1 MILK 2.000",
            "2026-09-03 C1 MILK 1.000",
        ]);
        dairy.order(&["O1 2026-09-01 2026-09-05 C1 GHEE 1 delivered 500"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        dairy.price(&["MILK - 2026-08-01 58"]);

        let whole = explain(&dairy.store, "INV/26-27/000001").unwrap();
        assert_eq!(whole.lines.len(), 3);
        assert_eq!(whole.bill.number.as_deref(), Some("INV/26-27/000001"));
        let sum: i64 = whole.ledger.iter().map(|entry| entry.amount.paise()).sum();
        assert_eq!(sum, 0);
        assert_eq!(whole.ledger[0].account, Account::Receivable);
        assert_eq!(whole.audit.len(), 1);
        assert_eq!(whole.audit[0].action, "issue");
        let origins: Vec<_> = whole
            .lines
            .iter()
            .flat_map(|line| line.behind.iter().map(|found| found.price))
            .collect();
        let day = |text| Day::parse(text).unwrap();
        let own =
            PriceOrigin::InForce { basis: PriceBasis::Customer, effective_from: day("2026-09-02") };
        let agreed =
            PriceOrigin::InForce { basis: PriceBasis::Order, effective_from: day("2026-09-01") };
        let changed = PriceOrigin::ChangedSince { now: Some(UnitPrice::from_milli(58_000)) };
        assert_eq!(origins, [changed, own, own, agreed]);

        let line = explain(&dairy.store, "INV/26-27/000001/2").unwrap();
        assert_eq!(line.lines.len(), 1);
        let behind = &line.lines[0].behind;
        assert_eq!(behind.len(), 2);
        assert_eq!(behind[0].file_name, "deliveries.csv");
        assert_eq!(behind[0].actor, "office");
        for (subject, expected) in [
            ("INV/26-27/000001/9", "has lines 1 to 3"),
            ("INV/26-27/000009", "there is no bill INV/26-27/000009"),
            ("INV/26-27/000001/x", "neither a bill number"),
        ] {
            let error = explain(&dairy.store, subject).unwrap_err();
            assert!(matches!(error, AppError::NotFound(_) | AppError::BadArgument(_)));
            assert!(error.to_string().contains(expected), "{error}");
        }
    });
}

#[test]
fn late_lines_show_deliveries_and_orders_by_day() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        dairy.deliver(&["2026-09-09 C1 GHEE 1"]);
        dairy.order(&["O1 2026-09-01 2026-09-05 C1 GHEE 2 delivered -"]);
        dairy.on("2026-10-31");
        dairy.run_and_issue("2026-10");
        let found = explain(&dairy.store, "INV/26-27/000002").unwrap();
        let days: Vec<String> = found.lines[0]
            .behind
            .iter()
            .map(|item| format!("{} {} {}", item.day, item.reference, item.quantity))
            .collect();
        assert_eq!(days, ["2026-09-05 O1 2.000", "2026-09-09  1.000"]);
    });
}

#[test]
fn bills_are_found_by_number_and_customer() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C2 MILK 1.000", "2026-09-01 C1 MILK 1.000"]);
        dairy.draft("2026-09");
        assert_eq!(dairy.numbers("2026-09"), ["draft", "draft"]);
        dairy.run_and_issue("2026-09");
        let by_number = app::billing::bill_by_number(&dairy.store, "INV/26-27/000002").unwrap();
        assert_eq!(by_number.customer_code, "C2");
        assert_eq!(dairy.bill("C2", "2026-09").number, by_number.number);
        let said = |result: Result<_, AppError>| {
            result.map(|_: app::billing::wire::Bill| ()).unwrap_err().to_string()
        };
        assert!(said(dairy.find_bill("C3", "2026-09")).contains("C3 (Chirag) has no bill"));
        assert!(said(dairy.find_bill("C7", "2026-09")).contains("there is no customer C7"));
        let error = app::billing::bill_by_number(&dairy.store, "X").unwrap_err();
        assert!(error.to_string().contains("there is no bill X"));
        assert!(dairy.numbers("2026-08").is_empty());
        // Whoever reads the list may stop it.
        let month = Month::parse("2026-09").unwrap();
        let mut seen = 0;
        let stopped = app::billing::for_each_bill(&dairy.store, month, |_| {
            seen += 1;
            Err(AppError::Output("the pipe is closed".to_owned()))
        });
        assert!(matches!(stopped, Err(AppError::Output(_))));
        assert_eq!(seen, 1);
    });
}

#[test]
fn the_journal_is_a_stream_that_balances() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.import(Kind::Customers, &CUSTOMERS.replace("C2,Bina,24,", "C2,Bina,24,10.00"));
        dairy.deliver(&["2026-09-01 C1 PANEER 1.000"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let mut rows = Vec::new();
        app::ledger::journal(&dairy.store, |entry| {
            let number = entry.number.unwrap_or(entry.cause);
            rows.push(format!(
                "{} {number} {} {} {}",
                entry.day,
                entry.customer_code,
                entry.account.as_str(),
                entry.amount
            ));
            Ok(())
        })
        .unwrap();
        let expected = [
            "2026-03-31 opening_balance C2 receivable 10.00",
            "2026-03-31 opening_balance C2 opening_balances -10.00",
            "2026-09-30 INV/26-27/000001 C1 receivable 420.00",
            "2026-09-30 INV/26-27/000001 C1 sales -400.00",
            "2026-09-30 INV/26-27/000001 C1 output_cgst -10.00",
            "2026-09-30 INV/26-27/000001 C1 output_sgst -10.00",
        ];
        assert_eq!(rows, expected);
        let stopped = app::ledger::journal(&dairy.store, |_| {
            Err(AppError::Output("the pipe is closed".to_owned()))
        });
        assert!(matches!(stopped, Err(AppError::Output(_))));
    });
}

#[test]
fn a_business_is_set_up_once() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let mut business = dairy.store.read(store::business::load).unwrap().unwrap();
        let before = dairy.dump();
        assert!(!app::business::set_up(&dairy.store, &dairy.actor(), &business).unwrap());
        business.name = "Another Dairy".to_owned();
        let error = app::business::set_up(&dairy.store, &dairy.actor(), &business).unwrap_err();
        assert!(matches!(&error, AppError::BusinessExists(name) if name == "Gokul Dairy"));
        assert_eq!(dairy.dump(), before);
    });
}
