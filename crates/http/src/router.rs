//! All routes, and what every request passes on its way to them.
//!
//! It deliberately is the only place that joins areas, layers and the description of the API.

use crate::areas;
use crate::extract::MAX_JSON_BYTES;
use crate::front::Front;
use crate::layers::caller_address::TrustedProxies;
use crate::layers::request_id::RequestIds;
use crate::layers::security_headers::SecurityHeaders;
use crate::layers::timeouts::Timeouts;
use crate::layers::{self, Around};
use crate::limits::{self, Group, Limited, Limiter};
use crate::openapi;
use crate::problem::{Code, Problem, faults};
use crate::service::Service;
use crate::webhooks::Webhooks;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Where the API is.
pub const BASE: &str = "/api/v1";
/// Answers that are smaller than this are not compressed, in bytes.
const COMPRESS_FROM_BYTES: u16 = 1_024;

/// What surrounds every request.
#[derive(Clone)]
pub struct Surroundings {
    /// Proxies that are believed.
    pub proxies: TrustedProxies,
    /// Where ids of requests come from.
    pub request_ids: RequestIds,
    /// The public address.
    pub security: SecurityHeaders,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Who may ask how often.
    pub limiter: Limiter,
    /// Whether answers are compressed for those who accept it.
    pub compression: bool,
    /// The largest body that is taken, in bytes.
    pub body_limit: usize,
    /// The largest file that is taken, in bytes.
    pub import_limit: usize,
    /// Whether the description of the API is shown.
    pub api_docs: bool,
    /// Whether figures are shown at `/metrics`.
    pub figures: bool,
    /// Who takes in deliveries of gateways; absent when nobody does.
    pub webhooks: Option<Webhooks>,
}

/// The areas' routes below their common beginning, and their description.
fn api(limiter: Option<&Limiter>, import_limit: usize) -> (Router<Service>, OpenApi) {
    let within = |routes: OpenApiRouter<Service>, group| match limiter {
        Some(limiter) => {
            let quota = Limited { limiter: limiter.clone(), group };
            routes.layer(from_fn_with_state(quota, limits::layer))
        }
        None => routes,
    };
    let ordinary = OpenApiRouter::new()
        .merge(areas::access::routes())
        .merge(areas::customers::routes())
        .merge(areas::catalog::routes())
        .merge(areas::deliveries::routes())
        .merge(areas::orders::routes())
        .merge(areas::imports::list_routes())
        .merge(areas::billing::routes())
        .merge(areas::ledger::routes())
        .merge(areas::payments::routes())
        .merge(areas::cash::routes())
        .merge(areas::entitlements::routes())
        .merge(areas::payment_requests::routes())
        .merge(areas::refunds::routes())
        .merge(areas::upi::routes())
        .merge(areas::webhooks::routes())
        .merge(areas::reconciliation::routes())
        .merge(areas::verification::routes())
        .merge(areas::audit::routes())
        .merge(areas::jobs::routes());
    let areas = OpenApiRouter::new()
        .merge(within(areas::access::sign_in_routes(), Some(Group::SignIn)))
        .merge(within(areas::imports::send_routes(import_limit), Some(Group::Import)))
        .merge(within(ordinary, None));
    let (router, mut description) =
        OpenApiRouter::with_openapi(openapi::outline()).nest(BASE, areas).split_for_parts();
    openapi::complete(&mut description);
    crate::webhooks::describe(&mut description, BASE);
    (router, description)
}

/// The description of the API.
pub fn description() -> OpenApi {
    // The limit is not part of the description.
    api(None, MAX_JSON_BYTES).1
}

/// Everything the service answers.
pub fn front(service: Service, around: &Surroundings) -> Front {
    let (areas, description) = api(Some(&around.limiter), around.import_limit);
    let deliveries = around.webhooks.clone().map(|webhooks| webhooks.routes(BASE));
    let inner = areas
        .merge(deliveries.unwrap_or_default())
        .merge(areas::about::routes(&description, around.api_docs, around.figures))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(faults::panicked))
        .layer(DefaultBodyLimit::max(around.body_limit));
    let compressed =
        CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_FROM_BYTES.into()));
    let inner = if around.compression { inner.layer(compressed) } else { inner };
    let every = Arc::new(Around {
        request_ids: around.request_ids.clone(),
        proxies: around.proxies.clone(),
        security: around.security,
        timeouts: Timeouts { request: around.request_timeout },
        metrics: service.metrics().clone(),
        service: Some(service.clone()),
        limiter: Some(around.limiter.clone()),
        compress_from: around.compression.then_some(COMPRESS_FROM_BYTES.into()),
    });
    let layer = from_fn_with_state(Arc::clone(&every), layers::around);
    Front::new(every, inner.layer(layer).with_state(service))
}

async fn unknown(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(Code::NotFound, format!("there is nothing at {path}; see /api/docs"))
}

async fn wrong_method(method: Method) -> Problem {
    let what = format!("{method} is not known here; the header Allow names what is");
    Problem::new(Code::MethodNotAllowed, what)
}
