//! The rules that the databases themselves keep of money in: each is broken by raw SQL, and
//! refused; and the moves that are allowed work.
//!
//! It deliberately goes around the store's functions, which would not even try.

use crate::kit::{count, execute, issued};
use store::{Store, StoreError};
use testkit::{Database, on_both};

/// Tables whose rows must all be there after a refusal.
const TABLES: [&str; 9] = [
    "payments",
    "payment_refunds",
    "payment_disputes",
    "payment_log",
    "allocations",
    "opening_uses",
    "gateway_events",
    "hand_overs",
    "settlements",
];

/// A payment of C1 with all that belongs to it, an event, a hand-over, a settlement.
fn paid(database: &Database) -> Store {
    let store = issued(database);
    let person = |id: i64| {
        format!(
            "INSERT INTO people (id, login, name, role, state, password_hash, \
             password_is_initial, sessions_from, created_at, updated_at) \
             VALUES ({id}, 'p{id}', 'P', 'rider', 'active', 'h', 0, 0, 0, 0)"
        )
    };
    let hash = "a".repeat(64);
    let statements = [
        person(1),
        person(2),
        "INSERT INTO payments (id, provider, reference, customer_id, amount_paise, currency, \
         state, authorized, failed, captured_paise, captured_at, fee_paise, fee_tax_paise, \
         cleared, reversed, free_paise, received_day, allocation_count, version, created_at, \
         updated_at) \
         VALUES (1, 'razorpay', 'pay_1', 1, 1000, 'INR', 'captured', 1, 0, 1000, 50, 20, 3, 0, 0, \
         0, 20261001, 2, 3, 1, 1)"
            .to_owned(),
        "INSERT INTO payment_log VALUES \
         (1, 1, 1, NULL, 'captured', 'payment.captured', 'evt_1', 'webhooks', NULL, '{}')"
            .to_owned(),
        "INSERT INTO payment_refunds VALUES (1, 'rfnd_1', 'processed', 100, NULL, 1)".to_owned(),
        "INSERT INTO payment_disputes VALUES (1, 'disp_1', 'under_review', 100, 50, 1, 0, 1)"
            .to_owned(),
        "UPDATE customers SET opening_balance_paise = 700 WHERE id = 1".to_owned(),
        "UPDATE customers SET opening_balance_paise = -300 WHERE id = 2".to_owned(),
        "INSERT INTO allocations VALUES (1, 1, 1, 1, 300, 1, 'c')".to_owned(),
        "INSERT INTO allocations VALUES (1, 2, 1, NULL, 600, 1, 'c')".to_owned(),
        "INSERT INTO opening_uses VALUES (2, 1, 200, 1)".to_owned(),
        format!(
            "INSERT INTO gateway_events (id, provider, event_id, kind, body, body_is_base64, \
             body_hash, headers, secret_no, state, attempts, received_at, altered_count) VALUES \
             (1, 'razorpay', 'evt_1', 'payment.captured', '{{}}', 0, '{hash}', '{{}}', 0, \
             'processed', 1, 1, 2)"
        ),
        "INSERT INTO hand_overs (id, giver_id, taker_id, day, in_hand_paise, counted_paise, \
         pieces, at) VALUES (1, 1, 2, 20261001, 500, 500, '[]', 1)"
            .to_owned(),
        "INSERT INTO settlements VALUES (1, 'razorpay', 'setl_1', 900, 'UTR1', 20261001, 1)"
            .to_owned(),
    ];
    for statement in &statements {
        execute(&store, &[statement]).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    store
}

/// A statement that must be refused, with a word of why; nothing is lost by it.
#[track_caller]
fn refused(store: &Store, sql: &str, why: &str) {
    let rows = || TABLES.map(|table| count(store, &format!("SELECT COUNT(*) FROM {table}")));
    let before = rows();
    match execute(store, &[sql]) {
        Err(StoreError::Refused(said)) => assert!(said.contains(why), "{sql}: {said}"),
        other => panic!("{sql} was not refused but gave {other:?}"),
    }
    assert_eq!(rows(), before, "{sql}");
}

fn allowed(store: &Store, sql: &str) {
    assert_eq!(execute(store, &[sql]).unwrap(), 1, "{sql}");
}

#[test]
fn what_is_known_of_a_payment_only_grows() {
    on_both(|database| {
        let store = paid(database);
        for change in [
            "id = 9",
            "provider = 'stripe'",
            "reference = 'pay_2'",
            "customer_id = 2",
            "customer_id = NULL",
            "created_at = 2",
            "authorized = 0",
            "captured_paise = 999",
            "captured_at = 51",
            "amount_paise = 999",
            "fee_paise = 19",
            "fee_paise = NULL, fee_tax_paise = NULL",
            "allocation_count = 1",
            "version = 3",
        ] {
            let version = if change.starts_with("version") { "" } else { ", version = 4" };
            let sql = format!("UPDATE payments SET {change}{version} WHERE id = 1");
            refused(&store, &sql, "what is known of a payment only grows");
        }
        allowed(
            &store,
            "UPDATE payments SET version = 4, failed = 1, captured_at = 49, captured_paise = 1001, \
             amount_paise = 1001, fee_paise = 21, cleared = 1 WHERE id = 1",
        );
        // What was cleared, failed or reversed stays so.
        for change in ["failed = 0", "cleared = 0"] {
            let sql = format!("UPDATE payments SET {change}, version = 5 WHERE id = 1");
            refused(&store, &sql, "what is known of a payment only grows");
        }
        refused(&store, "DELETE FROM payments", "a payment is never removed");
    });
}

#[test]
fn a_payment_pays_only_what_its_customer_owes() {
    on_both(|database| {
        let store = paid(database);
        let why = "a payment pays only what its customer owes";
        for (values, what) in [
            ("9, 1, 1, 1", "an unknown payment"),
            ("1, 3, 2, NULL", "another customer"),
            ("1, 3, 9, NULL", "an unknown customer"),
            ("1, 3, 1, 2", "a draft of another customer"),
            ("1, 3, 1, 9", "an unknown bill"),
        ] {
            let sql = format!("INSERT INTO allocations VALUES ({values}, 5, 1, 'c')");
            refused(&store, &sql, why);
            assert_eq!(count(&store, "SELECT COUNT(*) FROM allocations"), 2, "{what}");
        }
        // A draft of its own: bills may be removed while they are drafts.
        let draft = "UPDATE bills SET customer_id = 1, month = 202610 WHERE id = 2";
        allowed(&store, draft);
        refused(&store, "INSERT INTO allocations VALUES (1, 3, 1, 2, 5, 1, 'c')", why);
    });
}

#[test]
fn a_posting_is_about_a_known_customer_and_payment() {
    on_both(|database| {
        let store = paid(database);
        let entries = |customer: i64, first: i64| {
            format!(
                "INSERT INTO ledger_entries \
                 (transaction_id, entry_no, account, customer_id, amount_paise) VALUES \
                 (70, {first}, 'receivable', {customer}, -5), \
                 (70, {}, 'gateway_razorpay', NULL, 5)",
                first + 1
            )
        };
        let posting = |customer: i64, payment: i64| {
            format!(
                "INSERT INTO ledger_transactions \
                 (id, day, customer_id, cause, payment_id, posting, posted_at) \
                 VALUES (70, 20261001, {customer}, 'payment', {payment}, 'capture', 1)"
            )
        };
        for (statements, why) in [
            // SQLite names no foreign key that does not hold.
            (vec![entries(1, 1), posting(1, 9)], ""),
            (vec![entries(9, 1), posting(9, 1)], ""),
            (
                vec![entries(2, 1), posting(1, 1)],
                "the entries of a ledger transaction are about its customer",
            ),
            (vec![entries(1, 1)], ""),
            (vec![entries(1, 2)], ""),
        ] {
            let texts: Vec<&str> = statements.iter().map(String::as_str).collect();
            match execute(&store, &texts) {
                Err(StoreError::Refused(said)) => assert!(said.contains(why), "{texts:?}: {said}"),
                other => panic!("{texts:?} was not refused but gave {other:?}"),
            }
            assert_eq!(
                count(
                    &store,
                    "SELECT COUNT(*) FROM ledger_entries WHERE \
                                      transaction_id = 70"
                ),
                0
            );
        }
        assert_eq!(execute(&store, &[&entries(1, 1), &posting(1, 1)]).unwrap(), 1);
    });
}

#[test]
fn refunds_and_disputes_only_grow() {
    on_both(|database| {
        let store = paid(database);
        let why = "what is known of a refund only grows";
        for change in ["amount_paise = 99", "status = 'pending'", "reference = 'x'"] {
            refused(&store, &format!("UPDATE payment_refunds SET {change}"), why);
        }
        allowed(&store, "UPDATE payment_refunds SET amount_paise = 101, status = 'failed'");
        refused(&store, "UPDATE payment_refunds SET status = 'processed'", why);
        refused(&store, "DELETE FROM payment_refunds", "a refund is never removed");
        let why = "what is known of a dispute only grows";
        for change in [
            "amount_paise = 99",
            "deducted_paise = 49",
            "withdrawn = 0",
            "status = 'action_required'",
            "status = 'created'",
            "reference = 'x'",
        ] {
            refused(&store, &format!("UPDATE payment_disputes SET {change}"), why);
        }
        allowed(&store, "UPDATE payment_disputes SET status = 'closed', reinstated = 1");
        allowed(&store, "UPDATE payment_disputes SET status = 'won'");
        allowed(&store, "UPDATE payment_disputes SET status = 'lost'");
        for change in ["reinstated = 0", "status = 'won'"] {
            refused(&store, &format!("UPDATE payment_disputes SET {change}"), why);
        }
        refused(&store, "DELETE FROM payment_disputes", "a dispute is never removed");
    });
}

#[test]
fn logs_and_allocations_never_change() {
    on_both(|database| {
        let store = paid(database);
        for (table, column, what) in [
            ("payment_log", "actor = 'x'", "an entry in the log of a payment"),
            ("payment_log", "at = at", "an entry in the log of a payment"),
            ("allocations", "amount_paise = 1", "an allocation"),
            ("allocations", "bill_id = NULL", "an allocation"),
            ("opening_uses", "amount_paise = 1", "what an opening balance has paid"),
            ("opening_uses", "bill_id = 1", "what an opening balance has paid"),
        ] {
            let sql = format!("UPDATE {table} SET {column}");
            refused(&store, &sql, &format!("{what} never changes"));
            refused(&store, &format!("DELETE FROM {table}"), &format!("{what} is never removed"));
        }
        // A cause changes a payment once.
        let again = "INSERT INTO payment_log VALUES \
                     (1, 2, 1, NULL, 'captured', 'payment.captured', 'evt_1', 'w', NULL, '{}')";
        refused(&store, again, "");
        allowed(&store, &again.replace("evt_1", "evt_2"));
    });
}

#[test]
fn a_bill_is_paid_by_no_less_than_nothing_and_its_state_follows() {
    on_both(|database| {
        let store = paid(database);
        for change in ["paid_paise = 1", "paid_paise = -1", "state = 'paid'", "paid_paise = NULL"] {
            refused(&store, &format!("UPDATE bills SET {change} WHERE id = 1"), "");
        }
        // A draft is not paid at all.
        refused(&store, "UPDATE bills SET paid_paise = 1 WHERE id = 2", "");
        let part = "UPDATE bills SET paid_paise = 300, state = 'part-paid' WHERE id = 1";
        allowed(&store, part);
    });
}

#[test]
fn an_opening_balance_stays_as_large_as_what_was_paid_of_it() {
    on_both(|database| {
        let store = paid(database);
        let why = "an opening balance is no less than what was paid of it";
        let set = |customer: i64, paise: i64| {
            format!("UPDATE customers SET opening_balance_paise = {paise} WHERE id = {customer}")
        };
        for (customer, paise) in [(1, 599), (1, 0), (1, -600), (2, -199), (2, 0), (2, 300)] {
            refused(&store, &set(customer, paise), why);
        }
        for (customer, paise) in [(1, 600), (1, 5_000), (2, -200), (2, -900), (3, -5)] {
            allowed(&store, &set(customer, paise));
        }
    });
}

#[test]
fn an_event_of_a_gateway_stays_as_it_came() {
    on_both(|database| {
        let store = paid(database);
        for change in [
            "id = 9",
            "provider = 'stripe'",
            "event_id = 'evt_9'",
            "kind = 'x'",
            "body = '[]'",
            "body_is_base64 = 1",
            "body_hash = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'",
            "headers = '[]'",
            "received_at = 2",
            "secret_no = 1",
            "livemode = 1",
            "altered_count = 1",
        ] {
            let sql = format!("UPDATE gateway_events SET {change}");
            refused(&store, &sql, "an event of a gateway never changes");
        }
        refused(&store, "DELETE FROM gateway_events", "an event of a gateway is never removed");
        allowed(&store, "UPDATE gateway_events SET state = 'failed', retry_at = 5, attempts = 2");
        allowed(&store, "UPDATE gateway_events SET altered_count = 3, altered_hash = 'x'");
        // It waits for an attempt, or it does not.
        refused(&store, "UPDATE gateway_events SET state = 'dead'", "");
        refused(&store, "UPDATE gateway_events SET retry_at = NULL", "");
    });
}

#[test]
fn hand_overs_and_settlements_never_change() {
    on_both(|database| {
        let store = paid(database);
        for change in ["counted_paise = 1", "taker_id = NULL", "in_hand_paise = 1", "at = at"] {
            let sql = format!("UPDATE hand_overs SET {change}");
            refused(&store, &sql, "a hand-over of cash never changes");
        }
        refused(&store, "DELETE FROM hand_overs", "a hand-over of cash is never removed");
        let add = |taker: i64, counted: i64, coins: i64| {
            format!(
                "INSERT INTO hand_overs VALUES (2, 1, {taker}, 20261001, 5, {counted}, '[]', \
                 {coins}, 1)"
            )
        };
        // Not to oneself, not less than nothing, and no more coins than cash.
        for (taker, counted, coins) in [(1, 5, 0), (2, -1, 0), (2, 5, 6), (2, 5, -1), (9, 5, 0)] {
            refused(&store, &add(taker, counted, coins), "");
        }
        allowed(&store, &add(2, 5, 5));
        for change in ["amount_paise = 1", "bank_reference = NULL", "day = 20261002"] {
            let sql = format!("UPDATE settlements SET {change}");
            refused(&store, &sql, "a settlement never changes");
        }
        refused(&store, "DELETE FROM settlements", "a settlement is never removed");
    });
}

#[test]
fn each_posting_is_made_once() {
    on_both(|database| {
        let store = paid(database);
        for (column, cause, rest) in [
            ("payment_id, posting", "payment", "1, 'receipt'"),
            ("settlement_id", "settlement", "1"),
            ("hand_over_id", "hand_over", "1"),
        ] {
            let post = |id: i64, verb: &str| {
                let entries = [(1, 5), (2, -5)].map(|(no, paise)| {
                    format!(
                        "INSERT INTO ledger_entries (transaction_id, entry_no, account, \
                         amount_paise) VALUES ({id}, {no}, 'bank', {paise})"
                    )
                });
                let transaction = format!(
                    "{verb} INTO ledger_transactions (id, day, cause, posted_at, {column}) \
                     VALUES ({id}, 20261001, '{cause}', 1, {rest})"
                );
                execute(&store, &[&entries[0], &entries[1], &transaction])
            };
            let id = 100 + i64::try_from(cause.len()).unwrap();
            assert_eq!(post(id, "INSERT").unwrap(), 1);
            let verbs: &[&str] =
                if store.is_sqlite() { &["INSERT", "REPLACE"] } else { &["INSERT"] };
            for verb in verbs {
                let again = post(id + 50, verb);
                assert!(matches!(again, Err(StoreError::Refused(_))), "{cause}: {again:?}");
            }
        }
    });
}

#[test]
fn nothing_of_money_in_is_emptied_at_once() {
    on_both(|database| {
        let store = paid(database);
        if store.is_sqlite() {
            return; // It has no TRUNCATE.
        }
        for table in TABLES {
            refused(&store, &format!("TRUNCATE {table} CASCADE"), "never");
        }
    });
}

/// SQLite removes the rows that stand in the way of `REPLACE` without asking the guards of removal.
#[test]
fn nothing_of_money_in_is_replaced() {
    on_both(|database| {
        let store = paid(database);
        if !store.is_sqlite() {
            return; // It has no REPLACE.
        }
        for sql in [
            "REPLACE INTO payments SELECT * FROM payments",
            "REPLACE INTO payment_refunds VALUES (1, 'rfnd_1', 'pending', 100, NULL, 1)",
            "REPLACE INTO payment_disputes VALUES (1, 'disp_1', 'under_review', 99, 50, 1, 0, 1)",
            "REPLACE INTO payment_log SELECT * FROM payment_log",
            // Under the number of another, with the cause of this one.
            "REPLACE INTO payment_log VALUES \
             (1, 7, 1, NULL, 'failed', 'payment.captured', 'evt_1', 'w', NULL, '{}')",
            "REPLACE INTO allocations SELECT * FROM allocations",
            "REPLACE INTO opening_uses VALUES (2, 1, 1, 1)",
            "REPLACE INTO gateway_events SELECT * FROM gateway_events",
            "REPLACE INTO hand_overs SELECT * FROM hand_overs",
            "REPLACE INTO settlements VALUES (1, 'razorpay', 'setl_2', 1, NULL, 20261001, 1)",
            "REPLACE INTO settlements VALUES (2, 'razorpay', 'setl_1', 1, NULL, 20261001, 1)",
        ] {
            refused(&store, sql, "");
        }
    });
}
