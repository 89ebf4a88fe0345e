//! Deliveries as they are shown, a page at a time.
//!
//! It deliberately lists one customer at a time: that is how they are kept.

use crate::catalog::day;
use crate::db::{StoreError, Tx};
use crate::orders::{OnBill, read_on};
use domain::calendar::Day;
use domain::deliveries::{Shift, Status};
use domain::ids::{CustomerId, ProductId};
use domain::money::Quantity;

pub(crate) const PAGE: &str = "SELECT d.day, d.shift, p.sku, d.reference, d.quantity_milli, \
     d.status, b.number, b.month, d.line_no, d.product_id FROM deliveries d \
     JOIN products p ON p.id = d.product_id LEFT JOIN bills b ON b.id = d.bill_id \
     WHERE d.customer_id = $1 AND d.day BETWEEN $2 AND $3 \
     AND (d.day, d.shift, d.product_id, d.reference) > ($4, $5, $6, $7) \
     ORDER BY d.day, d.shift, d.product_id, d.reference LIMIT $8";

/// A delivery as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
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

/// The place of a delivery among those of its customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The day, as `yyyymmdd`.
    pub day: i64,
    /// The number of the round.
    pub shift: i64,
    /// The id of the product.
    pub product: i64,
    /// The reference.
    pub reference: String,
}

/// A page of one customer's deliveries between two days, in order, after one of them.
pub fn page(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    (from, to): (Day, Day),
    after: &Place,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let params = [
        customer.0.into(),
        from.number().into(),
        to.number().into(),
        after.day.into(),
        after.shift.into(),
        after.product.into(),
        after.reference.as_str().into(),
        limit.into(),
    ];
    tx.list(PAGE, &params, |row| {
        let wrong = |what: &str| StoreError::unexpected(format!("deliveries.{what}"));
        Ok(Listed {
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
