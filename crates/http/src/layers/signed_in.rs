//! Who is signed in, as far as a token tells by itself: for limits and logs.
//!
//! It deliberately admits nobody. Whether the session still lives is asked of the database, in the
//! transaction of the request.

use super::SignedInAs;
use crate::caller::Asked;
use crate::service::Service;
use app::access::tokens;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Notes who is signed in.
pub async fn layer(State(service): State<Service>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let name = match Asked::of(&parts) {
        Ok(Asked::Token(token)) => tokens::read(service.secrets(), &token, service.now())
            .ok()
            .map(|claims| format!("person:{}", claims.person.0)),
        // A key is told by its hash until the database knows it.
        Ok(Asked::Key(_)) => Asked::of(&parts).ok().map(|asked| format!("key:{}", asked.name())),
        _ => None,
    };
    if let Some(name) = name {
        parts.extensions.insert(SignedInAs(name));
    }
    next.run(Request::from_parts(parts, body)).await
}
