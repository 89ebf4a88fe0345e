//! Plans and entitlements over HTTP: what can be bought, what customers may use, and what ends
//! soon.
//!
//! It deliberately has no way to give or take a feature by hand. A customer who asks sees
//! themselves, and nobody else.

use crate::extract::{Asking, IfMatch, IfNoneMatch, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::remembered::Shown;
use crate::reply::{Reply, etag};
use crate::service::Service;
use app::entitlements::wire::{Entitlement, EntitlementEnd, Entitlements, Plan};
use app::entitlements::{self, PlanFacts};
use app::{AppError, Invalid};
use axum::Json;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Permission, Role};
use domain::calendar::{Day, Moment};
use domain::ids::CustomerId;
use domain::money::Money;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list_plans, add_plan))
        .routes(routes!(show_plan, change_plan))
        .routes(routes!(ending))
        .routes(routes!(of_customer))
        .routes(routes!(check))
}

/// All plans, the cheapest first: one page.
#[utoipa::path(get, path = "/plans", tag = "entitlements", operation_id = "list_plans",
    extensions(("x-permission" = json!("plans:read"))),
    responses((status = 200, description = "All plans", body = Page<Plan>)))]
async fn list_plans(
    State(service): State<Service>,
    asking: Asking,
) -> Result<Json<Page<Plan>>, Problem> {
    let found = service.read(&asking, Permission::PlansRead, |tx, _| entitlements::all(tx)).await?;
    Ok(Json(Page::new(found.iter().map(Plan::from).collect(), None)))
}

/// One plan.
#[utoipa::path(get, path = "/plans/{code}", tag = "entitlements", operation_id = "show_plan",
    params(("code" = String, Path, description = "The plan's code")),
    extensions(("x-permission" = json!("plans:read"))),
    responses((status = 200, description = "The plan", body = Plan,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
async fn show_plan(
    State(service): State<Service>,
    asking: Asking,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let kept = service
        .read(&asking, Permission::PlansRead, move |tx, _| entitlements::by_code(tx, &code))
        .await?;
    let tag = [(header::ETAG, etag(kept.version))];
    Ok((tag, Json(Plan::from(&kept))).into_response())
}

/// A new plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Its code, 1 to 40 of a-z, 0-9, _ and -; it never changes.
    #[schema(pattern = "^[a-z0-9_-]{1,40}$")]
    code: String,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The price of one payment, in rupees; `0` for a plan that is everybody's.
    price: String,
    /// For how many days one payment gives the features; 30 when absent.
    #[schema(minimum = 1, maximum = 3660)]
    days: Option<u32>,
    /// The features, each 1 to 40 of a-z, 0-9 and _; `*` for all.
    #[schema(min_items = 1, max_items = 100)]
    features: Vec<String>,
    /// Whether it is sold; true when absent.
    active: Option<bool>,
}

/// A change of a plan: what is absent stays. What was sold stays as it was sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChange {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The price of one payment, in rupees.
    price: Option<String>,
    /// For how many days one payment gives the features.
    #[schema(minimum = 1, maximum = 3660)]
    days: Option<u32>,
    /// The features; `*` for all.
    #[schema(min_items = 1, max_items = 100)]
    features: Option<Vec<String>>,
    /// Whether it is sold.
    active: Option<bool>,
}

/// Reads a price.
fn price(text: Option<&str>) -> Result<Option<Money>, Invalid> {
    let read = text.map(Money::parse).transpose();
    read.map_err(|error| Invalid::one("#/price", error.to_string()))
}

/// Adds a plan.
#[utoipa::path(post, path = "/plans", tag = "entitlements", request_body = NewPlan,
    operation_id = "add_plan",
    extensions(("x-permission" = json!("plans:write"))),
    responses((status = 201, description = "The new plan", body = Plan,
        headers(("ETag" = String, description = "The version"),
            ("Location" = String, description = "Where it is")))))]
async fn add_plan(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewPlan>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::PlansWrite, move |tx, _, actor| {
            let facts = PlanFacts {
                name: Some(body.name),
                price: price(Some(&body.price))?,
                days: body.days,
                features: Some(body.features),
                is_active: body.active,
            };
            let kept = entitlements::add(tx, actor, &body.code, &facts)?;
            let place = format!("/api/v1/plans/{}", kept.plan.code);
            Ok(Reply::created(place, &Plan::from(&kept)).version(kept.version))
        })
        .await
}

/// Changes a plan, for payments that come after it.
#[utoipa::path(patch, path = "/plans/{code}", tag = "entitlements", operation_id = "change_plan",
    params(("code" = String, Path, description = "The plan's code"),
        ("If-Match" = String, Header, description = "The ETag of the version seen")),
    request_body = PlanChange,
    extensions(("x-permission" = json!("plans:write"))),
    responses((status = 200, description = "The plan as it is now", body = Plan,
        headers(("ETag" = String, description = "The version")))))]
async fn change_plan(
    State(service): State<Service>,
    Path(code): Path<String>,
    IfMatch(version): IfMatch,
    Posted { asking, body }: Posted<PlanChange>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::PlansWrite, move |tx, _, actor| {
            let facts = PlanFacts {
                name: body.name,
                price: price(body.price.as_deref())?,
                days: body.days,
                features: body.features,
                is_active: body.active,
            };
            let kept = entitlements::change(tx, actor, &code, version, &facts)?;
            Ok(Reply::ok(&Plan::from(&kept)).version(kept.version))
        })
        .await
}

/// What is asked of the list of ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndingQuery {
    /// Ends before this moment (RFC 3339), or before the end of this day, `YYYY-MM-DD`.
    ending_before: String,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Reads the moment before which ends are asked for.
fn before(text: &str) -> Result<Moment, Problem> {
    let end_of = |day: Day| Moment::parse(&format!("{}T00:00:00+05:30", day.plus_days(1)));
    let read = Moment::parse(text).or_else(|| Day::parse(text).ok().and_then(end_of));
    read.ok_or_else(|| {
        let what = "ending_before: expected a moment (RFC 3339) or a day, YYYY-MM-DD";
        Problem::new(Code::BadRequest, what)
    })
}

/// What ends soon, the soonest first, a page at a time. For staff.
#[utoipa::path(get, path = "/entitlements", tag = "entitlements", params(EndingQuery),
    operation_id = "list_ending_entitlements",
    extensions(("x-permission" = json!("customers:read"))),
    responses((status = 200, description = "A page of ends", body = Page<EntitlementEnd>)))]
async fn ending(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<EndingQuery>,
) -> Result<Json<Page<EntitlementEnd>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (now, before) = (service.now(), before(&query.ending_before)?);
    let (found, next) = service
        .read(&asking, Permission::CustomersRead, move |tx, _| {
            entitlements::ending(tx, now, before, after.as_deref(), limit)
        })
        .await?;
    let items = found.iter().map(EntitlementEnd::from).collect();
    Ok(Json(Page::new(items, next.as_deref())))
}

/// All that a customer may use, and by which payment.
#[utoipa::path(get, path = "/customers/{code}/entitlements", tag = "entitlements",
    operation_id = "show_entitlements",
    params(("code" = String, Path, description = "The customer's code")),
    extensions(("x-permission" = json!("entitlements:read"))),
    responses((status = 200, description = "What they may use", body = Entitlements)))]
async fn of_customer(
    State(service): State<Service>,
    asking: Asking,
    Path(code): Path<String>,
) -> Result<Json<Entitlements>, Problem> {
    let now = service.now();
    let whole = service
        .look(&asking, Permission::EntitlementsRead, move |tx, caller| {
            let found = entitlements::of_customer(tx, &code, now)?;
            if caller.role == Role::Customer && caller.customer != Some(found.customer) {
                return Err(AppError::NotFound("there is no such customer".to_owned()));
            }
            Ok(found)
        })
        .await?;
    Ok(Json(Entitlements::from(&whole)))
}

/// Whether a customer may use a feature now. Meant to be asked on every request of a program.
#[utoipa::path(get, path = "/customers/{code}/entitlements/{feature}", tag = "entitlements",
    operation_id = "check_entitlement",
    params(("code" = String, Path, description = "The customer's code"),
        ("feature" = String, Path,
            description = "The feature, such as `analytics`; `deliveries` for the entitlement to \
                be delivered to")),
    extensions(("x-permission" = json!("entitlements:read"))),
    responses((status = 200, description = "The answer", body = Entitlement,
            headers(("ETag" = String, description = "What the answer is, for If-None-Match"))),
        (status = 304, description = "The answer is as If-None-Match has it")))]
async fn check(
    State(service): State<Service>,
    asking: Asking,
    uri: Uri,
    seen: IfNoneMatch,
    Path((code, feature)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let now = service.now();
    let area = entitlements::area_of(&feature);
    service
        .show(&asking, Permission::EntitlementsRead, (&uri, &seen), area, move |tx| {
            shown(&entitlements::check(tx, &code, &feature, now)?)
        })
        .await
}

/// An answer as it is shown: to staff and programs, and to the customer it is about.
fn shown(answer: &entitlements::Answer) -> Result<Shown, AppError> {
    let until = answer.until.map_or(0, Moment::unix_micros);
    let CustomerId(whose) = answer.customer;
    let tag = format!("\"{whose}-{}-{}-{until}\"", answer.feature, u8::from(answer.is_entitled));
    let shown = Shown::of(&tag, &Entitlement::from(answer))?;
    Ok(Shown { whose: Some(answer.customer), holds_until: answer.holds_until, ..shown })
}
