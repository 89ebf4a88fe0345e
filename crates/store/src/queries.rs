//! The list of every query, so that a test can try each on both databases.
//!
//! It deliberately contains no text of its own.

use crate::access;
use crate::db::{Dialect, Each};
use crate::{
    audit, billing, business, catalog, customers, deliveries, entitlements, idempotency, imports,
    ledger, orders,
};
use crate::{jobs, payments, reconciliation, verify, webhooks};

/// The text of every query for SQLite (`true`) or PostgreSQL.
pub fn all_queries(for_sqlite: bool) -> Vec<String> {
    let dialect = if for_sqlite { Dialect::Sqlite } else { Dialect::Postgres };
    let singles = [
        business::QUERIES,
        catalog::QUERIES,
        customers::QUERIES,
        deliveries::QUERIES,
        idempotency::QUERIES,
        imports::QUERIES,
        ledger::QUERIES,
        orders::QUERIES,
        verify::QUERIES,
        webhooks::QUERIES,
    ];
    let sets: [&[&Each]; 4] = [catalog::SETS, deliveries::SETS, orders::SETS, webhooks::SETS];
    let parted = audit::QUERIES.iter().chain(jobs::QUERIES).chain(&access::QUERIES);
    let parted =
        parted.chain(payments::QUERIES).chain(entitlements::QUERIES).chain(reconciliation::QUERIES);
    let singles = singles.iter().chain(billing::QUERIES).chain(parted).flat_map(|area| area.iter());
    let sets = sets
        .iter()
        .chain(billing::SETS)
        .chain(jobs::SETS)
        .chain(payments::SETS)
        .chain(entitlements::SETS)
        .chain(reconciliation::SETS)
        .flat_map(|area| area.iter());
    singles.map(|sql| (*sql).to_owned()).chain(sets.map(|each| each.text(dialect))).collect()
}
