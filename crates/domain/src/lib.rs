//! What is true in a milk dairy: money, days, prices, deliveries, bills and the ledger, as pure
//! rules. Every function takes all it needs, time and ids included, and returns its decision as a
//! value.
//!
//! It deliberately does no I/O, reads no clock, knows no database and no wire format.

#![deny(clippy::float_arithmetic, clippy::float_cmp)]

pub mod access;
pub mod audit;
pub mod billing;
pub mod calendar;
pub mod catalog;
pub mod customers;
pub mod deliveries;
pub mod entitlements;
pub mod ids;
pub mod jobs;
pub mod ledger;
pub mod money;
pub mod orders;
pub mod payments;
pub mod reconciliation;
pub mod webhooks;
