//! Calls and webhooks against the local fakes, and against servers that behave badly.
//!
//! They deliberately leave this machine never.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod kit;
mod outcomes;
mod razorpay;
mod stripe;
mod webhooks;
