//! Questions that do not depend on each other: all are asked before the first answer is heard, so
//! that they cost one exchange with PostgreSQL. Changes of sets that nobody waits for.
//!
//! It deliberately asks SQLite nothing ahead: there is no exchange, and a question is asked when
//! its answer is read. Between asking and reading nothing may be changed.

use super::server::{Coming, Param, not_all};
use super::sets::{ROWS_PER_STATEMENT, owned_columns_of};
use super::tx::Conn;
use super::value::Owned;
use super::{Each, Row, StoreError, Tx, Value};

/// Questions that were asked and not heard of.
#[must_use]
pub(crate) struct Asked(Vec<Coming>);

impl Asked {
    /// No question.
    pub(crate) const fn nothing() -> Self {
        Self(Vec::new())
    }
}

impl Tx<'_> {
    /// Asks what [`Tx::look_up`] asks; [`Tx::answer`] reads it.
    pub(crate) fn ask<const N: usize>(
        &mut self,
        each: &Each,
        rows: &[[Value<'_>; N]],
    ) -> Result<Asked, StoreError> {
        let text = each.made(self.dialect());
        let mut asked = Vec::new();
        if let Conn::Postgres(server) = &mut self.conn {
            self.written.note(each.sql);
            for part in rows.chunks(ROWS_PER_STATEMENT) {
                asked.push(server.query_later(&text, owned_columns_of(each.columns, part))?);
            }
        }
        Ok(Asked(asked))
    }

    /// Reads what was asked for, in no order.
    pub(crate) fn answer<const N: usize>(
        &mut self,
        asked: Asked,
        each: &Each,
        rows: &[[Value<'_>; N]],
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &mut self.conn {
            Conn::Sqlite(_) => return self.look_up(each, rows, read),
            Conn::Postgres(server) => {
                for coming in asked.0 {
                    server.rows(coming, &mut read)?;
                }
            }
        }
        Ok(())
    }

    /// Runs an update for each row of a set; each must change one row of the database. Nothing is
    /// heard of it on PostgreSQL until something is asked.
    pub(crate) fn change_each<const N: usize>(
        &mut self,
        each: &Each,
        rows: &[[Value<'_>; N]],
    ) -> Result<(), StoreError> {
        let text = each.made(self.dialect());
        match &mut self.conn {
            Conn::Sqlite(_) => {
                let (expected, rows) = (rows.len() as u64, rows.iter().copied());
                match self.for_each(each, rows)? {
                    changed if changed == expected => Ok(()),
                    changed => Err(not_all(changed, expected)),
                }
            }
            Conn::Postgres(server) => {
                if !rows.is_empty() {
                    self.written.note(each.sql);
                }
                for part in rows.chunks(ROWS_PER_STATEMENT) {
                    let columns = owned_columns_of(each.columns, part);
                    server.execute_later(&text, columns, Some(part.len() as u64))?;
                }
                Ok(())
            }
        }
    }

    /// Asks what [`Tx::query`] asks; [`Tx::answer_query`] reads it.
    pub(crate) fn ask_query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Asked, StoreError> {
        let mut asked = Vec::new();
        if let Conn::Postgres(server) = &mut self.conn {
            self.written.note(sql);
            let own = |value: &Value<'_>| -> Param<'static> { Box::new(Owned::from(value)) };
            asked.push(server.query_later(sql, params.iter().map(own).collect())?);
        }
        Ok(Asked(asked))
    }

    /// Reads what was asked for.
    pub(crate) fn answer_query(
        &mut self,
        asked: Asked,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &mut self.conn {
            Conn::Sqlite(_) => return self.query(sql, params, read),
            Conn::Postgres(server) => {
                for coming in asked.0 {
                    server.rows(coming, &mut read)?;
                }
            }
        }
        Ok(())
    }
}
