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

const ISSUED: &str = "number = 'INV/26-27/000001'";

/// The damage, and the invariants it breaks, in the order of reports.
fn damages() -> Vec<(&'static str, String, Vec<Invariant>)> {
    let of_issued = format!("bill_id = (SELECT id FROM bills WHERE {ISSUED})");
    let transaction =
        format!("transaction_id = (SELECT id FROM ledger_transactions WHERE {of_issued})");
    let damage = |name, sql: &str, broken: &[Invariant]| {
        let sql = sql
            .replace("{bill}", ISSUED)
            .replace("{of_bill}", &of_issued)
            .replace("{transaction}", &transaction);
        (name, sql, broken.to_vec())
    };
    vec![
        damage(
            "a line's amount",
            "UPDATE bill_lines SET amount_paise = amount_paise + 1 WHERE {of_bill} AND line_no = 1",
            &[LineArithmetic, BillContent],
        ),
        damage(
            "a line's taxable value",
            "UPDATE bill_lines SET taxable_paise = taxable_paise + 1 \
             WHERE {of_bill} AND line_no = 1",
            &[BillsAreSumsOfLines, LineArithmetic, BillContent],
        ),
        damage(
            "a line's quantity",
            "UPDATE bill_lines SET quantity_milli = quantity_milli + 1000 \
             WHERE {of_bill} AND line_no = 1",
            &[LineArithmetic, BillContent, DeliveriesMakeLines],
        ),
        damage(
            "a line's name",
            "UPDATE bill_lines SET name = 'Water' WHERE {of_bill} AND line_no = 1",
            &[BillContent],
        ),
        damage(
            "a line is gone",
            "DELETE FROM bill_lines WHERE {of_bill} AND line_no = 2",
            &[BillsAreSumsOfLines, BillContent, DeliveriesMakeLines],
        ),
        damage(
            "a bill's total and taxable value",
            "UPDATE bills SET total_paise = total_paise + 100, taxable_paise = taxable_paise + 100 \
             WHERE {bill}",
            &[BillsAreSumsOfLines, BillContent, BillsPostedOnce],
        ),
        damage(
            "a bill's fingerprint",
            "UPDATE bills SET content_hash = \
             'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' WHERE {bill}",
            &[BillContent],
        ),
        damage(
            "a delivery's quantity",
            "UPDATE deliveries SET quantity_milli = 7000 WHERE {of_bill} AND line_no = 1",
            &[DeliveriesMakeLines],
        ),
        damage(
            "a billed delivery is gone",
            "DELETE FROM deliveries WHERE {of_bill} AND line_no = 1",
            &[DeliveriesMakeLines],
        ),
        damage(
            "a delivery points at another's bill",
            "UPDATE deliveries SET bill_id = (SELECT id FROM bills WHERE {bill}), line_no = 1 \
             WHERE customer_id = 2 AND day = 20260901",
            &[DeliveriesMakeLines],
        ),
        damage(
            "a delivery points at no bill",
            "UPDATE deliveries SET bill_id = 999, line_no = 1 \
             WHERE customer_id = 1 AND day = 20260904",
            &[DeliveriesMakeLines],
        ),
        damage(
            "a delivery is taken off its issued bill",
            "UPDATE deliveries SET bill_id = NULL, line_no = NULL \
             WHERE {of_bill} AND day = 20260901",
            &[DeliveriesMakeLines],
        ),
        damage(
            "a month that waits is forgotten",
            "DELETE FROM unbilled_months WHERE customer_id = 1 AND month = 202609",
            &[UnbilledIsKnown],
        ),
        damage(
            "a bill's number",
            "UPDATE bills SET number = 'INV/26-27/000007' WHERE {bill}",
            &[NumberForm, IssuesTraced],
        ),
        damage(
            "a bill's place in the series",
            "UPDATE bills SET serial = 7 WHERE {bill}",
            &[NumbersGapless, NumberForm],
        ),
        damage(
            "the next number",
            "UPDATE number_series SET next_serial = next_serial + 1",
            &[NumbersGapless],
        ),
        damage("a series is gone", "DELETE FROM number_series", &[NumbersGapless]),
        damage(
            "a ledger entry is gone",
            "DELETE FROM ledger_entries WHERE {transaction} AND account = 'sales'",
            &[LedgerBalances, BillsPostedOnce],
        ),
        damage(
            "a whole posting is gone",
            "DELETE FROM ledger_entries WHERE {transaction};\
             DELETE FROM ledger_transactions WHERE {of_bill}",
            &[BillsPostedOnce],
        ),
        damage(
            "a posting to another account",
            "UPDATE ledger_entries SET account = 'round_off' \
             WHERE {transaction} AND account = 'sales'",
            &[BillsPostedOnce],
        ),
        damage(
            "an opening balance",
            "UPDATE customers SET opening_balance_paise = 1 WHERE code = 'C9'",
            &[OpeningBalancesPosted],
        ),
        damage(
            "an audit row is gone",
            "DELETE FROM audit WHERE record = 'INV/26-27/000001'",
            &[IssuesTraced],
        ),
    ]
}

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
        for (name, sql, expected) in damages() {
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
fn a_missing_guard_is_named() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        if dairy.store.is_sqlite() {
            dairy.sql("DROP TRIGGER audit_stay");
        } else {
            dairy.sql("DROP TRIGGER audit_stay ON audit");
            dairy.sql("ALTER TABLE bills DISABLE TRIGGER bills_final");
        }
        let findings = app::verify::verify(&dairy.store, &mut |_, _| {}).unwrap();
        let broken: Vec<_> = findings.checks().iter().filter(|check| check.broken > 0).collect();
        assert_eq!(broken[0].invariant, GuardsPresent);
        let expected: &[&str] =
            if dairy.store.is_sqlite() { &["audit_stay"] } else { &["bills_final", "audit_stay"] };
        assert_eq!(broken[0].places, expected);
        assert_eq!(broken.len(), 1);
    });
}
