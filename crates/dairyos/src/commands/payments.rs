//! `dairyos payments`: record, list, show, assign, clear, bounce; and, in a file of its own, what
//! is asked of gateways, refunds, and UPI links.
//!
//! It deliberately prints no payer's address.

mod asked;

use super::Context;
use crate::cli::{PaymentsCommand, PaymentsListArgs, RecordArgs};
use crate::output::{Output, Side, Table};
use app::payments::wire::{Payment, WholePayment};
use app::payments::{self, Listed, NewReceipt, Shown, Wanted};
use app::{Actor, AppError, Tx};
use domain::ids::{PaymentId, PersonId};
use serde_json::json;

pub fn execute(context: &Context, command: &PaymentsCommand) -> Result<bool, AppError> {
    match command {
        PaymentsCommand::Record(args) => record(context, args),
        PaymentsCommand::List(args) => list(context, args),
        PaymentsCommand::Show(args) => {
            let store = context.open()?;
            let shown = store.read(|tx| payments::show(tx, PaymentId(args.id)))?;
            print(&shown, args.json)
        }
        PaymentsCommand::Assign(args) => {
            let bill = args.bill.as_deref();
            change(context, args.id, args.json, |tx, actor, id| {
                payments::assign(tx, actor, id, &args.customer, bill)
            })
        }
        PaymentsCommand::Clear(args) => change(context, args.id, args.json, payments::clear),
        PaymentsCommand::Bounce(args) => change(context, args.id, args.json, payments::reverse),
        PaymentsCommand::Request(args) => asked::request(context, args),
        PaymentsCommand::Requests(args) => asked::requests(context, args),
        PaymentsCommand::Cancel(args) => asked::cancel(context, args.id, args.json),
        PaymentsCommand::Refund(args) => asked::refund(context, args),
        PaymentsCommand::Refunds(args) => asked::refunds(context, args),
        PaymentsCommand::Approve(args) => asked::approve(context, args.id, args.json),
        PaymentsCommand::Decline(args) => asked::decline(context, args.id, args.json),
        PaymentsCommand::PayOut(args) => asked::pay_out(context, args),
        PaymentsCommand::Upi(args) => asked::upi(context, args),
    }
}

fn record(context: &Context, args: &RecordArgs) -> Result<bool, AppError> {
    let new = NewReceipt {
        way: args.method.into(),
        amount: args.amount,
        reference: args.reference.clone(),
        customer: args.customer.clone(),
        bill: args.bill.clone(),
        plan: args.plan.clone(),
        person: args.person.map(PersonId),
        day: args.date,
    };
    let shown = context.open()?.write(|tx| {
        let id = payments::record(tx, &context.actor, &new)?;
        payments::show(tx, id)
    })?;
    print(&shown, args.json)
}

fn change(
    context: &Context,
    id: i64,
    json: bool,
    work: impl FnOnce(&mut Tx<'_>, &Actor, PaymentId) -> Result<(), AppError>,
) -> Result<bool, AppError> {
    let shown = context.open()?.write(|tx| {
        work(tx, &context.actor, PaymentId(id))?;
        payments::show(tx, PaymentId(id))
    })?;
    print(&shown, json)
}

fn list(context: &Context, args: &PaymentsListArgs) -> Result<bool, AppError> {
    let wanted = Wanted {
        customer: args.customer.as_deref(),
        unmatched: args.unmatched,
        state: args.state.map(domain::payments::State::from),
        ..Wanted::default()
    };
    let after = args.page.after.as_deref();
    let store = context.open()?;
    let (found, next) = store.read(|tx| payments::page(tx, &wanted, after, args.page.limit))?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<Payment> = found.iter().map(Payment::from).collect();
        out.json(&json!({ "payments": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("There are no such payments.")?;
    } else {
        out.text(table(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos payments list --after \"{next}\""))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn table(found: &[Listed]) -> String {
    let columns = [
        ("Payment", Side::Right),
        ("Day", Side::Left),
        ("Method", Side::Left),
        ("Reference", Side::Left),
        ("Customer", Side::Left),
        ("State", Side::Left),
        ("Captured", Side::Right),
        ("Advance", Side::Right),
    ];
    let mut table = Table::new(&columns);
    for listed in found {
        let payment = &listed.payment;
        table.row([
            payment.id.0.to_string(),
            payment.received_day.to_string(),
            payment.provider.as_str().to_owned(),
            payment.reference.clone(),
            listed.customer_code.clone().unwrap_or_default(),
            payment.facts.state().as_str().to_owned(),
            domain::money::inr(payment.facts.captured),
            domain::money::inr(payment.free),
        ]);
    }
    table.show()
}

fn print(shown: &Shown, json: bool) -> Result<bool, AppError> {
    let mut out = Output::new();
    if json {
        out.json(&WholePayment::from(shown))?;
    } else {
        out.text(table(std::slice::from_ref(&shown.listed)))?;
        for part in &shown.allocations {
            let due = part.bill_number.as_deref().unwrap_or("the balance brought forward");
            out.line(format!("{} for {due}", domain::money::inr(part.amount)))?;
        }
        for entry in &shown.log {
            out.line(format!("{}  {}  {}  by {}", entry.at, entry.to, entry.cause, entry.actor))?;
        }
    }
    out.finish()?;
    Ok(true)
}
