//! Deliveries as people look them up. They are reported through the import of deliveries.
//!
//! It deliberately changes nothing.

use crate::catalog::{by_sku, find_customer};
use crate::{AppError, paging};
use domain::calendar::Day;
use domain::deliveries::Status;
use domain::ids::CustomerId;
use store::deliveries::{self, Filter, Place};
use store::{Tx, Work, customers};

pub use store::deliveries::Listed;

/// Days that a list over all customers looks at, at most.
pub const MOST_DAYS: i32 = 31;
/// Customers looked at first; a page is most often full after them.
const FIRST_CUSTOMERS: i64 = 256;
/// Customers looked at in one statement at most.
const MOST_CUSTOMERS: i64 = 16_384;

/// What is asked of the list over all customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first and the last day.
    pub days: (Day, Day),
    /// Only this customer's, by code.
    pub customer: Option<String>,
    /// Only of this product, by SKU.
    pub sku: Option<String>,
    /// Only what became this.
    pub status: Option<Status>,
}

/// A page of a customer's deliveries between two days and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    customer: &str,
    days: (Day, Day),
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), AppError> {
    let customer = find_customer(tx, customer)?;
    let filter = Filter { days, product: None, status: None };
    let after = after.map(place).transpose()?.unwrap_or_default();
    let found = deliveries::page(tx, (customer, customer), &filter, &after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, cursor))
}

/// A page of the deliveries of some days, in the order of customers as they were added, and where
/// the next one begins.
pub fn of_days(
    tx: &mut Tx<'_>,
    asked: &Asked,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), AppError> {
    check_days(asked.days)?;
    let product = asked.sku.as_deref().map(|sku| by_sku(tx, sku)).transpose()?;
    let filter =
        Filter { days: asked.days, product: product.map(|known| known.id), status: asked.status };
    let after = after.map(place).transpose()?.unwrap_or_default();
    let (mut from, last) = match asked.customer.as_deref() {
        None => (after.customer.max(1), customers::last_id(tx)?),
        Some(code) => find_customer(tx, code).map(|customer| (customer.0, customer.0))?,
    };
    tx.expect(Work::ReadRanges)?;
    let wanted = i64::from(limit) + 1;
    let (mut found, mut count, mut missing) = (Vec::new(), FIRST_CUSTOMERS, wanted);
    while from <= last && missing > 0 {
        let range = (CustomerId(from), CustomerId(last.min(from + count - 1)));
        found.extend(deliveries::page(tx, range, &filter, &after, missing)?);
        missing = wanted - i64::try_from(found.len()).unwrap_or(wanted);
        from += count;
        // Where little is found, more is looked at at once.
        count = (count * 4).min(MOST_CUSTOMERS);
    }
    Ok(paging::cut(found, limit, cursor))
}

fn check_days((from, to): (Day, Day)) -> Result<(), AppError> {
    if to < from {
        return Err(AppError::BadPlace(format!("to is {to}, before from, which is {from}")));
    }
    if from.plus_days(MOST_DAYS - 1) < to {
        let what = format!("from {from} to {to} is more than {MOST_DAYS} days; ask for fewer");
        return Err(AppError::BadPlace(what));
    }
    Ok(())
}

fn cursor(last: &Listed) -> String {
    let (day, shift) = (last.day.number(), last.shift.number());
    format!("{} {day} {shift} {} {}", last.customer.0, last.product.0, last.reference)
}

fn place(text: &str) -> Result<Place, AppError> {
    let mut parts = text.splitn(5, ' ');
    let mut number = || Ok::<_, AppError>(paging::number(parts.next().or(Some("")))?.unwrap_or(0));
    let (customer, day, shift, product) = (number()?, number()?, number()?, number()?);
    let reference = parts.next().unwrap_or("").to_owned();
    Ok(Place { customer, day, shift, product, reference })
}
