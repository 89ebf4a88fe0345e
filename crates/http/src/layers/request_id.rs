//! The id of a request, by which its log lines and its answer are found.
//!
//! It deliberately takes over an id from outside only if it is short and plain, so that nobody can
//! write into the log or the headers through it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use uuid::Uuid;

/// The header.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over, in characters.
pub const MAX_REQUEST_ID: usize = 64;

/// The id of a request: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of a text from outside, if it can be taken over.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = (1..=MAX_REQUEST_ID).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

/// Where ids come from when the caller brings none.
#[derive(Clone)]
pub struct RequestIds(Arc<dyn Fn() -> String + Send + Sync>);

impl RequestIds {
    /// Ids from a function, for tests that need to know them.
    pub fn new(make: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }
}

impl Default for RequestIds {
    /// Ids that sort by time (UUID version 7, RFC 9562).
    fn default() -> Self {
        Self::new(|| Uuid::now_v7().to_string())
    }
}

impl RequestIds {
    /// The id of a request: the one it brings, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        let mut brought = headers.get_all(X_REQUEST_ID).iter();
        let only = brought.next().filter(|_| brought.next().is_none());
        let taken = only.and_then(|value| value.to_str().ok()).and_then(RequestId::parse);
        taken.unwrap_or_else(|| RequestId((self.0)()))
    }
}

/// Echoes the id in the answer.
pub(super) fn tell(id: &RequestId, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(X_REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn only_short_and_plain_ids_are_taken_over() {
        for good in ["a", "0194-abc_DEF.9", &"x".repeat(64)] {
            assert_eq!(RequestId::parse(good), Some(RequestId(good.to_owned())));
        }
        for bad in ["", &"x".repeat(65), "a b", "a\nb", "a\"b", "{}", "अ", "a/b", "a%0a"] {
            assert_eq!(RequestId::parse(bad), None, "{bad:?}");
        }
    }
}
