//! Importing dated prices, for everyone or for one customer. The word `general` as a customer's
//! price ends that customer's own price.
//!
//! It deliberately leaves bills as they are; they hold snapshots.

use super::Job;
use super::known::KnownCustomers;
use super::products::price_above_zero;
use super::table::{Column, Row, Table, must};
use crate::AppError;
use domain::calendar::Day;
use domain::catalog::PriceChange;
use domain::ids::{CustomerId, ProductId};
use domain::money::UnitPrice;
use serde_json::json;
use std::collections::HashMap;
use store::{audit, catalog};

pub(super) const COLUMNS: &[Column] =
    &[must("sku"), must("customer_code"), must("effective_from"), must("price")];
const SKU: usize = 0;
const CUSTOMER: usize = 1;
const FROM: usize = 2;
const PRICE: usize = 3;

/// The word that ends a customer's own price.
const GENERAL: &str = "general";

/// What identifies a price: whose, of what, from when.
type Key = (Option<CustomerId>, ProductId, Day);

struct Known {
    customers: KnownCustomers,
    products: HashMap<String, ProductId>,
    prices: HashMap<Key, Option<UnitPrice>>,
}

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let mut known = load(job)?;
    let mut seen: HashMap<Key, (Option<UnitPrice>, u64)> = HashMap::new();
    let mut changes = Vec::new();
    let mut traces = Vec::new();
    table.for_each_row(job, |job, row| {
        if !row.text(CUSTOMER).is_empty() {
            known.customers.learn(job.tx, row.text(CUSTOMER))?;
        }
        let Some(change) = read(job, row, &known) else {
            return Ok(());
        };
        let key = (change.customer, change.product, change.effective_from);
        if let Some((price, line)) = seen.insert(key, (change.price, row.line())) {
            if price == change.price {
                job.tally.unchanged += 1;
            } else {
                let what = format!("line {line} gives another price for the same day");
                row.wrong(job, PRICE, what);
            }
            return Ok(());
        }
        match known.prices.get(&key) {
            Some(price) if *price == change.price => job.tally.unchanged += 1,
            Some(price) => {
                traces.push(traced(row, *price, change.price));
                changes.push(change);
                job.tally.changed += 1;
            }
            None => {
                changes.push(change);
                job.tally.added += 1;
            }
        }
        Ok::<(), AppError>(())
    })?;
    catalog::put_prices(job.tx, &changes, job.import)?;
    audit::write(job.tx, job.actor, &traces)?;
    Ok(())
}

fn load(job: &mut Job<'_, '_>) -> Result<Known, AppError> {
    let products = catalog::products(job.tx)?;
    let general = catalog::general_prices(job.tx)?;
    let own = catalog::own_prices(job.tx)?;
    let key = |change: &PriceChange| (change.customer, change.product, change.effective_from);
    Ok(Known {
        customers: KnownCustomers::default(),
        products: products.into_iter().map(|(id, product)| (product.sku, id)).collect(),
        prices: general.iter().chain(&own).map(|change| (key(change), change.price)).collect(),
    })
}

fn read(job: &mut Job<'_, '_>, row: &Row<'_>, known: &Known) -> Option<PriceChange> {
    let product = row.parse(job, SKU, |sku| find_product(&known.products, sku));
    let customer = row.parse_optional(job, CUSTOMER, |code| known.customers.find(code));
    let effective_from = row.parse(job, FROM, Day::parse);
    let ends = row.text(PRICE) == GENERAL;
    if ends && row.text(CUSTOMER).is_empty() {
        let what = "\"general\" ends a customer's own price; expected a customer_code with it";
        row.wrong(job, PRICE, what);
        return None;
    }
    let price = if ends { Some(None) } else { row.parse(job, PRICE, price_above_zero).map(Some) };
    Some(PriceChange {
        product: product?,
        customer: customer?,
        effective_from: effective_from?,
        price: price?,
    })
}

/// The product with a SKU, or a sentence that says it is unknown.
pub(super) fn find_product(
    products: &HashMap<String, ProductId>,
    sku: &str,
) -> Result<ProductId, String> {
    products.get(sku).copied().ok_or_else(|| {
        let shown: String = sku.chars().take(64).collect();
        format!("there is no product \"{shown}\"; expected a sku of products.csv")
    })
}

fn traced(row: &Row<'_>, before: Option<UnitPrice>, after: Option<UnitPrice>) -> audit::Entry {
    let price = |price: Option<UnitPrice>| {
        let shown = price.map_or_else(|| GENERAL.to_owned(), |price| price.to_string());
        json!({ "price": shown })
    };
    let (sku, customer, from) = (row.text(SKU), row.text(CUSTOMER), row.text(FROM));
    crate::audit::entry(
        "change",
        if customer.is_empty() { "general_prices" } else { "customer_prices" },
        format!("{sku} {customer} {from}"),
        Some(&price(before)),
        Some(&price(after)),
    )
}
