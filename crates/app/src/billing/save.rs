//! Saving the decisions for a range of customers as sets: lines, links, bills, numbers, ledger,
//! audit.
//!
//! It deliberately writes in the order the database's guards expect: lines, then the deliveries
//! they bill, then the bill that seals them; entries, then the transaction that seals them.

use super::decide::{Computed, Decision, Outcome};
use super::facts::{Facts, Origin, Party};
use super::lanes::Stop;
use super::part::Changes;
use super::run::Mode;
use crate::{Actor, AppError};
use domain::billing::BillNumber;
use domain::calendar::Day;
use domain::ids::{BillId, CustomerId, OrderId, ProductId};
use domain::ledger::{Transaction, bill_transaction};
use domain::money::{Money, TaxSplit};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use store::billing::{KeptBill, NewBill, Redraft, SeriesNumber};
use store::deliveries::Link;
use store::{Tx, audit, billing, deliveries, ledger, orders};

/// A bill that this run writes or issues.
struct Work<'a> {
    party: &'a Party,
    kept: Option<&'a KeptBill>,
    computed: Option<&'a Computed>,
    id: BillId,
    number: Option<SeriesNumber>,
}

impl Work<'_> {
    fn is_new(&self) -> bool {
        self.kept.is_none()
    }

    /// Whether lines and links are written: for a new bill, or a draft that says something else.
    fn is_rewritten(&self) -> bool {
        self.computed.is_some_and(|computed| computed.changed)
    }

    fn rewritten(&self) -> Option<&Computed> {
        self.computed.filter(|computed| computed.changed)
    }

    /// The version of the bill after this run.
    fn version(&self) -> i64 {
        let kept = self.kept.map_or(0, |bill| bill.version);
        if self.is_rewritten() { kept + 1 } else { kept }
    }

    /// What the bill comes to: taxable value and taxes, round-off, total.
    fn amounts(&self) -> (TaxSplit, Money, Money) {
        match (self.rewritten(), self.kept) {
            (Some(Computed { draft, .. }), _) => (draft.split, draft.round_off, draft.total),
            (None, Some(bill)) => (bill.split, bill.round_off, bill.total),
            (None, None) => (TaxSplit::default(), Money::ZERO, Money::ZERO),
        }
    }
}

/// Saves the decisions of a range and says what was changed. What other ranges also write, numbers
/// and ids foremost, it writes after `keep` has said that the ranges before it are kept.
pub(super) fn save(
    tx: &mut Tx<'_>,
    actor: &Actor,
    mode: Mode,
    facts: &Facts,
    decisions: &[Decision],
    keep: impl FnOnce() -> Result<(), Stop>,
) -> Result<Changes, Stop> {
    let (mut changes, mut traces) = withdraw(tx, facts, decisions)?;
    let mut works = collect(facts, decisions);
    give_ids(tx, &mut works)?;
    clear_changed_drafts(tx, &works)?;
    let lines = works.iter().filter_map(|work| {
        work.rewritten().map(|computed| (work.id, computed.draft.lines.as_slice()))
    });
    billing::add_lines(tx, lines)?;
    link(tx, &works)?;
    keep()?;
    if mode.issues() {
        give_numbers(tx, facts, &mut works)?;
    }
    let day = facts.month.last_day().min(actor.at.business_day());
    write_bills(tx, actor, facts, day, &works)?;
    if mode.issues() {
        post(tx, actor, day, &works)?;
        traces.extend(pay(tx, actor, facts, &works)?);
    } else {
        let unchanged = works.iter().filter(|work| !work.is_rewritten());
        let owed =
            |work: &Work<'_>| work.kept.is_some_and(|b| b.previous_balance != work.party.owes);
        let stale: Vec<_> =
            unchanged.filter(|work| owed(work)).map(|work| (work.id, work.party.owes)).collect();
        billing::touch_previous_balance(tx, &stale)?;
    }
    traces.extend(works.iter().filter_map(trace));
    audit::write(tx, actor, &traces)?;
    if mode.issues() {
        settle(tx, facts, decisions)?;
    }
    for work in &works {
        changes.created += u64::from(work.is_new());
        changes.changed += u64::from(!work.is_new() && work.is_rewritten());
        changes.unchanged += u64::from(!work.is_rewritten());
        changes.issued += u64::from(work.number.is_some());
    }
    changes.unchanged += standing_final(facts, decisions);
    Ok(changes)
}

/// Issued bills that stay as they are.
fn standing_final(facts: &Facts, decisions: &[Decision]) -> u64 {
    let pairs = facts.parties.iter().zip(decisions);
    let standing = pairs.filter(|(party, decision)| {
        matches!(decision.outcome, Outcome::Stands { .. })
            && party.bill.as_ref().is_some_and(|bill| bill.state.is_final())
    });
    standing.count() as u64
}

/// The bills to be written or issued: computed ones, and drafts that are issued as they stand.
fn collect<'a>(facts: &'a Facts, decisions: &'a [Decision]) -> Vec<Work<'a>> {
    let pairs = facts.parties.iter().zip(decisions);
    let work = |(party, decision): (&'a Party, &'a Decision)| {
        let kept = party.bill.as_ref();
        let computed = match &decision.outcome {
            Outcome::Computed(computed) => Some(computed),
            Outcome::Stands { .. } if kept.is_some_and(|bill| !bill.state.is_final()) => None,
            _ => return None,
        };
        let id = kept.map_or(BillId(0), |bill| bill.id);
        Some(Work { party, kept, computed, id, number: None })
    };
    pairs.filter_map(work).collect()
}

fn give_ids(tx: &mut Tx<'_>, works: &mut [Work<'_>]) -> Result<(), AppError> {
    let new = works.iter().filter(|work| work.is_new()).count();
    let ids = billing::allot_ids(tx, new)?;
    for (work, id) in works.iter_mut().filter(|work| work.is_new()).zip(ids) {
        work.id = id;
    }
    Ok(())
}

/// Allots numbers in the order of customers: gapless, since a range that fails keeps none.
fn give_numbers(tx: &mut Tx<'_>, facts: &Facts, works: &mut [Work<'_>]) -> Result<(), AppError> {
    if works.is_empty() {
        return Ok(());
    }
    let prefix = &facts.business.bill_prefix;
    let year = facts.month.financial_year();
    let first = billing::allot_numbers(tx, prefix.as_str(), year, works.len())?;
    for (work, serial) in works.iter_mut().zip(first..) {
        let number = BillNumber::new(prefix, year, serial)?;
        work.number = Some(SeriesNumber { number, prefix: prefix.as_str().to_owned(), year });
    }
    Ok(())
}

/// Removes drafts that have nothing to bill or cannot stand; their audit rows are to be written.
fn withdraw(
    tx: &mut Tx<'_>,
    facts: &Facts,
    decisions: &[Decision],
) -> Result<(Changes, Vec<audit::Entry>), AppError> {
    let mut gone = Vec::new();
    let mut traces = Vec::new();
    for (party, decision) in facts.parties.iter().zip(decisions) {
        let (Outcome::Nothing { withdrawn: Some(bill) }
        | Outcome::Excluded { withdrawn: Some(bill), .. }) = &decision.outcome
        else {
            continue;
        };
        gone.push((party, *bill));
        let before = party.bill.as_ref().map(|bill| traced(party, bill));
        traces.push(crate::audit::entry(
            "withdraw",
            "bills",
            format!("{} {}", party.code, facts.month),
            before.as_ref(),
            None,
        ));
    }
    clear(tx, &gone)?;
    let bills: Vec<BillId> = gone.iter().map(|(_, bill)| *bill).collect();
    billing::delete_drafts(tx, &bills)?;
    Ok((Changes { withdrawn: gone.len() as u64, ..Changes::default() }, traces))
}

fn clear_changed_drafts(tx: &mut Tx<'_>, works: &[Work<'_>]) -> Result<(), AppError> {
    let changed: Vec<_> = works
        .iter()
        .filter(|work| !work.is_new() && work.is_rewritten())
        .map(|work| (work.party, work.id))
        .collect();
    clear(tx, &changed)
}

/// Takes everything off drafts: deliveries, orders, lines.
fn clear(tx: &mut Tx<'_>, drafts: &[(&Party, BillId)]) -> Result<(), AppError> {
    let bills: Vec<BillId> = drafts.iter().map(|(_, bill)| *bill).collect();
    let owners: HashMap<BillId, CustomerId> =
        drafts.iter().map(|(party, bill)| (*bill, party.id)).collect();
    let mut linked = Vec::new();
    for (bill, first, last) in billing::days_on_bills(tx, &bills)? {
        linked.extend(owners.get(&bill).map(|customer| (*customer, first, last, bill)));
    }
    deliveries::unlink(tx, &linked)?;
    let pairs: Vec<_> = drafts.iter().map(|(party, bill)| (party.id, *bill)).collect();
    orders::unlink(tx, &pairs)?;
    billing::delete_lines(tx, &bills)?;
    Ok(())
}

/// Points the billed deliveries and orders at their lines, and checks that none was missed.
fn link(tx: &mut Tx<'_>, works: &[Work<'_>]) -> Result<(), AppError> {
    let mut links = Vec::new();
    let mut order_links = Vec::new();
    let mut expected = 0;
    for work in works {
        let Some(computed) = work.rewritten() else {
            continue;
        };
        let (days, of_orders) = placed(work.party, computed);
        expected += days.len() as u64;
        links.extend(joined(work.id, work.party.id, days));
        order_links.extend(of_orders.into_iter().map(|(order, line)| (work.id, line, order)));
    }
    if deliveries::link(tx, &links)? != expected {
        return Err(AppError::Changed("a delivery".to_owned()));
    }
    if orders::link(tx, &order_links)? != order_links.len() as u64 {
        return Err(AppError::Changed("an order".to_owned()));
    }
    Ok(())
}

type Placed = (Vec<(ProductId, Day, i64)>, Vec<(OrderId, i64)>);

/// The line of each delivery and order on a computed bill.
fn placed(party: &Party, computed: &Computed) -> Placed {
    let mut days = Vec::with_capacity(computed.items.len());
    let mut of_orders = Vec::new();
    for (place, line) in computed.items.iter().zip(&computed.draft.line_of_item) {
        let Some(item) = party.items.get(*place) else {
            continue;
        };
        let line = i64::from(*line) + 1;
        match item.origin {
            Origin::Delivery => days.push((item.product, item.day, line)),
            Origin::Order(order) => of_orders.push((order, line)),
        }
    }
    (days, of_orders)
}

/// Joins deliveries of one product that follow each other onto one line. A month's end parts them:
/// a month in between may be left.
fn joined(bill: BillId, customer: CustomerId, mut days: Vec<(ProductId, Day, i64)>) -> Vec<Link> {
    days.sort_unstable();
    let mut links: Vec<Link> = Vec::new();
    for (product, day, line) in days {
        match links.last_mut() {
            Some(link)
                if link.product == product
                    && link.line == line
                    && link.last.month() == day.month() =>
            {
                link.last = day;
            }
            _ => links.push(Link { bill, line, customer, product, first: day, last: day }),
        }
    }
    links
}

/// Writes new bills and changed drafts, and issues those that have a number.
fn write_bills(
    tx: &mut Tx<'_>,
    actor: &Actor,
    facts: &Facts,
    day: Day,
    works: &[Work<'_>],
) -> Result<(), AppError> {
    let mut new = Vec::new();
    let mut redrafts = Vec::new();
    let mut issues = Vec::new();
    for work in works {
        let previous_balance = work.party.owes;
        let interstate = work.party.interstate;
        match (work.kept, work.rewritten()) {
            (None, Some(Computed { draft, content, .. })) => new.push(NewBill {
                id: work.id,
                customer: work.party.id,
                month: facts.month,
                day,
                interstate,
                draft,
                previous_balance,
                content: content.to_string(),
                number: work.number.as_ref(),
            }),
            (Some(kept), Some(Computed { draft, content, .. })) => redrafts.push(Redraft {
                bill: work.id,
                version: kept.version,
                day,
                interstate,
                draft,
                previous_balance,
                content: content.to_string(),
            }),
            _ => {}
        }
        if let (Some(_), Some(number)) = (work.kept, &work.number) {
            issues.push((work.id, work.version(), number, day, previous_balance));
        }
    }
    billing::add_bills(tx, &new, actor.at)?;
    let kept =
        billing::redraft(tx, &redrafts, actor.at)? + billing::issue_drafts(tx, &issues, actor.at)?;
    if kept != (redrafts.len() + issues.len()) as u64 {
        return Err(AppError::Changed("a draft".to_owned()));
    }
    Ok(())
}

/// Posts the issued bills to the ledger. A bill that comes to nothing at all posts nothing.
fn post(tx: &mut Tx<'_>, actor: &Actor, day: Day, works: &[Work<'_>]) -> Result<(), AppError> {
    let mut postings: Vec<Transaction> = Vec::with_capacity(works.len());
    for work in works {
        let (split, round_off, total) = work.amounts();
        let posting = bill_transaction(day, work.party.id, work.id, &split, round_off, total)?;
        if !posting.entries().is_empty() {
            postings.push(posting);
        }
    }
    ledger::post(tx, &postings, actor.at)?;
    Ok(())
}

/// Lets advances pay the issued bills. The audit rows are to be written.
fn pay(
    tx: &mut Tx<'_>,
    actor: &Actor,
    facts: &Facts,
    works: &[Work<'_>],
) -> Result<Vec<audit::Entry>, AppError> {
    let billed: HashSet<CustomerId> = works.iter().map(|work| work.party.id).collect();
    let ids = || billed.iter().map(|id| id.0);
    let (Some(from), Some(to)) = (ids().min(), ids().max()) else { return Ok(Vec::new()) };
    let cause = format!("issue {}", facts.month);
    crate::payments::apply_advances(tx, actor, (from, to), &billed, &cause)
}

/// The facts of a bill before this run.
fn traced(party: &Party, bill: &KeptBill) -> Value {
    json!({
        "customer": party.code,
        "total": bill.total.to_string(),
        "version": bill.version,
    })
}

/// The audit row of a bill that was written or issued.
fn trace(work: &Work<'_>) -> Option<audit::Entry> {
    if !work.is_rewritten() && work.number.is_none() {
        return None;
    }
    let (_, _, total) = work.amounts();
    let number = work.number.as_ref().map(|number| number.number.as_str());
    let before = work.kept.map(|bill| traced(work.party, bill));
    let after = json!({
        "customer": work.party.code,
        "lines": work.rewritten().map(|computed| computed.draft.lines.len()),
        "total": total.to_string(),
        "version": work.version(),
    });
    let action = if number.is_some() { "issue" } else { "draft" };
    let record = number.map_or_else(|| format!("draft {}", work.id.0), str::to_owned);
    Some(crate::audit::entry(action, "bills", record, before.as_ref(), Some(&after)))
}

/// Forgets the months that are billed whole.
fn settle(tx: &mut Tx<'_>, facts: &Facts, decisions: &[Decision]) -> Result<(), AppError> {
    let mut open = HashSet::new();
    for (party, decision) in facts.parties.iter().zip(decisions) {
        open.extend(decision.open_months.iter().map(|month| (party.id, *month)));
    }
    let settled: Vec<_> =
        facts.unbilled.iter().filter(|month| !open.contains(month)).copied().collect();
    deliveries::settle(tx, &settled)?;
    Ok(())
}
