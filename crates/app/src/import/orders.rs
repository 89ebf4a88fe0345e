//! Importing one-time orders: new ones are added, known ones move on until their bill is issued.
//!
//! It deliberately refuses a second report that contradicts an issued bill.

use super::Job;
use super::deliveries::quantity;
use super::known::KnownCustomers;
use super::prices::find_product;
use super::products::price_above_zero;
use super::table::{Column, Row, Table, may, must, word};
use crate::AppError;
use domain::calendar::Day;
use domain::customers::check_code;
use domain::deliveries::Repeat;
use domain::ids::ProductId;
use domain::orders::{Order, Status, judge_repeat};
use std::collections::HashMap;
use store::{audit, billing, catalog, deliveries, orders};

pub(super) const COLUMNS: &[Column] = &[
    must("reference"),
    must("ordered_on"),
    must("delivery_date"),
    must("customer_code"),
    must("sku"),
    must("quantity"),
    must("status"),
    may("price"),
];
const REFERENCE: usize = 0;
const ORDERED_ON: usize = 1;
const DELIVERY: usize = 2;
const CUSTOMER: usize = 3;
const SKU: usize = 4;
const QUANTITY: usize = 5;
const STATUS: usize = 6;
const PRICE: usize = 7;

/// Orders compared and written at a time.
const BATCH: usize = 20_000;

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let mut customers = KnownCustomers::default();
    let products = catalog::products(job.tx)?;
    let products = products.into_iter().map(|(id, product)| (product.sku, id)).collect();
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut batch = Vec::new();
    table.for_each_row(job, |job, row| {
        customers.learn(job.tx, row.text(CUSTOMER))?;
        let Some(order) = read(job, row, &customers, &products) else {
            return Ok(());
        };
        if let Some(line) = seen.insert(order.reference.clone(), row.line()) {
            let what = format!("\"{}\" stands on line {line} already", order.reference);
            row.wrong(job, REFERENCE, what);
            return Ok(());
        }
        batch.push((order, row.line()));
        if batch.len() >= BATCH {
            flush(job, std::mem::take(&mut batch))?;
        }
        Ok::<(), AppError>(())
    })?;
    flush(job, batch)
}

fn read(
    job: &mut Job<'_, '_>,
    row: &Row<'_>,
    customers: &KnownCustomers,
    products: &HashMap<String, ProductId>,
) -> Option<Order> {
    let reference = row.parse(job, REFERENCE, |text| check_code(text).map(|()| text.to_owned()));
    let ordered_on = row.parse(job, ORDERED_ON, Day::parse);
    let delivery_day = row.parse(job, DELIVERY, Day::parse);
    let customer = row.parse(job, CUSTOMER, |code| customers.find(code));
    let product = row.parse(job, SKU, |sku| find_product(products, sku));
    let quantity = row.parse(job, QUANTITY, quantity);
    let status = row.parse(job, STATUS, word("pending, delivered or cancelled", Status::parse));
    let agreed_price = row.parse_optional(job, PRICE, price_above_zero);
    if let (Some(ordered_on), Some(delivery_day)) = (ordered_on, delivery_day)
        && ordered_on > delivery_day
    {
        let what = format!("{delivery_day} is before the order of {ordered_on}");
        row.wrong(job, DELIVERY, what);
        return None;
    }
    Some(Order {
        reference: reference?,
        ordered_on: ordered_on?,
        delivery_day: delivery_day?,
        customer: customer?,
        product: product?,
        quantity: quantity?,
        status: status?,
        agreed_price: agreed_price?,
    })
}

fn flush(job: &mut Job<'_, '_>, batch: Vec<(Order, u64)>) -> Result<(), AppError> {
    if job.bad.count() > 0 || batch.is_empty() {
        return Ok(()); // Nothing will be kept; only further bad rows are looked for.
    }
    let (list, lines): (Vec<Order>, Vec<u64>) = batch.into_iter().unzip();
    let mut is_new = vec![true; list.len()];
    let mut written: Vec<&Order> = Vec::new();
    for kept in orders::kept(job.tx, &list)? {
        let Some(order) = list.get(kept.place) else {
            continue;
        };
        if let Some(is_new) = is_new.get_mut(kept.place) {
            *is_new = false;
        }
        match judge_repeat(&kept.order, order, kept.billed) {
            Ok(Repeat::Unchanged) => job.tally.unchanged += 1,
            Ok(_) => {
                correct(job, &kept, order)?;
                written.push(order);
                job.tally.changed += 1;
            }
            Err(error) => {
                let line = lines.get(kept.place).copied().unwrap_or(0);
                job.bad.add(line, 0, error.to_string());
            }
        }
    }
    let added: Vec<&Order> =
        list.iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(order, _)| order).collect();
    if !added.is_empty() {
        orders::add(job.tx, &added, job.import)?;
        job.tally.added += added.len() as u64;
    }
    written.extend(added);
    let mut months: Vec<_> = written
        .iter()
        .filter(|order| order.status == Status::Delivered)
        .map(|order| (order.customer, order.delivery_day.month()))
        .collect();
    months.sort_unstable();
    months.dedup();
    deliveries::mark_unbilled(job.tx, &months)?;
    Ok(())
}

fn correct(job: &mut Job<'_, '_>, kept: &orders::Kept, order: &Order) -> Result<(), AppError> {
    orders::correct(job.tx, kept.id, order, job.import)?;
    if let Some(bill) = kept.bill {
        billing::drafts_to_rerun(job.tx, &[bill])?;
    }
    let traced = |order: &Order| {
        serde_json::json!({
            "delivery_date": order.delivery_day.to_string(),
            "quantity": order.quantity.to_string(),
            "status": order.status.as_str(),
            "price": order.agreed_price.map(|price| price.to_string()),
        })
    };
    let entry = crate::audit::entry(
        "change",
        "orders",
        &order.reference,
        Some(&traced(&kept.order)),
        Some(&traced(order)),
    );
    audit::write(job.tx, job.actor, &[entry])?;
    Ok(())
}
