//! Refunds that we ask for: how much may go back, who must agree, and paying by hand.
//!
//! It deliberately calls no gateway: what one shall pay is a row, and a worker acts on it after the
//! commit. Whoever changes a refund locks its customer, its payment and then the refund itself, so
//! that two at once never give back more than there is.

use super::book::release_to_advance;
use super::gateways::Gateways;
use super::record::{book_one, change, find, is_of_the_dairy};
use super::refund_calls;
use super::requests::reference_of;
use super::{Desk, Told};
use crate::audit::entry;
use crate::entitlements::holding;
use crate::jobs::enqueue;
use crate::{Actor, AppError, Invalid, paging};
use domain::ids::{PaymentId, PersonId, RefundId};
use domain::money::Money;
use domain::payments::{
    BankReference, Destination, Observation, Provider, RefundError, RefundState, RefundStatus,
    Step, check_amount, kept, may_check, may_refund, refundable,
};
use serde_json::{Value, json};
use store::payments::{self, Kept};
use store::{Tx, audit};

pub use store::payments::AskedRefund;

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;
/// No refund has this id.
const NONE: RefundId = RefundId(0);

/// A refund to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// How much.
    pub amount: Money,
    /// Where it goes.
    pub destination: Destination,
    /// Why.
    pub reason: String,
    /// Whose cash it is paid from; for cash only, and without it that of who asks.
    pub person: Option<PersonId>,
    /// The bank's reference, when it has been paid by hand already.
    pub reference: Option<String>,
}

/// How a refund was paid by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaidOut {
    /// Whose cash it was; without it that of who tells, for cash.
    pub person: Option<PersonId>,
    /// The bank's reference; none for cash.
    pub reference: Option<String>,
}

/// Asks for a refund. Up to the limit it is agreed; above it another person must agree. One that
/// is agreed goes its way at once, if it can.
pub fn ask_refund(
    tx: &mut Tx<'_>,
    actor: &Actor,
    desk: &Desk,
    payment: PaymentId,
    new: &NewRefund,
) -> Result<RefundId, AppError> {
    let payment = lock_payment(tx, payment)?;
    check(tx, &payment, &desk.gateways, new)?;
    let left = left(tx, &payment, new.destination, NONE)?;
    let alone = payments::refunded_alone(tx, payment.id)?;
    let state = domain::payments::ask_refund(new.amount, left, alone, desk.refund_limit)
        .map_err(|error| refused(&error))?;
    let by_hand = paid_by_hand(&payment, new.destination);
    if state == RefundState::Requested && new.reference.is_some() {
        let what = "above the limit another person must agree before it is paid";
        return Err(Invalid::one("#/reference", what).into());
    }
    let id = payments::allot_refund(tx)?;
    let refund = AskedRefund {
        id,
        payment: payment.id,
        provider: payment.provider,
        payment_reference: payment.reference.clone(),
        reference: reference_of("RF", id.0, actor),
        amount: new.amount,
        destination: new.destination,
        by_gateway: payment.provider.is_gateway() && new.destination == Destination::Source,
        reason: new.reason.trim().to_owned(),
        state,
        told_as: None,
        paid_reference: None,
        person: new.person.or(actor.person).filter(|_| payment.provider == Provider::Cash),
        failure: None,
        attempts: 0,
        retry_at: None,
        asked_by: actor.person,
        asked_as: actor.name.clone(),
        checked_by: None,
        checked_as: None,
        version: 1,
        created_at: actor.at,
        updated_at: actor.at,
    };
    payments::add_refund(tx, &refund)?;
    let after = facts(&refund);
    if state == RefundState::Approved {
        let is_cash = payment.provider == Provider::Cash;
        proceed(tx, actor, &payment, refund.clone())?;
        if by_hand && (is_cash || new.reference.is_some()) {
            let paid = PaidOut { person: new.person, reference: new.reference.clone() };
            pay(tx, actor, &payment, id, &paid)?;
        }
    }
    let trace = entry("ask", "refund_requests", refund.reference, None, Some(&after));
    audit::write(tx, actor, &[trace])?;
    Ok(id)
}

/// The payment, locked with its customer.
fn lock_payment(tx: &mut Tx<'_>, id: PaymentId) -> Result<Kept, AppError> {
    let customer = find(tx, id)?.payment.customer;
    payments::lock_customers(tx, customer.as_slice())?;
    let payment = payments::load_for_change(tx, &[id])?.pop();
    let changed = || AppError::Changed(format!("payment {}", id.0));
    payment.filter(|payment| payment.customer == customer).ok_or_else(changed)
}

const fn paid_by_hand(payment: &Kept, destination: Destination) -> bool {
    !payment.provider.is_gateway() && matches!(destination, Destination::Source)
}

/// Refuses what is missing or does not go with the payment.
fn check(
    tx: &mut Tx<'_>,
    payment: &Kept,
    gateways: &Gateways,
    new: &NewRefund,
) -> Result<(), AppError> {
    let mut invalid = Invalid::new();
    invalid.take("#/amount", check_amount(new.amount));
    if !(1..=MAX_REASON_CHARS).contains(&new.reason.trim().chars().count()) {
        invalid.add("#/reason", "expected 1 to 500 characters");
    }
    let by_hand = paid_by_hand(payment, new.destination);
    if new.person.is_some() && !(by_hand && payment.provider == Provider::Cash) {
        invalid.add("#/person", "only cash is paid from somebody's hand; leave it out");
    }
    check_person(tx, &mut invalid, new.person)?;
    if let Some(reference) = &new.reference {
        if !by_hand || payment.provider == Provider::Cash {
            invalid.add("#/reference", "nothing is paid through a bank by hand; leave it out");
        } else {
            invalid.take("#/reference", BankReference::parse(reference));
        }
    }
    invalid.check()?;
    match new.destination {
        Destination::Source if payment.provider.is_gateway() => {
            gateways.must_know(payment.provider)
        }
        Destination::Source if payment.provider == Provider::Cheque && !payment.facts.cleared => {
            conflict("the cheque has not been cleared; note that first, or that it has bounced")
        }
        Destination::Advance if payment.customer.is_none() => {
            conflict("nobody knows who has paid; give the payment to its customer first")
        }
        Destination::Advance if is_held(tx, payment)? => {
            conflict("what was paid for a plan is no advance for bills; refund it to its source")
        }
        Destination::Source | Destination::Advance => Ok(()),
    }
}

/// Whether cash can be somebody's: they are there, and of the dairy.
fn check_person(
    tx: &mut Tx<'_>,
    invalid: &mut Invalid,
    person: Option<PersonId>,
) -> Result<(), AppError> {
    if let Some(person) = person
        && !is_of_the_dairy(tx, person)?
    {
        invalid.add("#/person", "there is no such person of the dairy");
    }
    Ok(())
}

/// Whether a payment is held for a plan that we sell.
fn is_held(tx: &mut Tx<'_>, payment: &Kept) -> Result<bool, AppError> {
    Ok(!holding(tx, payment.plan.as_deref().into_iter())?.is_empty())
}

fn conflict(what: &str) -> Result<(), AppError> {
    Err(AppError::Conflict(what.to_owned()))
}

/// What may still be refunded to a destination, besides a refund that is counted already.
fn left(
    tx: &mut Tx<'_>,
    payment: &Kept,
    destination: Destination,
    besides: RefundId,
) -> Result<Money, AppError> {
    let under_way = payments::under_way(tx, payment.id, besides, destination)?;
    Ok(match destination {
        Destination::Source => refundable(&payment.facts, payment.provider, under_way)?,
        Destination::Advance => {
            let keeps = kept(&payment.facts, payment.provider)?;
            keeps.minus(payment.free)?.minus(under_way)?.max(Money::ZERO)
        }
    })
}

fn refused(error: &RefundError) -> AppError {
    let text = error.to_string();
    match error {
        RefundError::NotPositive(_) => Invalid::one("#/amount", text).into(),
        RefundError::SamePerson => AppError::NotAllowed(text),
        RefundError::TooMuch { .. } | RefundError::Standing(..) | RefundError::Overflow(_) => {
            AppError::Conflict(text)
        }
    }
}

/// Lets a refund that is agreed go its way: to a worker, or to the advance. What is paid by hand
/// waits for who pays it.
fn proceed(
    tx: &mut Tx<'_>,
    actor: &Actor,
    payment: &Kept,
    mut refund: AskedRefund,
) -> Result<(), AppError> {
    if refund.by_gateway {
        refund.retry_at = Some(actor.at);
        payments::save_refund(tx, &refund, actor.at)?;
        enqueue(tx, actor, &[refund_calls::job(refund.id, 0, actor.at)])?;
    } else if refund.destination == Destination::Advance {
        release_to_advance(tx, actor, payment.clone(), refund.amount, &refund.reference)?;
        refund.state = RefundState::Processed;
        refund.told_as = Some(refund.reference.clone());
        payments::save_refund(tx, &refund, actor.at)?;
    }
    Ok(())
}

/// Agrees to a refund: another person than the one who has asked.
pub fn approve(tx: &mut Tx<'_>, actor: &Actor, desk: &Desk, id: RefundId) -> Result<(), AppError> {
    let payment = show(tx, id)?.payment;
    let payment = lock_payment(tx, payment)?;
    let mut refund = lock(tx, id)?;
    let before = facts(&refund);
    checked(&mut refund, actor, Step::Approve)?;
    let left = left(tx, &payment, refund.destination, id)?;
    // There may be less than when it was asked for.
    may_refund(refund.amount, left).map_err(|error| refused(&error))?;
    if refund.by_gateway {
        desk.gateways.must_know(refund.provider)?;
    }
    payments::save_refund(tx, &refund, actor.at)?;
    let after = facts(&refund);
    let reference = refund.reference.clone();
    proceed(tx, actor, &payment, refund)?;
    let trace = entry("approve", "refund_requests", reference, Some(&before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}

/// Declines a refund: another person than the one who has asked.
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, id: RefundId) -> Result<(), AppError> {
    let mut refund = lock(tx, id)?;
    let before = facts(&refund);
    checked(&mut refund, actor, Step::Decline)?;
    payments::save_refund(tx, &refund, actor.at)?;
    let after = facts(&refund);
    let trace = entry("decline", "refund_requests", refund.reference, Some(&before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}

/// Notes who agreed or declined. A program's key counts as its person; who works at the machine
/// itself is known by name only.
fn checked(refund: &mut AskedRefund, actor: &Actor, step: Step) -> Result<(), AppError> {
    if refund.state != RefundState::Requested {
        let what = format!(
            "the refund is {}; only one that waits for another person can be approved or declined",
            refund.state.as_str()
        );
        return Err(AppError::Conflict(what));
    }
    let allowed = match (refund.asked_by, actor.person) {
        (Some(maker), Some(checker)) => may_check(maker, checker),
        _ if refund.asked_as == actor.name => Err(RefundError::SamePerson),
        _ => Ok(()),
    };
    allowed.map_err(|error| refused(&error))?;
    refund.state = refund.state.after(step).map_err(|error| refused(&error))?;
    refund.checked_by = actor.person;
    refund.checked_as = Some(actor.name.clone());
    Ok(())
}

/// Notes that a refund that is agreed was paid by hand, and books it.
pub fn pay_out(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: RefundId,
    paid: &PaidOut,
) -> Result<(), AppError> {
    let payment = show(tx, id)?.payment;
    let payment = lock_payment(tx, payment)?;
    pay(tx, actor, &payment, id, paid)
}

fn pay(
    tx: &mut Tx<'_>,
    actor: &Actor,
    payment: &Kept,
    id: RefundId,
    paid: &PaidOut,
) -> Result<(), AppError> {
    let mut refund = lock(tx, id)?;
    if refund.by_gateway || refund.destination != Destination::Source {
        return conflict("nobody pays this refund by hand");
    }
    let before = facts(&refund);
    refund.state = refund.state.after(Step::Send).map_err(|error| refused(&error))?;
    if before["state"] != RefundState::Approved.as_str() {
        return conflict("the refund was paid out already");
    }
    let left = left(tx, payment, Destination::Source, id)?;
    may_refund(refund.amount, left).map_err(|error| refused(&error))?;
    let is_cash = refund.provider == Provider::Cash;
    refund.person = how_paid(tx, &refund, actor, paid)?.or(payment.person).filter(|_| is_cash);
    refund.paid_reference.clone_from(&paid.reference);
    refund.told_as = Some(refund.reference.clone());
    payments::save_refund(tx, &refund, actor.at)?;
    let (reference, amount) = (refund.reference.clone(), refund.amount);
    let mut seen = vec![Observation::Refund {
        id: reference.clone(),
        status: RefundStatus::Processed,
        amount,
    }];
    seen.extend(
        refund.person.map(|person| Observation::PaidOut { refund: reference.clone(), person }),
    );
    let told = change(actor, refund.provider, &refund.payment_reference, "refund");
    // What is booked tells the request that it was processed.
    book_one(tx, actor, Told { seen, cause_key: reference.clone(), ..told })?;
    refund.state = RefundState::Processed;
    let after = facts(&refund);
    let trace = entry("pay_out", "refund_requests", reference, Some(&before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}

/// Whose cash it is, after checking what is said about the payment by hand.
fn how_paid(
    tx: &mut Tx<'_>,
    refund: &AskedRefund,
    actor: &Actor,
    paid: &PaidOut,
) -> Result<Option<PersonId>, AppError> {
    let mut invalid = Invalid::new();
    match (refund.provider == Provider::Cash, &paid.reference) {
        (true, Some(_)) => invalid.add("#/reference", "cash has no reference; leave it out"),
        (false, None) => invalid.add("#/reference", "give the bank's reference"),
        (false, Some(reference)) => {
            invalid.take("#/reference", BankReference::parse(reference));
        }
        (true, None) => {}
    }
    if paid.person.is_some() && refund.provider != Provider::Cash {
        invalid.add("#/person", "only cash is paid from somebody's hand; leave it out");
    }
    check_person(tx, &mut invalid, paid.person)?;
    invalid.check()?;
    Ok(paid.person.or(refund.person).or(actor.person))
}

pub(super) fn lock(tx: &mut Tx<'_>, id: RefundId) -> Result<AskedRefund, AppError> {
    payments::lock_refund(tx, id)?.ok_or_else(|| unknown(id))
}

fn unknown(id: RefundId) -> AppError {
    AppError::NotFound(format!("there is no refund {}", id.0))
}

/// One refund.
pub fn show(tx: &mut Tx<'_>, id: RefundId) -> Result<AskedRefund, AppError> {
    payments::refund_by_id(tx, id)?.ok_or_else(|| unknown(id))
}

/// A page of refunds, the latest first, and where the next one begins: all, or those of a payment.
pub fn page(
    tx: &mut Tx<'_>,
    payment: Option<PaymentId>,
    state: Option<RefundState>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<AskedRefund>, Option<String>), AppError> {
    let before = paging::number(after)?.map(RefundId);
    let found = payments::page_of_refunds(tx, payment, state, before, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.id.0.to_string()))
}

/// A refund for the audit trail.
pub(super) fn facts(refund: &AskedRefund) -> Value {
    json!({
        "payment": refund.payment.0, "amount": refund.amount.to_string(),
        "destination": refund.destination.as_str(), "reason": refund.reason,
        "state": refund.state.as_str(), "told_as": refund.told_as,
        "checked_as": refund.checked_as, "failure": refund.failure,
    })
}
