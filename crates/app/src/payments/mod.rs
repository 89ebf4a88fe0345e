//! Payments: receipts recorded in the office or by a rider, what gateways tell, which dues they
//! settle, and refunds.
//!
//! It deliberately calls no gateway within a transaction; what is to be asked of one is a row that
//! a worker acts on.

mod ask;
mod book;
mod calls;
pub mod cash;
pub mod gateways;
mod record;
mod refund_calls;
mod refunds;
mod requests;
mod show;
mod upi;
pub mod wire;

pub use ask::ask_now;
pub use gateways::{Called, Gateways};
pub use record::{NewReceipt, assign, clear, record, reverse};
pub use refunds::{
    AskedRefund, NewRefund, PaidOut, approve, ask_refund, decline, page as refunds_page, pay_out,
    show as show_refund,
};
pub use requests::{
    AskedFor, NewRequest, Returned, WantedRequests, ask, cancel, confirm, page as requests_page,
    show as show_request,
};
pub use show::{Listed, LogEntry, Shown, ShownAllocation, ShownPosting, Wanted, page, show};
pub use upi::{Payee, UpiPayment, upi_of_bill, upi_of_customer, upi_of_own_bill};

pub(crate) use ask::{ASK, run as ask_all};
pub(crate) use book::{Booked, Names, Told, apply_advances, book, book_plan};
pub(crate) use calls::{CALL, Desk as Worker, act as act_on_request};
pub(crate) use refund_calls::{REFUND, act as act_on_refund};

use domain::money::Money;
use store::Tx;
use store::payments as kept;

/// The refund above which another person must agree, when nothing is said: 1,000 rupees.
pub const REFUND_LIMIT: Money = Money::from_paise(100_000);

/// What the settings say about payments.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The gateways that may be called.
    pub gateways: Gateways,
    /// The refund above which another person must agree.
    pub refund_limit: Money,
    /// Who is paid by UPI.
    pub upi: Option<Payee>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { gateways: Gateways::default(), refund_limit: REFUND_LIMIT, upi: None }
    }
}

/// How many requests to gateways, and refunds, are open, by the word of their state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Requests.
    pub requests: Vec<(String, i64)>,
    /// Refunds.
    pub refunds: Vec<(String, i64)>,
}

/// Counts what is open.
pub fn open(tx: &mut Tx<'_>) -> Result<Open, crate::AppError> {
    Ok(Open { requests: kept::count_requests(tx)?, refunds: kept::count_refunds(tx)? })
}
