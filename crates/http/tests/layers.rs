//! What surrounds every request, tried on a small router: ids, addresses, limits, headers, and the
//! line in the log.
//!
//! They deliberately use no route of the product.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Path, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use http_api::layers::request_id::RequestIds;
use http_api::layers::security_headers::SecurityHeaders;
use http_api::layers::timeouts::Timeouts;
use http_api::layers::{
    self, Around, CallerAddress, RequestId, SignedInAs, TraceId, caller_address,
};
use http_api::metrics::Metrics;
use http_api::problem::{Code, Problem, faults};
use serde_json::Value;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Fields as texts; those of the spans around an event stand before its own.
type Fields = Vec<(String, String)>;

/// Keeps the events that are logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Fields>>>);

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned()));
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Kept {
    fn on_new_span(&self, attrs: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        let mut fields = Fields::new();
        attrs.record(&mut Reader(&mut fields));
        ctx.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, ctx: Context<'_, S>) {
        let span = ctx.span(id).unwrap();
        let mut extensions = span.extensions_mut();
        values.record(&mut Reader(extensions.get_mut::<Fields>().unwrap()));
    }

    fn on_event(&self, event: &tracing::Event<'_>, ctx: Context<'_, S>) {
        let mut fields = vec![("level".to_owned(), event.metadata().level().to_string())];
        for span in ctx.event_scope(event).into_iter().flatten() {
            fields.extend(span.extensions().get::<Fields>().unwrap().clone());
        }
        event.record(&mut Reader(&mut fields));
        self.0.lock().unwrap().push(fields);
    }
}

impl Kept {
    /// The one line of the one request; a fault has one about its cause besides.
    fn line(&self) -> Fields {
        let lines = self.0.lock().unwrap();
        let requests: Vec<_> = lines.iter().filter(|line| of(line, "bytes").is_some()).collect();
        assert_eq!(requests.len(), 1, "{lines:?}");
        requests[0].clone()
    }
}

fn of<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

async fn signed_in() -> impl IntoResponse {
    (Extension(SignedInAs("person:7".to_owned())), "hello")
}

async fn broken() -> Problem {
    let mut problem = Problem::new(Code::Internal, "something is wrong");
    problem.internal = Some("no such table: bills".to_owned());
    problem
}

#[expect(clippy::panic, reason = "what the test is about")]
async fn panics() {
    let height = 7;
    panic!("the shelf is {height} high");
}

async fn who(request: Request) -> String {
    let extensions = request.extensions();
    let address = extensions.get::<CallerAddress>().unwrap().0;
    let (id, trace) = (extensions.get::<RequestId>(), extensions.get::<TraceId>());
    format!("{address} {} {}", id.unwrap().0, trace.unwrap().0)
}

/// Makes sure that somebody listens.
static LISTENER: std::sync::Once = std::sync::Once::new();

fn plain() -> Around {
    Around {
        request_ids: RequestIds::new(|| "made-1".to_owned()),
        proxies: caller_address::TrustedProxies::default(),
        security: SecurityHeaders { https: false },
        timeouts: Timeouts { request: Duration::from_millis(200) },
        metrics: Metrics::new("test"),
        service: None,
        limiter: None,
        compress_from: None,
    }
}

fn router(https: bool) -> Router {
    // What nobody listens to when it is first met is taken for unwanted by all threads; somebody
    // always listens.
    LISTENER.call_once(|| {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    });
    let networks = ["10.0.0.0/8".parse().unwrap()];
    let proxies = caller_address::TrustedProxies::new(&networks);
    let around = Around { proxies, security: SecurityHeaders { https }, ..plain() };
    let slow = || tokio::time::sleep(Duration::from_mins(1));
    Router::new()
        .route("/api/v1/bills/{number}", get(|Path(n): Path<String>| async move { n }))
        .route("/api/v1/cached", get(|| async { ([(header::CACHE_CONTROL, "max-age=5")], "x") }))
        .route("/page", get(|| async { ([(header::CONTENT_SECURITY_POLICY, "mine")], "x") }))
        .route("/signed-in", get(signed_in))
        .route("/broken", get(broken))
        .route("/slow", get(slow))
        .route("/panics", get(panics))
        .route("/takes", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/who", get(who))
        .fallback(|| async { Problem::new(Code::NotFound, "nothing is here") })
        .layer(CatchPanicLayer::custom(faults::panicked))
        .layer(middleware::from_fn_with_state(Arc::new(around), layers::around))
}

fn request(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn ask(request: Request) -> Response {
    router(true).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1_000_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The answer, with what the log says when the answer has been read.
async fn logged(request: Request) -> (StatusCode, Fields) {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::registry().with(kept.clone());
    let work = async move {
        let response = ask(request).await;
        let status = response.status();
        text(response).await;
        status
    };
    let status = work.with_subscriber(subscriber).await;
    (status, kept.line())
}

fn header_of<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn ids_are_taken_over_or_made_and_echoed() {
    let mut brought = request("/who");
    brought.headers_mut().insert("x-request-id", HeaderValue::from_static("mine.7"));
    let response = ask(brought).await;
    assert_eq!(header_of(&response, "x-request-id"), Some("mine.7"));
    assert!(text(response).await.contains(" mine.7 "));
    for bad in ["", "a b", "{}", &"x".repeat(65)] {
        let mut brought = request("/who");
        brought.headers_mut().insert("x-request-id", HeaderValue::from_str(bad).unwrap());
        assert_eq!(header_of(&ask(brought).await, "x-request-id"), Some("made-1"), "{bad}");
    }
    let mut twice = request("/who");
    twice.headers_mut().append("x-request-id", HeaderValue::from_static("a"));
    twice.headers_mut().append("x-request-id", HeaderValue::from_static("b"));
    assert_eq!(header_of(&ask(twice).await, "x-request-id"), Some("made-1"));
}

#[tokio::test]
async fn ids_of_one_s_own_are_of_version_7() {
    let around = Around { request_ids: RequestIds::default(), ..plain() };
    let router = Router::new()
        .route("/", get(|| async {}))
        .layer(middleware::from_fn_with_state(Arc::new(around), layers::around));
    let response = router.oneshot(request("/")).await.unwrap();
    let id = header_of(&response, "x-request-id").unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "7"), "{id}");
}

#[tokio::test]
async fn traces_are_kept_when_valid() {
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut named = request("/who");
    let parent = format!("00-{id}-00f067aa0ba902b7-01");
    named.headers_mut().insert("traceparent", HeaderValue::from_str(&parent).unwrap());
    assert!(text(ask(named).await).await.ends_with(id));
    let mut bad = request("/who");
    bad.headers_mut().insert("traceparent", HeaderValue::from_static("00-0-0-0"));
    let said = text(ask(bad).await).await;
    assert_eq!(said.rsplit(' ').next().unwrap().len(), 32, "{said}");
}

#[tokio::test]
async fn the_address_comes_from_the_connection_or_a_trusted_proxy() {
    for (peer, expected) in [("10.1.1.1:999", "198.51.100.7 "), ("192.0.2.1:999", "192.0.2.1 ")] {
        let mut named = request("/who");
        named.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let forwarded = HeaderValue::from_static("6.6.6.6, 198.51.100.7");
        named.headers_mut().insert("x-forwarded-for", forwarded);
        assert!(text(ask(named).await).await.starts_with(expected));
    }
    assert!(text(ask(request("/who")).await).await.starts_with("0.0.0.0 "));
}

#[tokio::test]
async fn answers_carry_careful_headers() {
    let response = ask(request("/api/v1/bills/7")).await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=63072000"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(header_of(&response, name), Some(value), "{name}");
    }
    let plain = router(false).oneshot(request("/page")).await.unwrap();
    assert_eq!(header_of(&plain, "strict-transport-security"), None);
    assert_eq!(header_of(&plain, "content-security-policy"), Some("mine"));
    assert_eq!(header_of(&plain, "cache-control"), None);
    let cached = ask(request("/api/v1/cached")).await;
    assert_eq!(header_of(&cached, "cache-control"), Some("max-age=5"));
    let refused = ask(request("/api/none")).await;
    assert_eq!(header_of(&refused, "x-content-type-options"), Some("nosniff"));
}

async fn problem(response: Response) -> Value {
    assert_eq!(header_of(&response, "content-type"), Some("application/problem+json"));
    let status = response.status().as_u16();
    let value: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(value["status"], status);
    assert_eq!(value["request_id"], "made-1");
    value
}

fn with_headers(count: usize, bytes: usize) -> Request {
    let mut built = request("/page");
    let headers: &mut HeaderMap = built.headers_mut();
    for number in 0..count {
        let name = format!("x-{number:04}").parse::<header::HeaderName>().unwrap();
        headers.insert(name, HeaderValue::from_str(&"v".repeat(bytes)).unwrap());
    }
    built
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused() {
    assert_eq!(ask(with_headers(64, 1)).await.status(), StatusCode::OK);
    assert_eq!(ask(with_headers(4, 4090)).await.status(), StatusCode::OK);
    for (count, bytes) in [(65, 1), (4, 4091), (1, 20_000)] {
        let response = ask(with_headers(count, bytes)).await;
        assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(problem(response).await["code"], "headers_too_large");
    }
    let mut repeated = request("/page");
    for _ in 0..65 {
        repeated.headers_mut().append("x-same", HeaderValue::from_static("v"));
    }
    assert_eq!(ask(repeated).await.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let response = ask(request("/slow")).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(header_of(&response, "connection"), Some("close"));
    assert_eq!(problem(response).await["code"], "too_slow");
}

#[tokio::test]
async fn a_panic_is_a_fault_that_is_answered_and_logged() {
    let response = ask(request("/panics")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(header_of(&response, "content-type"), Some("application/problem+json"));
    let told = text(response).await;
    assert!(told.contains("\"internal\"") && !told.contains("the shelf"), "{told}");
    let (status, line) = logged(request("/panics")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(of(&line, "error").unwrap().contains("panic: the shelf is 7 high"), "{line:?}");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    struct Endless;
    impl http_body::Body for Endless {
        type Data = Bytes;
        type Error = axum::Error;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
            std::task::Poll::Pending
        }
    }
    let request = Request::post("/takes").body(Body::new(Endless)).unwrap();
    assert_eq!(ask(request).await.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn one_line_for_each_request() {
    let mut asked = request("/api/v1/bills/INV-7?token=hunter2");
    asked.headers_mut().insert("authorization", HeaderValue::from_static("Bearer hunter2"));
    let (status, line) = logged(asked).await;
    assert_eq!(status, StatusCode::OK);
    for (name, value) in [
        ("level", "INFO"),
        ("method", "GET"),
        ("route", "/api/v1/bills/{number}"),
        ("status", "200"),
        ("bytes", "5"),
        ("aborted", "false"),
        ("request_id", "made-1"),
        ("caller", "0.0.0.0"),
    ] {
        assert_eq!(of(&line, name), Some(value), "{name} of {line:?}");
    }
    assert_eq!(of(&line, "trace_id").unwrap().len(), 32);
    assert!(of(&line, "duration_ms").unwrap().parse::<f64>().unwrap() >= 0.0);
    assert_eq!(of(&line, "user_id"), None);
    let all = format!("{line:?}");
    assert!(!all.contains("hunter2") && !all.contains("INV-7"), "{all}");
}

#[tokio::test]
async fn the_line_names_who_and_what_went_wrong() {
    let (_, line) = logged(request("/signed-in")).await;
    assert_eq!(of(&line, "user_id"), Some("person:7"));
    let (status, line) = logged(request("/broken")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(of(&line, "level"), Some("ERROR"));
    assert_eq!(of(&line, "code"), Some("internal"));
    assert_eq!(of(&line, "error"), Some("no such table: bills"));
    let (status, line) = logged(request("/no/such/thing")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(of(&line, "route"), Some("unmatched"));
    assert_eq!(of(&line, "code"), Some("not_found"));
    let (_, line) = logged(request("/slow")).await;
    assert_eq!(of(&line, "status"), Some("408"));
    let brew = Method::from_bytes(b"BREW").unwrap();
    let odd = Request::builder().method(brew).uri("/page").body(Body::empty()).unwrap();
    let (status, line) = logged(odd).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(of(&line, "method"), Some("_OTHER"));
}

#[tokio::test]
async fn callers_who_go_away_leave_a_line_too() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::registry().with(kept.clone());
    let before_the_answer = async {
        let _ = tokio::time::timeout(Duration::from_millis(20), ask(request("/slow"))).await;
    };
    before_the_answer.with_subscriber(subscriber).await;
    let line = kept.line();
    assert_eq!((of(&line, "aborted"), of(&line, "status")), (Some("true"), None));

    let kept = Kept::default();
    let subscriber = tracing_subscriber::registry().with(kept.clone());
    let before_the_body = async { drop(ask(request("/api/v1/bills/7")).await) };
    before_the_body.with_subscriber(subscriber).await;
    let line = kept.line();
    assert_eq!((of(&line, "aborted"), of(&line, "status")), (Some("true"), Some("200")));
}

#[tokio::test]
async fn answers_keep_their_length() {
    use axum::body::HttpBody;
    let response = ask(request("/api/v1/bills/12345")).await;
    assert_eq!(response.body().size_hint().exact(), Some(5));
}

#[tokio::test]
async fn behind_a_real_server_whole_answers_are_whole() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let kept = Kept::default();
    let subscriber = tracing_subscriber::registry().with(kept.clone());
    // The server's tasks run on this thread.
    let _default = tracing::subscriber::set_default(subscriber);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router(true).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).await });
    for (asked, status, bytes) in [
        ("GET /api/v1/bills/12345", "200", "5"),
        ("HEAD /api/v1/bills/12345", "200", "0"),
        ("GET /api/v1/cached", "200", "1"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // The server ends the request a moment after its last byte has come.
        for _ in 0..1000 {
            if !kept.0.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let line = std::mem::take(&mut *kept.0.lock().unwrap()).remove(0);
        assert_eq!(of(&line, "status"), Some(status), "{asked}");
        assert_eq!(of(&line, "bytes"), Some(bytes), "{asked}");
        assert_eq!(of(&line, "aborted"), Some("false"), "{asked}");
        assert_eq!(of(&line, "caller"), Some("127.0.0.1"), "{asked}");
    }
    server.abort();
}
