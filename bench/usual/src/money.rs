//! Prices and sums of a bill, in integers, by the program's rules in their simple form: deliveries
//! of the month alone, no orders, no late deliveries, no round-off.
//!
//! It deliberately is a second, independent text of these rules; it shares no code with `domain`.

use crate::tables::{customer_prices, deliveries, general_prices, products};
use std::collections::{BTreeMap, HashMap};

/// All prices of the business.
pub struct Prices {
    general: HashMap<i32, Dated<i64>>,
    own: HashMap<(i32, i32), Dated<Option<i64>>>,
}

/// Values, each from a day on.
type Dated<T> = Vec<(i32, T)>;

impl Prices {
    /// Sorted by day once; a service would keep them like this in memory.
    pub fn new(general: Vec<general_prices::Model>, own: Vec<customer_prices::Model>) -> Self {
        let mut prices = Self { general: HashMap::new(), own: HashMap::new() };
        for price in general {
            let dated = prices.general.entry(price.product_id).or_default();
            dated.push((price.effective_from, price.price_milli));
        }
        for price in own {
            let dated = prices.own.entry((price.customer_id, price.product_id)).or_default();
            dated.push((price.effective_from, price.price_milli));
        }
        prices.general.values_mut().for_each(|dated| dated.sort_unstable());
        prices.own.values_mut().for_each(|dated| dated.sort_unstable());
        prices
    }

    /// The price in force on a day.
    fn on(&self, customer: i32, product: &products::Model, day: i32) -> Option<i64> {
        fn latest<T: Copy>(dated: Option<&Dated<T>>, day: i32) -> Option<T> {
            Some(dated?.iter().rev().find(|(from, _)| *from <= day)?.1)
        }
        latest(self.own.get(&(customer, product.id)), day)
            .flatten()
            .or_else(|| latest(self.general.get(&product.id), day))
            .or(product.price_milli)
    }
}

/// A printed line.
pub struct Line<'a> {
    /// What it bills.
    pub product: &'a products::Model,
    /// Price of one unit, in thousandths of a rupee.
    pub price_milli: i64,
    /// Sum of quantities, in thousandths.
    pub quantity_milli: i64,
    /// Quantity times price, in paise.
    pub amount: i64,
    /// Taxable value, in paise.
    pub taxable: i64,
    /// Central tax and State tax, each, in paise.
    pub half_tax: i64,
    /// Integrated tax, in paise.
    pub igst: i64,
    /// The first and the last day.
    pub days: (i32, i32),
    /// The deliveries on it, by their place.
    pub places: Vec<usize>,
}

/// `number / divisor`, half to the even side.
fn half_even(number: i128, divisor: i128) -> i64 {
    let (quotient, rest) = (number.div_euclid(divisor), number.rem_euclid(divisor));
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(quotient + up).unwrap_or(i64::MAX)
}

impl Line<'_> {
    fn compute(&mut self, interstate: bool) {
        let rate = i128::from(self.product.tax_rate);
        let amount = i128::from(self.quantity_milli) * i128::from(self.price_milli);
        self.amount = half_even(amount, 10_000);
        let base = i128::from(self.amount);
        let inclusive = self.product.tax_inclusive != 0;
        let whole = if inclusive { 10_000 + rate } else { 10_000 };
        let tax = if interstate {
            self.igst = half_even(base * rate, whole);
            self.igst
        } else {
            self.half_tax = half_even(base * rate, 2 * whole);
            2 * self.half_tax
        };
        self.taxable = if inclusive { self.amount - tax } else { self.amount };
    }

    /// What the line comes to.
    pub fn total(&self) -> i64 {
        self.taxable + 2 * self.half_tax + self.igst
    }
}

/// The lines of a customer's month, by product and price.
pub fn lines<'a>(
    customer: i32,
    interstate: bool,
    month: &[deliveries::Model],
    products: &'a HashMap<i32, products::Model>,
    prices: &Prices,
) -> Result<Vec<Line<'a>>, String> {
    let mut lines: BTreeMap<(i32, i64), Line<'a>> = BTreeMap::new();
    for (place, delivery) in month.iter().enumerate() {
        let Some(product) = products.get(&delivery.product_id) else {
            return Err(format!("there is no product {}", delivery.product_id));
        };
        let Some(price_milli) = prices.on(customer, product, delivery.day) else {
            return Err(format!("{} has no price on {}", product.sku, delivery.day));
        };
        let line = lines.entry((product.id, price_milli)).or_insert_with(|| Line {
            product,
            price_milli,
            quantity_milli: 0,
            amount: 0,
            taxable: 0,
            half_tax: 0,
            igst: 0,
            days: (delivery.day, delivery.day),
            places: Vec::new(),
        });
        line.quantity_milli += i64::from(delivery.quantity_milli);
        line.days = (line.days.0.min(delivery.day), line.days.1.max(delivery.day));
        line.places.push(place);
    }
    let mut lines: Vec<Line<'a>> = lines.into_values().collect();
    for line in &mut lines {
        line.compute(interstate);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::half_even;

    #[test]
    fn halves_go_to_the_even_side() {
        for (number, expected) in [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2)] {
            assert_eq!(half_even(number, 10), expected, "{number}");
        }
    }
}
