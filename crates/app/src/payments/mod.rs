//! Payments: receipts recorded in the office or by a rider, what gateways tell, which dues they
//! settle, and refunds.
//!
//! It deliberately calls no gateway within a transaction; what is to be asked of one is a row that
//! a worker acts on.

mod book;
pub mod cash;
mod record;
mod show;
pub mod wire;

pub use record::{NewReceipt, assign, clear, record, reverse};
pub use show::{Listed, LogEntry, Shown, ShownAllocation, ShownPosting, Wanted, page, show};

pub(crate) use book::{Booked, Names, Told, apply_advances, book};
