//! Grants: what each payment for a plan gives, kept as sets.
//!
//! It deliberately changes only where a grant stands and its time; the database refuses the rest.

use super::{joined, parted};
use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use domain::calendar::Moment;
use domain::entitlements::{Grant, GrantState};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;

macro_rules! columns {
    () => {
        "g.payment_id, g.customer_id, g.plan_code, g.features, g.days, g.price_paise, g.paid_at, \
         g.state, g.from_at, g.until_at"
    };
}
pub(super) use columns;

const INSERT: Insert = Insert {
    table: "entitlement_grants",
    columns: &[
        "payment_id",
        "customer_id",
        "plan_code",
        "features",
        "days",
        "price_paise",
        "paid_at",
        "state",
        "from_at",
        "until_at",
        "changed_at",
    ],
};
const OF_CUSTOMER: Each = Each {
    sql: concat!(
        "SELECT ",
        columns!(),
        " FROM entitlement_grants g WHERE g.customer_id = :customer"
    ),
    columns: &[Column::Int("customer")],
};
const MOVE: Each = Each {
    sql: "UPDATE entitlement_grants SET paid_at = :paid, state = :state, from_at = :from, \
          until_at = :until, changed_at = :changed WHERE payment_id = :payment",
    columns: &[
        Column::Int("payment"),
        Column::Int("paid"),
        Column::Text("state"),
        Column::Int("from"),
        Column::Int("until"),
        Column::Int("changed"),
    ],
};
pub(super) const SETS: &[&Each] = &[&OF_CUSTOMER, &MOVE];

/// What a payment for a plan gives, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptGrant {
    /// Whose.
    pub customer: CustomerId,
    /// What was sold. It counts as revoked when it gives nothing, for whatever reason.
    pub grant: Grant,
    /// What the plan cost when it was sold.
    pub price: Money,
    /// Where it stands.
    pub state: GrantState,
    /// The first moment of what it gives, and the first after; only when it gives something.
    pub time: Option<(Moment, Moment)>,
}

pub(super) fn read(row: &Row<'_>) -> Result<KeptGrant, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("entitlement_grants.{what}"));
    let state = GrantState::from_name(row.text(7)?).ok_or_else(|| wrong("state"))?;
    let time = row.opt_int(8)?.zip(row.opt_int(9)?);
    Ok(KeptGrant {
        customer: CustomerId(row.int(1)?),
        grant: Grant {
            payment: PaymentId(row.int(0)?),
            plan: row.text(2)?.to_owned(),
            features: parted(row.text(3)?),
            days: u32::try_from(row.int(4)?).map_err(|_| wrong("days"))?,
            paid_at: Moment::from_unix_micros(row.int(6)?),
            is_revoked: state != GrantState::Given,
        },
        price: Money::from_paise(row.int(5)?),
        state,
        time: time
            .map(|(from, until)| (Moment::from_unix_micros(from), Moment::from_unix_micros(until))),
    })
}

/// All grants of customers, in no order.
pub fn of_customers(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
) -> Result<Vec<KeptGrant>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = customers.iter().map(|id| [id.0.into()]).collect();
    let mut found = Vec::new();
    tx.look_up(&OF_CUSTOMER, &rows, |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Adds grants of payments that have none.
pub fn add_grants(tx: &mut Tx<'_>, grants: &[&KeptGrant], at: Moment) -> Result<(), StoreError> {
    let features: Vec<String> = grants.iter().map(|kept| joined(&kept.grant.features)).collect();
    let rows = grants.iter().zip(&features).map(|(kept, features)| {
        let grant = &kept.grant;
        [
            grant.payment.0.into(),
            kept.customer.0.into(),
            grant.plan.as_str().into(),
            features.as_str().into(),
            i64::from(grant.days).into(),
            kept.price.paise().into(),
            grant.paid_at.unix_micros().into(),
            kept.state.as_str().into(),
            kept.time.map(|(from, _)| from.unix_micros()).into(),
            kept.time.map(|(_, until)| until.unix_micros()).into(),
            at.unix_micros().into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// Keeps where known grants stand now, and their times.
pub fn move_grants(tx: &mut Tx<'_>, grants: &[&KeptGrant], at: Moment) -> Result<(), StoreError> {
    let rows = grants.iter().map(|kept| {
        [
            kept.grant.payment.0.into(),
            kept.grant.paid_at.unix_micros().into(),
            kept.state.as_str().into(),
            kept.time.map(|(from, _)| from.unix_micros()).into(),
            kept.time.map(|(_, until)| until.unix_micros()).into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&MOVE, rows).map(|_| ())
}
