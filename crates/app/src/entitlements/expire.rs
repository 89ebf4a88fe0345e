//! Closing what has ended: noted in the audit trail, customer by customer; and giving what payments
//! wait for that came while their plan was being added.
//!
//! It deliberately takes nothing away: a check compares ends with the clock, so nobody may use
//! anything longer because this has not run.

use super::plans::{awaited, grant_waiting};
use crate::{Actor, AppError};
use domain::calendar::Moment;
use domain::ids::CustomerId;
use domain::jobs::later;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use store::entitlements::{self, Entitled};
use store::{Store, Tx, audit, payments};

/// Ends that are closed in one transaction.
const ENDS_AT_ONCE: i64 = 500;
/// How far ahead ends are counted: those that people are to be told of.
const SOON: Duration = Duration::from_hours(3 * 24);
/// Ends that are counted ahead at most.
const SOON_MOST: i64 = 10_000;

/// What was closed, and what is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Entitlements whose end was noted.
    pub closed: u64,
    /// Entitlements that end within three days; at most 10,000 are counted.
    pub ending_soon: u64,
}

/// Closes what has ended, in transactions of its own, while `may_go_on` says so.
pub fn expire(
    store: &Store,
    actor: &Actor,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Expired, AppError> {
    for code in store.read(awaited)? {
        store.write(|tx| grant_waiting(tx, actor, &code))?;
    }
    let mut expired = Expired::default();
    while may_go_on() {
        let closed = store.write(|tx| close(tx, actor))?;
        expired.closed += closed;
        if closed == 0 {
            break;
        }
    }
    expired.ending_soon = store.read(|tx| soon(tx, actor.at))?;
    Ok(expired)
}

fn soon(tx: &mut Tx<'_>, at: Moment) -> Result<u64, AppError> {
    let found = entitlements::ending(tx, (at, CustomerId(0), ""), later(at, SOON), SOON_MOST)?;
    Ok(found.len() as u64)
}

/// Closes a batch; how many were.
fn close(tx: &mut Tx<'_>, actor: &Actor) -> Result<u64, AppError> {
    let found = entitlements::ended(tx, actor.at, ENDS_AT_ONCE)?;
    let mut by_customer: BTreeMap<CustomerId, Vec<Entitled>> = BTreeMap::new();
    for one in found {
        by_customer.entry(one.customer).or_default().push(one);
    }
    let whose: Vec<CustomerId> = by_customer.keys().copied().collect();
    if whose.is_empty() {
        return Ok(0);
    }
    // A renewal at this moment waits, or was before.
    payments::lock_customers(tx, &whose)?;
    let now = entitlements::entitled(tx, &whose)?;
    let over: Vec<Entitled> =
        now.into_iter().filter(|one| !one.is_closed && one.until <= actor.at).collect();
    let closed = entitlements::close(tx, &over)?;
    let codes: BTreeMap<CustomerId, String> =
        entitlements::codes(tx, &whose)?.into_iter().collect();
    let mut ended: BTreeMap<CustomerId, Vec<&Entitled>> = BTreeMap::new();
    for one in &over {
        ended.entry(one.customer).or_default().push(one);
    }
    let mut traces = Vec::with_capacity(ended.len());
    for (customer, ended) in ended {
        let code = codes.get(&customer).cloned().unwrap_or_default();
        let features: BTreeMap<&str, String> =
            ended.iter().map(|one| (one.feature.as_str(), one.until.rfc3339())).collect();
        let after = json!({ "ended": features });
        traces.push(crate::audit::entry("expire", "entitlements", code, None, Some(&after)));
    }
    audit::write(tx, actor, &traces)?;
    Ok(closed)
}
