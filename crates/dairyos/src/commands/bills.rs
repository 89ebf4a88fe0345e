//! `dairyos bills`: run, issue, list and show.
//!
//! It deliberately prints what `app` returns and computes only column totals.

mod certificate;
mod paper;

use super::Context;
use crate::cli::{IssueArgs, ListArgs, RunArgs, ShowArgs};
use crate::output::{Output, Progress};
use app::billing::{self, Mode, Report, Request, wire};
use app::{AppError, csv};
use domain::money::{Money, inr};
use store::billing::PrintedBill;

pub fn run(context: &Context, args: &RunArgs) -> Result<bool, AppError> {
    let mode = if args.issue { Mode::RunAndIssue } else { Mode::Draft };
    let request = Request { month: args.month, mode, dry_run: args.dry_run };
    certify(context, request, args.json)
}

pub fn issue(context: &Context, args: &IssueArgs) -> Result<bool, AppError> {
    let request = Request { month: args.month, mode: Mode::IssueDrafts, dry_run: false };
    certify(context, request, args.json)
}

fn certify(context: &Context, request: Request, json: bool) -> Result<bool, AppError> {
    let store = context.open()?;
    let progress = Progress::new("billing customers", 0);
    let report: Report = billing::run(&store, &context.actor, request, &mut |done, total| {
        progress.of(done, total);
    })?;
    drop(progress);
    let mut out = Output::new();
    if json {
        out.json(&wire::run(request.mode.as_str(), request.dry_run, &report))?;
    } else {
        out.text(certificate::show(request, &report))?;
    }
    out.finish()?;
    Ok(report.certificate.is_clean())
}

pub fn list(context: &Context, args: &ListArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let mut out = Output::new();
    if args.json {
        let mut before = "[";
        billing::for_each_bill(&store, args.month, |bill| {
            out.text(before)?;
            out.text("\n  ")?;
            before = ",";
            out.json_row(&wire::bill(&bill))
        })?;
        out.line(if before == "[" { "[]" } else { "\n]" })?;
    } else if args.csv {
        out.line(CSV_HEADER)?;
        billing::for_each_bill(&store, args.month, |bill| out.line(csv_row(&bill)))?;
    } else {
        list_for_people(&store, args, &mut out)?;
    }
    out.finish()?;
    Ok(true)
}

const CSV_HEADER: &str = "number,customer_code,month,status,version,taxable,cgst,sgst,igst,\
                          round_off,total,previous_balance,payable";

fn csv_row(bill: &PrintedBill) -> String {
    let shape = wire::bill(bill);
    let number = shape.number.unwrap_or_default();
    [
        csv::field(&number).into_owned(),
        csv::field(&shape.customer_code).into_owned(),
        shape.month,
        shape.status.to_owned(),
        shape.version.to_string(),
        shape.taxable,
        shape.cgst,
        shape.sgst,
        shape.igst,
        shape.round_off,
        shape.total,
        shape.previous_balance,
        shape.payable,
    ]
    .join(",")
}

fn list_for_people(
    store: &store::Store,
    args: &ListArgs,
    out: &mut Output,
) -> Result<(), AppError> {
    let (mut count, mut total, mut payable) = (0u64, Money::ZERO, Money::ZERO);
    let row = |number: &str, code: &str, status: &str, amounts: [String; 3]| {
        let [total, previous, payable] = amounts;
        let line = format!("{number:<16}  {code:<16}  {status:<9}");
        format!("{line}  {total:>16}  {previous:>16}  {payable:>16}")
    };
    billing::for_each_bill(store, args.month, |bill| {
        if count == 0 {
            let names = ["Total", "Previous balance", "Payable"].map(str::to_owned);
            out.line(row("Number", "Customer", "Status", names))?;
        }
        let owed = bill.total.plus(bill.previous_balance)?;
        let amounts = [inr(bill.total), inr(bill.previous_balance), inr(owed)];
        let number = bill.number.as_deref().unwrap_or("-");
        let state = if bill.needs_rerun { "rerun" } else { bill.state.as_str() };
        out.line(row(number, &bill.customer_code, state, amounts))?;
        count += 1;
        total = total.plus(bill.total)?;
        payable = payable.plus(owed)?;
        Ok(())
    })?;
    if count == 0 {
        let month = args.month;
        return out.line(format!(
            "There are no bills for {month}; make them with dairyos bills run --month {month}."
        ));
    }
    let sums = format!("{count} bills, {} in all, {} payable.", inr(total), inr(payable));
    out.line(format!("\n{sums}"))
}

pub fn show(context: &Context, args: &ShowArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let bill = match (&args.number, &args.customer, args.month) {
        (Some(number), ..) => billing::bill_by_number(&store, number)?,
        (None, Some(code), Some(month)) => billing::bill_of_customer(&store, code, month)?,
        _ => {
            let what = "say which bill: a number, or --customer with --month".to_owned();
            return Err(AppError::BadArgument(what));
        }
    };
    let mut out = Output::new();
    if args.json {
        out.json(&wire::bill(&bill))?;
    } else {
        out.text(paper::show(&bill))?;
    }
    out.finish()?;
    Ok(true)
}
