//! One-time orders as people look them up. They are reported through the import of orders.
//!
//! It deliberately changes nothing.

use crate::catalog::find_customer;
use crate::{AppError, paging};
use domain::calendar::Day;
use domain::orders::Status;
use store::Tx;
use store::orders::{self, Filter};

pub use store::orders::{Listed, OnBill};

/// A page of orders and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    customer: Option<&str>,
    status: Option<Status>,
    (from, to): (Day, Day),
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), AppError> {
    let customer = customer.map(|code| find_customer(tx, code)).transpose()?;
    let filter = Filter { customer, status, from, to };
    let after = paging::number(after)?.unwrap_or(0);
    let found = orders::page(tx, &filter, after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.id.0.to_string()))
}

/// The order with a reference.
pub fn by_reference(tx: &mut Tx<'_>, reference: &str) -> Result<Listed, AppError> {
    orders::by_reference(tx, reference)?
        .ok_or_else(|| AppError::NotFound(format!("there is no order {reference}")))
}
