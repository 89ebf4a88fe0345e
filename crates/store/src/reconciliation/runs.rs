//! Finished comparisons and what each has found.
//!
//! It deliberately has no way to change one: a comparison that finds something else is another one.

use crate::catalog::day;
use crate::db::{Insert, Row, StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::calendar::{Day, Moment};
use domain::ids::{BillId, PaymentId};
use domain::money::Money;
use domain::reconciliation::{Fingerprint, IssueKind, IssueState, Severity, Status, Summary};
use std::collections::BTreeSet;

macro_rules! columns {
    () => {
        "id, day, run_no, status, total_issues, errors, warnings, infos, day_before, new_issues, \
         same_issues, gone_issues, bills, payments, actor, started_at, finished_at"
    };
}
const RUN: Insert = Insert {
    table: "reconciliations",
    columns: &[
        "id",
        "day",
        "run_no",
        "status",
        "total_issues",
        "errors",
        "warnings",
        "infos",
        "day_before",
        "new_issues",
        "same_issues",
        "gone_issues",
        "bills",
        "payments",
        "actor",
        "started_at",
        "finished_at",
    ],
};
const FINDING: Insert = Insert {
    table: "reconciliation_findings",
    columns: &[
        "run_id",
        "issue_id",
        "severity",
        "details",
        "expected_paise",
        "found_paise",
        "is_new",
    ],
};
pub(super) const LAST_OF_DAY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reconciliations WHERE day = $1 ORDER BY run_no DESC LIMIT 1"
);
pub(super) const DAY_BEFORE: &str = "SELECT MAX(day) FROM reconciliations WHERE day < $1";
pub(super) const LATEST: &str =
    concat!("SELECT ", columns!(), " FROM reconciliations ORDER BY day DESC, run_no DESC LIMIT 1");
pub(super) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reconciliations r WHERE r.day < $1 AND r.run_no = (SELECT MAX(o.run_no) \
     FROM reconciliations o WHERE o.day = r.day) ORDER BY r.day DESC LIMIT $2"
);
pub(super) const FOUND_IN: &str = "SELECT i.fingerprint FROM reconciliation_findings f \
     JOIN reconciliation_issues i ON i.id = f.issue_id WHERE f.run_id = $1";
pub(super) const FINDINGS: &str = "SELECT i.id, i.fingerprint, i.kind, f.severity, i.bill_id, \
     i.payment_id, i.subject, f.details, f.expected_paise, f.found_paise, f.is_new, i.state, \
     i.person_id, i.note, i.version FROM reconciliation_findings f \
     JOIN reconciliation_issues i ON i.id = f.issue_id WHERE f.run_id = $1 ORDER BY f.issue_id";
pub(super) const QUERIES: &[&str] = &[LAST_OF_DAY, DAY_BEFORE, LATEST, LIST, FOUND_IN, FINDINGS];

/// A finished comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: i64,
    /// The business day as of which it compared.
    pub day: Day,
    /// The how many-th of the day it is, from 1.
    pub run_no: i64,
    /// What it says in one word.
    pub status: Status,
    /// How many issues.
    pub summary: Summary,
    /// The day it was compared with; none for the first.
    pub day_before: Option<Day>,
    /// Issues that the day before had not.
    pub new: u64,
    /// Issues that the day before had as well.
    pub same: u64,
    /// Issues that only the day before had.
    pub gone: u64,
    /// Bills that were looked at.
    pub bills: i64,
    /// Payments that were looked at.
    pub payments: i64,
    /// Who compared.
    pub actor: String,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub finished_at: Moment,
}

/// A comparison to be kept; the fields are those of [`Run`].
pub type NewRun = Run;

fn counted(row: &Row<'_>, place: usize) -> Result<u64, StoreError> {
    u64::try_from(row.int(place)?).map_err(|_| StoreError::unexpected("reconciliations' counts"))
}

fn read(row: &Row<'_>) -> Result<Run, StoreError> {
    let status = Status::from_name(row.text(3)?);
    let day_before = row.opt_int(8)?;
    Ok(Run {
        id: row.int(0)?,
        day: day(row.int(1)?, "reconciliations.day")?,
        run_no: row.int(2)?,
        status: status.ok_or_else(|| StoreError::unexpected("reconciliations.status"))?,
        summary: Summary {
            total_issues: counted(row, 4)?,
            errors: counted(row, 5)?,
            warnings: counted(row, 6)?,
            infos: counted(row, 7)?,
        },
        day_before: day_before.map(|number| day(number, "reconciliations.day")).transpose()?,
        new: counted(row, 9)?,
        same: counted(row, 10)?,
        gone: counted(row, 11)?,
        bills: row.int(12)?,
        payments: row.int(13)?,
        actor: row.text(14)?.to_owned(),
        started_at: Moment::from_unix_micros(row.int(15)?),
        finished_at: Moment::from_unix_micros(row.int(16)?),
    })
}

/// An id for a comparison. Whoever has taken one is alone with saving until the end of their
/// transaction.
pub fn allot_run(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    allot(tx, Counter::Reconciliations, 1)
}

/// Keeps a comparison.
pub fn add_run(tx: &mut Tx<'_>, run: &NewRun) -> Result<(), StoreError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX).into();
    let row = [
        run.id.into(),
        run.day.number().into(),
        run.run_no.into(),
        run.status.as_str().into(),
        count(run.summary.total_issues),
        count(run.summary.errors),
        count(run.summary.warnings),
        count(run.summary.infos),
        run.day_before.map(Day::number).into(),
        count(run.new),
        count(run.same),
        count(run.gone),
        run.bills.into(),
        run.payments.into(),
        run.actor.as_str().into(),
        run.started_at.unix_micros().into(),
        run.finished_at.unix_micros().into(),
    ];
    tx.insert_many(&RUN, [row]).map(|_| ())
}

/// The last comparison of a day.
pub fn last_run(tx: &mut Tx<'_>, of: Day) -> Result<Option<Run>, StoreError> {
    tx.find(LAST_OF_DAY, &[of.number().into()], read)
}

/// The last day before a day that was compared.
pub fn day_before(tx: &mut Tx<'_>, of: Day) -> Result<Option<Day>, StoreError> {
    let found = tx.find(DAY_BEFORE, &[of.number().into()], |row| row.opt_int(0))?.flatten();
    found.map(|number| day(number, "reconciliations.day")).transpose()
}

/// The last comparison of the latest day.
pub fn latest(tx: &mut Tx<'_>) -> Result<Option<Run>, StoreError> {
    tx.find(LATEST, &[], read)
}

/// At most `limit` days before a day, the latest first, each with its last comparison.
pub fn list(tx: &mut Tx<'_>, before: Option<Day>, limit: i64) -> Result<Vec<Run>, StoreError> {
    let before = before.map_or(i64::from(i32::MAX), Day::number);
    tx.list(LIST, &[before.into(), limit.into()], read)
}

/// What a comparison has found, by what it is about.
pub fn found_in(tx: &mut Tx<'_>, run: i64) -> Result<BTreeSet<Fingerprint>, StoreError> {
    let mut found = BTreeSet::new();
    tx.query(FOUND_IN, &[run.into()], |row| {
        found.insert(fingerprint(row.text(0)?)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn fingerprint(text: &str) -> Result<Fingerprint, StoreError> {
    Fingerprint::parse(text)
        .ok_or_else(|| StoreError::unexpected("reconciliation_issues.fingerprint"))
}

/// One thing a comparison has found, as it was then, with where the work on it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// The issue's id.
    pub id: i64,
    /// By what it is the same as on other days.
    pub fingerprint: Fingerprint,
    /// What.
    pub kind: IssueKind,
    /// How grave it was.
    pub severity: Severity,
    /// The bill it is about.
    pub bill: Option<BillId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// What else it is about.
    pub subject: String,
    /// In words.
    pub details: String,
    /// What should have been there.
    pub expected: Option<Money>,
    /// What was there.
    pub found: Option<Money>,
    /// Whether the day before had not found it.
    pub is_new: bool,
    /// Where the work on it stands.
    pub state: IssueState,
    /// Who looks after it.
    pub person: Option<i64>,
    /// The note it was closed with last.
    pub note: Option<String>,
    /// How often the work on it moved on.
    pub version: i64,
}

pub(super) fn read_finding(row: &Row<'_>) -> Result<FindingRow, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("reconciliation_issues.{what}"));
    Ok(FindingRow {
        id: row.int(0)?,
        fingerprint: fingerprint(row.text(1)?)?,
        kind: IssueKind::from_name(row.text(2)?).ok_or_else(|| wrong("kind"))?,
        severity: Severity::from_name(row.text(3)?).ok_or_else(|| wrong("severity"))?,
        bill: row.opt_int(4)?.map(BillId),
        payment: row.opt_int(5)?.map(PaymentId),
        subject: row.text(6)?.to_owned(),
        details: row.text(7)?.to_owned(),
        expected: row.opt_int(8)?.map(Money::from_paise),
        found: row.opt_int(9)?.map(Money::from_paise),
        is_new: row.flag(10)?,
        state: IssueState::from_name(row.text(11)?).ok_or_else(|| wrong("state"))?,
        person: row.opt_int(12)?,
        note: row.opt_text(13)?.map(str::to_owned),
        version: row.int(14)?,
    })
}

/// All that a comparison has found, in the order of issues.
pub fn findings(tx: &mut Tx<'_>, run: i64) -> Result<Vec<FindingRow>, StoreError> {
    tx.list(FINDINGS, &[run.into()], read_finding)
}

/// Keeps what a comparison has found.
pub fn add_findings(
    tx: &mut Tx<'_>,
    run: i64,
    found: &[(i64, &domain::reconciliation::Issue, bool)],
) -> Result<(), StoreError> {
    let rows = found.iter().map(|(id, issue, is_new)| {
        [
            run.into(),
            (*id).into(),
            issue.severity.as_str().into(),
            issue.details.as_str().into(),
            issue.expected.map(Money::paise).into(),
            issue.found.map(Money::paise).into(),
            (*is_new).into(),
        ]
    });
    tx.insert_many(&FINDING, rows).map(|_| ())
}
