//! What becomes of problems on their way out: they get the id of their request, and faults of the
//! program are logged with their cause.
//!
//! It deliberately logs each fault once, here.

use super::Problem;
use crate::layers::RequestId;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Completes problems.
pub async fn layer(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Box<Problem>>() else {
        return response;
    };
    if problem.status >= 500 {
        let cause = problem.internal.as_deref().unwrap_or("");
        tracing::error!(code = problem.code, cause, "a request could not be carried out");
    }
    if problem.request_id.is_some() || id.is_none() {
        return response;
    }
    let problem = Problem { request_id: id, ..(**problem).clone() };
    let (mut parts, _) = response.into_parts();
    let completed = problem.into_response();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (completed, body) = completed.into_parts();
    parts.extensions.extend(completed.extensions);
    Response::from_parts(parts, Body::new(body))
}
