//! Writing sets: many rows added, changed or removed by one statement text. SQLite runs it once
//! per row with a prepared statement; PostgreSQL takes the set by `COPY` or `UNNEST`.
//!
//! It deliberately writes only what it is given; order and content are the caller's.

use super::server::{Param, Server};
use super::tx::Conn;
use super::{Dialect, Row, StoreError, Tx, Value, from_sqlite};
use tokio_postgres::Statement;
use tokio_postgres::types::{ToSql, Type};

/// Rows sent to PostgreSQL in one statement.
pub(super) const ROWS_PER_STATEMENT: usize = 20_000;
/// New rows that PostgreSQL takes as arrays in one exchange; `COPY` needs three, and less for each
/// row.
const ROWS_AS_ARRAYS: usize = 1_000;

/// A table and the columns a set of new rows fills.
#[derive(Clone, Copy, Debug)]
pub struct Insert {
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of the values.
    pub columns: &'static [&'static str],
}

/// What a column of a set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Integers.
    Int(&'static str),
    /// Texts.
    Text(&'static str),
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Int(name) | Self::Text(name) => name,
        }
    }

    /// The parameter of this number as an array of its values.
    fn array(self, number: usize) -> String {
        match self {
            Self::Int(_) => format!("${number}::bigint[]"),
            Self::Text(_) => format!("${number}::text[]"),
        }
    }
}

/// A statement to be run for each row of a set. Its text refers to the row's values as `:name`.
/// `{row}` stands where an `INSERT ... SELECT` takes the set from. An `UPDATE` with `{joined}`
/// before its conditions is a plain join on PostgreSQL, for sets that reach millions of rows and
/// conditions that no planner can take for nearly empty, and for rows that nobody has locked: one
/// that another transaction changes at that moment is looked at again, and not passed over.
#[derive(Clone, Copy, Debug)]
pub struct Each {
    /// `UPDATE`, `DELETE` or `INSERT ... SELECT`; updates and deletes have a `WHERE`.
    pub sql: &'static str,
    /// The values of a row, in order.
    pub columns: &'static [Column],
}

impl Insert {
    /// `INSERT INTO table (…) VALUES ($1, …)`.
    pub(super) fn sql(&self) -> String {
        let columns = self.columns.join(", ");
        let places: Vec<String> = (1..=self.columns.len()).map(|n| format!("${n}")).collect();
        format!("INSERT INTO {} ({columns}) VALUES ({})", self.table, places.join(", "))
    }

    /// Reads no row; its columns tell the types of the table's.
    pub(super) fn shape(&self) -> String {
        format!("SELECT {} FROM {} WHERE FALSE", self.columns.join(", "), self.table)
    }

    /// Takes new rows by columns, as arrays.
    pub(super) fn by_arrays(&self, columns: &[Column]) -> String {
        let arrays: Vec<String> =
            columns.iter().zip(1..).map(|(column, n)| column.array(n)).collect();
        let names = self.columns.join(", ");
        format!("INSERT INTO {} ({names}) SELECT * FROM UNNEST({})", self.table, arrays.join(", "))
    }
}

impl Each {
    /// The text for one database: with numbered parameters, or over an `UNNEST`ed set.
    pub(crate) fn text(&self, dialect: Dialect) -> String {
        // escape: a set is a loop on SQLite and an UNNEST on PostgreSQL
        let mut sql = self.sql.to_owned();
        let mut longest: Vec<usize> = (0..self.columns.len()).collect();
        let name = |place: usize| self.columns.get(place).map_or("", |column| column.name());
        longest.sort_by_key(|place| std::cmp::Reverse(name(*place).len()));
        for place in longest {
            let by = match dialect {
                Dialect::Sqlite => format!("${}", place + 1),
                // The prefix keeps the values apart from columns of the same name.
                Dialect::Postgres => format!("u.v_{}", name(place)),
            };
            sql = sql.replace(&format!(":{}", name(place)), &by);
        }
        if dialect == Dialect::Sqlite {
            return sql.replace("{row} ", "").replace("{joined} ", "");
        }
        let arrays: Vec<String> =
            self.columns.iter().zip(1..).map(|(column, n)| column.array(n)).collect();
        let names: Vec<String> =
            self.columns.iter().map(|column| format!("v_{}", column.name())).collect();
        let unnest = format!("UNNEST({}) AS u ({})", arrays.join(", "), names.join(", "));
        if sql.starts_with("INSERT") {
            return sql.replace("{row}", &format!("FROM {unnest}"));
        }
        if sql.starts_with("SELECT") {
            return format!("SELECT x.* FROM {unnest} CROSS JOIN LATERAL ({sql} OFFSET 0) x");
        }
        if let Some((action, keys)) = sql.split_once(" WHERE {joined} ") {
            return format!("{action} FROM {unnest} WHERE {keys}");
        }
        by_address(&sql, &unnest)
    }
}

/// An update or delete of a set on PostgreSQL: finds the rows through their keys first, one value
/// of the set after the other, then changes them by their address. Left to itself, a planner
/// without fresh statistics may read the whole table for every value.
fn by_address(sql: &str, unnest: &str) -> String {
    let (action, keys) = sql.split_once(" WHERE ").unwrap_or((sql, "TRUE"));
    let (table, from) = match action.strip_prefix("DELETE FROM ") {
        Some(table) => (table, "USING"),
        None => (action.split(' ').nth(1).unwrap_or(""), "FROM"),
    };
    format!(
        "WITH u AS MATERIALIZED (SELECT u.*, t.address FROM {unnest} CROSS JOIN LATERAL \
         (SELECT ctid AS address FROM {table} WHERE {keys} OFFSET 0) t) \
         {action} {from} u WHERE {table}.ctid = u.address"
    )
}

impl Tx<'_> {
    /// Adds rows; a row that breaks a rule of the database fails the whole set.
    pub fn insert_many<'v, const N: usize>(
        &mut self,
        insert: &Insert,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<u64, StoreError> {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(0);
        }
        self.written.note_table(insert.table);
        let mut count = 0;
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let mut statement =
                    conn.prepare_cached(&insert.made()).map_err(|error| from_sqlite(&error))?;
                for row in rows {
                    statement
                        .execute(rusqlite::params_from_iter(row))
                        .map_err(|error| from_sqlite(&error))?;
                    count += 1;
                }
            }
            // escape: COPY and arrays are how PostgreSQL takes many new rows
            Conn::Postgres(server) => {
                let shape = server.prepared(&insert.made_shape())?;
                let first: Vec<[Value<'v>; N]> = rows.by_ref().take(ROWS_AS_ARRAYS).collect();
                if rows.peek().is_none() {
                    insert_arrays(server, insert, &shape, &first)?;
                    return Ok(first.len() as u64);
                }
                let types: Vec<Type> =
                    shape.columns().iter().map(|column| column.type_().clone()).collect();
                let columns = insert.columns.join(", ");
                let sql = format!("COPY {} ({columns}) FROM STDIN BINARY", insert.table);
                count += server.copy_in(&sql, &types, first.into_iter().chain(rows))?;
            }
        }
        Ok(count)
    }

    /// Runs a statement for each row of a set; returns how many rows of the database changed.
    pub fn for_each<'v, const N: usize>(
        &mut self,
        each: &Each,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<u64, StoreError> {
        let text = each.made(self.dialect());
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(0);
        }
        self.written.note(each.sql);
        let mut changed = 0;
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let mut statement =
                    conn.prepare_cached(&text).map_err(|error| from_sqlite(&error))?;
                for row in rows {
                    changed += statement
                        .execute(rusqlite::params_from_iter(row))
                        .map_err(|error| from_sqlite(&error))?
                        as u64;
                }
            }
            Conn::Postgres(server) => loop {
                let part: Vec<_> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
                if part.is_empty() {
                    break;
                }
                let columns = columns_of(each.columns, &part);
                changed += server.execute(&text, columns.iter().map(|column| &**column))?;
            },
        }
        Ok(changed)
    }
}

impl Tx<'_> {
    /// Runs a `SELECT` for each row of a set and reads what it finds, in no order.
    pub fn look_up<const N: usize>(
        &mut self,
        each: &Each,
        rows: &[[Value<'_>; N]],
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let text = each.made(self.dialect());
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let wrong = |error: rusqlite::Error| from_sqlite(&error);
                let mut statement = conn.prepare_cached(&text).map_err(wrong)?;
                for row in rows {
                    let params = rusqlite::params_from_iter(row);
                    let mut found = statement.query(params).map_err(wrong)?;
                    while let Some(row) = found.next().map_err(wrong)? {
                        read(&Row::Sqlite(row))?;
                    }
                }
            }
            Conn::Postgres(server) => {
                for part in rows.chunks(ROWS_PER_STATEMENT) {
                    let columns = columns_of(each.columns, part);
                    server.query(&text, columns.iter().map(|column| &**column), &mut read)?;
                }
            }
        }
        Ok(())
    }

    /// Runs a `SELECT` that locks, for each row of a set, on PostgreSQL; nothing is heard of it
    /// until something is asked.
    pub(crate) fn lock_each<const N: usize>(
        &mut self,
        each: &Each,
        rows: &[[Value<'_>; N]],
    ) -> Result<(), StoreError> {
        let text = each.made(self.dialect());
        if let Conn::Postgres(server) = &mut self.conn {
            for part in rows.chunks(ROWS_PER_STATEMENT) {
                server.execute_later(&text, owned_columns_of(each.columns, part), None)?;
            }
        }
        Ok(())
    }
}

/// Adds a few rows to a table whose columns are those of a statement.
fn insert_arrays<const N: usize>(
    server: &mut Server,
    insert: &Insert,
    shape: &Statement,
    rows: &[[Value<'_>; N]],
) -> Result<(), StoreError> {
    let typed = insert.columns.iter().zip(shape.columns());
    let columns: Vec<Column> = typed
        .map(|(name, column)| match *column.type_() {
            Type::INT2 | Type::INT4 | Type::INT8 => Column::Int(name),
            _ => Column::Text(name),
        })
        .collect();
    server.execute_later(&insert.made_by_arrays(&columns), owned_columns_of(&columns, rows), None)
}

/// The values of a column of a set.
fn values<'v, const N: usize>(
    place: usize,
    rows: &[[Value<'v>; N]],
) -> impl Iterator<Item = Value<'v>> {
    rows.iter().map(move |row| row.get(place).copied().unwrap_or(Value::Null))
}

fn int(value: Value<'_>) -> Option<i64> {
    if let Value::Int(value) = value { Some(value) } else { None }
}

fn text(value: Value<'_>) -> Option<&str> {
    if let Value::Text(value) = value { Some(value) } else { None }
}

/// The columns of a set as arrays.
fn columns_of<'v, const N: usize>(
    columns: &[Column],
    rows: &[[Value<'v>; N]],
) -> Vec<Box<dyn ToSql + Sync + 'v>> {
    let array = |(place, column): (usize, &Column)| -> Box<dyn ToSql + Sync + 'v> {
        match column {
            Column::Int(_) => Box::new(values(place, rows).map(int).collect::<Vec<_>>()),
            Column::Text(_) => Box::new(values(place, rows).map(text).collect::<Vec<_>>()),
        }
    };
    columns.iter().enumerate().map(array).collect()
}

/// The same, kept until they are sent.
pub(super) fn owned_columns_of<const N: usize>(
    columns: &[Column],
    rows: &[[Value<'_>; N]],
) -> Vec<Param<'static>> {
    let own = |value| text(value).map(str::to_owned);
    let array = |(place, column): (usize, &Column)| -> Param<'static> {
        match column {
            Column::Int(_) => Box::new(values(place, rows).map(int).collect::<Vec<_>>()),
            Column::Text(_) => Box::new(values(place, rows).map(own).collect::<Vec<_>>()),
        }
    };
    columns.iter().enumerate().map(array).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, Dialect, Each};

    const LINK: Each = Each {
        sql: "UPDATE t SET line = :line WHERE id = :id AND line_no = :line_no",
        columns: &[Column::Int("line"), Column::Int("id"), Column::Text("line_no")],
    };
    const GONE: Each = Each { sql: "DELETE FROM t WHERE id = :id", columns: &[Column::Int("id")] };
    const ADD: Each = Each {
        sql: "INSERT INTO t (id) SELECT :id {row} ON CONFLICT DO NOTHING",
        columns: &[Column::Int("id")],
    };

    #[test]
    fn a_set_is_a_loop_or_an_unnest() {
        assert_eq!(
            LINK.text(Dialect::Sqlite),
            "UPDATE t SET line = $1 WHERE id = $2 AND line_no = $3"
        );
        assert_eq!(
            LINK.text(Dialect::Postgres),
            "WITH u AS MATERIALIZED (SELECT u.*, t.address FROM UNNEST($1::bigint[], \
             $2::bigint[], $3::text[]) AS u (v_line, v_id, v_line_no) CROSS JOIN LATERAL (SELECT \
             ctid AS address FROM t WHERE id = u.v_id AND line_no = u.v_line_no OFFSET 0) t) \
             UPDATE t SET line = u.v_line FROM u WHERE t.ctid = u.address"
        );
        assert_eq!(
            GONE.text(Dialect::Postgres),
            "WITH u AS MATERIALIZED (SELECT u.*, t.address FROM UNNEST($1::bigint[]) AS u (v_id) \
             CROSS JOIN LATERAL (SELECT ctid AS address FROM t WHERE id = u.v_id OFFSET 0) t) \
             DELETE FROM t USING u WHERE t.ctid = u.address"
        );
        assert!(ADD.text(Dialect::Postgres).contains("SELECT u.v_id FROM UNNEST"));
    }
}
