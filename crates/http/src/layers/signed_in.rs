//! Who is signed in, as far as a token tells by itself: for limits and logs.
//!
//! It deliberately admits nobody. Whether the session still lives is asked of the database, in the
//! transaction of the request.

use super::SignedInAs;
use crate::caller::Asked;
use crate::service::Service;
use axum::extract::Request;

/// By what the caller of a request wants to be known, and who that is as far as it tells. None when
/// it cannot be read.
pub(super) fn of(service: &Service, request: &Request) -> Option<(Asked, Option<SignedInAs>)> {
    let asked = Asked::of(request.method(), request.headers()).ok()?;
    let asked = asked.read(service.secrets(), service.now());
    let name = match &asked {
        Asked::Token(_, Some(claims)) => Some(format!("person:{}", claims.person.0)),
        // A key is told by its hash until the database knows it.
        Asked::Key(_) => Some(format!("key:{}", asked.name())),
        Asked::Token(_, None) | Asked::Nobody => None,
    };
    Some((asked, name.map(SignedInAs)))
}
