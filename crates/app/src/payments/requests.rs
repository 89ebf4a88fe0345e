//! What we ask gateways for, so that customers can pay: asked for, withdrawn, confirmed, shown.
//!
//! It deliberately calls no gateway: a request is a row, and a worker acts on it after the commit.

use super::calls;
use super::gateways::Gateways;
use crate::audit::entry;
use crate::catalog::find_customer;
use crate::jobs::enqueue;
use crate::{Actor, AppError, Invalid, paging};
use domain::calendar::Moment;
use domain::ids::{BillId, CustomerId, RequestId};
use domain::money::Money;
use domain::payments::{Provider, RequestKind, RequestState, Target, check_amount};
use gateways::razorpay::redirect::{LinkReturn, verify_checkout, verify_payment_link};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use store::imports::{self, Counter};
use store::payments::{self, NewAskedFor, RequestFilter};
use store::{Tx, audit};

pub use store::payments::AskedFor;

/// The longest life of a request: that of a payment link (protocols 2).
const LONGEST_LIFE: Duration = Duration::from_hours(182 * 24);
/// Bytes of a hash in our references, which keep those of two databases apart.
const REFERENCE_HASH_BYTES: usize = 6;

/// Something to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// Who is asked.
    pub provider: Provider,
    /// For what.
    pub kind: RequestKind,
    /// The code of the customer who is to pay.
    pub customer: Option<String>,
    /// The number of the bill that is to be paid.
    pub bill: Option<String>,
    /// How much; without it what is due.
    pub amount: Option<Money>,
    /// Whether less may be paid.
    pub in_parts: bool,
    /// When it ends.
    pub expires_at: Option<Moment>,
    /// The code of the plan that is bought.
    pub plan: Option<String>,
}

/// Who is to pay what.
struct Payer {
    customer: CustomerId,
    bill: Option<BillId>,
}

/// Asks a gateway for something: it is kept, and sent by a worker after the commit.
pub fn ask(
    tx: &mut Tx<'_>,
    actor: &Actor,
    gateways: &Gateways,
    new: &NewRequest,
) -> Result<RequestId, AppError> {
    let payer = check(tx, actor.at, new)?;
    gateways.must_know(new.provider)?;
    let amount = match new.amount {
        Some(amount) => Some(amount),
        // A standing QR code takes any amount, again and again.
        None if new.kind == RequestKind::Qr && payer.bill.is_none() => None,
        None => Some(due_of(tx, &payer)?),
    };
    let id = payments::allot_request(tx)?;
    let reference = reference_of("PR", id.0, actor);
    let kept = NewAskedFor {
        provider: new.provider,
        kind: new.kind,
        reference: &reference,
        customer: payer.customer,
        bill: payer.bill,
        plan: new.plan.as_deref(),
        amount,
        in_parts: new.in_parts,
        expires_at: new.expires_at,
        asked_as: &actor.name,
    };
    payments::add_request(tx, id, &kept, actor.at)?;
    enqueue(tx, actor, &[calls::job(id, 0, actor.at)])?;
    let after = json!({
        "provider": new.provider.as_str(), "kind": new.kind.as_str(),
        "customer": payer.customer.0, "bill": new.bill,
        "amount": amount.map(|amount| amount.to_string()), "plan": new.plan, "state": "new",
    });
    let trace = entry("ask", "payment_requests", reference, None, Some(&after));
    audit::write(tx, actor, &[trace])?;
    Ok(id)
}

/// Our reference of something at a gateway: at most 40 letters, digits and hyphens. The hash keeps
/// the references of two databases that use one account apart.
pub(super) fn reference_of(kind: &str, id: i64, actor: &Actor) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{kind} {id} {} ", actor.at.unix_micros()));
    hash.update(actor.request.as_deref().unwrap_or_default());
    hash.update(&actor.name);
    let mut text = format!("{kind}-{id}-");
    for byte in hash.finalize().iter().take(REFERENCE_HASH_BYTES) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Refuses what is missing, unknown or does not go together.
fn check(tx: &mut Tx<'_>, at: Moment, new: &NewRequest) -> Result<Payer, AppError> {
    let mut invalid = Invalid::new();
    if !new.provider.is_gateway() {
        invalid.add("#/provider", "expected razorpay or stripe");
    } else if !new.kind.is_made_by(new.provider) {
        invalid.add("#/kind", "razorpay makes order, link and qr; stripe makes checkout");
    }
    if let Some(amount) = new.amount {
        invalid.take("#/amount", check_amount(amount));
    }
    if new.in_parts && !matches!(new.kind, RequestKind::Order | RequestKind::Link) {
        invalid.add("#/in_parts", "only an order or a link can be paid in parts");
    }
    if let Some(end) = new.expires_at
        && (end <= at || end > domain::jobs::later(at, LONGEST_LIFE))
    {
        invalid.add("#/expires_at", "expected a moment to come, at most 182 days ahead");
    }
    check_plan(tx, &mut invalid, new)?;
    let payer = payer(tx, &mut invalid, new)?;
    invalid.check()?;
    payer.ok_or_else(|| AppError::Changed("what was sent".to_owned()))
}

/// Whether the plan can be bought with what is asked for.
fn check_plan(tx: &mut Tx<'_>, invalid: &mut Invalid, new: &NewRequest) -> Result<(), AppError> {
    let Some(code) = new.plan.as_deref() else { return Ok(()) };
    if new.bill.is_some() {
        invalid.add("#/plan_code", "what buys a plan pays no bill; leave one of them out");
    }
    if new.in_parts {
        invalid.add("#/in_parts", "a plan is paid in one payment");
    }
    let plan = crate::entitlements::for_sale(tx, code)?;
    let Some(plan) = invalid.take("#/plan_code", plan) else { return Ok(()) };
    if new.amount != Some(plan.price) {
        invalid.add("#/amount", format!("expected {}, what the plan costs", plan.price));
    }
    Ok(())
}

fn payer(
    tx: &mut Tx<'_>,
    invalid: &mut Invalid,
    new: &NewRequest,
) -> Result<Option<Payer>, AppError> {
    let mut customer = None;
    if let Some(code) = new.customer.as_deref() {
        customer = payments::customers_by_code(tx, &[code])?.pop().map(|(_, id)| id);
        if customer.is_none() {
            invalid.add("#/customer_code", "there is no such customer");
        }
    }
    let Some(number) = new.bill.as_deref() else {
        if new.customer.is_none() {
            invalid.add("#/customer_code", "name the customer or the bill");
        }
        return Ok(customer.map(|customer| Payer { customer, bill: None }));
    };
    let Some((_, named)) = payments::bills_by_number(tx, &[number])?.pop() else {
        invalid.add("#/bill_number", "there is no such bill");
        return Ok(None);
    };
    if customer.is_some_and(|customer| customer != named.customer) {
        invalid.add("#/bill_number", "it is another customer's bill");
    }
    Ok(Some(Payer { customer: named.customer, bill: Some(named.bill) }))
}

/// What is due of the bill, or of all that the customer owes.
fn due_of(tx: &mut Tx<'_>, payer: &Payer) -> Result<Money, AppError> {
    let due = super::upi::due(tx, payer.customer, payer.bill)?;
    if due <= Money::ZERO {
        let what = "nothing is due; say an amount to ask for an advance";
        return Err(AppError::Conflict(what.to_owned()));
    }
    Ok(due)
}

/// Withdraws a request. What a gateway has made is withdrawn there by a worker; an order cannot be,
/// and what is still paid for it is booked.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: RequestId) -> Result<(), AppError> {
    let mut asked = lock(tx, id)?;
    let before = facts(&asked);
    match asked.state {
        RequestState::Cancelled => return Ok(()),
        RequestState::New => asked.state = RequestState::Cancelled,
        RequestState::Done if asked.kind == RequestKind::Order => {
            asked.state = RequestState::Cancelled;
        }
        RequestState::Done => asked.retry_at = Some(actor.at),
        // It is withdrawn once it is known what became of it.
        RequestState::Sent | RequestState::Unknown => {}
        RequestState::Paid | RequestState::Refused | RequestState::Expired => {
            let state = asked.state.as_str();
            return Err(AppError::Conflict(format!("the request is {state} already")));
        }
    }
    asked.cancel_asked = true;
    payments::save_request(tx, &asked, actor.at)?;
    if asked.state == RequestState::Done {
        enqueue(tx, actor, &[calls::job(id, asked.attempts, actor.at)])?;
    }
    trace(tx, actor, "cancel", &before, &asked)
}

/// What a payer's browser brings back from Razorpay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The payment.
    pub payment: String,
    /// The signature.
    pub signature: String,
    /// The status of a payment link.
    pub link_status: Option<String>,
}

/// Checks what a payer's browser brings back, against the ids that we have kept. It books nothing:
/// a worker asks the gateway.
pub fn confirm(
    tx: &mut Tx<'_>,
    actor: &Actor,
    gateways: &Gateways,
    id: RequestId,
    returned: &Returned,
) -> Result<(), AppError> {
    let mut asked = lock(tx, id)?;
    let Some(stored) = asked.provider_reference.clone() else {
        let what = "the gateway has not made it yet, so nobody can come back from it";
        return Err(AppError::Conflict(what.to_owned()));
    };
    let secret = gateways.razorpay_secret()?;
    let (payment, signature) = (returned.payment.as_str(), returned.signature.as_str());
    let checked = match asked.kind {
        RequestKind::Order => verify_checkout(secret, &stored, payment, signature),
        RequestKind::Link => {
            let link = LinkReturn {
                link_id: &stored,
                reference_id: &asked.reference,
                status: returned.link_status.as_deref().unwrap_or("paid"),
                payment_id: payment,
            };
            verify_payment_link(secret, &link, signature)
        }
        RequestKind::Qr | RequestKind::Checkout => {
            let what = "only orders and links of Razorpay come back with a signature";
            return Err(AppError::Conflict(what.to_owned()));
        }
    };
    checked.map_err(|error| Invalid::one("#/razorpay_signature", error.to_string()))?;
    if asked.state == RequestState::Done {
        let before = facts(&asked);
        asked.retry_at = Some(actor.at);
        payments::save_request(tx, &asked, actor.at)?;
        enqueue(tx, actor, &[calls::job(id, asked.attempts, actor.at)])?;
        trace(tx, actor, "confirm", &before, &asked)?;
    }
    Ok(())
}

/// A request, to be changed. Those who book payments take the counters before the request; so does
/// this, or two transactions could wait for each other.
pub(super) fn lock(tx: &mut Tx<'_>, id: RequestId) -> Result<AskedFor, AppError> {
    imports::queue(tx, Counter::Jobs)?;
    imports::queue(tx, Counter::Audit)?;
    payments::lock_request(tx, id)?.ok_or_else(|| unknown(id))
}

fn unknown(id: RequestId) -> AppError {
    AppError::NotFound(format!("there is no payment request {}", id.0))
}

/// One request.
pub fn show(tx: &mut Tx<'_>, id: RequestId) -> Result<AskedFor, AppError> {
    payments::request_by_id(tx, id)?.ok_or_else(|| unknown(id))
}

/// Which requests are asked for; what is absent does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedRequests<'a> {
    /// The code of the customer.
    pub customer: Option<&'a str>,
    /// Who was asked.
    pub provider: Option<Provider>,
    /// Where they stand.
    pub state: Option<RequestState>,
}

/// A page of requests, the latest first, and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    wanted: &WantedRequests<'_>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<AskedFor>, Option<String>), AppError> {
    let filter = RequestFilter {
        customer: wanted.customer.map(|code| find_customer(tx, code)).transpose()?,
        provider: wanted.provider,
        state: wanted.state,
    };
    let before = paging::number(after)?.map(RequestId);
    let found = payments::page_of_requests(tx, &filter, before, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.id.0.to_string()))
}

/// A request for the audit trail.
pub(super) fn facts(asked: &AskedFor) -> Value {
    json!({
        "state": asked.state.as_str(), "provider_reference": asked.provider_reference,
        "cancel_asked": asked.cancel_asked, "reason": asked.reason,
    })
}

/// Writes the audit row of a change.
pub(super) fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: &Value,
    asked: &AskedFor,
) -> Result<(), AppError> {
    let after = facts(asked);
    let reference = asked.reference.clone();
    let trace = entry(action, "payment_requests", reference, Some(before), Some(&after));
    Ok(audit::write(tx, actor, &[trace])?)
}

/// The part of what a customer owes that is meant.
pub(super) fn is_meant(bill: Option<BillId>, target: Target) -> bool {
    bill.is_none_or(|bill| target == Target::Bill(bill))
}
