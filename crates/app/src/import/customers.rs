//! Importing customers: new ones are added, known ones changed where the file says otherwise, and
//! opening balances posted.
//!
//! It deliberately removes nobody who is missing from the file.

use super::Job;
use super::table::{Column, Row, Table, may, must};
use crate::AppError;
use domain::customers::{
    Customer, Email, Gstin, Language, Phone, Pincode, State, check_code, check_free_text,
    check_name,
};
use domain::ids::CustomerId;
use domain::ledger::{Transaction, opening_balance_transaction};
use domain::money::Money;
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{audit, customers, ledger};

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

/// Customers written at a time.
const BATCH: usize = 20_000;

pub(super) fn import(job: &mut Job<'_, '_>, table: Table) -> Result<(), AppError> {
    let kept = customers::all(job.tx)?;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut added = Vec::new();
    table.for_each_row(job, |job, row| {
        let Some(customer) = read(job, row) else {
            return Ok(());
        };
        if let Some(line) = seen.insert(customer.code.clone(), row.line()) {
            row.wrong(
                job,
                CODE,
                format!("\"{}\" stands on line {line} already", customer.code),
            );
            return Ok(());
        }
        match kept.get(&customer.code) {
            None => added.push(customer),
            Some((_, known)) if *known == customer => job.tally.unchanged += 1,
            Some((id, known)) => change(job, *id, known, &customer)?,
        }
        if added.len() >= BATCH {
            add(job, &std::mem::take(&mut added))?;
        }
        Ok::<(), AppError>(())
    })?;
    add(job, &added)
}

fn read(job: &mut Job<'_, '_>, row: &Row<'_>) -> Option<Customer> {
    let before = job.bad.count();
    let text = |_: &mut Job<'_, '_>, known| row.optional(known).map(str::to_owned);
    row.parse(job, CODE, check_code);
    row.parse(job, NAME, check_name);
    row.parse_optional(job, ADDRESS, check_free_text);
    row.parse_optional(job, ROUTE, check_name);
    let customer = Customer {
        code: row.text(CODE).to_owned(),
        name: row.text(NAME).to_owned(),
        phone: row.parse_optional(job, PHONE, Phone::parse).flatten(),
        email: row.parse_optional(job, EMAIL, Email::parse).flatten(),
        language: row.parse_optional(job, LANGUAGE, Language::parse).flatten(),
        address: text(job, ADDRESS),
        pincode: row.parse_optional(job, PINCODE, Pincode::parse).flatten(),
        state: row.parse_optional(job, STATE, State::parse).flatten(),
        gstin: row.parse_optional(job, GSTIN, Gstin::parse).flatten(),
        route: text(job, ROUTE),
        opening_balance: row
            .parse_optional(job, OPENING, Money::parse)
            .flatten()
            .unwrap_or(Money::ZERO),
    };
    (job.bad.count() == before).then_some(customer)
}

fn add(job: &mut Job<'_, '_>, added: &[Customer]) -> Result<(), AppError> {
    if added.is_empty() {
        return Ok(());
    }
    let list: Vec<&Customer> = added.iter().collect();
    let ids = customers::add(job.tx, &list, job.actor.at)?;
    let day = job.actor.at.business_day();
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
    id: CustomerId,
    known: &Customer,
    customer: &Customer,
) -> Result<(), AppError> {
    customers::update(job.tx, id, customer, job.actor.at)?;
    let day = job.actor.at.business_day();
    let (before, after) = (known.opening_balance, customer.opening_balance);
    let posting = opening_balance_transaction(day, id, before, after)?;
    ledger::post(job.tx, posting.as_slice(), job.actor.at)?;
    let entry = audit::Entry {
        action: "change",
        table: "customers",
        record: customer.code.clone(),
        before: Some(traced(known).to_string()),
        after: Some(traced(customer).to_string()),
    };
    audit::write(job.tx, job.actor, &[entry])?;
    job.tally.changed += 1;
    Ok(())
}

/// What the audit trail keeps of a customer: phone numbers end in their last four digits only.
fn traced(customer: &Customer) -> Value {
    let phone = customer.phone.as_ref().map(|phone| {
        let digits = phone.as_str();
        format!(
            "...{}",
            digits.get(digits.len().saturating_sub(4)..).unwrap_or("")
        )
    });
    json!({
        "name": customer.name,
        "phone": phone,
        "email": customer.email.as_ref().map(Email::as_str),
        "language": customer.language.map(Language::code),
        "address": customer.address,
        "pincode": customer.pincode.as_ref().map(Pincode::as_str),
        "state": customer.state.map(State::code),
        "gstin": customer.gstin.as_ref().map(Gstin::as_str),
        "route": customer.route,
        "opening_balance": customer.opening_balance.to_string(),
    })
}
