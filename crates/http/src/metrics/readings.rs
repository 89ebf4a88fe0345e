//! Figures that somebody looks up when they are asked for: jobs and the database.
//!
//! It deliberately keeps none of them: what could not be looked up is not shown, rather than shown
//! as it once was.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those a transaction is using.
    pub in_use: i64,
    /// Those that are open and wait.
    pub idle: i64,
    /// As many as there may be.
    pub size: i64,
}

/// A figure of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name without `dairyos_database_`, in lower case and with its unit last: `size_bytes`.
    pub name: &'static str,
    /// What it says, without a full stop.
    pub help: &'static str,
    /// Its value.
    pub value: i64,
}

/// How it goes with the events of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfGateway {
    /// Its name.
    pub name: &'static str,
    /// When its last event came, in seconds of Unix time.
    pub last_event_seconds: Option<i64>,
    /// Whether it is silent although something is expected of it.
    pub is_silent: bool,
    /// Events that are kept and wait for a further attempt.
    pub waiting: i64,
    /// Events that were given up.
    pub dead: i64,
}

/// What was looked up for this answer.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// How many jobs there are in each state.
    pub jobs: Vec<(String, i64)>,
    /// How long the job that waits longest has been due, in seconds; 0 when none waits.
    pub oldest_waiting_seconds: Option<i64>,
    /// Whether the worker of this process is alive, if it has one.
    pub worker_alive: Option<bool>,
    /// How it goes with the events of each gateway.
    pub gateways: Vec<OfGateway>,
    /// How many issues of the latest comparison are not closed, by severity; empty before the
    /// first.
    pub reconciliation_issues: Vec<(&'static str, i64)>,
    /// When the latest comparison succeeded, in seconds of Unix time.
    pub reconciled_at: Option<i64>,
    /// Connections to the database.
    pub connections: Option<Connections>,
    /// How many requests to gateways are open, in each state.
    pub payment_requests: Vec<(String, i64)>,
    /// How many refunds are under way, in each state.
    pub refunds: Vec<(String, i64)>,
    /// Further figures of the database, each name once.
    pub figures: Vec<Figure>,
}

/// The place of the readings while they are shown.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    readings: Arc<Mutex<Readings>>,
    /// One text at a time: it must show its own readings.
    turn: Arc<Mutex<()>>,
}

impl Slot {
    /// Does something while the readings are there.
    pub fn during<T>(&self, readings: Readings, work: impl FnOnce() -> T) -> T {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.set(readings);
        let done = work();
        self.set(Readings::default());
        done
    }

    fn set(&self, readings: Readings) {
        *self.readings.lock().unwrap_or_else(PoisonError::into_inner) = readings;
    }
}

/// Shows a gauge without labels.
pub fn gauge(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    value: i64,
) -> Result<(), fmt::Error> {
    let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(metric)
}

/// Shows a gauge of each gateway for which there is a value.
fn of_gateways(
    encoder: &mut DescriptorEncoder,
    all: &[OfGateway],
    (name, help): (&str, &str),
    value: fn(&OfGateway) -> Option<i64>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for gateway in all {
        if let Some(value) = value(gateway) {
            let labels = [("provider", gateway.name)];
            ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// Shows how it goes with the events of gateways.
fn show_gateways(encoder: &mut DescriptorEncoder, all: &[OfGateway]) -> Result<(), fmt::Error> {
    let name = ("billing_webhook_waiting", "Kept events that wait for a further attempt.");
    of_gateways(encoder, all, name, |gateway| Some(gateway.waiting))?;
    let name = ("billing_webhook_dead_letters", "Kept events that were given up.");
    of_gateways(encoder, all, name, |gateway| Some(gateway.dead))?;
    let help = "When the last event of the gateway came.";
    let name = ("billing_webhook_last_event_timestamp_seconds", help);
    of_gateways(encoder, all, name, |gateway| gateway.last_event_seconds)?;
    let help = "Whether the gateway is silent although something is expected of it.";
    let name = ("billing_webhook_silent", help);
    of_gateways(encoder, all, name, |gateway| Some(i64::from(gateway.is_silent)))
}

/// Shows gauges with a state each; none at all when there are none.
fn by_state(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    counts: &[(String, i64)],
) -> Result<(), fmt::Error> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (state, count) in counts {
        let labels = [("state", state.as_str())];
        ConstGauge::new(*count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

impl Collector for Slot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, help, counts) in [
            ("dairyos_jobs", "Jobs by state.", &readings.jobs),
            (
                "billing_payment_requests",
                "Requests to gateways that are open, by state.",
                &readings.payment_requests,
            ),
            ("billing_refunds", "Refunds under way, by state.", &readings.refunds),
        ] {
            by_state(&mut encoder, name, help, counts)?;
        }
        if let Some(seconds) = readings.oldest_waiting_seconds {
            let help = "How long the job that waits longest has been due.";
            gauge(&mut encoder, "dairyos_jobs_oldest_waiting_seconds", help, seconds)?;
        }
        if !readings.reconciliation_issues.is_empty() {
            let help = "Issues of the latest comparison of the books that are not closed.";
            let name = "billing_reconciliation_issues";
            let mut all = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (severity, count) in &readings.reconciliation_issues {
                let labels = [("severity", *severity)];
                ConstGauge::new(*count).encode(all.encode_family(&labels)?)?;
            }
        }
        if let Some(seconds) = readings.reconciled_at {
            let help = "When the books were last compared, in seconds of Unix time.";
            let name = "billing_reconciliation_last_success_timestamp_seconds";
            gauge(&mut encoder, name, help, seconds)?;
        }
        if let Some(alive) = readings.worker_alive {
            let help = "Whether the worker of this process is alive.";
            gauge(&mut encoder, "dairyos_worker_alive", help, i64::from(alive))?;
        }
        if let Some(Connections { in_use, idle, size }) = readings.connections {
            let help = "Connections to the database that a transaction is using.";
            gauge(&mut encoder, "dairyos_database_connections_in_use", help, in_use)?;
            let help = "Connections to the database that are open and wait.";
            gauge(&mut encoder, "dairyos_database_connections_idle", help, idle)?;
            let help = "Connections to the database that there may be.";
            gauge(&mut encoder, "dairyos_database_connections_limit", help, size)?;
        }
        if !readings.gateways.is_empty() {
            show_gateways(&mut encoder, &readings.gateways)?;
        }
        for figure in &readings.figures {
            let name = format!("dairyos_database_{}", figure.name);
            gauge(&mut encoder, &name, &format!("{}.", figure.help), figure.value)?;
        }
        Ok(())
    }
}
