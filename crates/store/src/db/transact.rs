//! Transactions: alone, reading, or together with others in one commit.
//!
//! It deliberately decides nothing about who waits for whom; connections are lent by the pool in
//! the order in which they were asked for.

use super::open::{Inner, Store};
use super::pool::Loan;
use super::server::Server;
use super::tx::Conn;
use super::watch::Watch;
use super::{StoreError, Tx, from_sqlite};
use crate::epoch::Written;
use rusqlite::Connection;
use std::sync::atomic::Ordering;

/// Marks the beginning of one work among several, on SQLite.
const BEGIN_ONE: &str = "SAVEPOINT one";
/// Takes back what it did.
const UNDO_ONE: &str = "ROLLBACK TO one";
/// Keeps what is left of it, for the commit of all.
const END_ONE: &str = "RELEASE one";

const BEGIN: &str = "BEGIN";
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const COMMIT: &str = "COMMIT";

/// Runs one of the statements around transactions. They are prepared once per connection: for short
/// reads, preparing them takes longer than running them.
fn run(conn: &Connection, sql: &str) -> Result<(), StoreError> {
    let sqlite = |error: rusqlite::Error| from_sqlite(&error);
    conn.prepare_cached(sql).map_err(sqlite)?.execute([]).map(|_| ()).map_err(sqlite)
}

/// A transaction on SQLite that is undone unless it is committed.
struct Begun<'c> {
    conn: &'c Connection,
    ended: bool,
}

impl<'c> Begun<'c> {
    /// Begins to read, or to write with the write lock taken at once.
    fn new(conn: &'c Connection, read_only: bool) -> Result<Self, StoreError> {
        run(conn, if read_only { "BEGIN DEFERRED" } else { "BEGIN IMMEDIATE" })?;
        Ok(Self { conn, ended: false })
    }

    /// Commits. A transaction that could write tells the watch while it does.
    fn commit(mut self, watch: Option<&Watch>) -> Result<(), StoreError> {
        let under_way = watch.and_then(|watch| watch.committing(self.conn));
        run(self.conn, COMMIT)?;
        drop(under_way);
        self.ended = true;
        Ok(())
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // After some failures, such as a full disk, SQLite has undone everything itself.
        if !self.ended && !self.conn.is_autocommit() {
            // What cannot be undone now is undone when the connection is closed.
            let _ = run(self.conn, "ROLLBACK");
        }
    }
}

/// A transaction on PostgreSQL that is undone unless it is committed.
struct Open<'c> {
    server: &'c mut Server,
    read_only: bool,
    ended: bool,
}

impl<'c> Open<'c> {
    /// Begins; a transaction that reads sees one state of the database in all its statements, as
    /// on SQLite.
    fn new(server: &'c mut Server, read_only: bool) -> Result<Self, StoreError> {
        server.command_later(if read_only { BEGIN_READING } else { BEGIN })?;
        Ok(Self { server, read_only, ended: false })
    }

    fn commit(mut self) -> Result<(), StoreError> {
        self.ended = true;
        self.server.be_patient(false);
        if self.read_only {
            // All that was asked is answered; nothing depends on how this ends.
            return self.server.command_later(COMMIT);
        }
        self.server.command(COMMIT)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.server.be_patient(false);
            self.server.undo();
        }
    }
}

/// A connection that reads, lent to whoever has no time to wait for one.
pub struct Reader<'s> {
    store: &'s Store,
    loan: Loan<'s>,
}

impl Reader<'_> {
    /// As [`Store::read`].
    pub fn read<T, E: From<StoreError>>(
        mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.on(self.loan.inner()?, true, work)
    }
}

impl Store {
    /// Runs `work` in a transaction that may write; commits when it succeeds, keeps nothing when
    /// it fails. On SQLite the write lock is taken at once, so that what was read stays true.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut loan = self.writers.lend()?;
        self.on(loan.inner()?, false, work)
    }

    /// Runs `work` in a transaction that sees one state of the database and cannot write.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut loan = self.readers.as_ref().unwrap_or(&self.writers).lend()?;
        self.on(loan.inner()?, true, work)
    }

    /// A connection that reads from this machine's disk without waiting for anybody; none when
    /// all are lent, or when the database is a server.
    pub fn free_reader(&self) -> Option<Reader<'_>> {
        let loan = self.readers.as_ref()?.lend_idle()?;
        Some(Reader { store: self, loan })
    }

    fn on<T, E: From<StoreError>>(
        &self,
        inner: &mut Inner,
        read_only: bool,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match inner {
            Inner::Sqlite(conn) => {
                let begun = Begun::new(conn, read_only)?;
                let (writes_before, written) = (self.count(read_only), &mut Written::default());
                let conn = Conn::Sqlite(begun.conn);
                let done = work(&mut Tx { conn, writes_before, written: &mut *written })?;
                let ended = begun.commit((!read_only).then_some(&self.watch));
                self.ended(read_only, *written);
                ended.map(|()| done).map_err(E::from)
            }
            Inner::Postgres(server) => {
                let open = Open::new(server, read_only)?;
                let (writes_before, written) = (self.count(read_only), &mut Written::default());
                let conn = Conn::Postgres(&mut *open.server);
                let done = work(&mut Tx { conn, writes_before, written: &mut *written })?;
                let ended = open.commit();
                self.ended(read_only, *written);
                ended.map(|()| done).map_err(E::from)
            }
        }
    }

    /// Runs works one after the other in one transaction, so that all of them wait for one flush
    /// of the disk. `next` is given the transaction, runs the next work in it and says whether to
    /// keep what that did; it answers nothing when there is no further work. When this fails,
    /// nothing of any of them is kept.
    pub fn write_together(
        &self,
        mut next: impl FnMut(&mut Tx<'_>) -> Option<bool>,
    ) -> Result<(), StoreError> {
        let mut loan = self.writers.lend()?;
        let mut written = Written::default();
        match loan.inner()? {
            Inner::Sqlite(conn) => {
                let begun = Begun::new(conn, false)?;
                let writes_before = self.count(false);
                loop {
                    run(begun.conn, BEGIN_ONE)?;
                    let (conn, written) = (Conn::Sqlite(begun.conn), &mut written);
                    let kept = next(&mut Tx { conn, writes_before, written: &mut *written });
                    if kept != Some(true) {
                        run(begun.conn, UNDO_ONE)?;
                    }
                    run(begun.conn, END_ONE)?;
                    if kept.is_none() {
                        let ended = begun.commit(Some(&self.watch));
                        self.ended(false, *written);
                        return ended;
                    }
                }
            }
            Inner::Postgres(server) => {
                let open = Open::new(server, false)?;
                open.server.be_patient(true);
                let writes_before = self.count(false);
                loop {
                    open.server.command_later(BEGIN_ONE)?;
                    let (conn, written) = (Conn::Postgres(&mut *open.server), &mut written);
                    let kept = next(&mut Tx { conn, writes_before, written: &mut *written });
                    if kept != Some(true) {
                        open.server.command_later(UNDO_ONE)?;
                    }
                    open.server.command_later(END_ONE)?;
                    if kept.is_none() {
                        let ended = open.commit();
                        self.ended(false, *written);
                        return ended;
                    }
                }
            }
        }
    }

    /// After a commit.
    fn ended(&self, read_only: bool, written: Written) {
        if !read_only {
            self.watch.committed(written);
        }
    }

    /// Counts a transaction; returns how many could write before it.
    fn count(&self, read_only: bool) -> u64 {
        self.writes.fetch_add(u64::from(!read_only), Ordering::Relaxed)
    }
}
