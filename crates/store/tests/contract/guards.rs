//! The rules the databases themselves keep: each is broken by raw SQL, and refused; and the moves
//! that are allowed work.
//!
//! It deliberately goes around the store's functions, which would not even try.

use crate::kit::{count, execute, issued};
use store::{Store, StoreError};
use testkit::on_both;

/// Statements that must be refused by the last of them, with a word of why.
fn refused(store: &Store, statements: &[&str], why: &str) {
    let before = fingerprint(store);
    match execute(store, statements) {
        Err(StoreError::Refused(said)) => assert!(said.contains(why), "{statements:?}: {said}"),
        other => panic!("{statements:?} was not refused but gave {other:?}"),
    }
    assert_eq!(fingerprint(store), before, "{statements:?}");
}

fn allowed(store: &Store, statement: &str) {
    assert_eq!(execute(store, &[statement]).unwrap(), 1, "{statement}");
}

/// Enough to notice that a refused statement left something behind.
fn fingerprint(store: &Store) -> Vec<i64> {
    [
        "SELECT COUNT(*) FROM bills",
        "SELECT COUNT(*) FROM bill_lines",
        "SELECT COUNT(*) FROM deliveries WHERE bill_id IS NOT NULL",
        "SELECT COUNT(*) FROM orders WHERE bill_id IS NOT NULL",
        "SELECT COUNT(*) FROM ledger_entries",
        "SELECT COUNT(*) FROM audit",
        "SELECT CAST(SUM(next_serial) AS BIGINT) FROM number_series",
        "SELECT CAST(SUM(quantity_milli) AS BIGINT) FROM deliveries",
        "SELECT CAST(SUM(taxable_paise) AS BIGINT) FROM bill_lines",
    ]
    .map(|sql| count(store, sql))
    .to_vec()
}

#[test]
fn an_issued_bill_never_changes() {
    on_both(|database| {
        let store = issued(database);
        for change in [
            "customer_id = 3",
            "month = 202610",
            "number = 'INV/26-27/000009'",
            "prefix = 'XYZ'",
            "financial_year = 2027",
            "serial = 9",
            "bill_day = 20260929",
            "interstate = 1",
            "taxable_paise = taxable_paise + 1, total_paise = total_paise + 1",
            "round_off_paise = 1, total_paise = total_paise + 1",
            "cgst_paise = 1, sgst_paise = 1, total_paise = total_paise + 2",
            "igst_paise = 1, total_paise = total_paise + 1",
            "previous_balance_paise = 0",
            "content_hash = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
            "issued_at = 1",
            "created_at = 1",
            "id = 77",
            "state = 'draft', number = NULL, prefix = NULL, financial_year = NULL, serial = NULL, \
             issued_at = NULL",
        ] {
            let sql = format!("UPDATE bills SET {change} WHERE id = 1");
            refused(&store, &[&sql], "an issued bill never changes");
        }
        refused(&store, &["DELETE FROM bills WHERE id = 1"], "never removed");
    });
}

#[test]
fn a_bills_state_moves_and_is_cancelled_by_a_credit_note_only() {
    on_both(|database| {
        let store = issued(database);
        for (state, paid) in [
            ("part-paid", 1),
            ("paid", 24_000),
            ("issued", 0),
            ("paid", 24_000),
            ("part-paid", 23_999),
        ] {
            let change = format!("state = '{state}', paid_paise = {paid}, updated_at = 2");
            allowed(&store, &format!("UPDATE bills SET {change} WHERE id = 1"));
        }
        // The state is what is paid.
        for (state, paid) in [
            ("part-paid", 0),
            ("paid", 23_999),
            ("issued", 1),
            ("part-paid", 24_000),
            ("issued", -1),
        ] {
            let change = format!("state = '{state}', paid_paise = {paid}");
            refused(&store, &[&format!("UPDATE bills SET {change} WHERE id = 1")], "");
        }
        refused(&store, &["UPDATE bills SET state = 'cancelled' WHERE id = 1"], "");
        refused(&store, &["UPDATE bills SET credit_note = 'CN/1' WHERE id = 1"], "");
        refused(&store, &["UPDATE bills SET state = 'lost' WHERE id = 1"], "");
        refused(&store, &["UPDATE bills SET needs_rerun = 1 WHERE id = 1"], "");
        allowed(
            &store,
            "UPDATE bills SET state = 'cancelled', credit_note = 'CN/26-27/000001' WHERE id = 1",
        );
        for change in ["state = 'issued', credit_note = NULL", "credit_note = 'CN/2'"] {
            let sql = format!("UPDATE bills SET {change} WHERE id = 1");
            refused(&store, &[&sql], "an issued bill never changes");
        }
    });
}

const ISSUE: &str = "UPDATE bills SET state = 'issued', number = 'INV/26-27/000002', \
                     prefix = 'INV', financial_year = 2026, serial = 2, issued_at = 1 WHERE id = 2";

#[test]
fn a_bill_is_issued_only_as_the_sum_of_its_lines() {
    on_both(|database| {
        let store = issued(database);
        let why = "an issued bill must be the sum of its lines";
        let raise = "UPDATE bills SET taxable_paise = taxable_paise + 1, \
                     total_paise = total_paise + 1 WHERE id = 2";
        refused(&store, &[raise, ISSUE], why);
        let free = "UPDATE deliveries SET bill_id = NULL, line_no = NULL WHERE bill_id = 2";
        let empty = "DELETE FROM bill_lines WHERE bill_id = 2";
        refused(&store, &[free, empty, ISSUE], why);
        let add = "INSERT INTO bills (id, customer_id, month, kind, state, version, needs_rerun, \
                   number, prefix, financial_year, serial, bill_day, interstate, taxable_paise, \
                   cgst_paise, sgst_paise, igst_paise, round_off_paise, total_paise, \
                   previous_balance_paise, content_hash, created_at, updated_at, issued_at) \
                   SELECT 9, 3, month, kind, 'issued', 1, 0, 'INV/26-27/000002', 'INV', 2026, 2, \
                   bill_day, 0, 6000, 0, 0, 0, 0, 6000, 0, content_hash, 1, 1, 1 \
                   FROM bills WHERE id = 2";
        refused(&store, &[add], why);
        let line = copy_of_line(9, 1, 6000);
        refused(&store, &[&copy_of_line(9, 1, 5999), add], why);
        // With its line, added before it, the same bill is taken; and so is the draft as it was.
        assert_eq!(execute(&store, &[&line, add]).unwrap(), 1);
        let other = ISSUE.replace("000002", "000003").replace("serial = 2", "serial = 3");
        allowed(&store, &other);
    });
}

/// A line of milk for a bill, copied from the draft's.
fn copy_of_line(bill: i64, line_no: i64, paise: i64) -> String {
    format!(
        "INSERT INTO bill_lines SELECT {bill}, {line_no}, kind, product_id, sku, name, hsn, unit, \
         quantity_milli, unit_price_milli, tax_rate, tax_inclusive, {paise}, {paise}, 0, 0, 0, \
         first_day, last_day, item_count FROM bill_lines WHERE bill_id = 2 AND line_no = 1"
    )
}

#[test]
fn lines_of_an_issued_bill_stay_as_they_are() {
    on_both(|database| {
        let store = issued(database);
        let change = |bill| format!("UPDATE bill_lines SET name = 'Water' WHERE bill_id = {bill}");
        refused(&store, &[&change(1)], "a bill line never changes");
        refused(&store, &[&change(2)], "a bill line never changes");
        let gone = "DELETE FROM bill_lines WHERE bill_id = 1 AND line_no = 3";
        refused(&store, &[gone], "a line of an issued bill is never removed");
        let further = copy_of_line(1, 4, 0);
        refused(&store, &[&further], "an issued bill takes no further line");
        // A draft takes and loses lines.
        allowed(&store, &copy_of_line(2, 2, 0));
        allowed(&store, "DELETE FROM bill_lines WHERE bill_id = 2 AND line_no = 2");
    });
}

#[test]
fn a_line_without_a_bill_does_not_survive_its_transaction() {
    on_both(|database| {
        let store = issued(database);
        let alone = copy_of_line(99, 1, 6000);
        assert!(matches!(execute(&store, &[&alone]), Err(StoreError::Refused(_))));
        let gone = "DELETE FROM bills WHERE id = 2";
        assert!(matches!(execute(&store, &[gone]), Err(StoreError::Refused(_))));
    });
}

#[test]
fn deliveries_on_an_issued_bill_stay_as_they_are() {
    on_both(|database| {
        let store = issued(database);
        for change in [
            "quantity_milli = 2000",
            "status = 2, bill_id = NULL, line_no = NULL",
            "bill_id = NULL, line_no = NULL",
            "bill_id = 2",
            "import_id = 1",
        ] {
            let sql =
                format!("UPDATE deliveries SET {change} WHERE customer_id = 1 AND day = 20260901");
            // Where several guards see it, any of them may speak.
            refused(&store, &[&sql], "a delivery");
        }
        let gone = "DELETE FROM deliveries WHERE customer_id = 1 AND day = 20260901";
        refused(&store, &[gone], "a delivery on an issued bill is never removed");
        // Others may be corrected, taken off their draft, and removed.
        let of_draft = "customer_id = 2 AND day = 20260901";
        allowed(&store, &format!("UPDATE deliveries SET quantity_milli = 2000 WHERE {of_draft}"));
        allowed(
            &store,
            &format!("UPDATE deliveries SET bill_id = NULL, line_no = NULL WHERE {of_draft}"),
        );
        allowed(&store, "DELETE FROM deliveries WHERE customer_id = 1 AND day = 20260920");
    });
}

#[test]
fn a_delivery_joins_only_a_fitting_line_of_an_open_bill() {
    on_both(|database| {
        let store = issued(database);
        let why = "a delivery joins only a line of its own product on an open bill";
        let insert = |customer: i64, day: i64, product: i64| {
            format!(
                "INSERT INTO deliveries (customer_id, day, shift, product_id, reference, \
                 quantity_milli, status, import_id) \
                 VALUES ({customer}, {day}, 2, {product}, '', 1000, 1, 1)"
            )
        };
        let join = |bill: i64, line: i64| {
            format!("UPDATE deliveries SET bill_id = {bill}, line_no = {line} WHERE shift = 2")
        };
        for (customer, day, product, bill, line) in [
            (1, 20_260_902, 1, 1, 1), // an issued bill
            (2, 20_260_901, 2, 2, 1), // another product
            (2, 20_260_902, 1, 2, 1), // a day the line does not hold
            (3, 20_260_901, 1, 2, 1), // another customer
            (2, 20_260_901, 1, 2, 2), // no such line
            (2, 20_260_901, 1, 8, 1), // no such bill
        ] {
            refused(&store, &[&insert(customer, day, product), &join(bill, line)], why);
        }
        execute(&store, &[&insert(2, 20_260_901, 1)]).unwrap();
        allowed(&store, &join(2, 1));
        // Only what was delivered is billed, and a line is named with its bill.
        for change in ["status = 2", "quantity_milli = 0", "line_no = NULL"] {
            let sql = format!("UPDATE deliveries SET {change} WHERE shift = 2");
            refused(&store, &[&sql], "");
        }
    });
}

#[test]
fn a_delivery_is_not_added_onto_an_issued_bill() {
    on_both(|database| {
        let store = issued(database);
        let insert = "INSERT INTO deliveries (customer_id, day, shift, product_id, reference, \
                      quantity_milli, status, import_id, bill_id, line_no) \
                      VALUES (1, 20260902, 2, 1, '', 1000, 1, 1, 1, 1)";
        refused(&store, &[insert], "");
    });
}

#[test]
fn an_order_is_not_added_onto_an_issued_bill() {
    on_both(|database| {
        let store = issued(database);
        let insert = "INSERT INTO orders (id, reference, ordered_on, delivery_day, customer_id, \
                      product_id, quantity_milli, status, import_id, bill_id, line_no) \
                      VALUES (99, 'O99', 20260905, 20260905, 1, 2, 1000, 'delivered', 1, 1, 3)";
        refused(&store, &[insert], "");
    });
}

#[test]
fn a_delivery_never_becomes_another_one() {
    on_both(|database| {
        let store = issued(database);
        for change in
            ["product_id = 2", "customer_id = 3", "day = 20260817", "shift = 2", "reference = 'R1'"]
        {
            // On an issued bill, on a draft, on none.
            for place in ["bill_id = 1 AND line_no = 2", "bill_id = 2", "day = 20260920"] {
                let sql = format!("UPDATE deliveries SET {change} WHERE {place}");
                refused(&store, &[&sql], "a delivery");
            }
        }
    });
}

#[test]
fn what_deliveries_point_at_stays_under_its_id() {
    on_both(|database| {
        let store = issued(database);
        for (table, why) in
            [("customers", "a customer"), ("products", "a product"), ("imports", "an import")]
        {
            let gone = format!("DELETE FROM {table}");
            refused(&store, &[&gone], &format!("{why} is never removed"));
            let moved = format!("UPDATE {table} SET id = 99 WHERE id = 1");
            refused(&store, &[&moved], &format!("{why} never changes its id"));
            allowed(&store, &format!("UPDATE {table} SET id = id WHERE id = 1"));
        }
    });
}

#[test]
fn orders_on_an_issued_bill_stay_and_join_only_fitting_lines() {
    on_both(|database| {
        let store = issued(database);
        for change in [
            "quantity_milli = 2000",
            "status = 'pending', bill_id = NULL, line_no = NULL",
            "agreed_price_milli = 1",
            "delivery_day = 20260906",
        ] {
            let sql = format!("UPDATE orders SET {change} WHERE id = 1");
            refused(&store, &[&sql], "an order on an issued bill never changes");
        }
        let gone = "DELETE FROM orders WHERE id = 1";
        refused(&store, &[gone], "an order on an issued bill is never removed");
        let why = "an order joins only a line of its own product on an open bill";
        for (order, bill, line) in [
            (3, 2, 1), // another product
            (3, 1, 3), // an issued bill of another customer
            (3, 2, 5), // no such line
        ] {
            let sql =
                format!("UPDATE orders SET bill_id = {bill}, line_no = {line} WHERE id = {order}");
            refused(&store, &[&sql], why);
        }
        let pending = "UPDATE orders SET bill_id = 2, line_no = 1 WHERE id = 2";
        refused(&store, &[pending], "");
        allowed(&store, "DELETE FROM orders WHERE id = 2");
    });
}

#[test]
fn numbers_only_move_forward() {
    on_both(|database| {
        let store = issued(database);
        let why = "bill numbers are never given twice";
        for change in ["next_serial = 1", "prefix = 'ABC'", "financial_year = 2027"] {
            refused(&store, &[&format!("UPDATE number_series SET {change}")], why);
        }
        let gone = "DELETE FROM number_series";
        refused(&store, &[gone], "a series of bill numbers is never removed");
        allowed(&store, "UPDATE number_series SET next_serial = 10");
        // The same number is not given twice either.
        let same = ISSUE.replace("000002", "000001").replace("serial = 2", "serial = 1");
        refused(&store, &[&same], "");
    });
}

#[test]
fn the_ledger_balances_and_never_changes() {
    on_both(|database| {
        let store = issued(database);
        for (sql, why) in [
            (
                "UPDATE ledger_entries SET amount_paise = 1 WHERE entry_no = 1",
                "a ledger entry never changes",
            ),
            ("DELETE FROM ledger_entries", "a ledger entry is never removed"),
            ("UPDATE ledger_transactions SET day = 20260901", "a ledger transaction never changes"),
            ("DELETE FROM ledger_transactions", "a ledger transaction is never removed"),
            (
                "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (1, 9, 'sales', NULL, 5)",
                "a ledger transaction takes no further entry",
            ),
        ] {
            refused(&store, &[sql], why);
        }
        let why = "the entries of a ledger transaction must sum to zero";
        let debit = "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (7, 1, 'receivable', 1, 100)";
        let credit = "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (7, 2, 'opening_balances', NULL, -100)";
        let less = "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (7, 2, 'opening_balances', NULL, -99)";
        let posting = "INSERT INTO ledger_transactions (id, day, customer_id, cause, posted_at) \
                       VALUES (7, 20260930, 1, 'opening_balance', 1)";
        refused(&store, &[posting], why);
        refused(&store, &[debit, posting], why);
        refused(&store, &[debit, less, posting], why);
        refused(&store, &[debit, credit], "");
        assert_eq!(execute(&store, &[debit, credit, posting]).unwrap(), 1);
        // A second posting of the same bill.
        let again = "INSERT INTO ledger_transactions (id, day, customer_id, cause, bill_id, \
                     posted_at) VALUES (8, 20260930, 1, 'bill', 1, 1)";
        let entries = [debit, credit].map(|sql| sql.replace("(7,", "(8,"));
        refused(&store, &[&entries[0], &entries[1], again], "");
    });
}

#[test]
fn the_audit_trail_never_changes() {
    on_both(|database| {
        let store = issued(database);
        let change = "UPDATE audit SET actor = 'nobody'";
        refused(&store, &[change], "an audit row never changes");
        refused(&store, &["DELETE FROM audit"], "an audit row is never removed");
    });
}

#[test]
fn rules_of_tables_hold_on_both() {
    on_both(|database| {
        let store = issued(database);
        for sql in [
            "UPDATE bills SET total_paise = total_paise + 1 WHERE id = 2",
            "UPDATE bills SET cgst_paise = 1, total_paise = total_paise + 1 WHERE id = 2",
            "UPDATE bills SET number = 'INV/26-27/000002' WHERE id = 2",
            "UPDATE bills SET state = 'issued' WHERE id = 2",
            "UPDATE bills SET content_hash = 'short' WHERE id = 2",
            "UPDATE bills SET customer_id = 1 WHERE id = 2",
            "UPDATE bills SET customer_id = 99 WHERE id = 2",
            "UPDATE deliveries SET status = 9 WHERE customer_id = 2",
            "UPDATE deliveries SET shift = 3 WHERE customer_id = 2",
            "UPDATE deliveries SET quantity_milli = -1 WHERE day = 20260920",
            "UPDATE deliveries SET quantity_milli = 1000000001 WHERE day = 20260920",
            "UPDATE deliveries SET product_id = 99 WHERE day = 20260920",
            "UPDATE deliveries SET import_id = 99 WHERE day = 20260920",
            "UPDATE products SET price_milli = 0",
            "UPDATE products SET tax_rate = 10001",
            "UPDATE products SET unit = 'litre'",
            "UPDATE customers SET code = 'C1' WHERE id = 2",
            "UPDATE customers SET name = NULL WHERE id = 2",
            "UPDATE orders SET reference = 'O1' WHERE id = 2",
            "UPDATE business SET round_off = 'half'",
            "INSERT INTO business SELECT 2, name, state, gstin, fssai, bill_prefix, round_off, \
             created_at FROM business",
        ] {
            refused(&store, &[sql], "");
        }
    });
}

#[test]
fn nothing_final_is_emptied_at_once() {
    on_both(|database| {
        let store = issued(database);
        if store.is_sqlite() {
            return; // It has no TRUNCATE.
        }
        for tables in [
            "bills, bill_lines, ledger_transactions, ledger_entries CASCADE",
            "bill_lines",
            "ledger_entries",
            "ledger_transactions, ledger_entries CASCADE",
            "audit",
            "customers CASCADE",
            "deliveries",
            "orders",
            "number_series",
        ] {
            refused(&store, &[&format!("TRUNCATE {tables}")], "never");
        }
    });
}

/// SQLite removes the rows that stand in the way of `REPLACE` without asking the guards of removal.
#[test]
fn nothing_final_is_replaced() {
    on_both(|database| {
        let store = issued(database);
        if !store.is_sqlite() {
            return; // It has no REPLACE; ON CONFLICT DO UPDATE is an update like any other.
        }
        for sql in [
            "REPLACE INTO audit SELECT id, at, 'nobody', action, table_name, record, before, \
             after, person_id, role, request_id, changed FROM audit",
            "REPLACE INTO number_series SELECT prefix, financial_year, 1 FROM number_series",
            "REPLACE INTO ledger_transactions (id, day, customer_id, cause, bill_id, posted_at) \
             SELECT id, 20260901, customer_id, cause, bill_id, posted_at FROM ledger_transactions",
            "REPLACE INTO ledger_entries (transaction_id, entry_no, account, customer_id, \
             amount_paise) SELECT transaction_id, entry_no, account, customer_id, \
             amount_paise FROM ledger_entries",
            "REPLACE INTO bills SELECT id, customer_id, month, kind, state, version, needs_rerun, \
             'INV/26-27/000009', prefix, financial_year, 9, bill_day, interstate, taxable_paise, \
             cgst_paise, sgst_paise, igst_paise, round_off_paise, total_paise, \
             previous_balance_paise, content_hash, credit_note, created_at, updated_at, \
             issued_at, paid_paise FROM bills WHERE id = 1",
            "REPLACE INTO bill_lines SELECT * FROM bill_lines WHERE bill_id = 1",
        ] {
            refused(&store, &[sql], "");
        }
    });
}

/// Whether by a refusal or by leaving it out: importing a billed delivery again is no mistake.
#[test]
fn nothing_on_an_issued_bill_is_replaced() {
    on_both(|database| {
        let store = issued(database);
        if !store.is_sqlite() {
            return; // It has no REPLACE.
        }
        let before = fingerprint(&store);
        for sql in [
            "REPLACE INTO deliveries SELECT customer_id, day, shift, product_id, reference, 9000, \
             status, import_id, bill_id, line_no FROM deliveries WHERE bill_id = 1",
            "REPLACE INTO deliveries SELECT customer_id, day, shift, product_id, reference, 9000, \
             status, import_id, NULL, NULL FROM deliveries WHERE bill_id = 1",
            "REPLACE INTO orders SELECT id, reference, ordered_on, delivery_day, customer_id, \
             product_id, 9000, status, agreed_price_milli, import_id, NULL, NULL FROM orders \
             WHERE bill_id = 1",
        ] {
            let _ = execute(&store, &[sql]);
            assert_eq!(fingerprint(&store), before, "{sql}");
        }
    });
}

/// A finished comparison with one issue.
fn reconciled(store: &Store) {
    let fingerprint = "a".repeat(64);
    let statements = [
        "INSERT INTO reconciliations (id, day, run_no, status, total_issues, errors, warnings, \
         infos, new_issues, same_issues, gone_issues, bills, payments, actor, started_at, \
         finished_at) VALUES (1, 20261001, 1, 'clean', 1, 0, 0, 1, 1, 0, 0, 1, 1, 'a', 1, 1)"
            .to_owned(),
        format!(
            "INSERT INTO reconciliation_issues (id, fingerprint, kind, severity, subject, \
             details, state, version, first_run_id, last_run_id, first_day, last_day, created_at, \
             updated_at) VALUES (1, '{fingerprint}', 'duplicate', 'info', '', 'x', 'open', 1, 1, \
             1, 20261001, 20261001, 1, 1)"
        ),
        "INSERT INTO reconciliation_findings (run_id, issue_id, severity, details, is_new) \
         VALUES (1, 1, 'info', 'x', 1)"
            .to_owned(),
    ];
    execute(store, &statements.each_ref().map(String::as_str)).unwrap();
}

#[test]
fn a_finished_comparison_stays_and_an_issue_is_closed_with_a_note() {
    on_both(|database| {
        let store = issued(database);
        reconciled(&store);
        for (statement, why) in [
            ("UPDATE reconciliations SET status = 'errors'", "never changes"),
            ("DELETE FROM reconciliations", "never removed"),
            ("UPDATE reconciliation_findings SET details = 'y'", "never changes"),
            ("DELETE FROM reconciliation_findings", "never removed"),
            ("DELETE FROM reconciliation_issues", "never removed"),
            ("UPDATE reconciliation_issues SET kind = 'ours_only'", "stays what it is about"),
            ("UPDATE reconciliation_issues SET payment_id = 7", "stays what it is about"),
            ("UPDATE reconciliation_issues SET note = 'x'", "each step on it counts"),
            ("UPDATE reconciliation_issues SET state = 'closed', version = 2", ""),
            ("UPDATE reconciliation_issues SET state = 'closed', note = ' ', version = 2", ""),
            ("UPDATE reconciliation_issues SET state = 'assigned', version = 2", ""),
        ] {
            refused(&store, &[statement], why);
        }
        allowed(&store, "UPDATE reconciliation_issues SET details = 'y', found_paise = 5");
        let close = "UPDATE reconciliation_issues SET state = 'closed', note = 'x', version = 2";
        allowed(&store, close);
    });
}
