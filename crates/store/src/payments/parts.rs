//! Refunds and disputes of payments, as far as they were told.
//!
//! It deliberately keeps what is known now; how it became known is in the log of the payment.

use super::Kept;
use crate::db::{Asked, Column, Each, StoreError, Tx, Value};
use domain::calendar::Moment;
use domain::ids::{PaymentId, PersonId};
use domain::money::Money;
use domain::payments::{DisputeFacts, DisputeStatus, RefundFacts, RefundStatus};
use std::collections::HashMap;

const REFUNDS: Each = Each {
    sql: "SELECT payment_id, reference, status, amount_paise, person_id FROM payment_refunds \
          WHERE payment_id = :payment",
    columns: &[Column::Int("payment")],
};
const DISPUTES: Each = Each {
    sql: "SELECT payment_id, reference, status, amount_paise, deducted_paise, withdrawn, \
          reinstated FROM payment_disputes WHERE payment_id = :payment",
    columns: &[Column::Int("payment")],
};
const PUT_REFUND: Each = Each {
    sql: "INSERT INTO payment_refunds (payment_id, reference, status, amount_paise, person_id, \
          told_at) SELECT :payment, :reference, :status, :amount, :person, :told {row} WHERE TRUE \
          ON CONFLICT (payment_id, reference) DO UPDATE SET status = excluded.status, \
          amount_paise = excluded.amount_paise, person_id = excluded.person_id, \
          told_at = excluded.told_at",
    columns: &[
        Column::Int("payment"),
        Column::Text("reference"),
        Column::Text("status"),
        Column::Int("amount"),
        Column::Int("person"),
        Column::Int("told"),
    ],
};
const PUT_DISPUTE: Each = Each {
    sql: "INSERT INTO payment_disputes (payment_id, reference, status, amount_paise, \
          deducted_paise, withdrawn, reinstated, told_at) \
          SELECT :payment, :reference, :status, :amount, :deducted, :withdrawn, :reinstated, \
          :told {row} WHERE TRUE \
          ON CONFLICT (payment_id, reference) DO UPDATE SET status = excluded.status, \
          amount_paise = excluded.amount_paise, deducted_paise = excluded.deducted_paise, \
          withdrawn = excluded.withdrawn, reinstated = excluded.reinstated, \
          told_at = excluded.told_at",
    columns: &[
        Column::Int("payment"),
        Column::Text("reference"),
        Column::Text("status"),
        Column::Int("amount"),
        Column::Int("deducted"),
        Column::Int("withdrawn"),
        Column::Int("reinstated"),
        Column::Int("told"),
    ],
};
pub(super) const SETS: &[&Each] = &[&REFUNDS, &DISPUTES, &PUT_REFUND, &PUT_DISPUTE];

/// Fills in the refunds and disputes of payments.
pub(super) fn fill(tx: &mut Tx<'_>, payments: &mut [Kept]) -> Result<(), StoreError> {
    let ids: Vec<[Value<'_>; 1]> = payments.iter().map(|kept| [kept.id.0.into()]).collect();
    let asked = ask(tx, &ids)?;
    fill_in(tx, asked, &ids, payments)
}

/// Asks for the refunds and disputes of payments.
pub(super) fn ask(tx: &mut Tx<'_>, ids: &[[Value<'_>; 1]]) -> Result<[Asked; 2], StoreError> {
    Ok([tx.ask(&REFUNDS, ids)?, tx.ask(&DISPUTES, ids)?])
}

/// Fills in what was asked for.
pub(super) fn fill_in(
    tx: &mut Tx<'_>,
    [refunds, disputes]: [Asked; 2],
    ids: &[[Value<'_>; 1]],
    payments: &mut [Kept],
) -> Result<(), StoreError> {
    let places: HashMap<i64, usize> =
        payments.iter().zip(0..).map(|(kept, place)| (kept.id.0, place)).collect();
    tx.answer(refunds, &REFUNDS, ids, |row| {
        let status = RefundStatus::from_name(row.text(2)?);
        let status = status.ok_or_else(|| StoreError::unexpected("payment_refunds.status"))?;
        let refund = RefundFacts {
            status,
            amount: Money::from_paise(row.int(3)?),
            person: row.opt_int(4)?.map(PersonId),
        };
        let place = places.get(&row.int(0)?);
        if let Some(kept) = place.and_then(|place| payments.get_mut(*place)) {
            kept.facts.refunds.insert(row.text(1)?.to_owned(), refund);
        }
        Ok(())
    })?;
    tx.answer(disputes, &DISPUTES, ids, |row| {
        let status = DisputeStatus::from_name(row.text(2)?);
        let dispute = DisputeFacts {
            status: status.ok_or_else(|| StoreError::unexpected("payment_disputes.status"))?,
            amount: Money::from_paise(row.int(3)?),
            deducted: Money::from_paise(row.int(4)?),
            withdrawn: row.flag(5)?,
            reinstated: row.flag(6)?,
        };
        let place = places.get(&row.int(0)?);
        if let Some(kept) = place.and_then(|place| payments.get_mut(*place)) {
            kept.facts.disputes.insert(row.text(1)?.to_owned(), dispute);
        }
        Ok(())
    })
}

/// Keeps what is now known of refunds.
pub fn put_refunds(
    tx: &mut Tx<'_>,
    refunds: &[(PaymentId, &str, RefundFacts)],
    at: Moment,
) -> Result<(), StoreError> {
    let rows = refunds.iter().map(|(payment, reference, refund)| {
        [
            payment.0.into(),
            (*reference).into(),
            refund.status.as_str().into(),
            refund.amount.paise().into(),
            refund.person.map(|person| person.0).into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&PUT_REFUND, rows).map(|_| ())
}

/// Keeps what is now known of disputes.
pub fn put_disputes(
    tx: &mut Tx<'_>,
    disputes: &[(PaymentId, &str, DisputeFacts)],
    at: Moment,
) -> Result<(), StoreError> {
    let rows = disputes.iter().map(|(payment, reference, dispute)| {
        [
            payment.0.into(),
            (*reference).into(),
            dispute.status.as_str().into(),
            dispute.amount.paise().into(),
            dispute.deducted.paise().into(),
            dispute.withdrawn.into(),
            dispute.reinstated.into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&PUT_DISPUTE, rows).map(|_| ())
}
