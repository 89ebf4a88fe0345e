//! Notices to people about their own account.
//!
//! It deliberately never changes what a notice says; only that it was seen is noted.

use super::Page;
use crate::db::{StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::access::NoticeKind;
use domain::calendar::Moment;
use domain::ids::PersonId;

pub(crate) const ADD: &str =
    "INSERT INTO notices (id, person_id, at, kind, details) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const LIST: &str = "SELECT id, at, kind, details, seen_at FROM notices \
     WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
pub(crate) const SEEN: &str = "UPDATE notices SET seen_at = $3 \
     WHERE person_id = $1 AND id <= $2 AND seen_at IS NULL";
pub(crate) const SINCE: &str =
    "SELECT COUNT(*) FROM notices WHERE person_id = $1 AND kind = $2 AND at > $3";
pub(crate) const TOLD: &str =
    "SELECT COUNT(*) FROM notices WHERE person_id = $1 AND kind = $2 AND details = $3";
pub(crate) const QUERIES: &[&str] = &[ADD, LIST, SEEN, SINCE, TOLD];

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The id; later ones are greater.
    pub id: i64,
    /// When it happened.
    pub at: Moment,
    /// What happened.
    pub kind: NoticeKind,
    /// More about it: a JSON object.
    pub details: String,
    /// When the person said that they have seen it.
    pub seen_at: Option<Moment>,
}

/// Adds a notice. To be called before audit rows and attempts are written: all who count several
/// things count them in this order.
pub fn add(
    tx: &mut Tx<'_>,
    person: PersonId,
    at: Moment,
    kind: NoticeKind,
    details: &str,
) -> Result<(), StoreError> {
    let id = allot(tx, Counter::Notices, 1)?;
    let params =
        [id.into(), person.0.into(), at.unix_micros().into(), kind.as_str().into(), details.into()];
    tx.execute(ADD, &params).map(|_| ())
}

/// A page of a person's notices, the newest first; `page.after` is the last id of the page before,
/// 0 for the first page.
pub fn list(tx: &mut Tx<'_>, person: PersonId, page: Page) -> Result<Vec<Notice>, StoreError> {
    let before = if page.after == 0 { i64::MAX } else { page.after };
    tx.list(LIST, &[person.0.into(), before.into(), page.limit.into()], |row| {
        let kind = row.text(2)?;
        Ok(Notice {
            id: row.int(0)?,
            at: Moment::from_unix_micros(row.int(1)?),
            kind: NoticeKind::from_name(kind)
                .ok_or_else(|| StoreError::unexpected(format!("the notice {kind}")))?,
            details: row.text(3)?.to_owned(),
            seen_at: row.opt_int(4)?.map(Moment::from_unix_micros),
        })
    })
}

/// Notes that a person has seen the notices up to one; how many were new.
pub fn seen(tx: &mut Tx<'_>, person: PersonId, up_to: i64, at: Moment) -> Result<u64, StoreError> {
    tx.execute(SEEN, &[person.0.into(), up_to.into(), at.unix_micros().into()])
}

/// Whether a person has a notice of a kind that says the same.
pub fn was_told(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: NoticeKind,
    details: &str,
) -> Result<bool, StoreError> {
    let params = [person.0.into(), kind.as_str().into(), details.into()];
    Ok(tx.find(TOLD, &params, |row| row.int(0))?.unwrap_or(0) > 0)
}

/// Whether a person has a notice of a kind that is younger than a moment.
pub fn any_since(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: NoticeKind,
    since: Moment,
) -> Result<bool, StoreError> {
    let params = [person.0.into(), kind.as_str().into(), since.unix_micros().into()];
    Ok(tx.find(SINCE, &params, |row| row.int(0))?.unwrap_or(0) > 0)
}
