//! Plans: what customers can buy.
//!
//! It deliberately removes none; one that is sold no more says so.

use super::{joined, parted};
use crate::db::{Column, Each, Row, StoreError, Tx, Value};
use domain::calendar::Moment;
use domain::entitlements::Plan;
use domain::money::Money;

/// Most plans of a business: all of them are read at once.
pub const MAX_PLANS: usize = 200;

const ALL: &str = "SELECT code, name, price_paise, days, features, active, version, changed_at \
     FROM plans ORDER BY price_paise, code";
pub(super) const FREE: &str = "SELECT features FROM plans WHERE price_paise = 0 AND active = 1";
const ADD: &str = "INSERT INTO plans (code, name, price_paise, days, features, active, \
     changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const CHANGE: &str = "UPDATE plans SET name = $2, price_paise = $3, days = $4, features = $5, \
     active = $6, changed_at = $7, version = version + 1 WHERE code = $1 AND version = $8";
const BY_CODE: Each = Each {
    sql: "SELECT code, name, price_paise, days, features, active, version, changed_at \
          FROM plans WHERE code = :code",
    columns: &[Column::Text("code")],
};
pub(super) const QUERIES: &[&str] = &[ALL, FREE, ADD, CHANGE];
pub(super) const SETS: &[&Each] = &[&BY_CODE];

/// A plan as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPlan {
    /// The plan.
    pub plan: Plan,
    /// Whether it is sold; one without a price holds for all only then.
    pub is_active: bool,
    /// How often it has changed, from 1.
    pub version: i64,
    /// When it was added or changed last; never for one that is as shipped.
    pub changed_at: Option<Moment>,
}

fn read(row: &Row<'_>) -> Result<KeptPlan, StoreError> {
    let days = u32::try_from(row.int(3)?).map_err(|_| StoreError::unexpected("plans.days"))?;
    Ok(KeptPlan {
        plan: Plan {
            code: row.text(0)?.to_owned(),
            name: row.text(1)?.to_owned(),
            price: Money::from_paise(row.int(2)?),
            days,
            features: parted(row.text(4)?),
        },
        is_active: row.flag(5)?,
        version: row.int(6)?,
        changed_at: row.opt_int(7)?.map(Moment::from_unix_micros),
    })
}

/// All plans, the cheapest first.
pub fn plans(tx: &mut Tx<'_>) -> Result<Vec<KeptPlan>, StoreError> {
    tx.list(ALL, &[], read)
}

/// Plans by code, in no order.
pub fn by_codes(tx: &mut Tx<'_>, codes: &[&str]) -> Result<Vec<KeptPlan>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = codes.iter().map(|code| [(*code).into()]).collect();
    let mut found = Vec::with_capacity(codes.len());
    tx.look_up(&BY_CODE, &rows, |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Adds a plan whose code is not known.
pub fn add_plan(
    tx: &mut Tx<'_>,
    plan: &Plan,
    is_active: bool,
    at: Moment,
) -> Result<(), StoreError> {
    let features = joined(&plan.features);
    let params = [
        plan.code.as_str().into(),
        plan.name.as_str().into(),
        plan.price.paise().into(),
        i64::from(plan.days).into(),
        features.as_str().into(),
        is_active.into(),
        at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// Keeps a changed plan, if it still has the version from which it was changed.
pub fn change_plan(
    tx: &mut Tx<'_>,
    plan: &Plan,
    is_active: bool,
    version: i64,
    at: Moment,
) -> Result<bool, StoreError> {
    let features = joined(&plan.features);
    let params = [
        plan.code.as_str().into(),
        plan.name.as_str().into(),
        plan.price.paise().into(),
        i64::from(plan.days).into(),
        features.as_str().into(),
        is_active.into(),
        at.unix_micros().into(),
        version.into(),
    ];
    Ok(tx.execute(CHANGE, &params)? == 1)
}
