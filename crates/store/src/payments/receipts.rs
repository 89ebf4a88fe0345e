//! Receipts that people have recorded, by what they are known by: those that stand, and those that
//! were taken back.
//!
//! It deliberately calls no receipt another name: the reference of one that is recorded anew is
//! made by whoever records it.

use crate::db::{Column, Each, StoreError, Tx};
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::Provider;

/// `#` parts the number of a further receipt from the reference, and is in no reference itself.
const NAMED: &str = "SELECT id, reference, reversed FROM payments \
     WHERE provider = $1 AND reference >= $2 AND reference < $3 ORDER BY id";
const STANDING: Each = Each {
    sql: "SELECT :place, id FROM payments WHERE bank_reference = :reference \
          AND provider IN ('upi', 'bank') AND reversed = 0 AND captured_paise = :amount",
    columns: &[Column::Int("place"), Column::Text("reference"), Column::Int("amount")],
};
pub(super) const QUERIES: &[&str] = &[NAMED];
pub(super) const SETS: &[&Each] = &[&STANDING];

/// What was recorded under a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The receipt that stands, if one does.
    pub standing: Option<PaymentId>,
    /// How many there are, with those that were taken back.
    pub count: usize,
}

/// What was recorded in a way under a reference, and under those that were made of it for receipts
/// recorded anew (`REFERENCE#2`).
pub fn recorded(tx: &mut Tx<'_>, way: Provider, reference: &str) -> Result<Recorded, StoreError> {
    let after = format!("{reference}$");
    let params = [way.as_str().into(), reference.into(), after.as_str().into()];
    let mut recorded = Recorded::default();
    tx.query(NAMED, &params, |row| {
        let further = row.text(1)?.strip_prefix(reference);
        if further.is_some_and(|further| further.is_empty() || further.starts_with('#')) {
            recorded.count += 1;
            if !row.flag(2)? {
                recorded.standing = Some(PaymentId(row.int(0)?));
            }
        }
        Ok(())
    })?;
    Ok(recorded)
}

/// Receipts of transfers that were recorded by hand with a reference of the bank and an amount, and
/// not taken back; each with the place of its key.
pub fn standing_receipts(
    tx: &mut Tx<'_>,
    keys: &[(&str, Money)],
) -> Result<Vec<(usize, PaymentId)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = keys
        .iter()
        .zip(0i64..)
        .map(|((reference, amount), place)| {
            [place.into(), (*reference).into(), amount.paise().into()]
        })
        .collect();
    let mut found = Vec::new();
    tx.look_up(&STANDING, &rows, |row| {
        found.push((usize::try_from(row.int(0)?).unwrap_or(usize::MAX), PaymentId(row.int(1)?)));
        Ok(())
    })?;
    Ok(found)
}
