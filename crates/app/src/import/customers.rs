//! Importing customers: new ones are added, known ones changed where the file says otherwise, and
//! opening balances posted.
//!
//! It deliberately removes nobody who is missing from the file.

use super::Job;
use super::table::{Column, Row, Table, may, must};
use crate::AppError;
use crate::customers::{keep, opening_balance, opening_day, why_opening_stays};
use domain::customers::{
    BillingMode, Customer, Email, Gstin, Language, Phone, Pincode, State, check_code,
    check_free_text, check_name,
};
use domain::ids::CustomerId;
use domain::ledger::{Transaction, opening_balance_transaction};
use domain::money::Money;
use std::collections::HashMap;
use store::{customers, ledger};

pub(super) const COLUMNS: &[Column] = &[
    must("code"),
    must("name"),
    may("phone"),
    may("email"),
    may("language"),
    may("address"),
    may("pincode"),
    may("state"),
    may("gstin"),
    may("route"),
    may("opening_balance"),
    may("billing_mode"),
];
const CODE: usize = 0;
const NAME: usize = 1;
const PHONE: usize = 2;
const EMAIL: usize = 3;
const LANGUAGE: usize = 4;
const ADDRESS: usize = 5;
const PINCODE: usize = 6;
const STATE: usize = 7;
const GSTIN: usize = 8;
const ROUTE: usize = 9;
const OPENING: usize = 10;
const MODE: usize = 11;

/// Customers written at a time.
const BATCH: usize = 20_000;

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let kept = customers::all(job.tx)?;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut added = Vec::new();
    table.for_each_row(job, |job, row| {
        let known = kept.get(row.text(CODE));
        let Some(customer) = read(job, row, known.map(|(_, known)| known)) else {
            return Ok(());
        };
        if let Some(line) = seen.insert(customer.code.clone(), row.line()) {
            row.wrong(job, CODE, format!("\"{}\" stands on line {line} already", customer.code));
            return Ok(());
        }
        match known {
            None => added.push(customer),
            Some((_, known)) if *known == customer => job.tally.unchanged += 1,
            Some((id, known)) => change(job, row, *id, known, &customer)?,
        }
        if added.len() >= BATCH {
            add(job, &std::mem::take(&mut added))?;
        }
        Ok::<(), AppError>(())
    })?;
    add(job, &added)
}

/// A field of a customer: the file's when it has the column, else what is known.
macro_rules! field {
    ($job:ident, $row:ident, $known:ident, $column:ident, $name:ident, $parse:expr) => {
        if $row.has($column) {
            $row.parse_optional($job, $column, $parse).flatten()
        } else {
            $known.and_then(|known| known.$name.clone())
        }
    };
}

/// Reads a customer. A column that the file does not have leaves what is known as it is; a blank
/// field of a column that it has empties it, except for an opening balance and a billing mode.
fn read(job: &mut Job<'_, '_>, row: &Row<'_>, known: Option<&Customer>) -> Option<Customer> {
    let before = job.bad.count();
    row.parse(job, CODE, check_code);
    row.parse(job, NAME, check_name);
    let free = |text: &str| check_free_text(text).map(|()| text.to_owned());
    let name = |text: &str| check_name(text).map(|()| text.to_owned());
    let customer = Customer {
        code: row.text(CODE).to_owned(),
        name: row.text(NAME).to_owned(),
        phone: field!(job, row, known, PHONE, phone, Phone::parse),
        email: field!(job, row, known, EMAIL, email, Email::parse),
        language: field!(job, row, known, LANGUAGE, language, Language::parse),
        address: field!(job, row, known, ADDRESS, address, free),
        pincode: field!(job, row, known, PINCODE, pincode, Pincode::parse),
        state: field!(job, row, known, STATE, state, State::parse),
        gstin: field!(job, row, known, GSTIN, gstin, Gstin::parse),
        route: field!(job, row, known, ROUTE, route, name),
        opening_balance: row
            .parse_optional(job, OPENING, opening_balance)
            .flatten()
            .or_else(|| known.map(|known| known.opening_balance))
            .unwrap_or(Money::ZERO),
        billing_mode: row
            .parse_optional(job, MODE, BillingMode::parse)
            .flatten()
            .or_else(|| known.map(|known| known.billing_mode))
            .unwrap_or_default(),
    };
    (job.bad.count() == before).then_some(customer)
}

fn add(job: &mut Job<'_, '_>, added: &[Customer]) -> Result<(), AppError> {
    if added.is_empty() {
        return Ok(());
    }
    let list: Vec<&Customer> = added.iter().collect();
    let ids = customers::add(job.tx, &list, job.actor.at)?;
    let day = opening_day(job.actor);
    let mut postings: Vec<Transaction> = Vec::new();
    for (id, customer) in ids.into_iter().zip(added) {
        let opening = customer.opening_balance;
        postings.extend(opening_balance_transaction(day, id, Money::ZERO, opening)?);
    }
    ledger::post(job.tx, &postings, job.actor.at)?;
    job.tally.added += added.len() as u64;
    Ok(())
}

fn change(
    job: &mut Job<'_, '_>,
    row: &Row<'_>,
    id: CustomerId,
    known: &Customer,
    customer: &Customer,
) -> Result<(), AppError> {
    if let Some(why) = why_opening_stays(job.tx, id, known, customer)? {
        row.wrong(job, OPENING, why);
        return Ok(());
    }
    keep(job.tx, job.actor, id, known, customer)?;
    job.tally.changed += 1;
    Ok(())
}
