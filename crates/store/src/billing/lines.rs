//! The lines of bills, with their snapshots.
//!
//! It deliberately replaces lines of drafts and never updates one.

use crate::catalog::day;
use crate::db::{Column, Each, Insert, Row, StoreError, Tx};
use domain::billing::{Line, LineKind};
use domain::calendar::{Day, Month};
use domain::catalog::Unit;
use domain::ids::{BillId, ProductId};
use domain::money::{Money, Quantity, TaxRate, TaxSplit, UnitPrice};

const INSERT: Insert = Insert {
    table: "bill_lines",
    columns: &[
        "bill_id",
        "line_no",
        "kind",
        "product_id",
        "sku",
        "name",
        "hsn",
        "unit",
        "quantity_milli",
        "unit_price_milli",
        "tax_rate",
        "tax_inclusive",
        "amount_paise",
        "taxable_paise",
        "cgst_paise",
        "sgst_paise",
        "igst_paise",
        "first_day",
        "last_day",
        "item_count",
    ],
};
const DELETE: Each =
    Each { sql: "DELETE FROM bill_lines WHERE bill_id = :bill", columns: &[Column::Int("bill")] };
const DAYS: Each = Each {
    sql: "SELECT l.bill_id, MIN(l.first_day), MAX(l.last_day) FROM bill_lines l \
          WHERE l.bill_id = :bill GROUP BY l.bill_id",
    columns: &[Column::Int("bill")],
};
const OF_BILLS: Each = Each {
    sql: "SELECT l.bill_id, l.line_no, l.kind, l.product_id, l.sku, l.name, l.hsn, l.unit, \
          l.quantity_milli, l.unit_price_milli, l.tax_rate, l.tax_inclusive, l.amount_paise, \
          l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.first_day, l.last_day, \
          l.item_count FROM bill_lines l WHERE l.bill_id = :bill",
    columns: &[Column::Int("bill")],
};
pub(crate) const OF_BILL: &str = "SELECT l.bill_id, l.line_no, l.kind, l.product_id, l.sku, \
     l.name, l.hsn, l.unit, l.quantity_milli, l.unit_price_milli, l.tax_rate, l.tax_inclusive, \
     l.amount_paise, l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.first_day, \
     l.last_day, l.item_count FROM bill_lines l WHERE l.bill_id = $1 ORDER BY l.line_no";
pub(crate) const OF_MONTH: &str = "SELECT l.bill_id, l.line_no, l.kind, l.product_id, l.sku, \
     l.name, l.hsn, l.unit, l.quantity_milli, l.unit_price_milli, l.tax_rate, l.tax_inclusive, \
     l.amount_paise, l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.first_day, \
     l.last_day, l.item_count FROM bills b CROSS JOIN bill_lines l \
     WHERE b.month = $1 AND b.customer_id BETWEEN $2 AND $3 \
     AND (b.state <> 'draft' OR $4 = 1) AND l.bill_id = b.id";
pub(crate) const QUERIES: &[&str] = &[OF_BILL, OF_MONTH];
pub(crate) const SETS: &[&Each] = &[&DELETE, &DAYS, &OF_BILLS];

/// A line with its place on a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// The bill.
    pub bill: BillId,
    /// The place on it, from 1.
    pub line_no: i64,
    /// The line.
    pub line: Line,
}

/// Keeps the lines of bills that are being made, in printed order from 1.
pub fn add_lines<'a>(
    tx: &mut Tx<'_>,
    bills: impl IntoIterator<Item = (BillId, &'a [Line])>,
) -> Result<(), StoreError> {
    let rows = bills.into_iter().flat_map(|(bill, lines)| {
        lines.iter().zip(1i64..).map(move |(line, line_no)| {
            [
                bill.0.into(),
                line_no.into(),
                line.kind.as_str().into(),
                line.product.0.into(),
                line.sku.as_str().into(),
                line.name.as_str().into(),
                line.hsn.as_str().into(),
                line.unit.as_str().into(),
                line.quantity.milli().into(),
                line.unit_price.milli().into(),
                line.tax_rate.ten_thousandths().into(),
                line.tax_inclusive.into(),
                line.amount.paise().into(),
                line.split.taxable.paise().into(),
                line.split.cgst.paise().into(),
                line.split.sgst.paise().into(),
                line.split.igst.paise().into(),
                line.first_day.number().into(),
                line.last_day.number().into(),
                line.count.into(),
            ]
        })
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// The first and last day on each of some bills.
pub fn days_on_bills(
    tx: &mut Tx<'_>,
    bills: &[BillId],
) -> Result<Vec<(BillId, Day, Day)>, StoreError> {
    let rows: Vec<_> = bills.iter().map(|bill| [bill.0.into()]).collect();
    let mut found = Vec::with_capacity(bills.len());
    tx.look_up(&DAYS, &rows, |row| {
        let first = day(row.int(1)?, "bill_lines.first_day")?;
        let last = day(row.int(2)?, "bill_lines.last_day")?;
        found.push((BillId(row.int(0)?), first, last));
        Ok(())
    })?;
    Ok(found)
}

/// Removes the lines of drafts that are being recomputed.
pub fn delete_lines(tx: &mut Tx<'_>, bills: &[BillId]) -> Result<(), StoreError> {
    let rows = bills.iter().map(|bill| [bill.0.into()]);
    tx.for_each(&DELETE, rows).map(|_| ())
}

/// The lines of a bill, in printed order.
pub fn lines_of_bill(tx: &mut Tx<'_>, bill: BillId) -> Result<Vec<BillLine>, StoreError> {
    tx.list(OF_BILL, &[bill.0.into()], |row| read(row, 0))
}

/// The lines of some bills, each bill's in printed order.
pub fn lines_of_bills(tx: &mut Tx<'_>, bills: &[BillId]) -> Result<Vec<BillLine>, StoreError> {
    let rows: Vec<_> = bills.iter().map(|bill| [bill.0.into()]).collect();
    let mut lines = Vec::new();
    tx.look_up(&OF_BILLS, &rows, |row| {
        lines.push(read(row, 0)?);
        Ok(())
    })?;
    lines.sort_by_key(|line: &BillLine| (line.bill, line.line_no));
    Ok(lines)
}

/// The lines of a month's issued bills, or of all its bills, of a range of customers, in no order.
pub fn lines_of_month(
    tx: &mut Tx<'_>,
    month: Month,
    from: i64,
    to: i64,
    with_drafts: bool,
) -> Result<Vec<BillLine>, StoreError> {
    let params = [month.number().into(), from.into(), to.into(), with_drafts.into()];
    tx.list(OF_MONTH, &params, |row| read(row, 0))
}

/// Reads the columns of a line from the place of its bill's id on.
pub(crate) fn read(row: &Row<'_>, from: usize) -> Result<BillLine, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("bill_lines.{what}"));
    let money = |place| row.int(from + place).map(Money::from_paise);
    let text = |place| row.text(from + place).map(str::to_owned);
    let kind = LineKind::from_name(row.text(from + 2)?);
    let unit = Unit::parse(row.text(from + 7)?);
    Ok(BillLine {
        bill: BillId(row.int(from)?),
        line_no: row.int(from + 1)?,
        line: Line {
            kind: kind.ok_or_else(|| wrong("kind"))?,
            product: ProductId(row.int(from + 3)?),
            sku: text(4)?,
            name: text(5)?,
            hsn: text(6)?,
            unit: unit.ok_or_else(|| wrong("unit"))?,
            quantity: Quantity::from_milli(row.int(from + 8)?),
            unit_price: UnitPrice::from_milli(row.int(from + 9)?),
            tax_rate: TaxRate::from_ten_thousandths(row.int(from + 10)?),
            tax_inclusive: row.flag(from + 11)?,
            amount: money(12)?,
            split: TaxSplit {
                taxable: money(13)?,
                cgst: money(14)?,
                sgst: money(15)?,
                igst: money(16)?,
            },
            first_day: day(row.int(from + 17)?, "bill_lines.first_day")?,
            last_day: day(row.int(from + 18)?, "bill_lines.last_day")?,
            count: row.int(from + 19)?,
        },
    })
}
