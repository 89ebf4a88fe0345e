//! All routes, and what every request passes on its way to them.
//!
//! It deliberately is the only place that joins areas, layers and the description of the API.

use crate::areas;
use crate::openapi;
use crate::problem::{Code, Problem};
use crate::service::Service;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Where the API is.
pub const BASE: &str = "/api/v1";

/// The areas' routes below their common beginning, and their description.
fn api() -> (Router<Service>, OpenApi) {
    let areas = OpenApiRouter::new()
        .merge(areas::access::routes())
        .merge(areas::customers::routes())
        .merge(areas::catalog::routes())
        .merge(areas::deliveries::routes())
        .merge(areas::orders::routes())
        .merge(areas::imports::routes())
        .merge(areas::billing::routes())
        .merge(areas::ledger::routes());
    let (router, mut description) =
        OpenApiRouter::with_openapi(openapi::outline()).nest(BASE, areas).split_for_parts();
    openapi::complete(&mut description);
    (router, description)
}

/// The description of the API.
pub fn description() -> OpenApi {
    api().1
}

/// Everything the service answers.
pub fn router(service: Service) -> Router {
    let (areas, description) = api();
    areas
        .merge(areas::about::routes(&description))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(crate::extract::MAX_JSON_BYTES))
        .with_state(service)
}

async fn unknown(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(Code::NotFound, format!("there is nothing at {path}; see /api/docs"))
}

async fn wrong_method(method: Method) -> Problem {
    let what = format!("{method} is not known here; the header Allow names what is");
    Problem::new(Code::MethodNotAllowed, what)
}
