//! Reports and issues as they are written in answers and printed as JSON.
//!
//! It deliberately writes `null` where nothing is known.

use super::Report;
use domain::money::Money;
use serde::Serialize;
use store::reconciliation::{FindingRow, ListedIssue, Run};
use utoipa::ToSchema;

/// How many issues a report has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReconciliationSummary)]
pub struct Summary {
    /// All.
    total_issues: u64,
    /// Those that are errors.
    errors: u64,
    /// Those that are warnings.
    warnings: u64,
    /// The rest.
    infos: u64,
}

/// How a report compares with that of the day before it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReconciliationComparison)]
pub struct Comparison {
    /// The day it is compared with: the last one before that was reconciled.
    #[schema(required)]
    date: Option<String>,
    /// Issues that it had not.
    new: u64,
    /// Issues that it had as well.
    standing: u64,
    /// Issues that only it had.
    gone: u64,
}

/// A report without its issues.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciliation {
    /// The business day.
    date: String,
    /// `clean`, `warnings` or `errors`: the gravest of its issues; infos leave it clean.
    status: &'static str,
    /// How many issues.
    summary: Summary,
    /// How it compares with the day before.
    compared_with: Comparison,
    /// The how many-th comparison of the day it is.
    run: i64,
    /// Bills that were looked at.
    bills: i64,
    /// Payments that were looked at.
    payments: i64,
    /// When (RFC 3339).
    finished_at: String,
    /// Who reconciled.
    actor: String,
}

impl From<&Run> for Reconciliation {
    fn from(run: &Run) -> Self {
        Self {
            date: run.day.to_string(),
            status: run.status.as_str(),
            summary: Summary {
                total_issues: run.summary.total_issues,
                errors: run.summary.errors,
                warnings: run.summary.warnings,
                infos: run.summary.infos,
            },
            compared_with: Comparison {
                date: run.day_before.map(|day| day.to_string()),
                new: run.new,
                standing: run.same,
                gone: run.gone,
            },
            run: run.run_no,
            bills: run.bills,
            payments: run.payments,
            finished_at: run.finished_at.rfc3339(),
            actor: run.actor.clone(),
        }
    }
}

/// One thing that does not agree.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReconciliationIssue {
    /// Its number.
    id: i64,
    /// What: `bill_without_payment`, `payment_without_bill`, `amount_mismatch`, `duplicate`,
    /// `provider_only`, `ours_only`, `settlement_sum_wrong`, `ledger_differs` or
    /// `cash_not_handed_over`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `error`, `warning` or `info`.
    severity: &'static str,
    /// The bill it is about.
    #[schema(required)]
    bill_id: Option<i64>,
    /// The payment it is about.
    #[schema(required)]
    payment_id: Option<i64>,
    /// What else it is about: a gateway and its id of the thing, or a person's number.
    #[schema(required)]
    subject: Option<String>,
    /// In words.
    details: String,
    /// What should be there, in rupees.
    #[schema(required)]
    expected: Option<String>,
    /// What is there, in rupees.
    #[schema(required)]
    found: Option<String>,
    /// Where the work on it stands: `open`, `assigned` or `closed`.
    state: &'static str,
    /// The number of the person who looks after it.
    #[schema(required)]
    assignee: Option<i64>,
    /// The note it was closed with last.
    #[schema(required)]
    note: Option<String>,
    /// How often the work on it moved on, from 1; the ETag.
    version: i64,
}

impl From<&FindingRow> for ReconciliationIssue {
    fn from(row: &FindingRow) -> Self {
        let rupees = |amount: Option<Money>| amount.map(|amount| amount.to_string());
        Self {
            id: row.id,
            kind: row.kind.as_str(),
            severity: row.severity.as_str(),
            bill_id: row.bill.map(|bill| bill.0),
            payment_id: row.payment.map(|payment| payment.0),
            subject: Some(row.subject.clone()).filter(|subject| !subject.is_empty()),
            details: row.details.clone(),
            expected: rupees(row.expected),
            found: rupees(row.found),
            state: row.state.as_str(),
            assignee: row.person,
            note: row.note.clone(),
            version: row.version,
        }
    }
}

/// An issue in a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportedIssue {
    /// The issue.
    #[serde(flatten)]
    issue: ReconciliationIssue,
    /// Whether the report of the day before had it not.
    is_new: bool,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeReconciliation {
    /// The report.
    #[serde(flatten)]
    report: Reconciliation,
    /// What it has found.
    issues: Vec<ReportedIssue>,
}

impl From<&Report> for WholeReconciliation {
    fn from(report: &Report) -> Self {
        let issue = |row: &FindingRow| ReportedIssue { issue: row.into(), is_new: row.is_new };
        Self { report: (&report.run).into(), issues: report.issues.iter().map(issue).collect() }
    }
}

/// An issue as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct KnownIssue {
    /// The issue as it was found last.
    #[serde(flatten)]
    issue: ReconciliationIssue,
    /// The first business day on which it was found.
    first_date: String,
    /// The last business day on which it was found.
    last_date: String,
}

impl From<&ListedIssue> for KnownIssue {
    fn from(listed: &ListedIssue) -> Self {
        Self {
            issue: (&listed.issue).into(),
            first_date: listed.first_day.to_string(),
            last_date: listed.last_day.to_string(),
        }
    }
}
