//! Keeping a report: the comparison, its findings, and the issues they are, in one transaction.
//!
//! It deliberately keeps nothing when nothing has changed since the last comparison of the day.

use crate::audit::entry;
use crate::{Actor, AppError};
use domain::calendar::{Day, Moment};
use domain::reconciliation::{Fingerprint, Issue, IssueKind, IssueState, compare, summarize};
use serde_json::json;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use store::reconciliation::{self, FindingRow, Known, NewIssue, NewRun, Refound, Run};
use store::{Tx, audit};

/// A kept comparison with all that it has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The comparison.
    pub run: Run,
    /// What it has found, the gravest first.
    pub issues: Vec<FindingRow>,
}

impl Report {
    /// A kept comparison with its findings, the gravest first.
    pub(super) fn load(tx: &mut Tx<'_>, run: Run) -> Result<Self, AppError> {
        let mut issues = reconciliation::findings(tx, run.id)?;
        let place = |row: &FindingRow| IssueKind::ALL.iter().position(|kind| *kind == row.kind);
        issues.sort_by_key(|row| (Reverse(row.severity), place(row), row.id));
        Ok(Self { run, issues })
    }

    /// Whether there are no errors.
    pub fn is_without_errors(&self) -> bool {
        self.run.summary.errors == 0
    }
}

/// Keeps what a comparison as of a day has found.
pub(super) fn save(
    tx: &mut Tx<'_>,
    actor: &Actor,
    day: Day,
    found: &[(Fingerprint, Issue)],
    (bills, payments): (i64, i64),
) -> Result<Report, AppError> {
    // Two that end at once take turns here.
    let id = reconciliation::allot_run(tx)?;
    let last = reconciliation::last_run(tx, day)?;
    let day_before = reconciliation::day_before(tx, day)?;
    if let Some(last) = last.as_ref().filter(|last| last.day_before == day_before) {
        let report = Report::load(tx, last.clone())?;
        if is_same(&report.issues, found) {
            return Ok(report);
        }
    }
    let before = match day_before {
        None => BTreeSet::new(),
        Some(before) => match reconciliation::last_run(tx, before)? {
            None => BTreeSet::new(),
            Some(run) => reconciliation::found_in(tx, run.id)?,
        },
    };
    let now: BTreeSet<Fingerprint> = found.iter().map(|(fingerprint, _)| *fingerprint).collect();
    let compared = compare(&before, &now);
    let summary = summarize(found.iter().map(|(_, issue)| issue.severity));
    let run = NewRun {
        id,
        day,
        run_no: last.map_or(1, |last| last.run_no + 1),
        status: summary.status(),
        summary,
        day_before,
        new: compared.new.len() as u64,
        same: compared.same.len() as u64,
        gone: compared.gone.len() as u64,
        bills,
        payments,
        actor: actor.name.clone(),
        started_at: actor.at,
        finished_at: actor.at,
    };
    reconciliation::add_run(tx, &run)?;
    let ids = keep_issues(tx, found, (id, day, actor.at))?;
    let findings: Vec<_> = found
        .iter()
        .filter_map(|(fingerprint, issue)| {
            let is_new = compared.new.contains(fingerprint);
            Some((*ids.get(fingerprint)?, issue, is_new))
        })
        .collect();
    reconciliation::add_findings(tx, id, &findings)?;
    let facts = json!({
        "run": run.run_no, "status": run.status.as_str(), "total_issues": summary.total_issues,
        "errors": summary.errors, "warnings": summary.warnings, "infos": summary.infos,
    });
    let trace = entry("reconcile", "reconciliations", day.to_string(), None, Some(&facts));
    audit::write(tx, actor, &[trace])?;
    Report::load(tx, run)
}

/// Whether a comparison has found what is kept of the one before.
fn is_same(kept: &[FindingRow], found: &[(Fingerprint, Issue)]) -> bool {
    let by_what: BTreeMap<_, _> = kept.iter().map(|row| (row.fingerprint, row)).collect();
    let same = |(fingerprint, issue): &(Fingerprint, Issue)| {
        by_what.get(fingerprint).is_some_and(|row| {
            row.severity == issue.severity
                && row.details == issue.details
                && (row.expected, row.found) == (issue.expected, issue.found)
        })
    };
    kept.len() == found.len() && found.iter().all(same)
}

/// Adds issues that are new, notes those that are known, and returns the ids of all.
fn keep_issues(
    tx: &mut Tx<'_>,
    found: &[(Fingerprint, Issue)],
    (run, day, at): (i64, Day, Moment),
) -> Result<BTreeMap<Fingerprint, i64>, AppError> {
    let texts: Vec<String> = found.iter().map(|(fingerprint, _)| fingerprint.to_string()).collect();
    let known: BTreeMap<usize, Known> =
        reconciliation::known(tx, &texts)?.into_iter().map(|one| (one.place, one)).collect();
    let mut ids = BTreeMap::new();
    let (mut new, mut new_ones, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for (place, ((fingerprint, issue), text)) in found.iter().zip(&texts).enumerate() {
        let Some(known) = known.get(&place) else {
            new.push(NewIssue { issue, fingerprint: text });
            new_ones.push(*fingerprint);
            continue;
        };
        ids.insert(*fingerprint, known.id);
        // What a later day has said of it stays.
        if known.last_day <= day {
            again.push(refound(known, issue));
        }
    }
    let first = reconciliation::add(tx, &new, (run, day, at))?;
    ids.extend(new_ones.into_iter().zip(first..));
    reconciliation::refound(tx, &again, (run, day, at))?;
    Ok(ids)
}

fn refound<'i>(known: &Known, issue: &'i Issue) -> Refound<'i> {
    let changed = known.amounts != (issue.expected, issue.found);
    let state = known.state.found_again(changed);
    let moved = state != known.state;
    debug_assert!(!moved || state == IssueState::Open);
    Refound { id: known.id, issue, state, version: known.version + i64::from(moved) }
}
