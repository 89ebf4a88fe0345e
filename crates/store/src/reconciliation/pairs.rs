//! Payments that look like another one: the same reference of the bank, a bill paid in full before,
//! the same customer, day and amount.
//!
//! It deliberately leaves out what was taken back.

use crate::db::{StoreError, Tx};
use domain::calendar::Day;
use domain::ids::{BillId, PaymentId};
use domain::money::Money;
use domain::reconciliation::{Issue, found};

pub(super) const BANK: &str = "SELECT p.bank_reference, p.id, p.captured_paise FROM \
     (SELECT bank_reference FROM payments WHERE bank_reference IS NOT NULL \
     GROUP BY bank_reference HAVING COUNT(*) > 1) d \
     JOIN payments p ON p.bank_reference = d.bank_reference \
     WHERE p.captured_paise > 0 AND p.reversed = 0 AND p.received_day <= $1 \
     ORDER BY p.bank_reference, p.id";
/// `LEFT`, and conditions that do not say that there is a bill though only one with a bill passes
/// them: so it begins with the few payments, whatever is estimated of them. In no order and with a
/// day that no index is for (`+`), since both would lead through all payments; issues are sorted
/// when all are known.
pub(super) const TWICE: &str = "SELECT p.id, b.id, b.number, p.free_paise FROM payments p \
     LEFT JOIN bills b ON b.id = p.named_bill_id WHERE p.free_paise > 0 \
     AND +p.received_day <= $1 AND p.named_bill_id IS NOT NULL \
     AND COALESCE(b.state, '') = 'paid' AND COALESCE(p.captured_paise >= b.total_paise, FALSE) \
     AND (SELECT COALESCE(SUM(a.amount_paise), 0) FROM allocations a \
     WHERE a.bill_id = b.id AND a.payment_id <> p.id) >= COALESCE(b.total_paise, 0)";
/// Another payment `q` of the customer, day and amount of `p`. It is found by what was posted for
/// it: that lowers what the customer owes by the amount, and such entries have an index by both.
macro_rules! alike {
    () => {
        "e.customer_id = p.customer_id AND e.amount_paise = -p.captured_paise \
         AND t.id = e.transaction_id AND q.id = t.payment_id \
         AND q.received_day = p.received_day AND q.captured_paise = p.captured_paise \
         AND q.provider <> p.provider AND p.captured_paise > 0 \
         AND p.state = 'captured' AND q.state = 'captured' \
         GROUP BY p.id, p.captured_paise ORDER BY p.id"
    };
}
/// The later ones of a day: first the few customers and amounts that came in more than one way.
pub(super) const ALIKE_ON: &str = concat!(
    "SELECT p.id, MIN(q.id), p.captured_paise FROM \
     (SELECT customer_id, captured_paise FROM payments WHERE received_day = $1 \
     AND state = 'captured' AND customer_id IS NOT NULL \
     GROUP BY customer_id, captured_paise HAVING MIN(provider) <> MAX(provider)) g \
     CROSS JOIN ledger_entries d CROSS JOIN ledger_transactions s CROSS JOIN payments p \
     CROSS JOIN ledger_entries e CROSS JOIN ledger_transactions t CROSS JOIN payments q \
     WHERE d.customer_id = g.customer_id AND d.amount_paise = -g.captured_paise \
     AND s.id = d.transaction_id AND p.id = s.payment_id AND p.received_day = $1 \
     AND q.id < p.id AND ",
    alike!()
);
/// Those of any day up to it that have paid nothing since.
pub(super) const ALIKE_FREE: &str = concat!(
    "SELECT p.id, MIN(q.id), p.captured_paise FROM payments p CROSS JOIN ledger_entries e \
     CROSS JOIN ledger_transactions t CROSS JOIN payments q \
     WHERE p.free_paise > 0 AND p.free_paise = p.captured_paise AND p.received_day <= $1 AND ",
    alike!()
);
pub(super) const QUERIES: &[&str] = &[BANK, TWICE, ALIKE_ON, ALIKE_FREE];

/// Payments whose reference of the bank an earlier one has.
pub fn same_bank_references(tx: &mut Tx<'_>, until: Day) -> Result<Vec<Issue>, StoreError> {
    let mut issues = Vec::new();
    let mut first: Option<(String, PaymentId)> = None;
    tx.query(BANK, &[until.number().into()], |row| {
        let (reference, payment) = (row.text(0)?, PaymentId(row.int(1)?));
        let amount = Money::from_paise(row.int(2)?);
        match &first {
            Some((known, first)) if known == reference => {
                issues.push(found::same_bank_reference(payment, *first, amount));
            }
            _ => first = Some((reference.to_owned(), payment)),
        }
        Ok(())
    })?;
    Ok(issues)
}

/// Payments made for a bill that others have paid in full.
pub fn paid_twice(tx: &mut Tx<'_>, until: Day) -> Result<Vec<Issue>, StoreError> {
    tx.list(TWICE, &[until.number().into()], |row| {
        let (payment, bill) = (PaymentId(row.int(0)?), BillId(row.int(1)?));
        let (number, free) = (row.text(2)?, Money::from_paise(row.int(3)?));
        Ok(found::bill_paid_twice(payment, bill, number, free))
    })
}

/// Payments of the same customer, day and amount as one that came another way: those of the day,
/// and earlier ones that have paid nothing since.
pub fn look_alikes(tx: &mut Tx<'_>, until: Day) -> Result<Vec<Issue>, StoreError> {
    let mut issues = Vec::new();
    for sql in [ALIKE_ON, ALIKE_FREE] {
        issues.extend(tx.list(sql, &[until.number().into()], |row| {
            let (payment, first) = (PaymentId(row.int(0)?), PaymentId(row.int(1)?));
            Ok(found::look_alike(payment, first, Money::from_paise(row.int(2)?)))
        })?);
    }
    Ok(issues)
}
