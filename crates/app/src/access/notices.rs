//! What people are told about their own account, in the transaction of what happened.
//!
//! It deliberately sends nothing; notices are read by who signs in.

use super::{Caller, MOST_ROWS, Page, clamped, later};
use crate::AppError;
use domain::access::{NoticeKind, Role};
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde_json::{Value, json};
use std::net::IpAddr;
use store::access::notices as kept;
use store::access::people::{self, Filter};
use store::{Store, Tx};

pub use store::access::notices::Notice;

/// Seconds in which several locks give one notice: who guesses from many places must not fill the
/// list.
const LOCKS_SECS: i64 = 3600;

/// Tells a person that something happened. Before audit rows are written.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    person: PersonId,
    at: Moment,
    kind: NoticeKind,
    details: &Value,
) -> Result<(), AppError> {
    Ok(kept::add(tx, person, at, kind, &details.to_string())?)
}

/// Tells a person that failures have locked a place of theirs, at most once an hour.
pub(super) fn tell_locked(
    tx: &mut Tx<'_>,
    person: PersonId,
    at: Moment,
    until: Moment,
    from: Option<IpAddr>,
) -> Result<(), AppError> {
    if kept::any_since(tx, person, NoticeKind::Locked, later(at, -LOCKS_SECS))? {
        return Ok(());
    }
    let address = from.map(|address| address.to_canonical().to_string());
    let details = json!({ "until": until.rfc3339(), "address": address });
    tell(tx, person, at, NoticeKind::Locked, &details)
}

/// Tells all owners and admins who may sign in that something happened, each once for the same
/// details; how many were told now.
pub(crate) fn tell_leaders(
    tx: &mut Tx<'_>,
    at: Moment,
    kind: NoticeKind,
    details: &Value,
) -> Result<u64, AppError> {
    let (mut told, details) = (0, details.to_string());
    for role in [Role::Owner, Role::Admin] {
        let filter = Filter { role: Some(role), active: Some(true) };
        let page = Page { after: 0, limit: MOST_ROWS };
        for person in people::list(tx, &filter, page)? {
            if !kept::was_told(tx, person.id, kind, &details)? {
                kept::add(tx, person.id, at, kind, &details)?;
                told += 1;
            }
        }
    }
    Ok(told)
}

/// A page of the caller's notices, the newest first; `page.after` is the id of the last one of the
/// page before, or 0.
pub fn list(store: &Store, caller: &Caller, page: Page) -> Result<Vec<Notice>, AppError> {
    Ok(store.read(|tx| kept::list(tx, caller.person, clamped(page)))?)
}

/// Notes that the caller has seen all notices up to one; how many were new.
pub fn seen(store: &Store, caller: &Caller, up_to: i64, at: Moment) -> Result<u64, AppError> {
    Ok(store.write(|tx| kept::seen(tx, caller.person, up_to, at))?)
}
