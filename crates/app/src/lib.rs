//! What we do: one function per use case. Each loads facts, lets `domain` decide, and saves the
//! decision, in one transaction (large runs in one per range of customers).
//!
//! It deliberately knows no command line, no HTTP, and no SQL.

pub mod audit;
pub mod billing;
pub mod business;
mod error;
pub mod explain;
pub mod generator;
pub mod import;
mod invalid;
pub mod jobs;
pub mod ledger;
pub mod verify;

pub use error::AppError;
pub use invalid::Invalid;
pub use store::audit::Actor;
