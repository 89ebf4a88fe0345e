//! Stories of a dairy's bills with a moved clock, on both databases: files come in, months are
//! billed and issued, late news arrives, runs are repeated, run at once and checked.
//!
//! They deliberately use only what `app` offers; raw SQL appears where a test plants damage or
//! compares whole databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "billing/at_once.rs"]
mod at_once;
#[path = "billing/drafts.rs"]
mod drafts;
#[path = "billing/imports.rs"]
mod imports;
#[path = "billing/kit.rs"]
mod kit;
#[path = "billing/late.rs"]
mod late;
#[path = "billing/money.rs"]
mod money;
#[path = "billing/numbers.rs"]
mod numbers;
#[path = "billing/reading.rs"]
mod reading;
#[path = "billing/reruns.rs"]
mod reruns;
#[path = "billing/verify.rs"]
mod verify;
