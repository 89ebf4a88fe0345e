//! One transaction: statements, rows and locks. It is committed by `Store::write` when the work
//! succeeds, and leaves nothing behind when it does not.
//!
//! It deliberately cannot be committed by the work itself.

use super::server::{Param, Server};
use super::value::Owned;
use super::{Column, Dialect, Each, Row, StoreError, Value, from_sqlite};
use crate::epoch::Written;
use crate::idempotency::RequestKey;
use tokio_postgres::types::ToSql;

/// What single-flight work locks. SQLite has one writer at a time and needs none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Setting up the business: alone.
    Business,
    /// Writing deliveries, orders, prices or customers: many at once, none while bills are made.
    Facts,
    /// Making the bills of the range of customers of this number: each range once, many ranges at
    /// once, none while facts are written.
    Billing(i32),
}

/// What the statements of a transaction are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Reading everything about a range of customers.
    ReadRanges,
    /// Reading the first few rows in the order of an index, which is to be walked and not sorted.
    ReadPages,
    /// Writing sets of rows by their keys.
    WriteSets,
    /// Comparing ranges of large tables by their common key: each is read in its order.
    MergeRanges,
    /// Reading a few rows by joining in the order in which the text names the tables, as SQLite
    /// does with `CROSS JOIN`.
    ReadAsWritten,
    /// Writing small sets by their keys, again and again: planning would cost more than running.
    WriteOften,
}

/// The group of PostgreSQL's advisory locks that the ranges of bill runs are locked in ("bill" in
/// hexadecimal ASCII).
const RANGE_LOCKS: i64 = 0x62_69_6c_6c;

/// Customers of the range that is locked by one number: those whose bills a run makes in one
/// transaction.
pub const CUSTOMERS_PER_RANGE: i64 = 2_000;

/// A range of customers, locked so that its bills are not made meanwhile.
const LOCK_RANGE: Each = Each {
    sql: "SELECT 1::BIGINT FROM pg_advisory_xact_lock_shared(CAST(:group AS INTEGER), \
          CAST(:range AS INTEGER))",
    columns: &[Column::Int("group"), Column::Int("range")],
};

/// The group of PostgreSQL's advisory locks that requests are locked in ("once" in hexadecimal
/// ASCII).
const REQUEST_LOCKS: i64 = 0x6f_6e_63_65;

/// Memory that a statement over a set may take on PostgreSQL before it turns to the disk.
const SET_MEMORY_MIB: u32 = 32;

/// A transaction on either database.
pub struct Tx<'c> {
    pub(super) conn: Conn<'c>,
    /// How many transactions of this store could write before this one.
    pub(super) writes_before: u64,
    /// Where it and those that share its commit have written.
    pub(super) written: &'c mut Written,
}

/// What was changed before a transaction that writes, where there is one writer at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Stays the same while no other connection changes the database.
    elsewhere: i64,
    /// Transactions of this store that could write before.
    here: u64,
}

impl Mark {
    /// The mark that a transaction has after so many more writes of this store, if nobody else
    /// has changed anything in between.
    #[must_use]
    pub fn after(self, writes: u64) -> Self {
        Self { here: self.here + writes, ..self }
    }
}

/// The database a transaction runs on.
pub(super) enum Conn<'c> {
    /// SQLite: the connection, inside `BEGIN`.
    Sqlite(&'c rusqlite::Connection),
    /// PostgreSQL: the connection, inside `BEGIN`.
    Postgres(&'c mut Server),
}

impl Tx<'_> {
    /// The database the transaction runs on.
    pub(crate) fn dialect(&self) -> Dialect {
        match self.conn {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Reads rows one at a time, as a stream.
    pub fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.written.note(sql);
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let sqlite = |error: rusqlite::Error| from_sqlite(&error);
                let text = Dialect::Sqlite.statement(sql);
                let mut statement = conn.prepare_cached(&text).map_err(sqlite)?;
                let params = rusqlite::params_from_iter(params);
                let mut rows = statement.query(params).map_err(sqlite)?;
                while let Some(row) = rows.next().map_err(sqlite)? {
                    each(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Conn::Postgres(server) => {
                let params = params.iter().map(|value| value as &(dyn ToSql + Sync));
                server.query(sql, params, each)
            }
        }
    }

    /// Reads the first row, if there is one.
    pub fn find<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.query(sql, params, |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads all rows into a list.
    pub fn list<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.query(sql, params, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Executes a statement and says how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        self.written.note(sql);
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let text = Dialect::Sqlite.statement(sql);
                let mut statement =
                    conn.prepare_cached(&text).map_err(|error| from_sqlite(&error))?;
                let params = rusqlite::params_from_iter(params);
                let changed = statement.execute(params).map_err(|error| from_sqlite(&error))?;
                Ok(changed as u64)
            }
            Conn::Postgres(server) => {
                let params = params.iter().map(|value| value as &(dyn ToSql + Sync));
                server.execute(sql, params)
            }
        }
    }

    /// Executes a statement of which nothing is to be heard, but that it failed: from whatever is
    /// asked next, or from the commit.
    pub(super) fn execute_later(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<(), StoreError> {
        self.written.note(sql);
        match &mut self.conn {
            Conn::Sqlite(_) => self.execute(sql, params).map(|_| ()),
            Conn::Postgres(server) => {
                let own = |value: &Value<'_>| -> Param<'static> { Box::new(Owned::from(value)) };
                server.execute_later(sql, params.iter().map(own).collect(), None)
            }
        }
    }

    /// Prepares a statement without running it; for the test that tries every query.
    pub fn check(&mut self, sql: &str) -> Result<(), StoreError> {
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let text = Dialect::Sqlite.statement(sql);
                conn.prepare(&text).map(|_| ()).map_err(|error| from_sqlite(&error))
            }
            Conn::Postgres(server) => server.prepared(sql).map(|_| ()),
        }
    }

    /// How the database means to run a statement, in its own words; for tests of indexes.
    pub fn plan(&mut self, sql: &str, params: &[Value<'_>]) -> Result<String, StoreError> {
        // escape: the column of a plan's text
        let (prefix, column) = match self.dialect() {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Dialect::Postgres => ("EXPLAIN", 0),
        };
        let lines = self
            .list(&format!("{prefix} {sql}"), params, |row| row.text(column).map(str::to_owned))?;
        Ok(lines.join("\n"))
    }

    /// Takes a lock until the end of the transaction.
    pub fn lock(&mut self, lock: Lock) -> Result<(), StoreError> {
        // escape: locks; SQLite has one writer at a time
        if self.dialect() == Dialect::Postgres {
            // Modes of a table lock that go with themselves and not with each other; the row of
            // the business is written by none of their holders.
            let mode = match lock {
                Lock::Business => "SHARE ROW EXCLUSIVE",
                Lock::Facts => "ROW EXCLUSIVE",
                Lock::Billing(_) => "SHARE",
            };
            self.execute_later(&format!("LOCK TABLE business IN {mode} MODE"), &[])?;
            if let Lock::Billing(range) = lock {
                let sql = "SELECT 1::BIGINT FROM \
                           pg_advisory_xact_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER))";
                self.find(sql, &[RANGE_LOCKS.into(), i64::from(range).into()], |row| row.int(0))?;
            }
        }
        Ok(())
    }

    /// Keeps the bills of these customers from being made until the end of the transaction, so
    /// that what they owe stays; others may do the same at once. Whether there is anybody to be
    /// kept off. The customers are given in rising order.
    pub(crate) fn lock_dues(&mut self, customers: &[i64]) -> Result<bool, StoreError> {
        // escape: locks; SQLite has one writer at a time
        if self.dialect() == Dialect::Sqlite {
            return Ok(false);
        }
        let mut ranges: Vec<i64> =
            customers.iter().map(|id| (id - 1).div_euclid(CUSTOMERS_PER_RANGE)).collect();
        ranges.dedup();
        let rows: Vec<_> =
            ranges.iter().map(|range| [RANGE_LOCKS.into(), (*range).into()]).collect();
        self.lock_each(&LOCK_RANGE, &rows)?;
        Ok(true)
    }

    /// Locks a request until the end of the transaction, unless another transaction has it.
    pub fn lock_request(&mut self, key: &RequestKey) -> Result<bool, StoreError> {
        // escape: locks; SQLite has one writer at a time
        if self.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let RequestKey { caller, method, path, key } = key;
        let name = format!("{caller} {method} {path} {key}");
        // Two requests that share the hash by chance: one is told to ask again, no more.
        let sql = "SELECT CAST(pg_try_advisory_xact_lock(CAST($1 AS INTEGER), hashtext($2)) \
                   AS INTEGER)";
        let params = [REQUEST_LOCKS.into(), name.as_str().into()];
        let locked = self.find(sql, &params, |row| row.int(0))?;
        Ok(locked == Some(1))
    }

    /// Where there is one writer at a time: a mark of what was changed before this transaction.
    pub fn mark(&mut self) -> Result<Option<Mark>, StoreError> {
        // escape: PostgreSQL has locks instead
        if self.dialect() == Dialect::Postgres {
            return Ok(None);
        }
        let elsewhere = self.find("PRAGMA data_version", &[], |row| row.int(0))?;
        Ok(elsewhere.map(|elsewhere| Mark { elsewhere, here: self.writes_before }))
    }

    /// Says what the coming statements of this transaction are like, so that a planner who does
    /// not know the fresh rows yet keeps to indexes. No statement is carried out by several
    /// processes: whoever has much to do has several transactions at work.
    pub fn expect(&mut self, work: Work) -> Result<(), StoreError> {
        // escape: planner settings
        if self.dialect() == Dialect::Postgres {
            let (looped, hashed, merged) = match work {
                Work::ReadRanges | Work::ReadPages | Work::ReadAsWritten => ("on", "off", "off"),
                // Pairing a set with a table row by row would be quadratic; a hash never is.
                Work::WriteSets | Work::WriteOften => ("on", "on", "off"),
                Work::MergeRanges => ("off", "off", "on"),
            };
            let picked = if work == Work::ReadPages { "off" } else { looped };
            let sorted = if work == Work::ReadPages { "off" } else { "on" };
            // 8 is the server's own value.
            let reordered = if work == Work::ReadAsWritten { 1 } else { 8 };
            let plans = if work == Work::WriteOften { "force_generic_plan" } else { "auto" };
            // Compiling costs more than these short statements, however dear they are estimated.
            let sql = format!(
                "SELECT set_config('enable_seqscan', 'off', TRUE), \
                 set_config('enable_nestloop', '{looped}', TRUE), \
                 set_config('enable_hashagg', '{looped}', TRUE), \
                 set_config('enable_bitmapscan', '{picked}', TRUE), \
                 set_config('enable_sort', '{sorted}', TRUE), \
                 set_config('enable_hashjoin', '{hashed}', TRUE), \
                 set_config('enable_mergejoin', '{merged}', TRUE), \
                 set_config('join_collapse_limit', '{reordered}', TRUE), \
                 set_config('max_parallel_workers_per_gather', '0', TRUE), \
                 set_config('jit', 'off', TRUE), \
                 set_config('work_mem', '{SET_MEMORY_MIB}MB', TRUE), \
                 set_config('plan_cache_mode', '{plans}', TRUE)"
            );
            self.execute_later(&sql, &[])?;
        }
        Ok(())
    }

    /// Lets the commit of this transaction return before it is on the disk. It is kept whole or
    /// not at all, and before every later commit; for steps that a rerun would repeat. SQLite
    /// flushes all the same.
    pub fn flush_later(&mut self) -> Result<(), StoreError> {
        // escape: asynchronous commit
        if self.dialect() == Dialect::Postgres {
            self.execute_later("SET LOCAL synchronous_commit = off", &[])?;
        }
        Ok(())
    }

    /// Lets the planner know what a large import has added.
    pub fn refresh_statistics(&mut self, tables: &[&str]) -> Result<(), StoreError> {
        for table in tables {
            self.execute(&format!("ANALYZE {table}"), &[])?;
        }
        Ok(())
    }
}
