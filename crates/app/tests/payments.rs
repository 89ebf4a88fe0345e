//! Money in: what gateways and people tell, in any order, ends in the same books.
//!
//! Each test runs on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

#[path = "payments/advances.rs"]
mod advances;
#[path = "payments/batches.rs"]
mod batches;
#[path = "payments/cash.rs"]
mod cash;
#[expect(dead_code, reason = "the kit of billing can do more than these tests need")]
#[path = "billing/kit.rs"]
mod dairy;
#[path = "payments/kit.rs"]
mod kit;
#[path = "payments/list.rs"]
mod list;
#[path = "payments/office.rs"]
mod office;
#[path = "payments/orders.rs"]
mod orders;
#[path = "payments/plans.rs"]
mod plans;
#[path = "payments/record.rs"]
mod record;
#[path = "payments/refunds.rs"]
mod refunds;
#[path = "payments/requests.rs"]
mod requests;
#[path = "payments/sales.rs"]
mod sales;
#[path = "payments/silence.rs"]
mod silence;
#[path = "payments/together.rs"]
mod together;
#[path = "payments/upi.rs"]
mod upi;
#[path = "payments/webhooks.rs"]
mod webhooks;
