//! Webhooks: deliveries of gateways, checked, kept and processed as sets.
//!
//! A delivery is kept in the transaction that books what it tells, so that nothing is told twice
//! and nothing that was answered is lost. It deliberately answers nobody; it says what became of
//! each delivery.

mod authenticate;
mod inbox;
mod read;
mod receive;
mod retry;
pub mod wire;

pub use authenticate::{Delivery, Headers, Keys, MAX_EVENT_ID_BYTES, Read, Refused};
pub use gateways::stripe::webhook::Mode as StripeMode;
pub use gateways::{MAX_BODY_BYTES, Provider as Gateway, Secrets, SecretsError};
pub use inbox::{
    Counts, Health, Kept, LIST_DEFAULT, LIST_MOST, Silence, SilenceLimits, Whole, counts, event_id,
    health, list, show, silence,
};
pub(crate) use read::read;
pub use receive::{Receipt, receive};
pub(crate) use retry::tells_of;
pub use retry::{Retried, keep_failed, replay, retry_due};

use crate::Actor;
use domain::calendar::Moment;

/// The name under which events are booked.
const ACTOR: &str = "webhooks";

/// Who books events of gateways.
pub fn actor(at: Moment) -> Actor {
    Actor::program(ACTOR, at)
}
