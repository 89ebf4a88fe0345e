//! Jobs over HTTP: seen, made to wait again, cancelled.
//!
//! It deliberately cannot enqueue any kind of job; jobs follow from what is asked for elsewhere.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::jobs::{self, Shape, shape};
use axum::Json;
use axum::extract::State;
use domain::access::Permission;
use domain::ids::JobId;
use domain::jobs::State as JobState;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(show_run))
        .routes(routes!(requeue))
        .routes(routes!(cancel))
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only jobs in this state.
    #[param(pattern = "^(waiting|running|done|dead|cancelled)$")]
    state: Option<String>,
    /// Only jobs of this kind, such as `bills.run`.
    kind: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Jobs, the newest first, a page at a time.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListQuery), operation_id = "list_jobs",
    extensions(("x-permission" = json!("jobs:read"))),
    responses((status = 200, description = "A page of jobs", body = Page<Shape>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Shape>>, Problem> {
    let state = match query.state.as_deref() {
        None => None,
        Some(word) => Some(JobState::from_name(word).ok_or_else(|| {
            let what = "state: expected waiting, running, done, dead or cancelled";
            Problem::new(Code::BadRequest, what)
        })?),
    };
    let (limit, after) = (page::limit(query.limit)?, page::number(query.after.as_deref())?);
    let listed = service
        .act(asking, Some(Permission::JobsRead), move |store, _, _| {
            let before = (after > 0).then_some(JobId(after));
            let kind = query.kind.as_deref();
            jobs::list(store, jobs::Page { state, kind, before, limit: u32::from(limit) })
        })
        .await?;
    let next = listed.next.map(|id| id.0.to_string());
    Ok(Json(Page::new(listed.jobs.iter().map(shape).collect(), next.as_deref())))
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", operation_id = "show_job",
    params(("id" = i32, Path, description = "The job's number")),
    extensions(("x-permission" = json!("jobs:read"))),
    responses((status = 200, description = "The job", body = Shape)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<Json<Shape>, Problem> {
    let job = service
        .act(asking, Some(Permission::JobsRead), move |store, _, _| {
            jobs::show(store, JobId(id.into()))
        })
        .await?;
    Ok(Json(shape(&job)))
}

/// A run of bills, for those who may run bills. Once its state is `done`, the result is what
/// `dairyos bills run --json` prints.
#[utoipa::path(get, path = "/bill-runs/{id}", tag = "billing", operation_id = "show_bill_run",
    params(("id" = i32, Path, description = "The job's number")),
    extensions(("x-permission" = json!("bills:write"))),
    responses((status = 200, description = "The job with its result", body = Shape)))]
async fn show_run(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<Json<Shape>, Problem> {
    let job = service
        .read(&asking, Permission::BillsWrite, move |tx, _| {
            jobs::show_kind(tx, JobId(id.into()), jobs::RUN)
        })
        .await?;
    Ok(Json(shape(&job)))
}

/// Nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Makes a job that was given up or cancelled wait again.
#[utoipa::path(post, path = "/jobs/{id}/requeue", tag = "jobs", operation_id = "requeue_job",
    params(("id" = i32, Path, description = "The job's number")), request_body = Nothing,
    extensions(("x-permission" = json!("jobs:write"))),
    responses((status = 200, description = "The job as it is now", body = Shape)))]
async fn requeue(
    State(service): State<Service>,
    Path(id): Path<i32>,
    Posted { asking, .. }: Posted<Nothing>,
) -> Result<Json<Shape>, Problem> {
    let job = service
        .act(asking, Some(Permission::JobsWrite), move |store, _, actor| {
            jobs::requeue(store, actor, JobId(id.into()))
        })
        .await?;
    Ok(Json(shape(&job)))
}

/// Cancels a job that waits.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = i32, Path, description = "The job's number")), request_body = Nothing,
    extensions(("x-permission" = json!("jobs:write"))),
    responses((status = 200, description = "The job as it is now", body = Shape)))]
async fn cancel(
    State(service): State<Service>,
    Path(id): Path<i32>,
    Posted { asking, .. }: Posted<Nothing>,
) -> Result<Json<Shape>, Problem> {
    let job = service
        .act(asking, Some(Permission::JobsWrite), move |store, _, actor| {
            jobs::cancel(store, actor, JobId(id.into()))
        })
        .await?;
    Ok(Json(shape(&job)))
}
