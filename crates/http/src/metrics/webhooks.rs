//! Figures about webhooks of gateways.
//!
//! They deliberately do not tell the gateways apart: the inbox does.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What is counted of webhooks.
#[derive(Default)]
pub(super) struct OfWebhooks {
    pub invalid_signatures: Counter,
    pub replays_blocked: Counter,
    pub waiting: Gauge,
}

impl OfWebhooks {
    /// Counts that begin at zero, in a registry.
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register(
            "billing_webhook_invalid_sig",
            "Deliveries that were not authentic",
            counts.invalid_signatures.clone(),
        );
        registry.register(
            "billing_webhook_replay_block",
            "Deliveries whose event was known, or whose id was that of another event",
            counts.replays_blocked.clone(),
        );
        registry.register(
            "billing_webhook_queue",
            "Authentic deliveries that wait to be kept",
            counts.waiting.clone(),
        );
        counts
    }
}

/// A delivery that waits; counted until it is dropped.
pub(crate) struct WaitingWebhook(pub(super) Gauge);

impl Drop for WaitingWebhook {
    fn drop(&mut self) {
        self.0.dec();
    }
}
