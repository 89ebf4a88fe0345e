//! Rows in memory, compactly: many small rows of integers and texts, all of one width.
//!
//! It deliberately knows no column's meaning.

use crate::failure::Failure;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::collections::HashSet;
use std::error::Error;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// An integer of any width.
    Int(i64),
    /// A text.
    Text(&'a str),
}

/// One value as it is kept: a text is a piece of all texts.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Null,
    Int(i64),
    Text { start: u32, len: u32 },
}

/// Rows of one width.
#[derive(Debug)]
pub struct Rows {
    width: usize,
    cells: Vec<Kept>,
    texts: String,
}

impl Rows {
    /// No rows, of a width of at least 1.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1), cells: Vec::new(), texts: String::new() }
    }

    /// Adds the next value of the row being added.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<(), Failure> {
        let kept = match cell {
            Cell::Null => Kept::Null,
            Cell::Int(value) => Kept::Int(value),
            Cell::Text(text) => {
                let place = u32::try_from(self.texts.len());
                let (Ok(start), Ok(len)) = (place, u32::try_from(text.len())) else {
                    return Err(Failure::new("the rows hold more text than 4 GiB; measure fewer"));
                };
                self.texts.push_str(text);
                Kept::Text { start, len }
            }
        };
        self.cells.push(kept);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    /// Each row's values.
    pub fn iter(&self) -> impl Iterator<Item = impl ExactSizeIterator<Item = Cell<'_>>> {
        self.cells.chunks_exact(self.width).map(|row| row.iter().map(|kept| self.cell(*kept)))
    }

    /// The values of one column, of `count` rows from row `from` on.
    pub fn column(
        &self,
        place: usize,
        from: usize,
        count: usize,
    ) -> impl Iterator<Item = Cell<'_>> {
        let cells = self.cells.get(from * self.width + place..).unwrap_or_default();
        cells.iter().step_by(self.width).take(count).map(|kept| self.cell(*kept))
    }

    /// The rows that `others` does not hold.
    pub fn without(&self, others: &Self) -> Result<Self, Failure> {
        let known: HashSet<Vec<Cell<'_>>> = others.iter().map(Iterator::collect).collect();
        let mut left = Self::new(self.width);
        for row in self.iter() {
            let row: Vec<Cell<'_>> = row.collect();
            if !known.contains(&row) {
                row.into_iter().try_for_each(|cell| left.push(cell))?;
            }
        }
        Ok(left)
    }

    fn cell(&self, kept: Kept) -> Cell<'_> {
        match kept {
            Kept::Null => Cell::Null,
            Kept::Int(value) => Cell::Int(value),
            Kept::Text { start, len } => {
                let start = start as usize;
                Cell::Text(self.texts.get(start..start + len as usize).unwrap_or_default())
            }
        }
    }
}

impl<'a> Cell<'a> {
    /// A value as SQLite has it.
    pub fn of_sqlite(value: ValueRef<'a>) -> Result<Self, Failure> {
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(value) => Ok(Self::Int(value)),
            ValueRef::Text(bytes) => str::from_utf8(bytes)
                .map(Self::Text)
                .map_err(|_| Failure::new("a text in the database is not UTF-8")),
            ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(Failure::new("a column holds neither integers nor texts"))
            }
        }
    }
}

impl rusqlite::ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT2 => i16::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8 | Type::TEXT)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            _ => Self::Text(<&str>::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Self as ToSql>::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Rows};

    fn rows(cells: &[Cell<'_>]) -> Rows {
        let mut rows = Rows::new(2);
        for cell in cells {
            rows.push(*cell).unwrap();
        }
        rows
    }

    #[test]
    fn rows_come_back_as_they_were_put_in() {
        let rows = rows(&[Cell::Int(1), Cell::Text("milk"), Cell::Null, Cell::Text("")]);
        assert_eq!(rows.len(), 2);
        let all: Vec<Vec<Cell<'_>>> = rows.iter().map(Iterator::collect).collect();
        assert_eq!(all[0], [Cell::Int(1), Cell::Text("milk")]);
        assert_eq!(all[1], [Cell::Null, Cell::Text("")]);
        assert_eq!(rows.column(1, 0, 9).collect::<Vec<_>>(), [Cell::Text("milk"), Cell::Text("")]);
    }

    #[test]
    fn a_difference_keeps_the_order() {
        let all = rows(&[Cell::Int(3), Cell::Int(1), Cell::Int(1), Cell::Null]);
        let some = rows(&[Cell::Int(3), Cell::Int(1)]);
        let left = all.without(&some).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left.column(0, 0, 1).collect::<Vec<_>>(), [Cell::Int(1)]);
    }
}
