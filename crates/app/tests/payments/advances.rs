//! Advances pay the bills that are issued.

use crate::dairy::Dairy;
use crate::kit::{NOW, books, captured, delivery, receive};
use app::AppError;
use app::customers::Said;
use app::import::Kind;
use serde_json::json;
use testkit::on_both;

#[test]
fn an_advance_pays_the_next_bills() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.at(NOW);
        let advance = |id: &str, paise| captured(id, paise, json!({ "customer_code": "C1" }));
        receive(&dairy, &[delivery("e1", &advance("pay_1", 50_000))]);
        receive(&dairy, &[delivery("e2", &advance("pay_2", 30_000))]);
        dairy.deliver(&["2026-09-01 C1 MILK 10", "2026-10-01 C1 MILK 10", "2026-09-01 C2 MILK 1"]);
        dairy.run_and_issue("2026-09");
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert_eq!(dairy.bill("C2", "2026-09").status, "issued");
        dairy.on("2026-11-01");
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.bill("C1", "2026-10").status, "part-paid");
        let after = books(&dairy);
        assert!(after.contains(&"paid 1 80000".to_owned()), "{after:?}");
        assert!(after.contains(&"receivable 1 40000".to_owned()), "{after:?}");
        // A run again changes nothing.
        dairy.run_and_issue("2026-10");
        assert_eq!(books(&dairy), after);
        dairy.assert_verified();
    });
}

#[test]
fn a_balance_that_was_paid_is_not_lowered() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.at(NOW);
        let file = |opening: &str| format!("code,name,opening_balance\nC2,Bina,{opening}\n");
        dairy.import(Kind::Customers, &file("700"));
        let told = captured("pay_1", 50_000, json!({ "customer_code": "C2" }));
        receive(&dairy, &[delivery("e1", &told)]);
        for opening in ["499.99", "0", "-500"] {
            let bad = dairy.refused(Kind::Customers, file(opening));
            let said = bad.to_string();
            assert!(said.contains("500.00 of what C2 opened with has been paid"), "{said}");
            let said = Said { opening_balance: Some(opening.to_owned()), ..Said::default() };
            let changed = dairy.store.write(|tx| {
                let version = app::customers::by_code(tx, "C2")?.version;
                app::customers::change(tx, &dairy.actor(), "C2", version, &said)
            });
            assert!(matches!(changed, Err(AppError::Invalid(_))), "{changed:?}");
        }
        dairy.import(Kind::Customers, &file("500"));
        dairy.import(Kind::Customers, &file("900"));
        dairy.assert_verified();
    });
}

#[test]
fn a_balance_in_the_customers_favour_pays_too() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.import(
            Kind::Customers,
            "code,name,state,opening_balance\nC1,Asha,,-700\nC2,Bina,24,100\n",
        );
        dairy.deliver(&["2026-09-01 C1 MILK 10", "2026-10-01 C1 MILK 10", "2026-09-01 C2 MILK 1"]);
        dairy.on("2026-11-02");
        dairy.run_and_issue("2026-09");
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.bill("C1", "2026-10").status, "part-paid");
        // An opening balance is paid before bills.
        receive(
            &dairy,
            &[delivery("e1", &captured("pay_1", 12_000, json!({ "customer_code": "C2" })))],
        );
        assert_eq!(dairy.count("SELECT paid_paise FROM bills WHERE customer_id = 2"), 2_000);
        dairy.assert_verified();
    });
}
