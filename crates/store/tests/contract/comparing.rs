//! How reconciliation reads on PostgreSQL while the server knows nothing of the tables: right after
//! an import, the books are larger than any estimate.
//!
//! It deliberately looks at shapes only. SQLite keeps no estimates: its plans are in `plans`.

use crate::kit::{on_server, read, small};
use store::{Store, Value, Work};

/// The one text with these parts.
fn text(store: &Store, parts: [&str; 2]) -> String {
    let mut all = store::all_queries(store.is_sqlite()).into_iter();
    let found = all.find(|sql| parts.iter().all(|part| sql.contains(part)));
    found.unwrap_or_else(|| panic!("{parts:?}"))
}

fn plan(store: &Store, sql: &str, work: Work) -> String {
    let count = (1..=9).filter(|n| sql.contains(&format!("${n}"))).count();
    let params = vec![Value::Int(7); count];
    read(store, |tx| {
        tx.expect(work)?;
        tx.plan(sql, &params)
    })
}

#[test]
fn ranges_are_merged_in_the_order_of_their_keys() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let bills = text(&store, ["FROM bills b LEFT JOIN (SELECT bill_id", "b.id >= $1"]);
    let payments = text(&store, ["FROM payments p LEFT JOIN (SELECT payment_id", "100003"]);
    for sql in [bills, payments] {
        let plan = plan(&store, &sql, Work::MergeRanges);
        assert!(plan.contains("Merge Left Join"), "{sql}\n{plan}");
        for other in ["Nested Loop", "Hash", "Seq Scan", "Gather"] {
            assert!(!plan.contains(other), "{other}\n{sql}\n{plan}");
        }
        if plan.contains("ledger_entries") {
            assert!(plan.contains("Index Cond: (transaction_id = t.id)"), "{plan}");
        }
    }
}

#[test]
fn what_looks_alike_is_joined_as_it_is_written() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let sql = text(&store, ["HAVING MIN(provider) <> MAX(provider)", "ledger_entries d"]);
    let plan = plan(&store, &sql, Work::ReadAsWritten);
    let tables = [
        "ledger_entries d",
        "ledger_transactions s",
        "payments p",
        "ledger_entries e",
        "ledger_transactions t",
        "payments q",
    ];
    let places: Vec<_> = tables.iter().map(|table| plan.find(table)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}\n{plan}");
    assert!(places.is_sorted(), "{places:?}\n{plan}");
    assert!(!plan.contains("Hash Join") && !plan.contains("Merge Join"), "{plan}");
}

#[test]
fn no_statement_is_carried_out_by_several_processes() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let limit = read(&store, |tx| {
        tx.expect(Work::MergeRanges)?;
        let sql = "SELECT current_setting('max_parallel_workers_per_gather')";
        tx.find(sql, &[], |row| row.text(0).map(str::to_owned))
    });
    assert_eq!(limit.as_deref(), Some("0"));
}

#[test]
fn a_page_is_read_in_the_order_of_its_index() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let sql = text(&store, ["WHERE b.month = $1 AND b.customer_id > $2", "LIMIT $4"]);
    let params = [Value::Int(202_609), Value::Int(0), Value::Null, Value::Int(51)];
    let plan = read(&store, |tx| {
        tx.expect(Work::ReadPages)?;
        tx.plan(&sql, &params)
    });
    assert!(plan.contains("bills_by_month"), "{plan}");
    for other in ["Sort", "Bitmap", "Hash", "Seq Scan"] {
        assert!(!plan.contains(other), "{other}\n{plan}");
    }
}
