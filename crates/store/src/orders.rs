//! One-time orders: added from reports, moved on, and linked to the lines that bill them.
//!
//! It deliberately does not decide which ones are billed.

use crate::catalog::day;
use crate::db::{Column, Each, Insert, Row, StoreError, Tx};
use crate::deliveries::billed;
use crate::imports::{Counter, allot};
use domain::calendar::{Day, Month};
use domain::deliveries::Billed;
use domain::ids::{BillId, CustomerId, OrderId, ProductId};
use domain::money::{Quantity, UnitPrice};
use domain::orders::{Order, Status};

const INSERT: Insert = Insert {
    table: "orders",
    columns: &[
        "id",
        "reference",
        "ordered_on",
        "delivery_day",
        "customer_id",
        "product_id",
        "quantity_milli",
        "status",
        "agreed_price_milli",
        "import_id",
    ],
};
const KEPT: Each = Each {
    sql: "SELECT :place, o.id, o.reference, o.ordered_on, o.delivery_day, o.customer_id, \
          o.product_id, o.quantity_milli, o.status, o.agreed_price_milli, o.bill_id, \
          (SELECT b.state FROM bills b WHERE b.id = o.bill_id) FROM orders o \
          WHERE o.reference = :reference",
    columns: &[Column::Int("place"), Column::Text("reference")],
};
pub(crate) const CORRECT: &str = "UPDATE orders SET ordered_on = $2, delivery_day = $3, \
     quantity_milli = $4, status = $5, agreed_price_milli = $6, import_id = $7, bill_id = NULL, \
     line_no = NULL WHERE id = $1";
const LINK: Each = Each {
    sql: "UPDATE orders SET bill_id = :bill, line_no = :line \
          WHERE id = :order_id AND bill_id IS NULL",
    columns: &[Column::Int("bill"), Column::Int("line"), Column::Int("order_id")],
};
const UNLINK: Each = Each {
    sql: "UPDATE orders SET bill_id = NULL, line_no = NULL \
          WHERE customer_id = :customer AND bill_id = :bill",
    columns: &[Column::Int("customer"), Column::Int("bill")],
};
pub(crate) const OF_MONTH: &str = "SELECT o.id, o.customer_id, o.delivery_day, o.product_id, \
     o.quantity_milli, o.status, o.agreed_price_milli, o.bill_id, o.line_no FROM orders o \
     WHERE o.customer_id BETWEEN $1 AND $2 AND o.delivery_day BETWEEN $3 AND $4";
pub(crate) const EARLIER: &str = "SELECT o.id, o.customer_id, o.delivery_day, o.product_id, \
     o.quantity_milli, o.status, o.agreed_price_milli, o.bill_id, o.line_no \
     FROM unbilled_months u CROSS JOIN orders o \
     WHERE u.customer_id BETWEEN $1 AND $2 AND u.month < $3 AND o.customer_id = u.customer_id \
     AND o.delivery_day BETWEEN u.month * 100 AND u.month * 100 + 99 \
     AND o.status = 'delivered' AND o.quantity_milli > 0";
pub(crate) const LATE_ON_BILLS: &str = "SELECT o.id, o.customer_id, o.delivery_day, \
     o.product_id, o.quantity_milli, o.status, o.agreed_price_milli, o.bill_id, o.line_no \
     FROM bills b CROSS JOIN bill_lines l CROSS JOIN orders o \
     WHERE b.month = $3 AND b.customer_id BETWEEN $1 AND $2 \
     AND (b.state <> 'draft' OR $4 = 1) \
     AND l.bill_id = b.id AND l.kind = 'late' AND o.customer_id = b.customer_id \
     AND o.delivery_day BETWEEN l.first_day AND l.last_day AND o.bill_id = l.bill_id \
     AND o.line_no = l.line_no";
pub(crate) const OF_LINE: &str = "SELECT o.reference, o.ordered_on, o.delivery_day, \
     o.quantity_milli, o.agreed_price_milli, i.file_name, i.actor, i.imported_at \
     FROM orders o JOIN imports i ON i.id = o.import_id \
     WHERE o.customer_id = $1 AND o.bill_id = $2 AND o.line_no = $3 \
     ORDER BY o.delivery_day, o.reference";
macro_rules! listed {
    () => {
        "SELECT o.id, o.reference, o.ordered_on, o.delivery_day, c.code, p.sku, \
         o.quantity_milli, o.status, o.agreed_price_milli, b.number, b.month, o.line_no \
         FROM orders o JOIN customers c ON c.id = o.customer_id \
         JOIN products p ON p.id = o.product_id LEFT JOIN bills b ON b.id = o.bill_id "
    };
}
pub(crate) const PAGE: &str = concat!(
    listed!(),
    "WHERE o.id > $1 AND (CAST($2 AS BIGINT) IS NULL OR o.customer_id = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR o.status = $3) AND o.delivery_day BETWEEN $4 AND $5 \
     ORDER BY o.id LIMIT $6"
);
pub(crate) const BY_REFERENCE: &str = concat!(listed!(), "WHERE o.reference = $1");
pub(crate) const QUERIES: &[&str] =
    &[CORRECT, OF_MONTH, EARLIER, LATE_ON_BILLS, OF_LINE, PAGE, BY_REFERENCE];
pub(crate) const SETS: &[&Each] = &[&KEPT, &LINK, &UNLINK];

/// Adds orders.
pub fn add(tx: &mut Tx<'_>, orders: &[&Order], import: i64) -> Result<(), StoreError> {
    let first = allot(tx, Counter::Orders, orders.len())?;
    let rows = orders.iter().zip(first..).map(|(order, id)| {
        [
            id.into(),
            order.reference.as_str().into(),
            order.ordered_on.number().into(),
            order.delivery_day.number().into(),
            order.customer.0.into(),
            order.product.0.into(),
            order.quantity.milli().into(),
            order.status.as_str().into(),
            order.agreed_price.map(UnitPrice::milli).into(),
            import.into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// An order as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the list that was asked for.
    pub place: usize,
    /// Its id.
    pub id: OrderId,
    /// The order.
    pub order: Order,
    /// Whether it is on a bill.
    pub billed: Billed,
    /// The bill it is on.
    pub bill: Option<BillId>,
}

/// Finds the kept orders with the references of the given ones.
pub fn kept(tx: &mut Tx<'_>, orders: &[Order]) -> Result<Vec<Kept>, StoreError> {
    let rows: Vec<_> = orders
        .iter()
        .zip(0i64..)
        .map(|(order, place)| [place.into(), order.reference.as_str().into()])
        .collect();
    let mut found = Vec::new();
    tx.look_up(&KEPT, &rows, |row| {
        found.push(Kept {
            place: usize::try_from(row.int(0)?).map_err(|_| wrong("place"))?,
            id: OrderId(row.int(1)?),
            order: Order {
                reference: row.text(2)?.to_owned(),
                ordered_on: day(row.int(3)?, "orders.ordered_on")?,
                delivery_day: day(row.int(4)?, "orders.delivery_day")?,
                customer: CustomerId(row.int(5)?),
                product: ProductId(row.int(6)?),
                quantity: Quantity::from_milli(row.int(7)?),
                status: Status::parse(row.text(8)?).ok_or_else(|| wrong("status"))?,
                agreed_price: row.opt_int(9)?.map(UnitPrice::from_milli),
            },
            bill: row.opt_int(10)?.map(BillId),
            billed: billed(row.opt_text(11)?),
        });
        Ok(())
    })?;
    Ok(found)
}

fn wrong(what: &str) -> StoreError {
    StoreError::unexpected(format!("orders.{what}"))
}

/// Keeps the new facts of an order and takes it off its draft, if it was on one.
pub fn correct(tx: &mut Tx<'_>, id: OrderId, order: &Order, import: i64) -> Result<(), StoreError> {
    let params = [
        id.0.into(),
        order.ordered_on.number().into(),
        order.delivery_day.number().into(),
        order.quantity.milli().into(),
        order.status.as_str().into(),
        order.agreed_price.map(UnitPrice::milli).into(),
        import.into(),
    ];
    tx.execute(CORRECT, &params).map(|_| ())
}

/// What billing needs to know of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billable {
    /// Its id.
    pub id: OrderId,
    /// Who ordered.
    pub customer: CustomerId,
    /// When it was delivered.
    pub day: Day,
    /// What.
    pub product: ProductId,
    /// How much.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
    /// The price agreed for it.
    pub agreed_price: Option<UnitPrice>,
    /// The line it is on.
    pub on: Option<(BillId, i64)>,
}

fn read_billable(row: &Row<'_>) -> Result<Billable, StoreError> {
    let on = match (row.opt_int(7)?, row.opt_int(8)?) {
        (Some(bill), Some(line)) => Some((BillId(bill), line)),
        _ => None,
    };
    Ok(Billable {
        id: OrderId(row.int(0)?),
        customer: CustomerId(row.int(1)?),
        day: day(row.int(2)?, "orders.delivery_day")?,
        product: ProductId(row.int(3)?),
        quantity: Quantity::from_milli(row.int(4)?),
        status: Status::parse(row.text(5)?).ok_or_else(|| wrong("status"))?,
        agreed_price: row.opt_int(6)?.map(UnitPrice::from_milli),
        on,
    })
}

/// All orders to be delivered in a month, of a range of customers.
pub fn of_month(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
) -> Result<Vec<Billable>, StoreError> {
    let (first, last) = (month.first_day().number(), month.last_day().number());
    tx.list(OF_MONTH, &[from.into(), to.into(), first.into(), last.into()], read_billable)
}

/// Delivered orders of earlier months that may be unbilled, of a range of customers.
pub fn earlier(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
) -> Result<Vec<Billable>, StoreError> {
    tx.list(EARLIER, &[from.into(), to.into(), month.number().into()], read_billable)
}

/// Orders on the late lines of a month's issued bills, or of all its bills, of a range of
/// customers.
pub fn late_on_bills(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
    month: Month,
    with_drafts: bool,
) -> Result<Vec<Billable>, StoreError> {
    let params = [from.into(), to.into(), month.number().into(), with_drafts.into()];
    tx.list(LATE_ON_BILLS, &params, read_billable)
}

/// Points orders at their lines; returns how many were.
pub fn link(tx: &mut Tx<'_>, links: &[(BillId, i64, OrderId)]) -> Result<u64, StoreError> {
    let rows =
        links.iter().map(|(bill, line, order)| [bill.0.into(), (*line).into(), order.0.into()]);
    tx.for_each(&LINK, rows)
}

/// Takes all orders off drafts.
pub fn unlink(tx: &mut Tx<'_>, drafts: &[(CustomerId, BillId)]) -> Result<(), StoreError> {
    let rows = drafts.iter().map(|(customer, bill)| [customer.0.into(), bill.0.into()]);
    tx.for_each(&UNLINK, rows).map(|_| ())
}

/// An order behind a line, with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The sender's reference.
    pub reference: String,
    /// When it was asked for.
    pub ordered_on: Day,
    /// When it was delivered.
    pub day: Day,
    /// How much.
    pub quantity: Quantity,
    /// The price agreed for it.
    pub agreed_price: Option<UnitPrice>,
    /// The file it came in.
    pub file_name: String,
    /// Who brought it in.
    pub actor: String,
    /// When it was brought in, in microseconds of Unix time.
    pub imported_at: i64,
}

/// The orders behind a line.
pub fn of_line(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    bill: BillId,
    line: i64,
) -> Result<Vec<Behind>, StoreError> {
    tx.list(OF_LINE, &[customer.0.into(), bill.0.into(), line.into()], |row| {
        Ok(Behind {
            reference: row.text(0)?.to_owned(),
            ordered_on: day(row.int(1)?, "orders.ordered_on")?,
            day: day(row.int(2)?, "orders.delivery_day")?,
            quantity: Quantity::from_milli(row.int(3)?),
            agreed_price: row.opt_int(4)?.map(UnitPrice::from_milli),
            file_name: row.text(5)?.to_owned(),
            actor: row.text(6)?.to_owned(),
            imported_at: row.int(7)?,
        })
    })
}

/// An order as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: OrderId,
    /// The sender's reference.
    pub reference: String,
    /// The day it was asked for.
    pub ordered_on: Day,
    /// The day it was or will be delivered.
    pub delivery_day: Day,
    /// The customer's code.
    pub customer_code: String,
    /// The product's code.
    pub sku: String,
    /// How much.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
    /// The price agreed for it.
    pub agreed_price: Option<UnitPrice>,
    /// The bill it is on.
    pub on: Option<OnBill>,
}

/// Where a delivery or order stands on a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBill {
    /// The bill's number; none for a draft.
    pub number: Option<String>,
    /// The bill's month, as `yyyymm`.
    pub month: i64,
    /// The line, from 1.
    pub line: i64,
}

/// The bill of three columns: number, month, line.
pub(crate) fn read_on(row: &Row<'_>, at: usize) -> Result<Option<OnBill>, StoreError> {
    let (month, line) = (row.opt_int(at + 1)?, row.opt_int(at + 2)?);
    let number = row.opt_text(at)?.map(str::to_owned);
    Ok(month.zip(line).map(|(month, line)| OnBill { number, month, line }))
}

fn read_listed(row: &Row<'_>) -> Result<Listed, StoreError> {
    let status = Status::parse(row.text(7)?);
    Ok(Listed {
        id: OrderId(row.int(0)?),
        reference: row.text(1)?.to_owned(),
        ordered_on: day(row.int(2)?, "orders.ordered_on")?,
        delivery_day: day(row.int(3)?, "orders.delivery_day")?,
        customer_code: row.text(4)?.to_owned(),
        sku: row.text(5)?.to_owned(),
        quantity: Quantity::from_milli(row.int(6)?),
        status: status.ok_or_else(|| StoreError::unexpected("orders.status"))?,
        agreed_price: row.opt_int(8)?.map(UnitPrice::from_milli),
        on: read_on(row, 9)?,
    })
}

/// Which orders are asked for; what is absent does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub customer: Option<CustomerId>,
    /// What became of them.
    pub status: Option<Status>,
    /// The first day of delivery.
    pub from: Day,
    /// The last day of delivery.
    pub to: Day,
}

/// A page of orders in the order in which they came, after one of them.
pub fn page(
    tx: &mut Tx<'_>,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let params = [
        after.into(),
        filter.customer.map(|customer| customer.0).into(),
        filter.status.map(Status::as_str).into(),
        filter.from.number().into(),
        filter.to.number().into(),
        limit.into(),
    ];
    tx.list(PAGE, &params, read_listed)
}

/// An order by its reference.
pub fn by_reference(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Listed>, StoreError> {
    tx.find(BY_REFERENCE, &[reference.into()], read_listed)
}
