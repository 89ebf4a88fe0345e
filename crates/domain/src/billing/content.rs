//! Fingerprints of what bills say: of one bill, to know whether a rerun changed it, and of a whole
//! run, which a rerun reproduces.
//!
//! They deliberately leave out ids, times, numbers and states: the same deliveries at the same
//! prices give the same fingerprint on every database, as drafts or issued.

use super::{Draft, Line};
use crate::calendar::Month;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// SHA-256 of a bill's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash kept as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(plain) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |d| char::from(*d));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The fingerprint of one bill.
pub fn bill_content(customer_code: &str, month: Month, bill: &Draft) -> ContentHash {
    let mut text = String::with_capacity(160 * (bill.lines.len() + 1));
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{customer_code}\u{1f}{month}");
    for line in &bill.lines {
        write_line(&mut text, line);
    }
    let split = &bill.split;
    let _ = writeln!(
        text,
        "{}|{}|{}|{}|{}|{}",
        split.taxable.paise(),
        split.cgst.paise(),
        split.sgst.paise(),
        split.igst.paise(),
        bill.round_off.paise(),
        bill.total.paise()
    );
    ContentHash(Sha256::digest(text.as_bytes()).into())
}

fn write_line(text: &mut String, line: &Line) {
    let _ = writeln!(
        text,
        "{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
        line.kind.as_str(),
        line.sku,
        line.name,
        line.hsn,
        line.unit.as_str(),
        line.quantity.milli(),
        line.unit_price.milli(),
        line.tax_rate.ten_thousandths(),
        i64::from(line.tax_inclusive),
        line.amount.paise(),
        line.split.taxable.paise(),
        line.split.cgst.paise(),
        line.split.sgst.paise(),
        line.split.igst.paise(),
        line.first_day.number(),
        line.last_day.number(),
        line.count
    );
}

/// The fingerprint of a run: of all its bills, in the order of customers.
#[derive(Clone, Default)]
pub struct RunHash(Sha256);

impl RunHash {
    /// Takes in the next bill.
    pub fn add(&mut self, bill: &ContentHash) {
        self.0.update(bill.0);
    }

    /// The fingerprint of all bills taken in.
    pub fn finish(&self) -> ContentHash {
        ContentHash(self.0.clone().finalize().into())
    }
}

impl fmt::Debug for RunHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RunHash({})", self.finish())
    }
}
