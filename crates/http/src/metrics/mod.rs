//! Figures about the running program, for Prometheus.
//!
//! They deliberately carry no id, name or address: labels are from closed lists (methods, route
//! templates, classes of status, words of the program).

mod gateways;
mod process;
mod readings;
mod text;
mod webhooks;

use app::payments::Called;
use app::webhooks::{Gateway, SilenceLimits};
use axum::http::{HeaderMap, StatusCode, header};
use domain::calendar::Moment;
use gateways::OfGateways;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use webhooks::OfWebhooks;

pub use readings::{Connections, Figure, OfGateway, Readings};
pub use text::{OPENMETRICS, PLAIN};
pub(crate) use webhooks::WaitingWebhook;

/// Bounds of the durations, in seconds (`OTel` semantic conventions, `http.server`).
pub const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// The class of status of requests whose caller went away before the answer.
const ABORTED: &str = "aborted";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

type Durations = Family<Served, Histogram, fn() -> Histogram>;

/// The figures of the program. Clones count into the same figures.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    durations: Durations,
    in_flight: Gauge,
    idempotent_hits: Family<Operation, Counter>,
    shown_again: Counter,
    gateway_calls: OfGateways,
    webhooks: OfWebhooks,
    readings: readings::Slot,
    silence: OnceLock<SilenceLimits>,
}

impl Metrics {
    /// Figures that all begin at zero, of a program of this version.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::default();
        let durations = Durations::new_with_constructor(|| Histogram::new(DURATION_BUCKETS));
        let in_flight = Gauge::default();
        let idempotent_hits = Family::default();
        let shown_again = Counter::default();
        let readings = readings::Slot::default();
        // The registry ends each help with a full stop.
        registry.register(
            "http_server_request_duration_seconds",
            "Time from a request to the headers of its answer",
            durations.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests that are being carried out",
            in_flight.clone(),
        );
        registry.register(
            "idempotent_hits",
            "Requests answered from an earlier one with the same Idempotency-Key",
            idempotent_hits.clone(),
        );
        registry.register(
            "http_server_shown_again",
            "Requests answered with what was shown since the last commit",
            shown_again.clone(),
        );
        let gateway_calls = OfGateways::registered(&mut registry);
        let webhooks = OfWebhooks::registered(&mut registry);
        let build = Info::new(vec![("version".to_owned(), version.to_owned())]);
        registry.register("dairyos_build", "The program that is running", build);
        registry.register_collector(Box::new(readings.clone()));
        registry.register_collector(Box::new(process::Process));
        let silence = OnceLock::new();
        let inner = Inner {
            registry,
            durations,
            in_flight,
            idempotent_hits,
            shown_again,
            gateway_calls,
            webhooks,
            readings,
            silence,
        };
        Self(Arc::new(inner))
    }

    /// Counts a request that was answered from an earlier one; `operation` names the route.
    pub fn idempotent_hit(&self, operation: &'static str) {
        self.0.idempotent_hits.get_or_create(&Operation { operation }).inc();
    }

    /// Counts a request that was answered without reading.
    pub(crate) fn shown_again(&self) {
        self.0.shown_again.inc();
    }

    /// Begins to count and time a request.
    pub(crate) fn begin(&self, method: &'static str, route: String) -> Running {
        self.0.in_flight.inc();
        let metrics = self.clone();
        Running { metrics, method, route, started: Instant::now(), status: None }
    }

    /// Says how long gateways may be silent; before it is said they may for a day.
    pub fn watch_silence(&self, limits: SilenceLimits) {
        // Said once, when the service begins.
        let _ = self.0.silence.set(limits);
    }

    /// How long gateways may be silent.
    pub(crate) fn silence_limits(&self) -> SilenceLimits {
        self.0.silence.get().copied().unwrap_or_default()
    }

    /// Notes how a delivery of a gateway was answered, and when.
    pub(crate) fn webhook_answered(&self, gateway: Gateway, status: StatusCode, at: Moment) {
        self.0.webhooks.answered(gateway, status, at);
    }

    /// Counts a call of a gateway.
    pub fn gateway_call(&self, called: &Called) {
        self.0.gateway_calls.count(called);
    }

    /// Counts a delivery of a gateway that was not authentic.
    pub fn webhook_invalid_signature(&self) {
        self.0.webhooks.invalid_signatures.inc();
    }

    /// Counts a delivery of a gateway whose event was known.
    pub fn webhook_replay_blocked(&self) {
        self.0.webhooks.replays_blocked.inc();
    }

    /// Counts a delivery as waiting to be kept until what is returned is dropped.
    pub(crate) fn webhook_waits(&self) -> WaitingWebhook {
        self.0.webhooks.waiting.inc();
        WaitingWebhook(self.0.webhooks.waiting.clone())
    }

    /// All figures as a text, with its media type: as `OpenMetrics` when the caller accepts it.
    /// `readings` are those that must be looked up; what is absent from them is absent here.
    pub fn show(&self, headers: &HeaderMap, readings: Readings) -> (&'static str, String) {
        let mut shown = String::new();
        let encoded = self.0.readings.during(readings, || encode(&mut shown, &self.0.registry));
        if encoded.is_err() {
            // Writing into a text does not fail; a half would be taken for the whole.
            shown.clear();
        }
        let accepts =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        if accepts.flat_map(|list| list.split(',')).any(text::asks_for_openmetrics) {
            return (OPENMETRICS, shown);
        }
        (PLAIN, text::plain(&shown))
    }
}

/// A request that is being carried out. It is counted when it is dropped, so that one whose caller
/// goes away is counted too.
pub(crate) struct Running {
    metrics: Metrics,
    method: &'static str,
    route: String,
    started: Instant,
    /// The status of the answer, when there is one.
    pub(crate) status: Option<StatusCode>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let route = std::mem::take(&mut self.route);
        let status = self.status.map_or(ABORTED, class_of);
        let served = Served { method: self.method, route, status };
        let seconds = self.started.elapsed().as_secs_f64();
        self.metrics.0.durations.get_or_create(&served).observe(seconds);
        self.metrics.0.in_flight.dec();
    }
}

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
