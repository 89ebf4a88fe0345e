//! What gateways have paid out to the bank, each sum once.
//!
//! It deliberately does not say that the bank has it; that is compared with the bank's statement.

use crate::db::{StoreError, Tx};
use crate::imports::{Counter, allot};
use domain::calendar::{Day, Moment};
use domain::ids::SettlementId;
use domain::money::Money;
use domain::payments::Provider;

pub(super) const KNOWN: &str = "SELECT id FROM settlements WHERE provider = $1 AND reference = $2";
pub(super) const ADD: &str = "INSERT INTO settlements \
     (id, provider, reference, amount_paise, bank_reference, day, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const QUERIES: &[&str] = &[KNOWN, ADD];

/// A sum paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement<'a> {
    /// By whom.
    pub provider: Provider,
    /// Its id there.
    pub reference: &'a str,
    /// How much; negative when it was taken from the bank.
    pub amount: Money,
    /// The bank's reference (UTR).
    pub bank_reference: Option<&'a str>,
    /// The business day.
    pub day: Day,
}

/// Adds a settlement and returns its id; `None` when it is known.
pub fn add_settlement(
    tx: &mut Tx<'_>,
    new: &Settlement<'_>,
    at: Moment,
) -> Result<Option<SettlementId>, StoreError> {
    let key = [new.provider.as_str().into(), new.reference.into()];
    // Two who tell of the same settlement take turns at the counter.
    let id = allot(tx, Counter::Settlements, 1)?;
    if tx.find(KNOWN, &key, |row| row.int(0))?.is_some() {
        return Ok(None);
    }
    let params = [
        id.into(),
        new.provider.as_str().into(),
        new.reference.into(),
        new.amount.paise().into(),
        new.bank_reference.into(),
        new.day.number().into(),
        at.unix_micros().into(),
    ];
    tx.execute(ADD, &params)?;
    Ok(Some(SettlementId(id)))
}
