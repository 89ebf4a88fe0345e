//! Bills: their lines, states and numbers, and the record of runs.
//!
//! It deliberately computes nothing; what it keeps was decided in `domain`.

mod bills;
mod lines;
mod reports;
mod runs;

pub use bills::{
    KeptBill, NewBill, Redraft, SeriesNumber, add_bills, allot_ids, allot_numbers, bills_of_month,
    delete_drafts, drafts_of_other_months, drafts_to_rerun, has_issued_bill, issue_drafts,
    issued_earlier, redraft, touch_previous_balance,
};
pub use lines::{
    BillLine, add_lines, days_on_bills, delete_lines, lines_of_bill, lines_of_bills, lines_of_month,
};
pub use reports::{
    KeptSums, PrintedBill, bill_by_number, bill_of_customer, issued_of_customer, page_of_month,
    printed_of_month, sums_of_month,
};
pub use runs::{NewRun, add_run, issued_months, last_run, mark_issued};

pub(crate) use lines::read as read_line;

pub(crate) const QUERIES: &[&[&str]] =
    &[bills::QUERIES, lines::QUERIES, reports::QUERIES, runs::QUERIES];
pub(crate) const SETS: &[&[&crate::db::Each]] = &[bills::SETS, lines::SETS];
