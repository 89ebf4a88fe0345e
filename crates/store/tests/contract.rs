//! The contract of the store: every query and every function on both databases from one body, the
//! rules the databases themselves keep, the plans of queries, migrations, and what goes wrong.
//!
//! It deliberately knows no use case; the tests of `app` have them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "contract/access.rs"]
mod access;
#[path = "contract/ahead.rs"]
mod ahead;
#[path = "contract/asked.rs"]
mod asked;
#[path = "contract/audit.rs"]
mod audit;
#[path = "contract/billing.rs"]
mod billing;
#[path = "contract/comparing.rs"]
mod comparing;
#[path = "contract/deliveries.rs"]
mod deliveries;
#[path = "contract/entitlements.rs"]
mod entitlements;
#[path = "contract/epoch.rs"]
mod epoch;
#[path = "contract/facts.rs"]
mod facts;
#[path = "contract/failures.rs"]
mod failures;
#[path = "contract/guards.rs"]
mod guards;
#[path = "contract/jobs.rs"]
mod jobs;
#[path = "contract/kit.rs"]
mod kit;
#[path = "contract/ledger.rs"]
mod ledger;
#[path = "contract/migrations.rs"]
mod migrations;
#[path = "contract/money_in.rs"]
mod money_in;
#[path = "contract/orders.rs"]
mod orders;
#[path = "contract/plans.rs"]
mod plans;
#[path = "contract/together.rs"]
mod together;
#[path = "contract/verify.rs"]
mod verify;
