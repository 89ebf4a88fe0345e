//! The decision of billing: items of one customer become lines and totals of one bill.
//!
//! It deliberately takes only items that `standing` has found billable, and never looks at a
//! second customer: one bad customer cannot stop the others.

use super::{Line, LineKey, LineKind};
use crate::calendar::Day;
use crate::catalog::{PriceBook, Product};
use crate::ids::{CustomerId, ProductId};
use crate::money::{Money, Overflow, Quantity, TaxSplit, UnitPrice};
use std::collections::HashMap;
use thiserror::Error;

/// Whether bills are brought to whole rupees by a line "Round off".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundOff {
    /// Bills keep their paise.
    None,
    /// Bills are whole rupees, 50 paise up.
    Rupee,
}

impl RoundOff {
    /// The word under which the setting is kept and given.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Rupee => "rupee",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Rupee].into_iter().find(|setting| setting.as_str() == text)
    }
}

/// One billable delivery or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The kind of line it goes on.
    pub kind: LineKind,
    /// What was delivered.
    pub product: ProductId,
    /// When.
    pub day: Day,
    /// How much; above zero.
    pub quantity: Quantity,
    /// The price agreed for it, if any; else the price in force on its day.
    pub agreed_price: Option<UnitPrice>,
}

/// What the decision must know about the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who is billed.
    pub customer: CustomerId,
    /// Whether the goods go to another State than the business's.
    pub interstate: bool,
}

/// A bill as decided: lines, and totals that are their sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The lines, in the order they are printed.
    pub lines: Vec<Line>,
    /// For each item, in the order given, the place of its line in `lines`.
    pub line_of_item: Vec<u32>,
    /// Sums of taxable values and taxes.
    pub split: TaxSplit,
    /// What brings the bill to whole rupees.
    pub round_off: Money,
    /// What the bill comes to.
    pub total: Money,
}

/// Why a customer cannot be billed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BillingError {
    /// No price holds on a day.
    #[error(
        "no price for {sku} on {day}; import one in prices.csv with effective_from on or before \
         that day"
    )]
    NoPrice {
        /// The product's code.
        sku: String,
        /// The day without a price.
        day: Day,
    },
    /// A price of zero would give goods away unnoticed.
    #[error("the price for {sku} on {day} is 0; expected a price above 0")]
    ZeroPrice {
        /// The product's code.
        sku: String,
        /// The day.
        day: Day,
    },
    /// A product that is not in the catalog.
    #[error("product number {} is not in the catalog; run dairyos verify", .0.0)]
    UnknownProduct(ProductId),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Groups items into lines, prices and taxes them, and sums the bill.
///
/// The lines are ordered by kind, SKU, first day and price, whatever the order of the items.
pub fn draft_bill(
    party: Party,
    items: &[Item],
    products: &HashMap<ProductId, Product>,
    prices: &PriceBook,
    round_off: RoundOff,
) -> Result<Draft, BillingError> {
    let mut keys: Vec<LineKey> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut line_of_item = Vec::with_capacity(items.len());
    for item in items {
        let product =
            products.get(&item.product).ok_or(BillingError::UnknownProduct(item.product))?;
        let unit_price = price_of(party, item, product, prices)?;
        let key = LineKey { kind: item.kind, product: item.product, unit_price };
        // Bills have a handful of lines; the latest is the likeliest.
        let place = keys.iter().rposition(|known| *known == key).unwrap_or_else(|| {
            keys.push(key);
            lines.push(Line::open(key, product, item.day));
            lines.len() - 1
        });
        if let Some(line) = lines.get_mut(place) {
            line.add(item.quantity, item.day)?;
        }
        line_of_item.push(place);
    }
    for line in &mut lines {
        line.close(party.interstate)?;
    }
    let (lines, line_of_item) = in_printed_order(lines, &line_of_item);
    let split = sum_of(&lines)?;
    let exact = split.total()?;
    let round_off = match round_off {
        RoundOff::None => Money::ZERO,
        RoundOff::Rupee => exact.to_whole_rupee(),
    };
    let total = exact.plus(round_off)?;
    Ok(Draft { lines, line_of_item, split, round_off, total })
}

fn price_of(
    party: Party,
    item: &Item,
    product: &Product,
    prices: &PriceBook,
) -> Result<UnitPrice, BillingError> {
    let price = match item.agreed_price {
        Some(price) => price,
        None => match prices.in_force(party.customer, item.product, item.day) {
            Some(found) => found.price,
            None => {
                return Err(BillingError::NoPrice { sku: product.sku.clone(), day: item.day });
            }
        },
    };
    if price.milli() <= 0 {
        return Err(BillingError::ZeroPrice { sku: product.sku.clone(), day: item.day });
    }
    Ok(price)
}

/// Sorts lines for printing and renumbers the items' places accordingly.
fn in_printed_order(lines: Vec<Line>, line_of_item: &[usize]) -> (Vec<Line>, Vec<u32>) {
    let mut order: Vec<(usize, Line)> = lines.into_iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| {
        let key = |line: &Line| (line.kind, line.first_day, line.unit_price);
        (a.kind, &a.sku).cmp(&(b.kind, &b.sku)).then_with(|| key(a).cmp(&key(b)))
    });
    let mut place_after = vec![0; order.len()];
    for (after, (before, _)) in order.iter().enumerate() {
        if let Some(place) = place_after.get_mut(*before) {
            *place = u32::try_from(after).unwrap_or(u32::MAX);
        }
    }
    let moved = |before: &usize| place_after.get(*before).copied().unwrap_or(u32::MAX);
    let line_of_item = line_of_item.iter().map(moved).collect();
    (order.into_iter().map(|(_, line)| line).collect(), line_of_item)
}

/// The sums of the lines' taxable values and taxes.
fn sum_of(lines: &[Line]) -> Result<TaxSplit, Overflow> {
    let mut sum = TaxSplit::default();
    for line in lines {
        sum.taxable = sum.taxable.plus(line.split.taxable)?;
        sum.cgst = sum.cgst.plus(line.split.cgst)?;
        sum.sgst = sum.sgst.plus(line.split.sgst)?;
        sum.igst = sum.igst.plus(line.split.igst)?;
    }
    Ok(sum)
}
