//! Calling a provider: what an answer is, what we send along, and how long we wait.
//!
//! It deliberately guesses nothing: a call whose outcome was not seen is *unknown*, and whoever
//! made it asks the provider what became of it. It is not called inside a transaction.

pub(crate) mod encode;
pub(crate) mod retry;
pub(crate) mod transport;

use std::fmt;

use domain::calendar::Moment;
use serde::Serialize;
use thiserror::Error;

pub use retry::Retry;
pub use transport::{EndpointError, Timeouts, Transport};

use crate::json::ParseError;

/// Why a call brought no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// The provider said no, or we would not even ask. Nothing was done.
    #[error("refused ({code}): {what}")]
    Refused {
        /// The HTTP status; absent when we did not ask.
        status: Option<u16>,
        /// The provider's code, such as `BAD_REQUEST_ERROR`, or ours.
        code: String,
        /// The provider's words, shortened and without our secrets.
        what: String,
    },
    /// There was no connection. Nothing was sent, nothing was done.
    #[error("unreachable: {what}")]
    Unreachable {
        /// What went wrong.
        what: String,
    },
    /// It was sent, and we do not know what became of it. Ask before doing it again.
    #[error("unknown: {what}")]
    Unknown {
        /// What went wrong.
        what: String,
    },
}

impl CallError {
    /// A request that we refuse ourselves, because the provider would.
    pub(crate) fn unasked(what: impl Into<String>) -> Self {
        Self::Refused { status: None, code: "not_asked".to_owned(), what: what.into() }
    }

    /// An answer that says done but cannot be read.
    pub(crate) fn unreadable(error: &ParseError) -> Self {
        Self::Unknown { what: format!("the answer says done, but {error}") }
    }

    /// Whether the same call may succeed later: the provider was not reached, or asked us to wait.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { status: Some(429), .. })
    }
}

/// A secret of ours. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret from the settings.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for whoever must have it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// What we send along with whatever we make at a provider, and read back from its events: as notes
/// (Razorpay) or metadata (Stripe).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tags {
    /// The bill to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bill_no: Option<String>,
    /// The customer who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_code: Option<String>,
    /// The plan that is bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_code: Option<String>,
    /// Our own reference, where the thing has no field for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Tags {
    /// Names and values of those that are set.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("bill_no", &self.bill_no),
            ("customer_code", &self.customer_code),
            ("plan_code", &self.plan_code),
            ("reference", &self.reference),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// What could not. A page with some is no proof of absence.
    pub unreadable: Vec<ParseError>,
    /// How many the provider sent, read or not: the next `skip` at Razorpay is larger by it.
    pub received: usize,
    /// The id of the last one sent: the next `starting_after` at Stripe.
    pub last_id: Option<String>,
    /// Whether there may be more.
    pub more: bool,
}

/// Unix seconds, rounded down.
pub(crate) fn secs(moment: Moment) -> i64 {
    moment.unix_micros().div_euclid(1_000_000)
}
