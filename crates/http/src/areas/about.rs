//! What the service says about itself: whether it lives and is ready, and how it is asked.
//!
//! It deliberately loads nothing from a foreign host.

use crate::metrics::{Connections, OfGateway, Readings};
use crate::problem::{Code, Problem, reference};
use crate::service::Service;
use app::Store;
use app::reconciliation::Standing;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::reconciliation::Severity;
use std::sync::Arc;
use utoipa::openapi::OpenApi;

/// The page that shows the description.
const PAGE: &str = include_str!("about/api.html");
/// What the page may load: its own script, the description, and the style written into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
                      style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
/// Its script.
const SCRIPT: &str = include_str!("about/api.js");
/// Moments are kept in microseconds.
const MICROS_PER_SECOND: i64 = 1_000_000;
/// The kind of a script.
const SCRIPT_KIND: &str = "text/javascript; charset=utf-8";

/// The routes of this area.
pub fn routes(description: &OpenApi, api_docs: bool, figures: bool) -> Router<Service> {
    // Plain data; writing it as JSON cannot fail.
    let json: Arc<str> = description.to_pretty_json().unwrap_or_default().into();
    let description = move || {
        let json = Arc::clone(&json);
        async move { ([(header::CONTENT_TYPE, "application/json")], json.to_string()) }
    };
    let mut routes =
        Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready));
    if figures {
        routes = routes.route("/metrics", get(show_figures));
    }
    if api_docs {
        let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
        let kind = [(header::CONTENT_TYPE, SCRIPT_KIND)];
        routes = routes
            .route("/api/openapi.json", get(description))
            .route("/api/docs", get(async move || (policy, Html(PAGE))))
            .route("/api/docs/api.js", get(async move || (kind, SCRIPT)))
            .route("/api/docs/errors", get(errors));
    }
    routes
}

/// Ready when the database answers; says how the worker of this process is, if it has one.
/// Requests are answered without it too, so that its end does not make the service unready.
async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    service.run(app::business::is_ready).await.map_err(|problem| Problem {
        internal: problem.internal,
        ..Problem::new(Code::DatabaseDown, problem.detail)
    })?;
    Ok(match service.worker_alive() {
        None => "ready\n",
        Some(true) => "ready\nworker alive\n",
        Some(false) => "ready\nworker silent\n",
    })
}

/// What is counted, and what is looked up for this answer.
async fn show_figures(State(service): State<Service>, headers: HeaderMap) -> Response {
    let now = service.now();
    let limits = service.metrics().silence_limits();
    let read = move |store: &Store| {
        let stats = app::jobs::stats(store, now).ok();
        let health = store.read(|tx| app::webhooks::health(tx, now, limits)).unwrap_or_default();
        let open = store.read(app::payments::open).unwrap_or_default();
        let reconciled = store.read(app::reconciliation::standing).ok().flatten();
        Ok((store.connections(), (stats, health, open, reconciled)))
    };
    let (connections, looked_up) = service.run(read).await.ok().unzip();
    let (stats, health, open, reconciled) = looked_up.unwrap_or_default();
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let connections = connections.map(|all| Connections {
        in_use: count(all.lent),
        idle: count(all.idle),
        size: count(all.most),
    });
    let worker_alive = service.worker_alive();
    let mut readings = Readings { worker_alive, connections, ..Readings::default() };
    readings.gateways = health.iter().map(of_gateway).collect();
    (readings.payment_requests, readings.refunds) = (open.requests, open.refunds);
    if let Some(stats) = stats {
        readings.jobs = stats
            .counts
            .iter()
            .map(|(state, count)| {
                (state.as_str().to_owned(), i64::try_from(*count).unwrap_or(i64::MAX))
            })
            .collect();
        readings.oldest_waiting_seconds =
            Some(i64::try_from(stats.oldest_due_secs(now)).unwrap_or(i64::MAX));
    }
    if let Some(Standing { run, unsettled }) = reconciled {
        let of = |severity: Severity| {
            let found = unsettled.iter().find(|(known, _)| *known == severity);
            (severity.as_str(), found.map_or(0, |(_, count)| *count))
        };
        readings.reconciliation_issues = Severity::ALL.map(of).to_vec();
        readings.reconciled_at = Some(run.finished_at.unix_micros() / MICROS_PER_SECOND);
    }
    let (kind, text) = service.metrics().show(&headers, readings);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

fn of_gateway(health: &app::webhooks::Health) -> OfGateway {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    OfGateway {
        name: health.provider.as_str(),
        last_event_seconds: health.last.map(|last| last.unix_micros() / 1_000_000),
        is_silent: health.is_silent,
        waiting: count(health.counts.waiting),
        dead: count(health.counts.dead),
    }
}

async fn errors() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], reference())
}
