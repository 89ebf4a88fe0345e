//! What we do: one function per use case. Each loads facts, lets `domain` decide, and saves the
//! decision, in one transaction (large runs in one per range of customers).
//!
//! It deliberately knows no command line, no HTTP, and no SQL.

pub mod access;
pub mod audit;
pub mod billing;
pub mod business;
pub mod catalog;
pub mod csv;
pub mod customers;
pub mod deliveries;
pub mod entitlements;
mod error;
pub mod explain;
pub mod gate;
pub mod generator;
pub mod import;
mod invalid;
pub mod jobs;
pub mod ledger;
pub mod orders;
mod paging;
pub mod payments;
mod random;
pub mod reconciliation;
pub mod verify;
pub mod webhooks;

pub use error::AppError;
pub use invalid::Invalid;
pub use random::{NoRandomness, Random};
pub use store::audit::Actor;
pub use store::epoch::{Area, Epoch};
pub use store::{Checkpoints, Store, StoreError, Tx};
