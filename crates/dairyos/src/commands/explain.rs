//! `dairyos explain`: what stands behind a bill or a line.
//!
//! It deliberately shows every delivery; a sum without its parts explains nothing.

use super::Context;
use crate::cli::ExplainArgs;
use crate::output::{Output, Side, Table};
use app::AppError;
use app::explain::wire::shape;
use app::explain::{Behind, ExplainedLine, Explanation, PriceOrigin, explain};
use domain::money::inr;

pub fn execute(context: &Context, args: &ExplainArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let explanation = explain(&store, &args.subject)?;
    let mut out = Output::new();
    if args.json {
        out.json(&shape(&explanation))?;
    } else {
        print(&mut out, &explanation)?;
    }
    out.finish()?;
    Ok(true)
}

fn print(out: &mut Output, explanation: &Explanation) -> Result<(), AppError> {
    let bill = &explanation.bill;
    let number = bill.number.as_deref().unwrap_or("Draft");
    out.line(format!(
        "{number}  {}  {} {}  for {}",
        bill.state.as_str(),
        bill.customer_code,
        bill.customer_name,
        bill.month
    ))?;
    for explained in &explanation.lines {
        out.text("\n")?;
        print_line(out, explained)?;
    }
    out.line("\nLedger")?;
    let mut ledger = Table::plain(&[Side::Left, Side::Left, Side::Left, Side::Right]);
    for entry in &explanation.ledger {
        ledger.row([
            format!("  transaction {}", entry.transaction),
            entry.day.to_string(),
            entry.account.as_str().to_owned(),
            inr(entry.amount),
        ]);
    }
    out.text(ledger.show())?;
    out.line("\nDone by")?;
    for done in &explanation.audit {
        out.line(format!("  {}  {}  {}", done.actor.at, done.actor.name, done.action))?;
    }
    Ok(())
}

fn print_line(out: &mut Output, explained: &ExplainedLine) -> Result<(), AppError> {
    let line = &explained.line.line;
    let tax = line.split;
    out.line(format!(
        "Line {}  {} ({}), {}",
        explained.line.line_no,
        line.name,
        line.sku,
        line.kind.as_str()
    ))?;
    out.line(format!(
        "  {} {} x {} = {}",
        line.quantity,
        line.unit.as_str(),
        line.unit_price,
        inr(line.amount)
    ))?;
    let inclusive = if line.tax_inclusive { "contained in" } else { "on top of" };
    out.line(format!(
        "  {} % tax {inclusive} the price: taxable {}, CGST {}, SGST {}, IGST {}",
        line.tax_rate,
        inr(tax.taxable),
        inr(tax.cgst),
        inr(tax.sgst),
        inr(tax.igst)
    ))?;
    let mut table =
        Table::plain(&[Side::Left, Side::Left, Side::Right, Side::Left, Side::Left, Side::Left]);
    for behind in &explained.behind {
        table.row([
            format!("  {}", behind.day),
            behind.shift.map_or("order", domain::deliveries::Shift::as_str).to_owned(),
            behind.quantity.to_string(),
            price_words(behind),
            behind.reference.clone(),
            format!("{}, {} {}", behind.file_name, behind.actor, behind.imported_at),
        ]);
    }
    out.text(table.show())
}

fn price_words(behind: &Behind) -> String {
    match behind.price {
        PriceOrigin::InForce { basis, effective_from } => {
            if effective_from == domain::calendar::Day::MIN {
                format!("{} price", basis.as_str())
            } else {
                format!("{} price from {effective_from}", basis.as_str())
            }
        }
        PriceOrigin::ChangedSince { now: Some(now) } => {
            format!("price at billing; the list now says {now}")
        }
        PriceOrigin::ChangedSince { now: None } => "price at billing; no longer listed".to_owned(),
    }
}
