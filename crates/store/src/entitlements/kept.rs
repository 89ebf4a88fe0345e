//! Until when customers may use what: the look-up behind each check, and what ends when.
//!
//! It deliberately believes no flag: whether something is over is for the reader's clock.

use super::parted;
use super::plans::FREE;
use crate::db::{Column, Each, Row, StoreError, Tx, Value};
use domain::calendar::Moment;
use domain::customers::BillingMode;
use domain::entitlements::ALL_FEATURES;
use domain::ids::CustomerId;

pub(super) const CHECK: &str = "SELECT c.id, c.billing_mode, \
     (SELECT MAX(e.until_at) FROM entitlements e \
     WHERE e.customer_id = c.id AND e.feature IN ($2, $3)) FROM customers c WHERE c.code = $1";
const ENDING: &str = "SELECT c.code, e.feature, e.until_at, e.customer_id FROM entitlements e \
     JOIN customers c ON c.id = e.customer_id WHERE e.closed = 0 \
     AND (e.until_at, e.customer_id, e.feature) > ($1, $2, $3) AND e.until_at < $4 \
     ORDER BY e.until_at, e.customer_id, e.feature LIMIT $5";
const ENDED: &str = "SELECT customer_id, feature, until_at, closed FROM entitlements \
     WHERE closed = 0 AND until_at <= $1 ORDER BY until_at, customer_id, feature LIMIT $2";
const OF_CUSTOMER: Each = Each {
    sql: "SELECT customer_id, feature, until_at, closed FROM entitlements \
          WHERE customer_id = :customer",
    columns: &[Column::Int("customer")],
};
const PUT: Each = Each {
    sql: "INSERT INTO entitlements (customer_id, feature, until_at, closed) \
          SELECT :customer, :feature, :until, :closed {row} WHERE TRUE \
          ON CONFLICT (customer_id, feature) DO UPDATE SET until_at = excluded.until_at, \
          closed = excluded.closed",
    columns: &[
        Column::Int("customer"),
        Column::Text("feature"),
        Column::Int("until"),
        Column::Int("closed"),
    ],
};
const REMOVE: Each = Each {
    sql: "DELETE FROM entitlements WHERE customer_id = :customer AND feature = :feature",
    columns: &[Column::Int("customer"), Column::Text("feature")],
};
const CLOSE: Each = Each {
    sql: "UPDATE entitlements SET closed = 1 \
          WHERE customer_id = :customer AND feature = :feature AND until_at = :until",
    columns: &[Column::Int("customer"), Column::Text("feature"), Column::Int("until")],
};
const CODE: Each = Each {
    sql: "SELECT id, code FROM customers WHERE id = :customer",
    columns: &[Column::Int("customer")],
};
pub(super) const QUERIES: &[&str] = &[CHECK, ENDING, ENDED];
pub(super) const SETS: &[&Each] = &[&OF_CUSTOMER, &PUT, &REMOVE, &CLOSE, &CODE];

/// Until when a customer may use a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// Who.
    pub customer: CustomerId,
    /// What; `*` for all.
    pub feature: String,
    /// The first moment at which it is over.
    pub until: Moment,
    /// Whether its end was noted.
    pub is_closed: bool,
}

pub(super) fn read(row: &Row<'_>) -> Result<Entitled, StoreError> {
    Ok(Entitled {
        customer: CustomerId(row.int(0)?),
        feature: row.text(1)?.to_owned(),
        until: Moment::from_unix_micros(row.int(2)?),
        is_closed: row.flag(3)?,
    })
}

/// What a check needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Who.
    pub customer: CustomerId,
    /// Whether deliveries need a balance.
    pub mode: BillingMode,
    /// The first moment at which what was paid for the feature is over, which may have passed.
    pub until: Option<Moment>,
    /// The features that everybody has.
    pub free: Vec<String>,
}

/// Looks up a customer by code and until when a feature is paid for, by its name or by `*`; and
/// what everybody has. On a server both are one exchange.
pub fn check(tx: &mut Tx<'_>, code: &str, feature: &str) -> Result<Option<Checked>, StoreError> {
    let asked = tx.ask_query(FREE, &[])?;
    let found = tx.find(CHECK, &[code.into(), feature.into(), ALL_FEATURES.into()], |row| {
        let mode = BillingMode::parse(row.text(1)?);
        Ok(Checked {
            customer: CustomerId(row.int(0)?),
            mode: mode.map_err(|_| StoreError::unexpected("customers.billing_mode"))?,
            until: row.opt_int(2)?.map(Moment::from_unix_micros),
            free: Vec::new(),
        })
    })?;
    let mut free = Vec::new();
    tx.answer_query(asked, FREE, &[], |row| {
        free.extend(parted(row.text(0)?));
        Ok(())
    })?;
    Ok(found.map(|found| Checked { free, ..found }))
}

/// An end that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The customer's code.
    pub customer_code: String,
    /// Until when they may use what.
    pub entitled: Entitled,
}

/// What ends before a moment and after a place, in the order of its end.
pub fn ending(
    tx: &mut Tx<'_>,
    after: (Moment, CustomerId, &str),
    before: Moment,
    limit: i64,
) -> Result<Vec<Ending>, StoreError> {
    let params = [
        after.0.unix_micros().into(),
        after.1.0.into(),
        after.2.into(),
        before.unix_micros().into(),
        limit.into(),
    ];
    tx.list(ENDING, &params, |row| {
        Ok(Ending {
            customer_code: row.text(0)?.to_owned(),
            entitled: Entitled {
                customer: CustomerId(row.int(3)?),
                feature: row.text(1)?.to_owned(),
                until: Moment::from_unix_micros(row.int(2)?),
                is_closed: false,
            },
        })
    })
}

/// What has ended by a moment and was not noted yet, the oldest first.
pub fn ended(tx: &mut Tx<'_>, at: Moment, limit: i64) -> Result<Vec<Entitled>, StoreError> {
    tx.list(ENDED, &[at.unix_micros().into(), limit.into()], read)
}

fn ids(customers: &[CustomerId]) -> Vec<[Value<'_>; 1]> {
    customers.iter().map(|id| [id.0.into()]).collect()
}

/// All that is kept of customers, in no order.
pub fn entitled(tx: &mut Tx<'_>, customers: &[CustomerId]) -> Result<Vec<Entitled>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&OF_CUSTOMER, &ids(customers), |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The codes of customers, in no order.
pub fn codes(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, String)>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&CODE, &ids(customers), |row| {
        found.push((CustomerId(row.int(0)?), row.text(1)?.to_owned()));
        Ok(())
    })?;
    Ok(found)
}

/// Keeps until when customers may use what.
pub fn put(tx: &mut Tx<'_>, entitled: &[Entitled]) -> Result<(), StoreError> {
    let rows = entitled.iter().map(|one| {
        [
            one.customer.0.into(),
            one.feature.as_str().into(),
            one.until.unix_micros().into(),
            one.is_closed.into(),
        ]
    });
    tx.for_each(&PUT, rows).map(|_| ())
}

/// Forgets what nothing was paid for any more.
pub fn remove(tx: &mut Tx<'_>, gone: &[Entitled]) -> Result<(), StoreError> {
    let rows = gone.iter().map(|one| [one.customer.0.into(), one.feature.as_str().into()]);
    tx.for_each(&REMOVE, rows).map(|_| ())
}

/// Notes the ends of what has ended, unless it goes on by now; returns how many were.
pub fn close(tx: &mut Tx<'_>, ended: &[Entitled]) -> Result<u64, StoreError> {
    let rows = ended.iter().map(|one| {
        [one.customer.0.into(), one.feature.as_str().into(), one.until.unix_micros().into()]
    });
    tx.for_each(&CLOSE, rows)
}
