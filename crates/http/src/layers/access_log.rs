//! One line in the log for every request, when its answer has been sent or given up.
//!
//! It deliberately never holds the path, the query, a header or a body: they may carry secrets and
//! personal data. The route's template says what was asked for.

use super::{CallerAddress, RequestId, SignedInAs, TraceId, method_of};
use crate::problem::Problem;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;
use tracing::{Span, error, error_span, field, info, warn};

/// The target of the lines, by which they can be filtered.
pub const TARGET: &str = "dairyos::access";

/// What is known of a request; it is logged when it is dropped, so that a request whose caller has
/// gone leaves a line too.
pub struct Record {
    within: Within,
    started: Instant,
    status: Option<StatusCode>,
    code: Option<String>,
    error: Option<String>,
    /// Bytes of the answer's body, as sent.
    pub(super) bytes: u64,
    /// Whether the whole answer was handed to the connection.
    pub(super) complete: bool,
}

/// How the line of a request tells whose it is.
enum Within {
    /// By the span of the request.
    Span(Span),
    /// By itself.
    Itself(Whose),
}

/// Whose a request is that shows again what was shown, and which route it did not have to take. It
/// is never answered by a fault.
pub(super) struct Whose {
    pub(super) id: RequestId,
    pub(super) trace: TraceId,
    pub(super) person: Option<SignedInAs>,
    pub(super) address: CallerAddress,
    pub(super) route: Arc<str>,
}

impl Record {
    pub(super) fn begin(span: Span) -> Self {
        Self::of(Within::Span(span))
    }

    /// Of a request on whose way nothing else is logged.
    pub(super) fn alone(whose: Whose) -> Self {
        Self::of(Within::Itself(whose))
    }

    fn of(within: Within) -> Self {
        let started = Instant::now();
        Self { within, started, status: None, code: None, error: None, bytes: 0, complete: false }
    }

    pub(super) fn answered(&mut self, method: &Method, response: &Response) {
        let status = response.status();
        self.status = Some(status);
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        self.complete = method == Method::HEAD || bodiless.contains(&status);
        if let Some(person) = response.extensions().get::<SignedInAs>()
            && let Within::Span(span) = &self.within
        {
            span.record("user_id", person.0.as_str());
        }
        if let Some(problem) = response.extensions().get::<Box<Problem>>() {
            self.code = Some(problem.code.clone());
            self.error.clone_from(&problem.internal);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let duration_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let status = self.status.map(|status| status.as_u16());
        let code = self.code.as_deref();
        let error = self.error.as_deref();
        let aborted = !self.complete;
        let bytes = self.bytes;
        let span = match &self.within {
            Within::Span(span) => span,
            Within::Itself(whose) => {
                let Whose { id, trace, person, address, route } = whose;
                info!(
                    target: TARGET,
                    request_id = id.0.as_str(),
                    trace_id = trace.0.as_str(),
                    user_id = person.as_ref().map(|person| person.0.as_str()),
                    caller = field::display(address.0),
                    method = "GET",
                    route = &**route,
                    status, duration_ms, bytes, aborted, code, error,
                    "request"
                );
                return;
            }
        };
        let _entered = span.enter();
        // Levels must be literals: hence one line each.
        match self.status {
            Some(StatusCode::INTERNAL_SERVER_ERROR) => {
                error!(target: TARGET, status, duration_ms, bytes, aborted, code, error, "request");
            }
            Some(status_code) if status_code.is_server_error() => {
                warn!(target: TARGET, status, duration_ms, bytes, aborted, code, error, "request");
            }
            _ => {
                info!(target: TARGET, status, duration_ms, bytes, aborted, code, error, "request");
            }
        }
    }
}

/// The span in which the request is carried out; all lines of the request carry its fields. It is
/// of the highest level, so that no setting of the level removes the ids from errors.
pub(super) fn span_of(request: &Request, route: &str) -> Span {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map(|id| id.0.as_str());
    let trace = extensions.get::<TraceId>().map(|id| id.0.as_str());
    let person = extensions.get::<SignedInAs>().map(|person| person.0.as_str());
    let caller = extensions.get::<CallerAddress>().map(|caller| field::display(caller.0));
    // Given at once: what is recorded later must find the span again for each field.
    error_span!(
        target: TARGET,
        "request",
        request_id = id,
        trace_id = trace,
        user_id = person,
        caller,
        method = method_of(request.method()),
        route,
    )
}
