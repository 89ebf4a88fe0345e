//! Reconciliation: a clean book is clean, each planted fault is found once, and the work on issues
//! goes on from day to day.
//!
//! Each test runs on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

#[path = "reconciliation/alike.rs"]
mod alike;
#[path = "reconciliation/asked.rs"]
mod asked;
#[expect(dead_code, reason = "the kit of billing can do more than these tests need")]
#[path = "billing/kit.rs"]
mod dairy;
#[path = "reconciliation/faults.rs"]
mod faults;
#[path = "reconciliation/issues.rs"]
mod issues;
#[expect(dead_code, reason = "the kit of payments can do more than these tests need")]
#[path = "payments/kit.rs"]
mod kit;
#[expect(dead_code, reason = "the office can do more than these tests need")]
#[path = "payments/office.rs"]
mod office;
#[path = "reconciliation/planted.rs"]
mod planted;
