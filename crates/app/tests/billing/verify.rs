//! Verification finds every planted damage and reports exactly the invariants it breaks.
//!
//! It deliberately takes the guards away while it plants: with them, most of it is impossible.

use crate::kit::Dairy;
use app::verify::Invariant::{self, *};
use store::{StoreError, Tx};
use testkit::on_both;

/// Two issued bills, a draft, a late delivery that is known to be unbilled.
fn prepared(dairy: &Dairy<'_>) {
    dairy.deliver(&[
        "2026-09-01 C1 MILK 1.000",
        "2026-09-02 C1 PANEER 0.500",
        "2026-09-01 C2 MILK 1.000",
    ]);
    dairy.import(app::import::Kind::Customers, "code,name,opening_balance\nC9,Ninth,10.00\n");
    dairy.on("2026-10-01");
    dairy.run_and_issue("2026-09");
    dairy.deliver(&["2026-09-03 C2 MILK 1.000", "2026-10-01 C1 MILK 1.000"]);
    dairy.draft("2026-10");
    dairy.deliver(&["2026-09-04 C1 MILK 1.000"]);
    dairy.assert_verified();
}

/// Executes statements, each of which must find something, while the guards are away.
fn plant(dairy: &Dairy<'_>, statements: &[&str]) {
    without_guards(dairy, |tx| {
        for statement in statements {
            assert!(tx.execute(statement, &[])? > 0, "{statement}");
        }
        Ok(())
    });
}

fn without_guards(dairy: &Dairy<'_>, work: impl Fn(&mut Tx<'_>) -> Result<(), StoreError>) {
    let sqlite = dairy.store.is_sqlite();
    let done = dairy.store.write(|tx| {
        if !sqlite {
            tx.execute("SET LOCAL session_replication_role = replica", &[])?;
            return work(tx);
        }
        tx.execute("PRAGMA defer_foreign_keys = ON", &[])?;
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
        let guards =
            tx.list(sql, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))?;
        for (name, _) in &guards {
            tx.execute(&format!("DROP TRIGGER {name}"), &[])?;
        }
        work(tx)?;
        for (_, sql) in &guards {
            tx.execute(sql, &[])?;
        }
        Ok(())
    });
    done.unwrap();
}

/// Which bill, lines and postings the damage is done to.
const PLACES: [(&str, &str); 3] = [
    ("{bill}", "number = 'INV/26-27/000001'"),
    ("{of_bill}", "bill_id = (SELECT id FROM bills WHERE number = 'INV/26-27/000001')"),
    (
        "{transaction}",
        "transaction_id = (SELECT t.id FROM ledger_transactions t \
         JOIN bills b ON b.id = t.bill_id WHERE b.number = 'INV/26-27/000001')",
    ),
];

/// The damage, and the invariants it breaks, in the order of reports.
const DAMAGES: [(&str, &str, &[Invariant]); 29] = [
    (
        "a line's amount",
        "UPDATE bill_lines SET amount_paise = amount_paise + 1 WHERE {of_bill} AND line_no = 1",
        &[LineArithmetic, BillContent],
    ),
    (
        "a line's taxable value",
        "UPDATE bill_lines SET taxable_paise = taxable_paise + 1 \
             WHERE {of_bill} AND line_no = 1",
        &[BillsAreSumsOfLines, LineArithmetic, BillContent],
    ),
    (
        "a line's quantity",
        "UPDATE bill_lines SET quantity_milli = quantity_milli + 1000 \
             WHERE {of_bill} AND line_no = 1",
        &[LineArithmetic, BillContent, DeliveriesMakeLines],
    ),
    (
        "a line's name",
        "UPDATE bill_lines SET name = 'Water' WHERE {of_bill} AND line_no = 1",
        &[BillContent],
    ),
    (
        "a line is gone",
        "DELETE FROM bill_lines WHERE {of_bill} AND line_no = 2",
        &[BillsAreSumsOfLines, BillContent, DeliveriesMakeLines],
    ),
    (
        "a bill's total and taxable value",
        "UPDATE bills SET total_paise = total_paise + 100, taxable_paise = taxable_paise + 100 \
             WHERE {bill}",
        &[BillsAreSumsOfLines, BillContent, BillsPostedOnce],
    ),
    (
        "a bill's fingerprint",
        "UPDATE bills SET content_hash = \
             'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' WHERE {bill}",
        &[BillContent],
    ),
    (
        "a delivery's quantity",
        "UPDATE deliveries SET quantity_milli = 7000 WHERE {of_bill} AND line_no = 1",
        &[DeliveriesMakeLines],
    ),
    (
        "a billed delivery is gone",
        "DELETE FROM deliveries WHERE {of_bill} AND line_no = 1",
        &[DeliveriesMakeLines],
    ),
    (
        "a delivery points at another's bill",
        "UPDATE deliveries SET bill_id = (SELECT id FROM bills WHERE {bill}), line_no = 1 \
             WHERE customer_id = 2 AND day = 20260901",
        &[DeliveriesMakeLines],
    ),
    (
        "a delivery points at no bill",
        "UPDATE deliveries SET bill_id = 999, line_no = 1 \
             WHERE customer_id = 1 AND day = 20260904",
        &[DeliveriesMakeLines],
    ),
    (
        "a delivery is taken off its issued bill",
        "UPDATE deliveries SET bill_id = NULL, line_no = NULL \
             WHERE {of_bill} AND day = 20260901",
        &[DeliveriesMakeLines],
    ),
    (
        "a month that waits is forgotten",
        "DELETE FROM unbilled_months WHERE customer_id = 1 AND month = 202609",
        &[UnbilledIsKnown],
    ),
    (
        "a bill's number",
        "UPDATE bills SET number = 'INV/26-27/000007' WHERE {bill}",
        &[NumberForm, IssuesTraced],
    ),
    (
        "a bill's place in the series",
        "UPDATE bills SET serial = 7 WHERE {bill}",
        &[NumbersGapless, NumberForm],
    ),
    (
        "the next number",
        "UPDATE number_series SET next_serial = next_serial + 1",
        &[NumbersGapless],
    ),
    ("a series is gone", "DELETE FROM number_series", &[NumbersGapless]),
    (
        "a ledger entry is gone",
        "DELETE FROM ledger_entries WHERE {transaction} AND account = 'sales'",
        &[LedgerBalances, BillsPostedOnce],
    ),
    (
        "a whole posting is gone",
        "DELETE FROM ledger_entries WHERE {transaction};\
             DELETE FROM ledger_transactions WHERE {of_bill}",
        &[BillsPostedOnce],
    ),
    (
        "a posting to another account",
        "UPDATE ledger_entries SET account = 'round_off' \
             WHERE {transaction} AND account = 'sales'",
        &[BillsPostedOnce],
    ),
    (
        "a posting about another customer",
        "UPDATE ledger_entries SET customer_id = 3 WHERE {transaction} \
             AND account = 'receivable'; \
             UPDATE ledger_transactions SET customer_id = 3 WHERE {of_bill}",
        &[BillsPostedOnce],
    ),
    (
        "a receivable of another customer",
        "UPDATE ledger_entries SET customer_id = 2 WHERE {transaction} \
             AND account = 'receivable'",
        &[BillsPostedOnce],
    ),
    (
        "a posting's day",
        "UPDATE ledger_transactions SET day = 20260901 WHERE {of_bill}",
        &[BillsPostedOnce],
    ),
    ("a bill's date", "UPDATE bills SET bill_day = 20260929 WHERE {bill}", &[BillsPostedOnce]),
    (
        "a bill's previous balance",
        "UPDATE bills SET previous_balance_paise = 1 WHERE {bill}",
        &[BillsPostedOnce],
    ),
    (
        "a draft is posted",
        "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (900, 1, 'receivable', 1, 6000); \
             INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (900, 2, 'sales', NULL, -6000); \
             INSERT INTO ledger_transactions \
             (id, day, customer_id, cause, bill_id, posted_at) \
             SELECT 900, bill_day, customer_id, 'bill', id, 1 \
             FROM bills WHERE state = 'draft' AND customer_id = 1",
        &[BillsPostedOnce],
    ),
    (
        "a posting of an opening balance",
        "INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (900, 1, 'receivable', 4, 6000); \
             INSERT INTO ledger_entries \
                (transaction_id, entry_no, account, customer_id, amount_paise) \
                VALUES (900, 2, 'opening_balances', NULL, -6000); \
             INSERT INTO ledger_transactions \
             (id, day, customer_id, cause, bill_id, posted_at) \
             VALUES (900, 20260930, 4, 'opening_balance', NULL, 1)",
        &[OpeningBalancesPosted],
    ),
    (
        "an opening balance",
        "UPDATE customers SET opening_balance_paise = 1 WHERE code = 'C9'",
        &[OpeningBalancesPosted],
    ),
    (
        "an audit row is gone",
        "DELETE FROM audit WHERE record = 'INV/26-27/000001'",
        &[IssuesTraced, AuditChain],
    ),
];

/// The tables that damage may touch.
const TABLES: [&str; 10] = [
    "customers",
    "bills",
    "bill_lines",
    "deliveries",
    "orders",
    "unbilled_months",
    "number_series",
    "ledger_transactions",
    "ledger_entries",
    "audit",
];

#[test]
fn every_damage_is_found_and_named() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        prepared(&dairy);
        for table in TABLES {
            dairy.sql(&format!("CREATE TABLE sound_{table} AS SELECT * FROM {table}"));
        }
        for (name, sql, expected) in DAMAGES {
            let there = |sql: String, (name, place): &(&str, &str)| sql.replace(name, place);
            let sql = PLACES.iter().fold(sql.to_owned(), there);
            plant(&dairy, &sql.split(';').collect::<Vec<_>>());
            assert_eq!(dairy.broken(), expected, "{name}");
            mend(&dairy);
        }
        dairy.assert_verified();
    });
}

/// Brings all tables back, so that one damage does not hide the next.
fn mend(dairy: &Dairy<'_>) {
    let mut statements = Vec::new();
    for table in TABLES {
        statements.push(format!("DELETE FROM {table}"));
        statements.push(format!("INSERT INTO {table} SELECT * FROM sound_{table}"));
    }
    without_guards(dairy, |tx| {
        for statement in &statements {
            tx.execute(statement, &[])?;
        }
        Ok(())
    });
}

#[test]
fn findings_say_where() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        prepared(&dairy);
        plant(
            &dairy,
            &["UPDATE deliveries SET quantity_milli = quantity_milli + 1 WHERE customer_id = 1"],
        );
        let mut steps = Vec::new();
        let mut progress = |done, total| steps.push((done, total));
        let findings = app::verify::verify(&dairy.store, &mut progress).unwrap();
        assert_eq!(steps, [(4, 4)]);
        assert!(!findings.is_clean());
        let checks = findings.checks();
        assert_eq!(checks.len(), Invariant::ALL.len());
        let broken: Vec<_> = checks.iter().filter(|check| check.broken > 0).collect();
        assert_eq!(broken[0].invariant, DeliveriesMakeLines);
        let expected = ["INV/26-27/000001/1", "INV/26-27/000001/2", "draft of C1 for 2026-10/1"];
        assert_eq!(broken[0].places, expected);
        for invariant in Invariant::ALL {
            assert!(!invariant.as_str().is_empty() && !invariant.statement().is_empty());
        }
    });
}

#[test]
fn a_missing_guard_or_index_is_named() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.sql("DROP INDEX orders_by_customer");
        let mut expected = vec!["orders_by_customer", "audit_stay"];
        if dairy.store.is_sqlite() {
            dairy.sql("DROP TRIGGER audit_stay");
        } else {
            dairy.sql("DROP TRIGGER audit_stay ON audit");
            dairy.sql("ALTER TABLE bills DISABLE TRIGGER bills_final");
            expected.insert(1, "bills_final");
        }
        let findings = app::verify::verify(&dairy.store, &mut |_, _| {}).unwrap();
        let broken: Vec<_> = findings.checks().iter().filter(|check| check.broken > 0).collect();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].invariant, GuardsPresent);
        assert_eq!(broken[0].places, expected);
    });
}
