//! Razorpay: its webhooks, the signature its checkout comes back with, and its API.
//!
//! It deliberately never looks at the flag `captured`, which is sent as true for failed payments
//! and as a text for subscriptions.

pub mod client;
pub(crate) mod entities;
pub mod redirect;
mod things;
pub mod webhook;

pub use client::Razorpay;
pub use things::{
    NewOrder, NewPaymentLink, NewQrCode, NewRefund, Order, PaymentLink, QrCode, ReconKind,
    ReconRow, Window,
};
