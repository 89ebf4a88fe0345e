//! What follows for entitlements when something new is known of payments: grants begin, move and
//! end, and with them what customers may use.
//!
//! It deliberately computes a customer's times anew from all of their grants, and writes only what
//! differs: so it is the same in whatever order payments, refunds and disputes are told. Whoever
//! calls it has locked the customers.

use crate::{Actor, AppError};
use domain::entitlements::{Grant, GrantState, Plan, ends, periods};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::Facts;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::entitlements::{self, Entitled, KeptGrant};
use store::payments::Kept;
use store::{Tx, audit};

/// What follows for entitlements, to be kept once the payments are.
#[derive(Default)]
pub(crate) struct Following {
    whose: Vec<CustomerId>,
    known: HashMap<PaymentId, KeptGrant>,
    /// All grants of these customers, by payment.
    now: Vec<KeptGrant>,
}

impl Following {
    /// What the plan that a payment buys costs, as it was sold; `None` of one that has no grant.
    pub(crate) fn price_of(&self, payment: PaymentId) -> Option<Money> {
        let place = self.now.binary_search_by_key(&payment, |kept| kept.grant.payment).ok()?;
        self.now.get(place).map(|kept| kept.price)
    }

    /// Whether none of the payments has to do with a plan.
    pub(crate) fn is_nothing(&self) -> bool {
        self.now.is_empty()
    }

    /// Keeps what differs, with its traces; the payments are kept by now.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<(), AppError> {
        keep(tx, actor, &self.whose, &self.known, &self.now)
    }
}

/// Decides how grants and entitlements follow what is known of payments. Payments that buy no plan
/// cost nothing.
pub(crate) fn follow<'k>(
    tx: &mut Tx<'_>,
    payments: impl Iterator<Item = &'k Kept>,
) -> Result<Following, AppError> {
    let bought: Vec<(&Kept, CustomerId, &str)> = payments
        .filter(|kept| kept.facts.captured_at.is_some())
        .filter_map(|kept| Some((kept, kept.customer?, kept.plan.as_deref()?)))
        .collect();
    if bought.is_empty() {
        return Ok(Following::default());
    }
    let whose: BTreeSet<CustomerId> = bought.iter().map(|(_, customer, _)| *customer).collect();
    let whose: Vec<CustomerId> = whose.into_iter().collect();
    let before = entitlements::of_customers(tx, &whose)?;
    let known: HashMap<PaymentId, KeptGrant> =
        before.into_iter().map(|kept| (kept.grant.payment, kept)).collect();
    let plans = plans_of(tx, &bought, &known)?;
    let mut now: BTreeMap<PaymentId, KeptGrant> =
        known.iter().map(|(payment, kept)| (*payment, kept.clone())).collect();
    for (kept, customer, code) in &bought {
        let sold = match known.get(&kept.id) {
            Some(grant) => sold_as(grant),
            // A plan that nobody knows gives nothing, until it is added.
            None => match plans.get(*code) {
                Some(plan) => plan.clone(),
                None => continue,
            },
        };
        if let Some(grant) = granted(kept.id, *customer, &sold, &kept.facts) {
            now.insert(kept.id, grant);
        }
    }
    let mut now: Vec<KeptGrant> = now.into_values().collect();
    set_times(&mut now);
    Ok(Following { whose, known, now })
}

/// The plans of payments without a grant, by code.
fn plans_of(
    tx: &mut Tx<'_>,
    bought: &[(&Kept, CustomerId, &str)],
    known: &HashMap<PaymentId, KeptGrant>,
) -> Result<HashMap<String, Plan>, AppError> {
    let new = bought.iter().filter(|(kept, ..)| !known.contains_key(&kept.id));
    let codes: BTreeSet<&str> = new.map(|(_, _, code)| *code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let found = entitlements::by_codes(tx, &codes)?;
    Ok(found.into_iter().map(|kept| (kept.plan.code.clone(), kept.plan)).collect())
}

/// The plan as it was when a grant was sold.
fn sold_as(kept: &KeptGrant) -> Plan {
    let grant = &kept.grant;
    Plan {
        code: grant.plan.clone(),
        name: String::new(),
        features: grant.features.clone(),
        days: grant.days,
        price: kept.price,
    }
}

/// What a payment gives of a plan as it was sold, still without its time.
fn granted(
    payment: PaymentId,
    customer: CustomerId,
    sold: &Plan,
    facts: &Facts,
) -> Option<KeptGrant> {
    let state = GrantState::of(sold.price, facts)?;
    let grant = Grant {
        payment,
        plan: sold.code.clone(),
        features: sold.features.clone(),
        days: sold.days,
        paid_at: facts.captured_at?,
        is_revoked: state != GrantState::Given,
    };
    Some(KeptGrant { customer, grant, price: sold.price, state, time: None })
}

/// Sets the time of each grant, customer by customer.
fn set_times(grants: &mut [KeptGrant]) {
    let mut by_customer: BTreeMap<CustomerId, Vec<Grant>> = BTreeMap::new();
    for kept in grants.iter() {
        by_customer.entry(kept.customer).or_default().push(kept.grant.clone());
    }
    let times: HashMap<PaymentId, _> = by_customer
        .values()
        .flat_map(|of_customer| periods(of_customer))
        .map(|period| (period.grant.payment, (period.from, period.until)))
        .collect();
    for kept in grants {
        kept.time = times.get(&kept.grant.payment).copied();
    }
}

/// What customers may use by their grants, none of it closed yet.
fn entitled_by(grants: &[KeptGrant]) -> Vec<Entitled> {
    let mut by_customer: BTreeMap<CustomerId, Vec<Grant>> = BTreeMap::new();
    for kept in grants {
        by_customer.entry(kept.customer).or_default().push(kept.grant.clone());
    }
    let of_one = |(customer, grants): (&CustomerId, &Vec<Grant>)| {
        let ends = ends(grants).into_iter();
        let one = |(feature, until): (&str, _)| {
            let feature = feature.to_owned();
            Entitled { customer: *customer, feature, until, is_closed: false }
        };
        ends.map(one).collect::<Vec<_>>()
    };
    by_customer.iter().flat_map(of_one).collect()
}

/// What must be kept of grants, given what is known of their payments: the grants with their
/// times, and what customers may use by them. For the proof.
pub(crate) fn expected(
    kept: &[KeptGrant],
    payments: &HashMap<PaymentId, &Kept>,
) -> (Vec<KeptGrant>, Vec<Entitled>) {
    let anew = |kept: &KeptGrant| {
        let payment = payments.get(&kept.grant.payment)?;
        let same = payment.plan.as_deref() == Some(kept.grant.plan.as_str());
        let customer = payment.customer.filter(|_| same)?;
        granted(payment.id, customer, &sold_as(kept), &payment.facts)
    };
    let mut grants: Vec<KeptGrant> = kept.iter().filter_map(anew).collect();
    set_times(&mut grants);
    let entitled = entitled_by(&grants);
    (grants, entitled)
}

/// Keeps what differs, with its traces.
fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    whose: &[CustomerId],
    known: &HashMap<PaymentId, KeptGrant>,
    now: &[KeptGrant],
) -> Result<(), AppError> {
    let differs = |kept: &&KeptGrant| known.get(&kept.grant.payment) != Some(*kept);
    let changed: Vec<&KeptGrant> = now.iter().filter(differs).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let is_new = |kept: &&KeptGrant| !known.contains_key(&kept.grant.payment);
    let (new, moved): (Vec<_>, Vec<_>) = changed.iter().copied().partition(is_new);
    entitlements::add_grants(tx, &new, actor.at)?;
    entitlements::move_grants(tx, &moved, actor.at)?;
    let kept = entitlements::entitled(tx, whose)?;
    let kept: HashMap<(CustomerId, String), Entitled> =
        kept.into_iter().map(|one| ((one.customer, one.feature.clone()), one)).collect();
    let wanted = entitled_by(now);
    let put: Vec<Entitled> = wanted
        .iter()
        .filter(|one| {
            let known = kept.get(&(one.customer, one.feature.clone()));
            known.is_none_or(|known| known.until != one.until)
        })
        .cloned()
        .collect();
    let stays: HashSet<(CustomerId, &str)> =
        wanted.iter().map(|one| (one.customer, one.feature.as_str())).collect();
    let gone = |one: &Entitled| !stays.contains(&(one.customer, one.feature.as_str()));
    let gone: Vec<Entitled> = kept.into_values().filter(gone).collect();
    entitlements::put(tx, &put)?;
    entitlements::remove(tx, &gone)?;
    let traces: Vec<_> =
        changed.iter().map(|kept| trace(known.get(&kept.grant.payment), kept)).collect();
    Ok(audit::write(tx, actor, &traces)?)
}

/// The audit row of a grant that is new, or differs.
fn trace(before: Option<&KeptGrant>, now: &KeptGrant) -> audit::Entry {
    let action = match (before, now.state) {
        (None, _) => "add",
        (Some(before), state) if before.state == state => "move",
        (Some(_), GrantState::Revoked) => "revoke",
        (Some(_), _) => "change",
    };
    let record = now.grant.payment.0.to_string();
    let before = before.map(facts_of);
    let after = facts_of(now);
    crate::audit::entry(action, "entitlement_grants", record, before.as_ref(), Some(&after))
}

fn facts_of(kept: &KeptGrant) -> Value {
    json!({
        "customer": kept.customer.0,
        "plan": kept.grant.plan,
        "features": kept.grant.features,
        "state": kept.state.as_str(),
        "from": kept.time.map(|(from, _)| from.rfc3339()),
        "until": kept.time.map(|(_, until)| until.rfc3339()),
    })
}
