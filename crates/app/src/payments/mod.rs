//! Payments: receipts recorded in the office or by a rider, what gateways tell, which dues they
//! settle, and refunds.
//!
//! It deliberately calls no gateway within a transaction; what is to be asked of one is a row that
//! a worker acts on.

mod book;

pub(crate) use book::{Booked, Names, Told, book};
