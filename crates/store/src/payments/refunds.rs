//! Refunds that we ask for: kept with who asked and who agreed, and with what became of them.
//!
//! It deliberately books nothing; what a refund moves is kept with its payment. A request for a
//! refund is changed only by whoever has locked it, after the payment if that is locked too.

use crate::db::{Column, Each, Row, StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::ids::{PaymentId, PersonId, RefundId};
use domain::money::Money;
use domain::payments::{Destination, Provider, RefundFacts, RefundState, RefundStatus};

macro_rules! shown {
    () => {
        "SELECT r.id, r.payment_id, p.provider, p.reference, r.reference, r.amount_paise, \
         r.destination, r.by_gateway, r.reason, r.state, r.told_as, r.paid_reference, \
         r.person_id, r.failure, r.attempts, r.retry_at, r.asked_by, r.asked_as, r.checked_by, \
         r.checked_as, r.version, r.created_at, r.updated_at \
         FROM refund_requests r JOIN payments p ON p.id = r.payment_id WHERE "
    };
}
pub(super) const ADD: &str = "INSERT INTO refund_requests (id, payment_id, reference, \
     amount_paise, destination, by_gateway, reason, state, attempts, retry_at, person_id, \
     asked_by, asked_as, version, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, 1, $13, $13)";
pub(super) const SHOW: &str = concat!(shown!(), "r.id = $1");
pub(super) const LOCK: &str = "SELECT id FROM refund_requests WHERE id = $1 FOR UPDATE";
pub(super) const PAGE: &str = concat!(
    shown!(),
    "r.id < $1 AND (CAST($2 AS TEXT) IS NULL OR r.state = $2) ORDER BY r.id DESC LIMIT $3"
);
pub(super) const PAGE_OF_PAYMENT: &str = concat!(
    shown!(),
    "r.payment_id = $4 AND r.id < $1 AND (CAST($2 AS TEXT) IS NULL OR r.state = $2) \
     ORDER BY r.id DESC LIMIT $3"
);
pub(super) const UNDER_WAY: &str = "SELECT CAST(COALESCE(SUM(amount_paise), 0) AS BIGINT) \
     FROM refund_requests WHERE payment_id = $1 AND id <> $2 AND destination = $3 \
     AND told_as IS NULL AND state IN ('requested', 'approved', 'sent', 'unknown')";
pub(super) const ALONE: &str = "SELECT CAST(COALESCE(SUM(amount_paise), 0) AS BIGINT) \
     FROM refund_requests WHERE payment_id = $1 AND checked_as IS NULL \
     AND state IN ('approved', 'sent', 'unknown', 'processed')";
pub(super) const DUE: &str =
    "SELECT id FROM refund_requests WHERE retry_at <= $1 ORDER BY retry_at LIMIT $2";
pub(super) const SAVE: &str = "UPDATE refund_requests SET state = $2, told_as = $3, \
     paid_reference = $4, person_id = $5, failure = $6, attempts = $7, retry_at = $8, \
     checked_by = $9, checked_as = $10, version = version + 1, updated_at = $11 WHERE id = $1";
pub(super) const COUNTS: &str = "SELECT state, COUNT(*) FROM refund_requests \
     WHERE state IN ('requested', 'approved', 'sent', 'unknown') GROUP BY state";
pub(super) const CURSOR: &str =
    "SELECT asked_until, deep_at FROM gateway_cursors WHERE provider = $1";
pub(super) const MOVE_CURSOR: &str = "INSERT INTO gateway_cursors (provider, asked_until, \
     deep_at) VALUES ($1, $2, $3) ON CONFLICT (provider) DO UPDATE SET \
     asked_until = excluded.asked_until, deep_at = excluded.deep_at";
pub(super) const QUERIES: &[&str] = &[
    ADD,
    SHOW,
    LOCK,
    PAGE,
    PAGE_OF_PAYMENT,
    UNDER_WAY,
    ALONE,
    DUE,
    SAVE,
    COUNTS,
    CURSOR,
    MOVE_CURSOR,
];
const TELL: Each = Each {
    sql: "UPDATE refund_requests SET state = :state, retry_at = NULL, version = version + 1, \
          updated_at = :at WHERE {joined} payment_id = :payment AND told_as = :reference \
          AND state <> :state AND state IN ('sent', 'unknown', 'processed')",
    columns: &[
        Column::Int("payment"),
        Column::Text("reference"),
        Column::Text("state"),
        Column::Int("at"),
    ],
};
pub(super) const SETS: &[&Each] = &[&TELL];

/// A refund that we asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRefund {
    /// Its id.
    pub id: RefundId,
    /// The payment.
    pub payment: PaymentId,
    /// How the payment came in.
    pub provider: Provider,
    /// By what the payment is known there.
    pub payment_reference: String,
    /// Our reference, and the idempotency key of the call.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Where it goes.
    pub destination: Destination,
    /// Whether the gateway pays it; otherwise somebody does, by hand.
    pub by_gateway: bool,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: RefundState,
    /// What the refund is told of as.
    pub told_as: Option<String>,
    /// The bank's reference, when it was paid by hand.
    pub paid_reference: Option<String>,
    /// Whose cash it was, or is to be, paid from.
    pub person: Option<PersonId>,
    /// Why it failed, or what is not known of it.
    pub failure: Option<String>,
    /// How often the gateway was called about it.
    pub attempts: u32,
    /// When a worker looks at it next.
    pub retry_at: Option<Moment>,
    /// The person who asked for it.
    pub asked_by: Option<PersonId>,
    /// Who asked for it, by name.
    pub asked_as: String,
    /// The person who agreed or declined.
    pub checked_by: Option<PersonId>,
    /// Who agreed or declined, by name.
    pub checked_as: Option<String>,
    /// How often it was changed.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
}

fn read(row: &Row<'_>) -> Result<AskedRefund, StoreError> {
    let text = |place| Ok::<_, StoreError>(row.opt_text(place)?.map(str::to_owned));
    let wrong = |what: &str| StoreError::unexpected(format!("refund_requests.{what}"));
    let person = |place| Ok::<_, StoreError>(row.opt_int(place)?.map(PersonId));
    Ok(AskedRefund {
        id: RefundId(row.int(0)?),
        payment: PaymentId(row.int(1)?),
        provider: Provider::from_name(row.text(2)?).ok_or_else(|| wrong("provider"))?,
        payment_reference: row.text(3)?.to_owned(),
        reference: row.text(4)?.to_owned(),
        amount: Money::from_paise(row.int(5)?),
        destination: Destination::from_name(row.text(6)?).ok_or_else(|| wrong("destination"))?,
        by_gateway: row.flag(7)?,
        reason: row.text(8)?.to_owned(),
        state: RefundState::from_name(row.text(9)?).ok_or_else(|| wrong("state"))?,
        told_as: text(10)?,
        paid_reference: text(11)?,
        person: person(12)?,
        failure: text(13)?,
        attempts: u32::try_from(row.int(14)?).unwrap_or(u32::MAX),
        retry_at: row.opt_int(15)?.map(Moment::from_unix_micros),
        asked_by: person(16)?,
        asked_as: row.text(17)?.to_owned(),
        checked_by: person(18)?,
        checked_as: text(19)?,
        version: row.int(20)?,
        created_at: Moment::from_unix_micros(row.int(21)?),
        updated_at: Moment::from_unix_micros(row.int(22)?),
    })
}

/// Takes an id for a refund to be asked for.
pub fn allot_refund(tx: &mut Tx<'_>) -> Result<RefundId, StoreError> {
    allot(tx, Counter::RefundRequests, 1).map(RefundId)
}

/// Keeps a refund that is asked for.
pub fn add_refund(tx: &mut Tx<'_>, new: &AskedRefund) -> Result<(), StoreError> {
    let params = [
        new.id.0.into(),
        new.payment.0.into(),
        new.reference.as_str().into(),
        new.amount.paise().into(),
        new.destination.as_str().into(),
        new.by_gateway.into(),
        new.reason.as_str().into(),
        new.state.as_str().into(),
        new.retry_at.map(Moment::unix_micros).into(),
        new.person.map(|person| person.0).into(),
        new.asked_by.map(|person| person.0).into(),
        new.asked_as.as_str().into(),
        new.created_at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// One of them.
pub fn refund_by_id(tx: &mut Tx<'_>, id: RefundId) -> Result<Option<AskedRefund>, StoreError> {
    tx.find(SHOW, &[id.0.into()], read)
}

/// One of them, to be changed: nobody else changes it until the end of the transaction.
pub fn lock_refund(tx: &mut Tx<'_>, id: RefundId) -> Result<Option<AskedRefund>, StoreError> {
    tx.find(LOCK, &[id.0.into()], |row| row.int(0))?;
    refund_by_id(tx, id)
}

/// At most `limit` before one of them, the latest first; all, or those of a payment.
pub fn page_of_refunds(
    tx: &mut Tx<'_>,
    payment: Option<PaymentId>,
    state: Option<RefundState>,
    before: Option<RefundId>,
    limit: i64,
) -> Result<Vec<AskedRefund>, StoreError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    let state = state.map(RefundState::as_str);
    match payment {
        None => tx.list(PAGE, &[before.into(), state.into(), limit.into()], read),
        Some(payment) => {
            let params = [before.into(), state.into(), limit.into(), payment.0.into()];
            tx.list(PAGE_OF_PAYMENT, &params, read)
        }
    }
}

/// What is under way of a payment besides one refund: asked for, and not told of yet.
pub fn under_way(
    tx: &mut Tx<'_>,
    payment: PaymentId,
    besides: RefundId,
    destination: Destination,
) -> Result<Money, StoreError> {
    let params = [payment.0.into(), besides.0.into(), destination.as_str().into()];
    let sum = tx.find(UNDER_WAY, &params, |row| row.int(0))?;
    Ok(Money::from_paise(sum.unwrap_or(0)))
}

/// What of a payment goes or went back without another person's word.
pub fn refunded_alone(tx: &mut Tx<'_>, payment: PaymentId) -> Result<Money, StoreError> {
    let sum = tx.find(ALONE, &[payment.0.into()], |row| row.int(0))?;
    Ok(Money::from_paise(sum.unwrap_or(0)))
}

/// At most `limit` that are due, the longest first.
pub fn due_refunds(tx: &mut Tx<'_>, now: Moment, limit: i64) -> Result<Vec<RefundId>, StoreError> {
    tx.list(DUE, &[now.unix_micros().into(), limit.into()], |row| row.int(0).map(RefundId))
}

/// Keeps what became of one that was locked in this transaction.
pub fn save_refund(tx: &mut Tx<'_>, now: &AskedRefund, at: Moment) -> Result<(), StoreError> {
    let waits =
        matches!(now.state, RefundState::Approved | RefundState::Sent | RefundState::Unknown);
    let params = [
        now.id.0.into(),
        now.state.as_str().into(),
        now.told_as.as_deref().into(),
        now.paid_reference.as_deref().into(),
        now.person.map(|person| person.0).into(),
        now.failure.as_deref().into(),
        i64::from(now.attempts).into(),
        now.retry_at.filter(|_| waits).map(Moment::unix_micros).into(),
        now.checked_by.map(|person| person.0).into(),
        now.checked_as.as_deref().into(),
        at.unix_micros().into(),
    ];
    tx.execute(SAVE, &params).map(|_| ())
}

/// Notes what was told of refunds, in the requests for them.
pub fn tell_refunds(
    tx: &mut Tx<'_>,
    refunds: &[(PaymentId, &str, RefundFacts)],
    at: Moment,
) -> Result<(), StoreError> {
    let rows = refunds.iter().filter_map(|(payment, reference, refund)| {
        let state = match refund.status {
            RefundStatus::Pending => return None,
            RefundStatus::Processed => RefundState::Processed,
            RefundStatus::Failed => RefundState::Failed,
        };
        let state = state.as_str().into();
        Some([payment.0.into(), (*reference).into(), state, at.unix_micros().into()])
    });
    tx.for_each(&TELL, rows).map(|_| ())
}

/// How many are under way, by the word of their state.
pub fn count_refunds(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    tx.list(COUNTS, &[], |row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
}

/// How far a gateway was asked for payments that only it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Payments made before this were asked for.
    pub asked_until: Moment,
    /// When those of some days before were asked for once more.
    pub deep_at: Moment,
}

/// How far a gateway was asked; never, at first.
pub fn cursor(tx: &mut Tx<'_>, provider: Provider) -> Result<Option<Cursor>, StoreError> {
    tx.find(CURSOR, &[provider.as_str().into()], |row| {
        Ok(Cursor {
            asked_until: Moment::from_unix_micros(row.int(0)?),
            deep_at: Moment::from_unix_micros(row.int(1)?),
        })
    })
}

/// Notes how far a gateway was asked.
pub fn move_cursor(tx: &mut Tx<'_>, provider: Provider, cursor: Cursor) -> Result<(), StoreError> {
    let params = [
        provider.as_str().into(),
        cursor.asked_until.unix_micros().into(),
        cursor.deep_at.unix_micros().into(),
    ];
    tx.execute(MOVE_CURSOR, &params).map(|_| ())
}
