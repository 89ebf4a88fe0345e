//! Comparing the books with themselves: by ranges of ids, several at a time, each in a transaction
//! that sees one state of them.
//!
//! It deliberately looks closely only at payments whose sums are not plain.

use super::Rules;
use crate::AppError;
use crate::verify::{is_allocated, is_posted, sold_of};
use domain::calendar::Day;
use domain::ledger::Account;
use domain::money::{Money, Overflow};
use domain::payments::kept;
use domain::reconciliation::{Issue, found};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::payments::{self, Proof};
use store::reconciliation::{self, Collected, Suspect};
use store::{Store, Tx, Work};

/// Bills or payments compared by one statement; its rows fit into the memory of a statement.
const RANGE: i64 = 50_000;
/// Ranges compared at a time.
const LANES: usize = 2;
/// Suspects this near to each other are loaded together, with what is between them.
const NEAR: i64 = 16;

/// What is compared by itself.
#[derive(Clone, Copy, Debug)]
enum Part {
    Bills(i64, i64),
    Payments(i64, i64),
    References,
    PaidTwice,
    LookAlikes,
    Waiting,
    Cash,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub issues: Vec<Issue>,
    /// What came in through gateways, by gateway and day; only when one has paid out.
    pub collected: Vec<Collected>,
}

/// Compares all bills and payments.
pub(super) fn compare(store: &Store, day: Day, rules: Rules) -> Result<Compared, AppError> {
    let (bills, payments, paid_out) = store.read(|tx| {
        let paid_out = !reconciliation::paid_out(tx, day)?.is_empty();
        Ok::<_, AppError>((reconciliation::last_bill(tx)?, payments::last_payment(tx)?, paid_out))
    })?;
    let mut parts =
        vec![Part::References, Part::PaidTwice, Part::LookAlikes, Part::Waiting, Part::Cash];
    parts.extend(ranges(payments).map(|(from, to)| Part::Payments(from, to)));
    parts.extend(ranges(bills).map(|(from, to)| Part::Bills(from, to)));
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Compared::default());
    let lane = || -> Result<(), AppError> {
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = store.read(|tx| compare_part(tx, *part, day, rules, paid_out))?;
            // A lane that panicked leaves whole parts behind.
            let mut all = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            all.issues.extend(one.issues);
            all.collected.extend(one.collected);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        for lane in lanes {
            let broken = |_| AppError::Changed("the comparison".to_owned());
            lane.join().map_err(broken)??;
        }
        Ok::<_, AppError>(())
    })?;
    Ok(found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The ranges of ids up to the last.
fn ranges(last: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..)
        .map(|number| number * RANGE + 1)
        .take_while(move |from| *from <= last)
        .map(move |from| (from, (from + RANGE - 1).min(last)))
}

fn compare_part(
    tx: &mut Tx<'_>,
    part: Part,
    day: Day,
    rules: Rules,
    paid_out: bool,
) -> Result<Compared, AppError> {
    let mut found = Compared::default();
    tx.expect(match part {
        Part::Bills(..) | Part::Payments(..) => Work::MergeRanges,
        _ => Work::ReadAsWritten,
    })?;
    found.issues = match part {
        Part::Bills(from, to) => {
            reconciliation::bills(tx, (from, to), day.plus_days(-i32::from(rules.due_days)))?
        }
        Part::Payments(from, to) => {
            if paid_out {
                found.collected = reconciliation::collected(tx, (from, to))?;
            }
            let suspects = reconciliation::suspects(tx, (from, to), day)?;
            // A few payments are found by their keys.
            tx.expect(Work::ReadAsWritten)?;
            look_closely(tx, &suspects)?
        }
        Part::References => reconciliation::same_bank_references(tx, day)?,
        Part::PaidTwice => reconciliation::paid_twice(tx, day)?,
        Part::LookAlikes => reconciliation::look_alikes(tx, day)?,
        Part::Waiting => reconciliation::waiting(tx, day)?,
        Part::Cash => reconciliation::held(tx, day, rules.cash_days)?,
    };
    Ok(found)
}

/// What is wrong with payments that are no plain ones, if anything.
fn look_closely(tx: &mut Tx<'_>, suspects: &[Suspect]) -> Result<Vec<Issue>, AppError> {
    let mut issues = Vec::new();
    let near = |one: &Suspect, next: &Suspect| next.payment.0 - one.payment.0 <= NEAR;
    for group in suspects.chunk_by(near) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let asked: BTreeMap<_, _> = group.iter().map(|one| (one.payment, one)).collect();
        for proof in payments::proofs(tx, first.payment.0, last.payment.0)? {
            let Some(suspect) = asked.get(&proof.kept.id) else { continue };
            issues.extend(look(&proof, suspect)?);
        }
    }
    Ok(issues)
}

fn look(proof: &Proof, suspect: &Suspect) -> Result<Vec<Issue>, Overflow> {
    let payment = &proof.kept;
    let name = format!("{} {}", payment.provider.as_str(), payment.reference);
    let mut issues = Vec::new();
    if let Some(asked) = suspect.asked {
        issues.push(found::request_differs(payment.id, &name, asked, suspect.captured));
    }
    let sold = sold_of(proof)?;
    let keeps = kept(&payment.facts, payment.provider)?;
    if !is_allocated(proof).unwrap_or(false) {
        let has = payment.free.plus(proof.allocated)?;
        issues.push(found::not_allocated(
            payment.id,
            &name,
            keeps.max(Money::ZERO).minus(sold)?,
            has,
        ));
    }
    if !is_posted(proof).unwrap_or(false) {
        let owed = |account| matches!(account, Account::Receivable | Account::UnmatchedReceipts);
        let posted = proof.posted.iter().filter(|entry| owed(entry.account));
        let posted = Money::sum(posted.map(|entry| entry.amount))?.negated()?;
        issues.push(found::payment_ledger_differs(payment.id, &name, keeps.minus(sold)?, posted));
    }
    Ok(issues)
}
