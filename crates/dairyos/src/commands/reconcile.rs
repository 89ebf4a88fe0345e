//! `dairyos reconcile`: compares the books as of a day; lists, assigns, closes and reopens issues.
//!
//! It deliberately exits with 1 only for errors: warnings and infos leave the books right.

use super::Context;
use crate::cli::{ReconcileArgs, ReconcileCommand, ReconcileIssuesArgs};
use crate::output::{Output, Side, Table, note};
use app::AppError;
use app::reconciliation::wire::{KnownIssue, Reconciliation, WholeReconciliation};
use app::reconciliation::{self, Filter, FindingRow, ListedIssue, Report, Step};
use domain::calendar::Day;
use domain::ids::PersonId;
use domain::money::Money;
use serde_json::json;

pub fn execute(context: &Context, args: &ReconcileArgs) -> Result<bool, AppError> {
    match &args.command {
        None => run(context, args),
        Some(ReconcileCommand::List(args)) => list(context, args.before, args.limit, args.json),
        Some(ReconcileCommand::Issues(args)) => issues(context, args),
        Some(ReconcileCommand::Assign(args)) => {
            step(context, args.id, Step::Assign(PersonId(args.person)), args.json)
        }
        Some(ReconcileCommand::Close(args)) => {
            step(context, args.id, Step::Close(&args.note), args.json)
        }
        Some(ReconcileCommand::Reopen(args)) => step(context, args.id, Step::Reopen, args.json),
    }
}

fn run(context: &Context, args: &ReconcileArgs) -> Result<bool, AppError> {
    let actor = &context.actor;
    let day = args.date.unwrap_or_else(|| actor.at.business_day().plus_days(-1));
    let store = context.open()?;
    let rules = context.settings()?.reconciliation.rules();
    let asked = reconciliation::ask(&store, &context.payments()?.gateways, day)?;
    for missing in &asked.missing {
        note(&format!("Compared without {missing}"));
    }
    let report = reconciliation::run(&store, actor, day, rules, &asked.given)?;
    let mut out = Output::new();
    if args.json {
        out.json(&WholeReconciliation::from(&report))?;
    } else {
        print(&mut out, &report)?;
    }
    out.finish()?;
    Ok(report.is_without_errors())
}

fn print(out: &mut Output, report: &Report) -> Result<(), AppError> {
    let run = &report.run;
    if !report.issues.is_empty() {
        out.text(table(report.issues.iter()))?;
        out.line("")?;
    }
    let summary = run.summary;
    out.line(format!(
        "{}: {} errors, {} warnings, {} infos among {} bills and {} payments.",
        run.day, summary.errors, summary.warnings, summary.infos, run.bills, run.payments
    ))?;
    if let Some(before) = run.day_before {
        let (new, same, gone) = (run.new, run.same, run.gone);
        out.line(format!("Since {before}: {new} new, {same} as before, {gone} gone."))?;
    }
    Ok(())
}

fn table<'r>(rows: impl Iterator<Item = &'r FindingRow>) -> String {
    let columns = [
        ("Issue", Side::Right),
        ("Severity", Side::Left),
        ("Type", Side::Left),
        ("Expected", Side::Right),
        ("Found", Side::Right),
        ("State", Side::Left),
        ("Details", Side::Left),
    ];
    let mut table = Table::new(&columns);
    let amount = |amount: Option<Money>| amount.map(domain::money::inr).unwrap_or_default();
    for row in rows {
        table.row([
            row.id.to_string(),
            row.severity.as_str().to_owned(),
            row.kind.as_str().to_owned(),
            amount(row.expected),
            amount(row.found),
            row.state.as_str().to_owned(),
            row.details.replace(['\n', '\r'], " "),
        ]);
    }
    table.show()
}

fn list(context: &Context, before: Option<Day>, limit: u16, json: bool) -> Result<bool, AppError> {
    let store = context.open()?;
    let (found, next) = store.read(|tx| reconciliation::list(tx, before, limit))?;
    let mut out = Output::new();
    if json {
        let shapes: Vec<Reconciliation> = found.iter().map(Reconciliation::from).collect();
        let next = next.map(|day| day.to_string());
        out.json(&json!({ "reconciliations": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("No day was reconciled yet.")?;
    } else {
        let columns = [
            ("Day", Side::Left),
            ("Status", Side::Left),
            ("Errors", Side::Right),
            ("Warnings", Side::Right),
            ("Infos", Side::Right),
            ("New", Side::Right),
        ];
        let mut table = Table::new(&columns);
        for run in &found {
            table.row([
                run.day.to_string(),
                run.status.as_str().to_owned(),
                run.summary.errors.to_string(),
                run.summary.warnings.to_string(),
                run.summary.infos.to_string(),
                run.new.to_string(),
            ]);
        }
        out.text(table.show())?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos reconcile list --before {next}"))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn issues(context: &Context, args: &ReconcileIssuesArgs) -> Result<bool, AppError> {
    let filter = Filter {
        state: args.state.map(Into::into),
        severity: args.severity.map(Into::into),
        kind: None,
    };
    let store = context.open()?;
    let (found, next) =
        store.read(|tx| reconciliation::issues(tx, filter, args.before, args.limit))?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<KnownIssue> = found.iter().map(KnownIssue::from).collect();
        out.json(&json!({ "issues": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("There are no such issues.")?;
    } else {
        out.text(table(found.iter().map(|one| &one.issue)))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos reconcile issues --before {next}"))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn step(context: &Context, id: i64, step: Step<'_>, json: bool) -> Result<bool, AppError> {
    let store = context.open()?;
    let now: ListedIssue =
        store.write(|tx| reconciliation::change(tx, &context.actor, id, None, step))?;
    let mut out = Output::new();
    if json {
        out.json(&KnownIssue::from(&now))?;
    } else {
        out.text(table(std::iter::once(&now.issue)))?;
    }
    out.finish()?;
    Ok(true)
}
