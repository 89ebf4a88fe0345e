//! Bills against what pays them, and payments against what they paid and what the ledger holds of
//! them: by ranges of ids, each range one statement that gives only what differs.
//!
//! It deliberately takes a payment for sound when its sums are those of a plain one; whatever else
//! is, is looked at closely by whoever asks.

use crate::catalog::day;
use crate::db::{StoreError, Tx};
use domain::calendar::Day;
use domain::ids::{BillId, PaymentId};
use domain::money::Money;
use domain::reconciliation::{Issue, found};

pub(super) const LAST_BILL: &str = "SELECT MAX(id) FROM bills";
/// Bills of a range that are open, or whose paid amount is not the sum of what pays them.
pub(super) const BILLS: &str = "SELECT b.id, COALESCE(b.number, CAST(b.id AS TEXT)), b.bill_day, \
     b.total_paise, b.paid_paise, COALESCE(a.paid, 0) + COALESCE(o.paid, 0) FROM bills b \
     LEFT JOIN (SELECT bill_id, CAST(SUM(amount_paise) AS BIGINT) AS paid FROM allocations \
     WHERE bill_id >= $1 AND bill_id <= $2 GROUP BY bill_id) a ON a.bill_id = b.id \
     LEFT JOIN (SELECT bill_id, CAST(SUM(amount_paise) AS BIGINT) AS paid FROM opening_uses \
     WHERE bill_id >= $1 AND bill_id <= $2 GROUP BY bill_id) o ON o.bill_id = b.id \
     WHERE b.id >= $1 AND b.id <= $2 \
     AND (b.paid_paise <> COALESCE(a.paid, 0) + COALESCE(o.paid, 0) \
     OR (b.state IN ('part-paid', 'issued') AND b.bill_day <= $3 AND b.total_paise > 0)) \
     ORDER BY b.id";
/// What of a payment was not taken back.
macro_rules! came {
    () => {
        "CASE p.reversed WHEN 1 THEN 0 ELSE p.captured_paise END"
    };
}
/// What came and did not go back.
macro_rules! stays {
    () => {
        concat!(came!(), " - COALESCE(b.gone, 0)")
    };
}
/// What of that was paid for a plan.
macro_rules! sold {
    () => {
        concat!(
            "CASE WHEN g.price_paise IS NULL THEN 0 WHEN g.price_paise < ",
            stays!(),
            " THEN g.price_paise ELSE ",
            stays!(),
            " END"
        )
    };
}
/// What was asked for, when it is another amount: more came, or less where no parts may be paid. A
/// request is found by its number, one payment at a time, however the rest is joined.
macro_rules! asked {
    () => {
        "(SELECT r.amount_paise FROM payment_requests r WHERE r.id = p.payment_request_id \
         AND (p.captured_paise > r.amount_paise OR (r.in_parts = 0 AND p.captured_paise > 0 \
         AND p.captured_paise < r.amount_paise)))"
    };
}
/// Payments of a range whose sums are not those of a plain one: what came and did not go back is
/// free, or has paid something or a plan, is credited to whom it is from, but for the plan, and is
/// in the account it came into, without the fee. The factors tell the accounts apart: differences
/// in two of them cancel only in their ratio, which `verify` finds, entry by entry. Amounts of at
/// most 10^12 paise keep the sums small.
///
/// Everything joined is read in the order of the payments' numbers; the entries of a transaction
/// are added up by themselves, so that no estimate of how many there are leads through the table.
pub(super) const SUSPECTS: &str = concat!(
    "SELECT p.id, ",
    asked!(),
    ", p.captured_paise FROM payments p \
     LEFT JOIN (SELECT payment_id, CAST(SUM(amount_paise) AS BIGINT) AS paid FROM allocations \
     WHERE payment_id >= $1 AND payment_id <= $2 GROUP BY payment_id) a ON a.payment_id = p.id \
     LEFT JOIN (SELECT payment_id, CAST(SUM(amount_paise) AS BIGINT) AS gone \
     FROM payment_refunds WHERE payment_id >= $1 AND payment_id <= $2 AND status <> 'failed' \
     GROUP BY payment_id) b ON b.payment_id = p.id AND p.captured_paise > 0 \
     LEFT JOIN (SELECT t.payment_id, CAST(SUM((SELECT CAST(SUM(e.amount_paise * CASE e.account \
     WHEN 'receivable' THEN 100003 WHEN 'unmatched_receipts' THEN 100003 WHEN 'bank' THEN 2 \
     WHEN 'gateway_razorpay' THEN 3 WHEN 'cash_in_hand' THEN 5 WHEN 'cheques_in_hand' THEN 7 \
     WHEN 'gateway_stripe' THEN 11 ELSE 0 END) AS BIGINT) FROM ledger_entries e \
     WHERE e.transaction_id = t.id)) AS BIGINT) AS posted FROM ledger_transactions t \
     WHERE t.payment_id >= $1 AND t.payment_id <= $2 GROUP BY t.payment_id) l \
     ON l.payment_id = p.id \
     LEFT JOIN entitlement_grants g ON g.payment_id = p.id AND g.state = 'given' \
     AND g.payment_id >= $1 AND g.payment_id <= $2 \
     WHERE p.id >= $1 AND p.id <= $2 AND p.received_day <= $3 AND (p.state = 'disputed' \
     OR p.free_paise + COALESCE(a.paid, 0) <> CASE WHEN ",
    stays!(),
    " > 0 THEN ",
    stays!(),
    " ELSE 0 END - (",
    sold!(),
    ") OR COALESCE(l.posted, 0) <> 100003 * ((",
    sold!(),
    ") - (",
    stays!(),
    ")) + (",
    stays!(),
    " - COALESCE(p.fee_paise, 0)) * CASE p.provider WHEN 'razorpay' THEN 3 \
     WHEN 'cash' THEN 5 WHEN 'stripe' THEN 11 \
     WHEN 'cheque' THEN CASE p.cleared WHEN 1 THEN 2 ELSE 7 END ELSE 2 END \
     OR (p.payment_request_id IS NOT NULL AND ",
    asked!(),
    " IS NOT NULL)) ORDER BY p.id"
);
/// Money that has paid nothing, of nobody or wholly; also what does not fit the price of its plan.
/// In no order and with a day that no index is for (`+`): both would lead through all payments.
pub(super) const WAITING: &str = "SELECT p.id, p.provider || ' ' || p.reference, p.customer_id, \
     p.free_paise FROM payments p WHERE p.free_paise > 0 AND +p.received_day <= $1 \
     AND (p.customer_id IS NULL OR p.allocation_count = 0 \
     OR (SELECT COALESCE(SUM(a.amount_paise), 0) FROM allocations a \
     WHERE a.payment_id = p.id) = 0)";
pub(super) const COUNT_BILLS: &str = "SELECT COUNT(*) FROM bills";
pub(super) const COUNT_PAYMENTS: &str = "SELECT COUNT(*) FROM payments";
pub(super) const QUERIES: &[&str] =
    &[LAST_BILL, BILLS, SUSPECTS, WAITING, COUNT_BILLS, COUNT_PAYMENTS];

/// The highest id of a bill; 0 when there are none.
pub fn last_bill(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.find(LAST_BILL, &[], |row| row.opt_int(0))?.flatten().unwrap_or(0))
}

/// How many bills and payments there are.
pub fn counts(tx: &mut Tx<'_>) -> Result<(i64, i64), StoreError> {
    let bills = tx.find(COUNT_BILLS, &[], |row| row.int(0))?.unwrap_or(0);
    Ok((bills, tx.find(COUNT_PAYMENTS, &[], |row| row.int(0))?.unwrap_or(0)))
}

/// What is wrong with the bills `from..=to`: open ones of up to a day, and all whose paid amount is
/// not the sum of what pays them.
pub fn bills(
    tx: &mut Tx<'_>,
    (from, to): (i64, i64),
    until: Day,
) -> Result<Vec<Issue>, StoreError> {
    let params = [from.into(), to.into(), until.number().into()];
    tx.list(BILLS, &params, |row| {
        let (id, number) = (BillId(row.int(0)?), row.text(1)?);
        let (total, paid) = (Money::from_paise(row.int(3)?), Money::from_paise(row.int(4)?));
        let allocated = Money::from_paise(row.int(5)?);
        if paid == allocated {
            let on = day(row.int(2)?, "bills.bill_day")?;
            return Ok(found::bill_open(id, number, on, total, paid));
        }
        Ok(found::bill_paid_differs(id, number, paid, allocated))
    })
}

/// A payment to be looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The payment.
    pub payment: PaymentId,
    /// What was asked for, when another amount was captured.
    pub asked: Option<Money>,
    /// What was captured.
    pub captured: Money,
}

/// Those of the payments `from..=to`, received up to a day, that are no plain ones.
pub fn suspects(
    tx: &mut Tx<'_>,
    (from, to): (i64, i64),
    until: Day,
) -> Result<Vec<Suspect>, StoreError> {
    tx.list(SUSPECTS, &[from.into(), to.into(), until.number().into()], |row| {
        Ok(Suspect {
            payment: PaymentId(row.int(0)?),
            asked: row.opt_int(1)?.map(Money::from_paise),
            captured: Money::from_paise(row.int(2)?),
        })
    })
}

/// Money received up to a day that has paid nothing: of nobody, or of a customer without dues.
pub fn waiting(tx: &mut Tx<'_>, until: Day) -> Result<Vec<Issue>, StoreError> {
    tx.list(WAITING, &[until.number().into()], |row| {
        let (payment, name) = (PaymentId(row.int(0)?), row.text(1)?);
        let free = Money::from_paise(row.int(3)?);
        Ok(match row.opt_int(2)? {
            None => found::receipt_of_nobody(payment, name, free),
            Some(_) => found::advance(payment, name, free),
        })
    })
}
