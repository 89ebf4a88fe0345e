//! One bill, for people at a terminal.
//!
//! It deliberately is not the printed paper of the law; that is a document of its own.

use crate::output::{Side, Table};
use domain::billing::LineKind;
use domain::money::{Money, inr};
use store::billing::PrintedBill;

/// The bill as text.
pub fn show(bill: &PrintedBill) -> String {
    let number = bill.number.as_deref().unwrap_or("Draft");
    let mut text = format!(
        "{number}  {}  {}  version {}\n{} {}  for {}\n\n",
        bill.state.as_str(),
        bill.day,
        bill.version,
        bill.customer_code,
        bill.customer_name,
        bill.month
    );
    text.push_str(&lines(bill).show());
    text.push('\n');
    text.push_str(&totals(bill).show());
    text
}

fn lines(bill: &PrintedBill) -> Table {
    let mut table = Table::new(&[
        ("#", Side::Right),
        ("Product", Side::Left),
        ("HSN", Side::Left),
        ("Days", Side::Left),
        ("Quantity", Side::Right),
        ("Price", Side::Right),
        ("Amount", Side::Right),
        ("Tax", Side::Left),
        ("Taxable", Side::Right),
        ("CGST", Side::Right),
        ("SGST", Side::Right),
        ("IGST", Side::Right),
    ]);
    for kept in &bill.lines {
        let line = &kept.line;
        let kind = match line.kind {
            LineKind::Delivery => String::new(),
            LineKind::Order => " (order)".to_owned(),
            LineKind::Late => " (late)".to_owned(),
        };
        let days = if line.first_day == line.last_day {
            line.first_day.to_string()
        } else {
            format!("{} to {}", line.first_day, line.last_day)
        };
        let inclusive = if line.tax_inclusive { "in" } else { "on top" };
        table.row([
            kept.line_no.to_string(),
            format!("{}{kind}", line.name),
            line.hsn.clone(),
            days,
            format!("{} {}", line.quantity, line.unit.as_str()),
            line.unit_price.to_string(),
            line.amount.to_string(),
            format!("{} % {inclusive}", line.tax_rate),
            line.split.taxable.to_string(),
            line.split.cgst.to_string(),
            line.split.sgst.to_string(),
            line.split.igst.to_string(),
        ]);
    }
    table
}

fn totals(bill: &PrintedBill) -> Table {
    let mut table = Table::plain(&[Side::Left, Side::Right]);
    let mut row = |name: &str, amount: Money| table.row([name.to_owned(), inr(amount)]);
    row("Taxable value", bill.split.taxable);
    if bill.split.igst.is_zero() {
        row("CGST", bill.split.cgst);
        row("SGST", bill.split.sgst);
    } else {
        row("IGST", bill.split.igst);
    }
    if !bill.round_off.is_zero() {
        row("Round off", bill.round_off);
    }
    row("Total", bill.total);
    row("Previous balance", bill.previous_balance);
    if let Ok(payable) = bill.total.plus(bill.previous_balance) {
        row("Payable", payable);
    }
    table
}
