//! Receipts that people record, and what becomes of them.

use crate::dairy::Dairy;
use crate::kit::{billed, books, captured, delivery, receive};
use app::AppError;
use app::payments::{self, NewReceipt};
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::Provider;
use serde_json::json;
use testkit::on_both;

fn receipt(way: Provider, paise: i64, reference: Option<&str>, customer: &str) -> NewReceipt {
    NewReceipt {
        way,
        amount: Money::from_paise(paise),
        reference: reference.map(str::to_owned),
        customer: Some(customer.to_owned()),
        bill: None,
        plan: None,
        person: None,
        day: None,
    }
}

fn record(dairy: &Dairy<'_>, new: &NewReceipt) -> Result<PaymentId, AppError> {
    dairy.store.write(|tx| payments::record(tx, &dairy.actor(), new))
}

#[test]
fn a_transfer_is_recorded_once() {
    on_both(|database| {
        let dairy = billed(database);
        let new = receipt(Provider::Upi, 60_000, Some("618200000117"), "C1");
        let id = record(&dairy, &new).unwrap();
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert!(matches!(record(&dairy, &new), Err(AppError::Conflict(_))));
        let bank = receipt(Provider::Bank, 60_000, Some("618200000117"), "C1");
        assert!(matches!(record(&dairy, &bank), Err(AppError::Conflict(_))));
        let shown = dairy.store.read(|tx| payments::show(tx, id)).unwrap();
        assert_eq!((shown.log.len(), shown.allocations.len(), shown.postings.len()), (1, 1, 2));
        let wanted = payments::Wanted { customer: Some("C1"), ..payments::Wanted::default() };
        let (page, next) = dairy.store.read(|tx| payments::page(tx, &wanted, None, 50)).unwrap();
        assert_eq!((page.len(), next), (1, None));
        dairy.assert_verified();
    });
}

#[test]
fn what_is_wrong_is_named() {
    on_both(|database| {
        let dairy = billed(database);
        for (new, place) in [
            (receipt(Provider::Cash, 100, None, "C1"), "person"),
            (receipt(Provider::Upi, 0, Some("618200000117"), "C1"), "amount"),
            (
                receipt(Provider::Upi, i64::MAX, Some("618200000117"), "C1"),
                "at most 10000000000.00",
            ),
            (receipt(Provider::Upi, 5, Some("61820000011"), "C1"), "reference"),
            (receipt(Provider::Bank, 5, None, "C1"), "reference"),
            (receipt(Provider::Cheque, 5, Some("000123"), "C7"), "customer_code"),
            (receipt(Provider::Razorpay, 5, Some("pay_1"), "C1"), "method"),
        ] {
            match record(&dairy, &new) {
                Err(AppError::Invalid(invalid)) => {
                    assert!(invalid.to_string().contains(place), "{invalid}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(dairy.count("SELECT COUNT(*) FROM payments"), 0);
    });
}

#[test]
fn a_bounced_cheque_opens_its_bill_again() {
    on_both(|database| {
        let dairy = billed(database);
        let id = record(&dairy, &receipt(Provider::Cheque, 60_000, Some("000123"), "C1")).unwrap();
        let step = |what: &str| {
            dairy.store.write(|tx| match what {
                "clear" => payments::clear(tx, &dairy.actor(), id),
                _ => payments::reverse(tx, &dairy.actor(), id),
            })
        };
        step("clear").unwrap();
        let after = books(&dairy);
        assert!(after.contains(&"bank 0 60000".to_owned()), "{after:?}");
        step("bounce").unwrap();
        let after = books(&dairy);
        assert!(after.contains(&"bank 0 0".to_owned()), "{after:?}");
        assert!(after.contains(&"receivable 1 60000".to_owned()), "{after:?}");
        assert_eq!(dairy.bill("C1", "2026-09").status, "issued");
        assert!(step("clear").is_err());
        dairy.assert_verified();
    });
}

#[test]
fn an_unmatched_payment_is_given_to_its_customer() {
    on_both(|database| {
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &captured("pay_1", 60_000, json!([])))]);
        let assign = |code: &str| {
            dairy.store.write(|tx| payments::assign(tx, &dairy.actor(), PaymentId(1), code, None))
        };
        assert!(matches!(assign("C8"), Err(AppError::Invalid(_))));
        assign("C1").unwrap();
        assert!(matches!(assign("C2"), Err(AppError::Conflict(_))));
        let after = books(&dairy);
        assert!(after.contains(&"unmatched_receipts 0 0".to_owned()), "{after:?}");
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        dairy.assert_verified();
    });
}

#[test]
fn a_client_may_give_one_id_to_several_requests() {
    on_both(|database| {
        let dairy = billed(database);
        let mut actor = dairy.actor();
        actor.request = Some("t1".to_owned());
        let write = |work: &dyn Fn(&mut store::Tx<'_>) -> Result<(), AppError>| {
            dairy.store.write(|tx| work(tx)).unwrap();
        };
        let cheque = |number: &str, paise: i64| {
            let new = receipt(Provider::Cheque, paise, Some(number), "C1");
            dairy.store.write(|tx| payments::record(tx, &actor, &new)).unwrap()
        };
        let ids = [cheque("000121", 20_000), cheque("000122", 20_000), cheque("000123", 90_000)];
        write(&|tx| payments::clear(tx, &actor, ids[0]));
        // What they had paid is taken from the advance of the third, twice.
        write(&|tx| payments::reverse(tx, &actor, ids[0]));
        write(&|tx| payments::reverse(tx, &actor, ids[1]));
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        let shown = dairy.store.read(|tx| payments::show(tx, ids[2])).unwrap();
        let told: Vec<_> = shown.log.iter().map(|entry| entry.request.as_deref()).collect();
        assert_eq!(told, [Some("t1"); 3]);
        dairy.assert_verified();
    });
}

#[test]
fn a_receipt_that_was_taken_back_is_recorded_anew() {
    on_both(|database| {
        let dairy = billed(database);
        for (way, reference) in [(Provider::Upi, "618200000117"), (Provider::Cheque, "000123")] {
            let wrong = receipt(way, 40_000, Some(reference), "C2");
            let right = receipt(way, 60_000, Some(reference), "C1");
            for known_as in ["", "#2", "#3"] {
                let id = record(&dairy, if known_as == "#3" { &right } else { &wrong }).unwrap();
                let shown = dairy.store.read(|tx| payments::show(tx, id)).unwrap();
                let payment = &shown.listed.payment;
                assert_eq!(payment.reference, format!("{reference}{known_as}"));
                let bank = (way == Provider::Upi).then_some(reference);
                assert_eq!(payment.bank_reference.as_deref(), bank);
                // One that stands is not taken twice.
                assert!(matches!(record(&dairy, &right), Err(AppError::Conflict(_))));
                if known_as != "#3" {
                    dairy.store.write(|tx| payments::reverse(tx, &dairy.actor(), id)).unwrap();
                }
            }
        }
        // Another number that begins alike is another cheque.
        record(&dairy, &receipt(Provider::Cheque, 100, Some("000123 SBI"), "C3")).unwrap();
        record(&dairy, &receipt(Provider::Cheque, 100, Some("00012"), "C3")).unwrap();
        assert_eq!(dairy.bill("C1", "2026-09").status, "paid");
        assert_eq!(dairy.bill("C2", "2026-09").status, "issued");
        let after = books(&dairy);
        assert!(after.contains(&"receivable 2 120000".to_owned()), "{after:?}");
        dairy.assert_verified();
    });
}
