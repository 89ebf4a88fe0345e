//! The list of every query, so that a test can try each on both databases.
//!
//! It deliberately contains no text of its own.

use crate::access;
use crate::db::{Dialect, Each};
use crate::verify;
use crate::{
    audit, billing, business, catalog, customers, deliveries, idempotency, imports, ledger, orders,
};

/// The text of every query for SQLite (`true`) or PostgreSQL.
pub fn all_queries(for_sqlite: bool) -> Vec<String> {
    let dialect = if for_sqlite { Dialect::Sqlite } else { Dialect::Postgres };
    let singles = [
        audit::QUERIES,
        business::QUERIES,
        catalog::QUERIES,
        customers::QUERIES,
        deliveries::QUERIES,
        idempotency::QUERIES,
        imports::QUERIES,
        ledger::QUERIES,
        orders::QUERIES,
        verify::QUERIES,
    ];
    let sets: [&[&Each]; 3] = [catalog::SETS, deliveries::SETS, orders::SETS];
    let singles =
        singles.iter().chain(billing::QUERIES).chain(&access::QUERIES).flat_map(|area| area.iter());
    let sets = sets.iter().chain(billing::SETS).flat_map(|area| area.iter());
    singles.map(|sql| (*sql).to_owned()).chain(sets.map(|each| each.text(dialect))).collect()
}
