//! What is kept: every line of SQL of the product, once for SQLite and PostgreSQL.
//!
//! It deliberately decides nothing about money or bills; `domain` decides and `app` saves what was
//! decided. It is synchronous and works on sets.

pub mod access;
pub mod audit;
pub mod billing;
pub mod business;
pub mod catalog;
pub mod customers;
mod db;
pub mod deliveries;
pub mod entitlements;
pub mod epoch;
pub mod idempotency;
pub mod imports;
pub mod jobs;
pub mod ledger;
mod migrations;
pub mod orders;
pub mod payments;
mod queries;
pub mod reconciliation;
pub mod verify;
pub mod webhooks;

pub use db::{
    CUSTOMERS_PER_RANGE, Checkpoints, Connections, Lock, Mark, Reader, Store, StoreError, Tx,
    Value, Work,
};
pub use queries::all_queries;
