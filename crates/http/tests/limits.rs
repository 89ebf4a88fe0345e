//! Rate limits on a small router, in one process and shared through a real Redis.
//!
//! The tests with Redis start a server of their own; without `redis-server` they fail, unless
//! `DAIRYOS_TEST_WITHOUT_REDIS` is set.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Router, middleware};
use http_api::layers::{CallerAddress, RequestId, SignedInAs};
use http_api::limits::{self, Caller, Group, Limited, Limiter, Quota, Quotas, REDIS_TIMEOUT};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// A machine that is busy with other tests answers late; that is not what is tried here.
const PATIENT: Duration = Duration::from_secs(10);

fn quotas(burst: u32, per_seconds: u32) -> Quotas {
    let quota = Quota::new(burst, per_seconds).unwrap();
    Quotas { sign_in: quota, read: quota, write: quota, import: quota }
}

fn router(limiter: &Limiter, group: Option<Group>) -> Router {
    let state = Limited { limiter: limiter.clone(), group };
    Router::new()
        .route("/", any(|| async { "done" }))
        .layer(middleware::from_fn_with_state(state, limits::layer))
}

fn request(method: &str, address: &str, person: Option<&str>) -> Request {
    let mut request = Request::builder().method(method).body(Body::empty()).unwrap();
    request.extensions_mut().insert(RequestId("r-1".to_owned()));
    request.extensions_mut().insert(CallerAddress(address.parse().unwrap()));
    if let Some(person) = person {
        request.extensions_mut().insert(SignedInAs(person.to_owned()));
    }
    request
}

async fn ask(router: &Router, request: Request) -> Response {
    router.clone().oneshot(request).await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn body(response: Response) -> Value {
    let bytes = to_bytes(response.into_body(), 100_000).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn every_answer_tells_what_is_left() {
    let router = router(&Limiter::local(quotas(2, 60)), None);
    for left in ["\"read\";r=1;t=30", "\"read\";r=0;t=30"] {
        let response = ask(&router, request("GET", "192.0.2.1", None)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "ratelimit-policy"), Some("\"read\";q=2;w=60"));
        assert_eq!(header(&response, "ratelimit"), Some(left));
        assert_eq!(header(&response, "retry-after"), None);
    }
    let refused = ask(&router, request("GET", "192.0.2.1", None)).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "ratelimit-policy"), Some("\"read\";q=2;w=60"));
    assert_eq!(header(&refused, "ratelimit"), Some("\"read\";r=0;t=30"));
    assert_eq!(header(&refused, "retry-after"), Some("30"));
    assert_eq!(header(&refused, "content-type"), Some("application/problem+json"));
    assert_eq!(
        body(refused).await,
        json!({
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Too many requests",
            "status": 429,
            "code": "too_many_requests",
            "detail": "the quota \"read\" is used up; there is more in 30 s",
            "request_id": "r-1",
            "violated-policies": ["read"],
        })
    );
}

#[tokio::test]
async fn groups_and_callers_have_quotas_of_their_own() {
    let limiter = Limiter::local(quotas(1, 60));
    let router_of_all = router(&limiter, None);
    let status = async |request| ask(&router_of_all, request).await.status().as_u16();
    assert_eq!(status(request("GET", "192.0.2.1", None)).await, 200);
    assert_eq!(status(request("GET", "192.0.2.1", None)).await, 429);
    assert_eq!(status(request("POST", "192.0.2.1", None)).await, 200);
    assert_eq!(status(request("GET", "192.0.2.2", None)).await, 200);
    // Behind one address, each who is signed in counts apart, wherever they are.
    assert_eq!(status(request("GET", "192.0.2.1", Some("person:1"))).await, 200);
    assert_eq!(status(request("GET", "192.0.2.9", Some("person:1"))).await, 429);
    assert_eq!(status(request("GET", "192.0.2.1", Some("person:2"))).await, 200);
    // One network of IPv6 is one caller.
    assert_eq!(status(request("GET", "2001:db8::1", None)).await, 200);
    assert_eq!(status(request("GET", "2001:db8::ffff", None)).await, 429);
    let imports = router(&limiter, Some(Group::Import));
    assert_eq!(ask(&imports, request("GET", "192.0.2.1", None)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn two_limits_on_one_request_are_told_as_a_list() {
    let limiter = Limiter::local(quotas(5, 60));
    let limit = |group| {
        let state = Limited { limiter: limiter.clone(), group: Some(group) };
        middleware::from_fn_with_state(state, limits::layer)
    };
    let router = Router::new()
        .route("/", get(|| async {}))
        .layer(limit(Group::SignIn))
        .layer(limit(Group::Write));
    let response = ask(&router, request("GET", "192.0.2.1", None)).await;
    let told: Vec<_> = response.headers().get_all("ratelimit").iter().collect();
    assert_eq!(told, ["\"sign_in\";r=4;t=12", "\"write\";r=4;t=12"]);
}

/// A Redis server of the test's own, stopped when it is dropped.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts a server; `None` when the tests were told to do without.
    #[expect(clippy::disallowed_methods, reason = "whether Redis is there is not a setting")]
    fn start() -> Option<Self> {
        if std::env::var("DAIRYOS_TEST_WITHOUT_REDIS").is_ok() {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Self::at(port))
    }

    fn at(port: u16) -> Self {
        let folder = std::env::temp_dir();
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            panic!(
                "redis-server was not found on PATH: install it (on Debian: apt-get install \
                 redis-server), or set DAIRYOS_TEST_WITHOUT_REDIS=1 to leave these tests out"
            );
        };
        let redis = Self { child, port };
        let begun = Instant::now();
        while redis.ask("PING").is_none() {
            assert!(begun.elapsed() < Duration::from_secs(10), "redis-server did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        redis
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The answer to a command.
    fn ask(&self, command: &str) -> Option<redis::Value> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().ok()?;
        let mut words = command.split(' ');
        let mut built = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            built.arg(word);
        });
        built.query(&mut connection).ok()
    }

    fn stop(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn caller(number: u8) -> Caller {
    Caller::at(std::net::IpAddr::from([192, 0, 2, number]))
}

fn shared(redis: &Redis, quotas: Quotas) -> Limiter {
    Limiter::shared(quotas, &redis.url(), "dairyos", PATIENT).unwrap()
}

#[tokio::test]
async fn two_processes_share_one_quota() {
    let Some(redis) = Redis::start() else { return };
    let limiters = [shared(&redis, quotas(10, 3600)), shared(&redis, quotas(10, 3600))];
    let mut left = Vec::new();
    for number in 0..12 {
        let decision = limiters[number % 2].take(Group::Read, &caller(1)).await;
        left.push((decision.allowed, decision.remaining));
    }
    let mut expected: Vec<_> = (0..10).rev().map(|left| (true, left)).collect();
    expected.extend([(false, 0), (false, 0)]);
    assert_eq!(left, expected);
    let decision = limiters[0].take(Group::Read, &caller(1)).await;
    assert!((355..=360).contains(&decision.next_seconds), "{decision:?}");
    assert!(limiters[1].take(Group::Write, &caller(1)).await.allowed);
    assert!(limiters[1].take(Group::Read, &caller(2)).await.allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_get_no_more_than_the_quota() {
    let Some(redis) = Redis::start() else { return };
    let limiters = [shared(&redis, quotas(50, 86_400)), shared(&redis, quotas(50, 86_400))];
    // Connections are made first, so that nobody gives up on Redis for the crowd.
    for limiter in &limiters {
        limiter.take(Group::Write, &caller(1)).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let limiter = limiters[number % 2].clone();
        tasks.spawn(async move { limiter.take(Group::Read, &caller(1)).await.allowed });
    }
    let allowed = tasks.join_all().await.into_iter().filter(|allowed| *allowed).count();
    assert_eq!(allowed, 50);
}

#[tokio::test]
async fn counts_end_by_themselves_and_stand_under_the_prefix() {
    let Some(redis) = Redis::start() else { return };
    let limiter = shared(&redis, quotas(10, 10));
    limiter.take(Group::Read, &caller(1)).await;
    let key = "dairyos:limit:read:ip:192.0.2.1";
    let Some(redis::Value::Int(lives)) = redis.ask(&format!("PTTL {key}")) else {
        panic!("no such key")
    };
    assert!((1..=1000).contains(&lives), "{lives}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(redis.ask(&format!("EXISTS {key}")), Some(redis::Value::Int(0)));
    assert_eq!(limiter.take(Group::Read, &caller(1)).await.remaining, 9);
}

#[tokio::test]
async fn a_spoilt_count_begins_anew() {
    let Some(redis) = Redis::start() else { return };
    let limiter = shared(&redis, quotas(10, 3600));
    let key = "dairyos:limit:read:ip:192.0.2.1";
    redis.ask(&format!("SET {key} nonsense")).unwrap();
    assert_eq!(limiter.take(Group::Read, &caller(1)).await.remaining, 9);
    // A clock that was set back, or a quota that was larger, locks nobody out for longer.
    redis.ask(&format!("SET {key} 9000000000000000")).unwrap();
    let decision = limiter.take(Group::Read, &caller(1)).await;
    assert!(!decision.allowed && decision.next_seconds <= 360, "{decision:?}");
}

#[tokio::test]
async fn without_redis_every_process_limits_by_itself() {
    let Some(redis) = Redis::start() else { return };
    let quotas = quotas(3, 3600);
    let limiter = Limiter::shared(quotas, &redis.url(), "dairyos", REDIS_TIMEOUT).unwrap();
    assert_eq!(limiter.take(Group::Read, &caller(1)).await.remaining, 2);
    let port = redis.stop();
    let begun = Instant::now();
    let mut left = Vec::new();
    for _ in 0..4 {
        let decision = limiter.take(Group::Read, &caller(1)).await;
        left.push((decision.allowed, decision.remaining));
    }
    assert_eq!(left, [(true, 2), (true, 1), (true, 0), (false, 0)]);
    // Only the first request waited for it.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // When it is back, it is asked again after the pause.
    let redis = Redis::at(port);
    tokio::time::sleep(Duration::from_millis(5200)).await;
    let mut shares = false;
    for _ in 0..40 {
        limiter.take(Group::Read, &caller(7)).await;
        shares = redis.ask("EXISTS dairyos:limit:read:ip:192.0.2.7") == Some(redis::Value::Int(1));
        if shares {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(shares, "Redis is not asked again");
}

#[tokio::test]
async fn a_redis_that_is_not_there_at_the_start_refuses_nobody() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://127.0.0.1:{port}");
    let limiter = Limiter::shared(quotas(2, 3600), &url, "dairyos", REDIS_TIMEOUT).unwrap();
    assert!(limiter.take(Group::Read, &caller(1)).await.allowed);
    assert!(limiter.take(Group::Read, &caller(1)).await.allowed);
    assert!(!limiter.take(Group::Read, &caller(1)).await.allowed);
}

#[tokio::test]
async fn a_redis_that_never_answers_holds_up_one_request_only() {
    // Connections are taken by the system, and nobody ever reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let limiter = Limiter::shared(quotas(100, 3600), &url, "dairyos", REDIS_TIMEOUT).unwrap();
    let begun = Instant::now();
    for _ in 0..50 {
        assert!(limiter.take(Group::Read, &caller(1)).await.allowed);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
