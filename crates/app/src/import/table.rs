//! A CSV file with a header: columns by name, fields as trimmed text.
//!
//! It deliberately refuses unknown columns: a misspelt one would silently lose data.

use super::Job;
use super::file::{CsvFile, Record};
use super::report::BadFile;
use std::io::Read;
use std::path::Path;
use std::str;

/// A column a file may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its name in the header.
    pub(super) name: &'static str,
    /// Whether the file must have it.
    pub(super) required: bool,
}

/// A column that must be present; its fields may still be allowed to be blank.
pub(super) const fn must(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be left out.
pub(super) const fn may(name: &'static str) -> Column {
    Column { name, required: false }
}

/// How often progress is reported, in rows.
const ROWS_BETWEEN_REPORTS: u64 = 20_000;

/// A file with a header that has been understood.
pub(super) struct Table {
    csv: CsvFile,
    file_name: String,
    columns: &'static [Column],
    /// For each known column, its place in the file.
    places: Vec<Option<usize>>,
    width: usize,
}

impl Table {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path, columns: &'static [Column]) -> Result<Self, BadFile> {
        Self::begin(CsvFile::open(path)?, path, columns)
    }

    /// Reads the header of a file, from wherever it comes; `path` is what it is called.
    pub(super) fn read(
        path: &Path,
        file: Box<dyn Read>,
        columns: &'static [Column],
    ) -> Result<Self, BadFile> {
        Self::begin(CsvFile::read(path, file)?, path, columns)
    }

    fn begin(mut csv: CsvFile, path: &Path, columns: &'static [Column]) -> Result<Self, BadFile> {
        let expected: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let expected = expected.join(",");
        let wrong = |column, what| BadFile::whole(path, 1, column, what);
        let Some(header) = csv.next()? else {
            return Err(wrong(1, format!("the file is empty; expected the header {expected}")));
        };
        let mut names = Vec::with_capacity(header.len());
        for place in 0..header.len() {
            let name = str::from_utf8(header.field(place)).map_err(|_| {
                wrong(place + 1, format!("the header is not UTF-8; expected {expected}"))
            })?;
            names.push(name.trim().to_owned());
        }
        let problems = header_problems(&names, columns, &expected);
        if !problems.is_empty() {
            let rows = problems.into_iter();
            let rows = rows.map(|(column, what)| super::BadRow { line: 1, column, what });
            let file = path.display().to_string();
            return Err(BadFile { file, rows: rows.collect(), more: false });
        }
        let place = |column: &Column| names.iter().position(|name| is_named(name, column));
        let places = columns.iter().map(place).collect();
        let file_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into();
        Ok(Self { csv, file_name, columns, places, width: names.len() })
    }

    /// The file's name without its folder.
    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Hands every data row to `each`, until the end or until too much is wrong.
    pub(super) fn for_each_row<'j, 'c, E: From<BadFile>>(
        mut self,
        job: &mut Job<'j, 'c>,
        mut each: impl FnMut(&mut Job<'j, 'c>, &Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if job.is_hopeless() {
                job.bad.stopped_early();
                return Ok(());
            }
            if job.tally.rows.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                (job.progress)(self.csv.bytes_read);
            }
            let record = match self.csv.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(error) if job.bad.count() == 0 => return Err(error.into()),
                // Earlier rows are reported together with what stopped the reading.
                Err(error) => {
                    for row in error.rows {
                        job.bad.add(row.line, row.column, row.what);
                    }
                    return Ok(());
                }
            };
            job.tally.rows += 1;
            if record.len() != self.width {
                let (found, width) = (record.len(), self.width);
                let fields = if found == 1 { "field" } else { "fields" };
                let what = format!("the row has {found} {fields}; expected {width}");
                job.bad.add(record.line, 0, what);
                continue;
            }
            if let Some(column) = first_not_utf8(record) {
                let what = "the text is not UTF-8; save the file as CSV UTF-8";
                job.bad.add(record.line, column, what);
                continue;
            }
            let row = Row { record, places: &self.places, columns: self.columns };
            each(job, &row)?;
        }
    }
}

fn is_named(name: &str, column: &Column) -> bool {
    name.eq_ignore_ascii_case(column.name)
}

/// Unknown, repeated and missing columns, each with its place.
fn header_problems(names: &[String], columns: &[Column], expected: &str) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let known = columns.iter().any(|column| is_named(name, column));
        let repeated = names.iter().take(place).any(|other| other.eq_ignore_ascii_case(name));
        let shown: String = name.chars().take(40).collect();
        if !known {
            problems.push((place + 1, format!("unknown column \"{shown}\"; expected {expected}")));
        } else if repeated {
            problems.push((place + 1, format!("the column \"{shown}\" stands twice")));
        }
    }
    for column in columns.iter().filter(|column| column.required) {
        if !names.iter().any(|name| is_named(name, column)) {
            let what = format!("the column \"{}\" is missing; expected {expected}", column.name);
            problems.push((names.len(), what));
        }
    }
    problems.truncate(super::MAX_BAD_ROWS);
    problems
}

fn first_not_utf8(record: &Record) -> Option<usize> {
    (0..record.len())
        .find(|place| str::from_utf8(record.field(*place)).is_err())
        .map(|place| place + 1)
}

/// One data row.
pub(super) struct Row<'r> {
    record: &'r Record,
    places: &'r [Option<usize>],
    columns: &'static [Column],
}

impl<'r> Row<'r> {
    /// The line the row starts on.
    pub(super) const fn line(&self) -> u64 {
        self.record.line
    }

    /// The column of the file, from 1, that holds the known column `known`.
    pub(super) fn column(&self, known: usize) -> usize {
        self.places.get(known).copied().flatten().map_or(0, |place| place + 1)
    }

    /// The name of a known column.
    pub(super) fn name(&self, known: usize) -> &'static str {
        self.columns.get(known).map_or("", |column| column.name)
    }

    /// The trimmed text of a known column; empty when blank or left out.
    pub(super) fn text(&self, known: usize) -> &'r str {
        let place = self.places.get(known).copied().flatten();
        let bytes = place.map_or(&[][..], |place| self.record.field(place));
        // Checked for the whole record before.
        str::from_utf8(bytes).unwrap_or("").trim()
    }

    /// Whether the file has a known column at all.
    pub(super) fn has(&self, known: usize) -> bool {
        self.places.get(known).copied().flatten().is_some()
    }

    /// Parses a field; a failure is noted with the column's name.
    pub(super) fn parse<T, E: std::fmt::Display>(
        &self,
        job: &mut Job<'_, '_>,
        known: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(known)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(job, known, &error);
                None
            }
        }
    }

    /// Parses a field that may be blank: `Some(None)` for a blank one, `None` for a wrong one.
    #[expect(clippy::option_option, reason = "blank and wrong are different, and both usual")]
    pub(super) fn parse_optional<T, E: std::fmt::Display>(
        &self,
        job: &mut Job<'_, '_>,
        known: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if self.text(known).is_empty() {
            return Some(None);
        }
        self.parse(job, known, parse).map(Some)
    }

    /// Notes that a field is wrong.
    pub(super) fn wrong(&self, job: &mut Job<'_, '_>, known: usize, what: impl std::fmt::Display) {
        let what = format!("{}: {what}", self.name(known));
        job.bad.add(self.line(), self.column(known), what);
    }
}

/// A word of a fixed set, such as a status.
pub(super) fn word<T>(
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| {
        parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            format!("\"{shown}\" is not known; expected {expected}")
        })
    }
}
