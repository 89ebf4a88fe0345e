//! Verifying the books over HTTP, as jobs: all invariants of all customers take longer than a
//! request may.
//!
//! It deliberately repairs nothing.

use crate::extract::{Asking, Path, Posted};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::service::Service;
use app::jobs::{self, Shape, shape};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::ids::JobId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(show))
}

/// Nothing: all books are verified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVerification {}

/// Verifies the books, as a job. While a verification is unfinished, it stands for this one.
#[utoipa::path(post, path = "/verifications", tag = "ledger", operation_id = "verify",
    request_body = NewVerification,
    extensions(("x-permission" = json!("ledger:read"))),
    responses((status = 202, description = "The job", body = Shape,
        headers(("Location" = String, description = "Where its result will be")))))]
async fn begin(
    State(service): State<Service>,
    Posted { asking, .. }: Posted<NewVerification>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::LedgerRead, |tx, _, actor| {
            let job = jobs::enqueue_verify_in(tx, actor)?;
            let shown = jobs::show_in(tx, job.id)?;
            let place = format!("/api/v1/verifications/{}", job.id.0);
            Ok(Reply::accepted(place, &jobs::shape(&shown)))
        })
        .await
}

/// A verification. Once its state is `done`, the result is what `dairyos verify --json` prints:
/// whether all is `clean`, and each invariant with the places where it is broken.
#[utoipa::path(get, path = "/verifications/{id}", tag = "ledger",
    operation_id = "show_verification",
    params(("id" = i32, Path, description = "The job's number")),
    extensions(("x-permission" = json!("ledger:read"))),
    responses((status = 200, description = "The job with its result", body = Shape)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<Json<Shape>, Problem> {
    let job = service
        .read(&asking, Permission::LedgerRead, move |tx, _| {
            jobs::show_kind(tx, JobId(id.into()), jobs::VERIFY)
        })
        .await?;
    Ok(Json(shape(&job)))
}
