//! The facts from which a range of customers is billed.
//!
//! It deliberately decides nothing.

use super::run::Mode;
use crate::{AppError, business};
use domain::billing::{BillOfMonth, Left};
use domain::calendar::{Day, Month};
use domain::catalog::{PriceBook, Product};
use domain::ids::{BillId, CustomerId, OrderId, ProductId};
use domain::money::{Money, Quantity, UnitPrice};
use domain::{deliveries as delivered, orders as ordered};
use std::collections::{HashMap, HashSet};
use store::billing::{BillLine, KeptBill};
use store::business::Business;
use store::{Tx, billing, catalog, customers, deliveries, ledger, orders};

/// The customers from one id to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// What an item of a bill comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Delivery,
    Order(OrderId),
}

/// A delivery or order that a run looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) origin: Origin,
    pub(super) day: Day,
    pub(super) product: ProductId,
    pub(super) quantity: Quantity,
    pub(super) agreed_price: Option<UnitPrice>,
    /// Why it cannot be billed, whatever else holds.
    pub(super) unbillable: Option<Left>,
    /// The line it stands on.
    pub(super) on: Option<(BillId, i64)>,
}

/// What is known of one customer.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) id: CustomerId,
    pub(super) code: String,
    pub(super) interstate: bool,
    pub(super) bill: Option<KeptBill>,
    pub(super) items: Vec<Item>,
    pub(super) owes: Money,
}

impl Party {
    /// Whether the month's bill takes changes. Issuing drafts takes them as they stand.
    pub(super) fn bill_of_month(&self, mode: Mode) -> BillOfMonth {
        match &self.bill {
            Some(bill) if bill.state.is_final() || mode == Mode::IssueDrafts => BillOfMonth::Issued,
            _ => BillOfMonth::Open,
        }
    }
}

/// The facts of a range of customers.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) month: Month,
    pub(super) business: Business,
    pub(super) products: HashMap<ProductId, Product>,
    pub(super) prices: PriceBook,
    pub(super) parties: Vec<Party>,
    /// Lines of the bills that do not change, by bill.
    pub(super) lines: HashMap<BillId, Vec<BillLine>>,
    closed: HashSet<Month>,
    closed_for: HashSet<(CustomerId, Month)>,
    /// Months that may hold something unbilled.
    pub(super) unbilled: Vec<(CustomerId, Month)>,
}

impl Facts {
    /// Whether an item of `month` that is unbilled now is late: bills of that month have been
    /// issued, to this customer or to all.
    pub(super) fn is_closed(&self, customer: CustomerId, month: Month) -> bool {
        self.closed.contains(&month) || self.closed_for.contains(&(customer, month))
    }

    /// Loads the facts of a range.
    pub(super) fn load(
        tx: &mut Tx<'_>,
        month: Month,
        mode: Mode,
        range: Range,
    ) -> Result<Self, AppError> {
        let Range { from, to } = range;
        let business = business::load(tx)?;
        let products = catalog::products(tx)?;
        let prices = catalog::price_book(tx, &products, from, to)?;
        let mut loader = Loader::new(tx, &business, month, range)?;
        loader.load_bills(tx)?;
        loader.load_items(tx, mode)?;
        let lines = if loader.has_settled_bills(mode) {
            billing::lines_of_month(tx, month, from, to, mode == Mode::IssueDrafts)?
        } else {
            Vec::new()
        };
        let mut by_bill: HashMap<BillId, Vec<BillLine>> = HashMap::new();
        for line in lines {
            by_bill.entry(line.bill).or_default().push(line);
        }
        let closed: HashSet<Month> = billing::issued_months(tx)?.into_iter().collect();
        let undecided = loader
            .unbilled
            .iter()
            .any(|(_, earlier)| *earlier < month && !closed.contains(earlier));
        let closed_for = if undecided {
            billing::issued_earlier(tx, from, to, month)?.into_iter().collect()
        } else {
            HashSet::new()
        };
        let Loader { parties, unbilled, .. } = loader;
        Ok(Self {
            month,
            business,
            products,
            prices,
            parties,
            lines: by_bill,
            closed,
            closed_for,
            unbilled,
        })
    }
}

/// Collects what belongs to each customer of a range.
struct Loader {
    month: Month,
    range: Range,
    parties: Vec<Party>,
    /// For each id of the range, the place of its customer in `parties`.
    places: Vec<Option<usize>>,
    unbilled: Vec<(CustomerId, Month)>,
    /// Drafts of other months, which may hold items of earlier months.
    other_drafts: HashSet<BillId>,
}

impl Loader {
    fn new(
        tx: &mut Tx<'_>,
        business: &Business,
        month: Month,
        range: Range,
    ) -> Result<Self, AppError> {
        let Range { from, to } = range;
        let width = usize::try_from(to - from + 1).unwrap_or(0);
        let mut places = vec![None; width];
        let mut parties = Vec::with_capacity(width);
        for customer in customers::range(tx, from, to)? {
            if let Some(place) = Self::slot(&mut places, from, customer.id) {
                *place = Some(parties.len());
            }
            parties.push(Party {
                id: customer.id,
                code: customer.code,
                interstate: customer.state.is_some_and(|state| state != business.state),
                bill: None,
                items: Vec::new(),
                owes: Money::ZERO,
            });
        }
        let (unbilled, other_drafts) = (Vec::new(), HashSet::new());
        let mut loader = Self { month, range, parties, places, unbilled, other_drafts };
        for (customer, owes) in ledger::receivables(tx, from, to)? {
            if let Some(party) = loader.party(customer) {
                party.owes = owes;
            }
        }
        Ok(loader)
    }

    fn slot(
        places: &mut [Option<usize>],
        from: i64,
        customer: CustomerId,
    ) -> Option<&mut Option<usize>> {
        let offset = usize::try_from(customer.0.checked_sub(from)?).ok()?;
        places.get_mut(offset)
    }

    fn party(&mut self, customer: CustomerId) -> Option<&mut Party> {
        let place = *Self::slot(&mut self.places, self.range.from, customer)?;
        self.parties.get_mut(place?)
    }

    fn load_bills(&mut self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        let Range { from, to } = self.range;
        for bill in billing::bills_of_month(tx, self.month, from, to)? {
            if let Some(party) = self.party(bill.customer) {
                party.bill = Some(bill);
            }
        }
        self.unbilled = deliveries::unbilled(tx, from, to, self.month)?;
        Ok(())
    }

    /// Whether there are bills whose lines stay as they are.
    fn has_settled_bills(&self, mode: Mode) -> bool {
        self.parties
            .iter()
            .any(|party| party.bill.is_some() && party.bill_of_month(mode) == BillOfMonth::Issued)
    }

    fn load_items(&mut self, tx: &mut Tx<'_>, mode: Mode) -> Result<(), AppError> {
        let Range { from, to } = self.range;
        let month = self.month;
        let drafts = mode == Mode::IssueDrafts;
        deliveries::of_month(tx, from, to, month, |found| self.take(found))?;
        for order in orders::of_month(tx, from, to, month)? {
            self.take_order(order);
        }
        if self.unbilled.iter().any(|(_, earlier)| *earlier < month) {
            let elsewhere = billing::drafts_of_other_months(tx, from, to, month)?;
            self.other_drafts = elsewhere.into_iter().collect();
            deliveries::earlier(tx, from, to, month, |found| self.take_earlier(found, mode))?;
            for order in orders::earlier(tx, from, to, month)? {
                self.take_earlier_order(order, mode);
            }
        }
        if self.has_settled_bills(mode) {
            deliveries::late_on_bills(tx, from, to, month, drafts, |found| self.take(found))?;
            for order in orders::late_on_bills(tx, from, to, month, drafts)? {
                self.take_order(order);
            }
        }
        Ok(())
    }

    fn take(&mut self, found: deliveries::Billable) {
        if let Some(party) = self.party(found.customer) {
            party.items.push(of_delivery(&found));
        }
    }

    fn take_order(&mut self, found: orders::Billable) {
        if let Some(party) = self.party(found.customer) {
            party.items.push(of_order(&found));
        }
    }

    fn take_earlier(&mut self, found: deliveries::Billable, mode: Mode) {
        if self.concerns(found.customer, found.on, mode) {
            self.take(found);
        }
    }

    fn take_earlier_order(&mut self, found: orders::Billable, mode: Mode) {
        if self.concerns(found.customer, found.on, mode) {
            self.take_order(found);
        }
    }

    /// Whether an item of an earlier month concerns the run: one that is free, one on the draft
    /// that is computed anew, and one on another month's draft, which keeps its month open. Items
    /// of bills that stand are read through their lines; those of issued bills are done with.
    fn concerns(&mut self, customer: CustomerId, on: Option<(BillId, i64)>, mode: Mode) -> bool {
        let Some((bill, _)) = on else {
            return true;
        };
        self.other_drafts.contains(&bill)
            || self.party(customer).is_some_and(|party| {
                party.bill_of_month(mode) == BillOfMonth::Open
                    && party.bill.as_ref().is_some_and(|own| own.id == bill)
            })
    }
}

fn of_delivery(found: &deliveries::Billable) -> Item {
    let unbillable = match found.status {
        delivered::Status::Missed => Some(Left::Missed),
        delivered::Status::Skipped => Some(Left::Skipped),
        delivered::Status::Delivered => no_quantity(found.quantity),
    };
    Item {
        origin: Origin::Delivery,
        day: found.day,
        product: found.product,
        quantity: found.quantity,
        agreed_price: None,
        unbillable,
        on: found.on,
    }
}

fn of_order(found: &orders::Billable) -> Item {
    let unbillable = match found.status {
        ordered::Status::Pending => Some(Left::Pending),
        ordered::Status::Cancelled => Some(Left::Cancelled),
        ordered::Status::Delivered => no_quantity(found.quantity),
    };
    Item {
        origin: Origin::Order(found.id),
        day: found.day,
        product: found.product,
        quantity: found.quantity,
        agreed_price: found.agreed_price,
        unbillable,
        on: found.on,
    }
}

fn no_quantity(quantity: Quantity) -> Option<Left> {
    (quantity == Quantity::ZERO).then_some(Left::NoQuantity)
}
