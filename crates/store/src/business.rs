//! The business the database belongs to: its name, registrations and billing settings.
//!
//! It deliberately holds one business: one business is one database.

use crate::db::{StoreError, Tx};
use domain::billing::{BillPrefix, RoundOff};
use domain::calendar::Moment;
use domain::customers::{Fssai, Gstin, State};

/// The business and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Business {
    /// The name on papers.
    pub name: String,
    /// The State it supplies from.
    pub state: State,
    /// Its GST registration, if any.
    pub gstin: Option<Gstin>,
    /// Its food licence, if given.
    pub fssai: Option<Fssai>,
    /// The start of its bill numbers.
    pub bill_prefix: BillPrefix,
    /// Whether bills are brought to whole rupees.
    pub round_off: RoundOff,
}

pub(crate) const LOAD: &str = "SELECT name, state, gstin, fssai, bill_prefix, round_off \
     FROM business WHERE id = 1";
pub(crate) const ADD: &str = "INSERT INTO business \
     (id, name, state, gstin, fssai, bill_prefix, round_off, created_at) \
     VALUES (1, $1, $2, $3, $4, $5, $6, $7)";
pub(crate) const QUERIES: &[&str] = &[LOAD, ADD];

/// The business, once it has been set up.
pub fn load(tx: &mut Tx<'_>) -> Result<Option<Business>, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("business.{what}"));
    tx.find(LOAD, &[], |row| {
        let gstin = row.opt_text(2)?.map(Gstin::parse).transpose();
        let fssai = row.opt_text(3)?.map(Fssai::parse).transpose();
        Ok(Business {
            name: row.text(0)?.to_owned(),
            state: State::parse(row.text(1)?).map_err(|_| wrong("state"))?,
            gstin: gstin.map_err(|_| wrong("gstin"))?,
            fssai: fssai.map_err(|_| wrong("fssai"))?,
            bill_prefix: BillPrefix::parse(row.text(4)?).map_err(|_| wrong("bill_prefix"))?,
            round_off: RoundOff::parse(row.text(5)?).ok_or_else(|| wrong("round_off"))?,
        })
    })
}

/// Keeps a new business.
pub fn add(tx: &mut Tx<'_>, business: &Business, at: Moment) -> Result<(), StoreError> {
    let params = [
        business.name.as_str().into(),
        business.state.code().into(),
        business.gstin.as_ref().map(Gstin::as_str).into(),
        business.fssai.as_ref().map(Fssai::as_str).into(),
        business.bill_prefix.as_str().into(),
        business.round_off.as_str().into(),
        at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}
