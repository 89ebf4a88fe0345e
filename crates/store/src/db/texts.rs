//! The texts that statements over sets become, made once by each thread: making one takes longer
//! than many a statement runs.
//!
//! It deliberately knows only texts that are part of the program, which stay where they are.

use super::sets::{Each, Insert};
use super::{Column, Dialect};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What is made of a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    /// A statement for each row, for SQLite or PostgreSQL.
    Each(bool),
    /// New rows, one by one.
    Insert,
    /// The question for the types of the columns of new rows.
    Shape,
    /// New rows, as arrays.
    Arrays,
}

/// Where the two parts of a set are in the program, how long they are, and what is made of them.
type Key = ((usize, usize), (usize, usize), Made);

thread_local! {
    static TEXTS: RefCell<HashMap<Key, Rc<str>>> = RefCell::default();
}

fn place<T>(part: &'static [T]) -> (usize, usize) {
    (part.as_ptr() as usize, part.len())
}

fn once(key: Key, make: impl FnOnce() -> String) -> Rc<str> {
    TEXTS.with_borrow_mut(|texts| Rc::clone(texts.entry(key).or_insert_with(|| make().into())))
}

impl Each {
    /// The text for one database, as it takes it.
    pub(super) fn made(&self, dialect: Dialect) -> Rc<str> {
        let made = Made::Each(dialect == Dialect::Sqlite);
        once((place(self.sql.as_bytes()), place(self.columns), made), || {
            dialect.statement(&self.text(dialect)).into_owned()
        })
    }
}

impl Insert {
    fn key(&self, made: Made) -> Key {
        (place(self.table.as_bytes()), place(self.columns), made)
    }

    /// The text that SQLite takes for each row.
    pub(super) fn made(&self) -> Rc<str> {
        once(self.key(Made::Insert), || Dialect::Sqlite.statement(&self.sql()).into_owned())
    }

    /// The text that asks PostgreSQL for the types of the columns.
    pub(super) fn made_shape(&self) -> Rc<str> {
        once(self.key(Made::Shape), || self.shape())
    }

    /// The text that PostgreSQL takes with arrays; the columns of a table have always the same
    /// types.
    pub(super) fn made_by_arrays(&self, columns: &[Column]) -> Rc<str> {
        once(self.key(Made::Arrays), || self.by_arrays(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Dialect, Each, Insert};

    #[test]
    fn texts_of_different_sets_are_different() {
        const ONE: Insert = Insert { table: "one", columns: &["id", "name"] };
        const OTHER: Insert = Insert { table: "other", columns: &["id", "name"] };
        const LESS: Insert = Insert { table: "one", columns: &["id"] };
        for _ in 0..2 {
            assert_eq!(&*ONE.made(), "INSERT INTO one (id, name) VALUES (?1, ?2)");
            assert_eq!(&*OTHER.made(), "INSERT INTO other (id, name) VALUES (?1, ?2)");
            assert_eq!(&*LESS.made(), "INSERT INTO one (id) VALUES (?1)");
            assert_eq!(&*LESS.made_shape(), "SELECT id FROM one WHERE FALSE");
        }
        let each = Each { sql: "DELETE FROM t WHERE id = :id", columns: &[Column::Int("id")] };
        assert_eq!(&*each.made(Dialect::Sqlite), "DELETE FROM t WHERE id = ?1");
        assert!(each.made(Dialect::Postgres).contains("UNNEST($1::bigint[])"));
    }
}
