//! What a gateway tells of and somebody has recorded by hand already: the same reference of the
//! bank and the same amount. It is held, so that no money is booked twice.
//!
//! It deliberately leaves other amounts alone: they are booked, and the reconciliation names the
//! reference that stands there twice.

use super::{Told, Works};
use crate::AppError;
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::Observation;
use std::collections::HashMap;
use store::Tx;
use store::payments;

/// The receipts that stand for what is told, by its place.
pub(super) type Twins = HashMap<usize, PaymentId>;

/// Looks for receipts recorded by hand of payments that gateways say they have captured, and that
/// are not booked yet.
pub(super) fn find(tx: &mut Tx<'_>, told: &[Told], works: &Works) -> Result<Twins, AppError> {
    let keyed = told.iter().enumerate().filter(|(_, one)| one.provider.is_gateway());
    let keys: Vec<(usize, &str, Money)> = keyed
        .filter_map(|(place, one)| {
            let amount = one.seen.iter().find_map(captured)?;
            let key = (one.provider, one.reference.clone());
            let known = works.by_key.get(&key).and_then(|place| works.all.get(*place))?;
            let reference = one.bank_reference.as_deref();
            let reference = reference.or(known.now.bank_reference.as_deref())?;
            (known.now.facts.captured == Money::ZERO).then_some((place, reference, amount))
        })
        .collect();
    let keyed: Vec<(&str, Money)> =
        keys.iter().map(|(_, reference, amount)| (*reference, *amount)).collect();
    let mut twins = Twins::new();
    for (key, receipt) in payments::standing_receipts(tx, &keyed)? {
        if let Some((place, ..)) = keys.get(key) {
            twins.insert(*place, receipt);
        }
    }
    Ok(twins)
}

const fn captured(seen: &Observation) -> Option<Money> {
    match seen {
        Observation::Captured { amount, .. } => Some(*amount),
        _ => None,
    }
}
