//! Comparing with what gateways know: their events, and their lists when those were asked for.
//!
//! It deliberately calls nobody. A list is whole for the day it was asked for, or not handed in.

use crate::AppError;
use crate::webhooks::tells_of;
use domain::calendar::{Day, Moment};
use domain::money::Money;
use domain::payments::Provider;
use domain::reconciliation::{Issue, SettlementRow, found, settlement_difference};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::Tx;
use store::reconciliation::{self, Collected, PaidOut};

/// A payment as a gateway lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPayment {
    /// The gateway.
    pub provider: Provider,
    /// Its id there: that by which its events name it.
    pub reference: String,
    /// What was captured; zero when nothing was. Absent when the gateway does not say: of what it
    /// gave back in whole, or when it contradicts itself.
    pub captured: Option<Money>,
}

/// The rows of a settlement as a gateway lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSettlement {
    /// The gateway.
    pub provider: Provider,
    /// Its id there.
    pub reference: String,
    /// What it consists of.
    pub rows: Vec<SettlementRow>,
}

/// What gateways were asked for the day. Nothing, when none was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The gateways whose list of the day's payments is here, whole.
    pub listed: Vec<Provider>,
    /// The payments in those lists.
    pub payments: Vec<ProviderPayment>,
    /// The rows of settlements.
    pub settlements: Vec<ProviderSettlement>,
}

/// Compares with what gateways know.
pub(super) fn compare(
    tx: &mut Tx<'_>,
    day: Day,
    given: &Given,
    collected: &[Collected],
) -> Result<Vec<Issue>, AppError> {
    let (mut issues, told) = lists(tx, day, given)?;
    issues.extend(events(tx, day, &told)?);
    issues.extend(settlements(tx, day, given, collected)?);
    issues.extend(reconciliation::settlements_posted(tx, day)?);
    Ok(issues)
}

/// By a gateway's ids, what its list was said to have and we have not.
type Told = HashSet<(Provider, String)>;

/// Compares the gateways' lists with what is booked, both ways.
fn lists(tx: &mut Tx<'_>, day: Day, given: &Given) -> Result<(Vec<Issue>, Told), AppError> {
    let mut issues = Vec::new();
    let mut told = Told::new();
    let keys: Vec<(Provider, &str)> =
        given.payments.iter().map(|one| (one.provider, one.reference.as_str())).collect();
    let known: HashMap<usize, _> =
        reconciliation::listed(tx, &keys)?.into_iter().map(|found| (found.place, found)).collect();
    for (place, one) in given.payments.iter().enumerate() {
        let ours = known.get(&place);
        let booked = ours.map_or(Money::ZERO, |ours| ours.captured);
        let Some(captured) = one.captured.filter(|captured| *captured != booked) else { continue };
        issues.push(match ours.filter(|_| !booked.is_zero()) {
            Some(ours) if !captured.is_zero() => {
                found::provider_differs(ours.payment, &ours.name, captured, booked)
            }
            Some(ours) => found::only_ours(ours.payment, &ours.name, booked, true),
            None => {
                told.insert((one.provider, one.reference.clone()));
                let known = ours.map(|ours| ours.payment);
                found::only_at_provider(one.provider, &one.reference, captured, known)
            }
        });
    }
    let listed: HashSet<(Provider, &str)> = keys.into_iter().collect();
    let mut silent = reconciliation::unheard_of(tx, day)?;
    if !given.listed.is_empty() {
        let mut in_list = HashSet::new();
        for one in reconciliation::unlisted(tx, day)? {
            if !given.listed.contains(&one.provider) {
                continue;
            }
            if listed.contains(&(one.provider, one.reference.as_str())) {
                in_list.insert(Some(one.payment));
            } else {
                let name = format!("{} {}", one.provider.as_str(), one.reference);
                issues.push(found::only_ours(one.payment, &name, one.captured, true));
            }
        }
        // What the gateway lists needs no event.
        silent.retain(|issue| !in_list.contains(&issue.payment));
    }
    issues.extend(silent);
    Ok((issues, told))
}

/// Events that could not be booked, and what they tell is not booked by another one either.
fn events(tx: &mut Tx<'_>, day: Day, told: &Told) -> Result<Vec<Issue>, AppError> {
    let mut issues = Vec::new();
    for whole in reconciliation::unbooked_events(tx, after(day))? {
        let kept = &whole.kept;
        let why = kept.reason.as_deref().unwrap_or("no reason is known");
        let why = format!("{}: {why}", kept.kind);
        let payments = tells_of(&whole);
        if payments.is_empty() {
            issues.push(found::event_not_booked(kept.provider, &kept.event_id, &why, None, None));
        }
        let keys: Vec<_> = payments.iter().map(|(id, _)| (kept.provider, id.as_str())).collect();
        let known: HashMap<usize, _> = reconciliation::listed(tx, &keys)?
            .into_iter()
            .map(|found| (found.place, (found.payment, found.captured)))
            .collect();
        for (place, (reference, captured)) in payments.iter().enumerate() {
            let booked = known.get(&place).copied();
            let is_booked = captured.is_some_and(|told| booked.is_some_and(|(_, b)| b >= told));
            if !is_booked && !told.contains(&(kept.provider, reference.clone())) {
                let of = (kept.provider, reference.as_str());
                issues.push(found::event_not_booked(of.0, of.1, &why, *captured, booked));
            }
        }
    }
    Ok(issues)
}

/// The moment at which the day after a business day begins.
pub(super) fn after(day: Day) -> Moment {
    let next = format!("{}T00:00:00+05:30", day.plus_days(1));
    Moment::parse(&next).unwrap_or(Moment::from_unix_micros(i64::MAX))
}

/// Settlements that are not the sum of their parts, where those were given; otherwise those that
/// are more than what had come in, less fees, refunds and earlier settlements.
fn settlements(
    tx: &mut Tx<'_>,
    day: Day,
    given: &Given,
    collected: &[Collected],
) -> Result<Vec<Issue>, AppError> {
    let paid_out = reconciliation::paid_out(tx, day)?;
    if paid_out.is_empty() {
        return Ok(Vec::new());
    }
    let mut came: BTreeMap<(Provider, Day), Money> = BTreeMap::new();
    for one in collected.iter().copied().chain(reconciliation::refunds_of_gateways(tx)?) {
        let of_day = came.entry((one.provider, one.day)).or_default();
        *of_day = of_day.plus(one.net)?;
    }
    let mut issues = Vec::new();
    let mut left: HashMap<Provider, (Day, Money)> = HashMap::new();
    for one in &paid_out {
        let (since, money) = left.entry(one.provider).or_insert((Day::MIN, Money::ZERO));
        // Several may be of one day.
        if *since <= one.day {
            let more = came.range((one.provider, *since)..=(one.provider, one.day));
            *money = money.plus(Money::sum(more.map(|(_, net)| *net))?)?;
            *since = one.day.plus_days(1);
        }
        let can_cover = (*money).max(Money::ZERO);
        if let Some(parts) = parts_of(given, one) {
            if let Some(sum) = settlement_difference(parts.iter().copied(), one.amount)? {
                issues.push(found::settlement_wrong(one.provider, &one.reference, sum, one.amount));
            }
        } else if one.amount > can_cover {
            let (provider, reference) = (one.provider, &one.reference);
            issues.push(found::settlement_wrong(provider, reference, can_cover, one.amount));
        }
        // What one takes too much is not missing from the next.
        *money = money.minus(one.amount.min(can_cover))?;
    }
    Ok(issues)
}

fn parts_of<'g>(given: &'g Given, one: &PaidOut) -> Option<&'g [SettlementRow]> {
    let is_it = |rows: &&ProviderSettlement| {
        rows.provider == one.provider && rows.reference == one.reference
    };
    given.settlements.iter().find(is_it).map(|found| found.rows.as_slice())
}
