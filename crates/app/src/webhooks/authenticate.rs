//! Whether a delivery is a gateway's own, and what it says. It is decided on the bytes as they
//! came, before anything is read of them (protocols 1.1, 3.3).
//!
//! It deliberately touches no database: what is not authentic never comes near one.

use domain::calendar::Moment;
use domain::payments::Provider;
use gateways::signature::TOLERANCE;
use gateways::stripe::webhook::Mode;
use gateways::{Event, ParseError, SecretIndex, Secrets, SignatureError};
use gateways::{Provider as Gateway, razorpay, stripe};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Longest id of an event, in bytes; gateways send about 30.
pub const MAX_EVENT_ID_BYTES: usize = 64;
/// Longest value of a header that is kept, in bytes.
const MAX_KEPT_HEADER_BYTES: usize = 512;

/// The headers of a delivery, by lower-case name.
pub trait Headers {
    /// The value of a header; the first, if it came several times.
    fn value(&self, name: &str) -> Option<&[u8]>;
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
    /// Whether Stripe's events are of its test mode; those of the other mode are kept and left.
    pub stripe_test: bool,
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
    /// The headers that matter, as JSON. The signature is evidence, not a secret.
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
        let names = [webhook::EVENT_ID_HEADER, webhook::SIGNATURE_HEADER];
        let read = match webhook::parse(&body) {
            Ok(event) => Read::Event(Box::new(event)),
            Err(error) => Read::Unreadable(error.to_string()),
        };
        Ok(delivery(Provider::Razorpay, event_id, body, kept(headers, &names), secret, read))
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
        let read = self.read_stripe(webhook::parse(&body));
        let id = match &read {
            Read::Event(event) | Read::NotOurs(event, _) => event.id.clone(),
            Read::Unreadable(_) => None,
        };
        let kept = kept(headers, &[webhook::SIGNATURE_HEADER]);
        Ok(delivery(Provider::Stripe, id, body, kept, secret, read))
    }

    fn read_stripe(&self, parsed: Result<Event, ParseError>) -> Read {
        let mode = if self.stripe_test { Mode::Test } else { Mode::Live };
        match parsed {
            Err(error) => Read::Unreadable(error.to_string()),
            Ok(event) if event.thin.is_none() && !stripe::webhook::is_for(&event, mode) => {
                let why = if self.stripe_test {
                    "it is about real money, and the settings say test mode"
                } else {
                    "it is of the gateway's test mode"
                };
                Read::NotOurs(Box::new(event), why.to_owned())
            }
            Ok(event) => Read::Event(Box::new(event)),
        }
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

/// The headers that are kept beside the body.
fn kept(headers: &impl Headers, names: &[&str]) -> String {
    let all = names.iter().copied().chain(["content-type", "user-agent"]);
    let values: serde_json::Map<String, serde_json::Value> = all
        .filter_map(|name| {
            let value = headers.value(name)?;
            let value = value.get(..MAX_KEPT_HEADER_BYTES).unwrap_or(value);
            Some((name.to_owned(), json!(String::from_utf8_lossy(value))))
        })
        .collect();
    serde_json::Value::Object(values).to_string()
}
