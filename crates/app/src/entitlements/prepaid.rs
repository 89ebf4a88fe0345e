//! Prepaid customers: whether they have a balance, and so are entitled to deliveries.
//!
//! The balance is what no due has taken of their payments, without those for plans, and of a
//! balance brought forward in their favour; less what they owe, and less the value, with tax, of
//! what they were delivered and no issued bill has taken. It deliberately keeps nothing: every
//! answer is computed from what is there, for a set as for one.

use crate::{AppError, business};
use domain::billing::{Item, Party, RoundOff, draft_bill};
use domain::calendar::Day;
use domain::catalog::{PriceBook, Product};
use domain::entitlements::is_entitled_to_deliveries;
use domain::ids::{CustomerId, ProductId};
use domain::money::Money;
use std::collections::{BTreeMap, HashMap};
use store::entitlements::{Prepaid, Unbilled, own_prices, prepaid, unbilled};
use store::{Tx, catalog, payments};

pub use store::entitlements::Whom;

/// Ranges of ids of nobody: only general prices are read.
const NOBODY: (i64, i64) = (1, 0);

/// What a prepaid customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrepaidBalance {
    /// What is left; negative when they owe more than they have.
    pub balance: Money,
    /// Whether they are to be delivered to.
    pub is_entitled: bool,
}

/// The prepaid customers among those asked for, with their balance at a day: what is delivered up
/// to that day counts. Customers who are not in it pay after, and are always entitled.
pub fn deliveries_entitled(
    tx: &mut Tx<'_>,
    whom: Whom<'_>,
    day: Day,
) -> Result<BTreeMap<CustomerId, PrepaidBalance>, AppError> {
    let parties = prepaid(tx, whom)?;
    let ids: Vec<CustomerId> = parties.iter().map(|party| party.id).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut balances: BTreeMap<CustomerId, Money> =
        ids.iter().map(|id| (*id, Money::ZERO)).collect();
    for found in payments::credits(tx, &ids)? {
        let balance = balances.entry(found.customer).or_default();
        *balance = balance.plus(found.credit.left)?;
    }
    for found in payments::opening_credits_of(tx, &ids)? {
        let balance = balances.entry(found.customer).or_default();
        *balance = balance.plus(found.credit.left)?;
    }
    for found in payments::dues(tx, &ids)? {
        let balance = balances.entry(found.customer).or_default();
        *balance = balance.minus(found.due.due)?;
    }
    for (customer, value) in values(tx, &parties, &ids, day)? {
        let balance = balances.entry(customer).or_default();
        *balance = balance.minus(value)?;
    }
    let standing = |(customer, balance): (CustomerId, Money)| {
        let is_entitled = is_entitled_to_deliveries(true, balance.negated()?);
        Ok((customer, PrepaidBalance { balance, is_entitled }))
    };
    balances.into_iter().map(standing).collect()
}

/// What was delivered and not billed comes to, with tax, customer by customer.
fn values(
    tx: &mut Tx<'_>,
    parties: &[Prepaid],
    ids: &[CustomerId],
    day: Day,
) -> Result<Vec<(CustomerId, Money)>, AppError> {
    let mut delivered: HashMap<CustomerId, Vec<Unbilled>> = HashMap::new();
    for found in unbilled(tx, ids, day)? {
        delivered.entry(found.customer).or_default().push(found);
    }
    if delivered.is_empty() {
        return Ok(Vec::new());
    }
    let business = business::load(tx)?;
    let products = catalog::products(tx)?;
    let mut prices = catalog::price_book(tx, &products, NOBODY.0, NOBODY.1)?;
    for change in own_prices(tx, ids)? {
        prices.add(change);
    }
    let mut values = Vec::with_capacity(delivered.len());
    for party in parties {
        let Some(found) = delivered.get(&party.id) else { continue };
        let interstate = party.state.is_some_and(|state| state != business.state);
        let payer = Party { customer: party.id, interstate };
        values.push((party.id, value(payer, found, &products, &prices)?));
    }
    Ok(values)
}

/// What goods come to, as a bill of them would. What has no price yet counts for nothing: the bill
/// run names it.
fn value(
    payer: Party,
    found: &[Unbilled],
    products: &HashMap<ProductId, Product>,
    prices: &PriceBook,
) -> Result<Money, AppError> {
    let can_be_priced = |one: &&Unbilled| {
        let general = || prices.in_force(payer.customer, one.product, one.day);
        let price = one.agreed_price.or_else(|| general().map(|found| found.price));
        price.is_some_and(|price| price.milli() > 0) && products.contains_key(&one.product)
    };
    let item = |one: &Unbilled| Item {
        kind: one.kind,
        product: one.product,
        day: one.day,
        quantity: one.quantity,
        agreed_price: one.agreed_price,
    };
    let items: Vec<Item> = found.iter().filter(can_be_priced).map(item).collect();
    Ok(draft_bill(payer, &items, products, prices, RoundOff::None)?.total)
}
