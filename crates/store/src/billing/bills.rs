//! Bills as records: drafts made, recomputed and removed; bills issued with numbers.
//!
//! It deliberately never touches an issued bill.

use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use crate::deliveries::month_of;
use crate::imports::{Counter, allot_apart};
use domain::billing::{BillNumber, BillState, ContentHash, Draft};
use domain::calendar::{Day, FinancialYear, Moment, Month};
use domain::ids::{BillId, CustomerId};
use domain::money::{Money, TaxSplit};

const INSERT: Insert = Insert {
    table: "bills",
    columns: &[
        "id",
        "customer_id",
        "month",
        "kind",
        "state",
        "version",
        "needs_rerun",
        "number",
        "prefix",
        "financial_year",
        "serial",
        "bill_day",
        "interstate",
        "taxable_paise",
        "cgst_paise",
        "sgst_paise",
        "igst_paise",
        "round_off_paise",
        "total_paise",
        "previous_balance_paise",
        "content_hash",
        "created_at",
        "updated_at",
        "issued_at",
    ],
};
const REDRAFT: Each = Each {
    sql: "UPDATE bills SET version = :version + 1, needs_rerun = 0, bill_day = :day, \
          interstate = :interstate, taxable_paise = :taxable, cgst_paise = :cgst, \
          sgst_paise = :sgst, igst_paise = :igst, round_off_paise = :round_off, \
          total_paise = :total, previous_balance_paise = :previous, content_hash = :content, \
          updated_at = :at WHERE id = :bill AND version = :version AND state = 'draft'",
    columns: &[
        Column::Int("bill"),
        Column::Int("version"),
        Column::Int("day"),
        Column::Int("interstate"),
        Column::Int("taxable"),
        Column::Int("cgst"),
        Column::Int("sgst"),
        Column::Int("igst"),
        Column::Int("round_off"),
        Column::Int("total"),
        Column::Int("previous"),
        Column::Text("content"),
        Column::Int("at"),
    ],
};
const ISSUE: Each = Each {
    sql: "UPDATE bills SET state = 'issued', number = :number, prefix = :prefix, \
          financial_year = :year, serial = :serial, bill_day = :day, \
          previous_balance_paise = :previous, updated_at = :at, issued_at = :at \
          WHERE id = :bill AND version = :version AND state = 'draft' AND needs_rerun = 0",
    columns: &[
        Column::Int("bill"),
        Column::Int("version"),
        Column::Text("number"),
        Column::Text("prefix"),
        Column::Int("year"),
        Column::Int("serial"),
        Column::Int("day"),
        Column::Int("previous"),
        Column::Int("at"),
    ],
};
const PREVIOUS: Each = Each {
    sql: "UPDATE bills SET previous_balance_paise = :previous \
          WHERE id = :bill AND state = 'draft'",
    columns: &[Column::Int("bill"), Column::Int("previous")],
};
const DELETE: Each = Each {
    sql: "DELETE FROM bills WHERE id = :bill AND state = 'draft'",
    columns: &[Column::Int("bill")],
};
const TO_RERUN: Each = Each {
    sql: "UPDATE bills SET needs_rerun = 1 WHERE id = :bill AND state = 'draft'",
    columns: &[Column::Int("bill")],
};
pub(crate) const OF_MONTH: &str = "SELECT id, customer_id, state, version, needs_rerun, \
     interstate, taxable_paise, cgst_paise, sgst_paise, igst_paise, round_off_paise, \
     total_paise, previous_balance_paise, content_hash FROM bills \
     WHERE month = $1 AND customer_id BETWEEN $2 AND $3 ORDER BY customer_id";
pub(crate) const ISSUED_EARLIER: &str = "SELECT customer_id, month FROM bills \
     WHERE customer_id BETWEEN $1 AND $2 AND month < $3 AND state <> 'draft'";
pub(crate) const HAS_ISSUED: &str = "SELECT id FROM bills \
     WHERE customer_id = $1 AND state <> 'draft' LIMIT 1";
pub(crate) const OTHER_DRAFTS: &str = "SELECT id FROM bills \
     WHERE customer_id BETWEEN $1 AND $2 AND month <> $3 AND state = 'draft'";
pub(crate) const NUMBERS: &str = "UPDATE number_series SET next_serial = next_serial + $3 \
     WHERE prefix = $1 AND financial_year = $2 RETURNING next_serial";
pub(crate) const NEW_SERIES: &str = "INSERT INTO number_series \
     (prefix, financial_year, next_serial) VALUES ($1, $2, 1 + $3) RETURNING next_serial";
pub(crate) const QUERIES: &[&str] =
    &[OF_MONTH, ISSUED_EARLIER, HAS_ISSUED, OTHER_DRAFTS, NUMBERS, NEW_SERIES];
pub(crate) const SETS: &[&Each] = &[&REDRAFT, &ISSUE, &PREVIOUS, &DELETE, &TO_RERUN];

/// A bill of a month as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBill {
    /// Its id.
    pub id: BillId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: BillState,
    /// How often its content has changed, from 1.
    pub version: i64,
    /// Whether a delivery on it was corrected since it was computed.
    pub needs_rerun: bool,
    /// Whether it is taxed as a supply to another State.
    pub interstate: bool,
    /// Sums of taxable values and taxes.
    pub split: TaxSplit,
    /// What brings it to whole rupees.
    pub round_off: Money,
    /// What it comes to.
    pub total: Money,
    /// What the customer owed before it.
    pub previous_balance: Money,
    /// The fingerprint of its content.
    pub content: ContentHash,
}

/// The bills of a month of a range of customers, in the order of customers.
pub fn bills_of_month(
    tx: &mut Tx<'_>,
    month: Month,
    from: i64,
    to: i64,
) -> Result<Vec<KeptBill>, StoreError> {
    tx.list(OF_MONTH, &[month.number().into(), from.into(), to.into()], read)
}

fn read(row: &Row<'_>) -> Result<KeptBill, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("bills.{what}"));
    let money = |place| row.int(place).map(Money::from_paise);
    Ok(KeptBill {
        id: BillId(row.int(0)?),
        customer: CustomerId(row.int(1)?),
        state: BillState::from_name(row.text(2)?).ok_or_else(|| wrong("state"))?,
        version: row.int(3)?,
        needs_rerun: row.flag(4)?,
        interstate: row.flag(5)?,
        split: TaxSplit { taxable: money(6)?, cgst: money(7)?, sgst: money(8)?, igst: money(9)? },
        round_off: money(10)?,
        total: money(11)?,
        previous_balance: money(12)?,
        content: ContentHash::parse(row.text(13)?).ok_or_else(|| wrong("content_hash"))?,
    })
}

/// The earlier months for which a range of customers has issued bills.
pub fn issued_earlier(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
) -> Result<Vec<(CustomerId, Month)>, StoreError> {
    tx.list(ISSUED_EARLIER, &[from.into(), to.into(), month.number().into()], |row| {
        Ok((CustomerId(row.int(0)?), month_of(row.int(1)?, "bills.month")?))
    })
}

/// Whether a customer has an issued bill.
pub fn has_issued_bill(tx: &mut Tx<'_>, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(tx.find(HAS_ISSUED, &[customer.0.into()], |row| row.int(0))?.is_some())
}

/// The drafts of other months of a range of customers.
pub fn drafts_of_other_months(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
) -> Result<Vec<BillId>, StoreError> {
    let params = [from.into(), to.into(), month.number().into()];
    tx.list(OTHER_DRAFTS, &params, |row| row.int(0).map(BillId))
}

/// A number with its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesNumber {
    /// The number.
    pub number: BillNumber,
    /// The series' prefix.
    pub prefix: String,
    /// The series' year.
    pub year: FinancialYear,
}

/// Takes ids for new bills. On PostgreSQL, ids of bills that were never kept are not given again,
/// and ranges of one run do not wait for each other's.
pub fn allot_ids(tx: &mut Tx<'_>, count: usize) -> Result<Vec<BillId>, StoreError> {
    let ids = allot_apart(tx, Counter::Bills, "bill_ids", count)?;
    Ok(ids.into_iter().map(BillId).collect())
}

/// Takes `count` consecutive numbers of a series and returns the first.
pub fn allot_numbers(
    tx: &mut Tx<'_>,
    prefix: &str,
    year: FinancialYear,
    count: usize,
) -> Result<i64, StoreError> {
    let many = i64::try_from(count).map_err(|_| StoreError::unexpected("a count of bills"))?;
    let params = [prefix.into(), year.start_year().into(), many.into()];
    let next = match tx.find(NUMBERS, &params, |row| row.int(0))? {
        Some(next) => Some(next),
        None => tx.find(NEW_SERIES, &params, |row| row.int(0))?,
    };
    next.map(|next| next - many).ok_or_else(|| StoreError::unexpected("number_series"))
}

/// A bill to be kept for the first time.
#[derive(Debug)]
pub struct NewBill<'a> {
    /// Its id.
    pub id: BillId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The month it is for.
    pub month: Month,
    /// Its date.
    pub day: Day,
    /// Whether it is taxed as a supply to another State.
    pub interstate: bool,
    /// Lines and totals.
    pub draft: &'a Draft,
    /// What the customer owed before it.
    pub previous_balance: Money,
    /// The fingerprint of its content.
    pub content: String,
    /// Its number when it is issued at once.
    pub number: Option<&'a SeriesNumber>,
}

/// Keeps new bills, as drafts or issued. Their lines are kept before.
pub fn add_bills(tx: &mut Tx<'_>, bills: &[NewBill<'_>], at: Moment) -> Result<(), StoreError> {
    let at = at.unix_micros();
    let rows = bills.iter().map(|bill| {
        let [taxable, cgst, sgst, igst, round_off, total] = amounts(bill.draft);
        let state = if bill.number.is_some() { BillState::Issued } else { BillState::Draft };
        [
            bill.id.0.into(),
            bill.customer.0.into(),
            bill.month.number().into(),
            "regular".into(),
            state.as_str().into(),
            1.into(),
            0.into(),
            bill.number.map(|number| number.number.as_str()).into(),
            bill.number.map(|number| number.prefix.as_str()).into(),
            bill.number.map(|number| number.year.start_year()).into(),
            bill.number.map(|number| number.number.serial()).into(),
            bill.day.number().into(),
            bill.interstate.into(),
            taxable,
            cgst,
            sgst,
            igst,
            round_off,
            total,
            bill.previous_balance.paise().into(),
            bill.content.as_str().into(),
            at.into(),
            at.into(),
            bill.number.map(|_| at).into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

fn amounts(draft: &Draft) -> [Value<'static>; 6] {
    let split = &draft.split;
    [split.taxable, split.cgst, split.sgst, split.igst, draft.round_off, draft.total]
        .map(|amount| amount.paise().into())
}

/// A draft whose content has changed.
#[derive(Debug)]
pub struct Redraft<'a> {
    /// The bill.
    pub bill: BillId,
    /// The version it had when it was read.
    pub version: i64,
    /// Its date.
    pub day: Day,
    /// Whether it is taxed as a supply to another State.
    pub interstate: bool,
    /// Lines and totals.
    pub draft: &'a Draft,
    /// What the customer owes before it.
    pub previous_balance: Money,
    /// The fingerprint of its content.
    pub content: String,
}

/// Keeps new content of drafts; returns how many still had the version that was read.
pub fn redraft(tx: &mut Tx<'_>, drafts: &[Redraft<'_>], at: Moment) -> Result<u64, StoreError> {
    let rows = drafts.iter().map(|bill| {
        let [taxable, cgst, sgst, igst, round_off, total] = amounts(bill.draft);
        [
            bill.bill.0.into(),
            bill.version.into(),
            bill.day.number().into(),
            bill.interstate.into(),
            taxable,
            cgst,
            sgst,
            igst,
            round_off,
            total,
            bill.previous_balance.paise().into(),
            bill.content.as_str().into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&REDRAFT, rows)
}

/// Issues drafts: bill, version, number, date and previous balance. Returns how many still had
/// the version that was read.
pub fn issue_drafts(
    tx: &mut Tx<'_>,
    drafts: &[(BillId, i64, &SeriesNumber, Day, Money)],
    at: Moment,
) -> Result<u64, StoreError> {
    let rows = drafts.iter().map(|(bill, version, number, day, previous)| {
        [
            bill.0.into(),
            (*version).into(),
            number.number.as_str().into(),
            number.prefix.as_str().into(),
            number.year.start_year().into(),
            number.number.serial().into(),
            day.number().into(),
            previous.paise().into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&ISSUE, rows)
}

/// Refreshes what the customers of unchanged drafts owe before them; not a change of content.
pub fn touch_previous_balance(
    tx: &mut Tx<'_>,
    drafts: &[(BillId, Money)],
) -> Result<(), StoreError> {
    let rows = drafts.iter().map(|(bill, previous)| [bill.0.into(), previous.paise().into()]);
    tx.for_each(&PREVIOUS, rows).map(|_| ())
}

/// Removes drafts that have nothing to bill any more. Their lines are removed before.
pub fn delete_drafts(tx: &mut Tx<'_>, bills: &[BillId]) -> Result<(), StoreError> {
    let rows = bills.iter().map(|bill| [bill.0.into()]);
    tx.for_each(&DELETE, rows).map(|_| ())
}

/// Notes that a delivery on these drafts was corrected, so that they are not issued before a
/// rerun.
pub fn drafts_to_rerun(tx: &mut Tx<'_>, bills: &[BillId]) -> Result<(), StoreError> {
    let rows = bills.iter().map(|bill| [bill.0.into()]);
    tx.for_each(&TO_RERUN, rows).map(|_| ())
}
