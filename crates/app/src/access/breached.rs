//! Passwords that have become known in breaches elsewhere (OWASP ASVS 5.0, 6.2.12): a file of
//! SHA-1 hashes in rising order, as Have I Been Pwned publishes it, a line `HASH:COUNT` for each.
//!
//! The file is tens of gigabytes; it deliberately is searched by bisection where it lies, some
//! forty short reads, and never loaded.

use crate::AppError;
use sha1::{Digest, Sha1};
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Letters of a hash in hexadecimal.
const HASH_LETTERS: usize = 40;
/// Bytes that surely hold the rest of one line and the whole of the next: a hash, `:`, a count of
/// up to 20 digits, and a line end, twice.
const WINDOW: usize = 128;

/// A file of hashes.
#[derive(Debug)]
pub struct Breached {
    file: File,
    bytes: u64,
}

/// A line: where it begins, its hash, and where the next one begins.
struct Line {
    begin: u64,
    hash: [u8; HASH_LETTERS],
    next: u64,
}

impl Breached {
    /// Opens a file and looks at its first and last lines.
    pub fn open(path: &Path) -> Result<Self, AppError> {
        let wrong = |what: &str| {
            AppError::BadArgument(format!("the breached passwords in {}: {what}", path.display()))
        };
        let file = File::open(path).map_err(|error| wrong(&error.to_string()))?;
        let bytes = file.metadata().map_err(|error| wrong(&error.to_string()))?.len();
        let breached = Self { file, bytes };
        let first = breached.line_from(0);
        let first = first.map_err(|error| wrong(&error.to_string()))?;
        let expected = "expected lines of a SHA-1 in capitals, a colon and a count, in order";
        let first = first.ok_or_else(|| wrong(expected))?;
        let near_end = bytes.saturating_sub(WINDOW as u64);
        let last = breached.line_from(near_end).map_err(|error| wrong(&error.to_string()))?;
        if last.is_some_and(|last| last.hash < first.hash) {
            return Err(wrong(expected));
        }
        Ok(breached)
    }

    /// Whether a password is among them.
    pub fn contains(&self, password: &str) -> Result<bool, AppError> {
        let mut hash = String::with_capacity(HASH_LETTERS);
        for byte in Sha1::digest(password.as_bytes()) {
            hash.push_str(&format!("{byte:02X}"));
        }
        let found = self.find(hash.as_bytes());
        found.map_err(|error| AppError::Secrets(format!("breached passwords: {error}")))
    }

    /// Looks for a hash between lines, halving the part of the file where it can be.
    fn find(&self, hash: &[u8]) -> io::Result<bool> {
        // `low` is the beginning of a line; no line that begins at `high` or later is the one.
        let (mut low, mut high) = (0, self.bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            let line = if middle == low { self.line_at(low)? } else { self.line_from(middle)? };
            let Some(line) = line.filter(|line| line.begin < high) else {
                high = middle;
                continue;
            };
            match line.hash.as_slice().cmp(hash) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = line.next,
                Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }

    /// The first line that begins at a place or later.
    fn line_from(&self, place: u64) -> io::Result<Option<Line>> {
        let Some(before) = place.checked_sub(1) else { return self.line_at(0) };
        let mut window = [0; WINDOW];
        let read = self.read(before, &mut window)?;
        match window.iter().take(read).position(|byte| *byte == b'\n') {
            Some(end) => self.line_at(place + end as u64),
            None if read < WINDOW => Ok(None),
            None => Err(io::Error::other("a line is too long")),
        }
    }

    /// The line that begins at a place; `None` at the end.
    fn line_at(&self, begin: u64) -> io::Result<Option<Line>> {
        let mut window = [0; WINDOW];
        let read = self.read(begin, &mut window)?;
        let Some(line) = window.get(..read).filter(|line| !line.is_empty()) else {
            return Ok(None);
        };
        let length = line.iter().position(|byte| *byte == b'\n').map_or(read, |end| end + 1);
        let odd = || io::Error::other("a line is not HASH:COUNT");
        let (hash, rest) = line.split_first_chunk::<HASH_LETTERS>().ok_or_else(odd)?;
        let is_hash = hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        if !is_hash || !matches!(rest.first(), Some(b':' | b'\r' | b'\n') | None) {
            return Err(odd());
        }
        Ok(Some(Line { begin, hash: *hash, next: begin + length as u64 }))
    }

    /// Fills a window from a place on, or to the end of the file.
    fn read(&self, place: u64, window: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(room) = window.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.file.read_at(room, place + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::Breached;
    use sha1::{Digest, Sha1};
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    /// The lines of passwords, each with a count of its own length.
    fn lines(passwords: &[String], end: &str) -> String {
        let hash = |text: &String| {
            let digest = Sha1::digest(text.as_bytes());
            let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
            pairs.concat()
        };
        let mut hashes: Vec<String> = passwords.iter().map(hash).collect();
        hashes.sort_unstable();
        let line = |(place, hash): (usize, &String)| {
            format!("{hash}:{}{end}", 10_u64.pow(u32::try_from(place % 19).unwrap()))
        };
        hashes.iter().enumerate().map(line).collect()
    }

    #[test]
    fn exactly_those_of_the_file_are_found() {
        for count in [1, 2, 3, 10, 1_000] {
            for end in ["\n", "\r\n"] {
                let known: Vec<String> = (0..count).map(|n| format!("password {n}")).collect();
                let text = lines(&known, end);
                for text in [text.as_str(), text.trim_end()] {
                    let file = file(text);
                    let breached = Breached::open(file.path()).unwrap();
                    for password in &known {
                        assert!(breached.contains(password).unwrap(), "{count}: {password}");
                    }
                    for n in 0..200 {
                        assert!(!breached.contains(&format!("other {n}")).unwrap(), "{count}");
                    }
                }
            }
        }
    }

    /// The hash of "password", as published.
    #[test]
    fn a_published_line_is_read() {
        let file = file("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n");
        let breached = Breached::open(file.path()).unwrap();
        assert!(breached.contains("password").unwrap());
        assert!(!breached.contains("Password").unwrap());
    }

    #[test]
    fn other_files_are_refused() {
        let falling = "F000000000000000000000000000000000000000:1\n".to_owned()
            + &"0000000000000000000000000000000000000001:1\n".repeat(9);
        let long = "0".repeat(500);
        let small = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:1\n";
        for text in ["", "password\n123456\n", &falling, &long, small] {
            let file = file(text);
            assert_eq!(Breached::open(file.path()).unwrap_err().code(), "bad_argument");
        }
        assert!(Breached::open(std::path::Path::new("no such file")).is_err());
        // Damage in the middle is told when it is met.
        let middle = lines(&["a".to_owned()], "\n")
            + &"x".repeat(400)
            + "\n"
            + &format!("{}:1\n", "F".repeat(40)).repeat(4);
        let file = file(&middle);
        let breached = Breached::open(file.path()).unwrap();
        assert_eq!(breached.contains("somebody").unwrap_err().code(), "secrets");
    }
}
