//! Sets on PostgreSQL: `COPY` for new rows, `UNNEST` for changes and removals; what a bare program
//! that knows PostgreSQL well would do.
//!
//! It deliberately checks nothing but the number of rows.

use super::missed;
use crate::failure::{Doing, Failure};
use crate::rows::Cell;
use crate::written::{Action, Batch};
use postgres::Transaction;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};

/// Rows in one changing statement.
const ROWS_PER_STATEMENT: usize = 20_000;

/// Keeps the planner to looking up each row by its key: a set is small beside the table, but the
/// planner does not know how small.
pub fn prepare(transaction: &mut Transaction<'_>) -> Result<(), Failure> {
    let sql = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
               SET LOCAL enable_mergejoin = off";
    transaction.batch_execute(sql).doing("set up the planner")
}

/// Writes the rows of a step.
pub fn write(transaction: &mut Transaction<'_>, batch: &Batch) -> Result<(), Failure> {
    match batch.step.action {
        Action::Insert => copy(transaction, batch),
        Action::Update { set, key } => {
            let places = set.len()..set.len() + key.len();
            let changes: Vec<String> = set
                .iter()
                .enumerate()
                .map(|(place, column)| format!("{column} = u.v{place}"))
                .collect();
            let found = conditions(key, places.start);
            let table = batch.step.table;
            let head = format!("UPDATE {table} AS t SET {} FROM", changes.join(", "));
            change(transaction, batch, &head, &found)
        }
        Action::Delete { key } => {
            let head = format!("DELETE FROM {} AS t USING", batch.step.table);
            change(transaction, batch, &head, &conditions(key, 0))
        }
    }
}

fn conditions(key: &[&str], first: usize) -> String {
    let pairs = key.iter().zip(first..).map(|(name, place)| format!("t.{name} = u.v{place}"));
    pairs.collect::<Vec<_>>().join(" AND ")
}

fn copy(transaction: &mut Transaction<'_>, batch: &Batch) -> Result<(), Failure> {
    let table = batch.step.table;
    let doing = || format!("copy into {table}");
    let columns = batch.columns.join(", ");
    let shape = transaction.prepare(&format!("SELECT {columns} FROM {table}")).doing(doing())?;
    let types: Vec<Type> = shape.columns().iter().map(|column| column.type_().clone()).collect();
    let sql = format!("COPY {table} ({columns}) FROM STDIN BINARY");
    let mut writer = BinaryCopyInWriter::new(transaction.copy_in(&sql).doing(doing())?, &types);
    for row in batch.rows.iter() {
        let row: Vec<Cell<'_>> = row.collect();
        let row: Vec<&(dyn ToSql + Sync)> =
            row.iter().map(|cell| -> &(dyn ToSql + Sync) { cell }).collect();
        writer.write(&row).doing(doing())?;
    }
    writer.finish().doing(doing())?;
    Ok(())
}

fn change(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    head: &str,
    found: &str,
) -> Result<(), Failure> {
    let table = batch.step.table;
    let doing = || format!("change {table}");
    let columns = batch.columns.join(", ");
    let shape = transaction.prepare(&format!("SELECT {columns} FROM {table}")).doing(doing())?;
    let types: Vec<Type> = shape.columns().iter().map(|column| column.type_().clone()).collect();
    let arrays: Vec<String> =
        types.iter().zip(1..).map(|(ty, place)| format!("${place}::{ty}[]")).collect();
    let names: Vec<String> = (0..types.len()).map(|place| format!("v{place}")).collect();
    let (arrays, names) = (arrays.join(", "), names.join(", "));
    let sql = format!("{head} UNNEST({arrays}) AS u ({names}) WHERE {found}");
    let statement = transaction.prepare(&sql).doing(doing())?;
    let mut from = 0;
    while from < batch.rows.len() {
        let count = ROWS_PER_STATEMENT.min(batch.rows.len() - from);
        let column = |place| -> Vec<Cell<'_>> { batch.rows.column(place, from, count).collect() };
        let columns: Vec<Vec<Cell<'_>>> = (0..types.len()).map(column).collect();
        let params: Vec<&(dyn ToSql + Sync)> =
            columns.iter().map(|column| -> &(dyn ToSql + Sync) { column }).collect();
        let changed = transaction.execute(&statement, &params).doing(doing())?;
        if changed != count as u64 {
            return Err(missed(table, changed, count));
        }
        from += count;
    }
    Ok(())
}
