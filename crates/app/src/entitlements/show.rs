//! What customers may use: the check of one feature, all of a customer with the reasons, and what
//! ends soon.
//!
//! It deliberately compares ends with the moment given, whatever the job that closes them has
//! done.

use super::prepaid::{PrepaidBalance, Whom, deliveries_entitled};
use crate::{AppError, Area, paging};
use domain::calendar::Moment;
use domain::customers::BillingMode;
use domain::entitlements::{ALL_FEATURES, DELIVERIES, is_feature};
use domain::ids::{CustomerId, PaymentId};
use domain::jobs::later;
use std::collections::BTreeMap;
use std::time::Duration;
use store::entitlements::{self, Ending, KeptGrant};
use store::{Tx, customers};

/// How long an answer about deliveries holds at most: a new day counts what it delivers.
const DELIVERIES_HOLD: Duration = Duration::from_mins(1);

/// The answer to a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who.
    pub customer: CustomerId,
    /// Their code.
    pub code: String,
    /// What.
    pub feature: String,
    /// Whether they may use it.
    pub is_entitled: bool,
    /// The first moment at which it is over; never, when absent and they may.
    pub until: Option<Moment>,
    /// Until when the answer holds, unless something is written; for ever, when absent.
    pub holds_until: Option<Moment>,
}

/// What the answer to [`check`] depends on: the entitlement to be delivered to is a matter of
/// deliveries, prices and the ledger.
pub fn area_of(feature: &str) -> Area {
    if feature == DELIVERIES { Area::Everything } else { Area::Entitlements }
}

/// Whether a customer may use a feature.
pub fn check(tx: &mut Tx<'_>, code: &str, feature: &str, now: Moment) -> Result<Answer, AppError> {
    if !is_feature(feature) {
        let what = "that is not the name of a feature; expected 1 to 40 of a-z, 0-9 and _";
        return Err(AppError::NotFound(what.to_owned()));
    }
    let none = || AppError::NotFound("there is no such customer".to_owned());
    let found = entitlements::check(tx, code, feature)?.ok_or_else(none)?;
    let answer = Answer {
        customer: found.customer,
        code: code.to_owned(),
        feature: feature.to_owned(),
        is_entitled: true,
        until: None,
        holds_until: None,
    };
    if feature == DELIVERIES {
        let balance = deliveries(tx, found.customer, found.mode, now)?;
        let holds_until = balance.map(|_| later(now, DELIVERIES_HOLD));
        let is_entitled = balance.is_none_or(|balance| balance.is_entitled);
        return Ok(Answer { is_entitled, holds_until, ..answer });
    }
    if is_free(&found.free, feature) {
        return Ok(answer);
    }
    let until = found.until.filter(|until| now < *until);
    Ok(Answer { is_entitled: until.is_some(), until, holds_until: until, ..answer })
}

fn is_free(free: &[String], feature: &str) -> bool {
    free.iter().any(|given| given == feature || given == ALL_FEATURES)
}

/// The balance of a prepaid customer.
fn deliveries(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    mode: BillingMode,
    now: Moment,
) -> Result<Option<PrepaidBalance>, AppError> {
    if !mode.is_prepaid() {
        return Ok(None);
    }
    let found = deliveries_entitled(tx, Whom::Customers(&[customer]), now.business_day())?;
    Ok(found.get(&customer).copied())
}

/// A feature of a customer, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// What; `*` for all.
    pub feature: String,
    /// The first moment at which it is over; never, when absent.
    pub until: Option<Moment>,
    /// The plan that gives it.
    pub plan: String,
    /// The payment that gives it for the longest; none for what everybody has.
    pub payment: Option<PaymentId>,
}

/// All that a customer may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Who.
    pub customer: CustomerId,
    /// Their code.
    pub code: String,
    /// When they pay.
    pub mode: BillingMode,
    /// What they have, when they pay before.
    pub prepaid: Option<PrepaidBalance>,
    /// What they may use now, by name.
    pub features: Vec<Feature>,
    /// Everything that was sold to them, the last first.
    pub grants: Vec<KeptGrant>,
}

/// What a customer may use, and why.
pub fn of_customer(tx: &mut Tx<'_>, code: &str, now: Moment) -> Result<Whole, AppError> {
    let none = || AppError::NotFound("there is no such customer".to_owned());
    let known = customers::known(tx, code)?.ok_or_else(none)?;
    let mode = known.customer.billing_mode;
    let prepaid = deliveries(tx, known.id, mode, now)?;
    let mut grants = entitlements::of_customers(tx, &[known.id])?;
    grants.sort_by_key(|kept| std::cmp::Reverse((kept.grant.paid_at, kept.grant.payment)));
    let mut features: BTreeMap<&str, Feature> = BTreeMap::new();
    for kept in &grants {
        let Some((_, until)) = kept.time.filter(|(_, until)| now < *until) else { continue };
        for feature in &kept.grant.features {
            let known = features.get(feature.as_str());
            if known.is_none_or(|known| known.until < Some(until)) {
                let paid = Feature {
                    feature: feature.clone(),
                    until: Some(until),
                    plan: kept.grant.plan.clone(),
                    payment: Some(kept.grant.payment),
                };
                features.insert(feature, paid);
            }
        }
    }
    let plans = entitlements::plans(tx)?;
    for kept in plans.iter().filter(|kept| kept.is_active && kept.plan.price.is_zero()) {
        for feature in &kept.plan.features {
            let plan = kept.plan.code.clone();
            let free = Feature { feature: feature.clone(), until: None, plan, payment: None };
            features.insert(feature, free);
        }
    }
    let features = features.into_values().collect();
    let code = known.customer.code;
    Ok(Whole { customer: known.id, code, mode, prepaid, features, grants })
}

/// A page of what ends before a moment, the soonest first, and where the next one begins.
pub fn ending(
    tx: &mut Tx<'_>,
    now: Moment,
    before: Moment,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Ending>, Option<String>), AppError> {
    let place = after.map(place).transpose()?;
    let first = (now, CustomerId(0), String::new());
    let (at, customer, feature) = place.unwrap_or(first);
    let found = entitlements::ending(tx, (at, customer, &feature), before, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| {
        let Ending { entitled, .. } = last;
        format!("{} {} {}", entitled.until.unix_micros(), entitled.customer.0, entitled.feature)
    }))
}

/// Reads a place of the form `MICROSECONDS CUSTOMER FEATURE`.
fn place(text: &str) -> Result<(Moment, CustomerId, String), AppError> {
    let unknown = || {
        let what = "the place where the page begins is not one of this list; take next from the \
                    page before";
        AppError::BadPlace(what.to_owned())
    };
    let mut parts = text.splitn(3, ' ');
    let mut part = || parts.next().ok_or_else(unknown);
    let at = part()?.parse().map_err(|_| unknown())?;
    // Numbers of rows fit 32 bits; PostgreSQL refuses to compare them with larger ones.
    let customer: i32 = part()?.parse().map_err(|_| unknown())?;
    Ok((Moment::from_unix_micros(at), CustomerId(customer.into()), part()?.to_owned()))
}
