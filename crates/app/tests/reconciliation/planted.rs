//! As many faults as are planted are found, wherever they are.

use crate::dairy::{Dairy, customers, deliveries};
use crate::faults::{found, receipt, reconcile, record, upi};
use app::import::Kind;
use app::payments::NewReceipt;
use domain::billing::RoundOff;
use domain::payments::Provider;
use testkit::on_both;

const CUSTOMERS: u32 = 60;

/// Plants a fault of a customer with a bill of 600 rupees; the line it is found as.
fn plant(dairy: &Dairy<'_>, number: u32, fault: u64) -> Option<&'static str> {
    let code = format!("P{number:03}");
    let reference = |by: u32| format!("6182{:08}", number * 10 + by);
    let bill = || dairy.bill(&code, "2026-09").number.unwrap();
    match fault {
        0 => Some("info bill_without_payment 600.00 0.00"),
        1 => {
            upi(dairy, 100, &reference(1), &code);
            Some("info amount_mismatch 600.00 1.00")
        }
        2 => {
            upi(dairy, 60_000, &reference(1), &code);
            upi(dairy, 500, &reference(2), "");
            Some("warning payment_without_bill 0.00 5.00")
        }
        3 => {
            upi(dairy, 60_000, &reference(1), &code);
            let again = receipt(Provider::Upi, 60_000, &reference(2), &code);
            record(dairy, &NewReceipt { bill: Some(bill()), ..again });
            Some("warning duplicate 0.00 600.00")
        }
        4 => {
            upi(dairy, 60_000, &reference(1), &code);
            let number = bill();
            dairy.sql(&format!("UPDATE bills SET paid_paise = 60001 WHERE number = '{number}'"));
            Some("error amount_mismatch 600.01 600.00")
        }
        5 => {
            let id = upi(dairy, 60_000, &reference(1), &code);
            dairy.sql(&format!(
                "UPDATE payments SET fee_paise = 7, fee_tax_paise = 0, version = version + 1 \
                 WHERE id = {id}"
            ));
            Some("error ledger_differs 600.00 600.00")
        }
        _ => {
            upi(dairy, 60_000, &reference(1), &code);
            None
        }
    }
}

#[test]
fn every_planted_fault_is_found_once() {
    on_both(|database| {
        for seed in [1u64, 7] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = Dairy::empty(&fresh, RoundOff::None);
            let codes: Vec<String> = (0..CUSTOMERS).map(|n| format!("P{n:03}")).collect();
            dairy.import(Kind::Customers, &customers(&codes));
            dairy.import(Kind::Products, crate::dairy::PRODUCTS);
            let rows: Vec<String> =
                codes.iter().map(|code| format!("2026-09-01 {code} MILK 10")).collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            dairy.import(Kind::Deliveries, &deliveries(&rows));
            dairy.on("2026-10-01");
            dairy.run_and_issue("2026-09");
            dairy.on("2026-10-02");
            let mut state = seed;
            let mut expected = Vec::new();
            for number in 0..CUSTOMERS {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
                expected.extend(plant(&dairy, number, (state >> 33) % 12));
            }
            let mut found = found(&reconcile(&dairy));
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "seed {seed}");
        }
    });
}
