//! Importing deliveries, the bulk of a dairy's data: millions of rows, in batches that are sorted
//! like the table, so that the database writes neighbouring rows together.
//!
//! It deliberately refuses a second report that contradicts an issued bill.

use super::Job;
use super::known::KnownCustomers;
use super::prices::find_product;
use super::table::{Column, Row, Table, may, must, word};
use crate::AppError;
use domain::calendar::{Day, Month};
use domain::customers::check_code;
use domain::deliveries::{Delivery, DeliveryKey, Repeat, Shift, Status, judge_repeat};
use domain::ids::{BillId, CustomerId, ProductId};
use domain::money::Quantity;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use store::{audit, billing, catalog, deliveries};

pub(super) const COLUMNS: &[Column] = &[
    may("reference"),
    must("date"),
    must("shift"),
    must("customer_code"),
    must("sku"),
    must("quantity"),
    must("status"),
];
const REFERENCE: usize = 0;
const DATE: usize = 1;
const SHIFT: usize = 2;
const CUSTOMER: usize = 3;
const SKU: usize = 4;
const QUANTITY: usize = 5;
const STATUS: usize = 6;

/// Rows sorted and written at a time.
const BATCH: usize = 250_000;

/// A row with the line it came from.
type Reported = (Delivery, u64);

#[derive(Default)]
struct Writer {
    batch: Vec<Reported>,
    unbilled: HashSet<(CustomerId, Month)>,
    drafts: HashSet<BillId>,
}

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let mut customers = KnownCustomers::default();
    let products = catalog::products(job.tx)?;
    let products = products.into_iter().map(|(id, product)| (product.sku, id)).collect();
    let mut writer = Writer::default();
    table.for_each_row(job, |job, row| {
        customers.learn(job.tx, row.text(CUSTOMER))?;
        if let Some(delivery) = read(job, row, &customers, &products) {
            writer.batch.push((delivery, row.line()));
        }
        if writer.batch.len() >= BATCH {
            writer.flush(job)?;
        }
        Ok::<(), AppError>(())
    })?;
    writer.flush(job)?;
    let mut unbilled: Vec<_> = writer.unbilled.into_iter().collect();
    unbilled.sort_unstable();
    deliveries::mark_unbilled(job.tx, &unbilled)?;
    let mut drafts: Vec<_> = writer.drafts.into_iter().collect();
    drafts.sort_unstable();
    billing::drafts_to_rerun(job.tx, &drafts)?;
    if job.tally.added >= BATCH as u64 {
        job.tx.refresh_statistics(&["deliveries", "unbilled_months", "customers"])?;
    }
    Ok(())
}

fn read(
    job: &mut Job<'_, '_>,
    row: &Row<'_>,
    customers: &KnownCustomers,
    products: &HashMap<String, ProductId>,
) -> Option<Delivery> {
    let reference =
        row.parse_optional(job, REFERENCE, |text| check_code(text).map(|()| text.to_owned()));
    let day = row.parse(job, DATE, Day::parse);
    let shift = row.parse(job, SHIFT, word("morning or evening", Shift::parse));
    let customer = row.parse(job, CUSTOMER, |code| customers.find(code));
    let product = row.parse(job, SKU, |sku| find_product(products, sku));
    let quantity = row.parse(job, QUANTITY, quantity);
    let status = row.parse(job, STATUS, word("delivered, missed or skipped", Status::parse));
    let key = DeliveryKey {
        customer: customer?,
        day: day?,
        shift: shift?,
        product: product?,
        reference: reference?.unwrap_or_default(),
    };
    Some(Delivery { key, quantity: quantity?, status: status? })
}

/// A quantity of one delivery: 0 to a million units.
pub(super) fn quantity(text: &str) -> Result<Quantity, String> {
    let quantity = Quantity::parse(text).map_err(|error| error.to_string())?;
    if quantity < Quantity::ZERO {
        return Err(format!("\"{text}\" is negative; expected 0 or more"));
    }
    if quantity > Quantity::MAX_DELIVERY {
        return Err(format!("\"{text}\" is too much for one delivery; expected up to 1000000"));
    }
    Ok(quantity)
}

impl Writer {
    /// Writes the batch and judges rows that were there before.
    fn flush(&mut self, job: &mut Job<'_, '_>) -> Result<(), AppError> {
        let mut batch = std::mem::take(&mut self.batch);
        if job.bad.count() > 0 || batch.is_empty() {
            return Ok(()); // Nothing will be kept; only further bad rows are looked for.
        }
        batch.sort_unstable();
        drop_repeats(job, &mut batch);
        let (list, lines): (Vec<Delivery>, Vec<u64>) = batch.into_iter().unzip();
        let added = deliveries::add(job.tx, &list, job.import)?;
        job.tally.added += added;
        if added == list.len() as u64 {
            self.note(&list);
            return Ok(());
        }
        self.judge(job, &list, &lines, added)
    }

    fn judge(
        &mut self,
        job: &mut Job<'_, '_>,
        list: &[Delivery],
        lines: &[u64],
        added: u64,
    ) -> Result<(), AppError> {
        let mut unchanged = 0;
        let mut corrected = Vec::new();
        let mut traces = Vec::new();
        for kept in deliveries::kept(job.tx, list)? {
            let Some(reported) = list.get(kept.place) else {
                continue;
            };
            let line = lines.get(kept.place).copied().unwrap_or(0);
            let verdict = judge_repeat(&kept.delivery, reported, kept.billed);
            match verdict {
                Ok(Repeat::Unchanged) => {
                    unchanged += 1;
                    if kept.import == job.import {
                        self.note(std::slice::from_ref(reported));
                    }
                }
                Ok(_) if kept.import == job.import => {
                    let what = "the file reports this delivery twice, with different facts";
                    job.bad.add(line, 0, what);
                }
                Ok(_) => {
                    self.drafts.extend(kept.bill);
                    traces.push(traced(&kept.delivery, reported));
                    corrected.push(reported);
                }
                Err(error) => job.bad.add(line, 0, error.to_string()),
            }
        }
        deliveries::correct(job.tx, &corrected, job.import)?;
        audit::write(job.tx, job.actor, &traces)?;
        for delivery in &corrected {
            self.note(std::slice::from_ref(*delivery));
        }
        job.tally.changed += corrected.len() as u64;
        // Rows just added are found again, saying the same.
        job.tally.unchanged += u64::saturating_sub(unchanged, added);
        Ok(())
    }

    /// Notes the months that now hold something to bill.
    fn note(&mut self, list: &[Delivery]) {
        let mut noted = None;
        for delivery in list {
            let month = (delivery.key.customer, delivery.key.day.month());
            if delivery.status == Status::Delivered && noted != Some(month) {
                self.unbilled.insert(month);
                noted = Some(month);
            }
        }
    }
}

/// The audit row of a corrected delivery.
fn traced(before: &Delivery, after: &Delivery) -> audit::Entry {
    let facts = |delivery: &Delivery| {
        let (quantity, status) = (delivery.quantity.to_string(), delivery.status.as_str());
        json!({ "quantity": quantity, "status": status })
    };
    let key = &after.key;
    let record = format!(
        "customer {} {} {} product {} {}",
        key.customer.0,
        key.day,
        key.shift.as_str(),
        key.product.0,
        key.reference
    );
    crate::audit::entry(
        "change",
        "deliveries",
        record.trim_end(),
        Some(&facts(before)),
        Some(&facts(after)),
    )
}

/// Drops rows of a sorted batch that repeat the one before; notes those that contradict it.
fn drop_repeats(job: &mut Job<'_, '_>, batch: &mut Vec<Reported>) {
    let Job { bad, tally, .. } = job;
    batch.dedup_by(|(later, line), (earlier, first)| {
        if later.key != earlier.key {
            return false;
        }
        if later == earlier {
            tally.unchanged += 1;
        } else {
            let what = format!("line {first} reports the same delivery with different facts");
            bad.add(*line, 0, what);
        }
        true
    });
}
