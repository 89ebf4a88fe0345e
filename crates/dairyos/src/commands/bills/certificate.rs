//! The certificate of a run, for people.
//!
//! It deliberately shows every count, zero or not: an absent line would raise a question.

use crate::output::{Side, Table};
use app::billing::{Mode, Report, Request};
use domain::billing::Counts;
use domain::money::{Money, inr};

/// The certificate as text.
pub fn show(request: Request, report: &Report) -> String {
    let certificate = &report.certificate;
    let month = request.month;
    let what = match request.mode {
        Mode::Draft => "Draft bills",
        Mode::RunAndIssue => "Bills made and issued",
        Mode::IssueDrafts => "Drafts issued",
    };
    let dry = if request.dry_run { " (dry run: nothing was kept)" } else { "" };
    let mut text = format!("{what} for {month}{dry}\n\n");
    text.push_str(&counts(report).show());
    text.push('\n');
    text.push_str(&sums(report).show());
    let changes = &report.changes;
    text.push_str(&format!(
        "\nThis run: {} new, {} changed, {} unchanged, {} withdrawn, {} issued.\n",
        changes.created, changes.changed, changes.unchanged, changes.withdrawn, changes.issued
    ));
    text.push_str(&format!("Content {}\n", certificate.content));
    for excluded in &certificate.excluded {
        text.push_str(&format!("Excluded {}: {}\n", excluded.customer_code, excluded.reason));
    }
    let listed = certificate.excluded.len() as u64;
    if certificate.customers_excluded > listed {
        let more = certificate.customers_excluded - listed;
        text.push_str(&format!("and {more} more customers are excluded.\n"));
    }
    text
}

fn counts(report: &Report) -> Table {
    let certificate = &report.certificate;
    let mut table = Table::plain(&[Side::Left, Side::Right, Side::Left]);
    let mut row = |name: &str, count: u64, note: &str| {
        table.row([name.to_owned(), count.to_string(), note.to_owned()]);
    };
    row("Customers considered", certificate.customers_considered, "");
    let states = format!("{} issued, {} draft", certificate.bills_issued, certificate.bills_draft);
    row("  billed", certificate.customers_billed, &states);
    row("  nothing to bill", certificate.customers_nothing, "");
    row("  excluded", certificate.customers_excluded, "");
    for (name, counts) in [("Deliveries", &certificate.deliveries), ("Orders", &certificate.orders)]
    {
        items(&mut row, name, counts);
    }
    table
}

fn items(row: &mut impl FnMut(&str, u64, &str), name: &str, counts: &Counts) {
    row(&format!("{name} considered"), counts.considered, "");
    row("  billed", counts.billed, "");
    row("  left", counts.left.total(), "");
    for (left, count) in counts.left.iter() {
        row("", count, left.explanation());
    }
}

fn sums(report: &Report) -> Table {
    let sums = &report.certificate.sums;
    let mut table = Table::plain(&[Side::Left, Side::Right, Side::Left]);
    let mut row = |name: &str, amount: Money, agrees: Option<bool>| {
        let verdict = agrees.map_or("", |agrees| if agrees { "equal" } else { "DIFFERENT" });
        table.row([name.to_owned(), inr(amount), verdict.to_owned()]);
    };
    row("Value of deliveries and orders", sums.deliveries, None);
    row("Value of bill lines", sums.lines, Some(sums.deliveries == sums.lines));
    if !sums.round_off.is_zero() {
        row("Round-off of the bills", sums.round_off, None);
    }
    let summed = sums.lines.plus(sums.round_off) == Ok(sums.bills);
    row("Value of the bills", sums.bills, Some(summed));
    row("Issued of these", sums.issued, None);
    row("Posted to receivables", sums.receivable, Some(sums.issued == sums.receivable));
    table
}
