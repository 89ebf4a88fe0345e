//! Reading a CSV file record by record in bounded memory: RFC 4180, UTF-8 with or without a byte
//! order mark.
//!
//! It deliberately does not know what the columns mean.

use super::report::BadFile;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest record that is read, in bytes. No honest row comes near it.
const MAX_RECORD_BYTES: usize = 64 * 1024;
/// The largest number of fields of a record.
const MAX_FIELDS: usize = 64;
/// Bytes read from the file at a time.
const BUFFER_BYTES: usize = 128 * 1024;
/// The UTF-8 byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// One record: its fields, and the line it starts on.
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
    /// The line the record starts on, from 1.
    pub(super) line: u64,
}

impl Record {
    /// Number of fields.
    pub(super) const fn len(&self) -> usize {
        self.fields
    }

    /// The bytes of a field, counted from 0.
    pub(super) fn field(&self, place: usize) -> &[u8] {
        let start = match place {
            0 => 0,
            _ => self.ends.get(place - 1).copied().unwrap_or(0),
        };
        let end = self.ends.get(place).copied().unwrap_or(start);
        if place < self.fields { self.bytes.get(start..end).unwrap_or(&[]) } else { &[] }
    }
}

/// A CSV file being read.
pub(super) struct CsvFile {
    path: PathBuf,
    file: Box<dyn Read>,
    reader: Reader,
    buffer: Vec<u8>,
    /// What of the buffer is not parsed yet.
    start: usize,
    end: usize,
    /// Bytes read so far.
    pub(super) bytes_read: u64,
    record: Record,
    lines: LineCounter,
}

/// Counts physical lines (`\n`, `\r\n` or `\r` end one, also inside quotes) and quotes.
#[derive(Default)]
struct LineCounter {
    ended: u64,
    quotes: u64,
    after_return: bool,
}

impl LineCounter {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' => self.ended += 1,
                b'\r' => {
                    self.ended += 1;
                    self.after_return = true;
                }
                _ => {
                    self.quotes += u64::from(*byte == b'"');
                    self.after_return = false;
                }
            }
        }
    }
}

impl CsvFile {
    /// Opens a file and passes its byte order mark, if it has one.
    pub(super) fn open(path: &Path) -> Result<Self, BadFile> {
        let unreadable = |why: String| {
            let what = format!("the file cannot be read: {why}; expected a CSV file");
            BadFile::whole(path, 0, 0, what)
        };
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable("it is a folder".to_owned()));
        }
        Self::read(path, Box::new(file))
    }

    /// Begins to read a file, from wherever it comes; `path` is what it is called.
    pub(super) fn read(path: &Path, file: Box<dyn Read>) -> Result<Self, BadFile> {
        let mut csv = Self {
            path: path.to_owned(),
            file,
            reader: ReaderBuilder::new().build(),
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            bytes_read: 0,
            record: Record {
                bytes: vec![0; MAX_RECORD_BYTES],
                ends: vec![0; MAX_FIELDS],
                fields: 0,
                line: 1,
            },
            lines: LineCounter::default(),
        };
        csv.fill()?;
        if csv.buffer.get(..csv.end).is_some_and(|bytes| bytes.starts_with(MARK)) {
            csv.start = MARK.len();
        }
        Ok(csv)
    }

    fn fill(&mut self) -> Result<(), BadFile> {
        loop {
            match self.file.read(&mut self.buffer) {
                Ok(count) => {
                    self.start = 0;
                    self.end = count;
                    self.bytes_read += count as u64;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let what = format!("the file cannot be read further: {error}");
                    return Err(BadFile::whole(&self.path, self.lines.ended + 1, 1, what));
                }
            }
        }
    }

    /// Reads the next record; `None` at the end of the file. Blank lines are passed over.
    pub(super) fn next(&mut self) -> Result<Option<&Record>, BadFile> {
        let mut written = 0;
        let mut fields = 0;
        let mut started = false;
        let quotes = self.lines.quotes;
        loop {
            if !started {
                self.pass_line_ends()?;
                self.record.line = self.lines.ended + 1;
                started = true;
            }
            if self.start == self.end {
                self.fill()?;
            }
            let input = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            let out = self.record.bytes.get_mut(written..).unwrap_or(&mut []);
            let ends = self.record.ends.get_mut(fields..).unwrap_or(&mut []);
            let at_end = input.is_empty();
            let (result, taken, wrote, ended) = self.reader.read_record(input, out, ends);
            let passed = input.get(..taken).unwrap_or(&[]);
            self.lines.pass(passed);
            self.start += taken;
            written += wrote;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                // Quotes come in pairs, but for one that swallowed the rest of the file.
                ReadRecordResult::Record if at_end && (self.lines.quotes - quotes) % 2 == 1 => {
                    let what =
                        "a quote opens in this row and is never closed; expected a second \"";
                    let (path, line) = (&self.path, self.record.line);
                    return Err(BadFile::whole(path, line, fields, what.to_owned()));
                }
                ReadRecordResult::Record => {
                    self.record.fields = fields;
                    return Ok(Some(&self.record));
                }
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::OutputFull => {
                    return Err(self.too_large(fields + 1, "is longer than 64 KiB"));
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(self.too_large(MAX_FIELDS, "has more than 64 fields"));
                }
            }
        }
    }

    /// Passes line ends before a record, so that its first line is known.
    fn pass_line_ends(&mut self) -> Result<(), BadFile> {
        loop {
            if self.start == self.end {
                self.fill()?;
                if self.end == 0 {
                    return Ok(());
                }
            }
            let rest = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            let count = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            self.lines.pass(rest.get(..count).unwrap_or(&[]));
            self.start += count;
            if self.start < self.end {
                return Ok(());
            }
        }
    }

    fn too_large(&self, column: usize, what: &str) -> BadFile {
        let what = format!(
            "the row {what}; expected one delivery, customer or price a row (is a quote missing?)"
        );
        BadFile::whole(&self.path, self.record.line, column, what)
    }
}

#[cfg(test)]
mod tests {
    use super::CsvFile;
    use std::io::Write;

    fn read(content: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let mut csv = CsvFile::open(file.path()).map_err(|error| error.to_string())?;
        let mut records = Vec::new();
        while let Some(record) = csv.next().map_err(|error| error.to_string())? {
            let text = |place| String::from_utf8_lossy(record.field(place)).into_owned();
            records.push((record.line, (0..record.len()).map(text).collect()));
        }
        Ok(records)
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn lines_are_counted_through_quotes_blank_lines_and_all_line_ends() {
        let found = read(b"\xef\xbb\xbfa,b\r\n\r\n1,\"x\r\ny\"\r\n2,\"q\"\"q\"\n\n\n3,z").unwrap();
        let expected = [
            row(1, &["a", "b"]),
            row(3, &["1", "x\r\ny"]),
            row(5, &["2", "q\"q"]),
            row(8, &["3", "z"]),
        ];
        assert_eq!(found, expected);
        assert_eq!(read(b"").unwrap(), []);
        assert_eq!(read(b"\n\n").unwrap(), []);
        assert_eq!(read(b"a,").unwrap(), [row(1, &["a", ""])]);
    }

    #[test]
    fn long_files_cross_the_buffer() {
        let mut content = String::from("a,b\n");
        for number in 0..60_000 {
            content.push_str(&format!("{number},\"two\nlines\"\n"));
        }
        let found = read(content.as_bytes()).unwrap();
        assert_eq!(found.len(), 60_001);
        assert_eq!(found[60_000], row(2 + 2 * 59_999, &["59999", "two\nlines"]));
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nothing_unnoticed() {
        let error = read(b"a,b\n1,\"x\n2,y\n3,z\n").unwrap_err();
        assert!(error.contains(":2:2: a quote opens"), "{error}");
        assert_eq!(read(b"a,b\n1,\"x\"").unwrap()[1], row(2, &["1", "x"]));
    }

    #[test]
    fn a_huge_field_is_refused_in_bounded_memory() {
        let mut content = b"a,b\n1,\"".to_vec();
        content.resize(1_000_000, b'x');
        let error = read(&content).unwrap_err();
        assert!(error.contains(":2:2: the row is longer than 64 KiB"), "{error}");
        let many = ",".repeat(100);
        assert!(read(many.as_bytes()).unwrap_err().contains("more than 64 fields"));
    }
}
