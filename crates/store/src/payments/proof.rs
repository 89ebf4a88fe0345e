//! What `dairyos verify` reads of payments, by ranges of ids, and questions whose answer must be
//! empty.
//!
//! It deliberately repairs nothing, and leaves the arithmetic to `app` and `domain`.

use super::{Kept, columns, parts, read};
use crate::db::{StoreError, Tx};
use crate::verify::PLACES_NAMED;
use domain::ids::{CustomerId, PaymentId, PersonId};
use domain::ledger::Account;
use domain::money::Money;

pub(super) const LAST_ID: &str = "SELECT MAX(id) FROM payments";
pub(super) const RANGE: &str = concat!(
    "SELECT ",
    columns!(),
    ", p.state FROM payments p WHERE p.id BETWEEN $1 AND $2 ORDER BY p.id"
);
pub(super) const ALLOCATED: &str = "SELECT payment_id, CAST(SUM(amount_paise) AS BIGINT) \
     FROM allocations WHERE payment_id BETWEEN $1 AND $2 GROUP BY payment_id";
pub(super) const LOGGED: &str = "SELECT payment_id, COUNT(*), MAX(entry_no) \
     FROM payment_log WHERE payment_id BETWEEN $1 AND $2 GROUP BY payment_id";
/// `LEFT`, though none is without entries, so that a planner who takes transactions for as long as
/// the table does not begin with the entries.
pub(super) const POSTED: &str = "SELECT t.payment_id, t.posting, e.account, e.customer_id, \
     e.person_id, e.amount_paise FROM ledger_transactions t \
     LEFT JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE t.payment_id BETWEEN $1 AND $2";
/// What the plans cost that payments of a range have bought.
pub(super) const PRICES: &str = "SELECT payment_id, price_paise FROM entitlement_grants \
     WHERE payment_id BETWEEN $1 AND $2";
pub(super) const BILLS_PAID: &str = "SELECT COALESCE(b.number, CAST(b.id AS TEXT)) FROM bills b \
     LEFT JOIN (SELECT x.bill_id, SUM(x.amount_paise) AS paid FROM \
     (SELECT bill_id, amount_paise FROM allocations WHERE bill_id IS NOT NULL \
     UNION ALL SELECT bill_id, amount_paise FROM opening_uses) x GROUP BY x.bill_id) a \
     ON a.bill_id = b.id WHERE b.paid_paise <> COALESCE(a.paid, 0) ORDER BY b.id LIMIT $1";
pub(super) const OPENING_OVERUSED: &str = "SELECT c.code FROM customers c \
     LEFT JOIN (SELECT customer_id, SUM(amount_paise) AS used FROM opening_uses \
     GROUP BY customer_id) u ON u.customer_id = c.id \
     LEFT JOIN (SELECT customer_id, SUM(amount_paise) AS paid FROM allocations \
     WHERE bill_id IS NULL GROUP BY customer_id) a ON a.customer_id = c.id \
     WHERE (u.used > 0 AND u.used > -c.opening_balance_paise) OR a.paid < 0 \
     OR (a.paid > 0 AND a.paid > c.opening_balance_paise) ORDER BY c.code LIMIT $1";
pub(super) const FOREIGN: &str = "SELECT CAST(a.payment_id AS TEXT) FROM allocations a \
     JOIN payments p ON p.id = a.payment_id LEFT JOIN bills b ON b.id = a.bill_id \
     WHERE p.customer_id IS NULL OR p.customer_id <> a.customer_id \
     OR b.customer_id <> a.customer_id GROUP BY a.payment_id ORDER BY a.payment_id LIMIT $1";
pub(super) const QUERIES: &[&str] =
    &[LAST_ID, RANGE, ALLOCATED, LOGGED, POSTED, PRICES, BILLS_PAID, OPENING_OVERUSED, FOREIGN];

/// A payment with all that is to be compared with it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The payment.
    pub kept: Kept,
    /// Its state as it is kept.
    pub state: String,
    /// The sum of its allocations.
    pub allocated: Money,
    /// What the plan cost that it is for, when it was sold; nothing while it has no grant.
    pub price: Option<Money>,
    /// How many entries its log has, and the number of the last.
    pub log: (i64, i64),
    /// The ledger's entries for it.
    pub posted: Vec<PostedEntry>,
}

/// An entry of the ledger for a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedEntry {
    /// What it is for.
    pub posting: String,
    /// The account.
    pub account: Account,
    /// Whose receivable it is.
    pub customer: Option<CustomerId>,
    /// Whose cash it is.
    pub person: Option<PersonId>,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// The highest id of a payment; 0 when there are none.
pub fn last_payment(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.find(LAST_ID, &[], |row| row.opt_int(0))?.flatten().unwrap_or(0))
}

/// The payments of a range of ids with all that is to be compared with them.
pub fn proofs(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<Proof>, StoreError> {
    let range = [from.into(), to.into()];
    let (mut payments, mut states) = (Vec::new(), Vec::new());
    tx.query(RANGE, &range, |row| {
        payments.push(read(row)?);
        states.push(row.text(25)?.to_owned());
        Ok(())
    })?;
    parts::fill(tx, &mut payments)?;
    let mut proofs: Vec<Proof> = payments
        .into_iter()
        .zip(states)
        .map(|(kept, state)| Proof {
            kept,
            state,
            allocated: Money::ZERO,
            price: None,
            log: (0, 0),
            posted: Vec::new(),
        })
        .collect();
    let place = |proofs: &[Proof], id: i64| {
        proofs.binary_search_by_key(&PaymentId(id), |proof| proof.kept.id).ok()
    };
    tx.query(ALLOCATED, &range, |row| {
        if let Some(proof) = place(&proofs, row.int(0)?).and_then(|at| proofs.get_mut(at)) {
            proof.allocated = Money::from_paise(row.int(1)?);
        }
        Ok(())
    })?;
    tx.query(PRICES, &range, |row| {
        if let Some(proof) = place(&proofs, row.int(0)?).and_then(|at| proofs.get_mut(at)) {
            proof.price = Some(Money::from_paise(row.int(1)?));
        }
        Ok(())
    })?;
    tx.query(LOGGED, &range, |row| {
        if let Some(proof) = place(&proofs, row.int(0)?).and_then(|at| proofs.get_mut(at)) {
            proof.log = (row.int(1)?, row.int(2)?);
        }
        Ok(())
    })?;
    tx.query(POSTED, &range, |row| {
        // Of a transaction that has lost its entries, which is found elsewhere.
        let Some(amount) = row.opt_int(5)? else { return Ok(()) };
        if let Some(proof) = place(&proofs, row.int(0)?).and_then(|at| proofs.get_mut(at)) {
            proof.posted.push(PostedEntry {
                posting: row.text(1)?.to_owned(),
                account: crate::ledger::account(row.text(2)?)?,
                customer: row.opt_int(3)?.map(CustomerId),
                person: row.opt_int(4)?.map(PersonId),
                amount: Money::from_paise(amount),
            });
        }
        Ok(())
    })?;
    Ok(proofs)
}

/// Bills whose paid amount is not the sum of what pays them, opening balances that have paid or
/// were paid more than they are, and payments that pay what another customer owes.
pub fn broken_allocations(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut places = Vec::new();
    let limit = [i64::from(PLACES_NAMED).into()];
    for (what, sql) in
        [("bill", BILLS_PAID), ("opening balance of", OPENING_OVERUSED), ("payment", FOREIGN)]
    {
        let found = tx.list(sql, &limit, |row| Ok(format!("{what} {}", row.text(0)?)))?;
        places.extend(found);
    }
    Ok(places)
}
