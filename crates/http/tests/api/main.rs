//! The API as programs and browsers see it.
//!
//! It deliberately asks the real router over real databases; nothing is replaced but the clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod cash;
mod customers;
mod downloads;
mod entitlements;
mod hostile;
mod idempotency;
mod kit;
mod payments;
mod permissions;
mod reconciliation;
mod reference;
mod remembered;
mod sessions;
mod trade;
mod webhooks;
mod webhooks_hostile;
