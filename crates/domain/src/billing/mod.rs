//! Billing: which deliveries and orders a month's bill takes, the lines they become, the bill's
//! state and number, and the certificate of a run.
//!
//! It deliberately keeps nothing and posts nothing; it returns what is to be kept and posted.

mod certificate;
mod content;
mod draft;
mod line;
mod number;
mod standing;
mod state;

pub use certificate::{Certificate, Counts, Excluded, MAX_EXCLUDED_LISTED, Sums};
pub use content::{ContentHash, RunHash, bill_content};
pub use draft::{BillingError, Draft, Item, Party, RoundOff, draft_bill};
pub use line::{Line, LineKey, LineKind, compute_line};
pub use number::{BillNumber, BillPrefix, NumberError, PrefixError};
pub use standing::{BillOfMonth, Left, LeftCounts, OnBill, Standing, standing_of};
pub use state::{BillState, StateError};
