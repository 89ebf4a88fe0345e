//! The inbox of webhooks over HTTP: what gateways told, where it stands, and having it processed
//! again.
//!
//! It deliberately takes in no delivery; those come without signing in, by their signature.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::Reply;
use crate::service::Service;
use app::webhooks;
use app::webhooks::wire::{GatewayEvent, WholeGatewayEvent};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::ids::WebhookEventId;
use domain::payments::Provider;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(replay))
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `razorpay` or `stripe`.
    #[param(pattern = "^(razorpay|stripe)$")]
    gateway: Option<String>,
    /// `received`, `processed`, `ignored`, `failed` or `dead`.
    #[param(pattern = "^(received|processed|ignored|failed|dead)$")]
    status: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Events of gateways, the latest first, a page at a time.
#[utoipa::path(get, path = "/webhook-events", tag = "webhooks", params(ListQuery),
    operation_id = "list_webhook_events",
    extensions(("x-permission" = json!("webhooks:read"))),
    responses((status = 200, description = "A page of events", body = Page<GatewayEvent>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<GatewayEvent>>, Problem> {
    let unknown = |what: &str| Problem::new(Code::BadRequest, format!("{what}: not known"));
    let gateway = query.gateway.as_deref().map(|text| {
        let found = Provider::from_name(text).filter(|provider| provider.is_gateway());
        found.ok_or_else(|| unknown("gateway"))
    });
    let gateway = gateway.transpose()?;
    let status = query
        .status
        .as_deref()
        .map(|text| domain::webhooks::State::from_name(text).ok_or_else(|| unknown("status")));
    let status = status.transpose()?;
    let limit = page::limit(query.limit)?;
    let before = match page::place(query.after.as_deref())? {
        None => None,
        Some(text) => {
            let id = text.parse().map_err(|_| unknown("after"))?;
            Some(WebhookEventId(id))
        }
    };
    let (found, next) = service
        .read(&asking, Permission::WebhooksRead, move |tx, _| {
            webhooks::list(tx, gateway, status, before, limit)
        })
        .await?;
    let next = next.map(|id| id.0.to_string());
    Ok(Json(Page::new(found.iter().map(GatewayEvent::from).collect(), next.as_deref())))
}

/// One event with its content.
#[utoipa::path(get, path = "/webhook-events/{id}", tag = "webhooks",
    operation_id = "show_webhook_event",
    params(("id" = i64, Path, description = "The event's number")),
    extensions(("x-permission" = json!("webhooks:read"))),
    responses((status = 200, description = "The event", body = WholeGatewayEvent)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Json<WholeGatewayEvent>, Problem> {
    let whole = service
        .read(&asking, Permission::WebhooksRead, move |tx, _| {
            webhooks::show(tx, WebhookEventId(id))
        })
        .await?;
    Ok(Json(WholeGatewayEvent::from(whole)))
}

/// How an event is processed again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayEvent {
    /// Book the money also when it is another amount than was asked for.
    #[serde(default)]
    pub accept_amount: bool,
}

/// Has an event processed again. What it tells that is known changes nothing.
#[utoipa::path(post, path = "/webhook-events/{id}/replay", tag = "webhooks",
    operation_id = "replay_webhook_event", request_body = ReplayEvent,
    params(("id" = i64, Path, description = "The event's number")),
    extensions(("x-permission" = json!("webhooks:manage"))),
    responses((status = 200, description = "The event as it is now", body = GatewayEvent)))]
async fn replay(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, body }: Posted<ReplayEvent>,
) -> Result<Response, Problem> {
    let mode = service.payments().gateways.stripe_mode();
    service
        .write(asking, Permission::WebhooksManage, move |tx, _, actor| {
            let kept = webhooks::replay(tx, actor, WebhookEventId(id), mode, body.accept_amount)?;
            Ok(Reply::ok(&GatewayEvent::from(&kept)))
        })
        .await
}
