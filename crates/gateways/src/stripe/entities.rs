//! Stripe's objects as observations: the same reading for webhooks and for fetched objects.
//!
//! It deliberately reads only what somebody needs; unknown fields are passed over. A payment is
//! known by its payment intent wherever that is named, by its charge only where there is none.

use crate::event::{
    About, DisputeState, LinkState, Observation, PaymentState, RefundState, SettlementState,
};
use crate::json::{Fields, Node, ParseError};

pub(super) type Object<'n, 'a> = Fields<'n, 'a>;
pub(super) type Read<T> = Result<T, ParseError>;

/// A payment intent. `status` decides; `failed` is set by `payment_intent.payment_failed`, after
/// which the intent waits for another attempt.
pub(crate) fn payment_intent(object: Object<'_, '_>, failed: bool) -> Read<Observation> {
    let status = object.text("status")?.ok_or_else(|| object.missing("status"))?;
    let state = match status {
        "succeeded" if failed => PaymentState::Unclear,
        "succeeded" => PaymentState::Captured,
        "requires_capture" => PaymentState::Authorized,
        "canceled" => PaymentState::Failed,
        "requires_payment_method" | "requires_action" | "requires_confirmation" if failed => {
            PaymentState::Failed
        }
        _ => PaymentState::Created,
    };
    let mut seen = Observation::new(About::Payment(state), object.must_id("id")?);
    let asked = object.must_amount("amount")?;
    let received = object.amount("amount_received")?;
    let captured = state == PaymentState::Captured;
    // A capture may take less than was granted.
    seen.amount = Some(if captured { received.unwrap_or(asked) } else { asked });
    seen.status = Some(status.to_owned());
    seen.currency = Some(object.must_currency("currency")?);
    seen.created_at = object.moment("created")?;
    seen.charge_id = object.id_or_object("latest_charge")?.map(str::to_owned);
    seen.invoice_id = object.id_or_object("invoice")?.map(str::to_owned);
    seen.customer_id = object.id_or_object("customer")?.map(str::to_owned);
    if let [Node::Text(only)] = object.list("payment_method_types")? {
        let plain = only.chars().filter(|c| !c.is_control());
        seen.method = Some(plain.take(METHOD_CHARS).collect());
    }
    if let Some(error) = object.object("last_payment_error", "last_payment_error")? {
        seen.reason = error.note("decline_code")?.or(error.note("code")?);
    }
    if captured && let Some(charge) = object.object("latest_charge", CHARGE)? {
        charged(charge, &mut seen)?;
    }
    named(object, &mut seen)?;
    Ok(seen)
}

const CHARGE: &str = "latest_charge";

/// What a charge that is shown in an intent adds: when it was paid, which the intent does not say,
/// and what Stripe keeps of it. Events do not show it; whoever fetches the intent can ask for it.
fn charged(charge: Object<'_, '_>, seen: &mut Observation) -> Read<()> {
    seen.created_at = charge.moment("created")?.or(seen.created_at);
    let Some(moved) = charge.object("balance_transaction", CHARGE)? else { return Ok(()) };
    // What is kept in another currency is no fee in ours.
    if moved.currency("currency")? != seen.currency {
        return Ok(());
    }
    seen.fee = moved.amount("fee")?;
    let mut tax = 0_i64;
    for part in moved.list("fee_details")? {
        if let Some(part) = Fields::of(part, CHARGE)
            && part.note("type")?.as_deref() == Some("tax")
        {
            tax = tax.saturating_add(part.amount("amount")?.unwrap_or(0));
        }
    }
    seen.tax = seen.fee.map(|fee| tax.min(fee));
    Ok(())
}

/// Characters kept of the name of a method.
const METHOD_CHARS: usize = 64;

/// What an event claims about a checkout session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkout {
    Completed,
    Succeeded,
    Failed,
    Expired,
    /// No event: the session was fetched.
    Fetched,
}

/// A checkout session, and the payment behind it where it names one. A completed session may be
/// unpaid (delayed methods); `payment_status` decides.
pub(crate) fn checkout_session(object: Object<'_, '_>, claim: Checkout) -> Read<Vec<Observation>> {
    let paid = object.text("payment_status")?;
    let link = session_state(claim, object.text("status")?, paid);
    let mut session = Observation::new(About::Link(link), object.must_id("id")?);
    session.status = paid.map(str::to_owned);
    session.amount = object.amount("amount_total")?;
    session.currency = object.currency("currency")?;
    session.created_at = object.moment("created")?;
    session.payment_id = object.id_or_object("payment_intent")?.map(str::to_owned);
    session.invoice_id = object.id_or_object("invoice")?.map(str::to_owned);
    session.subscription_id = object.id_or_object("subscription")?.map(str::to_owned);
    session.customer_id = object.id_or_object("customer")?.map(str::to_owned);
    named(object, &mut session)?;
    if session.bill_ref.is_none() {
        session.bill_ref = object.reference("client_reference_id")?;
    }
    let payment = payment_of(object, &session, link)?;
    Ok([Some(session), payment].into_iter().flatten().collect())
}

fn session_state(claim: Checkout, status: Option<&str>, paid: Option<&str>) -> LinkState {
    let is_paid = matches!(paid, Some("paid" | "no_payment_required"));
    match (claim, status) {
        (Checkout::Failed, _) if !is_paid => LinkState::Failed,
        (Checkout::Expired, _) | (Checkout::Fetched, Some("expired")) => LinkState::Expired,
        (Checkout::Fetched, Some("open")) => LinkState::Open,
        (Checkout::Completed | Checkout::Succeeded | Checkout::Fetched, _) if is_paid => {
            LinkState::Paid
        }
        _ => LinkState::Pending,
    }
}

fn payment_of(
    object: Object<'_, '_>,
    session: &Observation,
    link: LinkState,
) -> Read<Option<Observation>> {
    let Some(payment_id) = &session.payment_id else { return Ok(None) };
    let state = match link {
        LinkState::Paid => PaymentState::Captured,
        LinkState::Failed => PaymentState::Failed,
        // An unpaid or expired session says nothing certain about its intent.
        _ => return Ok(None),
    };
    Ok(Some(Observation {
        about: About::Payment(state),
        id: payment_id.clone(),
        amount: Some(object.must_amount("amount_total")?),
        currency: Some(object.must_currency("currency")?),
        created_at: None,
        payment_id: None,
        link_id: Some(session.id.clone()),
        ..session.clone()
    }))
}

/// A refund.
pub(crate) fn refund(object: Object<'_, '_>, failed: bool) -> Read<Observation> {
    let status = object.text("status")?;
    let state = match status {
        Some("succeeded") if failed => RefundState::Unclear,
        Some("succeeded") => RefundState::Processed,
        Some("failed" | "canceled") => RefundState::Failed,
        _ if failed => RefundState::Unclear,
        _ => RefundState::Pending,
    };
    let mut seen = Observation::new(About::Refund(state), object.must_id("id")?);
    seen.status = status.map(str::to_owned);
    seen.amount = Some(object.must_amount("amount")?);
    seen.currency = Some(object.must_currency("currency")?);
    seen.created_at = object.moment("created")?;
    belongs(object, &mut seen)?;
    seen.reason = object.note("failure_reason")?.or(object.note("reason")?);
    named(object, &mut seen)?;
    if let Some(metadata) = object.object("metadata", "data.object.metadata")? {
        seen.our_reference = metadata.reference("reference")?;
    }
    Ok(seen)
}

/// A dispute. Money moves with `funds_withdrawn` and `funds_reinstated`, not with opening or
/// closing.
pub(crate) fn dispute(object: Object<'_, '_>, claim: DisputeState) -> Read<Observation> {
    let status = object.text("status")?;
    let ends = match status {
        Some("won") => Some(DisputeState::Won),
        Some("lost") => Some(DisputeState::Lost),
        Some("warning_closed" | "prevented") => Some(DisputeState::Closed),
        _ => None,
    };
    let state = match (claim, status) {
        (DisputeState::Closed, _) => ends.unwrap_or(DisputeState::Unclear),
        (DisputeState::Open, Some("under_review" | "warning_under_review")) => {
            DisputeState::UnderReview
        }
        (claim, _) => claim,
    };
    let amount = object.must_amount("amount")?;
    let mut seen = Observation::new(About::Dispute(state), object.must_id("id")?);
    seen.status = status.map(str::to_owned);
    seen.amount = Some(amount);
    seen.currency = Some(object.must_currency("currency")?);
    seen.created_at = object.moment("created")?;
    seen.amount_deducted = match claim {
        DisputeState::FundsWithdrawn => Some(amount),
        DisputeState::FundsReinstated => Some(0),
        _ => None,
    };
    belongs(object, &mut seen)?;
    seen.reason = object.note("reason")?;
    named(object, &mut seen)?;
    Ok(seen)
}

/// A payout to our bank.
pub(crate) fn payout(object: Object<'_, '_>) -> Read<Observation> {
    let status = object.text("status")?;
    let state = match status {
        Some("paid") => SettlementState::Processed,
        Some("failed" | "canceled") => SettlementState::Failed,
        _ => SettlementState::Created,
    };
    let mut seen = Observation::new(About::Settlement(state), object.must_id("id")?);
    seen.status = status.map(str::to_owned);
    seen.amount = Some(object.must_amount("amount")?);
    seen.currency = Some(object.must_currency("currency")?);
    seen.created_at = object.moment("created")?;
    if let Some(trace) = object.object("trace_id", "data.object.trace_id")? {
        seen.rrn = trace.note("value")?;
    }
    seen.reason = object.note("failure_code")?;
    Ok(seen)
}

/// The payment a refund or dispute belongs to: its intent, else its charge.
fn belongs(object: Object<'_, '_>, seen: &mut Observation) -> Read<()> {
    seen.charge_id = object.id_or_object("charge")?.map(str::to_owned);
    let intent = object.id_or_object("payment_intent")?.map(str::to_owned);
    let payment = intent.or_else(|| seen.charge_id.clone());
    seen.payment_id = Some(payment.ok_or_else(|| object.missing("payment_intent"))?);
    Ok(())
}

/// Fills in what we once sent along as metadata.
pub(super) fn named(object: Object<'_, '_>, seen: &mut Observation) -> Read<()> {
    if let Some(metadata) = object.object("metadata", "data.object.metadata")? {
        seen.bill_ref = metadata.reference("bill_no")?;
        seen.customer_code = metadata.reference("customer_code")?;
        seen.plan_code = metadata.reference("plan_code")?;
    }
    Ok(())
}
