//! Webhooks of gateways: checked as they come, put into a queue, kept and booked as sets, answered
//! after the commit.
//!
//! It deliberately knows no person and no Idempotency-Key: a delivery proves itself by its
//! signature, and is known by its event's id.

mod queue;

use crate::layers::CallerAddress;
use crate::limits::{Caller, Decision, Group, Limiter, refusal};
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::service::Clock;
use app::webhooks::{Delivery, Gateway, Headers, Keys, MAX_BODY_BYTES, Receipt, Refused};
use app::{AppError, Store};
use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use std::num::NonZeroUsize;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

use queue::Queue;

/// Threads that keep deliveries where the database has several writers.
pub const DEFAULT_WRITERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// Takes in deliveries; a copy of it is a handle.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    keys: Keys,
    clock: Clock,
    metrics: Metrics,
    limiter: Limiter,
    queue: Queue,
}

impl Webhooks {
    /// Begins the threads that keep what comes: one where the database has one writer, else
    /// `writers`. Fails when there is no thread to be had.
    pub fn begin(
        store: &Arc<Store>,
        keys: Keys,
        writers: NonZeroUsize,
        (clock, metrics, limiter): (Clock, Metrics, Limiter),
    ) -> std::io::Result<Self> {
        let writers = if store.writers() == 1 { NonZeroUsize::MIN } else { writers };
        let queue = Queue::begin(store, writers, &clock, metrics.clone())?;
        Ok(Self(Arc::new(Inner { keys, clock, metrics, limiter, queue })))
    }

    /// The route of deliveries.
    pub(crate) fn routes<S: Clone + Send + Sync + 'static>(self, base: &str) -> Router<S> {
        Router::new()
            .route(&format!("{base}/webhooks/{{gateway}}"), post(deliver))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(self)
    }

    /// Refuses a delivery that is not authentic. Only such ones are counted against whoever sends
    /// them (protocols 1.13).
    async fn refuse(&self, refused: &Refused, request: &Extensions) -> Response {
        let problem = match refused {
            Refused::NotConfigured => Problem::new(Code::NotFound, refused.to_string()),
            Refused::EventId => Problem::new(Code::BadRequest, refused.to_string()),
            Refused::Signature(_) => {
                self.0.metrics.webhook_invalid_signature();
                let caller = Caller::of(request);
                let decision: Decision = self.0.limiter.take(Group::Write, &caller).await;
                if !decision.allowed {
                    return refusal(Group::Write, &decision, request);
                }
                Problem::new(Code::BadSignature, refused.to_string())
            }
        };
        problem.into_response()
    }
}

/// The headers of a request.
struct OfRequest<'a>(&'a HeaderMap);

impl Headers for OfRequest<'_> {
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(axum::http::HeaderValue::as_bytes)
    }

    fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

/// Takes in one delivery of a gateway: the bytes as they came, which its signature is about.
///
/// Razorpay signs them in `X-Razorpay-Signature` and names the event in `X-Razorpay-Event-Id`;
/// Stripe signs them with a moment, at most five minutes from now, in `Stripe-Signature`, and names
/// the event in the body. The answer follows the commit. Nobody signs in.
#[utoipa::path(post, path = "/webhooks/{gateway}", tag = "webhooks",
    operation_id = "deliver_webhook",
    request_body(content = Value, content_type = "application/json",
        description = "The event, word for word as it was signed; at most 1 MiB"),
    params(
        ("gateway" = String, Path, description = "`razorpay` or `stripe`",
            pattern = "^(razorpay|stripe)$"),
        ("X-Razorpay-Signature" = Option<String>, Header,
            description = "Of Razorpay: HMAC-SHA256 of the body, in hexadecimal"),
        ("X-Razorpay-Event-Id" = Option<String>, Header, description = "Of Razorpay: the event"),
        ("X-Razorpay-Timestamp" = Option<String>, Header, description = "Added by a proxy of \
            one's own: when it came, in seconds of Unix time; looked at only when \
            `gateways.razorpay.webhook_timestamp` says so"),
        ("Stripe-Signature" = Option<String>, Header,
            description = "Of Stripe: `t=MOMENT,v1=SIGNATURE`")),
    responses((status = 200, body = Acknowledged,
            description = "It is kept, or was known; the gateway need not come again. What is \
                authentic and cannot be read is kept for people as well, so that the gateway does \
                not disable the webhook for it"),
        (status = 400, description = "Its body ended too early, or the id in its header is none; \
            nothing is kept", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "It is not authentic; nothing is kept", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such gateway, or it has no secret here",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its id is that of an event with another content",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "It is larger than an event can be", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many deliveries that are not authentic",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be kept now; come again", body = Problem,
            content_type = "application/problem+json")))]
async fn deliver(
    State(webhooks): State<Webhooks>,
    Path(gateway): Path<String>,
    request: Request,
) -> Response {
    let Some(gateway) = Gateway::from_code(&gateway) else {
        let what = "there is no such gateway; expected razorpay or stripe";
        return Problem::new(Code::NotFound, what).into_response();
    };
    let response = take(&webhooks, gateway, request).await;
    let inner = &webhooks.0;
    inner.metrics.webhook_answered(gateway, response.status(), (inner.clock)());
    response
}

/// Adds deliveries to the description of the API, whose other routes are those of people.
pub(crate) fn describe(api: &mut OpenApi, base: &str) {
    use utoipa::Path as Described;
    type Route = __path_deliver;
    let path = format!("{base}{}", Route::path());
    api.paths.add_path_operation(path, Route::methods(), Route::operation());
    let mut schemas = Vec::new();
    Acknowledged::schemas(&mut schemas);
    schemas.push((Acknowledged::name().into_owned(), Acknowledged::schema()));
    if let Some(components) = &mut api.components {
        components.schemas.extend(schemas);
    }
}

/// What a gateway is answered.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is only described; the answers are texts")]
struct Acknowledged {
    /// `processed`, `ignored`, `kept` or `already_processed`.
    status: String,
    /// Of what is only kept: why it is not booked. It cannot be read, or does not fit, or could
    /// not be booked yet.
    reason: Option<String>,
}

/// Takes in one delivery and says what it is answered.
async fn take(webhooks: &Webhooks, gateway: Gateway, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut extensions = Extensions::new();
    if let Some(address) = request.extensions().get::<CallerAddress>() {
        extensions.insert(*address);
    }
    // Who says beforehand that it is too much need not send it.
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return unread(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    }
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => return unread(rejection.status()).into_response(),
    };
    let inner = &webhooks.0;
    let read =
        inner.keys.authenticate(gateway, &OfRequest(&headers), Vec::from(body), (inner.clock)());
    match read {
        Err(refused) => webhooks.refuse(&refused, &extensions).await,
        Ok(delivery) => match inner.queue.keep(delivery).await {
            Ok(receipt) => answer(&inner.metrics, &receipt),
            Err(problem) => problem.into_response(),
        },
    }
}

fn unread(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::TooLarge, "the body is larger than an event can be")
    } else {
        Problem::new(Code::BadRequest, "the body ended before it was complete")
    }
}

/// What the gateway is answered: whatever is kept is acknowledged.
fn answer(metrics: &Metrics, receipt: &Receipt) -> Response {
    let body = match receipt {
        Receipt::Processed => r#"{"status":"processed"}"#.to_owned(),
        Receipt::Ignored => r#"{"status":"ignored"}"#.to_owned(),
        Receipt::Kept(reason) => json!({ "status": "kept", "reason": reason }).to_string(),
        Receipt::AlreadyProcessed => {
            metrics.webhook_replay_blocked();
            r#"{"status":"already_processed"}"#.to_owned()
        }
        Receipt::Conflict => {
            metrics.webhook_replay_blocked();
            let what = "an event with this id and another content is known; this one was not kept";
            return Problem::new(Code::Conflict, what).into_response();
        }
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A delivery that waits to be kept.
struct Waiting {
    delivery: Delivery,
    answer: tokio::sync::oneshot::Sender<Result<Receipt, AppError>>,
}
