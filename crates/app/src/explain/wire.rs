//! The shape in which an explanation leaves the program as JSON, for the command and the API.
//!
//! It deliberately mirrors the explanation and computes nothing.

use super::{Behind, ExplainedLine, Explanation, PriceOrigin};
use crate::billing::wire as billing;
use domain::deliveries::Shift;
use serde::Serialize;
use utoipa::ToSchema;

/// What stands behind a bill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct Shape {
    /// The bill.
    pub bill: billing::Bill,
    /// The lines that were asked about.
    pub lines: Vec<LineShape>,
    /// The ledger entries of the bill.
    pub ledger: Vec<EntryShape>,
    /// What was done to the bill.
    pub audit: Vec<DoneShape>,
}

/// What stands behind a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLine)]
pub struct LineShape {
    /// The line, from 1.
    pub line: i64,
    /// Its deliveries and orders, by day.
    pub behind: Vec<BehindShape>,
}

/// A delivery or order behind a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedItem)]
pub struct BehindShape {
    /// `delivery` or `order`.
    pub kind: &'static str,
    /// When it was delivered.
    pub date: String,
    /// `morning` or `evening`, for deliveries.
    #[schema(required)]
    pub shift: Option<&'static str>,
    /// The sender's reference; empty when it gave none.
    pub reference: String,
    /// How much, with three decimals.
    pub quantity: String,
    /// Where its price comes from.
    pub price: PriceShape,
    /// The file it came in.
    pub file: String,
    /// Who brought it in.
    pub imported_by: String,
    /// When (RFC 3339).
    pub imported_at: String,
}

/// Where a price comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedPrice)]
pub struct PriceShape {
    /// The price on the line, with three decimals.
    pub unit_price: String,
    /// Whose price it is; null when the list has changed since.
    #[schema(required)]
    pub basis: Option<&'static str>,
    /// The first day it holds.
    #[schema(required)]
    pub effective_from: Option<String>,
    /// What the list says now, when it has changed since.
    #[schema(required)]
    pub listed_now: Option<String>,
}

/// A ledger entry of a bill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedEntry)]
pub struct EntryShape {
    /// The transaction.
    pub transaction: i64,
    /// The day it counts for.
    pub date: String,
    /// The account.
    pub account: &'static str,
    /// Debits positive, in rupees with two decimals.
    pub amount: String,
    /// When it was posted (RFC 3339).
    pub posted_at: String,
}

/// Something that was done to a bill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedAct)]
pub struct DoneShape {
    /// When (RFC 3339).
    pub at: String,
    /// By whom.
    pub actor: String,
    /// What.
    pub action: String,
}

/// The shape of an explanation.
pub fn shape(explanation: &Explanation) -> Shape {
    let ledger = explanation.ledger.iter().map(|entry| EntryShape {
        transaction: entry.transaction,
        date: entry.day.to_string(),
        account: entry.account.as_str(),
        amount: entry.amount.to_string(),
        posted_at: entry.posted_at.rfc3339(),
    });
    let audit = explanation.audit.iter().map(|done| DoneShape {
        at: done.actor.at.rfc3339(),
        actor: done.actor.name.clone(),
        action: done.action.clone(),
    });
    Shape {
        bill: billing::bill(&explanation.bill),
        lines: explanation.lines.iter().map(line).collect(),
        ledger: ledger.collect(),
        audit: audit.collect(),
    }
}

fn line(explained: &ExplainedLine) -> LineShape {
    let unit_price = explained.line.line.unit_price.to_string();
    let behind = explained.behind.iter().map(|behind| item(behind, &unit_price));
    LineShape { line: explained.line.line_no, behind: behind.collect() }
}

fn item(behind: &Behind, unit_price: &str) -> BehindShape {
    let (basis, effective_from, listed_now) = match behind.price {
        PriceOrigin::InForce { basis, effective_from } => {
            (Some(basis.as_str()), Some(effective_from.to_string()), None)
        }
        PriceOrigin::ChangedSince { now } => (None, None, now.map(|price| price.to_string())),
    };
    BehindShape {
        kind: if behind.shift.is_some() { "delivery" } else { "order" },
        date: behind.day.to_string(),
        shift: behind.shift.map(Shift::as_str),
        reference: behind.reference.clone(),
        quantity: behind.quantity.to_string(),
        price: PriceShape { unit_price: unit_price.to_owned(), basis, effective_from, listed_now },
        file: behind.file_name.clone(),
        imported_by: behind.actor.clone(),
        imported_at: behind.imported_at.rfc3339(),
    }
}
