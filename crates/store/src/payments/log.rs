//! The log of payments: one row per change, in order, never changed.
//!
//! It deliberately holds no secrets and no payer's address; the event itself is in the inbox.

use crate::db::{Insert, StoreError, Tx};
use domain::calendar::Moment;
use domain::ids::PaymentId;

const INSERT: Insert = Insert {
    table: "payment_log",
    columns: &[
        "payment_id",
        "entry_no",
        "at",
        "from_state",
        "to_state",
        "cause",
        "cause_key",
        "actor",
        "request_id",
        "details",
    ],
};
pub(super) const OF_PAYMENT: &str = "SELECT entry_no, at, from_state, to_state, cause, \
     cause_key, actor, request_id, details FROM payment_log WHERE payment_id = $1 \
     ORDER BY entry_no";
pub(super) const HAS_CAUSE: &str =
    "SELECT entry_no FROM payment_log WHERE payment_id = $1 AND cause_key = $2";
pub(super) const QUERIES: &[&str] = &[OF_PAYMENT, HAS_CAUSE];

/// One change of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its number, from 1 without gaps.
    pub entry_no: i64,
    /// When.
    pub at: Moment,
    /// The state before; absent for the first.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// The kind of the event, or the command.
    pub cause: String,
    /// The event's id, or what names the command or the occasion; each once for a payment.
    pub cause_key: String,
    /// Who did it.
    pub actor: String,
    /// The request over HTTP.
    pub request: Option<String>,
    /// What became known, as JSON.
    pub details: String,
}

/// Adds entries to the logs of payments.
pub fn add_log(tx: &mut Tx<'_>, entries: &[(PaymentId, LogEntry)]) -> Result<(), StoreError> {
    let rows = entries.iter().map(|(payment, entry)| {
        [
            payment.0.into(),
            entry.entry_no.into(),
            entry.at.unix_micros().into(),
            entry.from.as_deref().into(),
            entry.to.as_str().into(),
            entry.cause.as_str().into(),
            entry.cause_key.as_str().into(),
            entry.actor.as_str().into(),
            entry.request.as_deref().into(),
            entry.details.as_str().into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// The log of a payment.
pub fn log_of(tx: &mut Tx<'_>, payment: PaymentId) -> Result<Vec<LogEntry>, StoreError> {
    tx.list(OF_PAYMENT, &[payment.0.into()], |row| {
        let text = |place| row.text(place).map(str::to_owned);
        Ok(LogEntry {
            entry_no: row.int(0)?,
            at: Moment::from_unix_micros(row.int(1)?),
            from: row.opt_text(2)?.map(str::to_owned),
            to: text(3)?,
            cause: text(4)?,
            cause_key: text(5)?,
            actor: text(6)?,
            request: row.opt_text(7)?.map(str::to_owned),
            details: text(8)?,
        })
    })
}

/// Whether a cause has changed a payment already.
pub fn has_cause(tx: &mut Tx<'_>, payment: PaymentId, key: &str) -> Result<bool, StoreError> {
    Ok(tx.find(HAS_CAUSE, &[payment.0.into(), key.into()], |row| row.int(0))?.is_some())
}
