//! The price in force on a day: the customer's own, else the general one, each the most recent
//! whose first day is not after the day.
//!
//! It deliberately does not round or tax; it only finds.

use crate::calendar::Day;
use crate::ids::{CustomerId, ProductId};
use crate::money::UnitPrice;
use std::collections::HashMap;

/// One dated change of a price. A customer's own price ends with `price: None`, after which the
/// general price holds for that customer again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// The product.
    pub product: ProductId,
    /// Whose price; `None` for everyone's.
    pub customer: Option<CustomerId>,
    /// The first day it holds.
    pub effective_from: Day,
    /// The price from that day; `None` ends a customer's own price.
    pub price: Option<UnitPrice>,
}

/// Where a price in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PriceBasis {
    /// The general price.
    General,
    /// The customer's own price.
    Customer,
    /// Agreed for one order.
    Order,
}

impl PriceBasis {
    /// The word used on screens and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Customer => "customer",
            Self::Order => "order",
        }
    }
}

/// A price in force, with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The price of one unit.
    pub price: UnitPrice,
    /// Whose price it is.
    pub basis: PriceBasis,
    /// The first day it holds.
    pub effective_from: Day,
}

/// The dated steps of one price, sorted by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceSteps(Vec<(Day, Option<UnitPrice>)>);

impl PriceSteps {
    /// Adds a step; a step of the same day is replaced.
    pub fn add(&mut self, from: Day, price: Option<UnitPrice>) {
        match self.0.binary_search_by_key(&from, |step| step.0) {
            Ok(place) => {
                if let Some(step) = self.0.get_mut(place) {
                    step.1 = price;
                }
            }
            Err(place) => self.0.insert(place, (from, price)),
        }
    }

    /// The most recent step not after `day`.
    fn at(&self, day: Day) -> Option<(Day, UnitPrice)> {
        let step = self.0.iter().rev().find(|step| step.0 <= day)?;
        step.1.map(|price| (step.0, price))
    }
}

/// All prices needed for a set of customers.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    general: HashMap<ProductId, PriceSteps>,
    own: HashMap<(CustomerId, ProductId), PriceSteps>,
}

impl PriceBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change of a general or a customer's own price.
    pub fn add(&mut self, change: PriceChange) {
        let steps = match change.customer {
            Some(customer) => self.own.entry((customer, change.product)).or_default(),
            None => self.general.entry(change.product).or_default(),
        };
        steps.add(change.effective_from, change.price);
    }

    /// The price of `product` for `customer` on `day`; `None` when there is none.
    pub fn in_force(&self, customer: CustomerId, product: ProductId, day: Day) -> Option<InForce> {
        let own = if self.own.is_empty() { None } else { self.own.get(&(customer, product)) };
        if let Some((effective_from, price)) = own.and_then(|steps| steps.at(day)) {
            return Some(InForce { price, basis: PriceBasis::Customer, effective_from });
        }
        let (effective_from, price) = self.general.get(&product)?.at(day)?;
        Some(InForce { price, basis: PriceBasis::General, effective_from })
    }
}

#[cfg(test)]
mod tests {
    use super::PriceBasis::{self, Customer, General};
    use super::{PriceBook, PriceChange};
    use crate::calendar::Day;
    use crate::ids::{CustomerId, ProductId};
    use crate::money::UnitPrice;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn book(rows: &[(Option<i64>, &str, Option<i64>)]) -> PriceBook {
        let mut book = PriceBook::new();
        for (customer, from, rupees) in rows {
            book.add(PriceChange {
                product: ProductId(1),
                customer: customer.map(CustomerId),
                effective_from: day(from),
                price: rupees.map(|rupees| UnitPrice::from_milli(rupees * 1000)),
            });
        }
        book
    }

    fn price(book: &PriceBook, customer: i64, on: &str) -> Option<(i64, PriceBasis)> {
        book.in_force(CustomerId(customer), ProductId(1), day(on))
            .map(|found| (found.price.milli() / 1000, found.basis))
    }

    #[test]
    fn the_most_recent_price_not_after_the_day() {
        let book = book(&[
            (None, "2026-10-15", Some(66)),
            (None, "2026-04-01", Some(64)),
            (Some(7), "2026-10-10", Some(60)),
            (Some(7), "2026-10-20", None),
        ]);
        assert_eq!(price(&book, 1, "2026-03-31"), None);
        assert_eq!(price(&book, 1, "2026-04-01"), Some((64, General)));
        assert_eq!(price(&book, 1, "2026-10-14"), Some((64, General)));
        assert_eq!(price(&book, 1, "2026-10-15"), Some((66, General)));
        assert_eq!(price(&book, 7, "2026-10-09"), Some((64, General)));
        assert_eq!(price(&book, 7, "2026-10-10"), Some((60, Customer)));
        assert_eq!(price(&book, 7, "2026-10-19"), Some((60, Customer)));
        // The customer's own price has ended: everyone's holds again.
        assert_eq!(price(&book, 7, "2026-10-20"), Some((66, General)));
    }

    #[test]
    fn a_second_price_of_one_day_replaces_the_first() {
        let book = book(&[(None, "2026-04-01", Some(64)), (None, "2026-04-01", Some(65))]);
        assert_eq!(price(&book, 1, "2026-04-02"), Some((65, General)));
    }
}
