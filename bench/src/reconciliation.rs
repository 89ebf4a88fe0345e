//! The benchmark of reconciliation: as many payments as bills, each bill paid, compared as of a
//! day; once as they are and once with planted faults.
//!
//! It deliberately fills the tables with statements of its own, past the program and with every
//! guard on, since recording a million payments is measured elsewhere.

use crate::business::Business;
use crate::database::Database;
use crate::failure::Failure;
use crate::options::ReconciliationOptions;
use crate::program::Finished;
use crate::report::{Bound, Report, Unit};
use crate::turns;

/// The database.
const RUN: &str = "reconciliation";
/// The day as of which is compared; one payment in thirty came on it.
const DAY: &str = "2026-10-30";
/// Bills of one customer.
const BILLS_EACH: u32 = 10;
/// Seconds for a million payments against a million bills, and the memory for it.
const SQLITE_SECONDS: f64 = 4.0;
const POSTGRES_SECONDS: f64 = 6.0;
const MEMORY_MIB: f64 = 300.0;
/// For how many payments the seconds are.
const MILLION: f64 = 1_000_000.0;
/// Every so many-th payment has a fault, when faults are planted.
const FAULT_EVERY: u32 = 10_000;

/// Measures on every database asked for; returns whether every bound is met.
pub fn run(options: &ReconciliationOptions) -> Result<bool, Failure> {
    turns::on_each("reconciliation", &options.setting, |database, _| {
        let measured = measure(options, database);
        let removed = database.remove(RUN);
        let mut report = measured?;
        removed?;
        report.end();
        Ok(report)
    })
}

fn measure(options: &ReconciliationOptions, database: &dyn Database) -> Result<Report, Failure> {
    let business = Business::new(&options.setting.dairyos, database);
    let about = database.about()?;
    let payments = options.payments;
    let title = format!(
        "{} {}: {payments} payments against {payments} bills",
        database.name(),
        about.version
    );
    let mut report = Report::new(title, about);
    database.create(RUN)?;
    business.call(RUN, &["init", "--name", "Benchmark Dairy", "--state", "24", "--json"])?;
    business.say("filling");
    for statements in fill(payments) {
        database.execute(RUN, &statements)?;
    }
    database.rest(RUN)?;
    let seconds = if database.name() == "SQLite" { SQLITE_SECONDS } else { POSTGRES_SECONDS };
    let most = seconds * (f64::from(payments) / MILLION).max(1.0);
    for turn in 1..=options.repeat {
        business.say("reconciling");
        let done = business.call(RUN, &["reconcile", "--date", DAY, "--json"])?;
        tell(&mut report, &format!("Clean books, run {turn}"), &done, payments, most);
    }
    business.say("planting faults");
    database.execute(RUN, &faults())?;
    business.say("reconciling");
    // Errors that were found are exit code 1.
    let done = business.call_to(&[1], RUN, &["reconcile", "--date", DAY, "--json"])?;
    tell(&mut report, "Books with faults", &done, payments, most);
    Ok(report)
}

fn tell(report: &mut Report, title: &str, done: &Finished, payments: u32, most: f64) {
    report.group(title);
    report.hold("time", done.seconds, Unit::Seconds, Bound::AtMost(most));
    let rows = 2.0 * f64::from(payments);
    report.add("rate", rows / done.seconds, Unit::PerSecond("bills and payments"));
    if let Some(peak) = done.peak_mib {
        report.hold("peak memory", peak, Unit::MiB, Bound::AtMost(MEMORY_MIB));
    }
    let issues = done.printed.pointer("/summary/total_issues").and_then(serde_json::Value::as_f64);
    report.add("issues found", issues.unwrap_or_default(), Unit::Count);
}

/// Statements in transactions that fill a database: issued bills, each paid by a payment of its
/// own, two in five through Razorpay with a fee and an event, the others by UPI; all posted.
fn fill(payments: u32) -> Vec<Vec<String>> {
    let customers = payments.div_ceil(BILLS_EACH);
    let each = |count: u32, rest: &str| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             {rest}"
        )
        .replace("{customer}", &format!("1 + (i - 1) % {customers}"))
        .replace("{month}", &format!("(202601 + (i - 1) / {customers})"))
        .replace("{receipt}", &format!("{payments} + 2 * i"))
        .replace("{fee}", &format!("{payments} + 2 * i + 1"))
        .replace("{gateway}", "i % 5 < 2")
    };
    let all = |rest: &str| each(payments, rest);
    let counters = [
        ("customers", customers),
        ("products", 1),
        ("bills", payments),
        ("payments", payments),
        ("ledger_transactions", 4 * payments),
        ("gateway_events", payments),
    ];
    let counter = |(name, last): (&str, u32)| {
        format!("UPDATE counters SET next = {last} + 1 WHERE name = '{name}'")
    };
    vec![
        vec![each(customers, CUSTOMERS), PRODUCT.to_owned(), all(LINES), all(BILLS)],
        vec![all(BILL_ENTRIES), all(BILL_TRANSACTIONS)],
        vec![all(PAYMENTS), all(LOG), all(EVENTS), all(ALLOCATIONS)],
        vec![all(RECEIPT_ENTRIES), all(FEE_ENTRIES), all(RECEIPTS), all(FEES)],
        counters.map(counter).to_vec(),
    ]
}

/// Bills that count as paid by a paisa more than they are, and fees the ledger does not know.
fn faults() -> Vec<String> {
    vec![
        format!("UPDATE bills SET paid_paise = paid_paise + 1 WHERE id % {FAULT_EVERY} = 0"),
        format!(
            "UPDATE payments SET fee_paise = COALESCE(fee_paise, 0) + 5, \
             fee_tax_paise = COALESCE(fee_tax_paise, 0), version = version + 1 \
             WHERE id % {FAULT_EVERY} = 1"
        ),
    ]
}

const CUSTOMERS: &str = "INSERT INTO customers (id, code, name, opening_balance_paise, \
     created_at, updated_at) SELECT i, 'C' || CAST(i AS TEXT), 'Household', 0, 1, 1 FROM n";
const PRODUCT: &str = "INSERT INTO products (id, sku, name, unit, tax_rate, tax_inclusive, \
     price_milli, created_at, updated_at) VALUES (1, 'MILK', 'Milk', 'L', 0, 0, 60000, 1, 1)";
const LINES: &str = "INSERT INTO bill_lines (bill_id, line_no, kind, product_id, sku, name, hsn, \
     unit, quantity_milli, unit_price_milli, tax_rate, tax_inclusive, amount_paise, \
     taxable_paise, cgst_paise, sgst_paise, igst_paise, first_day, last_day, item_count) \
     SELECT i, 1, 'delivery', 1, 'MILK', 'Milk', '0401', 'L', 10000, 60000, 0, 0, 60000, 60000, \
     0, 0, 0, {month} * 100 + 1, {month} * 100 + 28, 28 FROM n";
const BILLS: &str = "INSERT INTO bills (id, customer_id, month, kind, state, version, \
     needs_rerun, number, prefix, financial_year, serial, bill_day, interstate, taxable_paise, \
     cgst_paise, sgst_paise, igst_paise, round_off_paise, total_paise, previous_balance_paise, \
     content_hash, created_at, updated_at, issued_at, paid_paise) \
     SELECT i, {customer}, {month}, 'regular', 'paid', 1, 0, 'INV/' || CAST(i AS TEXT), 'INV', \
     2026, i, {month} * 100 + 28, 0, 60000, 0, 0, 0, 0, 60000, 0, \
     'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1, 1, 60000 FROM n";
const BILL_ENTRIES: &str = "INSERT INTO ledger_entries (transaction_id, entry_no, account, \
     customer_id, amount_paise) SELECT i, 1, 'receivable', {customer}, 60000 FROM n \
     UNION ALL SELECT i, 2, 'sales', NULL, -60000 FROM n";
const BILL_TRANSACTIONS: &str = "INSERT INTO ledger_transactions (id, day, customer_id, cause, \
     bill_id, posted_at) SELECT i, {month} * 100 + 28, {customer}, 'bill', i, 1 FROM n";
const PAYMENTS: &str = "INSERT INTO payments (id, provider, reference, customer_id, \
     amount_paise, currency, state, authorized, failed, captured_paise, captured_at, fee_paise, \
     fee_tax_paise, cleared, reversed, free_paise, method, bank_reference, received_day, \
     allocation_count, version, created_at, updated_at) SELECT i, \
     CASE WHEN {gateway} THEN 'razorpay' ELSE 'upi' END, \
     CASE WHEN {gateway} THEN 'pay_Bench' || CAST(i AS TEXT) \
     ELSE CAST(618200000000 + i AS TEXT) END, {customer}, 60000, 'INR', 'captured', 0, 0, 60000, \
     1, CASE WHEN {gateway} THEN 1416 END, CASE WHEN {gateway} THEN 216 END, 0, 0, 0, 'upi', \
     CAST(618200000000 + i AS TEXT), 20261001 + i % 30, 1, 1, 1, 1 FROM n";
const LOG: &str = "INSERT INTO payment_log (payment_id, entry_no, at, to_state, cause, cause_key, \
     actor, details) SELECT i, 1, 1, 'captured', 'payment.captured', \
     'evt_Bench' || CAST(i AS TEXT), 'webhooks', '{}' FROM n";
const EVENTS: &str = "INSERT INTO gateway_events (id, provider, event_id, kind, body, \
     body_is_base64, body_hash, headers, secret_no, state, attempts, received_at, processed_at) \
     SELECT i, 'razorpay', 'evt_Bench' || CAST(i AS TEXT), 'payment.captured', '{}', 0, \
     'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{}', 0, 'processed', \
     1, 1, 1 FROM n WHERE {gateway}";
const ALLOCATIONS: &str = "INSERT INTO allocations (payment_id, entry_no, customer_id, bill_id, \
     amount_paise, at, cause) SELECT i, 1, {customer}, i, 60000, 1, 'payment.captured' FROM n";
const RECEIPT_ENTRIES: &str = "INSERT INTO ledger_entries (transaction_id, entry_no, account, \
     customer_id, amount_paise) SELECT {receipt}, 1, \
     CASE WHEN {gateway} THEN 'gateway_razorpay' ELSE 'bank' END, NULL, 60000 FROM n \
     UNION ALL SELECT {receipt}, 2, 'receivable', {customer}, -60000 FROM n";
const FEE_ENTRIES: &str = "INSERT INTO ledger_entries (transaction_id, entry_no, account, \
     amount_paise) SELECT {fee}, 1, 'gateway_fees', 1200 FROM n WHERE {gateway} \
     UNION ALL SELECT {fee}, 2, 'input_gst', 216 FROM n WHERE {gateway} \
     UNION ALL SELECT {fee}, 3, 'gateway_razorpay', -1416 FROM n WHERE {gateway}";
const RECEIPTS: &str = "INSERT INTO ledger_transactions (id, day, customer_id, cause, payment_id, \
     posting, posted_at) SELECT {receipt}, 20261001 + i % 30, {customer}, 'payment', i, \
     'receipt', 1 FROM n";
const FEES: &str = "INSERT INTO ledger_transactions (id, day, customer_id, cause, payment_id, \
     posting, posted_at) SELECT {fee}, 20261001 + i % 30, {customer}, 'payment', i, 'fee', 1 \
     FROM n WHERE {gateway}";
