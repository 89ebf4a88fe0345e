//! The journal in the forms of hledger, beancount and CSV.
//!
//! It deliberately streams: a journal of years passes through little memory.

use super::{JournalEntry, journal};
use crate::{AppError, csv};
use domain::calendar::Day;
use domain::ledger::Account;
use domain::money::Money;
use std::collections::BTreeMap;
use std::io::Write;
use store::Store;

/// A form of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For hledger and ledger-cli.
    Hledger,
    /// For beancount.
    Beancount,
    /// One row an entry.
    Csv,
}

impl Format {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Hledger, Self::Beancount, Self::Csv];

    /// The word it is asked for by, which is the usual ending of its files as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hledger => "hledger",
            Self::Beancount => "beancount",
            Self::Csv => "csv",
        }
    }

    /// The form of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// Writes the whole journal: every entry there is, as a part of a journal does not balance.
pub fn export(store: &Store, format: Format, out: &mut dyn Write) -> Result<(), AppError> {
    match format {
        Format::Csv => rows(store, out),
        Format::Hledger => grouped(store, out, hledger),
        Format::Beancount => beancount_with_accounts(store, out),
    }
}

fn put(out: &mut dyn Write, text: &str) -> Result<(), AppError> {
    out.write_all(text.as_bytes()).map_err(|error| AppError::Output(error.to_string()))
}

fn rows(store: &Store, out: &mut dyn Write) -> Result<(), AppError> {
    put(out, "transaction,date,cause,bill_number,customer_code,account,debit,credit\n")?;
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
            csv::field(entry.number.unwrap_or("")).into_owned(),
            csv::field(entry.customer_code).into_owned(),
            entry.account.as_str().to_owned(),
            debit,
            credit,
        ];
        put(out, &(row.join(",") + "\n"))
    })
}

/// A form of a transaction's first line and of its entries.
type Form = fn(&JournalEntry<'_>, bool) -> String;

fn grouped(store: &Store, out: &mut dyn Write, form: Form) -> Result<(), AppError> {
    let mut current = None;
    journal(store, |entry| {
        let first = current != Some(entry.transaction);
        if first && current.is_some() {
            put(out, "\n")?;
        }
        current = Some(entry.transaction);
        put(out, &form(entry, first))
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
        Account::PlanSales => "income:plan sales".to_owned(),
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
        Account::PlanSales => "Income:Plan-Sales".to_owned(),
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
fn beancount_with_accounts(store: &Store, out: &mut dyn Write) -> Result<(), AppError> {
    let mut opened: BTreeMap<String, Day> = BTreeMap::new();
    journal(store, |entry| {
        opened.entry(beancount_account(entry)).or_insert(entry.day);
        Ok(())
    })?;
    put(out, "option \"operating_currency\" \"INR\"\n\n")?;
    for (account, day) in &opened {
        put(out, &format!("{day} open {account} INR\n"))?;
    }
    put(out, "\n")?;
    grouped(store, out, beancount)
}
