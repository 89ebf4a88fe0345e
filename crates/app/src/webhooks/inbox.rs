//! The inbox as people see it: lists, one event with its content, how many wait, and whether a
//! gateway has gone silent.
//!
//! It deliberately changes nothing.

use crate::AppError;
use domain::calendar::Moment;
use domain::ids::WebhookEventId;
use domain::payments::Provider;
use domain::webhooks::{State, silent_since};
use std::time::Duration;
use store::Tx;
use store::webhooks;

pub use store::webhooks::{Counts, Kept, Whole};

/// Events of a page, unless asked otherwise.
pub const LIST_DEFAULT: u16 = 50;
/// Most events of a page.
pub const LIST_MOST: u16 = 200;

/// A page of events, the latest first, and where the next one begins.
pub fn list(
    tx: &mut Tx<'_>,
    provider: Option<Provider>,
    state: Option<State>,
    before: Option<WebhookEventId>,
    limit: u16,
) -> Result<(Vec<Kept>, Option<WebhookEventId>), AppError> {
    let mut found = webhooks::page(tx, provider, state, before, i64::from(limit) + 1)?;
    let more = found.len() > usize::from(limit);
    found.truncate(usize::from(limit));
    let next = found.last().filter(|_| more).map(|last| last.id);
    Ok((found, next))
}

/// One event with its content.
pub fn show(tx: &mut Tx<'_>, id: WebhookEventId) -> Result<Whole, AppError> {
    let found = webhooks::find(tx, id)?;
    found.ok_or_else(|| AppError::NotFound(format!("there is no event {}", id.0)))
}

/// The event that a gateway knows by an id.
pub fn event_id(
    tx: &mut Tx<'_>,
    provider: Provider,
    event_id: &str,
) -> Result<WebhookEventId, AppError> {
    let found = webhooks::by_event_id(tx, provider, event_id)?;
    let what = || format!("there is no event {event_id} of {}", provider.as_str());
    found.ok_or_else(|| AppError::NotFound(what()))
}

/// How many events wait, and how many were given up.
pub fn counts(tx: &mut Tx<'_>) -> Result<Counts, AppError> {
    let all = webhooks::counts(tx)?;
    Ok(Counts {
        waiting: all.values().map(|counts| counts.waiting).sum(),
        dead: all.values().map(|counts| counts.dead).sum(),
    })
}

/// How long each gateway may tell nothing while something is expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceLimits {
    /// Razorpay.
    pub razorpay: Duration,
    /// Stripe.
    pub stripe: Duration,
}

impl Default for SilenceLimits {
    /// A day: after so long Razorpay disables a webhook that it could not deliver to (protocols
    /// 1.12).
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { razorpay: day, stripe: day }
    }
}

impl SilenceLimits {
    const fn of(self, provider: Provider) -> Duration {
        if matches!(provider, Provider::Stripe) { self.stripe } else { self.razorpay }
    }
}

/// A gateway that tells nothing although something is expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The gateway.
    pub provider: Provider,
    /// Since when.
    pub since: Moment,
}

fn gateways() -> impl Iterator<Item = Provider> {
    Provider::ALL.into_iter().filter(|provider| provider.is_gateway())
}

/// The gateways that have told nothing for longer than they may: perhaps they have disabled our
/// webhook.
pub fn silence(
    tx: &mut Tx<'_>,
    now: Moment,
    limits: SilenceLimits,
) -> Result<Vec<Silence>, AppError> {
    let mut silent = Vec::new();
    for provider in gateways() {
        let pulse = webhooks::pulse(tx, provider, now)?;
        let since = silent_since(&pulse, now, limits.of(provider));
        silent.extend(since.map(|since| Silence { provider, since }));
    }
    Ok(silent)
}

/// How it goes with one gateway's events, for figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The gateway.
    pub provider: Provider,
    /// When its last event came.
    pub last: Option<Moment>,
    /// Whether it is silent.
    pub is_silent: bool,
    /// Events that wait and that were given up.
    pub counts: Counts,
}

/// How it goes with each gateway's events.
pub fn health(
    tx: &mut Tx<'_>,
    now: Moment,
    limits: SilenceLimits,
) -> Result<Vec<Health>, AppError> {
    let counts = webhooks::counts(tx)?;
    let mut all = Vec::new();
    for provider in gateways() {
        let pulse = webhooks::pulse(tx, provider, now)?;
        let is_silent = silent_since(&pulse, now, limits.of(provider)).is_some();
        let counts = counts.get(&provider).copied().unwrap_or_default();
        all.push(Health { provider, last: pulse.last, is_silent, counts });
    }
    Ok(all)
}
