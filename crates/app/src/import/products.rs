//! Importing products: new ones are added, known ones changed where the file says otherwise.
//!
//! It deliberately leaves bills as they are; they hold snapshots.

use super::Job;
use super::table::{Column, Row, Table, must, word};
use crate::AppError;
use domain::catalog::{Hsn, Product, Unit};
use domain::customers::{check_code, check_name};
use domain::money::{TaxRate, UnitPrice};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{audit, catalog};

pub(super) const COLUMNS: &[Column] = &[
    must("sku"),
    must("name"),
    must("unit"),
    must("hsn"),
    must("tax_rate"),
    must("price"),
    must("tax_inclusive"),
];
const SKU: usize = 0;
const NAME: usize = 1;
const UNIT: usize = 2;
const HSN: usize = 3;
const TAX_RATE: usize = 4;
const PRICE: usize = 5;
const INCLUSIVE: usize = 6;

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let kept = catalog::products(job.tx)?;
    let kept: HashMap<String, _> =
        kept.into_iter().map(|(id, product)| (product.sku.clone(), (id, product))).collect();
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut added = Vec::new();
    table.for_each_row(job, |job, row| {
        let Some(product) = read(job, row) else {
            return Ok(());
        };
        if let Some(line) = seen.insert(product.sku.clone(), row.line()) {
            row.wrong(job, SKU, format!("\"{}\" stands on line {line} already", product.sku));
            return Ok(());
        }
        match kept.get(&product.sku) {
            None => added.push(product),
            Some((_, known)) if *known == product => job.tally.unchanged += 1,
            Some((id, known)) => {
                catalog::update(job.tx, *id, &product, job.actor.at)?;
                let entry = crate::audit::entry(
                    "change",
                    "products",
                    &product.sku,
                    Some(&traced(known)),
                    Some(&traced(&product)),
                );
                audit::write(job.tx, job.actor, &[entry])?;
                job.tally.changed += 1;
            }
        }
        Ok::<(), AppError>(())
    })?;
    let list: Vec<&Product> = added.iter().collect();
    if !list.is_empty() {
        catalog::add(job.tx, &list, job.actor.at)?;
        job.tally.added += list.len() as u64;
    }
    Ok(())
}

fn read(job: &mut Job<'_, '_>, row: &Row<'_>) -> Option<Product> {
    row.parse(job, SKU, check_code);
    row.parse(job, NAME, check_name);
    let unit = row.parse(job, UNIT, word("L, kg or piece", Unit::parse));
    let hsn = row.parse_optional(job, HSN, Hsn::parse);
    let tax_rate = row.parse(job, TAX_RATE, TaxRate::parse_percent);
    let price = row.parse_optional(job, PRICE, price_above_zero);
    let inclusive = row.parse(job, INCLUSIVE, word("true or false", flag));
    check_code(row.text(SKU)).ok()?;
    check_name(row.text(NAME)).ok()?;
    Some(Product {
        sku: row.text(SKU).to_owned(),
        name: row.text(NAME).to_owned(),
        unit: unit?,
        hsn: hsn?,
        tax_rate: tax_rate?,
        price: price?,
        tax_inclusive: inclusive?,
    })
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A price that can be billed: zero would give goods away unnoticed.
pub(super) fn price_above_zero(text: &str) -> Result<UnitPrice, String> {
    let price = UnitPrice::parse(text).map_err(|error| error.to_string())?;
    if price.milli() > 0 {
        Ok(price)
    } else {
        Err(format!("\"{text}\" is not a price; expected more than 0"))
    }
}

fn traced(product: &Product) -> Value {
    json!({
        "name": product.name,
        "unit": product.unit.as_str(),
        "hsn": product.hsn.as_ref().map(Hsn::as_str),
        "tax_rate": product.tax_rate.to_string(),
        "price": product.price.map(|price| price.to_string()),
        "tax_inclusive": product.tax_inclusive,
    })
}
