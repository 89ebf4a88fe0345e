//! Setting up the business of a database.
//!
//! It deliberately changes nothing of a business that is set up.

use crate::{Actor, AppError};
use serde_json::json;
use store::business;
use store::{Lock, Store, Tx, audit};

pub use store::business::Business;

/// Whether the database answers and has a business.
pub fn is_ready(store: &Store) -> Result<(), AppError> {
    store.read(load).map(|_| ())
}

/// Sets up the business. Doing so again with the same facts changes nothing.
pub fn set_up(store: &Store, actor: &Actor, business: &Business) -> Result<bool, AppError> {
    store.write(|tx| {
        // Two programs may set up the same database at this moment.
        tx.lock(Lock::Business)?;
        if let Some(known) = business::load(tx)? {
            return if known == *business {
                Ok(false)
            } else {
                Err(AppError::BusinessExists(known.name))
            };
        }
        business::add(tx, business, actor.at)?;
        let after = json!({
            "name": business.name,
            "state": business.state.code(),
            "gstin": business.gstin.as_ref().map(domain::customers::Gstin::as_str),
            "fssai": business.fssai.as_ref().map(domain::customers::Fssai::as_str),
            "bill_prefix": business.bill_prefix.as_str(),
            "round_off": business.round_off.as_str(),
        });
        let entry = crate::audit::entry("set_up", "business", "1", None, Some(&after));
        audit::write(tx, actor, &[entry])?;
        Ok(true)
    })
}

/// The business of a database that has been set up.
pub(crate) fn load(tx: &mut Tx<'_>) -> Result<Business, AppError> {
    business::load(tx)?.ok_or(AppError::NoBusiness)
}
