//! What is wrong with a file, row by row.
//!
//! It deliberately lists a bounded number of rows and says when there are more.

use std::fmt;
use std::path::Path;

/// Bad rows that are listed; reading stops when there are more.
pub const MAX_BAD_ROWS: usize = 100;

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line the row starts on, from 1; the header is line 1. 0 when the file could not be
    /// read at all.
    pub line: u64,
    /// The column, from 1; 0 when the whole row is concerned.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// A file that was not imported, and why. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// The file as it was given.
    pub file: String,
    /// What is wrong with it, in the order of lines.
    pub rows: Vec<BadRow>,
    /// Whether there may be more than is listed.
    pub more: bool,
}

impl std::error::Error for BadFile {}

impl BadFile {
    /// A file that is wrong as a whole.
    pub(super) fn whole(path: &Path, line: u64, column: usize, what: String) -> Self {
        let file = path.display().to_string();
        Self { file, rows: vec![BadRow { line, column, what }], more: false }
    }
}

/// One line per bad row, as `file:line:column: what`, and what became of the file.
impl fmt::Display for BadFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            if row.line == 0 {
                return write!(formatter, "{}: {}", self.file, row.what);
            }
            let (line, column) = (row.line, row.column.max(1));
            writeln!(formatter, "{}:{line}:{column}: {}", self.file, row.what)?;
        }
        let count = self.rows.len();
        let rows = if count == 1 { "1 problem" } else { &format!("{count} problems") };
        if self.more {
            write!(formatter, "{}: the first {rows}; there may be more", self.file)?;
        } else {
            write!(formatter, "{}: {rows}", self.file)?;
        }
        write!(formatter, "; nothing of the file was imported")
    }
}

/// Collects bad rows.
pub(super) struct BadRows {
    file: BadFile,
}

impl BadRows {
    pub(super) fn new(path: &Path) -> Self {
        let file = path.display().to_string();
        Self { file: BadFile { file, rows: Vec::new(), more: false } }
    }

    /// Notes a bad row. Columns count from 1; 0 means the whole row.
    pub(super) fn add(&mut self, line: u64, column: usize, what: impl Into<String>) {
        if self.is_full() {
            self.file.more = true;
        } else {
            self.file.rows.push(BadRow { line, column, what: what.into() });
        }
    }

    /// Notes that reading stopped before the end of the file.
    pub(super) fn stopped_early(&mut self) {
        self.file.more = true;
    }

    pub(super) fn is_full(&self) -> bool {
        self.file.rows.len() >= MAX_BAD_ROWS
    }

    pub(super) fn count(&self) -> usize {
        self.file.rows.len()
    }

    pub(super) fn into_result(mut self) -> Result<(), BadFile> {
        if self.file.rows.is_empty() {
            return Ok(());
        }
        self.file.rows.sort_by_key(|row| (row.line, row.column));
        Err(self.file)
    }
}
