//! The catalog: products and dated prices.
//!
//! It deliberately keeps prices apart from bills, which hold snapshots of them.

use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::{Day, Moment};
use domain::catalog::{Hsn, PriceBook, PriceChange, Product, Unit};
use domain::ids::{CustomerId, ProductId};
use domain::money::{TaxRate, UnitPrice};
use std::collections::HashMap;

const INSERT: Insert = Insert {
    table: "products",
    columns: &[
        "id",
        "sku",
        "name",
        "unit",
        "hsn",
        "tax_rate",
        "tax_inclusive",
        "price_milli",
        "created_at",
        "updated_at",
    ],
};
pub(crate) const PRODUCTS: &str = "SELECT id, sku, name, unit, hsn, tax_rate, tax_inclusive, \
     price_milli FROM products ORDER BY id";
pub(crate) const UPDATE: &str = "UPDATE products SET name = $2, unit = $3, hsn = $4, \
     tax_rate = $5, tax_inclusive = $6, price_milli = $7, updated_at = $8, \
     version = version + 1 WHERE id = $1";
pub(crate) const GENERAL: &str =
    "SELECT product_id, effective_from, price_milli FROM general_prices";
pub(crate) const OWN: &str = "SELECT customer_id, product_id, effective_from, price_milli \
     FROM customer_prices WHERE customer_id BETWEEN $1 AND $2";
pub(crate) const OWN_ALL: &str =
    "SELECT customer_id, product_id, effective_from, price_milli FROM customer_prices";
const PUT_GENERAL: Each = Each {
    sql: "INSERT INTO general_prices (product_id, effective_from, price_milli, import_id) \
          SELECT :product, :day, :price, :import {row} WHERE TRUE \
          ON CONFLICT (product_id, effective_from) DO UPDATE \
          SET price_milli = excluded.price_milli, import_id = excluded.import_id",
    columns: &[
        Column::Int("product"),
        Column::Int("day"),
        Column::Int("price"),
        Column::Int("import"),
    ],
};
const PUT_OWN: Each = Each {
    sql: "INSERT INTO customer_prices \
          (customer_id, product_id, effective_from, price_milli, import_id) \
          SELECT :customer, :product, :day, :price, :import {row} WHERE TRUE \
          ON CONFLICT (customer_id, product_id, effective_from) DO UPDATE \
          SET price_milli = excluded.price_milli, import_id = excluded.import_id",
    columns: &[
        Column::Int("customer"),
        Column::Int("product"),
        Column::Int("day"),
        Column::Int("price"),
        Column::Int("import"),
    ],
};
pub(crate) const PAGE: &str = "SELECT id, sku, name, unit, hsn, tax_rate, tax_inclusive, \
     price_milli, version, created_at, updated_at FROM products WHERE sku > $1 \
     ORDER BY sku LIMIT $2";
pub(crate) const KNOWN: &str = "SELECT id, sku, name, unit, hsn, tax_rate, tax_inclusive, \
     price_milli, version, created_at, updated_at FROM products WHERE sku = $1";
pub(crate) const GENERAL_OF: &str = "SELECT product_id, effective_from, price_milli \
     FROM general_prices WHERE product_id = $1 AND effective_from > $2 \
     ORDER BY effective_from LIMIT $3";
pub(crate) const OWN_OF: &str = "SELECT customer_id, product_id, effective_from, price_milli \
     FROM customer_prices WHERE customer_id = $1 AND product_id = $2 AND effective_from > $3 \
     ORDER BY effective_from LIMIT $4";
pub(crate) const QUERIES: &[&str] =
    &[PRODUCTS, UPDATE, GENERAL, OWN, OWN_ALL, PAGE, KNOWN, GENERAL_OF, OWN_OF];
pub(crate) const SETS: &[&Each] = &[&PUT_GENERAL, &PUT_OWN];

/// All products by id.
pub fn products(tx: &mut Tx<'_>) -> Result<HashMap<ProductId, Product>, StoreError> {
    Ok(tx
        .list(PRODUCTS, &[], |row| Ok((ProductId(row.int(0)?), read(row)?)))?
        .into_iter()
        .collect())
}

fn read(row: &Row<'_>) -> Result<Product, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("products.{what}"));
    Ok(Product {
        sku: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        unit: Unit::parse(row.text(3)?).ok_or_else(|| wrong("unit"))?,
        hsn: row.opt_text(4)?.map(Hsn::parse).transpose().map_err(|_| wrong("hsn"))?,
        tax_rate: TaxRate::from_ten_thousandths(row.int(5)?),
        tax_inclusive: row.flag(6)?,
        price: row.opt_int(7)?.map(UnitPrice::from_milli),
    })
}

/// A product as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: ProductId,
    /// Its facts.
    pub product: Product,
    /// How often it has changed, from 1.
    pub version: i64,
    /// When it was added.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
}

fn read_known(row: &Row<'_>) -> Result<Known, StoreError> {
    Ok(Known {
        id: ProductId(row.int(0)?),
        product: read(row)?,
        version: row.int(8)?,
        created_at: Moment::from_unix_micros(row.int(9)?),
        updated_at: Moment::from_unix_micros(row.int(10)?),
    })
}

/// A page of products by SKU, after one of them.
pub fn page(tx: &mut Tx<'_>, after: &str, limit: i64) -> Result<Vec<Known>, StoreError> {
    tx.list(PAGE, &[after.into(), limit.into()], read_known)
}

/// A product by SKU.
pub fn known(tx: &mut Tx<'_>, sku: &str) -> Result<Option<Known>, StoreError> {
    tx.find(KNOWN, &[sku.into()], read_known)
}

/// The dated prices of a product, general or of one customer, after a day.
pub fn prices_of(
    tx: &mut Tx<'_>,
    product: ProductId,
    customer: Option<CustomerId>,
    after: i64,
    limit: i64,
) -> Result<Vec<PriceChange>, StoreError> {
    match customer {
        None => tx.list(GENERAL_OF, &[product.0.into(), after.into(), limit.into()], read_general),
        Some(customer) => {
            let params = [customer.0.into(), product.0.into(), after.into(), limit.into()];
            tx.list(OWN_OF, &params, read_own)
        }
    }
}

fn facts(product: &Product) -> [Value<'_>; 6] {
    [
        product.name.as_str().into(),
        product.unit.as_str().into(),
        product.hsn.as_ref().map(Hsn::as_str).into(),
        product.tax_rate.ten_thousandths().into(),
        product.tax_inclusive.into(),
        product.price.map(UnitPrice::milli).into(),
    ]
}

/// Adds products.
pub fn add(tx: &mut Tx<'_>, products: &[&Product], at: Moment) -> Result<(), StoreError> {
    let first = allot(tx, Counter::Products, products.len())?;
    let at = at.unix_micros().into();
    let rows = products.iter().zip(first..).map(|(product, id)| {
        let [name, unit, hsn, tax_rate, inclusive, price] = facts(product);
        [
            id.into(),
            product.sku.as_str().into(),
            name,
            unit,
            hsn,
            tax_rate,
            inclusive,
            price,
            at,
            at,
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// Keeps new facts of a product.
pub fn update(
    tx: &mut Tx<'_>,
    id: ProductId,
    product: &Product,
    at: Moment,
) -> Result<(), StoreError> {
    let mut params = vec![id.0.into()];
    params.extend(facts(product));
    params.push(at.unix_micros().into());
    tx.execute(UPDATE, &params).map(|_| ())
}

/// A day kept in a column.
pub(crate) fn day(number: i64, column: &str) -> Result<Day, StoreError> {
    Day::from_number(number)
        .ok_or_else(|| StoreError::unexpected(format!("{column} holds {number}, not a day")))
}

/// The prices that matter for a range of customers: the general ones, and their own.
pub fn price_book(
    tx: &mut Tx<'_>,
    products: &HashMap<ProductId, Product>,
    from: i64,
    to: i64,
) -> Result<PriceBook, StoreError> {
    let mut book = PriceBook::new();
    for (id, product) in products {
        if let Some(price) = product.price {
            book.add(change(None, *id, Day::MIN, Some(price)));
        }
    }
    for change in general_prices(tx)? {
        book.add(change);
    }
    for change in tx.list(OWN, &[from.into(), to.into()], read_own)? {
        book.add(change);
    }
    Ok(book)
}

/// All dated general prices.
pub fn general_prices(tx: &mut Tx<'_>) -> Result<Vec<PriceChange>, StoreError> {
    tx.list(GENERAL, &[], read_general)
}

fn read_general(row: &Row<'_>) -> Result<PriceChange, StoreError> {
    let from = day(row.int(1)?, "general_prices.effective_from")?;
    let price = UnitPrice::from_milli(row.int(2)?);
    Ok(change(None, ProductId(row.int(0)?), from, Some(price)))
}

/// All customers' own prices.
pub fn own_prices(tx: &mut Tx<'_>) -> Result<Vec<PriceChange>, StoreError> {
    tx.list(OWN_ALL, &[], read_own)
}

fn read_own(row: &Row<'_>) -> Result<PriceChange, StoreError> {
    let from = day(row.int(2)?, "customer_prices.effective_from")?;
    let price = row.opt_int(3)?.map(UnitPrice::from_milli);
    Ok(change(Some(CustomerId(row.int(0)?)), ProductId(row.int(1)?), from, price))
}

const fn change(
    customer: Option<CustomerId>,
    product: ProductId,
    effective_from: Day,
    price: Option<UnitPrice>,
) -> PriceChange {
    PriceChange { product, customer, effective_from, price }
}

/// Keeps price changes; a change of the same customer, product and day replaces the earlier one.
pub fn put_prices(tx: &mut Tx<'_>, changes: &[PriceChange], import: i64) -> Result<(), StoreError> {
    let mut general = Vec::new();
    let mut own = Vec::new();
    for change in changes {
        let product = change.product.0.into();
        let day = change.effective_from.number().into();
        let price = change.price.map(UnitPrice::milli).into();
        match change.customer {
            None => general.push([product, day, price, import.into()]),
            Some(customer) => own.push([customer.0.into(), product, day, price, import.into()]),
        }
    }
    tx.for_each(&PUT_GENERAL, general)?;
    tx.for_each(&PUT_OWN, own)?;
    Ok(())
}
