//! Reading exported journals again: CSV, hledger and beancount, as far as the program writes them.
//!
//! It deliberately fails on anything else in them, so that a stray line is found.

use crate::kit::scaled;
use std::collections::BTreeSet;

/// One transaction of a journal.
#[derive(Debug, Default)]
pub struct Transaction {
    pub day: String,
    pub title: String,
    /// Accounts with debits positive, in paise.
    pub entries: Vec<(String, i64)>,
}

impl Transaction {
    pub fn sum(&self) -> i64 {
        self.entries.iter().map(|(_, amount)| amount).sum()
    }
}

fn is_day(text: &str) -> bool {
    let pattern = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(pattern)
}

/// A journal for hledger: accounts end at two blanks, amounts are `INR 1.00`.
pub fn hledger(journal: &str) -> Vec<Transaction> {
    let mut all: Vec<Transaction> = Vec::new();
    let mut open = false;
    for line in journal.lines() {
        if line.is_empty() {
            open = false;
        } else if let Some(entry) = line.strip_prefix("    ") {
            assert!(open, "an entry without its transaction: {line}");
            let (account, amount) = entry.split_once("  ").unwrap();
            assert!(!account.contains([';', '\t']), "{line}");
            let amount = amount.trim().strip_prefix("INR").unwrap().trim();
            let entries = &mut all.last_mut().unwrap().entries;
            entries.push((account.to_owned(), scaled(amount, 2)));
        } else {
            assert!(!open, "no blank line before: {line}");
            open = true;
            all.push(begun(line));
        }
    }
    all
}

fn begun(line: &str) -> Transaction {
    let (day, title) = line.split_once(" * ").unwrap_or_else(|| panic!("{line}"));
    assert!(is_day(day), "{line}");
    Transaction { day: day.to_owned(), title: title.to_owned(), entries: Vec::new() }
}

/// A journal for beancount: every account is opened once, on or before the day of its first entry,
/// and spelt as beancount wants it.
pub fn beancount(journal: &str) -> Vec<Transaction> {
    let mut all: Vec<Transaction> = Vec::new();
    let mut opened: BTreeSet<(String, String)> = BTreeSet::new();
    for line in journal.lines() {
        if line.is_empty() || line.starts_with("option \"") {
            continue;
        }
        if let Some(entry) = line.strip_prefix("  ") {
            let words: Vec<&str> = entry.split_whitespace().collect();
            let [account, amount, "INR"] = words[..] else { panic!("{line}") };
            let transaction = all.last_mut().unwrap();
            let known = opened.iter().any(|(name, day)| name == account && *day <= transaction.day);
            assert!(known, "not open: {line}");
            transaction.entries.push((account.to_owned(), scaled(amount, 2)));
        } else if let Some((day, account)) = line.split_once(" open ") {
            let account = account.strip_suffix(" INR").unwrap();
            assert!(is_day(day) && is_beancount_account(account), "{line}");
            assert!(!opened.iter().any(|(name, _)| name == account), "opened twice: {line}");
            opened.insert((account.to_owned(), day.to_owned()));
        } else {
            let mut transaction = begun(line);
            let title = transaction.title.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let title = title.unwrap_or_else(|| panic!("{line}"));
            let plain = title.replace("\\\\", "").replace("\\\"", "");
            assert!(!plain.contains(['"', '\\']), "{line}");
            let plain = title.to_owned();
            transaction.title = plain;
            all.push(transaction);
        }
    }
    all
}

fn is_beancount_account(account: &str) -> bool {
    let roots = ["Assets", "Liabilities", "Equity", "Income", "Expenses"];
    let mut parts = account.split(':');
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    parts.next().is_some_and(|root| roots.contains(&root))
        && account.contains(':')
        && parts.all(part)
}

/// Rows of a CSV file: RFC 4180.
pub fn csv(content: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = content.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(row.is_empty() && field.is_empty() && !quoted, "the last line does not end");
    rows
}
