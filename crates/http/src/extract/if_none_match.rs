//! What the caller has already: If-None-Match (RFC 9110, section 13.1.2).
//!
//! It deliberately compares tags only; what cannot be read is what the caller does not have.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;

/// The tags of what the caller has, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Option<HeaderValue>);

impl IfNoneMatch {
    /// What the headers of a request say.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(header::IF_NONE_MATCH).cloned())
    }

    /// Whether the caller has what this tag stands for.
    pub(crate) fn has(&self, tag: &HeaderValue) -> bool {
        let Some(seen) = &self.0 else { return false };
        let (Ok(seen), Ok(tag)) = (seen.to_str(), tag.to_str()) else { return false };
        let one = |seen: &str| seen == "*" || seen.strip_prefix("W/").unwrap_or(seen) == tag;
        seen.split(',').map(str::trim).any(one)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::IfNoneMatch;
    use axum::http::HeaderValue;

    #[test]
    fn any_of_the_tags_will_do() {
        let tag = HeaderValue::from_static("\"3-issued\"");
        let has = |seen: &'static str| IfNoneMatch(Some(HeaderValue::from_static(seen))).has(&tag);
        assert!(has("\"3-issued\"") && has("W/\"3-issued\"") && has("*"));
        assert!(has("\"1\", \"3-issued\""));
        assert!(!has("") && !has("3-issued") && !has("\"3\"") && !has("\"3-issued"));
        assert!(!IfNoneMatch(None).has(&tag));
    }
}
