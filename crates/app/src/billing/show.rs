//! Reading bills for people and programs.
//!
//! It deliberately changes nothing.

use crate::{AppError, business};
use domain::calendar::Month;
use store::billing::{self, PrintedBill};
use store::{Store, customers};

/// The bill with a number.
pub fn bill_by_number(store: &Store, number: &str) -> Result<PrintedBill, AppError> {
    store.read(|tx| {
        billing::bill_by_number(tx, number)?.ok_or_else(|| {
            let what = format!(
                "there is no bill {number}; list the bills of a month with dairyos bills list"
            );
            AppError::NotFound(what)
        })
    })
}

/// The bill of a customer for a month.
pub fn bill_of_customer(store: &Store, code: &str, month: Month) -> Result<PrintedBill, AppError> {
    store.read(|tx| {
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
    })
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
