//! Bills as people and programs read them: with customer, number and lines; and the sums of a
//! month's bills.
//!
//! It deliberately formats nothing.

use super::lines::{BillLine, read as read_line};
use crate::catalog::day;
use crate::db::{Row, StoreError, Tx};
use crate::deliveries::month_of;
use domain::billing::BillState;
use domain::calendar::{Day, Moment, Month};
use domain::ids::{BillId, CustomerId};
use domain::money::{Money, TaxSplit};

/// A bill with everything that is printed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedBill {
    /// Its id.
    pub id: BillId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The customer's code.
    pub customer_code: String,
    /// The customer's name.
    pub customer_name: String,
    /// The month it is for.
    pub month: Month,
    /// Where it stands.
    pub state: BillState,
    /// How often its content has changed, from 1.
    pub version: i64,
    /// Its number, once issued.
    pub number: Option<String>,
    /// Its date.
    pub day: Day,
    /// When it was issued.
    pub issued_at: Option<Moment>,
    /// Sums of taxable values and taxes.
    pub split: TaxSplit,
    /// What brings it to whole rupees.
    pub round_off: Money,
    /// What it comes to.
    pub total: Money,
    /// What the customer owed before it.
    pub previous_balance: Money,
    /// Whether a delivery on this draft was corrected, so that it waits for a rerun.
    pub needs_rerun: bool,
    /// Its lines, in printed order.
    pub lines: Vec<BillLine>,
}

macro_rules! bill_columns {
    () => {
        "b.id, b.customer_id, c.code, c.name, b.month, b.state, b.version, b.number, b.bill_day, \
         b.issued_at, b.taxable_paise, b.cgst_paise, b.sgst_paise, b.igst_paise, \
         b.round_off_paise, b.total_paise, b.previous_balance_paise, b.needs_rerun"
    };
}

pub(crate) const OF_MONTH: &str = concat!(
    "SELECT ",
    bill_columns!(),
    ", l.bill_id, l.line_no, l.kind, l.product_id, l.sku, l.name, l.hsn, l.unit, \
     l.quantity_milli, l.unit_price_milli, l.tax_rate, l.tax_inclusive, l.amount_paise, \
     l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.first_day, l.last_day, \
     l.item_count FROM bills b JOIN customers c ON c.id = b.customer_id \
     JOIN bill_lines l ON l.bill_id = b.id \
     WHERE b.month = $1 ORDER BY b.customer_id, l.line_no"
);
pub(crate) const BY_NUMBER: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM bills b JOIN customers c ON c.id = b.customer_id WHERE b.number = $1"
);
pub(crate) const OF_CUSTOMER: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM bills b JOIN customers c ON c.id = b.customer_id WHERE c.code = $1 AND b.month = $2"
);
pub(crate) const OWN: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM bills b JOIN customers c ON c.id = b.customer_id \
     WHERE b.customer_id = $1 AND b.month = $2 AND b.state <> 'draft'"
);
pub(crate) const PAGE: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM bills b JOIN customers c ON c.id = b.customer_id \
     WHERE b.month = $1 AND b.customer_id > $2 \
     AND (CAST($3 AS TEXT) IS NULL OR b.state = $3) ORDER BY b.customer_id LIMIT $4"
);
pub(crate) const SUM_OF_LINES: &str = "SELECT CAST(COALESCE(SUM(l.taxable_paise + l.cgst_paise \
     + l.sgst_paise + l.igst_paise), 0) AS BIGINT) FROM bills b CROSS JOIN bill_lines l \
     WHERE b.month = $1 AND b.customer_id BETWEEN $2 AND $3 AND b.needs_rerun = 0 \
     AND l.bill_id = b.id";
pub(crate) const SUM_OF_BILLS: &str = "SELECT \
     CAST(COALESCE(SUM(round_off_paise), 0) AS BIGINT), \
     CAST(COALESCE(SUM(total_paise), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN state = 'draft' THEN 0 ELSE total_paise END), 0) AS BIGINT) \
     FROM bills WHERE month = $1 AND customer_id BETWEEN $2 AND $3 AND needs_rerun = 0";
pub(crate) const SUM_OF_RECEIVABLES: &str = "SELECT \
     CAST(COALESCE(SUM(e.amount_paise), 0) AS BIGINT) \
     FROM bills b CROSS JOIN ledger_transactions t CROSS JOIN ledger_entries e \
     WHERE b.month = $1 AND b.customer_id BETWEEN $2 AND $3 AND t.bill_id = b.id \
     AND e.transaction_id = t.id AND e.account = 'receivable'";
pub(crate) const QUERIES: &[&str] =
    &[OF_MONTH, BY_NUMBER, OF_CUSTOMER, OWN, PAGE, SUM_OF_LINES, SUM_OF_BILLS, SUM_OF_RECEIVABLES];

/// How many columns a bill has before its lines begin.
const BILL_COLUMNS: usize = 18;

fn read(row: &Row<'_>) -> Result<PrintedBill, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("bills.{what}"));
    let money = |place| row.int(place).map(Money::from_paise);
    Ok(PrintedBill {
        id: BillId(row.int(0)?),
        customer: CustomerId(row.int(1)?),
        customer_code: row.text(2)?.to_owned(),
        customer_name: row.text(3)?.to_owned(),
        month: month_of(row.int(4)?, "bills.month")?,
        state: BillState::from_name(row.text(5)?).ok_or_else(|| wrong("state"))?,
        version: row.int(6)?,
        number: row.opt_text(7)?.map(str::to_owned),
        day: day(row.int(8)?, "bills.bill_day")?,
        issued_at: row.opt_int(9)?.map(Moment::from_unix_micros),
        split: TaxSplit {
            taxable: money(10)?,
            cgst: money(11)?,
            sgst: money(12)?,
            igst: money(13)?,
        },
        round_off: money(14)?,
        total: money(15)?,
        previous_balance: money(16)?,
        needs_rerun: row.flag(17)?,
        lines: Vec::new(),
    })
}

/// All bills of a month with their lines, in the order of customers, as a stream.
pub fn printed_of_month<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    month: Month,
    mut each: impl FnMut(PrintedBill) -> Result<(), E>,
) -> Result<(), E> {
    let mut current: Option<PrintedBill> = None;
    let mut failed = None;
    tx.query(OF_MONTH, &[month.number().into()], |row| {
        let bill = BillId(row.int(0)?);
        if current.as_ref().is_none_or(|current| current.id != bill)
            && let Some(complete) = current.replace(read(row)?)
            && failed.is_none()
        {
            failed = each(complete).err();
        }
        if let Some(current) = &mut current {
            current.lines.push(read_line(row, BILL_COLUMNS)?);
        }
        Ok(())
    })?;
    match (failed, current) {
        (Some(error), _) => Err(error),
        (None, Some(last)) => each(last),
        (None, None) => Ok(()),
    }
}

fn with_lines(
    tx: &mut Tx<'_>,
    bill: Option<PrintedBill>,
) -> Result<Option<PrintedBill>, StoreError> {
    let Some(mut bill) = bill else {
        return Ok(None);
    };
    bill.lines = super::lines_of_bill(tx, bill.id)?;
    Ok(Some(bill))
}

/// The bill with a number.
pub fn bill_by_number(tx: &mut Tx<'_>, number: &str) -> Result<Option<PrintedBill>, StoreError> {
    let bill = tx.find(BY_NUMBER, &[number.into()], read)?;
    with_lines(tx, bill)
}

/// The bill of a customer for a month.
pub fn bill_of_customer(
    tx: &mut Tx<'_>,
    code: &str,
    month: Month,
) -> Result<Option<PrintedBill>, StoreError> {
    let bill = tx.find(OF_CUSTOMER, &[code.into(), month.number().into()], read)?;
    with_lines(tx, bill)
}

/// Sums of a month's bills of a range of customers, as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSums {
    /// What the lines come to with taxes.
    pub lines: Money,
    /// What brought the bills to whole rupees.
    pub round_off: Money,
    /// What the bills come to.
    pub bills: Money,
    /// What the issued ones come to.
    pub issued: Money,
    /// What is posted to receivables for them.
    pub receivable: Money,
}

/// Sums a month's bills of a range of customers. Drafts that wait for a rerun are left out.
pub fn sums_of_month(
    tx: &mut Tx<'_>,
    month: Month,
    from: i64,
    to: i64,
) -> Result<KeptSums, StoreError> {
    let params = [month.number().into(), from.into(), to.into()];
    let one = |row: &Row<'_>| row.int(0).map(Money::from_paise);
    let lines = tx.find(SUM_OF_LINES, &params, one)?.unwrap_or_default();
    let receivable = tx.find(SUM_OF_RECEIVABLES, &params, one)?.unwrap_or_default();
    let sums = tx.find(SUM_OF_BILLS, &params, |row| {
        let money = |place| row.int(place).map(Money::from_paise);
        Ok((money(0)?, money(1)?, money(2)?))
    })?;
    let (round_off, bills, issued) = sums.unwrap_or_default();
    Ok(KeptSums { lines, round_off, bills, issued, receivable })
}

/// A page of a month's bills with their lines, in the order of customers, after one of them.
pub fn page_of_month(
    tx: &mut Tx<'_>,
    month: Month,
    state: Option<&str>,
    after: CustomerId,
    limit: i64,
) -> Result<Vec<PrintedBill>, StoreError> {
    let params = [month.number().into(), after.0.into(), state.into(), limit.into()];
    let mut bills = tx.list(PAGE, &params, read)?;
    let ids: Vec<_> = bills.iter().map(|bill| bill.id).collect();
    let lines = super::lines_of_bills(tx, &ids)?;
    for bill in &mut bills {
        let from = lines.partition_point(|line| line.bill < bill.id);
        let own = lines.iter().skip(from).take_while(|line| line.bill == bill.id);
        bill.lines = own.cloned().collect();
    }
    Ok(bills)
}

/// The issued bill of a customer for a month.
pub fn issued_of_customer(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    month: Month,
) -> Result<Option<PrintedBill>, StoreError> {
    let bill = tx.find(OWN, &[customer.0.into(), month.number().into()], read)?;
    with_lines(tx, bill)
}
