//! The program as people and other programs meet it: what it prints, what it answers with, and
//! what becomes of the database when it is refused, killed, or started twice.
//!
//! They deliberately start the built program and never call its code; raw SQL appears where a test
//! plants damage.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/bills.rs"]
mod bills;
#[path = "cli/cash.rs"]
mod cash;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/generate.rs"]
mod generate;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/import_refused.rs"]
mod import_refused;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/jobs.rs"]
mod jobs;
#[path = "cli/journals.rs"]
mod journals;
#[path = "cli/killed.rs"]
mod killed;
#[path = "cli/kit.rs"]
mod kit;
#[path = "cli/ledger.rs"]
mod ledger;
#[path = "cli/many.rs"]
mod many;
#[path = "cli/migrate.rs"]
mod migrate;
#[path = "cli/payments.rs"]
mod payments;
#[path = "cli/people.rs"]
mod people;
#[path = "cli/plans.rs"]
mod plans;
#[path = "cli/reconcile.rs"]
mod reconcile;
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/refused_servers.rs"]
mod refused_servers;
#[path = "cli/served.rs"]
mod served;
#[path = "cli/together.rs"]
mod together;
#[path = "cli/verify.rs"]
mod verify;
#[path = "cli/work.rs"]
mod work;
