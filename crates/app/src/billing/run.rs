//! A run over all customers, in ranges, each its own transaction: a run that is killed has kept
//! whole ranges, and the next run finds them done.
//!
//! It deliberately takes no lock across ranges. Each range reads its facts after it has the lock
//! of its own transaction, so two runs at once only take turns.

use super::decide::{Outcome, decide};
use super::facts::{Facts, Range};
use super::part::{Changes, Part, Whole};
use super::{save, wire};
use crate::{Actor, AppError, business};
use domain::billing::{Certificate, Sums};
use domain::calendar::Month;
use domain::money::Money;
use serde_json::json;
use store::{Lock, Store, StoreError, Tx, Work, audit, billing, customers};

/// Customers billed in one transaction: few enough that others wait a fraction of a second.
const CUSTOMERS_PER_RANGE: i64 = 2_000;

/// What a run does with the bills it finds or computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Computes drafts.
    Draft,
    /// Computes drafts and issues them.
    RunAndIssue,
    /// Issues the drafts that exist, as they stand.
    IssueDrafts,
}

impl Mode {
    /// The word under which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::RunAndIssue => "run_and_issue",
            Self::IssueDrafts => "issue",
        }
    }

    /// Whether bills are issued.
    pub const fn issues(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

/// What is asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The month to bill.
    pub month: Month,
    /// What to do.
    pub mode: Mode,
    /// Whether to keep nothing and only show what would happen.
    pub dry_run: bool,
}

/// What a run found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The certificate; a rerun reproduces it.
    pub certificate: Certificate,
    /// What this run changed.
    pub changes: Changes,
}

/// Why a range's transaction ends without being kept.
enum Stop {
    /// It was only a dry run.
    Dry(Box<Part>),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs a month's bills. `progress` hears how many of how many customers are done.
pub fn run(
    store: &Store,
    actor: &Actor,
    request: Request,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, AppError> {
    let Request { month, mode, dry_run } = request;
    let today = actor.at.business_day();
    if month.first_day() > today {
        return Err(AppError::FutureMonth { month, today });
    }
    let last = store.read(|tx| {
        business::load(tx)?;
        Ok::<_, AppError>(customers::last_id(tx)?)
    })?;
    let total = u64::try_from(last).unwrap_or(0);
    let mut whole = Whole::default();
    let mut from = 1;
    while from <= last {
        let range = Range { from, to: (from + CUSTOMERS_PER_RANGE - 1).min(last) };
        let part = store.write(|tx| {
            let part = run_range(tx, actor, request, range)?;
            if dry_run { Err(Stop::Dry(Box::new(part))) } else { Ok(part) }
        });
        whole.add(match part {
            Ok(part) => part,
            Err(Stop::Dry(part)) => *part,
            Err(Stop::Failed(error)) => return Err(error),
        })?;
        progress(u64::try_from(range.to).unwrap_or(total), total);
        from = range.to + 1;
    }
    let (certificate, changes) = whole.certify(month);
    if mode == Mode::IssueDrafts && certificate.bills_issued == 0 && !was_run(store, month)? {
        return Err(AppError::NothingToIssue(month));
    }
    let report = Report { certificate, changes };
    if !dry_run {
        store.write(|tx| finish(tx, actor, request, &report))?;
    }
    Ok(report)
}

/// Whether bills of a month were ever run, even if there was nothing to bill.
fn was_run(store: &Store, month: Month) -> Result<bool, AppError> {
    store.read(|tx| Ok(billing::last_run(tx, month)?.is_some()))
}

/// Bills one range of customers.
fn run_range(
    tx: &mut Tx<'_>,
    actor: &Actor,
    request: Request,
    range: Range,
) -> Result<Part, AppError> {
    tx.lock(Lock::Billing)?;
    tx.flush_later()?;
    tx.expect(Work::ReadRanges)?;
    let facts = Facts::load(tx, request.month, request.mode, range)?;
    let mut part = Part::default();
    let mut decisions = Vec::with_capacity(facts.parties.len());
    for party in &facts.parties {
        let decision = decide(&facts, party, request.mode)?;
        part.count(&decision.deliveries, &decision.orders);
        match &decision.outcome {
            Outcome::Nothing { .. } => part.nothing += 1,
            Outcome::Excluded { reason, .. } => part.exclude(&party.code, reason.clone()),
            Outcome::Computed(computed) => {
                part.billed += 1;
                part.contents.push(computed.content);
                add_value(&mut part, computed.draft.split.total()?)?;
            }
            Outcome::Stands { value } => {
                part.billed += 1;
                part.contents.extend(party.bill.as_ref().map(|bill| bill.content));
                add_value(&mut part, *value)?;
            }
        }
        decisions.push(decision);
    }
    tx.expect(Work::WriteSets)?;
    part.changes = save::save(tx, actor, request.mode, &facts, &decisions)?;
    tx.expect(Work::ReadRanges)?;
    let kept = billing::sums_of_month(tx, request.month, range.from, range.to)?;
    part.sums = Sums {
        deliveries: part.sums.deliveries,
        lines: kept.lines,
        round_off: kept.round_off,
        bills: kept.bills,
        issued: kept.issued,
        receivable: kept.receivable,
    };
    let issued_now = part.changes.issued;
    let issued_before = facts
        .parties
        .iter()
        .filter(|party| party.bill.as_ref().is_some_and(|bill| bill.state.is_final()));
    part.issued = issued_now + issued_before.count() as u64;
    part.drafts = part.billed - part.issued.min(part.billed);
    Ok(part)
}

fn add_value(part: &mut Part, value: Money) -> Result<(), AppError> {
    part.sums.deliveries = part.sums.deliveries.plus(value)?;
    Ok(())
}

/// Records the run, and that the month's issue is complete.
fn finish(
    tx: &mut Tx<'_>,
    actor: &Actor,
    request: Request,
    report: &Report,
) -> Result<(), AppError> {
    let Request { month, mode, .. } = request;
    if mode.issues() {
        billing::mark_issued(tx, month, actor.at)?;
    }
    let certificate = serde_json::to_string(&wire::certificate(&report.certificate))
        .map_err(|error| StoreError::unexpected(error.to_string()))?;
    let run = billing::NewRun {
        month,
        mode: mode.as_str(),
        content: report.certificate.content.to_string(),
        certificate: &certificate,
        finished_at: actor.at,
    };
    let id = billing::add_run(tx, &run, actor)?;
    let after = json!({
        "month": month.to_string(),
        "mode": mode.as_str(),
        "issued": report.changes.issued,
        "content": run.content,
    });
    let entry = audit::Entry {
        action: "run",
        table: "bill_runs",
        record: id.to_string(),
        before: None,
        after: Some(after.to_string()),
    };
    audit::write(tx, actor, &[entry])?;
    Ok(())
}
