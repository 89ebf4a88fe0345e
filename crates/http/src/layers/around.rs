//! The one layer that every request passes.
//!
//! It deliberately holds no rule of its own, only their order: the id, the trace, the caller's
//! address and who signed in are known before the log's span is opened; whatever refuses a request
//! is counted and logged like an answer.

use super::access_log::{Record, Whose, span_of};
use super::caller_address::{self, CallerAddress, TrustedProxies};
use super::observed::Observed;
use super::request_id::{self, RequestIds};
use super::security_headers::{SecurityHeaders, is_api};
use super::timeouts::Timeouts;
use super::trace::TraceId;
use super::{RequestId, SignedInAs, header_limits, method_of, refuse, route_of, signed_in};
use crate::caller::Asked;
use crate::limits::{self, Caller, Limiter};
use crate::metrics::{Metrics, Running};
use crate::problem::{Problem, faults};
use crate::service::Service;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tracing::{Instrument, Span};

/// What the layer works with.
#[derive(Clone)]
pub struct Around {
    /// Where ids of requests come from.
    pub request_ids: RequestIds,
    /// Proxies that are believed.
    pub proxies: TrustedProxies,
    /// What browsers are told.
    pub security: SecurityHeaders,
    /// How long a request may take.
    pub timeouts: Timeouts,
    /// What is counted.
    pub metrics: Metrics,
    /// Who reads tokens; absent where nobody signs in.
    pub service: Option<Service>,
    /// Who may ask how often for what is shown again; without it nothing is.
    pub limiter: Option<Limiter>,
    /// From how many bytes answers are compressed for those who accept it, if they are.
    pub compress_from: Option<usize>,
}

/// Passes a request on to its route, and completes its answer.
pub async fn around(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.extensions().get::<RequestId>().is_none() {
        around.know(&request).note(request.extensions_mut());
    }
    let course = around.begin(&request, route_of(&request));
    let answered = async {
        match header_limits::refusal(request.headers()) {
            Some(problem) => refuse(problem, request.extensions()),
            None => in_time(around.timeouts, request, next).await,
        }
    };
    around.complete(course, answered).await
}

/// By which ids a request is known, and whose it is.
pub(crate) struct Known {
    id: RequestId,
    trace: TraceId,
    address: CallerAddress,
    asked: Option<(Asked, Option<SignedInAs>)>,
}

impl Known {
    /// Notes it for whoever looks after the request.
    pub(crate) fn note(self, extensions: &mut Extensions) {
        extensions.insert(self.id);
        extensions.insert(self.trace);
        extensions.insert(self.address);
        if let Some((asked, person)) = self.asked {
            extensions.insert(asked);
            person.and_then(|person| extensions.insert(person));
        }
    }
}

/// What was shown before, for a request that asks for it.
pub(crate) struct ShownAgain<'a> {
    limiter: &'a Limiter,
    route: Arc<str>,
    shown: Result<Response, Problem>,
}

/// A request on its way: what its answer will carry, and the line and the figure that it leaves.
struct Course {
    method: Method,
    api: bool,
    id: RequestId,
    /// In which lines are logged on the way; absent where none are.
    span: Option<Span>,
    record: Record,
    running: Running,
}

impl Around {
    /// Finds out by which ids a request is known, and whose it is.
    pub(crate) fn know(&self, request: &Request) -> Known {
        Known {
            id: self.request_ids.of(request.headers()),
            trace: TraceId::of_request(request.headers()),
            address: caller_address::of(&self.proxies, request),
            asked: self.service.as_ref().and_then(|service| signed_in::of(service, request)),
        }
    }

    /// What answers a request, when it asks for what was shown since the last commit.
    pub(crate) fn shown_before(&self, request: &Request, known: &Known) -> Option<ShownAgain<'_>> {
        let (service, limiter) = (self.service.as_ref()?, self.limiter.as_ref()?);
        let (asked, _) = known.asked.as_ref()?;
        let (route, shown) = service.shown_before(request, asked, self.compress_from)?;
        if header_limits::refusal(request.headers()).is_some() {
            return None;
        }
        Some(ShownAgain { limiter, route, shown })
    }

    /// Shows it.
    pub(crate) async fn show(&self, again: ShownAgain<'_>, known: Known) -> Response {
        let ShownAgain { limiter, route, shown } = again;
        let Known { id, trace, address, asked } = known;
        let person = asked.and_then(|(_, person)| person);
        let caller = Caller::known(person.as_ref(), Some(address));
        let method = Method::GET;
        let running = self.metrics.begin(method_of(&method), route.to_string());
        let of = Whose { id: id.clone(), trace, person, address, route };
        let record = Record::alone(of);
        let course = Course { method, api: true, id, span: None, record, running };
        let answered = || shown.unwrap_or_else(IntoResponse::into_response);
        let response = self.complete(course, limits::within(limiter, &caller, answered)).await;
        if !response.status().is_client_error() {
            self.metrics.shown_again();
        }
        response
    }

    fn begin(&self, request: &Request, route: &str) -> Course {
        let method = request.method().clone();
        let id = request.extensions().get::<RequestId>().cloned();
        let span = span_of(request, route);
        Course {
            api: is_api(request.uri().path()),
            id: id.unwrap_or_else(|| RequestId(String::new())),
            record: Record::begin(span.clone()),
            running: self.metrics.begin(method_of(&method), route.to_owned()),
            method,
            span: Some(span),
        }
    }

    async fn complete(&self, course: Course, answered: impl Future<Output = Response>) -> Response {
        let Course { method, api, id, span, mut record, mut running } = course;
        let answered = async { faults::complete(answered.await, &id) };
        let mut response = match span {
            Some(span) => answered.instrument(span).await,
            None => answered.await,
        };
        running.status = Some(response.status());
        drop(running);
        self.security.complete(response.headers_mut(), api);
        request_id::tell(&id, response.headers_mut());
        record.answered(&method, &response);
        response.map(|body| Body::new(Observed::new(body, record)))
    }
}

async fn in_time(timeouts: Timeouts, request: Request, next: Next) -> Response {
    match tokio::time::timeout(timeouts.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => timeouts.refusal().into_response(),
    }
}
