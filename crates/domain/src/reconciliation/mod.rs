//! Reconciliation: what does not agree between bills, payments, the ledger, the gateways and the
//! cash, how grave it is, whether it was there yesterday, and who looks after it.
//!
//! It deliberately compares no rows; the store finds what differs in sets, and makes issues of it.

mod fingerprint;
pub mod found;
mod issue;
mod report;
mod settlement;

pub use fingerprint::Fingerprint;
pub use issue::{Issue, IssueError, IssueKind, IssueState, MAX_NOTE_CHARS, Severity};
pub use report::{Comparison, Status, Summary, compare, summarize};
pub use settlement::{SettlementRow, settlement_difference};
