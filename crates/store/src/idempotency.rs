//! Answers to requests that carried an Idempotency-Key, kept in the transaction of their effect.
//!
//! It deliberately keeps only answers of requests that took effect.

use crate::db::{StoreError, Tx};
use domain::calendar::Moment;

/// What one request is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Who asks, such as `person:7`.
    pub caller: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The key, without quotes.
    pub key: String,
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// Headers, a line `name: value` each.
    pub headers: String,
    /// The body.
    pub body: String,
}

pub(crate) const FIND: &str = "SELECT fingerprint, status, headers, body FROM idempotency_keys \
     WHERE caller = $1 AND method = $2 AND path = $3 AND key = $4";
pub(crate) const KEEP: &str = "INSERT INTO idempotency_keys \
     (caller, method, path, key, fingerprint, status, headers, body, kept_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(crate) const QUERIES: &[&str] = &[FIND, KEEP];

/// The fingerprint and the answer of an earlier request.
pub fn find(tx: &mut Tx<'_>, key: &RequestKey) -> Result<Option<(String, Answer)>, StoreError> {
    let RequestKey { caller, method, path, key } = key;
    let params =
        [caller.as_str().into(), method.as_str().into(), path.as_str().into(), key.as_str().into()];
    tx.find(FIND, &params, |row| {
        let status = u16::try_from(row.int(1)?)
            .map_err(|_| StoreError::unexpected("idempotency_keys.status"))?;
        let (headers, body) = (row.text(2)?.to_owned(), row.text(3)?.to_owned());
        Ok((row.text(0)?.to_owned(), Answer { status, headers, body }))
    })
}

/// Keeps an answer. A request that another one has overtaken fails here, and with it its effect.
pub fn keep(
    tx: &mut Tx<'_>,
    key: &RequestKey,
    fingerprint: &str,
    answer: &Answer,
    at: Moment,
) -> Result<(), StoreError> {
    let params = [
        key.caller.as_str().into(),
        key.method.as_str().into(),
        key.path.as_str().into(),
        key.key.as_str().into(),
        fingerprint.into(),
        i64::from(answer.status).into(),
        answer.headers.as_str().into(),
        answer.body.as_str().into(),
        at.unix_micros().into(),
    ];
    tx.execute(KEEP, &params).map(|_| ())
}
