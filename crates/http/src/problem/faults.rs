//! What becomes of problems on their way out: they get the id of their request, and faults of the
//! program are logged with their cause, panics among them.
//!
//! It deliberately logs each fault once, here.

use super::{Code, Problem};
use crate::layers::RequestId;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// What a panic is answered with. The log has told its place already.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
pub fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| what.downcast_ref::<String>().cloned()).unwrap_or_default();
    let mut problem = Problem::new(Code::Internal, Code::Internal.meaning());
    problem.internal = Some(format!("panic: {text}"));
    problem.into_response()
}

/// Completes the answer to the request of an id.
pub(crate) fn complete(response: Response, id: &RequestId) -> Response {
    let Some(problem) = response.extensions().get::<Box<Problem>>() else {
        return response;
    };
    if problem.status >= 500 {
        let cause = problem.internal.as_deref().unwrap_or("");
        tracing::error!(code = problem.code, cause, "a request could not be carried out");
    }
    if problem.request_id.is_some() {
        return response;
    }
    let problem = Problem { request_id: Some(id.0.clone()), ..(**problem).clone() };
    let (mut parts, _) = response.into_parts();
    let completed = problem.into_response();
    parts.headers.remove(header::CONTENT_LENGTH);
    // A long one may have been compressed; this one is not.
    parts.headers.remove(header::CONTENT_ENCODING);
    let (completed, body) = completed.into_parts();
    parts.extensions.extend(completed.extensions);
    Response::from_parts(parts, Body::new(body))
}
