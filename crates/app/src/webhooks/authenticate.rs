//! Whether a delivery is a gateway's own, and what it says. It is decided on the bytes as they
//! came, before anything is read of them (protocols 1.1, 3.3).
//!
//! It deliberately touches no database: what is not authentic never comes near one.

use domain::calendar::Moment;
use domain::payments::Provider;
use gateways::signature::TOLERANCE;
use gateways::stripe::webhook::Mode as StripeMode;
use gateways::{Event, ParseError, SecretIndex, Secrets, SignatureError};
use gateways::{Provider as Gateway, razorpay, stripe};
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Longest id of an event, in bytes; gateways send about 30.
pub const MAX_EVENT_ID_BYTES: usize = 64;
/// Names and values of headers that are kept beside a body, in bytes; gateways send 6 to 12 headers
/// of half a kilobyte together.
const MAX_KEPT_HEADERS_BYTES: usize = 16 << 10;
/// Headers that are never kept: they may hold secrets, and no gateway sends them.
const NEVER_KEPT: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// The headers of a delivery, by lower-case name.
pub trait Headers {
    /// The value of a header; the first, if it came several times.
    fn value(&self, name: &str) -> Option<&[u8]>;
    /// All of them, in the order in which they came; those of one name stand together.
    fn all(&self) -> impl Iterator<Item = (&str, &[u8])>;
}

/// What makes deliveries authentic.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The secrets of Razorpay's webhook, the current one first.
    pub razorpay: Option<Secrets>,
    /// Whether a header `X-Razorpay-Timestamp`, which a proxy of the user's own may add, must be
    /// within five minutes of now.
    pub razorpay_timestamp: bool,
    /// The secrets of Stripe's webhook, the current one first.
    pub stripe: Option<Secrets>,
    /// Which of Stripe's worlds is ours; events of the other one are kept and left.
    pub stripe_mode: StripeMode,
}

/// What an authentic delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// An event.
    Event(Box<Event>),
    /// Nothing that can be understood, and why.
    Unreadable(String),
    /// An event that is not about our money, and why.
    NotOurs(Box<Event>, String),
}

/// An authentic delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it.
    pub provider: Provider,
    /// The event's id.
    pub event_id: String,
    /// The bytes as they came.
    pub body: Vec<u8>,
    /// Their SHA-256.
    pub body_hash: [u8; 32],
    /// The headers as they came, as JSON: a list of lists, each of a name and a value. The
    /// signature is evidence, not a secret.
    pub headers: String,
    /// Under which of the secrets it is signed.
    pub secret_no: usize,
    /// What it says.
    pub read: Read,
}

/// Why a delivery is refused. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Nothing could be authentic.
    #[error("no webhook secret of this gateway is configured")]
    NotConfigured,
    /// It is not authentic.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The id, which is not signed, is none.
    #[error("the id of the event is not one; expected 1 to 64 printable characters")]
    EventId,
}

impl Keys {
    /// Checks a delivery and reads it.
    pub fn authenticate(
        &self,
        gateway: Gateway,
        headers: &impl Headers,
        body: Vec<u8>,
        now: Moment,
    ) -> Result<Delivery, Refused> {
        match gateway {
            Gateway::Razorpay => self.razorpay(headers, body, now),
            Gateway::Stripe => self.stripe(headers, body, now),
        }
    }

    fn razorpay(
        &self,
        headers: &impl Headers,
        body: Vec<u8>,
        now: Moment,
    ) -> Result<Delivery, Refused> {
        use razorpay::webhook;
        let secrets = self.razorpay.as_ref().ok_or(Refused::NotConfigured)?;
        let secret = webhook::verify(&body, headers.value(webhook::SIGNATURE_HEADER), secrets)?;
        if self.razorpay_timestamp
            && let Some(sent) = headers.value(webhook::TIMESTAMP_HEADER)
        {
            webhook::check_timestamp(sent, now, TOLERANCE)?;
        }
        let event_id = headers.value(webhook::EVENT_ID_HEADER).map(event_id).transpose()?;
        let read = match webhook::parse(&body) {
            Ok(event) => Read::Event(Box::new(event)),
            Err(error) => Read::Unreadable(error.to_string()),
        };
        Ok(delivery(Provider::Razorpay, event_id, body, kept(headers), secret, read))
    }

    fn stripe(
        &self,
        headers: &impl Headers,
        body: Vec<u8>,
        now: Moment,
    ) -> Result<Delivery, Refused> {
        use stripe::webhook;
        let secrets = self.stripe.as_ref().ok_or(Refused::NotConfigured)?;
        let signature = headers.value(webhook::SIGNATURE_HEADER);
        let secret = webhook::verify(&body, signature, secrets, now, TOLERANCE)?;
        let read = read_stripe(webhook::parse(&body), self.stripe_mode);
        let id = match &read {
            Read::Event(event) | Read::NotOurs(event, _) => event.id.clone(),
            Read::Unreadable(_) => None,
        };
        Ok(delivery(Provider::Stripe, id, body, kept(headers), secret, read))
    }
}

/// What an event of Stripe says in our world.
pub(super) fn read_stripe(parsed: Result<Event, ParseError>, ours: StripeMode) -> Read {
    match parsed {
        Err(error) => Read::Unreadable(error.to_string()),
        Ok(event) if event.thin.is_none() && !stripe::webhook::is_for(&event, ours) => {
            let why = match ours {
                StripeMode::Live => "it is of the gateway's test mode, and the settings say live",
                StripeMode::Test => "it is about real money, and the settings say test mode",
            };
            Read::NotOurs(Box::new(event), why.to_owned())
        }
        Ok(event) => Read::Event(Box::new(event)),
    }
}

fn delivery(
    provider: Provider,
    event_id: Option<String>,
    body: Vec<u8>,
    headers: String,
    secret: SecretIndex,
    read: Read,
) -> Delivery {
    let body_hash: [u8; 32] = Sha256::digest(&body).into();
    // Without an id the content is its own name: the same bytes are taken once.
    let event_id = event_id.unwrap_or_else(|| format!("sha256:{}", &hex(&body_hash)[..SHORT_HASH]));
    Delivery { provider, event_id, body, body_hash, headers, secret_no: secret.0, read }
}

/// Hexadecimal digits of a hash that name a delivery without an id.
const SHORT_HASH: usize = 48;

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn event_id(value: &[u8]) -> Result<String, Refused> {
    let text = std::str::from_utf8(value).map_err(|_| Refused::EventId)?.trim();
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    if printable && (1..=MAX_EVENT_ID_BYTES).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(Refused::EventId)
    }
}

/// The headers as they are kept beside the body: all but secrets, as long as there is room.
fn kept(headers: &impl Headers) -> String {
    let mut kept = Vec::with_capacity(USUAL_HEADERS);
    let (mut room, mut left_out) = (MAX_KEPT_HEADERS_BYTES, 0);
    for (name, value) in headers.all().filter(|(name, _)| !NEVER_KEPT.contains(name)) {
        match room.checked_sub(name.len() + value.len()) {
            Some(rest) => {
                room = rest;
                kept.push(KeptHeader::of(name, value));
            }
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        kept.push(KeptHeader::LeftOut { left_out });
    }
    // Lists of texts can always be written.
    serde_json::to_string(&kept).unwrap_or_else(|_| "[]".to_owned())
}

/// Headers that a gateway usually sends at most.
const USUAL_HEADERS: usize = 12;

/// A header as it is kept.
#[derive(Serialize)]
#[serde(untagged)]
enum KeptHeader<'h> {
    /// Name and value.
    Whole(&'h str, &'h str),
    /// A value that is no UTF-8: each wrong byte is replaced, and the third text says so.
    Mended(&'h str, String, &'static str),
    /// How many found no room.
    LeftOut { left_out: usize },
}

impl<'h> KeptHeader<'h> {
    fn of(name: &'h str, value: &'h [u8]) -> Self {
        match std::str::from_utf8(value) {
            Ok(text) => Self::Whole(name, text),
            Err(_) => {
                Self::Mended(name, String::from_utf8_lossy(value).into_owned(), "was no UTF-8")
            }
        }
    }
}
