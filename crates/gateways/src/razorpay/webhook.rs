//! Razorpay's webhooks: is a delivery authentic, and what does it say.
//!
//! It deliberately has no window of freshness over `created_at`: links live for months, retries run
//! for a day and replays for a week. A resent body is stopped by the event id and by posting each
//! payment once.

use std::time::Duration;

use domain::calendar::Moment;

use super::entities::{Claim, Entities};
use crate::event::{
    DisputeState, Event, InvoiceState, LinkState, Observation, Provider, RefundState,
    SubscriptionState,
};
use crate::json::{self, Fields, ParseError};
use crate::signature::{self, SecretIndex, Secrets, SignatureError};

/// Carries the signature: lower-case hexadecimal HMAC-SHA256 of the body.
pub const SIGNATURE_HEADER: &str = "x-razorpay-signature";

/// Carries the event's id, the same on every retry. It is not signed.
pub const EVENT_ID_HEADER: &str = "x-razorpay-event-id";

/// Razorpay sends no such header; a proxy of the user's own may.
pub const TIMESTAMP_HEADER: &str = "x-razorpay-timestamp";

/// Checks a delivery against a set of secrets, on the bytes as they came. After a change of secret,
/// retries of older events stay signed with the old one, so both must be in the set for a while.
pub fn verify(
    raw: &[u8],
    signature_header: Option<&[u8]>,
    secrets: &Secrets,
) -> Result<SecretIndex, SignatureError> {
    let header = signature_header.filter(|header| !header.is_empty());
    let header = header.ok_or(SignatureError::Missing)?;
    let given = signature::unhex(header).ok_or(SignatureError::Malformed)?;
    secrets.matching(&[raw], &[given]).ok_or(SignatureError::Wrong)
}

/// Checks the optional header [`TIMESTAMP_HEADER`], Unix seconds, where the settings ask for it.
/// The header is not signed: this is no more than a promise of the proxy that adds it.
pub fn check_timestamp(
    header: &[u8],
    now: Moment,
    tolerance: Duration,
) -> Result<(), SignatureError> {
    let sent = signature::unix_secs(header).ok_or(SignatureError::Malformed)?;
    signature::near(sent, now, tolerance)
}

/// The signature Razorpay would send for a body, under the first secret.
pub fn sign(raw: &[u8], secrets: &Secrets) -> String {
    secrets.sign(0, &[raw])
}

/// Reads an authentic delivery. The event's id stays absent: it is in [`EVENT_ID_HEADER`].
pub fn parse(raw: &[u8]) -> Result<Event, ParseError> {
    let root = json::read(raw)?;
    let root = Fields::of(&root, "").ok_or(ParseError::NotAnEvent)?;
    let kind = match root.get("event")? {
        Some(json::Node::Text(_)) => root.text("event")?.ok_or(ParseError::NotAnEvent)?,
        _ => return Err(ParseError::NotAnEvent),
    };
    let payload = root.object("payload", "payload")?;
    let mut created_at = root.moment("created_at")?;
    if let (None, Some(payload)) = (created_at, payload) {
        created_at = payload.moment("created_at")?;
    }
    Ok(Event {
        provider: Provider::Razorpay,
        id: None,
        kind: json::kept_kind(kind),
        created_at,
        live: None,
        account: root.note("account_id")?,
        thin: None,
        observations: observations(kind, payload)?,
    })
}

fn observations(
    kind: &str,
    payload: Option<Fields<'_, '_>>,
) -> Result<Vec<Observation>, ParseError> {
    let Some(topic) = Topic::of(kind) else { return Ok(Vec::new()) };
    let missing = || ParseError::Missing { at: "payload".to_owned() };
    let entities = entities(payload.ok_or_else(missing)?)?;
    let seen = topic.observe(&entities)?;
    let seen: Vec<Observation> = seen.into_iter().flatten().collect();
    if seen.is_empty() {
        return Err(ParseError::Missing { at: format!("payload.{}", topic.entity()) });
    }
    Ok(seen)
}

/// What a kind of event is about, and what it claims. Only kinds we handle.
#[derive(Clone, Copy, Debug)]
enum Topic {
    Payment(Claim),
    Link(Option<LinkState>),
    Refund(Option<RefundState>),
    Dispute(DisputeState),
    Settlement,
    Subscription(SubscriptionState),
    Invoice(InvoiceState),
}

impl Topic {
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "payment.authorized" => Self::Payment(Claim::Authorized),
            "payment.captured" | "order.paid" | "qr_code.credited" => {
                Self::Payment(Claim::Captured)
            }
            "payment.failed" => Self::Payment(Claim::Failed),
            "payment_link.paid" | "payment_link.partially_paid" => Self::Link(None),
            "payment_link.cancelled" => Self::Link(Some(LinkState::Cancelled)),
            "payment_link.expired" => Self::Link(Some(LinkState::Expired)),
            "refund.created" => Self::Refund(Some(RefundState::Pending)),
            "refund.processed" => Self::Refund(Some(RefundState::Processed)),
            "refund.failed" => Self::Refund(Some(RefundState::Failed)),
            "refund.speed_changed" => Self::Refund(None),
            "payment.dispute.created" => Self::Dispute(DisputeState::Open),
            "payment.dispute.action_required" => Self::Dispute(DisputeState::ActionRequired),
            "payment.dispute.under_review" => Self::Dispute(DisputeState::UnderReview),
            "payment.dispute.won" => Self::Dispute(DisputeState::Won),
            "payment.dispute.lost" => Self::Dispute(DisputeState::Lost),
            "payment.dispute.closed" => Self::Dispute(DisputeState::Closed),
            "settlement.processed" => Self::Settlement,
            "subscription.charged" => Self::Subscription(SubscriptionState::Charged),
            "subscription.authenticated"
            | "subscription.activated"
            | "subscription.updated"
            | "subscription.pending"
            | "subscription.halted"
            | "subscription.cancelled"
            | "subscription.completed"
            | "subscription.paused"
            | "subscription.resumed" => Self::Subscription(SubscriptionState::Changed),
            "invoice.paid" => Self::Invoice(InvoiceState::Paid),
            "invoice.partially_paid" => Self::Invoice(InvoiceState::PartlyPaid),
            "invoice.expired" => Self::Invoice(InvoiceState::Expired),
            _ => return None,
        })
    }

    /// The thing itself and, where the event brings a captured payment, that too.
    fn observe(self, entities: &Entities<'_, '_>) -> Result<[Option<Observation>; 2], ParseError> {
        Ok(match self {
            Self::Payment(claim) => [entities.payment(claim)?, None],
            Self::Link(state) => [entities.link(state)?, entities.payment(Claim::Captured)?],
            // A refund or dispute shows its payment abridged, at times without fee or currency:
            // the payment is told by its own events.
            Self::Refund(state) => [entities.refund(state)?, None],
            Self::Dispute(state) => [entities.dispute(state)?, None],
            Self::Settlement => [entities.settlement()?, None],
            Self::Subscription(state) => {
                [entities.subscription(state)?, entities.payment(Claim::Captured)?]
            }
            Self::Invoice(state) => [entities.invoice(state)?, entities.payment(Claim::Captured)?],
        })
    }

    const fn entity(self) -> &'static str {
        match self {
            Self::Payment(_) => "payment",
            Self::Link(_) => "payment_link",
            Self::Refund(_) => "refund",
            Self::Dispute(_) => "dispute",
            Self::Settlement => "settlement",
            Self::Subscription(_) => "subscription",
            Self::Invoice(_) => "invoice",
        }
    }
}

fn entities<'n, 'a>(payload: Fields<'n, 'a>) -> Result<Entities<'n, 'a>, ParseError> {
    let entity = |key: &str, at: &'static str| match payload.object(key, at)? {
        Some(holder) => holder.object("entity", at),
        None => Ok(None),
    };
    Ok(Entities {
        payment: entity("payment", "payload.payment.entity")?,
        order: entity("order", "payload.order.entity")?,
        link: entity("payment_link", "payload.payment_link.entity")?,
        qr: entity("qr_code", "payload.qr_code.entity")?,
        invoice: entity("invoice", "payload.invoice.entity")?,
        subscription: entity("subscription", "payload.subscription.entity")?,
        refund: entity("refund", "payload.refund.entity")?,
        dispute: entity("dispute", "payload.dispute.entity")?,
        settlement: entity("settlement", "payload.settlement.entity")?,
    })
}
