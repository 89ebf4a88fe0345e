//! Reading bills for people and programs.
//!
//! It deliberately changes nothing.

use crate::{AppError, business, paging};
use domain::calendar::Month;
use domain::ids::CustomerId;
use store::billing::{self, PrintedBill};
use store::{Store, Tx, Work, customers};

/// The bill with a number.
pub fn bill_by_number(store: &Store, number: &str) -> Result<PrintedBill, AppError> {
    store.read(|tx| by_number(tx, number))
}

/// The bill with a number.
pub fn by_number(tx: &mut Tx<'_>, number: &str) -> Result<PrintedBill, AppError> {
    billing::bill_by_number(tx, number)?.ok_or_else(|| {
        let what =
            format!("there is no bill {number}; list the bills of a month with dairyos bills list");
        AppError::NotFound(what)
    })
}

/// The bill of a customer for a month.
pub fn bill_of_customer(store: &Store, code: &str, month: Month) -> Result<PrintedBill, AppError> {
    store.read(|tx| of_customer(tx, code, month))
}

/// The bill of a customer for a month.
pub fn of_customer(tx: &mut Tx<'_>, code: &str, month: Month) -> Result<PrintedBill, AppError> {
    if let Some(bill) = billing::bill_of_customer(tx, code, month)? {
        return Ok(bill);
    }
    let what = match customers::by_code(tx, code)? {
        None => format!("there is no customer {code}"),
        Some((_, name)) => format!(
            "{code} ({name}) has no bill for {month}; run dairyos bills run --month {month}"
        ),
    };
    Err(AppError::NotFound(what))
}

/// The issued bill of a customer for a month, for the customer.
pub fn own(tx: &mut Tx<'_>, customer: CustomerId, month: Month) -> Result<PrintedBill, AppError> {
    billing::issued_of_customer(tx, customer, month)?
        .ok_or_else(|| AppError::NotFound(format!("there is no bill for {month}")))
}

/// A page of a month's bills and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    month: Month,
    state: Option<&str>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<PrintedBill>, Option<String>), AppError> {
    let after = CustomerId(paging::number(after)?.unwrap_or(0));
    tx.expect(Work::ReadPages)?;
    let found = billing::page_of_month(tx, month, state, after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.customer.0.to_string()))
}

/// Hands every bill of a month to `each`, in the order of customers.
pub fn for_each_bill(
    store: &Store,
    month: Month,
    each: impl FnMut(PrintedBill) -> Result<(), AppError>,
) -> Result<(), AppError> {
    store.read(|tx| {
        business::load(tx)?;
        billing::printed_of_month(tx, month, each)
    })
}
