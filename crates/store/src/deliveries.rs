//! Deliveries: added from reports, corrected, read by month, and linked to the lines that bill
//! them.
//!
//! It deliberately does not decide which ones are billed.

mod list;

pub use list::{Filter, Listed, Place, page};

use crate::catalog::day;
use crate::db::{Column, Each, Row, StoreError, Tx};
use domain::calendar::{Day, Month};
use domain::deliveries::{Billed, Delivery, DeliveryKey, Shift, Status};
use domain::ids::{BillId, CustomerId, ProductId};
use domain::money::Quantity;

const ADD: Each = Each {
    sql: "INSERT INTO deliveries (customer_id, day, shift, product_id, reference, \
          quantity_milli, status, import_id) SELECT :customer, :day, :shift, :product, \
          :reference, :quantity, :status, :import {row} WHERE TRUE ON CONFLICT DO NOTHING",
    columns: &[
        Column::Int("customer"),
        Column::Int("day"),
        Column::Int("shift"),
        Column::Int("product"),
        Column::Text("reference"),
        Column::Int("quantity"),
        Column::Int("status"),
        Column::Int("import"),
    ],
};
const KEPT_BY_KEY: Each = Each {
    sql: "SELECT :place, d.customer_id, d.day, d.shift, d.product_id, d.reference, \
          d.quantity_milli, d.status, d.import_id, d.bill_id, \
          (SELECT b.state FROM bills b WHERE b.id = d.bill_id) FROM deliveries d \
          WHERE d.customer_id = :customer AND d.day = :day AND d.shift = :shift \
          AND d.product_id = :product AND d.reference = ''",
    columns: &[
        Column::Int("place"),
        Column::Int("customer"),
        Column::Int("day"),
        Column::Int("shift"),
        Column::Int("product"),
    ],
};
const KEPT_BY_REFERENCE: Each = Each {
    sql: "SELECT :place, d.customer_id, d.day, d.shift, d.product_id, d.reference, \
          d.quantity_milli, d.status, d.import_id, d.bill_id, \
          (SELECT b.state FROM bills b WHERE b.id = d.bill_id) FROM deliveries d \
          WHERE d.reference = :reference AND d.reference <> ''",
    columns: &[Column::Int("place"), Column::Text("reference")],
};
const CORRECT: Each = Each {
    sql: "UPDATE deliveries SET quantity_milli = :quantity, status = :status, \
          import_id = :import, bill_id = NULL, line_no = NULL \
          WHERE customer_id = :customer AND day = :day AND shift = :shift \
          AND product_id = :product AND reference = :reference",
    columns: &[
        Column::Int("quantity"),
        Column::Int("status"),
        Column::Int("import"),
        Column::Int("customer"),
        Column::Int("day"),
        Column::Int("shift"),
        Column::Int("product"),
        Column::Text("reference"),
    ],
};
/// All deliveries of one customer, product and range of days that are delivered and free belong
/// to one line: price and kind depend on nothing else. The CASE hides from planners how few rows
/// are free, which they guess too low after a month that was billed whole.
const LINK: Each = Each {
    sql: "UPDATE deliveries SET bill_id = :bill, line_no = :line \
          WHERE {joined} customer_id = :customer AND day BETWEEN :first AND :last \
          AND product_id = :product \
          AND CASE WHEN bill_id IS NULL AND quantity_milli > 0 THEN status END = 1",
    columns: &[
        Column::Int("bill"),
        Column::Int("line"),
        Column::Int("customer"),
        Column::Int("product"),
        Column::Int("first"),
        Column::Int("last"),
    ],
};
const UNLINK: Each = Each {
    sql: "UPDATE deliveries SET bill_id = NULL, line_no = NULL \
          WHERE customer_id = :customer AND day BETWEEN :first AND :last AND bill_id = :bill",
    columns: &[
        Column::Int("customer"),
        Column::Int("first"),
        Column::Int("last"),
        Column::Int("bill"),
    ],
};
const MARK: Each = Each {
    sql: "INSERT INTO unbilled_months (customer_id, month) \
          SELECT :customer, :month {row} WHERE TRUE ON CONFLICT DO NOTHING",
    columns: &[Column::Int("customer"), Column::Int("month")],
};
const SETTLE: Each = Each {
    sql: "DELETE FROM unbilled_months WHERE customer_id = :customer AND month = :month",
    columns: &[Column::Int("customer"), Column::Int("month")],
};
pub(crate) const OF_MONTH: &str = "SELECT d.customer_id, d.day, d.product_id, d.quantity_milli, \
     d.status, d.bill_id, d.line_no FROM customers c CROSS JOIN deliveries d \
     WHERE c.id BETWEEN $1 AND $2 AND d.customer_id = c.id AND d.day BETWEEN $3 AND $4";
pub(crate) const EARLIER: &str = "SELECT d.customer_id, d.day, d.product_id, d.quantity_milli, \
     d.status, d.bill_id, d.line_no FROM unbilled_months u CROSS JOIN deliveries d \
     WHERE u.customer_id BETWEEN $1 AND $2 AND u.month < $3 \
     AND d.customer_id = u.customer_id AND d.day BETWEEN u.month * 100 AND u.month * 100 + 99 \
     AND d.status = 1 AND d.quantity_milli > 0";
pub(crate) const LATE_ON_BILLS: &str = "SELECT d.customer_id, d.day, d.product_id, \
     d.quantity_milli, d.status, d.bill_id, d.line_no FROM bills b \
     CROSS JOIN bill_lines l CROSS JOIN deliveries d \
     WHERE b.month = $3 AND b.customer_id BETWEEN $1 AND $2 \
     AND (b.state <> 'draft' OR $4 = 1) \
     AND l.bill_id = b.id AND l.kind = 'late' AND d.customer_id = b.customer_id \
     AND d.day BETWEEN l.first_day AND l.last_day AND d.bill_id = l.bill_id \
     AND d.line_no = l.line_no";
pub(crate) const UNBILLED: &str = "SELECT customer_id, month FROM unbilled_months \
     WHERE customer_id BETWEEN $1 AND $2 AND month <= $3";
pub(crate) const OF_LINE: &str = "SELECT d.day, d.shift, d.reference, d.quantity_milli, \
     i.file_name, i.actor, i.imported_at FROM deliveries d JOIN imports i ON i.id = d.import_id \
     WHERE d.customer_id = $1 AND d.day BETWEEN $2 AND $3 AND d.bill_id = $4 AND d.line_no = $5 \
     ORDER BY d.day, d.shift, d.reference";
pub(crate) const QUERIES: &[&str] =
    &[OF_MONTH, EARLIER, LATE_ON_BILLS, UNBILLED, OF_LINE, list::PAGE];
pub(crate) const SETS: &[&Each] =
    &[&ADD, &KEPT_BY_KEY, &KEPT_BY_REFERENCE, &CORRECT, &LINK, &UNLINK, &MARK, &SETTLE];

/// Adds deliveries that are not kept yet; returns how many were.
pub fn add(tx: &mut Tx<'_>, deliveries: &[Delivery], import: i64) -> Result<u64, StoreError> {
    let rows = deliveries.iter().map(|delivery| {
        [
            delivery.key.customer.0.into(),
            delivery.key.day.number().into(),
            delivery.key.shift.number().into(),
            delivery.key.product.0.into(),
            delivery.key.reference.as_str().into(),
            delivery.quantity.milli().into(),
            delivery.status.number().into(),
            import.into(),
        ]
    });
    tx.for_each(&ADD, rows)
}

/// A delivery as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the list that was asked for.
    pub place: usize,
    /// The delivery.
    pub delivery: Delivery,
    /// The import it came with.
    pub import: i64,
    /// Whether it is on a bill, and on which.
    pub billed: Billed,
    /// The bill it is on.
    pub bill: Option<BillId>,
}

/// Finds the kept deliveries that are the same as the given ones: by reference for those that have
/// one, else by customer, day, shift and product.
pub fn kept(tx: &mut Tx<'_>, deliveries: &[Delivery]) -> Result<Vec<Kept>, StoreError> {
    let mut by_key = Vec::new();
    let mut by_reference = Vec::new();
    for (delivery, place) in deliveries.iter().zip(0i64..) {
        let key = &delivery.key;
        if key.reference.is_empty() {
            by_key.push([
                place.into(),
                key.customer.0.into(),
                key.day.number().into(),
                key.shift.number().into(),
                key.product.0.into(),
            ]);
        } else {
            by_reference.push([place.into(), key.reference.as_str().into()]);
        }
    }
    let mut found = Vec::with_capacity(deliveries.len());
    tx.look_up(&KEPT_BY_KEY, &by_key, |row| {
        found.push(read_kept(row)?);
        Ok(())
    })?;
    tx.look_up(&KEPT_BY_REFERENCE, &by_reference, |row| {
        found.push(read_kept(row)?);
        Ok(())
    })?;
    Ok(found)
}

fn read_kept(row: &Row<'_>) -> Result<Kept, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("deliveries.{what}"));
    let key = DeliveryKey {
        customer: CustomerId(row.int(1)?),
        day: day(row.int(2)?, "deliveries.day")?,
        shift: Shift::from_number(row.int(3)?).ok_or_else(|| wrong("shift"))?,
        product: ProductId(row.int(4)?),
        reference: row.text(5)?.to_owned(),
    };
    Ok(Kept {
        place: usize::try_from(row.int(0)?).map_err(|_| wrong("place"))?,
        delivery: Delivery {
            key,
            quantity: Quantity::from_milli(row.int(6)?),
            status: Status::from_number(row.int(7)?).ok_or_else(|| wrong("status"))?,
        },
        import: row.int(8)?,
        bill: row.opt_int(9)?.map(BillId),
        billed: billed(row.opt_text(10)?),
    })
}

/// Whether the bill of a given state, if any, is final.
pub(crate) fn billed(state: Option<&str>) -> Billed {
    match state {
        None => Billed::No,
        Some("draft") => Billed::Draft,
        Some(_) => Billed::Issued,
    }
}

/// Keeps corrected facts of deliveries and takes them off their draft, if they were on one.
pub fn correct(tx: &mut Tx<'_>, deliveries: &[&Delivery], import: i64) -> Result<(), StoreError> {
    let rows = deliveries.iter().map(|delivery| {
        [
            delivery.quantity.milli().into(),
            delivery.status.number().into(),
            import.into(),
            delivery.key.customer.0.into(),
            delivery.key.day.number().into(),
            delivery.key.shift.number().into(),
            delivery.key.product.0.into(),
            delivery.key.reference.as_str().into(),
        ]
    });
    tx.for_each(&CORRECT, rows).map(|_| ())
}

/// Notes that these months of these customers may hold something unbilled.
pub fn mark_unbilled(tx: &mut Tx<'_>, months: &[(CustomerId, Month)]) -> Result<(), StoreError> {
    let rows = months.iter().map(|(customer, month)| [customer.0.into(), month.number().into()]);
    tx.for_each(&MARK, rows).map(|_| ())
}

/// Notes that these months of these customers are billed whole.
pub fn settle(tx: &mut Tx<'_>, months: &[(CustomerId, Month)]) -> Result<(), StoreError> {
    let rows = months.iter().map(|(customer, month)| [customer.0.into(), month.number().into()]);
    tx.for_each(&SETTLE, rows).map(|_| ())
}

/// The months up to `month` that may hold something unbilled, of a range of customers.
pub fn unbilled(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
) -> Result<Vec<(CustomerId, Month)>, StoreError> {
    tx.list(UNBILLED, &[from.into(), to.into(), month.number().into()], |row| {
        Ok((CustomerId(row.int(0)?), month_of(row.int(1)?, "unbilled_months.month")?))
    })
}

pub(crate) fn month_of(number: i64, column: &str) -> Result<Month, StoreError> {
    Month::from_number(number)
        .ok_or_else(|| StoreError::unexpected(format!("{column} holds {number}, not a month")))
}

/// What billing needs to know of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billable {
    /// Who received it.
    pub customer: CustomerId,
    /// When.
    pub day: Day,
    /// What.
    pub product: ProductId,
    /// How much.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
    /// The line it is on.
    pub on: Option<(BillId, i64)>,
}

fn read_billable(row: &Row<'_>) -> Result<Billable, StoreError> {
    let status = Status::from_number(row.int(4)?);
    let on = match (row.opt_int(5)?, row.opt_int(6)?) {
        (Some(bill), Some(line)) => Some((BillId(bill), line)),
        _ => None,
    };
    Ok(Billable {
        customer: CustomerId(row.int(0)?),
        day: day(row.int(1)?, "deliveries.day")?,
        product: ProductId(row.int(2)?),
        quantity: Quantity::from_milli(row.int(3)?),
        status: status.ok_or_else(|| StoreError::unexpected("deliveries.status"))?,
        on,
    })
}

/// All deliveries of a month of a range of customers, in no order.
pub fn of_month(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
    mut each: impl FnMut(Billable),
) -> Result<(), StoreError> {
    let days = [month.first_day().number().into(), month.last_day().number().into()];
    let [first, last] = days;
    tx.query(OF_MONTH, &[from.into(), to.into(), first, last], |row| {
        each(read_billable(row)?);
        Ok(())
    })
}

/// Delivered goods of earlier months that may be unbilled, of a range of customers.
pub fn earlier(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
    mut each: impl FnMut(Billable),
) -> Result<(), StoreError> {
    tx.query(EARLIER, &[from.into(), to.into(), month.number().into()], |row| {
        each(read_billable(row)?);
        Ok(())
    })
}

/// Deliveries on the late lines of a month's issued bills, or of all its bills, of a range of
/// customers.
pub fn late_on_bills(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
    with_drafts: bool,
    mut each: impl FnMut(Billable),
) -> Result<(), StoreError> {
    let params = [from.into(), to.into(), month.number().into(), with_drafts.into()];
    tx.query(LATE_ON_BILLS, &params, |row| {
        each(read_billable(row)?);
        Ok(())
    })
}

/// Deliveries of one customer and product from one day to another that go on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The bill.
    pub bill: BillId,
    /// The line on it, from 1.
    pub line: i64,
    /// The customer.
    pub customer: CustomerId,
    /// The product.
    pub product: ProductId,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

/// Points deliveries at their lines; returns how many were.
pub fn link(tx: &mut Tx<'_>, links: &[Link]) -> Result<u64, StoreError> {
    let rows = links.iter().map(|link| {
        [
            link.bill.0.into(),
            link.line.into(),
            link.customer.0.into(),
            link.product.0.into(),
            link.first.number().into(),
            link.last.number().into(),
        ]
    });
    tx.for_each(&LINK, rows)
}

/// Takes all deliveries between two days off a draft.
pub fn unlink(
    tx: &mut Tx<'_>,
    drafts: &[(CustomerId, Day, Day, BillId)],
) -> Result<(), StoreError> {
    let rows = drafts.iter().map(|(customer, first, last, bill)| {
        [customer.0.into(), first.number().into(), last.number().into(), bill.0.into()]
    });
    tx.for_each(&UNLINK, rows).map(|_| ())
}

/// A delivery behind a line, with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// When.
    pub day: Day,
    /// On which round.
    pub shift: Shift,
    /// The sender's reference; empty when it gave none.
    pub reference: String,
    /// How much.
    pub quantity: Quantity,
    /// The file it came in.
    pub file_name: String,
    /// Who brought it in.
    pub actor: String,
    /// When it was brought in, in microseconds of Unix time.
    pub imported_at: i64,
}

/// The deliveries behind a line.
pub fn of_line(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    (first, last): (Day, Day),
    bill: BillId,
    line: i64,
) -> Result<Vec<Behind>, StoreError> {
    let params = [
        customer.0.into(),
        first.number().into(),
        last.number().into(),
        bill.0.into(),
        line.into(),
    ];
    tx.list(OF_LINE, &params, |row| {
        let shift = Shift::from_number(row.int(1)?);
        Ok(Behind {
            day: day(row.int(0)?, "deliveries.day")?,
            shift: shift.ok_or_else(|| StoreError::unexpected("deliveries.shift"))?,
            reference: row.text(2)?.to_owned(),
            quantity: Quantity::from_milli(row.int(3)?),
            file_name: row.text(4)?.to_owned(),
            actor: row.text(5)?.to_owned(),
            imported_at: row.int(6)?,
        })
    })
}
