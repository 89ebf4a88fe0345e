//! What handlers answer: what was written, and one thing that is shown.
//!
//! It deliberately knows no area; shapes are the areas' own.

use crate::extract::IfNoneMatch;
use crate::remembered::Shown;
use app::AppError;
use app::gate::Answer;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a handler that writes answers.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: serde_json::Result<String>,
}

impl Reply {
    /// Done: the thing as it is now.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// Added: the thing, and where it is.
    pub fn created(place: String, body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::CREATED, body).header(header::LOCATION, place)
    }

    /// Accepted for later: what will do it, and where that is.
    pub fn accepted(place: String, body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::ACCEPTED, body).header(header::LOCATION, place)
    }

    /// Done, with nothing to show.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Ok(String::new()) }
    }

    fn with_status(status: StatusCode, body: &impl Serialize) -> Self {
        Self { status, headers: Vec::new(), body: serde_json::to_string(body) }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the version of the thing, for If-Match.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        self.header(header::ETAG, etag(version))
    }

    /// As it is kept for a repetition of the request.
    pub(crate) fn kept(self) -> Result<Answer, AppError> {
        let body = self.body.map_err(|error| AppError::Output(error.to_string()))?;
        let lines: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Ok(Answer { status: self.status.as_u16(), headers: lines.join("\n"), body })
    }
}

/// The ETag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// An answer of the gate as a response.
pub(crate) fn respond(answer: Answer, replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for line in answer.headers.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    response
}

/// An answer with its tag, or without its body when the caller has it already.
pub(crate) fn tagged(shown: Shown, seen: &IfNoneMatch) -> Response {
    let Shown { tag, body, .. } = shown;
    if seen.has(&tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json), (header::ETAG, tag)], body).into_response()
}

impl Shown {
    /// A thing as JSON, with its tag.
    pub(crate) fn of(tag: &str, body: &impl Serialize) -> Result<Self, AppError> {
        let body = serde_json::to_vec(body).map_err(|error| AppError::Output(error.to_string()))?;
        let tag =
            HeaderValue::from_str(tag).map_err(|error| AppError::Output(error.to_string()))?;
        Ok(Self { tag, body: Bytes::from(body), whose: None, holds_until: None })
    }
}
