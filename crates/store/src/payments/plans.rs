//! Payments for plans.
//!
//! It deliberately does not know what a plan gives.

use super::{Kept, columns, parts, read};
use crate::db::{StoreError, Tx};
use domain::ids::{CustomerId, PaymentId};

pub(super) const OF_RANGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments p WHERE p.plan_code IS NOT NULL AND p.customer_id BETWEEN $1 AND $2"
);
pub(super) const WAITING: &str = "SELECT p.id, p.customer_id FROM payments p \
     WHERE p.plan_code IS NOT NULL AND p.plan_code = $1 AND p.customer_id IS NOT NULL \
     AND p.captured_paise > 0 \
     AND NOT EXISTS (SELECT 1 FROM entitlement_grants g WHERE g.payment_id = p.id) \
     ORDER BY p.id";
pub(super) const QUERIES: &[&str] = &[OF_RANGE, WAITING];

/// The payments for plans of a range of customers, in no order.
pub fn for_plans(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<Kept>, StoreError> {
    let mut found = tx.list(OF_RANGE, &[from.into(), to.into()], read)?;
    parts::fill(tx, &mut found)?;
    Ok(found)
}

/// The captured payments of known customers that name a plan and have no grant, by id.
pub fn waiting_for(
    tx: &mut Tx<'_>,
    plan: &str,
) -> Result<Vec<(PaymentId, CustomerId)>, StoreError> {
    tx.list(WAITING, &[plan.into()], |row| Ok((PaymentId(row.int(0)?), CustomerId(row.int(1)?))))
}
