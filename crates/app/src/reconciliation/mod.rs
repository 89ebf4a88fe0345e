//! Reconciliation: bills, payments, the ledger, the gateways and the cash compared as of a business
//! day, the report that is kept, and the work on what was found.
//!
//! As of a day: of what had happened by its end, that which is wrong now. It deliberately mends
//! nothing.

mod ask;
mod books;
mod gateways;
mod manage;
mod save;
pub mod wire;

pub use ask::{Asked, ask};
pub use gateways::{Given, ProviderPayment, ProviderSettlement};
pub use manage::{
    Filter, LIST_DEFAULT, LIST_MOST, Standing, Step, change, issue, issues, list, show, standing,
};
pub use save::Report;
pub use store::reconciliation::{FindingRow, ListedIssue, Run};

use crate::{Actor, AppError, Invalid};
use domain::calendar::Day;
use domain::reconciliation::{Fingerprint, Issue, IssueKind};
use std::collections::HashSet;
use store::Store;

/// What counts as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Days after its date for which an unpaid bill is no issue.
    pub due_days: u16,
    /// Days after which cash must have been handed over.
    pub cash_days: u16,
}

impl Default for Rules {
    /// Unpaid bills are listed from their date on; cash is handed over by the end of the next day.
    fn default() -> Self {
        Self { due_days: 0, cash_days: 1 }
    }
}

/// Compares the books as of a day and keeps the report. A comparison that finds what the one before
/// of the same day has found keeps nothing and returns that one.
pub fn run(
    store: &Store,
    actor: &Actor,
    day: Day,
    rules: Rules,
    given: &Given,
) -> Result<Report, AppError> {
    let today = actor.at.business_day();
    if day > today {
        let what = format!("expected a day up to today, {today}");
        return Err(Invalid::one("#/date", what).into());
    }
    let compared = books::compare(store, day, rules)?;
    let mut issues = compared.issues;
    issues.extend(store.read(|tx| gateways::compare(tx, day, given, &compared.collected))?);
    let issues = sorted(issues);
    let counts = store.read(store::reconciliation::counts)?;
    store.write(|tx| save::save(tx, actor, day, &issues, counts))
}

/// The issues in the order of reports, each once. A payment that looks like another one is not told
/// to be an advance as well.
fn sorted(mut issues: Vec<Issue>) -> Vec<(Fingerprint, Issue)> {
    let place = |issue: &Issue| IssueKind::ALL.iter().position(|kind| *kind == issue.kind);
    issues.sort_by(|one, other| {
        let key = |issue: &Issue| (place(issue), issue.bill, issue.payment);
        key(one).cmp(&key(other)).then_with(|| one.subject.cmp(&other.subject))
    });
    let again: HashSet<_> = issues
        .iter()
        .filter(|issue| issue.kind == IssueKind::Duplicate)
        .filter_map(|issue| issue.payment)
        .collect();
    let (mut told, mut twice) = (HashSet::new(), HashSet::new());
    issues.retain(|issue| match (issue.kind, issue.payment) {
        (IssueKind::PaymentWithoutBill, Some(payment)) => !again.contains(&payment),
        (IssueKind::Duplicate, Some(payment)) => twice.insert(payment),
        _ => true,
    });
    let named = issues.into_iter().map(|issue| (issue.fingerprint(), issue));
    named.filter(|(fingerprint, _)| told.insert(*fingerprint)).collect()
}
