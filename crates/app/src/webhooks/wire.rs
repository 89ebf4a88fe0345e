//! Events of gateways as they are written in answers and printed as JSON.
//!
//! It deliberately shows what came word for word, to those who may see it.

use super::{Kept, Whole};
use serde::Serialize;
use utoipa::ToSchema;

/// An event of a gateway.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayEvent {
    /// Its number here.
    id: i64,
    /// `razorpay` or `stripe`.
    gateway: &'static str,
    /// Its id there.
    event_id: String,
    /// Its kind, such as `payment.captured`.
    kind: String,
    /// `received`, `processed`, `ignored`, `failed` or `dead`.
    status: &'static str,
    /// Why it stands there.
    #[schema(required)]
    reason: Option<String>,
    /// Attempts to process it.
    attempts: u32,
    /// When the next attempt is due.
    #[schema(required)]
    retry_at: Option<String>,
    /// When it came.
    received_at: String,
    /// How often its id came with another content.
    altered_count: i64,
}

impl From<&Kept> for GatewayEvent {
    fn from(kept: &Kept) -> Self {
        Self {
            id: kept.id.0,
            gateway: kept.provider.as_str(),
            event_id: kept.event_id.clone(),
            kind: kept.kind.clone(),
            status: kept.standing.state.as_str(),
            reason: kept.reason.clone(),
            attempts: kept.standing.attempts,
            retry_at: kept.standing.retry_at.map(domain::calendar::Moment::rfc3339),
            received_at: kept.received_at.rfc3339(),
            altered_count: kept.altered_count,
        }
    }
}

/// An event with its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeGatewayEvent {
    /// The event.
    #[serde(flatten)]
    event: GatewayEvent,
    /// Its content as it came; in base64 if it is no text.
    body: String,
    /// Whether the content is in base64.
    body_is_base64: bool,
    /// SHA-256 of its bytes, in hexadecimal.
    body_hash: String,
    /// The headers in the order in which they came, but for those that may hold secrets: each a
    /// list of its name and its value, and a third text where the value was no UTF-8.
    headers: serde_json::Value,
}

impl From<Whole> for WholeGatewayEvent {
    fn from(whole: Whole) -> Self {
        Self {
            event: GatewayEvent::from(&whole.kept),
            body_hash: whole.kept.body_hash.clone(),
            headers: serde_json::from_str(&whole.headers).unwrap_or_default(),
            body: whole.body,
            body_is_base64: whole.body_is_base64,
        }
    }
}
