//! Deliveries as people look them up. They are reported through the import of deliveries.
//!
//! It deliberately changes nothing.

use crate::catalog::find_customer;
use crate::{AppError, paging};
use domain::calendar::Day;
use store::Tx;
use store::deliveries::{self, Place};

pub use store::deliveries::Listed;

/// A page of a customer's deliveries between two days and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    customer: &str,
    days: (Day, Day),
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), AppError> {
    let customer = find_customer(tx, customer)?;
    let after = after.map(place).transpose()?.unwrap_or_default();
    let found = deliveries::page(tx, customer, days, &after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| {
        let (day, shift) = (last.day.number(), last.shift.number());
        format!("{day} {shift} {} {}", last.product.0, last.reference)
    }))
}

fn place(text: &str) -> Result<Place, AppError> {
    let mut parts = text.splitn(4, ' ');
    let mut number = || paging::number(Some(parts.next().unwrap_or("")));
    let (day, shift, product) = (number()?, number()?, number()?);
    let reference = parts.next().unwrap_or("").to_owned();
    Ok(Place {
        day: day.unwrap_or(0),
        shift: shift.unwrap_or(0),
        product: product.unwrap_or(0),
        reference,
    })
}
