//! What `dairyos verify` reads: bills, ledger and unbilled months by ranges of customers, and
//! questions whose answer must be empty.
//!
//! It deliberately repairs nothing, and leaves the arithmetic to `app` and `domain`.

use crate::db::{Dialect, Row, StoreError, Tx, Value};
use crate::deliveries::month_of;
use crate::migrations;
use domain::billing::{BillState, Draft};
use domain::calendar::Month;
use domain::ids::{BillId, CustomerId, PaymentId};
use domain::ledger::Account;
use domain::money::{Money, TaxSplit};

/// How many places of a broken invariant are named.
pub const PLACES_NAMED: u8 = 10;

pub(crate) const DELIVERED: &str = "SELECT customer_id, day, product_id, quantity_milli, \
     bill_id, line_no FROM deliveries WHERE customer_id BETWEEN $1 AND $2 AND status = 1";
pub(crate) const DELIVERED_ORDERS: &str = "SELECT customer_id, delivery_day, product_id, \
     quantity_milli, bill_id, line_no FROM orders \
     WHERE customer_id BETWEEN $1 AND $2 AND status = 'delivered'";
// What is posted for a bill of nothing (all of it rounded off) has no entry about a customer.
pub(crate) const POSTED: &str = "SELECT t.id, COALESCE(t.customer_id, 0), t.bill_id, t.day, \
     e.account, e.customer_id, e.amount_paise, t.payment_id \
     FROM ledger_entries r JOIN ledger_transactions t ON t.id = r.transaction_id \
     JOIN ledger_entries e ON e.transaction_id = r.transaction_id \
     WHERE r.customer_id BETWEEN $1 AND $2 AND NOT EXISTS (SELECT 1 FROM ledger_entries o \
         WHERE o.transaction_id = r.transaction_id AND o.entry_no < r.entry_no \
         AND o.customer_id IS NOT NULL) \
     UNION ALL SELECT t.id, COALESCE(t.customer_id, 0), t.bill_id, t.day, e.account, \
     e.customer_id, e.amount_paise, t.payment_id FROM bills b \
     JOIN ledger_transactions t ON t.bill_id = b.id \
     JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE b.customer_id BETWEEN $1 AND $2 AND (b.total_paise = 0 OR b.state = 'draft') \
     AND NOT EXISTS (SELECT 1 FROM ledger_entries o WHERE o.transaction_id = t.id \
         AND o.customer_id IS NOT NULL)";
pub(crate) const OPENING: &str =
    "SELECT id, code, opening_balance_paise FROM customers WHERE id BETWEEN $1 AND $2";
pub(crate) const BILLS: &str = "SELECT b.id, b.customer_id, c.code, b.month, b.state, \
     b.needs_rerun, b.interstate, b.taxable_paise, b.cgst_paise, b.sgst_paise, b.igst_paise, \
     b.round_off_paise, b.total_paise, b.content_hash, b.number, b.prefix, b.financial_year, \
     b.serial, b.bill_day, b.previous_balance_paise \
     FROM bills b JOIN customers c ON c.id = b.customer_id \
     WHERE b.customer_id BETWEEN $1 AND $2 ORDER BY b.id";
pub(crate) const LINES: &str = "SELECT l.bill_id, l.line_no, l.kind, l.product_id, l.sku, \
     l.name, l.hsn, l.unit, l.quantity_milli, l.unit_price_milli, l.tax_rate, l.tax_inclusive, \
     l.amount_paise, l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.first_day, \
     l.last_day, l.item_count FROM bills b JOIN bill_lines l ON l.bill_id = b.id \
     WHERE b.customer_id BETWEEN $1 AND $2 ORDER BY l.bill_id, l.line_no";
pub(crate) const UNBALANCED: &str = "SELECT CAST(transaction_id AS TEXT) FROM ledger_entries \
     GROUP BY transaction_id HAVING SUM(amount_paise) <> 0 OR COUNT(*) < 2 \
     ORDER BY transaction_id LIMIT $1";
pub(crate) const ENTRIES_ALONE: &str = "SELECT CAST(e.transaction_id AS TEXT) \
     FROM ledger_entries e LEFT JOIN ledger_transactions t ON t.id = e.transaction_id \
     WHERE t.id IS NULL GROUP BY e.transaction_id ORDER BY e.transaction_id LIMIT $1";
pub(crate) const SERIES: &str = "SELECT s.prefix || '/' || CAST(s.financial_year AS TEXT) \
     FROM number_series s LEFT JOIN (SELECT prefix, financial_year, COUNT(*) AS bills, \
     MIN(serial) AS lowest, MAX(serial) AS highest FROM bills WHERE serial IS NOT NULL \
     GROUP BY prefix, financial_year) b \
     ON b.prefix = s.prefix AND b.financial_year = s.financial_year \
     WHERE s.next_serial - 1 <> COALESCE(b.bills, 0) \
     OR s.next_serial - 1 <> COALESCE(b.highest, 0) OR COALESCE(b.lowest, 1) <> 1 \
     ORDER BY s.prefix, s.financial_year LIMIT $1";
pub(crate) const WITHOUT_SERIES: &str = "SELECT b.number FROM bills b \
     LEFT JOIN number_series s ON s.prefix = b.prefix AND s.financial_year = b.financial_year \
     WHERE b.number IS NOT NULL AND s.prefix IS NULL ORDER BY b.number LIMIT $1";
pub(crate) const UNTRACED: &str = "SELECT b.number FROM bills b WHERE b.number IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM audit a \
     WHERE a.table_name = 'bills' AND a.record = b.number AND a.action = 'issue') \
     ORDER BY b.number LIMIT $1";
pub(crate) const LINES_ALONE: &str = "SELECT CAST(l.bill_id AS TEXT) FROM bill_lines l \
     LEFT JOIN bills b ON b.id = l.bill_id WHERE b.id IS NULL GROUP BY l.bill_id \
     ORDER BY l.bill_id LIMIT $1";
pub(crate) const QUERIES: &[&str] = &[
    DELIVERED,
    DELIVERED_ORDERS,
    POSTED,
    OPENING,
    BILLS,
    LINES,
    UNBALANCED,
    ENTRIES_ALONE,
    SERIES,
    WITHOUT_SERIES,
    UNTRACED,
    LINES_ALONE,
];

/// A question about the whole database whose answer must be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Ledger transactions whose entries do not sum to zero.
    UnbalancedTransactions,
    /// Ledger entries without a transaction.
    EntriesAlone,
    /// Series whose numbers have gaps or repeats.
    BrokenSeries,
    /// Numbered bills without a series.
    WithoutSeries,
    /// Issued bills without an audit row.
    Untraced,
    /// Lines without a bill.
    LinesAlone,
}

/// The places that answer a question, at most `PLACES_NAMED`.
pub fn ask(tx: &mut Tx<'_>, question: Question) -> Result<Vec<String>, StoreError> {
    let sql = match question {
        Question::UnbalancedTransactions => UNBALANCED,
        Question::EntriesAlone => ENTRIES_ALONE,
        Question::BrokenSeries => SERIES,
        Question::WithoutSeries => WITHOUT_SERIES,
        Question::Untraced => UNTRACED,
        Question::LinesAlone => LINES_ALONE,
    };
    tx.list(sql, &[i64::from(PLACES_NAMED).into()], |row| row.text(0).map(str::to_owned))
}

/// A delivered item: whose, when, what, how much, and the line it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Who received it.
    pub customer: CustomerId,
    /// When, as `yyyymmdd`.
    pub day: i64,
    /// What.
    pub product: i64,
    /// How much, in thousandths.
    pub quantity_milli: i64,
    /// The line it is on.
    pub on: Option<(BillId, i64)>,
}

/// All delivered deliveries and orders of a range of customers, in no order.
pub fn delivered(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    mut each: impl FnMut(Delivered),
) -> Result<(), StoreError> {
    for sql in [DELIVERED, DELIVERED_ORDERS] {
        tx.query(sql, &[from.into(), to.into()], |row| {
            each(Delivered {
                customer: CustomerId(row.int(0)?),
                day: row.int(1)?,
                product: row.int(2)?,
                quantity_milli: row.int(3)?,
                on: match (row.opt_int(4)?, row.opt_int(5)?) {
                    (Some(bill), Some(line)) => Some((BillId(bill), line)),
                    _ => None,
                },
            });
            Ok(())
        })?;
    }
    Ok(())
}

/// A ledger entry with its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The transaction; later ones have higher ids.
    pub transaction: i64,
    /// Whom the transaction is about.
    pub customer: CustomerId,
    /// The bill it was made for.
    pub bill: Option<BillId>,
    /// The payment it was made for.
    pub payment: Option<PaymentId>,
    /// The day it counts for, as `yyyymmdd`.
    pub day: i64,
    /// The account.
    pub account: Account,
    /// Whose receivable the entry is.
    pub receivable_of: Option<CustomerId>,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// The entries of all transactions about what customers of a range owe, and of their bills of
/// nothing, in no order, each once.
pub fn posted(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    mut each: impl FnMut(Posted),
) -> Result<(), StoreError> {
    tx.query(POSTED, &[from.into(), to.into()], |row| {
        each(Posted {
            transaction: row.int(0)?,
            customer: CustomerId(row.int(1)?),
            bill: row.opt_int(2)?.map(BillId),
            payment: row.opt_int(7)?.map(PaymentId),
            day: row.int(3)?,
            account: crate::ledger::account(row.text(4)?)?,
            receivable_of: row.opt_int(5)?.map(CustomerId),
            amount: Money::from_paise(row.int(6)?),
        });
        Ok(())
    })
}

/// The opening balances of a range of customers, with their codes.
pub fn opening_balances(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
) -> Result<Vec<(CustomerId, String, Money)>, StoreError> {
    tx.list(OPENING, &[from.into(), to.into()], |row| {
        Ok((CustomerId(row.int(0)?), row.text(1)?.to_owned(), Money::from_paise(row.int(2)?)))
    })
}

/// A bill with everything that can be checked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBill {
    /// Its id.
    pub id: BillId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The customer's code.
    pub customer_code: String,
    /// The month it is for.
    pub month: Month,
    /// Where it stands.
    pub state: BillState,
    /// Whether a delivery on it was corrected since it was computed.
    pub needs_rerun: bool,
    /// Whether it is taxed as a supply to another State.
    pub interstate: bool,
    /// Lines and totals.
    pub content: Draft,
    /// The fingerprint as kept.
    pub content_hash: String,
    /// Its number, prefix, starting year and serial, once issued.
    pub number: Option<(String, String, i64, i64)>,
    /// Its date, as `yyyymmdd`.
    pub day: i64,
    /// What the customer owed before it.
    pub previous_balance: Money,
}

/// All bills of a range of customers with their lines, by id.
pub fn bills(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<CheckedBill>, StoreError> {
    let mut bills = tx.list(BILLS, &[from.into(), to.into()], read_bill)?;
    let mut place = 0;
    tx.query(LINES, &[from.into(), to.into()], |row| {
        let line = crate::billing::read_line(row, 0)?;
        while bills.get(place).is_some_and(|bill| bill.id < line.bill) {
            place += 1;
        }
        if let Some(bill) = bills.get_mut(place).filter(|bill| bill.id == line.bill) {
            bill.content.lines.push(line.line);
        }
        Ok(())
    })?;
    Ok(bills)
}

fn read_bill(row: &Row<'_>) -> Result<CheckedBill, StoreError> {
    let money = |place| row.int(place).map(Money::from_paise);
    let parts = (row.opt_text(14)?, row.opt_text(15)?, row.opt_int(16)?, row.opt_int(17)?);
    let number = match parts {
        (Some(number), Some(prefix), Some(year), Some(serial)) => {
            Some((number.to_owned(), prefix.to_owned(), year, serial))
        }
        _ => None,
    };
    let state = BillState::from_name(row.text(4)?);
    let split = TaxSplit { taxable: money(7)?, cgst: money(8)?, sgst: money(9)?, igst: money(10)? };
    Ok(CheckedBill {
        id: BillId(row.int(0)?),
        customer: CustomerId(row.int(1)?),
        customer_code: row.text(2)?.to_owned(),
        month: month_of(row.int(3)?, "bills.month")?,
        state: state.ok_or_else(|| StoreError::unexpected("bills.state"))?,
        needs_rerun: row.flag(5)?,
        interstate: row.flag(6)?,
        content: Draft {
            lines: Vec::new(),
            line_of_item: Vec::new(),
            split,
            round_off: money(11)?,
            total: money(12)?,
        },
        content_hash: row.text(13)?.to_owned(),
        number,
        day: row.int(18)?,
        previous_balance: money(19)?,
    })
}

/// The guards and indexes that are missing from the database, by name.
pub fn missing_guards(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    // escape: the catalogs of the databases
    let sql = match tx.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index')",
        Dialect::Postgres => {
            "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' \
             UNION SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()"
        }
    };
    let present = tx.list(sql, &[], |row| row.text(0).map(str::to_owned))?;
    let name = |line: &'static str| {
        ["CREATE TRIGGER ", "CREATE CONSTRAINT TRIGGER ", "CREATE UNIQUE INDEX ", "CREATE INDEX "]
            .iter()
            .find_map(|begin| line.strip_prefix(begin))
            .and_then(|rest| rest.split(' ').next())
    };
    Ok(migrations::texts(tx.dialect())
        .flat_map(str::lines)
        .filter_map(name)
        .filter(|name| !present.iter().any(|known| known == name))
        .map(str::to_owned)
        .collect())
}

/// What the database finds wrong with its own file; PostgreSQL's files are its server's care.
pub fn file_damage(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    // escape: PRAGMA
    if tx.dialect() == Dialect::Postgres {
        return Ok(Vec::new());
    }
    let limit: [Value<'_>; 0] = [];
    let found = tx.list(&format!("PRAGMA quick_check({PLACES_NAMED})"), &limit, |row| {
        row.text(0).map(str::to_owned)
    })?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}
