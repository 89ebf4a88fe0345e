//! The seals over the audit trail, and the rows in the order in which they are sealed.
//!
//! It deliberately never changes a seal; the database refuses it.
//!
//! Rows become visible in the order of their ids, so a row that is seen has no row before it that
//! is still to come. On SQLite there is one writer at a time. On PostgreSQL every transaction that
//! writes audit rows takes their ids by updating the row of `audit` in `counters`, and keeps that
//! row locked until it ends; the next transaction gets ids only then. A commit is visible to
//! others before its locks are given up, so whoever gets later ids commits later; a transaction
//! that is rolled back takes the counter back with it, so its ids are given again and there is no
//! gap. A commit that is flushed later stands before later ones in the log all the same: a crash
//! cannot keep a later row, or a seal, and lose an earlier row.

use super::search::{borrowed, columns};
use crate::db::{StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::audit::{Link, SealHash, SealedRow};
use domain::calendar::Moment;

/// The last id a range of rows may have when all later ones are meant.
const LAST: i64 = i64::MAX;

pub(super) const ROWS: &str =
    concat!("SELECT ", columns!(), " FROM audit WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3");
pub(super) const LAST_SEAL: &str = "SELECT id, first_id, last_id, row_count, seal_hash, \
     sealed_at FROM audit_seals WHERE id > 0 ORDER BY id DESC LIMIT 1";
pub(super) const SEALS: &str = "SELECT id, first_id, last_id, row_count, seal_hash, sealed_at \
     FROM audit_seals WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const ADD: &str = "INSERT INTO audit_seals \
     (id, first_id, last_id, row_count, seal_hash, sealed_at) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const NEXT_ID: &str = "SELECT next FROM counters WHERE name = $1";
pub(super) const QUERIES: &[&str] = &[ROWS, LAST_SEAL, SEALS, ADD, NEXT_ID];

/// Hands over the rows from one id to another, or to the last one, in order, at most so many.
pub fn rows_between(
    tx: &mut Tx<'_>,
    from: i64,
    to: Option<i64>,
    limit: i64,
    mut each: impl FnMut(&SealedRow<'_>),
) -> Result<(), StoreError> {
    let params = [from.into(), to.unwrap_or(LAST).into(), limit.into()];
    tx.query(ROWS, &params, |row| {
        each(&borrowed(row)?);
        Ok(())
    })
}

fn read(row: &crate::db::Row<'_>) -> Result<Link, StoreError> {
    let hash = SealHash::parse(row.text(4)?);
    Ok(Link {
        id: row.int(0)?,
        first_id: row.int(1)?,
        last_id: row.int(2)?,
        row_count: row.int(3)?,
        // A text that is no hash is no seal's hash either; verification finds it different.
        hash: hash.unwrap_or(SealHash::NONE),
        sealed_at: Moment::from_unix_micros(row.int(5)?),
    })
}

/// The newest seal.
pub fn last_seal(tx: &mut Tx<'_>) -> Result<Option<Link>, StoreError> {
    tx.find(LAST_SEAL, &[], read)
}

/// At most so many seals after one, in order.
pub fn seals_after(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<Link>, StoreError> {
    tx.list(SEALS, &[after.into(), i64::from(limit).into()], read)
}

/// The id of the next seal. Until the transaction ends, nobody else gets one.
pub fn allot_seal(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    allot(tx, Counter::AuditSeals, 1)
}

/// Adds a seal.
pub fn add_seal(tx: &mut Tx<'_>, seal: &Link) -> Result<(), StoreError> {
    let hash = seal.hash.to_string();
    let params = [
        seal.id.into(),
        seal.first_id.into(),
        seal.last_id.into(),
        seal.row_count.into(),
        hash.as_str().into(),
        seal.sealed_at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// The ids that the next audit row and the next seal will get.
pub fn next_ids(tx: &mut Tx<'_>) -> Result<(i64, i64), StoreError> {
    let mut next = |name: &str| {
        let next = tx.find(NEXT_ID, &[name.into()], |row| row.int(0))?;
        next.ok_or_else(|| StoreError::unexpected(format!("counters has no {name}")))
    };
    Ok((next("audit")?, next("audit_seals")?))
}
