//! What people record: cash, transfers and cheques that came in, whose they are, and what became of
//! them afterwards.
//!
//! It deliberately has no way to change an amount: a wrong receipt is taken back and recorded anew.

use super::{Booked, Names, Told, book};
use crate::{Actor, AppError, Invalid};
use domain::access::Role;
use domain::calendar::Day;
use domain::ids::{PaymentId, PersonId};
use domain::money::Money;
use domain::payments::{BankReference, Observation, Provider, check_amount};
use store::Tx;
use store::access::people;
use store::payments::{self, Listed};

/// Longest number of a cheque, with what tells it from others, in characters.
const MAX_CHEQUE_CHARS: usize = 40;

/// A receipt that somebody records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceipt {
    /// How it came in; no gateway.
    pub way: Provider,
    /// How much.
    pub amount: Money,
    /// The bank's reference, or the number of the cheque; none for cash.
    pub reference: Option<String>,
    /// The code of the customer who pays.
    pub customer: Option<String>,
    /// The number of the bill that is paid; without it the oldest dues are.
    pub bill: Option<String>,
    /// The code of the plan that is bought; it then pays no bill.
    pub plan: Option<String>,
    /// Who has taken the cash; the one who records it, when absent.
    pub person: Option<PersonId>,
    /// The business day it came; today, when absent.
    pub day: Option<Day>,
}

/// What a receipt of cash is known by: a number of its own.
fn cash_reference(tx: &mut Tx<'_>) -> Result<String, AppError> {
    let taken = payments::allot_ids(tx, 1)?.pop();
    let id = taken.ok_or_else(|| AppError::Changed("the numbers of payments".to_owned()))?;
    Ok(format!("CASH-{}", id.0))
}

/// Records a receipt and settles dues with it.
pub fn record(tx: &mut Tx<'_>, actor: &Actor, new: &NewReceipt) -> Result<PaymentId, AppError> {
    let person = new.person.or(actor.person).filter(|_| new.way == Provider::Cash);
    check(tx, actor, new, person)?;
    let reference = match &new.reference {
        Some(reference) => reference.clone(),
        None => cash_reference(tx)?,
    };
    let known_as = refuse_known(tx, new, &reference)?;
    let is_transfer = matches!(new.way, Provider::Upi | Provider::Bank);
    let told = Told {
        provider: new.way,
        reference: known_as,
        seen: vec![Observation::Captured { amount: new.amount, at: actor.at }],
        currency: None,
        any_amount: false,
        names: Names {
            bill: new.bill.clone(),
            customer: new.customer.clone(),
            plan: new.plan.clone(),
            ..Names::default()
        },
        method: None,
        bank_reference: is_transfer.then_some(reference),
        person,
        day: Some(new.day.unwrap_or_else(|| actor.at.business_day())),
        ..change(actor, new.way, "", "record")
    };
    book_one(tx, actor, told)
}

/// Refuses what is missing, unknown or does not go together.
fn check(
    tx: &mut Tx<'_>,
    actor: &Actor,
    new: &NewReceipt,
    person: Option<PersonId>,
) -> Result<(), AppError> {
    let mut invalid = Invalid::new();
    if new.way.is_gateway() {
        invalid.add("#/method", "expected cash, upi, bank or cheque; a gateway tells by itself");
    }
    invalid.take("#/amount", check_amount(new.amount));
    check_reference(&mut invalid, new);
    if new.way == Provider::Cash && person.is_none() {
        invalid.add("#/person", "name the person who has taken the cash");
    }
    if let Some(person) = person
        && !is_of_the_dairy(tx, person)?
    {
        invalid.add("#/person", "there is no such person of the dairy");
    }
    if new.day.is_some_and(|day| day > actor.at.business_day()) {
        invalid.add("#/date", "expected a day that is not to come");
    }
    let unmatched = new.customer.is_none() && new.bill.is_none();
    if unmatched && matches!(new.way, Provider::Cash | Provider::Cheque) {
        invalid.add("#/customer_code", "name the customer or the bill");
    }
    check_names(tx, &mut invalid, new)?;
    check_plan(tx, &mut invalid, new)?;
    Ok(invalid.check()?)
}

/// Whether there is such a person, who is no customer. A number that no person can have is not
/// asked of the database.
pub(super) fn is_of_the_dairy(tx: &mut Tx<'_>, person: PersonId) -> Result<bool, AppError> {
    if i32::try_from(person.0).is_err() {
        return Ok(false);
    }
    let found = people::by_id(tx, person)?;
    Ok(found.is_some_and(|person| person.role != Role::Customer))
}

fn check_reference(invalid: &mut Invalid, new: &NewReceipt) {
    let place = "#/reference";
    match (new.way, new.reference.as_deref()) {
        (Provider::Cash, Some(_)) => invalid.add(place, "cash has no reference; leave it out"),
        (Provider::Upi, Some(text)) => {
            let read = invalid.take(place, BankReference::parse(text));
            if read.is_some_and(|reference| !reference.is_rrn()) {
                invalid.add(place, "expected the twelve digits of the UPI reference (RRN)");
            }
        }
        (Provider::Bank, Some(text)) => {
            invalid.take(place, BankReference::parse(text));
        }
        (Provider::Cheque, Some(text)) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | ' ');
            if !(1..=MAX_CHEQUE_CHARS).contains(&text.len()) || !text.chars().all(plain) {
                invalid.add(place, "expected the number of the cheque, and its bank if need be");
            }
        }
        (Provider::Upi | Provider::Bank, None) => {
            invalid.add(place, "give the bank's reference");
        }
        (Provider::Cheque, None) => invalid.add(place, "give the number of the cheque"),
        _ => {}
    }
}

/// Whether the plan can be bought with this receipt.
fn check_plan(tx: &mut Tx<'_>, invalid: &mut Invalid, new: &NewReceipt) -> Result<(), AppError> {
    let Some(code) = new.plan.as_deref() else { return Ok(()) };
    if new.customer.is_none() {
        invalid.add("#/customer_code", "name the customer who buys the plan");
    }
    if new.bill.is_some() {
        invalid.add("#/bill_number", "a payment for a plan pays no bill; leave it out");
    }
    let plan = crate::entitlements::for_sale(tx, code)?;
    let Some(plan) = invalid.take("#/plan", plan) else { return Ok(()) };
    if new.amount != plan.price {
        invalid.add("#/amount", format!("expected {}, what the plan costs", plan.price));
    }
    Ok(())
}

/// Whether the bill and the customer are there and go together.
fn check_names(tx: &mut Tx<'_>, invalid: &mut Invalid, new: &NewReceipt) -> Result<(), AppError> {
    let mut customer = None;
    if let Some(code) = new.customer.as_deref() {
        customer = payments::customers_by_code(tx, &[code])?.pop().map(|(_, id)| id);
        if customer.is_none() {
            invalid.add("#/customer_code", "there is no such customer");
        }
    }
    if let Some(number) = new.bill.as_deref() {
        match payments::bills_by_number(tx, &[number])?.pop() {
            None => invalid.add("#/bill_number", "there is no such bill"),
            Some((_, named)) if customer.is_some_and(|customer| customer != named.customer) => {
                invalid.add("#/bill_number", "it is another customer's bill");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Refuses what is known already, perhaps through a gateway, unless it was taken back. Then it is
/// recorded anew: what it is known by here gets a number. Returns that.
fn refuse_known(tx: &mut Tx<'_>, new: &NewReceipt, reference: &str) -> Result<String, AppError> {
    let recorded = payments::recorded(tx, new.way, reference)?;
    let known = match recorded.standing {
        None if matches!(new.way, Provider::Upi | Provider::Bank) => {
            payments::by_bank_reference(tx, reference)?
        }
        known => known,
    };
    match (known, recorded.count) {
        (None, 0) => Ok(reference.to_owned()),
        (None, before) => Ok(format!("{reference}#{}", before + 1)),
        (Some(id), _) => Err(AppError::Conflict(format!(
            "{reference} is recorded already, as payment {}; it is not taken twice",
            id.0
        ))),
    }
}

/// Notes that a cheque has become money in the bank.
pub fn clear(tx: &mut Tx<'_>, actor: &Actor, id: PaymentId) -> Result<(), AppError> {
    let found = find(tx, id)?;
    if found.payment.provider != Provider::Cheque {
        return Err(AppError::Conflict(format!("payment {} is no cheque", id.0)));
    }
    if found.payment.facts.reversed {
        return Err(AppError::Conflict(format!("the cheque of payment {} has bounced", id.0)));
    }
    step(tx, actor, &found, Observation::Cleared, "clear")
}

/// Takes a receipt back: a cheque that bounced, or one that was recorded by mistake. What it had
/// paid is due again.
pub fn reverse(tx: &mut Tx<'_>, actor: &Actor, id: PaymentId) -> Result<(), AppError> {
    let found = find(tx, id)?;
    if found.payment.provider.is_gateway() {
        let what = "what came through a gateway is refunded, not taken back";
        return Err(AppError::Conflict(what.to_owned()));
    }
    let cause = if found.payment.provider == Provider::Cheque { "bounce" } else { "reverse" };
    step(tx, actor, &found, Observation::Reversed, cause)
}

/// Gives a payment whose customer was not known to a customer.
pub fn assign(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: PaymentId,
    customer: &str,
    bill: Option<&str>,
) -> Result<(), AppError> {
    let found = find(tx, id)?;
    if let Some(code) = found.customer_code {
        let what = format!("payment {} is that of {code}; refund it, or take it back", id.0);
        return Err(AppError::Conflict(what));
    }
    let receipt = NewReceipt {
        way: found.payment.provider,
        amount: found.payment.facts.amount,
        reference: None,
        customer: Some(customer.to_owned()),
        bill: bill.map(str::to_owned),
        plan: None,
        person: None,
        day: None,
    };
    let mut invalid = Invalid::new();
    check_names(tx, &mut invalid, &receipt)?;
    invalid.check()?;
    let names = Names { customer: receipt.customer, bill: receipt.bill, ..Names::default() };
    let payment = &found.payment;
    let told = Told { names, ..change(actor, payment.provider, &payment.reference, "assign") };
    book_one(tx, actor, told).map(|_| ())
}

/// A payment as it is kept.
pub(super) fn find(tx: &mut Tx<'_>, id: PaymentId) -> Result<Listed, AppError> {
    let found = payments::by_key(tx, id)?;
    found.ok_or_else(|| AppError::NotFound(format!("there is no payment {}", id.0)))
}

/// Books one further thing about a payment.
pub(super) fn step(
    tx: &mut Tx<'_>,
    actor: &Actor,
    found: &Listed,
    seen: Observation,
    cause: &str,
) -> Result<(), AppError> {
    let payment = &found.payment;
    let told = change(actor, payment.provider, &payment.reference, cause);
    book_one(tx, actor, Told { seen: vec![seen], ..told }).map(|_| ())
}

/// Something that one of our people tells of a payment.
pub(super) fn change(actor: &Actor, provider: Provider, reference: &str, cause: &str) -> Told {
    Told {
        provider,
        reference: reference.to_owned(),
        seen: Vec::new(),
        currency: None,
        any_amount: false,
        names: Names::default(),
        method: None,
        bank_reference: None,
        person: None,
        day: None,
        cause: cause.to_owned(),
        // Never the request's id: a client may give one to several commands.
        cause_key: format!("{cause} {}", actor.at.unix_micros()),
    }
}

/// Books one thing; what cannot be booked is refused.
pub(super) fn book_one(tx: &mut Tx<'_>, actor: &Actor, told: Told) -> Result<PaymentId, AppError> {
    match book(tx, actor, &[told])?.pop() {
        Some(Booked::Changed(id) | Booked::Nothing(id)) => Ok(id),
        Some(Booked::Unfit(reason) | Booked::Failed(reason)) => Err(AppError::Conflict(reason)),
        None => Err(AppError::Changed("a payment".to_owned())),
    }
}
