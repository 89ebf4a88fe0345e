//! Payments as people see them: lists, and one with its log, allocations and postings.
//!
//! It deliberately changes nothing.

use super::record::find;
use crate::catalog::find_customer;
use crate::{AppError, paging};
use domain::calendar::Day;
use domain::ids::PaymentId;
use domain::payments::{Provider, State};
use store::Tx;
use store::payments::{self, Filter};

pub use store::payments::{Listed, LogEntry, ShownAllocation, ShownPosting};

/// Which payments are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The code of the customer.
    pub customer: Option<&'a str>,
    /// Only those of which nobody knows who pays.
    pub unmatched: bool,
    /// The first and last business day.
    pub days: Option<(Day, Day)>,
    /// How they came in.
    pub provider: Option<Provider>,
    /// Where they stand.
    pub state: Option<State>,
}

/// A page of payments, the latest first, and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    wanted: &Wanted<'_>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), AppError> {
    let filter = Filter {
        customer: wanted.customer.map(|code| find_customer(tx, code)).transpose()?,
        unmatched: wanted.unmatched,
        days: wanted.days,
        provider: wanted.provider,
        state: wanted.state,
    };
    let after = after.map(place).transpose()?;
    let found = payments::page(tx, &filter, after, i64::from(limit) + 1)?;
    let name =
        |last: &Listed| format!("{} {}", last.payment.received_day.number(), last.payment.id.0);
    Ok(paging::cut(found, limit, name))
}

/// Reads a place of the form `YYYYMMDD ID`.
fn place(text: &str) -> Result<(Day, PaymentId), AppError> {
    let unknown = || {
        let what = "the place where the page begins is not one of this list; take next from the \
                    page before";
        AppError::BadPlace(what.to_owned())
    };
    let (day, id) = text.split_once(' ').ok_or_else(unknown)?;
    let day = day.parse().ok().and_then(Day::from_number).ok_or_else(unknown)?;
    let id = id.parse().map_err(|_| unknown())?;
    Ok((day, PaymentId(id)))
}

/// A payment with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The payment.
    pub listed: Listed,
    /// What changed it, in order.
    pub log: Vec<LogEntry>,
    /// What it has paid, in order.
    pub allocations: Vec<ShownAllocation>,
    /// What was posted for it, in order.
    pub postings: Vec<ShownPosting>,
}

/// One payment.
pub fn show(tx: &mut Tx<'_>, id: PaymentId) -> Result<Shown, AppError> {
    Ok(Shown {
        listed: find(tx, id)?,
        log: payments::log_of(tx, id)?,
        allocations: payments::allocations_of(tx, id)?,
        postings: payments::postings_of(tx, id)?,
    })
}
