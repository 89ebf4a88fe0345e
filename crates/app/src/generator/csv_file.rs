//! Writing one CSV file of RFC 4180, row by row, with errors that name the file.
//!
//! It deliberately keeps one row at a time and ends lines with a line feed, as most tools do.

use super::error::GeneratorError;
use std::fmt::{Display, Write as _};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Bytes collected before the operating system is asked to write.
const BUFFER_BYTES: usize = 256 * 1024;

/// Creates a folder, and those above it, unless it is there.
pub fn create_folder(path: &Path) -> Result<(), GeneratorError> {
    if path.exists() && !path.is_dir() {
        let path = path.to_path_buf();
        return Err(GeneratorError::NotAFolder { path });
    }
    fs::create_dir_all(path).map_err(failed("create the folder", path))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GeneratorError {
    let path = path.to_path_buf();
    move |source| GeneratorError::Io { doing, path, source }
}

/// A CSV file that is being written.
pub struct CsvFile {
    path: PathBuf,
    out: BufWriter<File>,
    line: String,
    fields: usize,
    rows: u64,
}

impl CsvFile {
    /// Creates or empties the file and writes its header row.
    pub fn create(path: PathBuf, columns: &[&str]) -> Result<Self, GeneratorError> {
        let file = File::create(&path).map_err(failed("create", &path))?;
        let mut csv = Self {
            path,
            out: BufWriter::with_capacity(BUFFER_BYTES, file),
            line: String::new(),
            fields: 0,
            rows: 0,
        };
        for column in columns {
            csv.text(column);
        }
        csv.end_row()?;
        csv.rows = 0;
        Ok(csv)
    }

    /// Adds a field of any text, quoted where it must be.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        if text.contains([',', '"', '\n', '\r']) {
            self.line.push('"');
            self.line.push_str(&text.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(text);
        }
        self
    }

    /// Adds a field that never needs quotes, such as a number or a code.
    pub fn plain(&mut self, value: impl Display) -> &mut Self {
        self.separate();
        // Writing to a string does not fail.
        let _ = write!(self.line, "{value}");
        self
    }

    /// Adds a blank field.
    pub fn blank(&mut self) -> &mut Self {
        self.separate();
        self
    }

    /// Ends the row and hands it to the file.
    pub fn end_row(&mut self) -> Result<(), GeneratorError> {
        self.line.push('\n');
        let written = self.out.write_all(self.line.as_bytes());
        self.line.clear();
        self.fields = 0;
        self.rows += 1;
        written.map_err(failed("write", &self.path))
    }

    /// Writes what is left and gives the number of rows, the header not counted.
    pub fn finish(mut self) -> Result<u64, GeneratorError> {
        self.out.flush().map_err(failed("write", &self.path))?;
        Ok(self.rows)
    }

    fn separate(&mut self) {
        if self.fields > 0 {
            self.line.push(',');
        }
        self.fields += 1;
    }
}
