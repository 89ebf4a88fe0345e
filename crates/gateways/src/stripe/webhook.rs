//! Stripe's webhooks: is a delivery authentic, and what does it say.
//!
//! It deliberately checks the signed moment on both sides, where the official libraries check only
//! its age. A stored delivery must not be checked again later: the moment is that of the delivery.

use std::time::Duration;

use domain::calendar::Moment;

use super::entities::{self, Checkout};
use super::invoices::{self, Cash};
use crate::event::{DisputeState, Event, InvoiceState, Observation, Provider, Thin};
use crate::json::{self, Fields, ParseError};
use crate::signature::{self, MacBytes, SecretIndex, Secrets, SignatureError};

/// Carries the signed moment and the signatures: `t=<unix>,v1=<hex>`.
pub const SIGNATURE_HEADER: &str = "stripe-signature";

/// Bytes of a signature header that is read. Each secret adds one signature of 68 bytes.
const MAX_HEADER_BYTES: usize = 4096;

/// Which world a delivery is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Real money.
    #[default]
    Live,
    /// Stripe's test mode and sandboxes.
    Test,
}

/// Whether an event belongs to our world. One that does not say is signed with our secret like any
/// other, and each world has secrets of its own.
pub fn is_for(event: &Event, mode: Mode) -> bool {
    event.live.is_none_or(|live| live == (mode == Mode::Live))
}

/// Checks a delivery against a set of secrets (the whole `whsec_…` texts), on the bytes as they
/// came, and its moment against now, both ways.
pub fn verify(
    raw: &[u8],
    signature_header: Option<&[u8]>,
    secrets: &Secrets,
    now: Moment,
    tolerance: Duration,
) -> Result<SecretIndex, SignatureError> {
    let header = signature_header.filter(|header| !header.is_empty());
    let header = Header::read(header.ok_or(SignatureError::Missing)?)?;
    // A repeated `v1` costs one comparison; the body is hashed once per secret.
    let place = secrets.matching(&[header.signed, b".", raw], &header.given);
    let place = place.ok_or(SignatureError::Wrong)?;
    signature::near(header.signed_secs, now, tolerance)?;
    Ok(place)
}

/// The header Stripe would send for a body, under the first secret.
pub fn sign(raw: &[u8], secrets: &Secrets, at_secs: i64) -> String {
    let mac = secrets.sign(0, &[at_secs.to_string().as_bytes(), b".", raw]);
    format!("t={at_secs},v1={mac}")
}

struct Header<'h> {
    /// The moment as sent: these very bytes are signed.
    signed: &'h [u8],
    signed_secs: i64,
    given: Vec<MacBytes>,
}

impl<'h> Header<'h> {
    /// Reads strictly: every part has exactly one `=`. A `v1` that is no signature and other
    /// schemes are passed over.
    fn read(header: &'h [u8]) -> Result<Self, SignatureError> {
        if header.len() > MAX_HEADER_BYTES {
            return Err(SignatureError::Malformed);
        }
        let mut signed = None;
        let mut given = Vec::new();
        for part in header.split(|byte| *byte == b',') {
            let mut halves = part.trim_ascii().split(|byte| *byte == b'=');
            let (Some(name), Some(value), None) = (halves.next(), halves.next(), halves.next())
            else {
                return Err(SignatureError::Malformed);
            };
            match name {
                b"t" if signed.is_some() => return Err(SignatureError::Malformed),
                b"t" => {
                    let secs = signature::unix_secs(value).ok_or(SignatureError::Malformed)?;
                    signed = Some((value, secs));
                }
                b"v1" => given.extend(signature::unhex(value)),
                _ => {}
            }
        }
        let (signed, signed_secs) = signed.ok_or(SignatureError::Malformed)?;
        Ok(Self { signed, signed_secs, given })
    }
}

/// Reads an authentic delivery.
pub fn parse(raw: &[u8]) -> Result<Event, ParseError> {
    let root = json::read(raw)?;
    let root = Fields::of(&root, "").ok_or(ParseError::NotAnEvent)?;
    match root.note("object")?.as_deref() {
        Some("v2.core.event") => thin(root),
        Some("event") => classic(root),
        _ => Err(ParseError::NotAnEvent),
    }
}

/// A thin event names its object without showing it: kept and acknowledged, nothing is observed.
fn thin(root: Fields<'_, '_>) -> Result<Event, ParseError> {
    let related = root.object("related_object", "related_object")?;
    let of = |key: &str| related.map_or(Ok(None), |related| related.note(key));
    let thin = Thin {
        related_id: of("id")?,
        related_kind: of("type")?,
        snapshot_event: root.note("snapshot_event")?,
    };
    let created_at = root.note("created")?;
    Ok(Event {
        id: Some(root.must_id("id")?.to_owned()),
        kind: json::kept_kind(root.text("type")?.ok_or_else(|| root.missing("type"))?),
        created_at: created_at.and_then(|text| Moment::parse(&text)),
        thin: Some(thin),
        ..empty(root)?
    })
}

fn classic(root: Fields<'_, '_>) -> Result<Event, ParseError> {
    let kind = root.text("type")?.ok_or_else(|| root.missing("type"))?;
    Ok(Event {
        id: Some(root.must_id("id")?.to_owned()),
        kind: json::kept_kind(kind),
        created_at: root.moment("created")?,
        observations: observations(kind, root)?,
        ..empty(root)?
    })
}

fn empty(root: Fields<'_, '_>) -> Result<Event, ParseError> {
    Ok(Event {
        provider: Provider::Stripe,
        id: None,
        kind: String::new(),
        created_at: None,
        live: match root.get("livemode")? {
            Some(json::Node::Bool(live)) => Some(*live),
            Some(_) => return Err(root.wrong("livemode", "true or false")),
            None => None,
        },
        account: root.note("account")?,
        thin: None,
        observations: Vec::new(),
    })
}

fn observations(kind: &str, root: Fields<'_, '_>) -> Result<Vec<Observation>, ParseError> {
    let Some(topic) = Topic::of(kind) else { return Ok(Vec::new()) };
    let missing = || ParseError::Missing { at: "data.object".to_owned() };
    let data = root.object("data", "data")?.ok_or_else(missing)?;
    let object = data.object("object", "data.object")?.ok_or_else(missing)?;
    Ok(match topic {
        Topic::Payment { failed } => vec![entities::payment_intent(object, failed)?],
        Topic::Checkout(claim) => entities::checkout_session(object, claim)?,
        Topic::Refund { failed } => vec![entities::refund(object, failed)?],
        Topic::Dispute(claim) => vec![entities::dispute(object, claim)?],
        Topic::Invoice(state, cash) => invoices::invoice(object, state, cash)?,
        Topic::InvoicePayment => invoices::invoice_payment(object)?,
        Topic::Payout => vec![entities::payout(object)?],
    })
}

/// What a kind of event is about, and what it claims. Only kinds we handle.
#[derive(Clone, Copy, Debug)]
enum Topic {
    Payment { failed: bool },
    Checkout(Checkout),
    Refund { failed: bool },
    Dispute(DisputeState),
    Invoice(InvoiceState, Cash),
    InvoicePayment,
    Payout,
}

impl Topic {
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "payment_intent.payment_failed" => Self::Payment { failed: true },
            _ if kind.starts_with("payment_intent.") => Self::Payment { failed: false },
            "checkout.session.completed" => Self::Checkout(Checkout::Completed),
            "checkout.session.async_payment_succeeded" => Self::Checkout(Checkout::Succeeded),
            "checkout.session.async_payment_failed" => Self::Checkout(Checkout::Failed),
            "checkout.session.expired" => Self::Checkout(Checkout::Expired),
            "refund.failed" => Self::Refund { failed: true },
            "refund.created" | "refund.updated" => Self::Refund { failed: false },
            "charge.dispute.created" | "charge.dispute.updated" => {
                Self::Dispute(DisputeState::Open)
            }
            "charge.dispute.funds_withdrawn" => Self::Dispute(DisputeState::FundsWithdrawn),
            "charge.dispute.funds_reinstated" => Self::Dispute(DisputeState::FundsReinstated),
            "charge.dispute.closed" => Self::Dispute(DisputeState::Closed),
            // It fires for invoices paid out of band too, so it tells of no cash.
            "invoice.paid" => Self::Invoice(InvoiceState::Paid, Cash::Perhaps),
            "invoice.payment_succeeded" => Self::Invoice(InvoiceState::Paid, Cash::Came),
            "invoice.payment_failed" => Self::Invoice(InvoiceState::Failed, Cash::Failed),
            "invoice_payment.paid" => Self::InvoicePayment,
            "payout.paid" => Self::Payout,
            _ => return None,
        })
    }
}
