//! The real router over a real database, with a clock that stands still until it is moved.

use app::access::people::{self, NewcomerRequest};
use app::access::{KeyRing, Secrets, SignIn, sign_in};
use app::payments::gateways::{Razorpay, RazorpayAccess, Retry, Secret, Timeouts, Transport};
use app::payments::{Desk, Gateways, Payee};
use app::webhooks::{Keys, Secrets as WebhookSecrets};
use app::{Actor, NoRandomness, Random, Store};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use domain::access::Role;
use domain::calendar::Moment;
use domain::payments::Vpa;
use http_api::Front;
use http_api::layers::caller_address::TrustedProxies;
use http_api::layers::request_id::RequestIds;
use http_api::layers::security_headers::SecurityHeaders;
use http_api::limits::{Limiter, Quota, Quotas};
use http_api::metrics::Metrics;
use http_api::webhooks::{DEFAULT_WRITERS, Webhooks};
use http_api::{Clock, Parts, Service, Surroundings};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use testkit::{Database, on_both};
use tower::ServiceExt;

pub const PASSWORD: &str = "plum rickshaw 47 monsoon";

/// The secret of both gateways' webhooks, and the one before it.
pub const GATEWAY_SECRET: &str = "gateway secret";
pub const OLD_GATEWAY_SECRET: &str = "old gateway secret";

/// Bytes that differ each time and are the same in every run.
#[derive(Default)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let next = (next ^ (next >> 29)).to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
        Ok(())
    }
}

/// The service of one dairy.
pub struct Api {
    pub url: String,
    pub store: Arc<Store>,
    pub secrets: Arc<Secrets>,
    random: Arc<dyn Random>,
    front: Front,
    now: Arc<AtomicI64>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A problem of a code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}", self.text);
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].is_string(), "{}", self.text);
        problem
    }

    #[track_caller]
    pub fn ok(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// Razorpay as somewhere that nobody listens, and a UPI address; Stripe is not set up.
fn desk() -> Desk {
    let timeouts = Timeouts { connect: Duration::from_secs(1), answer: Duration::from_secs(1) };
    let way = Transport::new("http://127.0.0.1:9", timeouts).unwrap();
    let secret = Secret::new("key_secret_A");
    let razorpay = RazorpayAccess {
        client: Razorpay::new(way, "rzp_test_A", &secret, Retry::never()),
        key_id: "rzp_test_A".to_owned(),
        key_secret: app::payments::gateways::Secrets::new(["key_secret_A"]).unwrap(),
        callback_url: None,
    };
    let upi = Payee { vpa: Vpa::parse("gokul@upiexample").unwrap(), name: None, category: None };
    let gateways = Gateways::new(Some(razorpay), None, |_| {});
    Desk { gateways, upi: Some(upi), ..Desk::default() }
}

/// Runs a test on both databases, over a dairy that is set up.
#[expect(clippy::needless_pass_by_value, reason = "tests hand over closures")]
pub fn each(test: impl AsyncFn(&Api)) {
    on_both(|database| run(database, &test));
}

/// The driver of PostgreSQL has a runtime of its own; it is made and dropped outside of this one.
fn run(database: &Database, test: &impl AsyncFn(&Api)) {
    play(&Api::new(database, Vec::new()), test);
}

/// Runs a test where owners must have a second factor.
pub fn strict(database: &Database, test: &impl AsyncFn(&Api)) {
    play(&Api::new(database, vec![Role::Owner]), test);
}

fn play(api: &Api, test: &impl AsyncFn(&Api)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { test(api).await });
}

/// Runs a test on SQLite alone, where the database makes no difference.
#[expect(clippy::needless_pass_by_value, reason = "tests hand over closures")]
pub fn once(test: impl AsyncFn(&Api)) {
    run(&Database::sqlite(), &test);
}

/// Runs work that blocks from within a test.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

impl Api {
    fn new(database: &Database, second_factor_for: Vec<Role>) -> Self {
        let store = Arc::new(Store::create(&database.url).unwrap());
        let now = Moment::parse("2026-10-31T10:00:00+05:30").unwrap();
        let now = Arc::new(AtomicI64::new(now.unix_micros()));
        let random: Arc<dyn Random> = Arc::new(Counted::default());
        let ring = || KeyRing::new(vec![("k1".to_owned(), vec![7; 32])]).unwrap();
        let secrets = Arc::new(Secrets::new("dairyos", "dairyos-api", ring(), ring()).unwrap());
        let clock = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Moment::from_unix_micros(clock.load(Ordering::SeqCst)));
        let metrics = Metrics::new("test");
        let service = Service::new(Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            secrets: Arc::clone(&secrets),
            random: Arc::clone(&random),
            metrics: metrics.clone(),
            second_factor_for,
            worker: None,
            payments: desk(),
            reconciliation: app::reconciliation::Rules::default(),
        })
        .unwrap();
        let quota = Quota::new(100_000, 60).unwrap();
        let quotas = Quotas { sign_in: quota, read: quota, write: quota, import: quota };
        let limiter = Limiter::local(quotas);
        let keys = || Some(WebhookSecrets::new([GATEWAY_SECRET, OLD_GATEWAY_SECRET]).unwrap());
        let keys = Keys { razorpay: keys(), stripe: keys(), ..Keys::default() };
        let told = (clock, metrics, limiter.clone());
        let webhooks = Webhooks::begin(&store, keys, DEFAULT_WRITERS, told).unwrap();
        let around = Surroundings {
            proxies: TrustedProxies::default(),
            request_ids: RequestIds::default(),
            security: SecurityHeaders { https: true },
            request_timeout: Duration::from_secs(30),
            limiter,
            compression: true,
            body_limit: 1 << 20,
            import_limit: 1 << 20,
            api_docs: true,
            figures: true,
            webhooks: Some(webhooks),
        };
        let front = http_api::front(service, &around);
        let api = Self { url: database.url.clone(), store, secrets, random, front, now };
        testkit_business(&api);
        api
    }

    pub fn at(&self) -> Moment {
        Moment::from_unix_micros(self.now.load(Ordering::SeqCst))
    }

    pub fn later(&self, secs: i64) {
        self.now.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }

    /// Somebody of a role who has changed the initial password, and the access token.
    pub fn person(&self, role: Role, customer_code: Option<&str>) -> String {
        blocking(|| self.person_now(role, customer_code))
    }

    fn person_now(&self, role: Role, customer_code: Option<&str>) -> String {
        let login = format!("{}@example.in", role.as_str());
        let newcomer = NewcomerRequest { login: &login, name: role.as_str(), role, customer_code };
        let actor = Actor::program("test", self.at());
        let made = people::add(&self.store, &*self.random, &actor, &newcomer).unwrap();
        self.change_initial(&login, &made.password);
        self.sign_in(&login, PASSWORD)
    }

    fn change_initial(&self, login: &str, initial: &str) {
        let token = self.sign_in(login, initial);
        let claims = app::access::tokens::read(&self.secrets, &token, self.at()).unwrap();
        let caller = self
            .store
            .read(|tx| app::access::sessions::check(tx, &self.secrets, &claims, self.at()))
            .unwrap();
        let actor = caller.actor(self.at(), None);
        let (secrets, random) = (&self.secrets, &*self.random);
        people::change_password(&self.store, secrets, random, &caller, &actor, initial, PASSWORD)
            .unwrap();
    }

    pub fn sign_in(&self, login: &str, password: &str) -> String {
        let asked = SignIn {
            login,
            password,
            code: None,
            device: None,
            address: IpAddr::from([192, 0, 2, 1]),
            user_agent: "test",
            request_id: None,
        };
        sign_in(&self.store, &self.secrets, &*self.random, self.at(), &asked).unwrap().access_token
    }

    /// Listens on a port of this machine until the test ends.
    pub async fn listen(&self) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let front = self.front.clone();
        let timeout = http_api::HEADER_READ_TIMEOUT;
        tokio::spawn(http_api::serve(listener, front, timeout, std::future::pending()));
        address
    }

    /// An answer whose body has not been read.
    pub async fn raw(&self, request: Request<Body>) -> Response {
        self.front.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.raw(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// A request with a body, or none for null, and further headers.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.call("GET", path, token, Value::Null, &[]).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        self.call("POST", path, token, body, &[]).await
    }

    /// A customer, a product, and two deliveries in October 2026.
    pub async fn dairy(&self, token: &str) {
        let customer = json!({ "code": "C-1", "name": "Asha Patel", "phone": "98765 43210",
            "route": "R1", "opening_balance": "100.00" });
        self.post("/api/v1/customers", token, customer).await.ok(201);
        let product = json!({ "sku": "MILK", "facts": { "name": "Cow milk", "unit": "L",
            "hsn": "0401", "tax_rate": "0", "tax_inclusive": false, "price": "60" } });
        self.post("/api/v1/products", token, product).await.ok(201);
        let delivery = |date: &str| {
            json!({ "date": date, "shift": "morning", "customer_code": "C-1", "sku": "MILK",
                "quantity": "1.5", "status": "delivered" })
        };
        let list = json!({ "deliveries": [delivery("2026-10-01"), delivery("2026-10-02")] });
        let done = self.post("/api/v1/deliveries", token, list).await;
        assert_eq!(done.ok(200).json()["added"], 2);
    }
}

fn testkit_business(api: &Api) {
    use app::business::{Business, set_up};
    let business = Business {
        name: "Gokul Dairy".to_owned(),
        state: domain::customers::State::parse("24").unwrap(),
        gstin: None,
        fssai: None,
        bill_prefix: domain::billing::BillPrefix::parse("INV").unwrap(),
        round_off: domain::billing::RoundOff::None,
    };
    set_up(&api.store, &Actor::program("test", api.at()), &business).unwrap();
}
