//! What can go wrong with a database, told so that the owner of a small dairy knows what to do.
//!
//! It deliberately does not name a violated constraint as a decision: SQLite does not say which
//! one it was. Rules are decided in `domain` before anything is saved.

use thiserror::Error;

/// Why the store could not do its work. Nothing of the transaction was kept.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The URL is of no known kind.
    #[error(
        "the database \"{0}\" is not understood; expected sqlite:FILE, such as sqlite:dairyos.db, \
         or postgres://user@host/name"
    )]
    Url(String),
    /// There is no such file.
    #[error("there is no database at {0}; create one with dairyos init")]
    Missing(String),
    /// The database holds the tables of another program.
    #[error(
        "the database holds tables of another program (such as {0}); name another file or an empty \
         database"
    )]
    Foreign(String),
    /// The file is no database, or a damaged one.
    #[error(
        "the database is damaged or not a DairyOS database ({0}); keep a copy of the file and \
         restore the latest backup"
    )]
    Corrupt(String),
    /// The database has no tables of ours.
    #[error("the database has no DairyOS tables; create them with dairyos init")]
    NotInitialised,
    /// The database was made by a later program.
    #[error(
        "the database has schema version {found}, newer than this program's {known}; use the \
         newer program that made it"
    )]
    Newer {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// The database was made by an earlier program.
    #[error(
        "the database has schema version {found}, this program needs {known}; make a backup, then \
         run dairyos migrate"
    )]
    Older {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// Another program holds the database.
    #[error("the database is in use by another program and did not become free; try again ({0})")]
    Busy(String),
    /// The file may not be written.
    #[error(
        "the database cannot be opened or written ({0}); check the permissions of its file and \
         folder"
    )]
    ReadOnly(String),
    /// There is no room.
    #[error("the disk of the database is full ({0}); free some space and run the command again")]
    Full(String),
    /// The server cannot be reached or went away.
    #[error("the database cannot be reached ({0}); check that it runs and that the URL is right")]
    Unreachable(String),
    /// The database refused a change that breaks one of its rules.
    #[error("the database refused the change: {0}")]
    Refused(String),
    /// What is kept is not what this program writes.
    #[error("the database holds an unexpected value: {0}; run dairyos verify")]
    Unexpected(String),
    /// Anything else.
    #[error("the database reports: {0}")]
    Other(String),
}

impl StoreError {
    /// An unexpected value in a column.
    pub fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }
}

/// Translates an error of SQLite.
pub fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => StoreError::Busy(text),
        Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => {
            StoreError::ReadOnly(text)
        }
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => StoreError::Corrupt(text),
        Some(Code::DiskFull) => StoreError::Full(text),
        Some(Code::ConstraintViolation) => StoreError::Refused(text),
        _ => StoreError::Other(text),
    }
}

/// Translates an error of PostgreSQL (SQLSTATE classes, PostgreSQL manual, appendix A).
pub fn from_postgres(error: &tokio_postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        return if error.is_closed() || text.contains("connect") || text.contains("communicating") {
            StoreError::Unreachable(text)
        } else {
            StoreError::Other(text)
        };
    };
    let code = db.code().code();
    let table = db.table().map(|table| format!(" (table {table})")).unwrap_or_default();
    let text = format!("{}{table}", db.message());
    match code {
        "53100" => StoreError::Full(text),
        "25006" => StoreError::ReadOnly(text),
        "55P03" | "40001" | "40P01" => StoreError::Busy(text),
        "XX001" | "XX002" => StoreError::Corrupt(text),
        "57P01" | "57P02" | "57P03" | "3D000" | "28000" | "28P01" | "53300" => {
            StoreError::Unreachable(text)
        }
        _ if code.starts_with("23") => StoreError::Refused(text),
        _ if code.starts_with("08") => StoreError::Unreachable(text),
        _ => StoreError::Other(format!("{text} [{code}]")),
    }
}
