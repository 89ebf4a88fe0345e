//! The inbox: events of gateways as they came, and where they stand.
//!
//! It deliberately never changes what came; a delivery under a known id with another content is
//! only counted.

use crate::db::{Column, Dialect, Each, Insert, Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::ids::{PaymentId, WebhookEventId};
use domain::jobs::earlier;
use domain::payments::Provider;
use domain::webhooks::{EXPECTED_FOR, Pulse, Standing, State, USUAL_OF_DAYS};
use std::collections::BTreeMap;

const INSERT: Insert = Insert {
    table: "gateway_events",
    columns: &[
        "provider",
        "event_id",
        "kind",
        "body",
        "body_is_base64",
        "body_hash",
        "headers",
        "secret_no",
        "livemode",
        "state",
        "attempts",
        "retry_at",
        "reason",
        "received_at",
        "processed_at",
        "id",
    ],
};
/// Without the id: on PostgreSQL it is the next one of a sequence, which no transaction holds.
const INSERT_NEXT: Insert = Insert {
    table: INSERT.table,
    columns: match INSERT.columns.split_last() {
        Some((_id, columns)) => columns,
        None => &[],
    },
};
// Only the event's id may lead to it: a plan made while the table is empty would as soon go through
// all events of the provider.
const KNOWN: Each = Each {
    sql: "SELECT :place, id, body_hash FROM gateway_events \
          WHERE event_id = :event AND provider || '' = :provider",
    columns: &[Column::Int("place"), Column::Text("provider"), Column::Text("event")],
};
// The log of the payment leads to the events that have changed it, and those to their content.
const TOLD_BEFORE: Each = Each {
    sql: "SELECT :place, e.event_id FROM payment_log l JOIN gateway_events e \
          ON e.event_id = l.cause_key \
          WHERE l.payment_id = :payment AND l.cause = :cause AND e.body_hash = :hash",
    columns: &[
        Column::Int("place"),
        Column::Int("payment"),
        Column::Text("cause"),
        Column::Text("hash"),
    ],
};
const FLAG: Each = Each {
    sql: "UPDATE gateway_events SET altered_count = altered_count + :times, altered_hash = :hash \
          WHERE {joined} provider = :provider AND event_id = :event",
    columns: &[
        Column::Text("provider"),
        Column::Text("event"),
        Column::Text("hash"),
        Column::Int("times"),
    ],
};
const MOVE: Each = Each {
    sql: "UPDATE gateway_events SET state = :state, attempts = :attempts, retry_at = :retry, \
          reason = :reason, processed_at = :at WHERE id = :id",
    columns: &[
        Column::Int("id"),
        Column::Text("state"),
        Column::Int("attempts"),
        Column::Int("retry"),
        Column::Text("reason"),
        Column::Int("at"),
    ],
};
macro_rules! columns {
    () => {
        "id, provider, event_id, kind, state, attempts, retry_at, reason, received_at, \
         processed_at, altered_count, livemode, secret_no, body_hash"
    };
}
pub(crate) const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    ", body, body_is_base64, headers FROM gateway_events WHERE retry_at <= $1 \
     ORDER BY retry_at LIMIT $2 FOR UPDATE SKIP LOCKED"
);
pub(crate) const SHOW: &str = concat!(
    "SELECT ",
    columns!(),
    ", body, body_is_base64, headers FROM gateway_events WHERE id = $1"
);
pub(crate) const TAKE: &str = concat!(
    "SELECT ",
    columns!(),
    ", body, body_is_base64, headers FROM gateway_events WHERE id = $1 FOR UPDATE"
);
pub(crate) const BY_EVENT: &str =
    "SELECT id FROM gateway_events WHERE provider = $1 AND event_id = $2";
pub(crate) const PAGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM gateway_events WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR provider = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR state = $3) ORDER BY id DESC LIMIT $4"
);
pub(crate) const PAGE_OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM gateway_events WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR provider = $2) \
     AND state = $3 AND (state = 'received' OR state = 'failed' OR state = 'dead') \
     ORDER BY id DESC LIMIT $4"
);
pub(crate) const COUNTS: &str = "SELECT provider, state, COUNT(*) FROM gateway_events \
     WHERE state = 'received' OR state = 'failed' OR state = 'dead' GROUP BY provider, state";
pub(crate) const LAST: &str = "SELECT received_at FROM gateway_events WHERE provider = $1 \
     ORDER BY id DESC LIMIT 1";
pub(crate) const OPEN_REQUESTS: &str = "SELECT MIN(created_at) FROM payment_requests \
     WHERE provider = $1 AND state IN ('sent', 'done', 'unknown') AND created_at >= $2";
pub(crate) const BUSY: &str =
    "SELECT id FROM payments WHERE received_day = $1 AND provider = $2 LIMIT 1";
pub(crate) const UNBOOKED: &str = concat!(
    "SELECT ",
    columns!(),
    ", body, body_is_base64, headers FROM gateway_events \
     WHERE (state = 'received' OR state = 'failed' OR state = 'dead') AND state <> 'received' \
     AND received_at < $1 ORDER BY id"
);
pub(crate) const QUERIES: &[&str] =
    &[DUE, SHOW, TAKE, BY_EVENT, PAGE, PAGE_OPEN, COUNTS, LAST, OPEN_REQUESTS, BUSY, UNBOOKED];
pub(crate) const SETS: &[&Each] = &[&KNOWN, &TOLD_BEFORE, &FLAG, &MOVE];

/// An event that came.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Who sent it.
    pub provider: Provider,
    /// Its id there.
    pub event_id: &'a str,
    /// Its kind; `unknown` when it could not be read.
    pub kind: &'a str,
    /// Its content.
    pub body: &'a str,
    /// Whether the content is in base64, since it is no text.
    pub body_is_base64: bool,
    /// SHA-256 of its bytes, in hexadecimal.
    pub body_hash: &'a str,
    /// The headers, as JSON: a list of lists, each of a name and a value.
    pub headers: &'a str,
    /// Under which of the secrets it was signed.
    pub secret_no: i64,
    /// Whether it is about real money, where that is told.
    pub live: Option<bool>,
    /// Where it stands.
    pub standing: Standing,
    /// Why it stands there.
    pub reason: Option<&'a str>,
}

/// An event that is known under an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The place of its key in the list that was asked for.
    pub place: usize,
    /// The event.
    pub id: WebhookEventId,
    /// SHA-256 of its bytes, in hexadecimal.
    pub body_hash: String,
}

/// Looks up events by the gateways' ids.
pub fn known(tx: &mut Tx<'_>, keys: &[(Provider, &str)]) -> Result<Vec<Known>, StoreError> {
    let rows: Vec<_> = keys
        .iter()
        .zip(0i64..)
        .map(|((provider, id), place)| [place.into(), provider.as_str().into(), (*id).into()])
        .collect();
    let mut found = Vec::new();
    tx.look_up(&KNOWN, &rows, |row| {
        found.push(Known {
            place: usize::try_from(row.int(0)?).unwrap_or(usize::MAX),
            id: WebhookEventId(row.int(1)?),
            body_hash: row.text(2)?.to_owned(),
        });
        Ok(())
    })?;
    Ok(found)
}

/// The content of an event that told a payment nothing new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The payment.
    pub payment: PaymentId,
    /// The kind of the event.
    pub cause: &'a str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
}

/// Finds the events that have changed payments and came with the same content; each with the place
/// of the content in the list, and the gateway's id.
pub fn told_before(
    tx: &mut Tx<'_>,
    contents: &[Content<'_>],
) -> Result<Vec<(usize, String)>, StoreError> {
    let rows: Vec<_> = contents
        .iter()
        .zip(0i64..)
        .map(|(one, place)| {
            [place.into(), one.payment.0.into(), one.cause.into(), one.hash.as_str().into()]
        })
        .collect();
    let mut found = Vec::new();
    if !rows.is_empty() {
        tx.look_up(&TOLD_BEFORE, &rows, |row| {
            let place = usize::try_from(row.int(0)?).unwrap_or(usize::MAX);
            found.push((place, row.text(1)?.to_owned()));
            Ok(())
        })?;
    }
    Ok(found)
}

/// Keeps events, in the order given.
pub fn add(tx: &mut Tx<'_>, events: &[NewEvent<'_>], at: Moment) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    // escape: a sequence
    if tx.dialect() == Dialect::Postgres {
        let rows = events.iter().map(|event| {
            let [columns @ .., _id] = row(event, 0, at);
            columns
        });
        return tx.insert_many(&INSERT_NEXT, rows).map(|_| ());
    }
    let first = allot(tx, Counter::GatewayEvents, events.len())?;
    let rows = events.iter().zip(first..).map(|(event, id)| row(event, id, at));
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// An event as the values of a row, the id last.
fn row<'e>(event: &NewEvent<'e>, id: i64, at: Moment) -> [Value<'e>; 16] {
    let done = event.standing.attempts > 0;
    [
        event.provider.as_str().into(),
        event.event_id.into(),
        event.kind.into(),
        event.body.into(),
        event.body_is_base64.into(),
        event.body_hash.into(),
        event.headers.into(),
        event.secret_no.into(),
        event.live.into(),
        event.standing.state.as_str().into(),
        i64::from(event.standing.attempts).into(),
        event.standing.retry_at.map(Moment::unix_micros).into(),
        event.reason.into(),
        at.unix_micros().into(),
        done.then_some(at.unix_micros()).into(),
        id.into(),
    ]
}

/// Counts deliveries under the ids of known events with another content.
pub fn flag(tx: &mut Tx<'_>, altered: &[(Provider, &str, &str)]) -> Result<(), StoreError> {
    // A set changes each row of the database once on PostgreSQL: those of one id are one row.
    let mut all: BTreeMap<(Provider, &str), (&str, i64)> = BTreeMap::new();
    for (provider, id, hash) in altered {
        let (last, times) = all.entry((*provider, id)).or_insert((hash, 0));
        (*last, *times) = (hash, *times + 1);
    }
    let rows = all.iter().map(|((provider, id), (hash, times))| {
        [provider.as_str().into(), (*id).into(), (*hash).into(), (*times).into()]
    });
    tx.for_each(&FLAG, rows).map(|_| ())
}

/// Notes where events stand after an attempt, and why.
pub fn move_on(
    tx: &mut Tx<'_>,
    events: &[(WebhookEventId, Standing, Option<&str>)],
    at: Moment,
) -> Result<(), StoreError> {
    let rows = events.iter().map(|(id, standing, reason)| {
        [
            id.0.into(),
            standing.state.as_str().into(),
            i64::from(standing.attempts).into(),
            standing.retry_at.map(Moment::unix_micros).into(),
            (*reason).into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&MOVE, rows).map(|_| ())
}

/// An event as it is kept, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id here.
    pub id: WebhookEventId,
    /// Who sent it.
    pub provider: Provider,
    /// Its id there.
    pub event_id: String,
    /// Its kind.
    pub kind: String,
    /// Where it stands.
    pub standing: Standing,
    /// Why.
    pub reason: Option<String>,
    /// When it came.
    pub received_at: Moment,
    /// When it was last tried.
    pub processed_at: Option<Moment>,
    /// How often its id came with another content.
    pub altered_count: i64,
    /// Whether it is about real money, where that is told.
    pub live: Option<bool>,
    /// Under which of the secrets it was signed.
    pub secret_no: i64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub body_hash: String,
}

/// An event with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The event.
    pub kept: Kept,
    /// Its content.
    pub body: String,
    /// Whether the content is in base64.
    pub body_is_base64: bool,
    /// The headers, as JSON: a list of lists, each of a name and a value.
    pub headers: String,
}

fn read(row: &Row<'_>) -> Result<Kept, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("gateway_events.{what}"));
    let standing = Standing {
        state: State::from_name(row.text(4)?).ok_or_else(|| wrong("state"))?,
        attempts: u32::try_from(row.int(5)?).map_err(|_| wrong("attempts"))?,
        retry_at: row.opt_int(6)?.map(Moment::from_unix_micros),
    };
    Ok(Kept {
        id: WebhookEventId(row.int(0)?),
        provider: Provider::from_name(row.text(1)?).ok_or_else(|| wrong("provider"))?,
        event_id: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        standing,
        reason: row.opt_text(7)?.map(str::to_owned),
        received_at: Moment::from_unix_micros(row.int(8)?),
        processed_at: row.opt_int(9)?.map(Moment::from_unix_micros),
        altered_count: row.int(10)?,
        live: row.opt_int(11)?.map(|live| live != 0),
        secret_no: row.int(12)?,
        body_hash: row.text(13)?.to_owned(),
    })
}

fn read_whole(row: &Row<'_>) -> Result<Whole, StoreError> {
    Ok(Whole {
        kept: read(row)?,
        body: row.text(14)?.to_owned(),
        body_is_base64: row.flag(15)?,
        headers: row.text(16)?.to_owned(),
    })
}

/// Takes at most `limit` events whose attempt is due; no other transaction takes them.
pub fn take_due(tx: &mut Tx<'_>, now: Moment, limit: i64) -> Result<Vec<Whole>, StoreError> {
    tx.list(DUE, &[now.unix_micros().into(), limit.into()], read_whole)
}

/// Events that came before a moment and could not be booked, whether tried again or given up.
pub fn unbooked(tx: &mut Tx<'_>, before: Moment) -> Result<Vec<Whole>, StoreError> {
    tx.list(UNBOOKED, &[before.unix_micros().into()], read_whole)
}

/// Takes one event, due or not; nobody else changes it until the end of the transaction.
pub fn take(tx: &mut Tx<'_>, id: WebhookEventId) -> Result<Option<Whole>, StoreError> {
    tx.find(TAKE, &[id.0.into()], read_whole)
}

/// An event with its content.
pub fn find(tx: &mut Tx<'_>, id: WebhookEventId) -> Result<Option<Whole>, StoreError> {
    tx.find(SHOW, &[id.0.into()], read_whole)
}

/// An event by the gateway's id.
pub fn by_event_id(
    tx: &mut Tx<'_>,
    provider: Provider,
    event_id: &str,
) -> Result<Option<WebhookEventId>, StoreError> {
    let params = [provider.as_str().into(), event_id.into()];
    tx.find(BY_EVENT, &params, |row| row.int(0).map(WebhookEventId))
}

/// At most `limit` events before one of them, the latest first.
pub fn page(
    tx: &mut Tx<'_>,
    provider: Option<Provider>,
    state: Option<State>,
    before: Option<WebhookEventId>,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    let open = state.is_some_and(|state| state.is_waiting() || state == State::Dead);
    let params = [
        before.map_or(i64::MAX, |id| id.0).into(),
        provider.map(Provider::as_str).into(),
        state.map(State::as_str).into(),
        limit.into(),
    ];
    tx.list(if open { PAGE_OPEN } else { PAGE }, &params, read)
}

/// How many events wait, and how many were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Kept, and to be processed or tried again.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
}

/// Counts the events that are not done, by gateway; one without such events is absent.
pub fn counts(tx: &mut Tx<'_>) -> Result<BTreeMap<Provider, Counts>, StoreError> {
    let mut all: BTreeMap<Provider, Counts> = BTreeMap::new();
    tx.query(COUNTS, &[], |row| {
        let provider = Provider::from_name(row.text(0)?);
        let provider = provider.ok_or_else(|| StoreError::unexpected("gateway_events.provider"))?;
        let count = u64::try_from(row.int(2)?).unwrap_or(0);
        let counts = all.entry(provider).or_default();
        match row.text(1)? {
            "dead" => counts.dead += count,
            _ => counts.waiting += count,
        }
        Ok(())
    })?;
    Ok(all)
}

/// When a gateway was last heard of, since when something that we asked it for is open, and how
/// busy it was before.
pub fn pulse(tx: &mut Tx<'_>, provider: Provider, now: Moment) -> Result<Pulse, StoreError> {
    let name = [provider.as_str().into()];
    let last = tx.find(LAST, &name, |row| row.int(0))?.map(Moment::from_unix_micros);
    let mut open_from = |from: i64| {
        let params = [provider.as_str().into(), from.into()];
        let first = tx.find(OPEN_REQUESTS, &params, |row| row.opt_int(0))?.flatten();
        Ok::<_, StoreError>(first.map(Moment::from_unix_micros))
    };
    let open = open_from(earlier(now, EXPECTED_FOR).unix_micros())?;
    let first_open = open_from(i64::MIN)?;
    let mut busy_days = 0;
    if let Some(last) = last {
        for back in 0..USUAL_OF_DAYS.cast_signed() {
            let day = last.business_day().plus_days(-back).number();
            let params = [day.into(), provider.as_str().into()];
            busy_days += u32::from(tx.find(BUSY, &params, |row| row.int(0))?.is_some());
        }
    }
    Ok(Pulse { last, open, first_open, busy_days })
}
