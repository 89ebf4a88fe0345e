//! A run over all customers, in ranges, each its own transaction: a run that is killed has kept
//! whole ranges, and the next run finds them done.
//!
//! It deliberately takes no lock across ranges. Each range reads its facts after it has the lock
//! of its own transaction, so two runs at once only take turns. Where the database takes several
//! writers, ranges overlap: see `lanes`.

use super::decide::{Decision, Outcome, decide};
use super::facts::{Facts, Range};
use super::lanes::{Lane, Stop, Turns};
use super::part::{Changes, Part, Whole};
use super::{save, wire};
use crate::{Actor, AppError, business};
use domain::billing::{Certificate, Sums};
use domain::calendar::Month;
use domain::money::Money;
use serde_json::json;
use std::sync::{Mutex, PoisonError};
use store::{Lock, Mark, Store, StoreError, Tx, Work, audit, billing, customers};

/// Customers billed in one transaction: few enough that others wait a fraction of a second.
const CUSTOMERS_PER_RANGE: i64 = store::CUSTOMERS_PER_RANGE;
/// Ranges at work at the same time, as far as the database takes as many writers.
const LANES: usize = 3;
/// Ranges at work where there is one writer: one is written while the next is read.
const LANES_OF_ONE_WRITER: usize = 2;

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

/// What all lanes of a run share.
struct Course<'a> {
    store: &'a Store,
    actor: &'a Actor,
    request: Request,
    /// The last customer's id.
    last: i64,
    turns: Turns,
    /// The newest range that has begun to write, and what it has seen of changes before it.
    newest: Mutex<Option<(u32, Mark)>>,
    done: Mutex<Done<'a>>,
}

/// What was decided for a range, from facts that are true as long as nobody else changes them.
struct Ahead {
    facts: Facts,
    part: Part,
    decisions: Vec<Decision>,
    /// The mark of the range's own transaction if the facts are still true then.
    mark: Option<Mark>,
}

/// What is done of a run, and who hears of it.
struct Done<'a> {
    whole: Whole,
    failure: Option<AppError>,
    progress: &'a mut (dyn FnMut(u64, u64) + Send),
}

/// Runs a month's bills. `progress` hears how many of how many customers are done.
pub fn run(
    store: &Store,
    actor: &Actor,
    request: Request,
    progress: &mut (dyn FnMut(u64, u64) + Send),
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
    let done = Mutex::new(Done { whole: Whole::default(), failure: None, progress });
    let (turns, newest) = (Turns::default(), Mutex::new(None));
    let course = Course { store, actor, request, last, turns, newest, done };
    let lanes = match store.writers() {
        1 => LANES_OF_ONE_WRITER,
        writers => writers.min(LANES),
    };
    std::thread::scope(|scope| {
        for _ in 1..lanes {
            scope.spawn(|| course.follow());
        }
        course.follow();
    });
    let done = course.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = done.failure {
        return Err(error);
    }
    let whole = done.whole;
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

impl Course<'_> {
    /// Bills one range after the other until none is left.
    fn follow(&self) {
        let lane = Lane(&self.turns);
        while let Some(number) = lane.0.take() {
            let from = i64::from(number) * CUSTOMERS_PER_RANGE + 1;
            if from > self.last {
                return;
            }
            let range = Range { from, to: (from + CUSTOMERS_PER_RANGE - 1).min(self.last) };
            if let Err(Stop::Failed(error)) = self.bill(number, range) {
                lane.0.halt();
                self.done
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .failure
                    .get_or_insert(error);
            }
        }
    }

    /// Bills one range and adds it to what is done.
    fn bill(&self, number: u32, range: Range) -> Result<(), Stop> {
        let Request { dry_run, .. } = self.request;
        // Before the connection is asked for, so that none waits on another that waits for it.
        self.turns.wait_to_lock(number)?;
        let ahead = self.read_ahead(number, range)?;
        let part = self.store.write(|tx| {
            tx.lock(Lock::Billing(i32::try_from(number).unwrap_or(i32::MAX)))?;
            let mark = tx.mark()?;
            *self.newest.lock().unwrap_or_else(PoisonError::into_inner) =
                mark.map(|mark| (number, mark));
            self.turns.locked(number);
            let ahead = ahead.filter(|ahead| ahead.mark == mark);
            let part = self.run_range(tx, number, range, ahead)?;
            if dry_run { Err(Stop::Dry(Box::new(part))) } else { Ok(part) }
        });
        let part = match part {
            Ok(part) => part,
            Err(Stop::Dry(part)) => *part,
            Err(stop) => return Err(stop),
        };
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.whole.add(part)?;
        let of = |customers: i64| u64::try_from(customers).unwrap_or(0);
        (done.progress)(of(range.to), of(self.last));
        drop(done);
        self.turns.kept(number);
        Ok(())
    }

    /// Where there is one writer: reads and decides a range while another range is written. Ranges
    /// of one run do not touch each other's facts; whether anybody else has is asked once the
    /// range itself may write.
    fn read_ahead(&self, number: u32, range: Range) -> Result<Option<Ahead>, AppError> {
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((newest, mark)) = newest else {
            return Ok(None);
        };
        // One transaction for each range from the newest to this one.
        let mark = mark.after(u64::from(number.saturating_sub(newest)));
        self.store.read(|tx| self.decide_range(tx, range, Some(mark))).map(Some)
    }

    fn decide_range(
        &self,
        tx: &mut Tx<'_>,
        range: Range,
        mark: Option<Mark>,
    ) -> Result<Ahead, AppError> {
        let Request { month, mode, .. } = self.request;
        let facts = Facts::load(tx, month, mode, range)?;
        let (part, decisions) = decide_all(&facts, mode)?;
        Ok(Ahead { facts, part, decisions, mark })
    }

    /// Reads, decides and saves a range, whose locks the transaction has.
    fn run_range(
        &self,
        tx: &mut Tx<'_>,
        number: u32,
        range: Range,
        ahead: Option<Ahead>,
    ) -> Result<Part, Stop> {
        let Request { month, mode, .. } = self.request;
        tx.flush_later()?;
        tx.expect(Work::ReadRanges)?;
        let decided = match ahead {
            Some(ahead) => ahead,
            None => self.decide_range(tx, range, None)?,
        };
        let Ahead { facts, mut part, decisions, .. } = decided;
        tx.expect(Work::WriteSets)?;
        let keep = || self.turns.wait_to_keep(number);
        part.changes = save::save(tx, self.actor, mode, &facts, &decisions, keep)?;
        tx.expect(Work::ReadRanges)?;
        let kept = billing::sums_of_month(tx, month, range.from, range.to)?;
        part.sums = Sums {
            deliveries: part.sums.deliveries,
            lines: kept.lines,
            round_off: kept.round_off,
            bills: kept.bills,
            issued: kept.issued,
            receivable: kept.receivable,
        };
        let issued_before = facts
            .parties
            .iter()
            .filter(|party| party.bill.as_ref().is_some_and(|bill| bill.state.is_final()));
        part.issued = part.changes.issued + issued_before.count() as u64;
        part.drafts = part.billed - part.issued.min(part.billed);
        Ok(part)
    }
}

/// The decisions for the customers of a range, and what they come to.
fn decide_all(facts: &Facts, mode: Mode) -> Result<(Part, Vec<Decision>), AppError> {
    let mut part = Part::default();
    let mut decisions = Vec::with_capacity(facts.parties.len());
    for party in &facts.parties {
        let decision = decide(facts, party, mode)?;
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
    Ok((part, decisions))
}

/// Whether bills of a month were ever run, even if there was nothing to bill.
fn was_run(store: &Store, month: Month) -> Result<bool, AppError> {
    store.read(|tx| Ok(billing::last_run(tx, month)?.is_some()))
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
    let entry = crate::audit::entry("run", "bill_runs", id.to_string(), None, Some(&after));
    audit::write(tx, actor, &[entry])?;
    Ok(())
}
