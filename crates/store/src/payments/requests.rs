//! What we ask gateways for: kept with its cause, acted on by a worker, and kept with the answer.
//!
//! It deliberately lets a request be changed only by whoever has locked it, and looks at nothing
//! before its time (`retry_at`), so that two workers never act on one.

use crate::db::{Row, StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::ids::{BillId, CustomerId, RequestId};
use domain::money::Money;
use domain::payments::{Provider, RequestKind, RequestState};

macro_rules! shown {
    () => {
        "SELECT r.id, r.provider, r.kind, r.reference, r.provider_reference, r.order_reference, \
         r.customer_id, c.code, r.bill_id, b.number, r.plan_code, r.amount_paise, r.in_parts, \
         r.state, r.url, r.expires_at, r.attempts, r.retry_at, r.reason, r.cancel_asked, \
         r.asked_as, r.created_at, r.updated_at \
         FROM payment_requests r JOIN customers c ON c.id = r.customer_id \
         LEFT JOIN bills b ON b.id = r.bill_id WHERE "
    };
}
pub(super) const ADD: &str = "INSERT INTO payment_requests (id, provider, kind, reference, \
     customer_id, bill_id, plan_code, amount_paise, in_parts, state, expires_at, attempts, \
     retry_at, cancel_asked, asked_as, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'new', $10, 0, $11, 0, $12, $11, $11)";
pub(super) const SHOW: &str = concat!(shown!(), "r.id = $1");
pub(super) const LOCK: &str = "SELECT id FROM payment_requests WHERE id = $1 FOR UPDATE";
pub(super) const PAGE: &str = concat!(
    shown!(),
    "r.id < $1 AND (CAST($2 AS TEXT) IS NULL OR r.provider = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR r.state = $3) ORDER BY r.id DESC LIMIT $4"
);
pub(super) const PAGE_OF_CUSTOMER: &str = concat!(
    shown!(),
    "r.customer_id = $5 AND r.id < $1 AND (CAST($2 AS TEXT) IS NULL OR r.provider = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR r.state = $3) ORDER BY r.id DESC LIMIT $4"
);
pub(super) const DUE: &str =
    "SELECT id FROM payment_requests WHERE retry_at <= $1 ORDER BY retry_at LIMIT $2";
pub(super) const SAVE: &str = "UPDATE payment_requests SET provider_reference = $2, \
     order_reference = $3, state = $4, url = $5, attempts = $6, retry_at = $7, reason = $8, \
     cancel_asked = $9, expires_at = $10, updated_at = $11 WHERE id = $1";
pub(super) const COUNTS: &str = "SELECT state, COUNT(*) FROM payment_requests \
     WHERE state IN ('sent', 'done', 'unknown') GROUP BY state";
pub(super) const QUERIES: &[&str] = &[ADD, SHOW, LOCK, PAGE, PAGE_OF_CUSTOMER, DUE, SAVE, COUNTS];

/// Something that we asked a gateway for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFor {
    /// Its id.
    pub id: RequestId,
    /// Who is asked.
    pub provider: Provider,
    /// For what.
    pub kind: RequestKind,
    /// Our reference, by which the gateway knows it too.
    pub reference: String,
    /// The gateway's id of it.
    pub provider_reference: Option<String>,
    /// The gateway's id of the order behind it.
    pub order_reference: Option<String>,
    /// Who is to pay.
    pub customer: CustomerId,
    /// Their code.
    pub customer_code: String,
    /// The bill to be paid.
    pub bill: Option<BillId>,
    /// Its number.
    pub bill_number: Option<String>,
    /// The plan to be bought.
    pub plan: Option<String>,
    /// The amount; absent when any may be paid.
    pub amount: Option<Money>,
    /// Whether less may be paid.
    pub in_parts: bool,
    /// Where it stands.
    pub state: RequestState,
    /// The address to pay at, or of the picture of the QR code.
    pub url: Option<String>,
    /// When it ends.
    pub expires_at: Option<Moment>,
    /// How often the gateway was called about making it.
    pub attempts: u32,
    /// When a worker looks at it next.
    pub retry_at: Option<Moment>,
    /// Why it was refused, or what is not known of it.
    pub reason: Option<String>,
    /// Whether somebody wants it withdrawn.
    pub cancel_asked: bool,
    /// Who asked for it.
    pub asked_as: String,
    /// When.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
}

/// Something to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAskedFor<'a> {
    /// Who is asked.
    pub provider: Provider,
    /// For what.
    pub kind: RequestKind,
    /// Our reference.
    pub reference: &'a str,
    /// Who is to pay.
    pub customer: CustomerId,
    /// The bill to be paid.
    pub bill: Option<BillId>,
    /// The plan to be bought.
    pub plan: Option<&'a str>,
    /// The amount; absent when any may be paid.
    pub amount: Option<Money>,
    /// Whether less may be paid.
    pub in_parts: bool,
    /// When it ends.
    pub expires_at: Option<Moment>,
    /// Who asks for it.
    pub asked_as: &'a str,
}

/// Which are listed; what is absent does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Who is to pay.
    pub customer: Option<CustomerId>,
    /// Who was asked.
    pub provider: Option<Provider>,
    /// Where they stand.
    pub state: Option<RequestState>,
}

fn read(row: &Row<'_>) -> Result<AskedFor, StoreError> {
    let text = |place| Ok::<_, StoreError>(row.opt_text(place)?.map(str::to_owned));
    let wrong = |what: &str| StoreError::unexpected(format!("payment_requests.{what}"));
    let moment = |place| Ok::<_, StoreError>(row.opt_int(place)?.map(Moment::from_unix_micros));
    Ok(AskedFor {
        id: RequestId(row.int(0)?),
        provider: Provider::from_name(row.text(1)?).ok_or_else(|| wrong("provider"))?,
        kind: RequestKind::from_name(row.text(2)?).ok_or_else(|| wrong("kind"))?,
        reference: row.text(3)?.to_owned(),
        provider_reference: text(4)?,
        order_reference: text(5)?,
        customer: CustomerId(row.int(6)?),
        customer_code: row.text(7)?.to_owned(),
        bill: row.opt_int(8)?.map(BillId),
        bill_number: text(9)?,
        plan: text(10)?,
        amount: row.opt_int(11)?.map(Money::from_paise),
        in_parts: row.flag(12)?,
        state: RequestState::from_name(row.text(13)?).ok_or_else(|| wrong("state"))?,
        url: text(14)?,
        expires_at: moment(15)?,
        attempts: u32::try_from(row.int(16)?).unwrap_or(u32::MAX),
        retry_at: moment(17)?,
        reason: text(18)?,
        cancel_asked: row.flag(19)?,
        asked_as: row.text(20)?.to_owned(),
        created_at: Moment::from_unix_micros(row.int(21)?),
        updated_at: Moment::from_unix_micros(row.int(22)?),
    })
}

/// Takes an id for something to be asked for.
pub fn allot_request(tx: &mut Tx<'_>) -> Result<RequestId, StoreError> {
    allot(tx, Counter::PaymentRequests, 1).map(RequestId)
}

/// Keeps something to be asked for; it is due at once.
pub fn add_request(
    tx: &mut Tx<'_>,
    id: RequestId,
    new: &NewAskedFor<'_>,
    at: Moment,
) -> Result<(), StoreError> {
    let params = [
        id.0.into(),
        new.provider.as_str().into(),
        new.kind.as_str().into(),
        new.reference.into(),
        new.customer.0.into(),
        new.bill.map(|bill| bill.0).into(),
        new.plan.into(),
        new.amount.map(Money::paise).into(),
        new.in_parts.into(),
        new.expires_at.map(Moment::unix_micros).into(),
        at.unix_micros().into(),
        new.asked_as.into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// One of them.
pub fn request_by_id(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<AskedFor>, StoreError> {
    tx.find(SHOW, &[id.0.into()], read)
}

/// One of them, to be changed: nobody else changes it until the end of the transaction.
pub fn lock_request(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<AskedFor>, StoreError> {
    tx.find(LOCK, &[id.0.into()], |row| row.int(0))?;
    request_by_id(tx, id)
}

/// At most `limit` before one of them, the latest first.
pub fn page_of_requests(
    tx: &mut Tx<'_>,
    filter: &RequestFilter,
    before: Option<RequestId>,
    limit: i64,
) -> Result<Vec<AskedFor>, StoreError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    let provider = filter.provider.map(Provider::as_str);
    let state = filter.state.map(RequestState::as_str);
    let params = [before.into(), provider.into(), state.into(), limit.into()];
    match filter.customer {
        None => tx.list(PAGE, &params, read),
        Some(customer) => {
            let [before, provider, state, limit] = params;
            let params = [before, provider, state, limit, customer.0.into()];
            tx.list(PAGE_OF_CUSTOMER, &params, read)
        }
    }
}

/// At most `limit` that are due, the longest first.
pub fn due_requests(
    tx: &mut Tx<'_>,
    now: Moment,
    limit: i64,
) -> Result<Vec<RequestId>, StoreError> {
    tx.list(DUE, &[now.unix_micros().into(), limit.into()], |row| row.int(0).map(RequestId))
}

/// Keeps what became of one that was locked in this transaction.
pub fn save_request(tx: &mut Tx<'_>, now: &AskedFor, at: Moment) -> Result<(), StoreError> {
    let params = [
        now.id.0.into(),
        now.provider_reference.as_deref().into(),
        now.order_reference.as_deref().into(),
        now.state.as_str().into(),
        now.url.as_deref().into(),
        i64::from(now.attempts).into(),
        now.retry_at.filter(|_| now.state.is_open()).map(Moment::unix_micros).into(),
        now.reason.as_deref().into(),
        now.cancel_asked.into(),
        now.expires_at.map(Moment::unix_micros).into(),
        at.unix_micros().into(),
    ];
    tx.execute(SAVE, &params).map(|_| ())
}

/// How many are open, by the word of their state.
pub fn count_requests(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    tx.list(COUNTS, &[], |row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
}
