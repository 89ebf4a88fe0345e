//! The migrations: one folder, one text for both databases, except steps that must differ, which
//! are a pair of files. They are applied by `refinery`.
//!
//! It deliberately has no way back: a backup is the way back.

use crate::db::{Dialect, Server, StoreError, from_postgres, from_sqlite};
use refinery::{Migration, Runner};
use tokio_postgres::types::ToSql;

/// Number under which migrating is locked on PostgreSQL ("schema" in hexadecimal ASCII).
const MIGRATION_LOCK: i64 = 0x73_63_68_65_6d_61;

/// The table in which `refinery` keeps what was applied.
const HISTORY: &str = "refinery_schema_history";

/// The version after the last step.
const LATEST: u8 = 11;

/// Name, text for SQLite, text for PostgreSQL; in order.
const STEPS: &[(&str, &str, &str)] = &[
    (
        "V1__core",
        include_str!("../migrations/V1__core.sql"),
        include_str!("../migrations/V1__core.sql"),
    ),
    (
        "V2__guards",
        include_str!("../migrations/V2__guards.sqlite.sql"),
        include_str!("../migrations/V2__guards.postgres.sql"),
    ),
    (
        "V3__service",
        include_str!("../migrations/V3__service.sql"),
        include_str!("../migrations/V3__service.sql"),
    ),
    (
        "V4__service_guards",
        include_str!("../migrations/V4__service_guards.sqlite.sql"),
        include_str!("../migrations/V4__service_guards.postgres.sql"),
    ),
    (
        "V5__money_in",
        include_str!("../migrations/V5__money_in.sql"),
        include_str!("../migrations/V5__money_in.sql"),
    ),
    (
        "V6__money_in_guards",
        include_str!("../migrations/V6__money_in_guards.sqlite.sql"),
        include_str!("../migrations/V6__money_in_guards.postgres.sql"),
    ),
    (
        "V7__entitlements",
        include_str!("../migrations/V7__entitlements.sql"),
        include_str!("../migrations/V7__entitlements.sql"),
    ),
    (
        "V8__entitlements_guards",
        include_str!("../migrations/V8__entitlements_guards.sqlite.sql"),
        include_str!("../migrations/V8__entitlements_guards.postgres.sql"),
    ),
    (
        "V9__reconciliation",
        include_str!("../migrations/V9__reconciliation.sql"),
        include_str!("../migrations/V9__reconciliation.sql"),
    ),
    (
        "V10__reconciliation_guards",
        include_str!("../migrations/V10__reconciliation_guards.sqlite.sql"),
        include_str!("../migrations/V10__reconciliation_guards.postgres.sql"),
    ),
    (
        "V11__changes",
        include_str!("../migrations/V11__changes.sqlite.sql"),
        include_str!("../migrations/V11__changes.postgres.sql"),
    ),
];

/// The version of the tables this program works with.
pub const fn latest() -> i64 {
    LATEST as i64
}

/// The texts of the steps for one database, in order.
pub fn texts(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    // escape: the pairs of guard files
    let of = move |step: &(_, &'static str, &'static str)| {
        if dialect == Dialect::Sqlite { step.1 } else { step.2 }
    };
    STEPS.iter().map(of)
}

fn runner(dialect: Dialect) -> Result<Runner, StoreError> {
    let mut migrations = Vec::with_capacity(STEPS.len());
    for ((name, _, _), text) in STEPS.iter().zip(texts(dialect)) {
        let step = Migration::unapplied(name, &dialect.migration(text))
            .map_err(|error| StoreError::Other(error.to_string()))?;
        migrations.push(step);
    }
    Ok(Runner::new(&migrations).set_grouped(true))
}

fn failed(error: &refinery::Error) -> StoreError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<rusqlite::Error>() {
            return from_sqlite(error);
        }
        if let Some(error) = inner.downcast_ref::<tokio_postgres::Error>() {
            return from_postgres(error);
        }
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    StoreError::Other(format!("the tables could not be brought up to date: {text}"))
}

/// Brings the tables of a SQLite database up to date.
pub fn migrate_sqlite(conn: &mut rusqlite::Connection) -> Result<(), StoreError> {
    runner(Dialect::Sqlite)?.run(conn).map(|_| ()).map_err(|error| failed(&error))
}

/// Brings the tables of a PostgreSQL database up to date; one program at a time.
pub fn migrate_postgres(server: &mut Server) -> Result<(), StoreError> {
    let runner = runner(Dialect::Postgres)?;
    let lock = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
    server.command(&lock)?;
    let done = server.alone(async |client| runner.run_async(client).await);
    let unlocked = server.command(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"));
    done?.map_err(|error| failed(&error))?;
    unlocked
}

/// The version of a SQLite database's tables, if it has ours.
pub fn sqlite_version(conn: &rusqlite::Connection) -> Result<Option<i64>, StoreError> {
    let wrong = |error: rusqlite::Error| from_sqlite(&error);
    let known: i64 = conn
        .query_row("SELECT COUNT(*) FROM sqlite_schema WHERE name = ?1", [HISTORY], |row| {
            row.get(0)
        })
        .map_err(wrong)?;
    if known == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT MAX(version) FROM {HISTORY}");
    conn.query_row(&sql, [], |row| row.get(0)).map_err(wrong)
}

/// The version of a PostgreSQL database's tables, if it has ours.
pub fn postgres_version(server: &mut Server) -> Result<Option<i64>, StoreError> {
    let mut known = 0;
    let sql = "SELECT CAST(to_regclass($1) IS NOT NULL AS INTEGER)";
    let name: &(dyn ToSql + Sync) = &HISTORY;
    server.query(sql, [name].into_iter(), |row| {
        known = row.int(0)?;
        Ok(())
    })?;
    let mut version = None;
    if known == 1 {
        let sql = format!("SELECT MAX(version)::BIGINT FROM {HISTORY}");
        server.query(&sql, [].into_iter(), |row| {
            version = row.opt_int(0)?;
            Ok(())
        })?;
    }
    Ok(version)
}

/// A table of a SQLite database, if it has any.
pub fn sqlite_table(conn: &rusqlite::Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT MIN(name) FROM sqlite_schema WHERE type = 'table' \
               AND name NOT LIKE 'refinery%'";
    conn.query_row(sql, [], |row| row.get(0)).map_err(|error| from_sqlite(&error))
}

/// A table where ours would be in a PostgreSQL database, if there is any.
pub fn postgres_table(server: &mut Server) -> Result<Option<String>, StoreError> {
    let sql = "SELECT MIN(tablename)::text FROM pg_tables \
               WHERE schemaname = current_schema() AND tablename NOT LIKE 'refinery%'";
    let mut found = None;
    server.query(sql, [].into_iter(), |row| {
        found = row.opt_text(0)?.map(str::to_owned);
        Ok(())
    })?;
    Ok(found)
}
