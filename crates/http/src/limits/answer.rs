//! How the limits are told to callers: `RateLimit-Policy`, `RateLimit` and the refusal.
//!
//! It deliberately sends the two fields of draft-ietf-httpapi-ratelimit-headers-10 and none of the
//! older ones.

use super::{Decision, Group};
use crate::layers::named;
use crate::problem::{Code, Problem};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// The quotas that hold for a request.
pub const POLICY_HEADER: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub const STATE_HEADER: HeaderName = HeaderName::from_static("ratelimit");
/// The type of the refusal.
pub const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// Adds the two fields; several limits on one request make lists of them.
pub fn tell(headers: &mut HeaderMap, group: Group, decision: &Decision) {
    let name = group.as_str();
    let (burst, window) = (decision.quota.burst(), decision.quota.per_seconds());
    let policy = format!("\"{name}\";q={burst};w={window}");
    let state = format!("\"{name}\";r={};t={}", decision.remaining, decision.next_seconds);
    for (header, text) in [(POLICY_HEADER, policy), (STATE_HEADER, state)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.append(header, value);
        }
    }
}

/// The answer to a request beyond the quota. `Retry-After` is `t`, so it never falls before it.
pub fn refusal(group: Group, decision: &Decision, request: &Extensions) -> Response {
    let name = group.as_str();
    let wait = decision.next_seconds;
    let detail = format!("the quota \"{name}\" is used up; there is more in {wait} s");
    let mut problem = Problem::new(Code::TooManyRequests, detail)
        .with(header::RETRY_AFTER, HeaderValue::from(wait));
    QUOTA_EXCEEDED.clone_into(&mut problem.kind);
    problem.violated_policies = vec![name.to_owned()];
    named(problem, request).into_response()
}
