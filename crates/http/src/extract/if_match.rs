//! The version from which a change is made: If-Match (RFC 9110, section 13.1.1).
//!
//! It deliberately knows strong tags of one version only; a list or `*` would not say which
//! version the caller has seen.

use crate::problem::{Code, Problem};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

/// The version the caller has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let what = "read the thing first, and send its ETag in the header If-Match";
            return Err(Problem::new(Code::VersionNeeded, what));
        };
        let text = value.to_str().unwrap_or("");
        let version = text
            .trim()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .and_then(|number| number.parse().ok());
        let lost = || {
            let what = "If-Match holds no version of this thing; send the ETag as it was given";
            let code = if is_tags(text) { Code::VersionLost } else { Code::BadRequest };
            Problem::new(code, what)
        };
        version.map(Self).ok_or_else(lost)
    }
}

/// Whether a text is `*` or a list of tags, if not of ours.
fn is_tags(text: &str) -> bool {
    let is_tag = |tag: &str| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"')
    };
    text.trim() == "*" || text.split(',').map(str::trim).all(is_tag)
}
