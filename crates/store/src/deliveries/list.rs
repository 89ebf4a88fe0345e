//! Deliveries as they are shown, a page at a time.
//!
//! It deliberately lists in the order in which they are kept, customer by customer: an index by day
//! would make every import slower and the table by half larger.

use crate::catalog::day;
use crate::db::{StoreError, Tx};
use crate::orders::{OnBill, read_on};
use domain::calendar::Day;
use domain::deliveries::{Shift, Status};
use domain::ids::{CustomerId, ProductId};
use domain::money::Quantity;

/// The place to go on from is compared with the delivery's own key: compared with the customer's
/// id, SQLite would take it for the beginning of the customers and walk through all before.
pub(crate) const PAGE: &str = "SELECT d.day, d.shift, p.sku, d.reference, d.quantity_milli, \
     d.status, b.number, b.month, d.line_no, d.product_id, c.code, c.id \
     FROM customers c CROSS JOIN deliveries d CROSS JOIN products p \
     LEFT JOIN bills b ON b.id = d.bill_id \
     WHERE c.id BETWEEN $1 AND $2 AND d.customer_id = c.id AND d.day BETWEEN $3 AND $4 \
     AND p.id = d.product_id AND (CAST($5 AS BIGINT) IS NULL OR d.product_id = $5) \
     AND (CAST($6 AS BIGINT) IS NULL OR d.status = $6) \
     AND (d.customer_id, d.day, d.shift, d.product_id, d.reference) > ($7, $8, $9, $10, $11) \
     ORDER BY c.id, d.day, d.shift, d.product_id, d.reference LIMIT $12";

/// A delivery as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is.
    pub customer: CustomerId,
    /// The customer's code.
    pub customer_code: String,
    /// When.
    pub day: Day,
    /// On which round.
    pub shift: Shift,
    /// The product's code.
    pub sku: String,
    /// The product.
    pub product: ProductId,
    /// The sender's reference; empty when it gave none.
    pub reference: String,
    /// How much.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
    /// The bill it is on.
    pub on: Option<OnBill>,
}

/// The place of a delivery among all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The id of the customer.
    pub customer: i64,
    /// The day, as `yyyymmdd`.
    pub day: i64,
    /// The number of the round.
    pub shift: i64,
    /// The id of the product.
    pub product: i64,
    /// The reference.
    pub reference: String,
}

/// Which deliveries a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The first and the last day.
    pub days: (Day, Day),
    /// Only of this product.
    pub product: Option<ProductId>,
    /// Only what became this.
    pub status: Option<Status>,
}

/// A page of the deliveries of a range of customers, in order, after one of them.
pub fn page(
    tx: &mut Tx<'_>,
    (from, to): (CustomerId, CustomerId),
    filter: &Filter,
    after: &Place,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let params = [
        from.0.into(),
        to.0.into(),
        filter.days.0.number().into(),
        filter.days.1.number().into(),
        filter.product.map(|product| product.0).into(),
        filter.status.map(Status::number).into(),
        after.customer.into(),
        after.day.into(),
        after.shift.into(),
        after.product.into(),
        after.reference.as_str().into(),
        limit.into(),
    ];
    tx.list(PAGE, &params, |row| {
        let wrong = |what: &str| StoreError::unexpected(format!("deliveries.{what}"));
        Ok(Listed {
            customer: CustomerId(row.int(11)?),
            customer_code: row.text(10)?.to_owned(),
            day: day(row.int(0)?, "deliveries.day")?,
            shift: Shift::from_number(row.int(1)?).ok_or_else(|| wrong("shift"))?,
            sku: row.text(2)?.to_owned(),
            product: ProductId(row.int(9)?),
            reference: row.text(3)?.to_owned(),
            quantity: Quantity::from_milli(row.int(4)?),
            status: Status::from_number(row.int(5)?).ok_or_else(|| wrong("status"))?,
            on: read_on(row, 6)?,
        })
    })
}
