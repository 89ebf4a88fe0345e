//! Proving entitlements: each captured payment for a plan has its grant, as it follows from what is
//! known of the payment; and what customers may use is what their grants give.
//!
//! It deliberately takes plan, price and features as they were sold; plans may have changed since.

use super::{Findings, Invariant};
use crate::AppError;
use crate::entitlements::expected;
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::payments::{self, Kept};
use store::{Tx, entitlements};

/// Checks a range of customers.
pub(super) fn check(
    tx: &mut Tx<'_>,
    findings: &mut Findings,
    (from, to): (i64, i64),
) -> Result<(), AppError> {
    let bought = payments::for_plans(tx, from, to)?;
    let kept = entitlements::grants_of_range(tx, from, to)?;
    let entitled = entitlements::entitled_of_range(tx, from, to)?;
    if bought.is_empty() && kept.is_empty() && entitled.is_empty() {
        return Ok(());
    }
    let plans = entitlements::plans(tx)?;
    let payments: HashMap<PaymentId, &Kept> = bought.iter().map(|kept| (kept.id, kept)).collect();
    let granted: BTreeSet<PaymentId> = kept.iter().map(|kept| kept.grant.payment).collect();
    let mut broken: BTreeSet<PaymentId> = BTreeSet::new();
    for payment in bought.iter().filter(|kept| kept.facts.captured > Money::ZERO) {
        let is_plan =
            plans.iter().any(|kept| Some(kept.plan.code.as_str()) == payment.plan.as_deref());
        if is_plan && !granted.contains(&payment.id) {
            broken.insert(payment.id);
        }
    }
    let (grants, wanted) = expected(&kept, &payments);
    let grants: HashMap<PaymentId, _> =
        grants.iter().map(|grant| (grant.grant.payment, grant)).collect();
    broken.extend(
        kept.iter()
            .filter(|kept| grants.get(&kept.grant.payment) != Some(kept))
            .map(|kept| kept.grant.payment),
    );
    for payment in broken {
        findings.broken(Invariant::Entitlements, || format!("the grant of payment {}", payment.0));
    }
    let ends = |found: &[entitlements::Entitled]| -> BTreeMap<(CustomerId, String), i64> {
        let end = |one: &entitlements::Entitled| {
            ((one.customer, one.feature.clone()), one.until.unix_micros())
        };
        found.iter().map(end).collect()
    };
    let (wanted, found) = (ends(&wanted), ends(&entitled));
    let keys: BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
    for key in keys.into_iter().filter(|key| wanted.get(key) != found.get(key)) {
        let place = || format!("{} of customer {}", key.1, key.0.0);
        findings.broken(Invariant::Entitlements, place);
    }
    Ok(())
}
