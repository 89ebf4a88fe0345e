//! Signing in and what belongs to it, over HTTP.
//!
//! It deliberately stores no answers for repeated requests here: they hold secrets that are shown
//! once.

mod keys;
mod me;
mod people;
mod session;

use crate::service::Service;
use utoipa_axum::router::OpenApiRouter;

/// The routes by which passwords and codes are tried; they have a narrow limit.
pub fn sign_in_routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().merge(session::sign_in_routes()).merge(me::sign_in_routes())
}

/// The other routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .merge(session::routes())
        .merge(me::routes())
        .merge(people::routes())
        .merge(keys::routes())
}
