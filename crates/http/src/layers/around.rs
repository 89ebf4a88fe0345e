//! The one layer that every request passes.
//!
//! It deliberately holds no rule of its own, only their order: the id, the trace, the caller's
//! address and who signed in are known before the log's span is opened; whatever refuses a request
//! is counted and logged like an answer.

use super::access_log::{Record, span_of};
use super::caller_address::{self, TrustedProxies};
use super::observed::Observed;
use super::request_id::{self, RequestIds};
use super::security_headers::{SecurityHeaders, is_api};
use super::timeouts::Timeouts;
use super::trace::TraceId;
use super::{header_limits, method_of, refuse, route_of, signed_in};
use crate::limits::{self, Limiter};
use crate::metrics::Metrics;
use crate::problem::{Problem, faults};
use crate::service::Service;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tracing::Instrument;

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

/// Passes a request on, and completes its answer.
pub async fn around(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let api = is_api(request.uri().path());
    let id = around.request_ids.of(request.headers());
    let trace = TraceId::of_request(request.headers());
    let caller = caller_address::of(&around.proxies, &request);
    let extensions = request.extensions_mut();
    extensions.insert(id.clone());
    extensions.insert(trace.clone());
    extensions.insert(caller);
    if let Some(service) = &around.service {
        signed_in::note(service, &mut request);
    }
    let route = route_of(&request);
    let span = span_of(&request, &route);
    let mut record = Record::begin(span.clone());
    let mut running = around.metrics.begin(method_of(&method), route);
    let answered = async {
        let answered = match header_limits::refusal(request.headers()) {
            Some(problem) => refuse(problem, request.extensions()),
            None => match around.shown_before(&request) {
                Some((limiter, shown)) => again(limiter, shown, request.extensions()).await,
                None => in_time(around.timeouts, request, next).await,
            },
        };
        faults::complete(answered, &id)
    };
    let mut response = answered.instrument(span).await;
    running.status = Some(response.status());
    drop(running);
    around.security.complete(response.headers_mut(), api);
    request_id::tell(&id, response.headers_mut());
    response.extensions_mut().insert(id);
    response.extensions_mut().insert(trace);
    record.answered(&method, &response);
    response.map(|body| Body::new(Observed::new(body, record)))
}

impl Around {
    /// The answer to a request for what was shown since the last commit, and who counts it.
    fn shown_before(&self, request: &Request) -> Option<(&Limiter, Result<Response, Problem>)> {
        let (service, limiter) = (self.service.as_ref()?, self.limiter.as_ref()?);
        Some((limiter, service.shown_before(request, self.compress_from)?))
    }
}

/// Counts a request and shows again what was shown before.
async fn again(
    limiter: &Limiter,
    shown: Result<Response, Problem>,
    request: &Extensions,
) -> Response {
    let answered = || match shown {
        Ok(response) => response,
        Err(problem) => refuse(problem, request),
    };
    limits::within(limiter, request, answered).await
}

async fn in_time(timeouts: Timeouts, request: Request, next: Next) -> Response {
    match tokio::time::timeout(timeouts.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => timeouts.refusal().into_response(),
    }
}
