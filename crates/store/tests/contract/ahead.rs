//! Questions that are asked together, and changes that are heard of later: many answers do not keep
//! others waiting, and a change that finds its row elsewhere is never kept.
//!
//! It deliberately says nothing about speed.

use crate::kit::{C1, ISSUED, actor, count, issued, read};
use domain::billing::BillState;
use domain::money::Money;
use domain::payments::Provider;
use store::StoreError;
use store::payments::{self, Names};
use testkit::on_both;

/// More rows than a connection takes in before somebody hears them.
const MANY: usize = 60_000;

#[test]
fn many_answers_do_not_keep_the_next_question_waiting() {
    on_both(|database| {
        let store = issued(database);
        let codes = vec!["C1"; MANY];
        let known = (Provider::Razorpay, "pay_unknown");
        let names = Names { customers: &codes, payments: &[known], ..Names::default() };
        let found = read(&store, |tx| payments::look_up(tx, &names));
        assert_eq!(found.customers.len(), MANY);
        assert!(found.customers.iter().all(|(_, customer)| *customer == C1));
        assert_eq!((found.bills.len(), found.payments.len()), (0, 0));
    });
}

#[test]
fn a_bill_that_stands_elsewhere_by_now_is_not_paid() {
    on_both(|database| {
        let store = issued(database);
        let mut bill = read(&store, |tx| payments::bills_paid(tx, &[ISSUED])).remove(0);
        (bill.state, bill.paid) = (BillState::PartPaid, Money::from_paise(200));
        for (before, is_kept) in [(100, false), (0, true), (0, false)] {
            let moved = [(bill, Money::from_paise(before))];
            let done = store.write(|tx| {
                payments::pay_bills(tx, &moved, actor().at)?;
                Ok::<_, StoreError>(())
            });
            match done {
                Ok(()) => assert!(is_kept, "{before}"),
                Err(StoreError::Refused(why)) => {
                    assert!(!is_kept && why.contains("0 of 1 rows"), "{before}: {why}");
                }
                Err(other) => panic!("{other}"),
            }
        }
        let paid = "SELECT paid_paise FROM bills WHERE id = 1";
        assert_eq!(count(&store, paid), 200);
    });
}
