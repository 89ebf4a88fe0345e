//! The inbox as people see it: lists, one event with its content, how many wait, and whether a
//! gateway has gone silent.
//!
//! It deliberately changes nothing.

use crate::AppError;
use domain::calendar::Moment;
use domain::ids::WebhookEventId;
use domain::jobs::earlier;
use domain::payments::Provider;
use domain::webhooks::State;
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
    Ok(webhooks::counts(tx)?)
}

/// A gateway that tells nothing although something that we asked it for is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The gateway.
    pub provider: Provider,
    /// Since when.
    pub since: Moment,
}

/// The gateways that have told nothing for longer than `most`: perhaps they have disabled our
/// webhook (protocols 1.12).
pub fn silence(tx: &mut Tx<'_>, now: Moment, most: Duration) -> Result<Vec<Silence>, AppError> {
    let mut silent = Vec::new();
    for provider in Provider::ALL.into_iter().filter(|provider| provider.is_gateway()) {
        let (last, open) = webhooks::pulse(tx, provider)?;
        let Some(open) = open else { continue };
        let since = last.map_or(open, |last| last.max(open));
        if since < earlier(now, most) {
            silent.push(Silence { provider, since });
        }
    }
    Ok(silent)
}
