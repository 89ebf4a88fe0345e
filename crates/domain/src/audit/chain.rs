//! How a seal is computed.
//!
//! The bytes are: the hash of the seal before; then each row in the order of ids, column by
//! column; then what the seal says of itself. Every value is a byte 0 when it is absent, and else
//! a byte 1, its length in eight bytes (most significant first), and its text in UTF-8; integers
//! are decimal. So no two different sequences of rows have the same bytes. It deliberately leaves
//! out nothing that is kept of a row.

use super::SealHash;
use crate::calendar::Moment;
use sha2::{Digest, Sha256};

/// Rows that one seal covers at most.
pub const ROWS_PER_SEAL: u32 = 10_000;

/// What is kept of an audit row, as the chain sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedRow<'a> {
    /// Its id; rows are sealed in the order of ids.
    pub id: i64,
    /// When the work was begun.
    pub at: Moment,
    /// The person or program.
    pub actor: &'a str,
    /// The person who had signed in.
    pub person_id: Option<i64>,
    /// What the person was in the business.
    pub role: Option<&'a str>,
    /// The request over HTTP.
    pub request_id: Option<&'a str>,
    /// What was done.
    pub action: &'a str,
    /// The table it was done to.
    pub table_name: &'a str,
    /// The record.
    pub record: &'a str,
    /// The facts before.
    pub before: Option<&'a str>,
    /// The facts after.
    pub after: Option<&'a str>,
    /// The names of the facts that differ.
    pub changed: Option<&'a str>,
}

/// A seal as it is kept: one link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place in the chain, from 1.
    pub id: i64,
    /// The first id it covers: that after the last one of the seal before, from 1.
    pub first_id: i64,
    /// The last id it covers.
    pub last_id: i64,
    /// How many rows it covers.
    pub row_count: i64,
    /// When it was made.
    pub sealed_at: Moment,
    /// The hash.
    pub hash: SealHash,
}

/// A seal in the making, or made anew to be compared.
#[derive(Clone, Debug)]
pub struct Sealing {
    hasher: Sha256,
    rows: i64,
    last_id: i64,
}

impl Sealing {
    /// Begins a seal that follows another one, or none.
    pub fn after(before: SealHash) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(before.as_bytes());
        Self { hasher, rows: 0, last_id: 0 }
    }

    /// Adds the next row.
    pub fn add(&mut self, row: &SealedRow<'_>) {
        self.integer(Some(row.id));
        self.integer(Some(row.at.unix_micros()));
        self.text(Some(row.actor));
        self.integer(row.person_id);
        self.text(row.role);
        self.text(row.request_id);
        self.text(Some(row.action));
        self.text(Some(row.table_name));
        self.text(Some(row.record));
        self.text(row.before);
        self.text(row.after);
        self.text(row.changed);
        self.rows += 1;
        self.last_id = row.id;
    }

    /// How many rows were added.
    pub const fn rows(&self) -> i64 {
        self.rows
    }

    /// The id of the last row that was added.
    pub const fn last_id(&self) -> i64 {
        self.last_id
    }

    /// The hash, with what the seal says of itself.
    pub fn finish(mut self, id: i64, (first, last): (i64, i64), sealed_at: Moment) -> SealHash {
        for number in [id, first, last, self.rows, sealed_at.unix_micros()] {
            self.integer(Some(number));
        }
        SealHash::new(self.hasher.finalize().into())
    }

    fn integer(&mut self, value: Option<i64>) {
        self.text(value.map(|value| value.to_string()).as_deref());
    }

    fn text(&mut self, value: Option<&str>) {
        let Some(text) = value else {
            self.hasher.update([0]);
            return;
        };
        self.hasher.update([1]);
        self.hasher.update((text.len() as u64).to_be_bytes());
        self.hasher.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{SealHash, SealedRow, Sealing};
    use crate::calendar::Moment;
    use std::collections::HashSet;

    const ROW: SealedRow<'static> = SealedRow {
        id: 7,
        at: Moment::from_unix_micros(1_795_241_625_629_684),
        actor: "meena",
        person_id: Some(3),
        role: Some("owner"),
        request_id: Some("r-1"),
        action: "change",
        table_name: "customers",
        record: "C-001",
        before: Some("{\"route\":\"R1\"}"),
        after: Some("{\"route\":\"R2\"}"),
        changed: Some("route"),
    };

    fn seal(rows: &[SealedRow<'_>]) -> SealHash {
        let mut sealing = Sealing::after(SealHash::NONE);
        for row in rows {
            sealing.add(row);
        }
        sealing.finish(1, (1, 7), Moment::from_unix_micros(9))
    }

    /// The bytes written out by hand, so that the chain can be checked by another program.
    #[test]
    fn the_bytes_are_those_of_the_description() {
        use sha2::{Digest, Sha256};
        let mut bytes = vec![0u8; 32];
        let mut put = |text: &str| {
            bytes.push(1);
            bytes.extend(u64::try_from(text.len()).unwrap().to_be_bytes());
            bytes.extend(text.as_bytes());
        };
        for text in ["7", "1795241625629684", "meena", "3", "owner", "r-1", "change", "customers"] {
            put(text);
        }
        for text in ["C-001", "{\"route\":\"R1\"}", "{\"route\":\"R2\"}", "route"] {
            put(text);
        }
        for text in ["1", "1", "7", "1", "9"] {
            put(text);
        }
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(seal(&[ROW]).as_bytes(), &expected);
    }

    #[test]
    fn every_column_counts() {
        let changed = [
            ROW,
            SealedRow { id: 8, ..ROW },
            SealedRow { at: Moment::from_unix_micros(1), ..ROW },
            SealedRow { actor: "meera", ..ROW },
            SealedRow { person_id: None, ..ROW },
            SealedRow { role: None, ..ROW },
            SealedRow { role: Some(""), ..ROW },
            SealedRow { request_id: Some("r-2"), ..ROW },
            SealedRow { action: "issue", ..ROW },
            SealedRow { table_name: "products", ..ROW },
            SealedRow { record: "C-002", ..ROW },
            SealedRow { before: None, ..ROW },
            SealedRow { after: None, ..ROW },
            SealedRow { changed: Some(""), ..ROW },
            // The same letters on the other side of a border between columns.
            SealedRow { action: "changec", table_name: "ustomers", ..ROW },
        ];
        let hashes: HashSet<_> = changed.iter().map(|row| seal(&[*row])).collect();
        assert_eq!(hashes.len(), changed.len());
    }

    #[test]
    fn rows_their_order_and_the_seal_itself_count() {
        let other = SealedRow { id: 8, ..ROW };
        let mut hashes: HashSet<_> =
            [&[][..], &[ROW], &[ROW, other], &[other, ROW]].map(seal).into_iter().collect();
        let mut sealing = Sealing::after(seal(&[ROW]));
        sealing.add(&ROW);
        assert_eq!((sealing.rows(), sealing.last_id()), (1, 7));
        let moment = Moment::from_unix_micros;
        hashes.insert(sealing.clone().finish(1, (1, 7), moment(9)));
        hashes.insert(sealing.clone().finish(2, (1, 7), moment(9)));
        hashes.insert(sealing.clone().finish(1, (2, 7), moment(9)));
        hashes.insert(sealing.clone().finish(1, (1, 8), moment(9)));
        hashes.insert(sealing.finish(1, (1, 7), moment(8)));
        assert_eq!(hashes.len(), 9);
    }
}
