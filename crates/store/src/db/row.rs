//! One row on its way out of the database.
//!
//! It deliberately reads by position: the queries name their columns themselves.

use super::StoreError;
use std::error::Error;
use tokio_postgres::types::{FromSql, Type};

/// A row of either database.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// An integer of any width.
struct AnyInt(i64);

impl<'a> FromSql<'a> for AnyInt {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT2 => i64::from(i16::from_sql(ty, raw)?),
            Type::INT4 => i64::from(i32::from_sql(ty, raw)?),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

fn wrong(place: usize, what: impl std::fmt::Display) -> StoreError {
    StoreError::unexpected(format!("column {} of a query: {what}", place + 1))
}

impl Row<'_> {
    /// The integer in a column, counted from 0.
    pub fn int(&self, place: usize) -> Result<i64, StoreError> {
        self.opt_int(place)?.ok_or_else(|| wrong(place, "nothing, expected an integer"))
    }

    /// The integer in a column, if there is one.
    pub fn opt_int(&self, place: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => row.get(place).map_err(|error| wrong(place, error)),
            Self::Postgres(row) => row
                .try_get::<_, Option<AnyInt>>(place)
                .map(|value| value.map(|value| value.0))
                .map_err(|error| wrong(place, error)),
        }
    }

    /// The text in a column, counted from 0.
    pub fn text(&self, place: usize) -> Result<&str, StoreError> {
        self.opt_text(place)?.ok_or_else(|| wrong(place, "nothing, expected a text"))
    }

    /// The text in a column, if there is one.
    pub fn opt_text(&self, place: usize) -> Result<Option<&str>, StoreError> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(place)
                .map_err(|error| wrong(place, error))?
                .as_str_or_null()
                .map_err(|error| wrong(place, error)),
            Self::Postgres(row) => row.try_get(place).map_err(|error| wrong(place, error)),
        }
    }

    /// The flag in a column.
    pub fn flag(&self, place: usize) -> Result<bool, StoreError> {
        Ok(self.int(place)? != 0)
    }
}
