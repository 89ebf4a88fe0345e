//! Running a month's bills: as drafts, issued at once, or drafts issued as they stand.
//!
//! It deliberately holds no rule of billing; it loads facts for a range of customers, lets
//! `domain` decide for each, and saves the set, in one transaction per range.

mod decide;
mod facts;
mod lanes;
mod part;
mod run;
mod save;
mod show;
pub mod wire;

pub use part::Changes;
pub use run::{Mode, Report, Request, run};
pub use show::{
    bill_by_number, bill_of_customer, by_number, for_each_bill, of_customer, own, page,
};
