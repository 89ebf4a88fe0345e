//! What new knowledge of payments moves: postings, what dues they settle, what is taken back.
//!
//! It deliberately looks at each customer's dues once, whatever number of payments changes them.

use super::load::begin;
use super::{Work, Works, kept_of, plan};
use crate::entitlements::Following;
use crate::{Actor, AppError};
use domain::calendar::{Day, Moment};
use domain::ids::{BillId, CustomerId, PaymentId};
use domain::ledger::{Transaction, match_transaction};
use domain::money::{Money, Overflow};
use domain::payments::{Due, Source, Target, Whose, allocate, apply_advance, kept, release};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::Tx;
use store::payments::{self, LogEntry, NewAllocation, PaidBill};

/// What is to be posted and allocated.
#[derive(Default)]
pub(super) struct Books {
    pub transactions: Vec<Transaction>,
    pub allocations: Vec<NewAllocation>,
    /// How much more, or less, of each bill is paid.
    pub paid: BTreeMap<BillId, Money>,
    /// How much of bills was paid before, as far as that was looked up.
    pub bills: HashMap<BillId, PaidBill>,
    /// What of each payment was paid for a plan; absent for those that buy none.
    pub sold: HashMap<PaymentId, Money>,
    /// The payments that are held for the plan they name, which we sell: they pay no due.
    pub held: HashSet<PaymentId>,
    /// What follows for entitlements.
    pub plans: Following,
}

/// Decides what is posted. A payment whose postings cannot be made is left as it was.
pub(super) fn decide(tx: &mut Tx<'_>, at: Moment, works: &mut Works) -> Result<Books, AppError> {
    let mut books = Books::default();
    for work in works.all.iter_mut().filter(|work| work.is_changed()) {
        match postings(work, at.business_day()) {
            Ok(transactions) => books.transactions.extend(transactions),
            Err(error) => work.failed = Some(error.to_string()),
        }
    }
    plan::sell(tx, at.business_day(), works, &mut books)?;
    let shrunk: Vec<PaymentId> = works
        .all
        .iter()
        .filter(|work| work.is_changed() && work.now.allocation_count > 0)
        .map(|work| work.now.id)
        .collect();
    let mut standing: HashMap<PaymentId, Vec<domain::payments::Allocated>> = HashMap::new();
    for found in payments::allocated(tx, &shrunk)? {
        standing.entry(found.payment).or_default().push(found.part);
    }
    for work in works.all.iter_mut().filter(|work| work.is_changed()) {
        let parts = standing.remove(&work.now.id).unwrap_or_default();
        take_back(work, &parts, &mut books)?;
    }
    Ok(books)
}

/// The transactions that follow from what is now known of a payment, and whose it is.
fn postings(work: &Work, today: Day) -> Result<Vec<Transaction>, AppError> {
    let now = &work.now;
    let day = posting_day(work, today);
    let whose = Whose {
        payment: now.id,
        provider: now.provider,
        customer: now.customer,
        person: now.person,
    };
    let mut transactions = Vec::new();
    if let (None, Some(customer)) = (work.customer_before, now.customer) {
        let posted = kept(&work.before, now.provider)?;
        transactions.extend(match_transaction(today, now.id, customer, posted)?);
    }
    transactions.extend(domain::payments::decide(&work.before, &now.facts, &whose, day)?);
    Ok(transactions)
}

/// The day of what is posted: that on which the money came, when it was not known before.
pub(super) fn posting_day(work: &Work, today: Day) -> Day {
    if work.before.captured > Money::ZERO { today } else { work.now.received_day }
}

/// Brings what is free and allocated of a payment to what the customer keeps of it and has bought
/// no plan with: more is free first; less is taken from what is free, then from the newest
/// allocation back. What was paid for a plan that we sell pays no due, also when the plan was told
/// or added later.
fn take_back(
    work: &mut Work,
    standing: &[domain::payments::Allocated],
    books: &mut Books,
) -> Result<(), AppError> {
    let sold = books.sold.get(&work.now.id).copied().unwrap_or_default();
    let keeps = kept_of(&work.now.facts, work.now.provider)?.minus(sold)?;
    let allocated = Money::sum(standing.iter().map(|part| part.amount))?;
    let has = work.now.free.plus(allocated)?;
    let released = if books.held.contains(&work.now.id) {
        work.now.free = keeps;
        release(Money::ZERO, standing, allocated)?
    } else if keeps >= has {
        work.now.free = work.now.free.plus(keeps.minus(has)?)?;
        return Ok(());
    } else {
        let released = release(work.now.free, standing, has.minus(keeps)?)?;
        work.now.free = work.now.free.minus(released.advance)?;
        released
    };
    let Some(customer) = work.now.customer else { return Ok(()) };
    for (_, target, amount) in released.parts {
        books.allocate(&mut work.now, customer, target, amount.negated()?)?;
    }
    Ok(())
}

impl Books {
    pub(super) fn allocate(
        &mut self,
        payment: &mut payments::Kept,
        customer: CustomerId,
        target: Target,
        amount: Money,
    ) -> Result<(), Overflow> {
        payment.allocation_count += 1;
        let entry_no = payment.allocation_count;
        self.allocations.push(NewAllocation {
            payment: payment.id,
            entry_no,
            customer,
            target,
            amount,
        });
        if let Target::Bill(bill) = target {
            let paid = self.paid.entry(bill).or_default();
            *paid = paid.plus(amount)?;
        }
        Ok(())
    }
}

/// Settles dues: each payment's named bill, then the oldest; what was taken back from a due is
/// taken from other advances of the customer, if there are any.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    actor: &Actor,
    works: &mut Works,
    books: &mut Books,
) -> Result<(), AppError> {
    let released: BTreeSet<CustomerId> = books.allocations.iter().map(|a| a.customer).collect();
    let can_pay = |work: &&Work| work.is_changed() && pays_dues(work, books);
    let mut owing: BTreeSet<CustomerId> =
        works.all.iter().filter(can_pay).filter_map(|work| work.now.customer).collect();
    owing.extend(&released);
    let owing: Vec<CustomerId> = owing.into_iter().collect();
    if owing.is_empty() {
        return Ok(());
    }
    let mut dues = load_dues(tx, &owing, books)?;
    for work in works.all.iter_mut().filter(|work| work.is_changed()) {
        if !pays_dues(work, books) {
            continue;
        }
        let Some(customer) = work.now.customer else { continue };
        let of_customer = dues.entry(customer).or_default();
        let found = allocate(work.now.named_bill, of_customer, work.now.free)?;
        for (target, amount) in found.parts {
            books.allocate(&mut work.now, customer, target, amount)?;
            reduce(of_customer, target, amount)?;
        }
        work.now.free = found.advance;
    }
    let released: Vec<CustomerId> = released.into_iter().collect();
    apply_others(tx, actor, works, books, &released, &mut dues)
}

/// Whether a payment settles dues: what was paid for a plan that we sell does not.
fn pays_dues(work: &Work, books: &Books) -> bool {
    work.now.free > Money::ZERO && !books.held.contains(&work.now.id)
}

fn reduce(dues: &mut [Due], target: Target, amount: Money) -> Result<(), Overflow> {
    if let Some(due) = dues.iter_mut().find(|due| due.target == target) {
        due.due = due.due.minus(amount)?;
    }
    Ok(())
}

/// What customers owe, after what was taken back in this transaction.
fn load_dues(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
    books: &mut Books,
) -> Result<HashMap<CustomerId, Vec<Due>>, AppError> {
    let mut dues: HashMap<CustomerId, Vec<Due>> = HashMap::new();
    for found in payments::dues(tx, customers)? {
        dues.entry(found.customer).or_default().push(found.due);
        books.bills.extend(found.bill.map(|bill| (bill.bill, bill)));
    }
    let is_unknown = |id: &BillId| !books.bills.contains_key(id);
    let reopened: Vec<BillId> = books.paid.keys().copied().filter(is_unknown).collect();
    let found = payments::bills_paid(tx, &reopened)?;
    books.bills.extend(found.into_iter().map(|bill| (bill.bill, bill)));
    for taken in &books.allocations {
        let of_customer = dues.entry(taken.customer).or_default();
        let more = taken.amount.negated()?;
        let known = of_customer.iter_mut().find(|due| due.target == taken.target);
        match (known, taken.target) {
            (Some(due), _) => due.due = due.due.plus(more)?,
            (None, Target::Opening) => {
                let day = Day::MIN;
                of_customer.push(Due { target: taken.target, day, serial: 0, due: more });
            }
            (None, Target::Bill(id)) => {
                let Some(bill) = books.bills.get(&id) else { continue };
                let (day, serial) = (bill.day, bill.serial);
                of_customer.push(Due { target: taken.target, day, serial, due: more });
            }
        }
    }
    Ok(dues)
}

/// Lets other advances of customers pay what was taken back from their dues.
fn apply_others(
    tx: &mut Tx<'_>,
    actor: &Actor,
    works: &mut Works,
    books: &mut Books,
    customers: &[CustomerId],
    dues: &mut HashMap<CustomerId, Vec<Due>>,
) -> Result<(), AppError> {
    let here: BTreeSet<PaymentId> = works.all.iter().map(|work| work.now.id).collect();
    let mut credits: HashMap<CustomerId, Vec<domain::payments::Credit>> = HashMap::new();
    for found in payments::credits(tx, customers)? {
        let is_other =
            !matches!(found.credit.source, Source::Payment(payment) if here.contains(&payment));
        if is_other {
            credits.entry(found.customer).or_default().push(found.credit);
        }
    }
    let mut applied = Vec::new();
    for customer in customers {
        let (Some(credits), Some(dues)) = (credits.get(customer), dues.get(customer)) else {
            continue;
        };
        for part in apply_advance(credits, dues)? {
            if let Source::Payment(payment) = part.source {
                applied.push((*customer, payment, part.target, part.amount));
            }
        }
    }
    let mut ids: Vec<PaymentId> = applied.iter().map(|(_, payment, ..)| *payment).collect();
    ids.sort_unstable();
    ids.dedup();
    let cause = works.all.iter().find(|work| work.is_changed()).map(|work| work.cause().1);
    let cause = cause.unwrap_or_default().to_owned();
    let mut others: Vec<Work> = Vec::new();
    for kept in payments::load_for_change(tx, &ids)? {
        let (provider, reference) = (kept.provider, kept.reference.clone());
        others.push(begin(Some(kept), provider, &reference, actor.at));
    }
    for (customer, payment, target, amount) in applied {
        let Some(work) = others.iter_mut().find(|work| work.now.id == payment) else { continue };
        books.allocate(&mut work.now, customer, target, amount)?;
        work.now.free = work.now.free.minus(amount)?;
    }
    for mut work in others {
        note_advance(&mut work, actor, &cause);
        works.all.push(work);
    }
    Ok(())
}

/// Notes in a payment's log that its advance has paid something.
pub(super) fn note_advance(work: &mut Work, actor: &Actor, key: &str) {
    note(work, actor, "advance", &format!("advance {key}"));
}

/// Notes something in a payment's log of which nothing was told. The number of the entry keeps it
/// apart from others with the same occasion.
pub(super) fn note(work: &mut Work, actor: &Actor, cause: &str, occasion: &str) {
    let state = work.now.facts.state().as_str().to_owned();
    work.now.version += 1;
    work.now.updated_at = actor.at;
    work.log.push(LogEntry {
        entry_no: work.now.version,
        at: actor.at,
        from: Some(state.clone()),
        to: state,
        cause: cause.to_owned(),
        cause_key: format!("{occasion} {}", work.now.version),
        actor: actor.name.clone(),
        request: actor.request.clone(),
        details: "{}".to_owned(),
    });
}
