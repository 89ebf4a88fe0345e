//! What a bill run writes: the rows that the floor writes again.
//!
//! It deliberately names tables and keys but takes new rows' columns from the database, so that a
//! new column is measured without a change here. The order is the one the guards expect: lines,
//! deliveries on them, bills that seal them; entries, transactions that seal them.

use crate::failure::Failure;
use crate::rows::Rows;

/// What happens to the rows of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// They are new.
    Insert,
    /// They exist, and some columns change.
    Update {
        /// The columns that change.
        set: &'static [&'static str],
        /// The columns that find the row.
        key: &'static [&'static str],
    },
    /// They go.
    Delete {
        /// The columns that find the row.
        key: &'static [&'static str],
    },
}

/// The rows of one table that a run writes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The table, `t` in `from`.
    pub table: &'static str,
    /// What happens to the rows.
    pub action: Action,
    /// Where they are found: `FROM` and what follows; `$1` and `$2` are the first and the last
    /// customer.
    from: &'static str,
}

/// The steps, in order.
pub const STEPS: [Step; 13] = [
    Step {
        table: "bill_lines",
        action: Action::Insert,
        from: "FROM bill_lines t JOIN bills b ON b.id = t.bill_id \
               WHERE b.customer_id BETWEEN $1 AND $2 ORDER BY t.bill_id, t.line_no",
    },
    Step {
        table: "deliveries",
        action: Action::Update {
            set: &["bill_id", "line_no"],
            key: &["customer_id", "day", "shift", "product_id", "reference"],
        },
        from: "FROM deliveries t WHERE t.customer_id BETWEEN $1 AND $2 AND t.bill_id IS NOT NULL \
               ORDER BY t.customer_id, t.day, t.shift, t.product_id, t.reference",
    },
    Step {
        table: "orders",
        action: Action::Update { set: &["bill_id", "line_no"], key: &["id"] },
        from: "FROM orders t WHERE t.customer_id BETWEEN $1 AND $2 AND t.bill_id IS NOT NULL \
               ORDER BY t.id",
    },
    Step {
        table: "bills",
        action: Action::Insert,
        from: "FROM bills t WHERE t.customer_id BETWEEN $1 AND $2 ORDER BY t.id",
    },
    Step {
        table: "ledger_entries",
        action: Action::Insert,
        from: "FROM ledger_entries t JOIN ledger_transactions x ON x.id = t.transaction_id \
               WHERE x.customer_id BETWEEN $1 AND $2 AND x.cause = 'bill' \
               ORDER BY t.transaction_id, t.entry_no",
    },
    Step {
        table: "ledger_transactions",
        action: Action::Insert,
        from: "FROM ledger_transactions t \
               WHERE t.customer_id BETWEEN $1 AND $2 AND t.cause = 'bill' ORDER BY t.id",
    },
    Step {
        table: "audit",
        action: Action::Insert,
        from: "FROM audit t JOIN bills b ON b.number = t.record \
               WHERE b.customer_id BETWEEN $1 AND $2 AND t.table_name = 'bills' ORDER BY t.id",
    },
    Step {
        table: "unbilled_months",
        action: Action::Delete { key: &["customer_id", "month"] },
        from: "FROM unbilled_months t WHERE t.customer_id BETWEEN $1 AND $2 \
               ORDER BY t.customer_id, t.month",
    },
    Step {
        table: "counters",
        action: Action::Update { set: &["next"], key: &["name"] },
        from: "FROM counters t ORDER BY t.name",
    },
    Step {
        table: "number_series",
        action: Action::Insert,
        from: "FROM number_series t ORDER BY t.prefix, t.financial_year",
    },
    Step {
        table: "issued_months",
        action: Action::Insert,
        from: "FROM issued_months t ORDER BY t.month",
    },
    Step { table: "bill_runs", action: Action::Insert, from: "FROM bill_runs t ORDER BY t.id" },
    Step {
        table: "audit",
        action: Action::Insert,
        from: "FROM audit t WHERE t.table_name = 'bill_runs' ORDER BY t.id",
    },
];

impl Step {
    /// Whether the rows belong to customers; the others are a handful.
    pub fn is_by_customer(&self) -> bool {
        self.from.contains("BETWEEN $1")
    }

    /// The columns that are read and written; of new rows, `all` of the table.
    pub fn columns(&self, all: impl FnOnce() -> Result<Vec<String>, Failure>) -> Columns {
        let named = |columns: &[&str]| columns.iter().map(|name| (*name).to_owned()).collect();
        match self.action {
            Action::Insert => all(),
            Action::Update { set, key } => Ok(named(&[set, key].concat())),
            Action::Delete { key } => Ok(named(key)),
        }
    }

    /// The statement that reads the rows.
    pub fn reading(&self, columns: &[String]) -> String {
        let columns: Vec<String> = columns.iter().map(|name| format!("t.{name}")).collect();
        format!("SELECT {} {}", columns.join(", "), self.from)
    }

    /// The statement that writes one row, its parameters in the order of the columns.
    pub fn writing(&self, columns: &[String]) -> String {
        let table = self.table;
        match self.action {
            Action::Insert => {
                let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
                format!(
                    "INSERT INTO {table} ({}) VALUES ({})",
                    columns.join(", "),
                    places.join(", ")
                )
            }
            Action::Update { set, key } => {
                let changes = equal(set, 1).join(", ");
                let found = equal(key, set.len() + 1).join(" AND ");
                format!("UPDATE {table} SET {changes} WHERE {found}")
            }
            Action::Delete { key } => {
                format!("DELETE FROM {table} WHERE {}", equal(key, 1).join(" AND "))
            }
        }
    }
}

type Columns = Result<Vec<String>, Failure>;

fn equal(columns: &[&str], first: usize) -> Vec<String> {
    columns.iter().zip(first..).map(|(name, place)| format!("{name} = ${place}")).collect()
}

/// The rows of one step.
#[derive(Debug)]
pub struct Batch {
    /// What is done with them.
    pub step: Step,
    /// Their columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Rows,
}

/// Everything a run wrote.
#[derive(Debug)]
pub struct Written {
    /// Step by step, in order.
    pub batches: Vec<Batch>,
}

/// A database from which rows are read.
pub trait Source {
    /// All columns of a table.
    fn columns(&mut self, table: &str) -> Result<Vec<String>, Failure>;

    /// Adds what a statement finds; its parameters, if any, are a range of customers.
    fn read(&mut self, sql: &str, range: &[i32], rows: &mut Rows) -> Result<(), Failure>;
}

impl Written {
    /// Reads what a run has added, for ranges of customers, given the database before and after.
    pub fn read(
        before: &mut dyn Source,
        after: &mut dyn Source,
        customers: &[[i32; 2]],
    ) -> Result<Self, Failure> {
        let mut batches = Vec::with_capacity(STEPS.len());
        for step in STEPS {
            let columns = step.columns(|| after.columns(step.table))?;
            let sql = step.reading(&columns);
            let find = |source: &mut dyn Source| {
                let mut rows = Rows::new(columns.len());
                if step.is_by_customer() {
                    let mut ranges = customers.iter();
                    ranges.try_for_each(|range| source.read(&sql, range, &mut rows))?;
                } else {
                    source.read(&sql, &[], &mut rows)?;
                }
                Ok::<_, Failure>(rows)
            };
            let rows = match step.action {
                Action::Delete { .. } => find(before)?.without(&find(after)?)?,
                Action::Insert | Action::Update { .. } => find(after)?,
            };
            batches.push(Batch { step, columns, rows });
        }
        Ok(Self { batches })
    }

    /// How many rows were written.
    pub fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.rows.len()).sum()
    }

    /// How many rows of customers were written.
    pub fn len_by_customer(&self) -> usize {
        let by_customer = self.batches.iter().filter(|batch| batch.step.is_by_customer());
        by_customer.map(|batch| batch.rows.len()).sum()
    }

    /// How many rows of a table were written.
    pub fn len_of(&self, table: &str) -> usize {
        let of_table = self.batches.iter().filter(|batch| batch.step.table == table);
        of_table.map(|batch| batch.rows.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, STEPS, Step};

    fn step(table: &str) -> Step {
        *STEPS.iter().find(|step| step.table == table).unwrap()
    }

    #[test]
    fn parameters_stand_in_the_order_of_the_columns() {
        let links = step("deliveries");
        let columns = links.columns(|| Ok(Vec::new())).unwrap();
        assert_eq!(
            links.writing(&columns),
            "UPDATE deliveries SET bill_id = $1, line_no = $2 WHERE customer_id = $3 AND day = $4 \
             AND shift = $5 AND product_id = $6 AND reference = $7"
        );
        assert!(links.reading(&columns).starts_with("SELECT t.bill_id, t.line_no, t.customer_id"));
        let months = step("unbilled_months");
        let columns = months.columns(|| Ok(Vec::new())).unwrap();
        let sql = "DELETE FROM unbilled_months WHERE customer_id = $1 AND month = $2";
        assert_eq!(months.writing(&columns), sql);
        let runs = step("bill_runs");
        let columns = runs.columns(|| Ok(vec!["id".to_owned(), "month".to_owned()])).unwrap();
        let sql = "INSERT INTO bill_runs (id, month) VALUES ($1, $2)";
        assert_eq!(runs.writing(&columns), sql);
    }

    #[test]
    fn few_rows_belong_to_no_customer() {
        let few: Vec<&str> =
            STEPS.iter().filter(|step| !step.is_by_customer()).map(|step| step.table).collect();
        assert_eq!(few, ["counters", "number_series", "issued_months", "bill_runs", "audit"]);
        assert_eq!(STEPS.iter().filter(|step| step.action == Action::Insert).count(), 9);
    }
}
