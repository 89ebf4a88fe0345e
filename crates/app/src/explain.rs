//! "Why this rupee?": what stands behind a bill or one of its lines, down to each delivery, its
//! price, the file it came in and the person who brought it, and the ledger entries.
//!
//! It deliberately changes nothing.

pub mod wire;

use crate::AppError;
use domain::billing::LineKind;
use domain::calendar::{Day, Moment};
use domain::catalog::{PriceBasis, PriceBook};
use domain::deliveries::Shift;
use domain::ids::CustomerId;
use domain::money::{Quantity, UnitPrice};
use store::billing::{BillLine, PrintedBill};
use store::ledger::BillEntry;
use store::{Store, Tx, audit, billing, catalog, deliveries, ledger, orders};

/// Where the price of an item comes from, by the price list as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceOrigin {
    /// A price in force on the item's day that equals the line's.
    InForce {
        /// Whose price it is.
        basis: PriceBasis,
        /// The first day it holds; the day of the order for an agreed price.
        effective_from: Day,
    },
    /// The price list says something else now; the line keeps its snapshot.
    ChangedSince {
        /// What the price list says now, if anything.
        now: Option<UnitPrice>,
    },
}

/// A delivery or order behind a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// When it was delivered.
    pub day: Day,
    /// The round, for deliveries.
    pub shift: Option<Shift>,
    /// The sender's reference; empty when it gave none.
    pub reference: String,
    /// How much.
    pub quantity: Quantity,
    /// Where its price comes from.
    pub price: PriceOrigin,
    /// The file it came in.
    pub file_name: String,
    /// Who brought it in.
    pub actor: String,
    /// When it was brought in.
    pub imported_at: Moment,
}

/// A line with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedLine {
    /// The line.
    pub line: BillLine,
    /// Its deliveries and orders, by day.
    pub behind: Vec<Behind>,
}

/// What stands behind a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The bill.
    pub bill: PrintedBill,
    /// The lines that were asked about.
    pub lines: Vec<ExplainedLine>,
    /// The ledger entries of the bill.
    pub ledger: Vec<BillEntry>,
    /// What was done to the bill, by whom and when.
    pub audit: Vec<audit::Kept>,
}

/// Parts `NUMBER` or `NUMBER/LINE` into the bill's number and the line.
pub fn parse_subject(text: &str) -> Result<(&str, Option<i64>), AppError> {
    let wrong = || {
        let what = format!(
            "\"{text}\" is neither a bill number such as INV/26-27/000001 nor a line of one such \
             as INV/26-27/000001/2"
        );
        AppError::BadArgument(what)
    };
    match text.match_indices('/').nth(2) {
        None => Ok((text, None)),
        Some((place, _)) => {
            let (number, line) = text.split_at(place);
            let line = line.get(1..).unwrap_or("").parse().map_err(|_| wrong())?;
            Ok((number, Some(line)))
        }
    }
}

/// Explains a bill, or one line of it.
pub fn explain(store: &Store, subject: &str) -> Result<Explanation, AppError> {
    let (number, line_no) = parse_subject(subject)?;
    store.read(|tx| explain_bill(tx, number, line_no))
}

/// Explains the bill of a number, or one line of it.
pub fn explain_bill(
    tx: &mut Tx<'_>,
    number: &str,
    line_no: Option<i64>,
) -> Result<Explanation, AppError> {
    let bill = billing::bill_by_number(tx, number)?.ok_or_else(|| {
        let what =
            format!("there is no bill {number}; list the bills of a month with dairyos bills list");
        AppError::NotFound(what)
    })?;
    let customer = bill.customer;
    let products = catalog::products(tx)?;
    let prices = catalog::price_book(tx, &products, customer.0, customer.0)?;
    let mut lines = Vec::new();
    for line in &bill.lines {
        if line_no.is_none_or(|wanted| wanted == line.line_no) {
            let behind = behind(tx, customer, line, &prices)?;
            lines.push(ExplainedLine { line: line.clone(), behind });
        }
    }
    if lines.is_empty() && line_no.is_some() {
        let last = bill.lines.len();
        let what = format!("{number} has lines 1 to {last}; there is no other");
        return Err(AppError::NotFound(what));
    }
    let ledger = ledger::of_bill(tx, bill.id)?;
    // Before it had a number, the bill was known by its id.
    let mut audit = audit::of_record(tx, "bills", &format!("draft {}", bill.id.0))?;
    audit.extend(audit::of_record(tx, "bills", number)?);
    Ok(Explanation { bill, lines, ledger, audit })
}

fn behind(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    kept: &BillLine,
    prices: &PriceBook,
) -> Result<Vec<Behind>, AppError> {
    let line = &kept.line;
    let origin = |day: Day| match prices.in_force(customer, line.product, day) {
        Some(found) if found.price == line.unit_price => {
            PriceOrigin::InForce { basis: found.basis, effective_from: found.effective_from }
        }
        found => PriceOrigin::ChangedSince { now: found.map(|found| found.price) },
    };
    let mut all = Vec::new();
    if line.kind != LineKind::Order {
        let days = (line.first_day, line.last_day);
        for found in deliveries::of_line(tx, customer, days, kept.bill, kept.line_no)? {
            all.push(Behind {
                day: found.day,
                shift: Some(found.shift),
                reference: found.reference,
                quantity: found.quantity,
                price: origin(found.day),
                file_name: found.file_name,
                actor: found.actor,
                imported_at: Moment::from_unix_micros(found.imported_at),
            });
        }
    }
    if line.kind != LineKind::Delivery {
        for found in orders::of_line(tx, customer, kept.bill, kept.line_no)? {
            let price = match found.agreed_price {
                Some(_) => PriceOrigin::InForce {
                    basis: PriceBasis::Order,
                    effective_from: found.ordered_on,
                },
                None => origin(found.day),
            };
            all.push(Behind {
                day: found.day,
                shift: None,
                reference: found.reference,
                quantity: found.quantity,
                price,
                file_name: found.file_name,
                actor: found.actor,
                imported_at: Moment::from_unix_micros(found.imported_at),
            });
        }
        all.sort_by(|a, b| (a.day, &a.reference).cmp(&(b.day, &b.reference)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::parse_subject;

    #[test]
    fn a_subject_is_a_bill_or_a_line() {
        let parts = |text| parse_subject(text).ok();
        assert_eq!(parts("INV/26-27/000001"), Some(("INV/26-27/000001", None)));
        assert_eq!(parts("INV/26-27/000001/2"), Some(("INV/26-27/000001", Some(2))));
        assert_eq!(parts("INV/26-27/000001/x"), None);
        assert_eq!(parts("INV/26-27/000001/"), None);
        assert_eq!(parts("INV"), Some(("INV", None)));
    }
}
