//! What the ledger holds of the sales of plans.
//!
//! It deliberately looks only for payments that it is asked about, and posts nothing.

use crate::db::{Column, Each, StoreError, Tx, Value};
use domain::entitlements::Posted;
use domain::ids::PaymentId;
use domain::money::Money;

/// Income is credited, so what was sold is what is posted with the other sign.
const SALES: Each = Each {
    sql: "SELECT t.payment_id, COUNT(*), CAST(-SUM(e.amount_paise) AS BIGINT) \
          FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id \
          WHERE t.payment_id = :payment AND e.account = 'plan_sales' GROUP BY t.payment_id",
    columns: &[Column::Int("payment")],
};
pub(super) const SETS: &[&Each] = &[&SALES];

/// What is posted of the sales of payments, in no order; those without a posting are absent.
pub fn sales(
    tx: &mut Tx<'_>,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, Posted)>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = payments.iter().map(|id| [id.0.into()]).collect();
    let mut found = Vec::new();
    tx.look_up(&SALES, &rows, |row| {
        let posted = Posted { count: row.int(1)?, amount: Money::from_paise(row.int(2)?) };
        found.push((PaymentId(row.int(0)?), posted));
        Ok(())
    })?;
    Ok(found)
}
