//! The record of bill runs, and the months whose issue is complete.
//!
//! It deliberately keeps certificates as the text that was shown.

use crate::audit::Actor;
use crate::db::{StoreError, Tx};
use crate::deliveries::month_of;
use crate::imports::{Counter, allot};
use domain::calendar::{Moment, Month};

pub(crate) const ADD: &str = "INSERT INTO bill_runs \
     (id, month, mode, actor, finished_at, content_hash, certificate) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const LAST: &str = "SELECT certificate FROM bill_runs WHERE month = $1 \
     ORDER BY id DESC LIMIT 1";
pub(crate) const ISSUED: &str = "SELECT month FROM issued_months ORDER BY month";
pub(crate) const MARK: &str = "INSERT INTO issued_months (month, issued_at) VALUES ($1, $2) \
     ON CONFLICT DO NOTHING";
pub(crate) const QUERIES: &[&str] = &[ADD, LAST, ISSUED, MARK];

/// A run that has finished.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// The month.
    pub month: Month,
    /// `draft`, `run_and_issue` or `issue`.
    pub mode: &'a str,
    /// The fingerprint of the month's bills.
    pub content: String,
    /// The certificate as JSON.
    pub certificate: &'a str,
    /// When it finished.
    pub finished_at: Moment,
}

/// Keeps a finished run.
pub fn add_run(tx: &mut Tx<'_>, run: &NewRun<'_>, actor: &Actor) -> Result<i64, StoreError> {
    let id = allot(tx, Counter::BillRuns, 1)?;
    let params = [
        id.into(),
        run.month.number().into(),
        run.mode.into(),
        actor.name.as_str().into(),
        run.finished_at.unix_micros().into(),
        run.content.as_str().into(),
        run.certificate.into(),
    ];
    tx.execute(ADD, &params)?;
    Ok(id)
}

/// The certificate of the latest run of a month.
pub fn last_run(tx: &mut Tx<'_>, month: Month) -> Result<Option<String>, StoreError> {
    tx.find(LAST, &[month.number().into()], |row| row.text(0).map(str::to_owned))
}

/// The months whose issue is complete.
pub fn issued_months(tx: &mut Tx<'_>) -> Result<Vec<Month>, StoreError> {
    tx.list(ISSUED, &[], |row| month_of(row.int(0)?, "issued_months.month"))
}

/// Notes that a month's issue is complete.
pub fn mark_issued(tx: &mut Tx<'_>, month: Month, at: Moment) -> Result<(), StoreError> {
    tx.execute(MARK, &[month.number().into(), at.unix_micros().into()]).map(|_| ())
}
