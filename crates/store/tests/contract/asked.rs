//! The guards of what gateways are asked for and of refunds: each is broken by raw SQL under its
//! name, and refused; the moves that are allowed work.
//!
//! It deliberately goes around the store's functions, which would not even try.

use crate::kit::{count, execute, issued, write};
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::{RefundFacts, RefundStatus};
use store::payments;
use store::{Store, StoreError};
use testkit::on_both;

const REQUEST: &str = "INSERT INTO payment_requests (id, provider, kind, reference, \
     provider_reference, customer_id, amount_paise, in_parts, state, created_at, updated_at) \
     VALUES (1, 'razorpay', 'link', 'PR-1', 'plink_1', 1, 100, 0, 'done', 1, 1)";
const PAYMENT: &str = "INSERT INTO payments (id, provider, reference, customer_id, amount_paise, \
     currency, state, authorized, failed, captured_paise, captured_at, cleared, reversed, \
     free_paise, received_day, allocation_count, version, created_at, updated_at) \
     VALUES (1, 'razorpay', 'pay_1', 1, 100, 'INR', 'captured', 1, 0, 100, 1, 0, 0, 100, \
     20260901, 0, 1, 1, 1)";
const REFUND: &str = "INSERT INTO refund_requests (id, payment_id, reference, amount_paise, \
     destination, by_gateway, reason, state, asked_as, version, created_at, updated_at) \
     VALUES (1, 1, 'RF-1', 50, 'source', 1, 'spilt', 'requested', 'maker', 1, 1, 1)";

fn asked(database: &testkit::Database) -> Store {
    let store = issued(database);
    execute(&store, &[REQUEST, PAYMENT, REFUND]).unwrap();
    store
}

#[track_caller]
fn refused(store: &Store, statement: &str, why: &str) {
    match execute(store, &[statement]) {
        Err(StoreError::Refused(said)) => assert!(said.contains(why), "{statement}: {said}"),
        other => panic!("{statement} was not refused but gave {other:?}"),
    }
}

#[track_caller]
fn allowed(store: &Store, statement: &str) {
    assert_eq!(execute(store, &[statement]).unwrap(), 1, "{statement}");
}

#[test]
fn payment_requests_final_stay_forward() {
    on_both(|database| {
        let store = asked(database);
        for change in [
            "id = 2",
            "provider = 'stripe'",
            "kind = 'order'",
            "reference = 'PR-2'",
            "customer_id = 2",
            "bill_id = 1",
            "plan_code = 'vip'",
            "amount_paise = 99",
            "in_parts = 1",
            "asked_as = 'nobody'",
            "created_at = 2",
            "provider_reference = 'plink_2'",
            "provider_reference = NULL",
        ] {
            let sql = format!("UPDATE payment_requests SET {change}");
            refused(&store, &sql, "what was asked of a gateway never changes");
        }
        allowed(&store, "UPDATE payment_requests SET order_reference = 'order_1'");
        let again = "UPDATE payment_requests SET order_reference = 'order_2'";
        refused(&store, again, "what was asked of a gateway never changes");
        refused(&store, "DELETE FROM payment_requests", "is never removed");
        allowed(&store, "UPDATE payment_requests SET state = 'cancelled'");
        // What was withdrawn may be paid all the same.
        allowed(&store, "UPDATE payment_requests SET state = 'paid'");
        refused(&store, "UPDATE payment_requests SET state = 'done'", "stays so");
        refused(&store, "UPDATE payment_requests SET retry_at = 1", "");
    });
}

#[test]
fn refund_requests_final_stay_forward_checked() {
    on_both(|database| {
        let store = asked(database);
        let set = |change: &str| format!("UPDATE refund_requests SET version = 9, {change}");
        for change in [
            "id = 2",
            "payment_id = 2",
            "reference = 'RF-2'",
            "amount_paise = 51",
            "destination = 'advance', by_gateway = 0",
            "by_gateway = 0",
            "reason = 'other'",
            "asked_as = 'nobody'",
            "created_at = 2",
        ] {
            refused(&store, &set(change), "a refund that was asked for never changes");
        }
        let same = "UPDATE refund_requests SET failure = 'x'";
        refused(&store, same, "a refund that was asked for never changes");
        refused(&store, "DELETE FROM refund_requests", "is never removed");
        refused(&store, &set("state = 'approved'"), "needs another person");
        for state in ["sent", "processed", "failed", "unknown"] {
            let skip = set(&format!("state = '{state}', checked_as = 'c'"));
            refused(&store, &skip, "only goes forward");
        }
        let next = |version: i64, change: &str| {
            format!("UPDATE refund_requests SET version = {version}, {change}")
        };
        allowed(&store, &next(2, "state = 'approved', checked_as = 'checker'"));
        refused(&store, &set("checked_as = 'other'"), "never changes");
        refused(&store, &set("state = 'requested'"), "only goes forward");
        allowed(&store, &next(3, "state = 'sent', told_as = 'rfnd_1'"));
        refused(&store, &set("told_as = 'rfnd_2'"), "never changes");
        allowed(&store, &next(4, "state = 'unknown'"));
        allowed(&store, &next(5, "state = 'processed'"));
        refused(&store, &set("state = 'sent'"), "only goes forward");
        allowed(&store, &next(6, "state = 'failed'"));
        refused(&store, &set("state = 'processed'"), "only goes forward");
    });
}

/// Changes something and keeps others waiting for a while; meanwhile `told` is told.
fn while_changed(store: &Store, change: &str, told: impl FnOnce() + Send) {
    let (begun, has_begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let kept = store.write(|tx| {
                tx.execute(change, &[])?;
                begun.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(200));
                Ok::<_, StoreError>(())
            });
            kept.unwrap();
        });
        has_begun.recv().unwrap();
        told();
    });
}

#[test]
fn what_is_told_of_something_that_is_being_changed_is_not_lost() {
    on_both(|database| {
        let store = asked(database);
        for sql in [
            "UPDATE refund_requests SET version = 2, state = 'approved', checked_as = 'checker'",
            "UPDATE refund_requests SET version = 3, state = 'sent', told_as = 'rfnd_1'",
        ] {
            allowed(&store, sql);
        }
        while_changed(&store, "UPDATE payment_requests SET attempts = attempts + 1", || {
            let at = crate::kit::actor().at;
            write(&store, |tx| payments::move_requests(tx, &[(1, "paid")], at));
        });
        let paid = "SELECT COUNT(*) FROM payment_requests WHERE state = 'paid' AND attempts = 1";
        assert_eq!(count(&store, paid), 1);
        let refund = RefundFacts {
            status: RefundStatus::Processed,
            amount: Money::from_paise(50),
            person: None,
        };
        let change = "UPDATE refund_requests SET attempts = attempts + 1, version = version + 1";
        while_changed(&store, change, || {
            let at = crate::kit::actor().at;
            let told = [(PaymentId(1), "rfnd_1", refund)];
            write(&store, |tx| payments::tell_refunds(tx, &told, at));
        });
        let told = "SELECT COUNT(*) FROM refund_requests WHERE state = 'processed' \
                    AND attempts = 1 AND version = 5";
        assert_eq!(count(&store, told), 1);
    });
}

#[test]
fn payment_requests_and_refund_requests_are_added_once() {
    on_both(|database| {
        let store = asked(database);
        if store.is_sqlite() {
            for sql in [REQUEST, REFUND] {
                let replace = sql.replace("INSERT INTO", "REPLACE INTO");
                refused(&store, &replace, "is added once");
            }
        } else {
            for table in ["payment_requests CASCADE", "refund_requests"] {
                refused(&store, &format!("TRUNCATE {table}"), "never removed");
            }
        }
        refused(&store, &REFUND.replace("(1, 1, 'RF-1'", "(2, 1, 'RF-1'"), "");
        refused(&store, &REQUEST.replace("(1, 'razorpay'", "(2, 'razorpay'"), "");
    });
}
