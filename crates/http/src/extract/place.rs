//! Paths and queries, with problems for answers.
//!
//! It deliberately adds one rule to axum's reading: no zero byte, which no text that is kept has
//! and PostgreSQL does not take.

use crate::problem::{Code, Problem};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The parts of the path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        without_zero("path", parts.uri.path())?;
        match AxumPath::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Code::BadRequest, rejection.body_text())),
        }
    }
}

/// The query.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        without_zero("query", parts.uri.query().unwrap_or(""))?;
        match AxumQuery::from_request_parts(parts, state).await {
            Ok(AxumQuery(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Code::BadRequest, rejection.body_text())),
        }
    }
}

/// Refuses the zero byte; bare it is no part of a URI, so it is written as `%00`.
fn without_zero(place: &str, text: &str) -> Result<(), Problem> {
    if !text.contains("%00") {
        return Ok(());
    }
    Err(Problem::new(Code::BadRequest, format!("the {place} holds a zero byte, which no text has")))
}

/// A text as one segment of a path (RFC 3986, section 3.3).
pub fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn segments_are_encoded() {
        assert_eq!(encoded("C-1/2 é"), "C-1%2F2%20%C3%A9");
    }
}
