//! The ledger: transactions with their entries, and balances.
//!
//! It deliberately has no update and no removal; the database refuses both as well.

use crate::audit;
use crate::catalog::day;
use crate::db::{Insert, StoreError, Tx};
use crate::imports::{Counter, allot, allot_each};
use domain::calendar::{Day, Moment};
use domain::ids::{BillId, CustomerId};
use domain::ledger::{Account, Cause, Transaction};
use domain::money::Money;

const INSERT: Insert = Insert {
    table: "ledger_transactions",
    columns: &[
        "id",
        "day",
        "customer_id",
        "cause",
        "bill_id",
        "payment_id",
        "posting",
        "settlement_id",
        "hand_over_id",
        "posted_at",
    ],
};
const INSERT_ENTRIES: Insert = Insert {
    table: "ledger_entries",
    columns: &["transaction_id", "entry_no", "account", "customer_id", "person_id", "amount_paise"],
};
pub(crate) const RECEIVABLES: &str = "SELECT customer_id, CAST(SUM(amount_paise) AS BIGINT) \
     FROM ledger_entries WHERE customer_id BETWEEN $1 AND $2 GROUP BY customer_id";
pub(crate) const BALANCES: &str = "SELECT account, CAST(SUM(amount_paise) AS BIGINT), COUNT(*) \
     FROM ledger_entries GROUP BY account";
pub(crate) const CUSTOMER_BALANCES: &str = "SELECT c.code, c.name, \
     CAST(SUM(e.amount_paise) AS BIGINT) \
     FROM ledger_entries e JOIN customers c ON c.id = e.customer_id \
     WHERE e.customer_id IS NOT NULL GROUP BY c.id, c.code, c.name ORDER BY c.code";
pub(crate) const JOURNAL: &str = "SELECT t.id, t.day, t.cause, b.number, c.code, c.name, \
     e.account, e.amount_paise, p.provider, p.reference, t.posting \
     FROM ledger_transactions t LEFT JOIN payments p ON p.id = t.payment_id \
     LEFT JOIN customers c ON c.id = t.customer_id \
     JOIN ledger_entries e ON e.transaction_id = t.id \
     LEFT JOIN bills b ON b.id = t.bill_id \
     ORDER BY t.day, t.id, e.entry_no";
pub(crate) const OF_BILL: &str = "SELECT t.id, t.day, t.posted_at, e.account, e.amount_paise \
     FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE t.bill_id = $1 ORDER BY t.id, e.entry_no";
pub(crate) const QUERIES: &[&str] = &[RECEIVABLES, BALANCES, CUSTOMER_BALANCES, JOURNAL, OF_BILL];

/// Posts transactions. Their entries are written first; the transaction seals them.
pub fn post(tx: &mut Tx<'_>, transactions: &[Transaction], at: Moment) -> Result<(), StoreError> {
    if transactions.is_empty() {
        return Ok(());
    }
    let first = allot(tx, Counter::LedgerTransactions, transactions.len())?;
    add(tx, first, transactions, at)
}

/// Posts transactions and writes the audit rows of what they follow from. Others who write here
/// wait from now on, until the end of this transaction.
pub fn post_with_traces(
    tx: &mut Tx<'_>,
    transactions: &[Transaction],
    actor: &audit::Actor,
    traces: &[audit::Entry],
) -> Result<(), StoreError> {
    if transactions.is_empty() {
        return audit::write(tx, actor, traces);
    }
    let counts =
        [(Counter::LedgerTransactions, transactions.len()), (Counter::Audit, traces.len())];
    let [first, first_trace] = allot_each(tx, counts)?;
    add(tx, first, transactions, actor.at)?;
    audit::add(tx, first_trace, actor, traces)
}

/// Adds transactions under consecutive ids.
fn add(
    tx: &mut Tx<'_>,
    first: i64,
    transactions: &[Transaction],
    at: Moment,
) -> Result<(), StoreError> {
    let entries = transactions.iter().zip(first..).flat_map(|(transaction, id)| {
        transaction.entries().iter().zip(1i64..).map(move |(entry, entry_no)| {
            let owing = transaction.customer.filter(|_| entry.account == Account::Receivable);
            [
                id.into(),
                entry_no.into(),
                entry.account.as_str().into(),
                owing.map(|customer| customer.0).into(),
                entry.person.map(|person| person.0).into(),
                entry.amount.paise().into(),
            ]
        })
    });
    tx.insert_many(&INSERT_ENTRIES, entries)?;
    // A payment may be given to its customer more than once, when it was the wrong one.
    let matched: Vec<String> =
        transactions.iter().zip(first..).map(|(_, id)| format!("matched:{id}")).collect();
    let all = transactions.iter().zip(first..).zip(&matched);
    let rows = all.map(|((transaction, id), matched)| {
        let cause = Kept::of(&transaction.cause, matched);
        [
            id.into(),
            transaction.day.number().into(),
            transaction.customer.map(|customer| customer.0).into(),
            transaction.cause.as_str().into(),
            cause.bill.into(),
            cause.payment.into(),
            cause.posting.into(),
            cause.settlement.into(),
            cause.hand_over.into(),
            at.unix_micros().into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// What a transaction was made for, as it is kept.
#[derive(Clone, Copy, Default)]
struct Kept<'a> {
    bill: Option<i64>,
    payment: Option<i64>,
    posting: Option<&'a str>,
    settlement: Option<i64>,
    hand_over: Option<i64>,
}

impl<'a> Kept<'a> {
    fn of(cause: &'a Cause, matched: &'a str) -> Self {
        let none = Self::default();
        match cause {
            Cause::Bill(bill) => Self { bill: Some(bill.0), ..none },
            Cause::OpeningBalance => none,
            Cause::Payment { payment, kind } => {
                Self { payment: Some(payment.0), posting: Some(kind), ..none }
            }
            Cause::Matched(payment) => {
                Self { payment: Some(payment.0), posting: Some(matched), ..none }
            }
            Cause::Settlement(settlement) => Self { settlement: Some(settlement.0), ..none },
            Cause::HandOver(hand_over) => Self { hand_over: Some(hand_over.0), ..none },
        }
    }
}

/// What each customer of a range owes; customers without postings are absent.
pub fn receivables(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
) -> Result<Vec<(CustomerId, Money)>, StoreError> {
    tx.list(RECEIVABLES, &[from.into(), to.into()], |row| {
        Ok((CustomerId(row.int(0)?), Money::from_paise(row.int(1)?)))
    })
}

/// Balance and number of entries of each account that has any.
pub fn balances(tx: &mut Tx<'_>) -> Result<Vec<(Account, Money, u64)>, StoreError> {
    let mut found = tx.list(BALANCES, &[], |row| {
        let count = u64::try_from(row.int(2)?).unwrap_or(0);
        Ok((account(row.text(0)?)?, Money::from_paise(row.int(1)?), count))
    })?;
    found.sort_by_key(|(account, ..)| *account);
    Ok(found)
}

/// What a customer owes; negative for an advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerBalance {
    /// The customer's code.
    pub code: String,
    /// The customer's name.
    pub name: String,
    /// The balance.
    pub balance: Money,
}

/// The balances of all customers with postings, by code.
pub fn customer_balances(tx: &mut Tx<'_>) -> Result<Vec<CustomerBalance>, StoreError> {
    tx.list(CUSTOMER_BALANCES, &[], |row| {
        Ok(CustomerBalance {
            code: row.text(0)?.to_owned(),
            name: row.text(1)?.to_owned(),
            balance: Money::from_paise(row.int(2)?),
        })
    })
}

/// One entry with its transaction, for exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalEntry<'a> {
    /// The transaction's id.
    pub transaction: i64,
    /// Its day.
    pub day: Day,
    /// Why it was made.
    pub cause: &'a str,
    /// The bill's number, for bills.
    pub number: Option<&'a str>,
    /// The customer's code; empty when the transaction is about nobody.
    pub customer_code: &'a str,
    /// The customer's name; empty when the transaction is about nobody.
    pub customer_name: &'a str,
    /// How the payment came in, by what it is known there, and what is posted, for payments.
    pub payment: Option<(&'a str, &'a str, &'a str)>,
    /// The account.
    pub account: Account,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// All entries by day, transaction and place, as a stream.
pub fn journal(
    tx: &mut Tx<'_>,
    mut each: impl FnMut(&JournalEntry<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.query(JOURNAL, &[], |row| {
        each(&JournalEntry {
            transaction: row.int(0)?,
            day: day(row.int(1)?, "ledger_transactions.day")?,
            cause: row.text(2)?,
            number: row.opt_text(3)?,
            customer_code: row.opt_text(4)?.unwrap_or(""),
            customer_name: row.opt_text(5)?.unwrap_or(""),
            payment: match (row.opt_text(8)?, row.opt_text(9)?, row.opt_text(10)?) {
                (Some(provider), Some(reference), Some(posting)) => {
                    Some((provider, reference, posting))
                }
                _ => None,
            },
            account: account(row.text(6)?)?,
            amount: Money::from_paise(row.int(7)?),
        })
    })
}

/// One ledger entry of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillEntry {
    /// The transaction's id.
    pub transaction: i64,
    /// Its day.
    pub day: Day,
    /// When it was posted.
    pub posted_at: Moment,
    /// The account.
    pub account: Account,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// The entries posted for a bill.
pub fn of_bill(tx: &mut Tx<'_>, bill: BillId) -> Result<Vec<BillEntry>, StoreError> {
    tx.list(OF_BILL, &[bill.0.into()], |row| {
        Ok(BillEntry {
            transaction: row.int(0)?,
            day: day(row.int(1)?, "ledger_transactions.day")?,
            posted_at: Moment::from_unix_micros(row.int(2)?),
            account: account(row.text(3)?)?,
            amount: Money::from_paise(row.int(4)?),
        })
    })
}

pub(crate) fn account(name: &str) -> Result<Account, StoreError> {
    Account::from_name(name)
        .ok_or_else(|| StoreError::unexpected(format!("the ledger account {name}")))
}
