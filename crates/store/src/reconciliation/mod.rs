//! Reconciliation: what does not agree, found in sets; and the comparisons, their findings and the
//! issues as they are kept.
//!
//! It deliberately names what differs and leaves it to `app` to look at each closely.

mod books;
mod cash;
mod gateways;
mod issues;
mod pairs;
mod runs;

pub use books::{Suspect, bills, counts, last_bill, suspects, waiting};
pub use cash::held;
pub use gateways::{
    Collected, ListedPayment, PaidOut, Unlisted, collected, listed, paid_out, refunds_of_gateways,
    settlements_posted, unbooked_events, unheard_of, unlisted,
};
pub use issues::{
    Known, ListedIssue, NewIssue, Refound, add, change, count_unsettled, issue, known, page,
    person_named, refound,
};
pub use pairs::{look_alikes, paid_twice, same_bank_references};
pub use runs::{
    FindingRow, NewRun, Run, add_findings, add_run, allot_run, day_before, findings, found_in,
    last_run, latest, list,
};

use crate::db::Each;

pub(crate) const QUERIES: &[&[&str]] = &[
    books::QUERIES,
    cash::QUERIES,
    gateways::QUERIES,
    issues::QUERIES,
    pairs::QUERIES,
    runs::QUERIES,
];
pub(crate) const SETS: &[&[&Each]] = &[gateways::SETS, issues::SETS];
