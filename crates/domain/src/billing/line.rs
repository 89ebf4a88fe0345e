//! A printed line of a bill: all deliveries of one product at one price, tax rate and kind, with
//! snapshots of everything that was true when it was made.
//!
//! It deliberately carries no reference to the catalog's later state.

use crate::calendar::Day;
use crate::catalog::{Product, Unit};
use crate::ids::ProductId;
use crate::money::{Money, Overflow, Quantity, TaxRate, TaxSplit, UnitPrice, split_tax};

/// Why a line is on the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// Standing deliveries of the month.
    Delivery,
    /// One-time orders of the month.
    Order,
    /// Deliveries and orders of earlier months that arrived after those months were billed.
    Late,
}

impl LineKind {
    /// All, in the order they are printed.
    pub const ALL: [Self; 3] = [Self::Delivery, Self::Order, Self::Late];

    /// The word under which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Order => "order",
            Self::Late => "late",
        }
    }

    /// The kind kept under `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What deliveries must share to stand on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineKey {
    /// Why they are billed.
    pub kind: LineKind,
    /// What was delivered.
    pub product: ProductId,
    /// At which price.
    pub unit_price: UnitPrice,
}

/// A printed line with its snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Why it is on the bill.
    pub kind: LineKind,
    /// The product.
    pub product: ProductId,
    /// The product's code at billing.
    pub sku: String,
    /// The product's name at billing.
    pub name: String,
    /// The product's HSN code at billing; empty when it has none.
    pub hsn: String,
    /// The unit of the quantity.
    pub unit: Unit,
    /// The sum of the delivered quantities.
    pub quantity: Quantity,
    /// The price of one unit.
    pub unit_price: UnitPrice,
    /// The tax rate at billing.
    pub tax_rate: TaxRate,
    /// Whether the price contains the tax.
    pub tax_inclusive: bool,
    /// `quantity × unit price`, rounded half to even.
    pub amount: Money,
    /// Taxable value and taxes.
    pub split: TaxSplit,
    /// The earliest day on the line.
    pub first_day: Day,
    /// The latest day on the line.
    pub last_day: Day,
    /// How many deliveries and orders stand on it.
    pub count: i64,
}

/// Computes amount and taxes of a line from its quantity and snapshots.
pub fn compute_line(
    quantity: Quantity,
    unit_price: UnitPrice,
    tax_rate: TaxRate,
    tax_inclusive: bool,
    interstate: bool,
) -> Result<(Money, TaxSplit), Overflow> {
    let amount = unit_price.times(quantity)?;
    Ok((amount, split_tax(amount, tax_rate, tax_inclusive, interstate)?))
}

impl Line {
    /// A line of nothing yet, with the product's snapshots.
    pub(super) fn open(key: LineKey, product: &Product, day: Day) -> Self {
        Self {
            kind: key.kind,
            product: key.product,
            sku: product.sku.clone(),
            name: product.name.clone(),
            hsn: product.hsn.as_ref().map(|hsn| hsn.as_str().to_owned()).unwrap_or_default(),
            unit: product.unit,
            quantity: Quantity::ZERO,
            unit_price: key.unit_price,
            tax_rate: product.tax_rate,
            tax_inclusive: product.tax_inclusive,
            amount: Money::ZERO,
            split: TaxSplit::default(),
            first_day: day,
            last_day: day,
            count: 0,
        }
    }

    /// Adds one delivery.
    pub(super) fn add(&mut self, quantity: Quantity, day: Day) -> Result<(), Overflow> {
        self.quantity = self.quantity.plus(quantity)?;
        self.first_day = self.first_day.min(day);
        self.last_day = self.last_day.max(day);
        self.count += 1;
        Ok(())
    }

    /// Computes amount and taxes once all deliveries are on.
    pub(super) fn close(&mut self, interstate: bool) -> Result<(), Overflow> {
        (self.amount, self.split) = compute_line(
            self.quantity,
            self.unit_price,
            self.tax_rate,
            self.tax_inclusive,
            interstate,
        )?;
        Ok(())
    }
}
