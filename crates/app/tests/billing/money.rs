//! Prices, taxes, round-off and balances as they reach a bill: the chain from files to paise.
//!
//! It deliberately tests few sums; `domain` proves the arithmetic.

use crate::kit::{CUSTOMERS, Dairy, PRODUCTS};
use app::import::Kind;
use domain::billing::RoundOff;
use domain::ledger::Account;
use testkit::on_both;

#[test]
fn a_customers_own_price_holds_until_it_ends() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let tally = dairy.price(&[
            "MILK C1 2026-09-10 55.500",
            "MILK C1 2026-09-20 general",
            "MILK - 2026-09-15 62",
        ]);
        assert_eq!(tally.added, 3);
        let days = ["01", "10", "14", "15", "19", "20", "30"];
        let rows = days.map(|day| format!("2026-09-{day} C1 MILK 1.000"));
        dairy.deliver(&rows.each_ref().map(String::as_str));
        dairy.deliver(&["2026-09-16 C2 MILK 1.000"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let expected = [
            "delivery MILK 1.000 x 60.000 = 60.00, 2026-09-01..2026-09-01",
            "delivery MILK 4.000 x 55.500 = 222.00, 2026-09-10..2026-09-19",
            "delivery MILK 2.000 x 62.000 = 124.00, 2026-09-20..2026-09-30",
        ];
        assert_eq!(dairy.lines("C1", "2026-09"), expected);
        assert_eq!(dairy.bill("C2", "2026-09").total, "62.00");
        dairy.assert_verified();
    });
}

#[test]
fn taxes_follow_the_state_of_supply() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        for code in ["C1", "C2", "C3"] {
            dairy.deliver(&[
                &format!("2026-09-01 {code} PANEER 0.333"),
                &format!("2026-09-01 {code} GHEE 1"),
            ]);
        }
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let taxes = |code| {
            let bill = dairy.bill(code, "2026-09");
            [bill.taxable, bill.cgst, bill.sgst, bill.igst, bill.total]
        };
        // Paneer: 133.20 and twice 3.33. Ghee: 560.00 holds twice 30.00.
        let within = ["633.20", "33.33", "33.33", "0.00", "699.86"].map(str::to_owned);
        assert_eq!(taxes("C1"), within);
        assert_eq!(taxes("C2"), within);
        let across = ["633.20", "0.00", "0.00", "66.66", "699.86"].map(str::to_owned);
        assert_eq!(taxes("C3"), across);
        let balances = app::ledger::balances(&dairy.store).unwrap();
        let balance = |wanted| {
            let found = balances.accounts.iter().find(|(known, ..)| *known == wanted);
            found.unwrap().1.to_string()
        };
        assert_eq!(balance(Account::OutputIgst), "-66.66");
        assert_eq!(balance(Account::OutputCgst), "-66.66");
        assert_eq!(balance(Account::Receivable), "2099.58");
        assert!(balances.sum.is_zero());
        dairy.assert_verified();
    });
}

#[test]
fn a_customer_who_moves_to_another_state_is_taxed_anew_while_it_is_a_draft() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C2 PANEER 1.000", "2026-09-01 C1 MILK 1.000"]);
        dairy.draft("2026-09");
        let moved = "code,name,state\nC2,Bina,27\nC1,Asha,27\n";
        assert_eq!(dairy.import(Kind::Customers, moved).changed, 2);
        dairy.draft("2026-09");
        assert_eq!(dairy.bill("C2", "2026-09").igst, "20.00");
        dairy.assert_verified();
        dairy.issue("2026-09");
        let back = "code,name,state\nC2,Bina,24\nC1,Asha,\n";
        dairy.import(Kind::Customers, back);
        let report = dairy.run_and_issue("2026-09");
        assert_eq!(report.changes.unchanged, 2);
        assert_eq!(dairy.bill("C2", "2026-09").igst, "20.00");
        dairy.assert_verified();
    });
}

#[test]
fn bills_are_brought_to_whole_rupees_when_the_business_wishes() {
    on_both(|database| {
        let dairy = Dairy::empty(database, RoundOff::Rupee);
        dairy.import(Kind::Customers, CUSTOMERS);
        dairy.import(Kind::Products, PRODUCTS);
        dairy.price(&["MILK - 2026-09-01 0.500"]);
        dairy.deliver(&[
            "2026-09-01 C1 PANEER 0.333",
            "2026-09-01 C2 MILK 1.000",
            "2026-09-01 C3 MILK 0.500",
        ]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let found = ["C1", "C2", "C3"].map(|code| {
            let bill = dairy.bill(code, "2026-09");
            (bill.round_off, bill.total)
        });
        let pair = |round_off: &str, total: &str| (round_off.to_owned(), total.to_owned());
        let expected = [pair("0.14", "140.00"), pair("0.50", "1.00"), pair("-0.25", "0.00")];
        assert_eq!(found, expected);
        dairy.assert_verified();
    });
}

#[test]
fn balances_are_carried_from_bill_to_bill() {
    on_both(|database| {
        let dairy = Dairy::empty(database, RoundOff::None);
        dairy.import(Kind::Products, PRODUCTS);
        let customers = |opening: &str| {
            let text = format!("code,name,opening_balance\nC1,Asha,{opening}\nC2,Bina,-50.00\n");
            dairy.import(Kind::Customers, &text)
        };
        customers("240.00");
        // A corrected opening balance posts its difference only.
        assert_eq!(customers("250.00").changed, 1);
        let postings = "SELECT COUNT(*) FROM ledger_transactions WHERE cause = 'opening_balance'";
        assert_eq!(dairy.count(postings), 3);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-10-01 C1 MILK 2.000"]);
        dairy.deliver(&["2026-09-01 C2 MILK 1.000"]);
        let owed = |code, month| {
            let bill = dairy.bill(code, month);
            (bill.previous_balance, bill.payable)
        };
        let pair = |previous: &str, payable: &str| (previous.to_owned(), payable.to_owned());
        dairy.on("2026-10-31");
        // A draft of October, made before September is issued, does not know of it yet.
        dairy.draft("2026-10");
        assert_eq!(owed("C1", "2026-10"), pair("250.00", "370.00"));
        dairy.run_and_issue("2026-09");
        assert_eq!(owed("C1", "2026-09"), pair("250.00", "310.00"));
        assert_eq!(owed("C2", "2026-09"), pair("-50.00", "10.00"));
        let again = dairy.draft("2026-10");
        assert_eq!(again.changes.unchanged, 1);
        assert_eq!(owed("C1", "2026-10"), pair("310.00", "430.00"));
        dairy.issue("2026-10");
        assert_eq!(owed("C1", "2026-10"), pair("310.00", "430.00"));
        assert_eq!(owed("C1", "2026-09"), pair("250.00", "310.00"));
        // It stands on issued bills now.
        let text = "code,name,opening_balance\nC1,Asha,200.00\n";
        let bad = dairy.refused(Kind::Customers, text);
        assert!(bad.rows[0].what.contains("C1 opened with 250.00"), "{bad}");
        let balances = app::ledger::balances(&dairy.store).unwrap();
        let of_customers: Vec<_> = balances
            .customers
            .iter()
            .map(|found| (found.code.as_str(), found.balance.to_string()))
            .collect();
        let expected = [("C1", "430.00".to_owned()), ("C2", "10.00".to_owned())];
        assert_eq!(of_customers, expected);
        dairy.assert_verified();
    });
}

#[test]
fn a_bill_of_nothing_at_all_is_issued_and_posts_nothing() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.price(&["MILK - 2026-09-01 1.000"]);
        dairy.deliver(&["2026-09-01 C1 MILK 0.001", "2026-09-01 C2 MILK 1.000"]);
        dairy.on("2026-09-30");
        let report = dairy.run_and_issue("2026-09");
        assert!(report.certificate.is_clean());
        assert_eq!(report.changes.issued, 2);
        assert_eq!(dairy.bill("C1", "2026-09").total, "0.00");
        assert_eq!(
            dairy.count("SELECT COUNT(*) FROM ledger_transactions"),
            1,
            "only the bill of one rupee"
        );
        let again = dairy.run_and_issue("2026-09");
        assert_eq!(again.certificate, report.certificate);
        dairy.assert_verified();
    });
}
