//! Headers that tell browsers to be careful with what we answer.
//!
//! It deliberately only fills in: a handler that serves a page sets a policy of its own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Below this the answers are data of the business, which no cache may keep.
const API: &str = "/api";
/// An answer of the API is data: nothing in it is loaded, run or framed.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years, as browsers' lists of such sites ask (RFC 6797).
const TRANSPORT_SECURITY: &str = "max-age=63072000";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What depends on the settings.
#[derive(Clone, Copy, Debug)]
pub struct SecurityHeaders {
    /// The public address is https, so browsers shall come by https only.
    pub https: bool,
}

impl SecurityHeaders {
    /// For a program at this public address.
    pub fn of(public_url: &str) -> Self {
        Self { https: public_url.get(..8).is_some_and(|s| s.eq_ignore_ascii_case("https://")) }
    }
}

/// Sets a header that the handler left open.
fn fill(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// Whether a path is one of the API.
pub(super) fn is_api(path: &str) -> bool {
    path.strip_prefix(API).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl SecurityHeaders {
    /// Adds the headers to an answer.
    pub(super) fn complete(self, headers: &mut HeaderMap, api: bool) {
        // A type that the browser guesses could make a script of a customer's text.
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        fill(headers, header::CONTENT_SECURITY_POLICY, POLICY);
        fill(headers, header::X_FRAME_OPTIONS, "DENY");
        fill(headers, header::REFERRER_POLICY, "no-referrer");
        fill(headers, CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
        if self.https {
            fill(headers, header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
        }
        if api {
            fill(headers, header::CACHE_CONTROL, "no-store");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SecurityHeaders, is_api};

    #[test]
    fn https_is_known_by_the_address() {
        assert!(SecurityHeaders::of("https://books.example.org").https);
        assert!(SecurityHeaders::of("HTTPS://books.example.org").https);
        assert!(!SecurityHeaders::of("http://localhost:8080").https);
        assert!(!SecurityHeaders::of("").https);
        assert!(!SecurityHeaders::of("httpsः//x").https);
    }

    #[test]
    fn the_api_is_known_by_its_path() {
        assert!(is_api("/api") && is_api("/api/v1/bills"));
        assert!(!is_api("/apis") && !is_api("/") && !is_api("/assets/api/x"));
    }
}
