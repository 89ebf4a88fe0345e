//! What `dairyos verify` reads of grants and entitlements, by ranges of customers.
//!
//! It deliberately repairs nothing, and leaves the comparison to `app` and `domain`.

use super::grants::{self, KeptGrant, columns};
use super::kept::{self, Entitled};
use crate::db::{StoreError, Tx};

const GRANTS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM entitlement_grants g WHERE g.customer_id BETWEEN $1 AND $2"
);
const ENTITLED: &str = "SELECT customer_id, feature, until_at, closed FROM entitlements \
     WHERE customer_id BETWEEN $1 AND $2";
pub(super) const QUERIES: &[&str] = &[GRANTS, ENTITLED];

/// All grants of a range of customers, in no order.
pub fn grants_of_range(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<KeptGrant>, StoreError> {
    tx.list(GRANTS, &[from.into(), to.into()], grants::read)
}

/// Until when a range of customers may use what, in no order.
pub fn entitled_of_range(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<Entitled>, StoreError> {
    tx.list(ENTITLED, &[from.into(), to.into()], kept::read)
}
