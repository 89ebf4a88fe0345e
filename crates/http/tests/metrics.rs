//! The figures for Prometheus, as they are shown after requests to a small router.
//!
//! They deliberately read the text as Prometheus would: names, types, samples.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::get;
use axum::{Router, middleware};
use http_api::layers::caller_address::TrustedProxies;
use http_api::layers::request_id::RequestIds;
use http_api::layers::security_headers::SecurityHeaders;
use http_api::layers::timeouts::Timeouts;
use http_api::layers::{self, Around};
use http_api::metrics::{Connections, Figure, Metrics, OPENMETRICS, OfGateway, PLAIN, Readings};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

fn router(metrics: &Metrics) -> Router {
    let shown = metrics.clone();
    let around = Around {
        request_ids: RequestIds::default(),
        proxies: TrustedProxies::default(),
        security: SecurityHeaders { https: false },
        timeouts: Timeouts { request: Duration::from_mins(5) },
        metrics: metrics.clone(),
        service: None,
        limiter: None,
        compress_from: None,
    };
    Router::new()
        .route("/bills/{number}", get(|| async { "x" }))
        .route("/none", get(|| async { StatusCode::NOT_FOUND }))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_mins(1))))
        .route("/now", get(async move || shown.show(&HeaderMap::new(), Readings::default()).1))
        .layer(middleware::from_fn_with_state(Arc::new(around), layers::around))
}

async fn ask(metrics: &Metrics, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(metrics).oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn readings() -> Readings {
    let gateway = OfGateway {
        name: "stripe",
        last_event_seconds: Some(1_790_000_000),
        is_silent: true,
        waiting: 2,
        dead: 1,
    };
    Readings {
        gateways: vec![gateway],
        jobs: vec![("waiting".to_owned(), 3), ("dead".to_owned(), 1)],
        oldest_waiting_seconds: Some(12),
        reconciliation_issues: vec![("info", 2), ("error", 0)],
        reconciled_at: Some(1_790_000_000),
        worker_alive: Some(true),
        connections: Some(Connections { in_use: 2, idle: 1, size: 4 }),
        payment_requests: vec![("unknown".to_owned(), 2)],
        refunds: vec![("requested".to_owned(), 1)],
        figures: vec![Figure { name: "size_bytes", help: "Size of the database", value: 4096 }],
    }
}

fn plain(metrics: &Metrics, readings: Readings) -> String {
    let (kind, text) = metrics.show(&HeaderMap::new(), readings);
    assert_eq!(kind, PLAIN);
    text
}

/// Checks the form of the older text, and gives its samples.
fn samples(text: &str) -> HashMap<String, f64> {
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    let mut told = HashSet::new();
    let mut types: HashMap<&str, &str> = HashMap::new();
    let mut found = HashMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (what, rest) = rest.split_once(' ').unwrap();
            let (name, rest) = rest.split_once(' ').unwrap();
            assert!(told.insert((what, name)), "{what} twice for {name}");
            if what == "TYPE" {
                assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}");
                types.insert(name, rest);
            } else {
                assert_eq!(what, "HELP");
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|ending| name.strip_suffix(ending))
            .find(|family| types.get(family) == Some(&"histogram"));
        assert!(types.contains_key(family.unwrap_or(name)), "no TYPE before {line}");
        assert!(found.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{series}");
    }
    found
}

#[tokio::test]
async fn requests_are_counted_by_template_and_class() {
    let metrics = Metrics::new("1.2.3");
    for path in ["/bills/1", "/bills/2", "/none", "/no/such/path"] {
        ask(&metrics, path).await;
    }
    metrics.idempotent_hit("bills_run");
    metrics.idempotent_hit("bills_run");
    let text = plain(&metrics, readings());
    let samples = samples(&text);
    let count = |method, route, status| {
        samples.get(&format!(
            "http_server_request_duration_seconds_count\
             {{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(count("GET", "/bills/{number}", "2xx"), Some(&2.0), "{text}");
    assert_eq!(count("GET", "/none", "4xx"), Some(&1.0));
    assert_eq!(count("GET", "unmatched", "4xx"), Some(&1.0));
    for (series, value) in [
        ("http_server_active_requests", 0.0),
        ("idempotent_hits_total{operation=\"bills_run\"}", 2.0),
        ("dairyos_build_info{version=\"1.2.3\"}", 1.0),
        ("billing_webhook_waiting{provider=\"stripe\"}", 2.0),
        ("billing_webhook_dead_letters{provider=\"stripe\"}", 1.0),
        ("billing_webhook_silent{provider=\"stripe\"}", 1.0),
        ("billing_webhook_last_event_timestamp_seconds{provider=\"stripe\"}", 1_790_000_000.0),
        ("dairyos_jobs{state=\"waiting\"}", 3.0),
        ("dairyos_jobs{state=\"dead\"}", 1.0),
        ("dairyos_jobs_oldest_waiting_seconds", 12.0),
        ("billing_reconciliation_issues{severity=\"info\"}", 2.0),
        ("billing_reconciliation_last_success_timestamp_seconds", 1_790_000_000.0),
        ("dairyos_database_connections_in_use", 2.0),
        ("dairyos_database_connections_limit", 4.0),
        ("dairyos_database_size_bytes", 4096.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series} in {text}");
    }
    let bounds = text
        .lines()
        .filter(|line| line.contains("_bucket{") && line.contains("/none"))
        .map(|line| line.split("le=\"").nth(1).unwrap().split('"').next().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(bounds.len(), 15, "{bounds:?}");
    assert_eq!((bounds[0], bounds[13], bounds[14]), ("0.005", "10.0", "+Inf"));
    assert!(!text.contains("/no/such/path") && !text.contains("/bills/1"));
    if cfg!(target_os = "linux") {
        assert!(samples["process_resident_memory_bytes"] > 1_000_000.0);
        assert!(samples["process_open_fds"] >= 3.0);
    }
}

#[tokio::test]
async fn what_was_not_looked_up_is_not_shown() {
    let metrics = Metrics::new("1.2.3");
    assert!(plain(&metrics, readings()).contains("dairyos_jobs"));
    let text = plain(&metrics, Readings::default());
    samples(&text);
    assert!(!text.contains("dairyos_jobs") && !text.contains("dairyos_database"), "{text}");
}

#[tokio::test]
async fn openmetrics_when_it_is_accepted() {
    let metrics = Metrics::new("1.2.3");
    metrics.idempotent_hit("x");
    let mut headers = HeaderMap::new();
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    headers.insert("accept", HeaderValue::from_static(accept));
    let (kind, text) = metrics.show(&headers, readings());
    assert_eq!(kind, OPENMETRICS);
    assert!(text.ends_with("# EOF\n"));
    assert!(text.contains("# TYPE idempotent_hits counter\n"), "{text}");
}

#[tokio::test]
async fn running_and_abandoned_requests_are_counted() {
    let metrics = Metrics::new("1.2.3");
    assert!(ask(&metrics, "/now").await.contains("http_server_active_requests 1\n"));
    let _ = tokio::time::timeout(Duration::from_millis(20), ask(&metrics, "/slow")).await;
    let text = plain(&metrics, Readings::default());
    assert!(text.contains("http_server_active_requests 0\n"), "{text}");
    assert!(text.contains("route=\"/slow\",status=\"aborted\"} 1\n"), "{text}");
}

#[test]
fn calls_of_gateways_are_counted() {
    let metrics = Metrics::new("test");
    let provider = domain::payments::Provider::Razorpay;
    let called = app::payments::Called { provider, operation: "refund", outcome: "unknown" };
    metrics.gateway_call(&called);
    metrics.gateway_call(&called);
    let text = plain(&metrics, readings());
    let labels = "provider=\"razorpay\",operation=\"refund\",outcome=\"unknown\"";
    assert!(text.contains(&format!("billing_gateway_calls_total{{{labels}}} 2")), "{text}");
    assert!(text.contains("billing_payment_requests{state=\"unknown\"} 2"), "{text}");
    assert!(text.contains("billing_refunds{state=\"requested\"} 1"), "{text}");
}
