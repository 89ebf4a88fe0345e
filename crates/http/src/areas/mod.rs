//! The areas of the business as they are asked over HTTP, under the words they have everywhere.
//!
//! It deliberately holds no rule; each handler reads, calls `app`, and replies.

pub mod about;
pub mod access;
pub mod audit;
pub mod billing;
pub mod cash;
pub mod catalog;
pub mod customers;
pub mod deliveries;
pub mod entitlements;
pub mod imports;
pub mod jobs;
pub mod ledger;
pub mod orders;
pub mod payment_requests;
pub mod payments;
pub mod reconciliation;
pub mod refunds;
pub mod upi;
pub mod verification;
pub mod webhooks;
