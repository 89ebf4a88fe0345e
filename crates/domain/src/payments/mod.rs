//! Money in: what is known of a payment, the state and the postings that follow from it, which dues
//! it settles, cash handed over, UPI links, and refunds.
//!
//! It deliberately keeps nothing and calls nobody; it returns what is to be kept, posted and sent.

mod allocation;
mod calls;
mod cash;
mod decide;
mod facts;
mod intent;
mod observation;
mod postings;
mod provider;
mod reference;
mod refunds;
mod requests;
mod state;
mod upi;

pub use allocation::{
    Allocated, Allocation, Applied, Credit, Due, Released, Source, Target, allocate, apply_advance,
    release,
};
pub use calls::{Answer, Found, Next, after_asking, after_call};
pub use cash::{Balance, CashError, DENOMINATIONS, HandOver, Taker, counted, hand_over};
pub use decide::{Whose, decide};
pub use facts::{Change, DisputeFacts, Facts, RefundFacts};
pub use intent::{CURRENCY, Intended, Mismatch, check_currency};
pub use observation::{Fee, MAX_AMOUNT, MAX_ID_BYTES, Observation, ObservationError, check_amount};
pub use postings::{Kind, Posting, kept, postings};
pub use provider::Provider;
pub use reference::{BankReference, ReferenceError, Vpa, VpaError};
pub use refunds::{
    Destination, RefundError, RefundState, Step, ask_refund, may_check, may_refund, refundable,
};
pub use requests::{Due as RequestDue, RequestKind, RequestState};
pub use state::{DisputeStatus, RefundStatus, State};
pub use upi::{LinkReference, UpiError, UpiLink};

/// Longest piece of a wrong text that is repeated in a message, in characters.
const SHOWN_CHARS: usize = 40;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}
