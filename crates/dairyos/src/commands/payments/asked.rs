//! What gateways are asked for, refunds, and UPI links, at the command line.
//!
//! It deliberately calls no gateway: a worker does (`dairyos work`, or the one of `dairyos serve`).

use super::Context;
use crate::cli::{PayOutArgs, RefundArgs, RefundsArgs, RequestArgs, RequestsArgs, UpiArgs};
use crate::output::{Output, Side, Table};
use app::payments::wire::{PaymentRequest, Refund};
use app::payments::{self, AskedFor, AskedRefund, NewRefund, NewRequest, PaidOut, WantedRequests};
use app::{AppError, Tx};
use domain::ids::{PaymentId, PersonId, RefundId, RequestId};
use domain::payments::{RefundState, RequestState};
use serde_json::json;

pub fn request(context: &Context, args: &RequestArgs) -> Result<bool, AppError> {
    let desk = context.payments()?;
    let new = NewRequest {
        provider: args.provider.into(),
        kind: args.kind.into(),
        customer: args.customer.clone(),
        bill: args.bill.clone(),
        amount: args.amount,
        in_parts: args.in_parts,
        expires_at: args.expires_at,
        plan: args.plan.clone(),
    };
    let asked = context.open()?.write(|tx| {
        let id = payments::ask(tx, &context.actor, &desk.gateways, &new)?;
        payments::show_request(tx, id)
    })?;
    print_request(context, &asked, args.json)
}

/// The state of a word.
fn state<T>(word: Option<&str>, read: fn(&str) -> Option<T>) -> Result<Option<T>, AppError> {
    let unknown = |word: &str| AppError::BadArgument(format!("--status {word}: no such state"));
    word.map(|word| read(word).ok_or_else(|| unknown(word))).transpose()
}

pub fn requests(context: &Context, args: &RequestsArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    if let Some(id) = args.id {
        let asked = store.read(|tx| payments::show_request(tx, RequestId(id)))?;
        return print_request(context, &asked, args.json);
    }
    let wanted = WantedRequests {
        customer: args.customer.as_deref(),
        provider: None,
        state: state(args.status.as_deref(), RequestState::from_name)?,
    };
    let after = args.page.after.as_deref();
    let (found, next) =
        store.read(|tx| payments::requests_page(tx, &wanted, after, args.page.limit))?;
    let mut out = Output::new();
    if args.json {
        let desk = context.payments()?;
        let key_id = desk.gateways.razorpay_key_id();
        let shapes: Vec<_> = found.iter().map(|one| PaymentRequest::of(one, key_id)).collect();
        out.json(&json!({ "requests": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("There are no such requests.")?;
    } else {
        out.text(table_of_requests(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos payments requests --after {next}"))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn table_of_requests(found: &[AskedFor]) -> String {
    let columns = [
        ("Request", Side::Right),
        ("Gateway", Side::Left),
        ("Kind", Side::Left),
        ("Customer", Side::Left),
        ("Bill", Side::Left),
        ("Amount", Side::Right),
        ("State", Side::Left),
        ("Address", Side::Left),
    ];
    let mut table = Table::new(&columns);
    for asked in found {
        table.row([
            asked.id.0.to_string(),
            asked.provider.as_str().to_owned(),
            asked.kind.as_str().to_owned(),
            asked.customer_code.clone(),
            asked.bill_number.clone().unwrap_or_default(),
            asked.amount.map(domain::money::inr).unwrap_or_default(),
            asked.state.as_str().to_owned(),
            asked.url.clone().unwrap_or_default(),
        ]);
    }
    table.show()
}

fn print_request(context: &Context, asked: &AskedFor, json: bool) -> Result<bool, AppError> {
    let mut out = Output::new();
    if json {
        let desk = context.payments()?;
        out.json(&PaymentRequest::of(asked, desk.gateways.razorpay_key_id()))?;
    } else {
        out.text(table_of_requests(std::slice::from_ref(asked)))?;
        if let Some(reason) = &asked.reason {
            out.line(reason)?;
        }
    }
    out.finish()?;
    Ok(true)
}

pub fn cancel(context: &Context, id: i64, json: bool) -> Result<bool, AppError> {
    let asked = context.open()?.write(|tx| {
        payments::cancel(tx, &context.actor, RequestId(id))?;
        payments::show_request(tx, RequestId(id))
    })?;
    print_request(context, &asked, json)
}

pub fn refund(context: &Context, args: &RefundArgs) -> Result<bool, AppError> {
    let desk = context.payments()?;
    let new = NewRefund {
        amount: args.amount,
        destination: args.destination.into(),
        reason: args.reason.clone(),
        person: args.person.map(PersonId),
        reference: args.reference.clone(),
    };
    let refund = context.open()?.write(|tx| {
        let payment = PaymentId(args.payment);
        let id = payments::ask_refund(tx, &context.actor, &desk, payment, &new)?;
        payments::show_refund(tx, id)
    })?;
    print_refund(&refund, args.json)
}

pub fn refunds(context: &Context, args: &RefundsArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    if let Some(id) = args.id {
        let refund = store.read(|tx| payments::show_refund(tx, RefundId(id)))?;
        return print_refund(&refund, args.json);
    }
    let state = state(args.status.as_deref(), RefundState::from_name)?;
    let (payment, after) = (args.payment.map(PaymentId), args.page.after.as_deref());
    let (found, next) =
        store.read(|tx| payments::refunds_page(tx, payment, state, after, args.page.limit))?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<_> = found.iter().map(Refund::from).collect();
        out.json(&json!({ "refunds": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("There are no such refunds.")?;
    } else {
        out.text(table_of_refunds(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos payments refunds --after {next}"))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn table_of_refunds(found: &[AskedRefund]) -> String {
    let columns = [
        ("Refund", Side::Right),
        ("Payment", Side::Right),
        ("Amount", Side::Right),
        ("To", Side::Left),
        ("State", Side::Left),
        ("Asked by", Side::Left),
        ("Checked by", Side::Left),
        ("Reason", Side::Left),
    ];
    let mut table = Table::new(&columns);
    for refund in found {
        table.row([
            refund.id.0.to_string(),
            refund.payment.0.to_string(),
            domain::money::inr(refund.amount),
            refund.destination.as_str().to_owned(),
            refund.state.as_str().to_owned(),
            refund.asked_as.clone(),
            refund.checked_as.clone().unwrap_or_default(),
            refund.reason.clone(),
        ]);
    }
    table.show()
}

fn print_refund(refund: &AskedRefund, json: bool) -> Result<bool, AppError> {
    let mut out = Output::new();
    if json {
        out.json(&Refund::from(refund))?;
    } else {
        out.text(table_of_refunds(std::slice::from_ref(refund)))?;
        if let Some(failure) = &refund.failure {
            out.line(failure)?;
        }
    }
    out.finish()?;
    Ok(true)
}

/// Changes a refund and prints it.
fn change(
    context: &Context,
    id: i64,
    json: bool,
    work: impl FnOnce(&mut Tx<'_>, RefundId) -> Result<(), AppError>,
) -> Result<bool, AppError> {
    let refund = context.open()?.write(|tx| {
        work(tx, RefundId(id))?;
        payments::show_refund(tx, RefundId(id))
    })?;
    print_refund(&refund, json)
}

pub fn approve(context: &Context, id: i64, json: bool) -> Result<bool, AppError> {
    let desk = context.payments()?;
    change(context, id, json, |tx, id| payments::approve(tx, &context.actor, &desk, id))
}

pub fn decline(context: &Context, id: i64, json: bool) -> Result<bool, AppError> {
    change(context, id, json, |tx, id| payments::decline(tx, &context.actor, id))
}

pub fn pay_out(context: &Context, args: &PayOutArgs) -> Result<bool, AppError> {
    let paid = PaidOut { person: args.person.map(PersonId), reference: args.reference.clone() };
    change(context, args.id, args.json, |tx, id| payments::pay_out(tx, &context.actor, id, &paid))
}

pub fn upi(context: &Context, args: &UpiArgs) -> Result<bool, AppError> {
    let desk = context.payments()?;
    let found = context.open()?.read(|tx| payments::upi_of_bill(tx, &desk, &args.bill))?;
    let mut out = Output::new();
    if args.json {
        out.json(&found)?;
    } else {
        out.line(&found.link)?;
    }
    out.finish()?;
    Ok(true)
}
