//! Bills over HTTP: lists of a month, single bills and what stands behind them.
//!
//! It deliberately addresses an issued bill by its number, whose parts are segments of the path,
//! and the bill of a month by customer and month.

use crate::extract::{Asking, IfNoneMatch, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::remembered::Shown;
use crate::reply::{Reply, tagged};
use crate::service::Service;
use app::billing::{self, Mode, wire};
use app::jobs::Shape as JobShape;
use app::{AppError, Area, explain, jobs};
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use domain::access::Permission;
use domain::calendar::Month;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(of_customer))
        .routes(routes!(own))
        .routes(routes!(explain_one))
        .routes(routes!(run))
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The month, such as `2026-10`.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    month: String,
    /// Only bills that stand like this.
    #[param(pattern = "^(draft|issued|part-paid|paid|cancelled)$")]
    status: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

fn month(text: &str) -> Result<Month, AppError> {
    Month::parse(text).map_err(|error| AppError::BadPlace(format!("month: {error}")))
}

/// The bills of a month in the order of customers, a page at a time.
#[utoipa::path(get, path = "/bills", tag = "billing", params(ListQuery),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "A page of bills", body = Page<wire::Bill>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<wire::Bill>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let month = month(&query.month)?;
    let (found, next) = service
        .read(&asking, Permission::BillsRead, move |tx, _| {
            billing::page(tx, month, query.status.as_deref(), after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.iter().map(wire::bill).collect(), next.as_deref())))
}

/// A bill as it is shown.
fn shown(bill: &wire::Bill) -> Result<Shown, AppError> {
    // A version says all of a bill only while it is a draft: payments move an issued one on.
    Shown::of(&format!("\"{}-{}\"", bill.version, bill.status), bill)
}

/// An issued bill by its number, such as `INV/26-27/000001`.
#[utoipa::path(get, path = "/bills/{prefix}/{year}/{serial}", tag = "billing",
    params(("prefix" = String, Path, description = "The prefix, such as `INV`"),
        ("year" = String, Path, description = "The financial year, such as `26-27`"),
        ("serial" = String, Path, description = "The serial, such as `000001`")),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "The bill", body = wire::Bill,
            headers(("ETag" = String, description = "What the bill is, for If-None-Match"))),
        (status = 304, description = "The bill is as If-None-Match has it")))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    uri: Uri,
    seen: IfNoneMatch,
    Path((prefix, year, serial)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let number = format!("{prefix}/{year}/{serial}");
    service
        .show(&asking, Permission::BillsRead, (&uri, &seen), Area::Everything, move |tx| {
            shown(&wire::bill(&billing::by_number(tx, &number)?))
        })
        .await
}

/// The bill of a customer for a month, draft or issued.
#[utoipa::path(get, path = "/customers/{code}/bills/{month}", tag = "billing",
    params(("code" = String, Path, description = "The customer's code"),
        ("month" = String, Path, description = "The month, such as `2026-10`")),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "The bill", body = wire::Bill,
            headers(("ETag" = String, description = "What the bill is, for If-None-Match"))),
        (status = 304, description = "The bill is as If-None-Match has it")))]
async fn of_customer(
    State(service): State<Service>,
    asking: Asking,
    uri: Uri,
    seen: IfNoneMatch,
    Path((code, asked)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let month = month(&asked)?;
    service
        .show(&asking, Permission::BillsRead, (&uri, &seen), Area::Everything, move |tx| {
            shown(&wire::bill(&billing::of_customer(tx, &code, month)?))
        })
        .await
}

/// What is asked of an explanation.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// Only this line, from 1.
    line: Option<i64>,
}

/// Why this rupee: every delivery, price and ledger entry behind an issued bill.
#[utoipa::path(get, path = "/bills/{prefix}/{year}/{serial}/explanation", tag = "billing",
    operation_id = "explain_bill",
    params(("prefix" = String, Path, description = "The prefix, such as `INV`"),
        ("year" = String, Path, description = "The financial year, such as `26-27`"),
        ("serial" = String, Path, description = "The serial, such as `000001`"), ExplainQuery),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "The explanation", body = explain::wire::Shape)))]
async fn explain_one(
    State(service): State<Service>,
    asking: Asking,
    Path((prefix, year, serial)): Path<(String, String, String)>,
    Query(query): Query<ExplainQuery>,
) -> Result<Json<explain::wire::Shape>, Problem> {
    let number = format!("{prefix}/{year}/{serial}");
    let found = service
        .read(&asking, Permission::BillsRead, move |tx, _| {
            explain::explain_bill(tx, &number, query.line)
        })
        .await?;
    Ok(Json(explain::wire::shape(&found)))
}

/// A run of a month's bills.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The month, such as `2026-10`.
    #[schema(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    month: String,
    /// `draft` computes drafts, `run_and_issue` computes and issues, `issue` issues the drafts as
    /// they stand.
    #[schema(pattern = "^(draft|run_and_issue|issue)$")]
    mode: String,
}

/// Runs a month's bills, as a job: its result is the certificate. Needs an Idempotency-Key. While
/// a run of the month is unfinished, it stands for this one.
#[utoipa::path(post, path = "/bill-runs", tag = "billing", operation_id = "run_bills",
    request_body = NewRun,
    params(("Idempotency-Key" = String, Header, description = "A new random value")),
    extensions(("x-permission" = json!("bills:write"))),
    responses((status = 202, description = "The job", body = JobShape,
        headers(("Location" = String, description = "Where the job is")))))]
async fn run(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewRun>,
) -> Result<Response, Problem> {
    let wrong = |pointer: &str, what: &str| {
        Problem::new(Code::Invalid, "a part of the body cannot be accepted").at(pointer, what)
    };
    let month = Month::parse(&body.month).map_err(|error| wrong("#/month", &error.to_string()))?;
    let mode = [Mode::Draft, Mode::RunAndIssue, Mode::IssueDrafts]
        .into_iter()
        .find(|mode| mode.as_str() == body.mode)
        .ok_or_else(|| wrong("#/mode", "expected draft, run_and_issue or issue"))?;
    service
        .write(asking.once_only()?, Permission::BillsWrite, move |tx, _, actor| {
            let job = jobs::enqueue_run_in(tx, actor, month, mode)?;
            let shown = jobs::show_in(tx, job.id)?;
            let place = format!("/api/v1/bill-runs/{}", job.id.0);
            Ok(Reply::accepted(place, &jobs::shape(&shown)))
        })
        .await
}

/// One's own bill of a month, for customers; drafts are not shown.
#[utoipa::path(get, path = "/me/bills/{month}", tag = "billing",
    params(("month" = String, Path, description = "The month, such as `2026-10`")),
    extensions(("x-permission" = json!("bills:own"))),
    responses((status = 200, description = "The bill", body = wire::Bill,
            headers(("ETag" = String, description = "What the bill is, for If-None-Match"))),
        (status = 304, description = "The bill is as If-None-Match has it")))]
async fn own(
    State(service): State<Service>,
    asking: Asking,
    seen: IfNoneMatch,
    Path(asked): Path<String>,
) -> Result<Response, Problem> {
    let month = month(&asked)?;
    let shown = service
        .look(&asking, Permission::BillsOwn, move |tx, caller| {
            let customer = caller.customer.ok_or_else(|| AppError::NotFound(String::new()))?;
            shown(&wire::bill(&billing::own(tx, customer, month)?))
        })
        .await?;
    Ok(tagged(shown, &seen))
}
