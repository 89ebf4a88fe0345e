//! Plans as people work with them: listed, added and changed.
//!
//! What was sold stays as it was sold; a change is for payments that come after it. It deliberately
//! removes no plan: one that is sold no more is made inactive.

use crate::payments::book_plan;
use crate::{Actor, AppError, Invalid};
use domain::entitlements::{DEFAULT_DAYS, Plan, PlanError};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use store::entitlements::{self, KeptPlan, MAX_PLANS};
use store::{Lock, Tx, audit, payments};

/// What is said about a plan. `None` leaves what is known as it is; of a new plan it is 30 days,
/// and active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFacts {
    /// Its name for people.
    pub name: Option<String>,
    /// The price of one payment.
    pub price: Option<Money>,
    /// For how many days one payment gives the features.
    pub days: Option<u32>,
    /// The features; `*` for all.
    pub features: Option<Vec<String>>,
    /// Whether it is sold; one without a price holds for all only then.
    pub is_active: Option<bool>,
}

/// All plans, the cheapest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<KeptPlan>, AppError> {
    Ok(entitlements::plans(tx)?)
}

/// The plan with a code.
pub fn by_code(tx: &mut Tx<'_>, code: &str) -> Result<KeptPlan, AppError> {
    let found = entitlements::by_codes(tx, &[code])?.pop();
    found.ok_or_else(|| AppError::NotFound(format!("there is no plan {code}")))
}

/// A plan that can be bought: known, active, and with a price.
pub(crate) fn for_sale(tx: &mut Tx<'_>, code: &str) -> Result<Result<Plan, String>, AppError> {
    let Some(kept) = entitlements::by_codes(tx, &[code])?.pop() else {
        return Ok(Err("there is no such plan".to_owned()));
    };
    if !kept.is_active {
        return Ok(Err("the plan is not sold any more".to_owned()));
    }
    if kept.plan.price.is_zero() {
        return Ok(Err("the plan costs nothing; every customer has it".to_owned()));
    }
    Ok(Ok(kept.plan))
}

/// Those of some codes whose plans hold the money that is paid for them: known, and with a price.
/// One that is sold no more holds it too: it may have been asked for before.
pub(crate) fn holding<'c>(
    tx: &mut Tx<'_>,
    codes: impl Iterator<Item = &'c str>,
) -> Result<HashSet<String>, AppError> {
    let codes: BTreeSet<&str> = codes.collect();
    if codes.is_empty() {
        return Ok(HashSet::new());
    }
    let codes: Vec<&str> = codes.into_iter().collect();
    let found = entitlements::by_codes(tx, &codes)?.into_iter();
    let priced = found.filter(|kept| kept.plan.price > Money::ZERO);
    Ok(priced.map(|kept| kept.plan.code).collect())
}

/// Adds a plan. Payments that named it before it was known give what it gives from now on.
pub fn add(
    tx: &mut Tx<'_>,
    actor: &Actor,
    code: &str,
    said: &PlanFacts,
) -> Result<KeptPlan, AppError> {
    let mut invalid = Invalid::new();
    if said.name.is_none() {
        invalid.add("#/name", "expected a name");
    }
    if said.price.is_none() {
        invalid.add("#/price", "expected a price; 0 for a plan that is everybody's");
    }
    if said.features.is_none() {
        invalid.add("#/features", "expected the features it gives");
    }
    invalid.check()?;
    let plan = Plan {
        code: code.to_owned(),
        name: said.name.clone().unwrap_or_default(),
        features: said.features.clone().unwrap_or_default(),
        days: said.days.unwrap_or(DEFAULT_DAYS),
        price: said.price.unwrap_or(Money::ZERO),
    };
    check(&plan)?;
    // Two may add the same one.
    tx.lock(Lock::Business)?;
    let known = entitlements::plans(tx)?;
    if known.iter().any(|known| known.plan.code == code) {
        return Err(AppError::Conflict(format!("there is a plan {code} already")));
    }
    if known.len() >= MAX_PLANS {
        let what = format!("there are {MAX_PLANS} plans, which is the most; change one of them");
        return Err(AppError::Conflict(what));
    }
    entitlements::add_plan(tx, &plan, said.is_active.unwrap_or(true), actor.at)?;
    // The audit trail comes last: others wait for it while they hold customers.
    grant_waiting(tx, actor, code)?;
    let kept = by_code(tx, code)?;
    trace(tx, actor, "add", None, &kept)?;
    Ok(kept)
}

/// The plans for which captured payments wait: those that came while the plan was being added.
pub(super) fn awaited(tx: &mut Tx<'_>) -> Result<Vec<String>, AppError> {
    let mut awaited = Vec::new();
    for kept in entitlements::plans(tx)? {
        if !payments::waiting_for(tx, &kept.plan.code)?.is_empty() {
            awaited.push(kept.plan.code);
        }
    }
    Ok(awaited)
}

/// Lets payments that were waiting for a plan give it.
pub(super) fn grant_waiting(tx: &mut Tx<'_>, actor: &Actor, code: &str) -> Result<(), AppError> {
    let waiting = payments::waiting_for(tx, code)?;
    if waiting.is_empty() {
        return Ok(());
    }
    let whose: BTreeSet<CustomerId> = waiting.iter().map(|(_, customer)| *customer).collect();
    let whose: Vec<CustomerId> = whose.into_iter().collect();
    payments::lock_customers(tx, &whose)?;
    // Another may have done it meanwhile.
    let waiting = payments::waiting_for(tx, code)?;
    let is_locked = |customer: &CustomerId| whose.binary_search(customer).is_ok();
    let ids: Vec<PaymentId> = waiting
        .iter()
        .filter(|(_, customer)| is_locked(customer))
        .map(|(payment, _)| *payment)
        .collect();
    let found = payments::load_for_change(tx, &ids)?;
    book_plan(tx, actor, code, found)
}

/// Changes a plan whose present version is `version`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    code: &str,
    version: i64,
    said: &PlanFacts,
) -> Result<KeptPlan, AppError> {
    let known = by_code(tx, code)?;
    let lost = |present| AppError::VersionLost { asked: version, present };
    if known.version != version {
        return Err(lost(known.version));
    }
    let plan = Plan {
        code: code.to_owned(),
        name: said.name.clone().unwrap_or_else(|| known.plan.name.clone()),
        features: said.features.clone().unwrap_or_else(|| known.plan.features.clone()),
        days: said.days.unwrap_or(known.plan.days),
        price: said.price.unwrap_or(known.plan.price),
    };
    let is_active = said.is_active.unwrap_or(known.is_active);
    check(&plan)?;
    if plan == known.plan && is_active == known.is_active {
        return Ok(known);
    }
    if !entitlements::change_plan(tx, &plan, is_active, version, actor.at)? {
        return Err(lost(version + 1));
    }
    let kept = by_code(tx, code)?;
    trace(tx, actor, "change", Some(&known), &kept)?;
    Ok(kept)
}

/// Refuses a plan that cannot be, and names the part that is wrong.
fn check(plan: &Plan) -> Result<(), Invalid> {
    plan.check().map_err(|error| {
        let place = match error {
            PlanError::Code(_) => "#/code",
            PlanError::Name => "#/name",
            PlanError::Feature(_) | PlanError::FeatureCount(_) => "#/features",
            PlanError::Days(_) => "#/days",
            PlanError::Price(_) => "#/price",
        };
        Invalid::one(place, error.to_string())
    })
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&KeptPlan>,
    after: &KeptPlan,
) -> Result<(), AppError> {
    let (before, code) = (before.map(facts_of), after.plan.code.clone());
    let after = facts_of(after);
    let entry = crate::audit::entry(action, "plans", code, before.as_ref(), Some(&after));
    Ok(audit::write(tx, actor, &[entry])?)
}

fn facts_of(kept: &KeptPlan) -> Value {
    json!({
        "name": kept.plan.name,
        "price": kept.plan.price.to_string(),
        "days": kept.plan.days,
        "features": kept.plan.features,
        "active": kept.is_active,
    })
}
