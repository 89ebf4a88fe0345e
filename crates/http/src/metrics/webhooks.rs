//! Figures about webhooks of gateways.
//!
//! They deliberately know only what this process has answered; what is kept is read from the inbox.

use app::webhooks::Gateway;
use axum::http::StatusCode;
use domain::calendar::Moment;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Microseconds of a second.
const MICROS: i64 = 1_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProvider {
    provider: &'static str,
}

/// What is counted of one gateway.
#[derive(Clone, Default)]
struct Answers {
    failures: Counter,
    failing_since: Gauge,
}

/// What is counted of webhooks.
#[derive(Default)]
pub(super) struct OfWebhooks {
    pub invalid_signatures: Counter,
    pub replays_blocked: Counter,
    pub waiting: Gauge,
    razorpay: Answers,
    stripe: Answers,
}

impl OfWebhooks {
    /// Counts that begin at zero, in a registry.
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let failures = Family::<OfProvider, Counter>::default();
        let since = Family::<OfProvider, Gauge>::default();
        let answers = |provider| Answers {
            failures: failures.get_or_create(&OfProvider { provider }).clone(),
            failing_since: since.get_or_create(&OfProvider { provider }).clone(),
        };
        let counts =
            Self { razorpay: answers("razorpay"), stripe: answers("stripe"), ..Self::default() };
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
        registry.register(
            "billing_webhook_failures",
            "Deliveries that this process could not keep and answered with a status from 500 on",
            failures,
        );
        registry.register(
            "billing_webhook_failing_since_timestamp_seconds",
            "Since when this process has kept no delivery but refused some; 0 when it keeps them",
            since,
        );
        counts
    }

    /// Notes how a delivery was answered. A gateway disables a webhook whose deliveries are refused
    /// for long, whether they could not be kept or their signature was wrong.
    pub(super) fn answered(&self, gateway: Gateway, status: StatusCode, at: Moment) {
        let answers = match gateway {
            Gateway::Razorpay => &self.razorpay,
            Gateway::Stripe => &self.stripe,
        };
        if status.is_server_error() {
            answers.failures.inc();
        }
        if status.is_success() {
            answers.failing_since.set(0);
        } else if (status.is_server_error() || status == StatusCode::UNAUTHORIZED)
            && answers.failing_since.get() == 0
        {
            answers.failing_since.set(at.unix_micros() / MICROS);
        }
    }
}

/// A delivery that waits; counted until it is dropped.
pub(crate) struct WaitingWebhook(pub(super) Gauge);

impl Drop for WaitingWebhook {
    fn drop(&mut self) {
        self.0.dec();
    }
}
