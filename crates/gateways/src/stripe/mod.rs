//! Stripe: its webhooks and its API.
//!
//! It deliberately books nothing on a session's completion or an invoice alone: money is what a
//! payment intent tells, by whichever event.

pub mod client;
pub(crate) mod entities;
mod invoices;
mod things;
pub mod webhook;

pub use client::Stripe;
pub use things::{
    BalanceTransaction, CheckoutSession, MissedEvent, NewCheckoutSession, NewPaymentIntent,
    NewRefund, PaymentIntent, Since,
};
