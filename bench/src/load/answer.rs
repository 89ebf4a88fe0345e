//! Answers of HTTP/1.1 as far as a measurement needs them: status, length, entity tag.
//!
//! It deliberately reads no other header and refuses what it does not know how to end (RFC 9112,
//! section 6).

use std::ops::Range;

/// The largest head of an answer, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A whole answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The entity tag, if there is one.
    pub etag: Option<&'a str>,
    /// The body, in one piece.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// For people: the status and the body.
    pub fn shown(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(self.body))
    }
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// After so many bytes.
    Length(usize),
    /// After the last piece.
    Chunked,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// How the body ends.
    pub ending: Ending,
    /// Where in the head the entity tag is.
    pub etag: Option<Range<usize>>,
    /// The server closes the connection after this answer.
    pub closes: bool,
}

/// Where the head ends in what has come, blank line included; nothing when more must come. Bytes
/// before `searched` were looked at before.
pub fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    let found = bytes.get(from..)?.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(from + found + 4)
}

impl Head {
    /// Reads a head that ends with its blank line.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(bytes).map_err(|_| "the head is not text".to_owned())?;
        let (first, mut rest) = text.split_once("\r\n").ok_or("the head has no line")?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| digits.parse::<u16>().ok());
        let status = status.ok_or_else(|| format!("no status line of HTTP/1.1: {first}"))?;
        let mut head = Self { status, ending: Ending::Length(0), etag: None, closes: false };
        let mut length = None;
        let mut at = text.len() - rest.len();
        while let Some((line, next)) = rest.split_once("\r\n") {
            if let Some((name, value)) = line.split_once(':') {
                let value = value.trim();
                if name.eq_ignore_ascii_case("content-length") {
                    let number = value.parse().map_err(|_| format!("no length: {value}"))?;
                    length = Some(number);
                } else if name.eq_ignore_ascii_case("transfer-encoding") {
                    if !value.eq_ignore_ascii_case("chunked") {
                        return Err(format!("an unknown transfer encoding: {value}"));
                    }
                    head.ending = Ending::Chunked;
                } else if name.eq_ignore_ascii_case("etag") {
                    let start = at + line.trim_end().len() - value.len();
                    head.etag = Some(start..start + value.len());
                } else if name.eq_ignore_ascii_case("connection") {
                    head.closes = value.eq_ignore_ascii_case("close");
                }
            }
            at += line.len() + 2;
            rest = next;
        }
        head.ends_by(length)
    }

    /// Settles how the body ends. These two have none, whatever the headers say.
    fn ends_by(mut self, length: Option<usize>) -> Result<Self, String> {
        if matches!(self.status, 204 | 304) {
            self.ending = Ending::Length(0);
        } else if self.status < 200 {
            return Err(format!("an answer that is none yet: {}", self.status));
        } else if self.ending != Ending::Chunked {
            let length = length.ok_or("the answer has no length and is not in pieces")?;
            self.ending = Ending::Length(length);
        }
        Ok(self)
    }
}

/// Puts the pieces of a body together. Returns how many bytes they took, or nothing when more must
/// come; `body` is then worth nothing.
pub fn join_pieces(bytes: &[u8], body: &mut Vec<u8>) -> Result<Option<usize>, String> {
    body.clear();
    let mut at = 0;
    loop {
        let Some(rest) = bytes.get(at..) else { return Ok(None) };
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let line = rest.get(..end).and_then(|line| str::from_utf8(line).ok());
        let digits = line.and_then(|line| line.split(';').next()).unwrap_or_default();
        let size = usize::from_str_radix(digits.trim(), 16)
            .map_err(|_| format!("no size of a piece: {digits}"))?;
        let start = at + end + 2;
        let Some(piece) = bytes.get(start..start.saturating_add(size)) else { return Ok(None) };
        body.extend_from_slice(piece);
        at = start + size;
        match bytes.get(at..at + 2) {
            None => return Ok(None),
            Some(b"\r\n") => at += 2,
            Some(_) => return Err("a piece does not end where it says, or has trailers".to_owned()),
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Head, end_of_head, join_pieces};

    #[test]
    fn a_head_is_read() {
        let text = "HTTP/1.1 200 OK\r\nETag:  \"1-issued\" \r\nContent-LENGTH: 12\r\n\
                    Connection: close\r\n\r\n";
        let head = Head::read(text.as_bytes()).unwrap();
        assert_eq!((head.status, head.ending, head.closes), (200, Ending::Length(12), true));
        assert_eq!(&text[head.etag.unwrap()], "\"1-issued\"");
    }

    #[test]
    fn some_answers_have_no_body() {
        let head = Head::read(b"HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n").unwrap();
        assert_eq!((head.status, head.ending, head.etag), (204, Ending::Length(0), None));
        let head = Head::read(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n").unwrap();
        assert_eq!(head.ending, Ending::Length(0));
    }

    #[test]
    fn what_cannot_be_ended_is_refused() {
        for wrong in [
            "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "",
        ] {
            assert!(Head::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_end_of_a_head_is_found_across_reads() {
        let bytes = b"HTTP/1.1 200 OK\r\n\r\nbody";
        for cut in 0..19 {
            assert_eq!(end_of_head(&bytes[..cut], 0), None);
            assert_eq!(end_of_head(bytes, cut), Some(19));
        }
    }

    #[test]
    fn pieces_are_joined_when_all_have_come() {
        let mut body = Vec::new();
        assert!(join_pieces(b"4\r\nsomething", &mut body).is_err());
        assert!(join_pieces(b"x\r\n", &mut body).is_err());
        assert!(join_pieces(b"0\r\ntrailer: 1\r\n\r\n", &mut body).is_err());
        let bytes = b"4\r\nsome\r\nA;x=y\r\n pieces...\r\n0\r\n\r\n";
        for cut in 0..bytes.len() {
            assert_eq!(join_pieces(&bytes[..cut], &mut body), Ok(None), "{cut}");
        }
        assert_eq!(join_pieces(bytes, &mut body), Ok(Some(bytes.len())));
        assert_eq!(body, b"some pieces...");
    }
}
