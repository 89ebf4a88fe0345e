//! Webhooks of both providers: the vectors of the protocol reference, every odd shape, and bodies
//! that somebody made to hurt.
//!
//! It deliberately uses only what other crates can use.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod examples;
mod hostile;
mod razorpay;
mod razorpay_shapes;
mod stripe;
mod stripe_shapes;
