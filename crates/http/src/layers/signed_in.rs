//! Who is signed in, as far as a token tells by itself: for limits and logs.
//!
//! It deliberately admits nobody. Whether the session still lives is asked of the database, in the
//! transaction of the request.

use super::SignedInAs;
use crate::caller::Asked;
use crate::service::Service;
use axum::extract::Request;

/// Notes who is signed in, and by what.
pub(super) fn note(service: &Service, request: &mut Request) {
    let Ok(asked) = Asked::of(request.method(), request.headers()) else { return };
    let asked = asked.read(service.secrets(), service.now());
    let name = match &asked {
        Asked::Token(_, Some(claims)) => Some(format!("person:{}", claims.person.0)),
        // A key is told by its hash until the database knows it.
        Asked::Key(_) => Some(format!("key:{}", asked.name())),
        Asked::Token(_, None) | Asked::Nobody => None,
    };
    request.extensions_mut().insert(asked);
    if let Some(name) = name {
        request.extensions_mut().insert(SignedInAs(name));
    }
}
