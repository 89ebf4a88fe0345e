//! What surrounds every request: who calls, under which id, how long it may take, what is counted
//! and logged of it and which headers its answer carries.
//!
//! One layer, [`around`], passes a request through all of them in turn; each is a file with its
//! rule. One layer instead of ten, because each layer of the router copies its services and boxes
//! its future for every request. They deliberately know no route and no use case, and never read a
//! body.

pub mod access_log;
mod around;
pub mod caller_address;
pub mod header_limits;
mod observed;
pub mod request_id;
pub mod security_headers;
mod signed_in;
pub mod timeouts;
pub mod trace;

use crate::problem::Problem;
use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, Method};
use axum::response::{IntoResponse, Response};

pub use around::{Around, around};
pub use caller_address::CallerAddress;
pub use request_id::RequestId;
pub use trace::TraceId;

/// Who is signed in: the id of a person or of an API key, never a name or a telephone number.
///
/// Whoever checks the sign-in puts it into the extensions of the request, for the limits, and of
/// the answer, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInAs(pub String);

/// The route of requests that no route took.
pub const UNMATCHED: &str = "unmatched";
/// The method of requests with a method that HTTP does not define (`OTel` semantic conventions).
pub const OTHER_METHOD: &str = "_OTHER";

/// The template of the route, such as `/api/v1/bills/{number}`; never the path itself, which
/// holds ids and has no end of values.
pub fn route_of(request: &Request) -> &str {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    route.unwrap_or(UNMATCHED)
}

/// The method, one of a closed list.
pub fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER_METHOD,
    }
}

/// A problem with the id under which the request stands in the log.
pub(crate) fn named(mut problem: Problem, request: &Extensions) -> Problem {
    problem.request_id = request.get::<RequestId>().map(|id| id.0.clone());
    problem
}

/// The answer to a request that a layer refuses.
pub(crate) fn refuse(problem: Problem, request: &Extensions) -> Response {
    named(problem, request).into_response()
}
