//! Stripe: its webhooks and its API.
//!
//! It deliberately books nothing on a session's completion or an invoice alone: money is what a
//! payment intent tells, by whichever event.

pub(crate) mod entities;
pub mod webhook;
