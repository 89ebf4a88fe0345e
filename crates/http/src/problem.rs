//! Errors as answers: RFC 9457 problem details with a stable code.
//!
//! It deliberately is the one place that joins errors to HTTP status; handlers only say what went
//! wrong.

use app::AppError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

mod codes;
pub mod faults;

pub use codes::{CODES, Code, reference};

/// Where one part of a request is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// What is wrong, and what was expected.
    pub detail: String,
    /// The place in the body, as a JSON Pointer (RFC 6901) in URI fragment form.
    pub pointer: String,
}

/// An error as an answer (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is: a URI that stays the same.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words, always the same for a kind.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// The stable code for programs.
    pub code: String,
    /// What happened, where, and what to do.
    pub detail: String,
    /// The request, as it stands in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The parts of the request that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The quotas that are used up (draft-ietf-httpapi-ratelimit-headers-10, section 6.1).
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
    /// Headers that go with it.
    #[serde(skip)]
    #[schema(ignore)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What the log says and the caller does not hear.
    #[serde(skip)]
    #[schema(ignore)]
    pub internal: Option<String>,
}

/// The media type of problems.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl Problem {
    /// A problem of a known code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/api/docs/errors#{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            code: code.as_str().to_owned(),
            detail: detail.into(),
            request_id: None,
            errors: Vec::new(),
            violated_policies: Vec::new(),
            headers: Vec::new(),
            internal: None,
        }
    }

    /// With the parts of the request that are wrong.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { detail: detail.into(), pointer: pointer.into() });
        self
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let code = Code::of(error.code());
        if code.status().is_server_error() {
            // The cause may name files and tables; it is for the log.
            let mut problem = Self::new(code, code.meaning());
            problem.internal = Some(error.to_string());
            return problem;
        }
        let mut problem = Self::new(code, error.to_string());
        match &error {
            AppError::Invalid(invalid) => {
                for (pointer, detail) in invalid.parts() {
                    problem = problem.at(pointer, detail);
                }
            }
            AppError::BadFile(bad) => {
                // Lines of a text, as RFC 5147 names them.
                for row in &bad.rows {
                    let (line, column) = (row.line, row.column.max(1));
                    problem = problem
                        .at(format!("#line={line}"), format!("column {column}: {}", row.what));
                }
            }
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        let mut response = (status, headers, body).into_response();
        response.extensions_mut().insert(Box::new(self));
        response
    }
}
