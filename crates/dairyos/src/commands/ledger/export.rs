//! The journal in the forms of hledger, beancount and CSV.
//!
//! It deliberately streams: a journal of years passes through little memory.

use crate::cli::ExportFormat;
use crate::commands::bills::csv_field;
use crate::output::Output;
use app::AppError;
use app::ledger::{JournalEntry, journal};
use domain::calendar::Day;
use domain::ledger::Account;
use domain::money::Money;
use std::collections::BTreeMap;
use store::Store;

/// Writes the whole journal.
pub fn write(store: &Store, format: ExportFormat, out: &mut Output) -> Result<(), AppError> {
    match format {
        ExportFormat::Csv => csv(store, out),
        ExportFormat::Hledger => grouped(store, out, hledger),
        ExportFormat::Beancount => beancount_with_accounts(store, out),
    }
}

fn csv(store: &Store, out: &mut Output) -> Result<(), AppError> {
    out.line("transaction,date,cause,bill_number,customer_code,account,debit,credit")?;
    journal(store, |entry| {
        let (debit, credit) = if entry.amount < Money::ZERO {
            (String::new(), entry.amount.negated()?.to_string())
        } else {
            (entry.amount.to_string(), String::new())
        };
        let row = [
            entry.transaction.to_string(),
            entry.day.to_string(),
            entry.cause.to_owned(),
            csv_field(entry.number.unwrap_or("")),
            csv_field(entry.customer_code),
            entry.account.as_str().to_owned(),
            debit,
            credit,
        ];
        out.line(row.join(","))
    })
}

/// A form of a transaction's first line and of its entries.
type Form = fn(&JournalEntry<'_>, bool) -> String;

fn grouped(store: &Store, out: &mut Output, form: Form) -> Result<(), AppError> {
    let mut current = None;
    journal(store, |entry| {
        let first = current != Some(entry.transaction);
        if first && current.is_some() {
            out.text("\n")?;
        }
        current = Some(entry.transaction);
        out.text(form(entry, first))
    })
}

fn title(entry: &JournalEntry<'_>) -> String {
    let whose = format!("{} {}", entry.customer_code, entry.customer_name);
    match (entry.number, entry.payment) {
        (Some(number), _) => format!("{number} {whose}"),
        (None, Some((provider, reference, posting))) => {
            format!("{posting} {provider} {reference} {whose}").trim_end().to_owned()
        }
        (None, None) if entry.cause != "opening_balance" => entry.cause.replace('_', " "),
        (None, None) => format!("opening balance {} {}", entry.customer_code, entry.customer_name),
    }
}

/// A text on one line, without the characters that end a description.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == ';' || c == '|' { ' ' } else { c }).collect()
}

fn hledger(entry: &JournalEntry<'_>, first: bool) -> String {
    let mut text = String::new();
    if first {
        text = format!("{} * {}\n", entry.day, one_line(&title(entry)));
    }
    let account = match entry.account {
        Account::Receivable => {
            format!("assets:receivable:{}", hledger_part(entry.customer_code))
        }
        Account::Sales => "income:sales".to_owned(),
        Account::OutputCgst => "liabilities:gst:output cgst".to_owned(),
        Account::OutputSgst => "liabilities:gst:output sgst".to_owned(),
        Account::OutputIgst => "liabilities:gst:output igst".to_owned(),
        Account::RoundOff => "income:round off".to_owned(),
        Account::OpeningBalances => "equity:opening balances".to_owned(),
        Account::CashInHand => "assets:cash in hand".to_owned(),
        Account::Bank => "assets:bank".to_owned(),
        Account::ChequesInHand => "assets:cheques in hand".to_owned(),
        Account::GatewayRazorpay => "assets:gateway:razorpay".to_owned(),
        Account::GatewayStripe => "assets:gateway:stripe".to_owned(),
        Account::GatewayFees => "expenses:gateway fees".to_owned(),
        Account::InputTaxOnFees => "assets:gst:input tax".to_owned(),
        Account::UnmatchedReceipts => "liabilities:unmatched receipts".to_owned(),
        Account::CashShort => "expenses:cash short".to_owned(),
    };
    format!("{text}    {account:<40}  INR {:>14}\n", entry.amount.to_string())
}

/// A part of an account's name for hledger: `:` parts names, `;` begins a comment, two blanks end
/// the name. They are written as their number, and so is `%`, so that two codes never meet.
fn hledger_part(code: &str) -> String {
    let mut part = String::with_capacity(code.len());
    for c in code.chars() {
        let single_blank = c == ' ' && !part.is_empty() && !part.ends_with(' ');
        if matches!(c, ':' | ';' | '%') || c.is_control() || (c.is_whitespace() && !single_blank) {
            part.push_str(&format!("%{:x}.", u32::from(c)));
        } else {
            part.push(c);
        }
    }
    match part.strip_suffix(' ') {
        Some(rest) => format!("{rest}%20."),
        None => part,
    }
}

/// The account in beancount's spelling: parts of letters, digits and `-`, each beginning with a
/// capital or a digit. Other characters of a code are written as their number, so that two codes
/// never meet.
fn beancount_account(entry: &JournalEntry<'_>) -> String {
    match entry.account {
        Account::Receivable => {
            let mut code = String::from("C-");
            for c in entry.customer_code.chars() {
                if c.is_ascii_alphanumeric() {
                    code.push(c);
                } else {
                    code.push_str(&format!("-{:x}-", u32::from(c)));
                }
            }
            format!("Assets:Receivable:{code}")
        }
        Account::Sales => "Income:Sales".to_owned(),
        Account::OutputCgst => "Liabilities:GST:Output-CGST".to_owned(),
        Account::OutputSgst => "Liabilities:GST:Output-SGST".to_owned(),
        Account::OutputIgst => "Liabilities:GST:Output-IGST".to_owned(),
        Account::RoundOff => "Income:Round-Off".to_owned(),
        Account::OpeningBalances => "Equity:Opening-Balances".to_owned(),
        Account::CashInHand => "Assets:Cash-In-Hand".to_owned(),
        Account::Bank => "Assets:Bank".to_owned(),
        Account::ChequesInHand => "Assets:Cheques-In-Hand".to_owned(),
        Account::GatewayRazorpay => "Assets:Gateway:Razorpay".to_owned(),
        Account::GatewayStripe => "Assets:Gateway:Stripe".to_owned(),
        Account::GatewayFees => "Expenses:Gateway-Fees".to_owned(),
        Account::InputTaxOnFees => "Assets:GST:Input-Tax".to_owned(),
        Account::UnmatchedReceipts => "Liabilities:Unmatched-Receipts".to_owned(),
        Account::CashShort => "Expenses:Cash-Short".to_owned(),
    }
}

fn beancount(entry: &JournalEntry<'_>, first: bool) -> String {
    let mut text = String::new();
    if first {
        let title = one_line(&title(entry)).replace('\\', "\\\\").replace('"', "\\\"");
        text = format!("{} * \"{title}\"\n", entry.day);
    }
    let account = beancount_account(entry);
    format!("{text}  {account:<44}  {:>14} INR\n", entry.amount.to_string())
}

/// Beancount wants every account opened before its first entry.
fn beancount_with_accounts(store: &Store, out: &mut Output) -> Result<(), AppError> {
    let mut opened: BTreeMap<String, Day> = BTreeMap::new();
    journal(store, |entry| {
        opened.entry(beancount_account(entry)).or_insert(entry.day);
        Ok(())
    })?;
    out.line("option \"operating_currency\" \"INR\"\n")?;
    for (account, day) in &opened {
        out.line(format!("{day} open {account} INR"))?;
    }
    out.text("\n")?;
    grouped(store, out, beancount)
}
