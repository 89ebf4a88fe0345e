//! Imports of files, and the counters from which records get their ids.
//!
//! It deliberately keeps counts and the file's name, not its content: the rows are the content.

use crate::audit::Actor;
use crate::db::{Asked, Dialect, StoreError, Tx};
use domain::calendar::Moment;

/// The counters of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Of customers.
    Customers,
    /// Of products.
    Products,
    /// Of orders.
    Orders,
    /// Of imports.
    Imports,
    /// Of bills.
    Bills,
    /// Of ledger transactions.
    LedgerTransactions,
    /// Of bill runs.
    BillRuns,
    /// Of audit rows.
    Audit,
    /// Of people.
    People,
    /// Of attempts to sign in.
    SignInAttempts,
    /// Of keys of programs.
    ApiKeys,
    /// Of seals over the audit rows.
    AuditSeals,
    /// Of jobs.
    Jobs,
    /// Of payments.
    Payments,
    /// Of what we ask gateways for.
    PaymentRequests,
    /// Of refunds that we ask for.
    RefundRequests,
    /// Of events of gateways.
    GatewayEvents,
    /// Of cash handed over.
    HandOvers,
    /// Of sums paid out by gateways.
    Settlements,
    /// Of notices to people.
    Notices,
    /// Of comparisons of the books.
    Reconciliations,
    /// Of issues that comparisons found.
    ReconciliationIssues,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Products => "products",
            Self::Orders => "orders",
            Self::Imports => "imports",
            Self::Bills => "bills",
            Self::LedgerTransactions => "ledger_transactions",
            Self::BillRuns => "bill_runs",
            Self::Audit => "audit",
            Self::People => "people",
            Self::SignInAttempts => "sign_in_attempts",
            Self::ApiKeys => "api_keys",
            Self::AuditSeals => "audit_seals",
            Self::Jobs => "jobs",
            Self::Payments => "payments",
            Self::PaymentRequests => "payment_requests",
            Self::RefundRequests => "refund_requests",
            Self::GatewayEvents => "gateway_events",
            Self::HandOvers => "hand_overs",
            Self::Settlements => "settlements",
            Self::Notices => "notices",
            Self::Reconciliations => "reconciliations",
            Self::ReconciliationIssues => "reconciliation_issues",
        }
    }
}

pub(crate) const ALLOT: &str =
    "UPDATE counters SET next = next + $2 WHERE name = $1 RETURNING next";
pub(crate) const ADD: &str = "INSERT INTO imports \
     (id, kind, file_name, row_count, added, changed, unchanged, actor, imported_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(crate) const FINISH: &str = "UPDATE imports \
     SET row_count = $2, added = $3, changed = $4, unchanged = $5 WHERE id = $1";
pub(crate) const PAGE: &str = "SELECT id, kind, file_name, row_count, added, changed, \
     unchanged, actor, imported_at FROM imports WHERE id < $1 ORDER BY id DESC LIMIT $2";
pub(crate) const QUERIES: &[&str] = &[ALLOT, ADD, FINISH, PAGE];

/// Takes `count` consecutive ids and returns the first.
pub fn allot(tx: &mut Tx<'_>, counter: Counter, count: usize) -> Result<i64, StoreError> {
    let many = i64::try_from(count).map_err(|_| StoreError::unexpected("a count of ids"))?;
    let next = tx.find(ALLOT, &[counter.name().into(), many.into()], |row| row.int(0))?;
    next.map(|next| next - many)
        .ok_or_else(|| StoreError::unexpected(format!("counters has no {}", counter.name())))
}

/// Takes consecutive ids of several counters, each of which is named once, in one exchange; returns
/// the first of each. All who take several give the counters in the same order.
pub(crate) fn allot_each<const N: usize>(
    tx: &mut Tx<'_>,
    counts: [(Counter, usize); N],
) -> Result<[i64; N], StoreError> {
    let mut asked = Vec::with_capacity(N);
    for (counter, count) in counts {
        let many = i64::try_from(count).map_err(|_| StoreError::unexpected("a count of ids"))?;
        let params = [counter.name().into(), many.into()];
        asked.push((tx.ask_query(ALLOT, &params)?, params, many));
    }
    let mut first = [0; N];
    for (first, (asked, params, many)) in first.iter_mut().zip(asked) {
        tx.answer_query(asked, ALLOT, &params, |row| {
            *first = row.int(0)? - many;
            Ok(())
        })?;
        if *first <= 0 {
            return Err(StoreError::unexpected("a counter is missing"));
        }
    }
    Ok(first)
}

/// Takes ids that need not be consecutive. Where a sequence is named, it gives them on PostgreSQL:
/// no transaction holds it, so that others need not wait; ids that were never kept are not given
/// again.
pub(crate) fn allot_apart(
    tx: &mut Tx<'_>,
    counter: Counter,
    sequence: &'static str,
    count: usize,
) -> Result<Vec<i64>, StoreError> {
    if tx.dialect() == Dialect::Postgres {
        return ask_apart(tx, sequence, count)?.take(tx);
    }
    let first = if count > 0 { allot(tx, counter, count)? } else { 0 };
    Ok((first..).take(count).collect())
}

/// Ids that were asked of a sequence.
pub(crate) struct Apart {
    asked: Asked,
    sql: String,
    count: i64,
}

/// Asks a sequence for ids; on SQLite there is none, and nothing is asked.
pub(crate) fn ask_apart(
    tx: &mut Tx<'_>,
    sequence: &'static str,
    count: usize,
) -> Result<Apart, StoreError> {
    // escape: a sequence, which no transaction holds
    if tx.dialect() == Dialect::Sqlite || count == 0 {
        return Ok(Apart { asked: Asked::nothing(), sql: String::new(), count: 0 });
    }
    let sql = format!("SELECT nextval('{sequence}') FROM generate_series(1, $1)");
    let count = i64::try_from(count).map_err(|_| StoreError::unexpected("a count of ids"))?;
    Ok(Apart { asked: tx.ask_query(&sql, &[count.into()])?, sql, count })
}

impl Apart {
    /// The ids, in rising order.
    pub(crate) fn take(self, tx: &mut Tx<'_>) -> Result<Vec<i64>, StoreError> {
        let mut ids = Vec::new();
        if self.count > 0 {
            tx.answer_query(self.asked, &self.sql, &[self.count.into()], |row| {
                ids.push(row.int(0)?);
                Ok(())
            })?;
        }
        Ok(ids)
    }
}

/// Waits until no other transaction is adding records of a kind, and lets none begin until the end
/// of this one. What is read afterwards stays true.
pub fn queue(tx: &mut Tx<'_>, counter: Counter) -> Result<(), StoreError> {
    allot(tx, counter, 0).map(|_| ())
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Data rows in the file.
    pub rows: u64,
    /// Records added.
    pub added: u64,
    /// Records changed.
    pub changed: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
}

/// Begins an import and returns its id, so that rows can point at it.
pub fn begin(
    tx: &mut Tx<'_>,
    kind: &str,
    file_name: &str,
    actor: &Actor,
) -> Result<i64, StoreError> {
    let id = allot(tx, Counter::Imports, 1)?;
    let none = 0.into();
    let params = [
        id.into(),
        kind.into(),
        file_name.into(),
        none,
        none,
        none,
        none,
        actor.name.as_str().into(),
        actor.at.unix_micros().into(),
    ];
    tx.execute(ADD, &params)?;
    Ok(id)
}

/// Ends an import with its tally.
pub fn finish(tx: &mut Tx<'_>, id: i64, tally: &Tally) -> Result<(), StoreError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX).into();
    let params = [
        id.into(),
        count(tally.rows),
        count(tally.added),
        count(tally.changed),
        count(tally.unchanged),
    ];
    tx.execute(FINISH, &params).map(|_| ())
}

/// An import as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: i64,
    /// What was imported.
    pub kind: String,
    /// What the file is called.
    pub file_name: String,
    /// What it did.
    pub tally: Tally,
    /// Who imported it.
    pub actor: String,
    /// When.
    pub at: Moment,
}

/// A page of imports, the newest first, before one of them.
pub fn page(tx: &mut Tx<'_>, before: i64, limit: i64) -> Result<Vec<Import>, StoreError> {
    tx.list(PAGE, &[before.into(), limit.into()], |row| {
        let count = |place| row.int(place).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Import {
            id: row.int(0)?,
            kind: row.text(1)?.to_owned(),
            file_name: row.text(2)?.to_owned(),
            tally: Tally {
                rows: count(3)?,
                added: count(4)?,
                changed: count(5)?,
                unchanged: count(6)?,
            },
            actor: row.text(7)?.to_owned(),
            at: Moment::from_unix_micros(row.int(8)?),
        })
    })
}
