//! The audit trail over HTTP: searched, and as a report.
//!
//! It deliberately changes nothing; not even an owner can.

use crate::download::{self, Kind};
use crate::extract::{Asking, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::audit::{self, Filter, Shape, shape};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(report))
}

/// Which rows are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// About this table, such as `bills`.
    table: Option<String>,
    /// About this record of the table, such as a customer's code.
    record: Option<String>,
    /// Of this person, by number.
    person: Option<i32>,
    /// Of this action, such as `change`.
    action: Option<String>,
    /// Not before this moment (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this moment (RFC 3339).
    #[param(format = DateTime)]
    until: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Which rows a report holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// About this table, such as `bills`.
    table: Option<String>,
    /// About this record of the table, such as a customer's code.
    record: Option<String>,
    /// Of this person, by number.
    person: Option<i32>,
    /// Of this action, such as `change`.
    action: Option<String>,
    /// Not before this moment (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this moment (RFC 3339).
    #[param(format = DateTime)]
    until: Option<String>,
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<Moment>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    Moment::parse(text).map(Some).ok_or_else(|| {
        let what = format!("{name}: expected a moment such as 2026-10-31T18:00:00+05:30");
        Problem::new(Code::BadRequest, what)
    })
}

fn filter(query: ReportQuery) -> Result<Filter, Problem> {
    let ReportQuery { table, record, person, action, from, until } = query;
    if record.is_some() && table.is_none() {
        let what = "table: expected the table of the record as well, such as customers";
        return Err(Problem::new(Code::BadRequest, what));
    }
    let (from, until) = (moment("from", from.as_deref())?, moment("until", until.as_deref())?);
    Ok(Filter { table, record, person: person.map(|id| PersonId(id.into())), action, from, until })
}

/// The audit trail, the newest rows first, a page at a time.
#[utoipa::path(get, path = "/audit", tag = "audit", params(ListQuery), operation_id = "list_audit",
    extensions(("x-permission" = json!("audit:read"))),
    responses((status = 200, description = "A page of rows", body = Page<Shape>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Shape>>, Problem> {
    let ListQuery { table, record, person, action, from, until, limit, after } = query;
    let filter = filter(ReportQuery { table, record, person, action, from, until })?;
    let limit = page::limit(limit)?;
    let after = page::place(after.as_deref())?;
    let after = after.as_deref().map(audit::parse_cursor).transpose().map_err(|_| {
        let what = "after is not a cursor of this list; take next from the page before";
        Problem::new(Code::BadRequest, what)
    })?;
    let listed = service
        .act(asking, Some(Permission::AuditRead), move |store, _, _| {
            audit::list(store, &filter, after, u32::from(limit))
        })
        .await?;
    let next = listed.next.map(|cursor| format!("{}.{}", cursor.at.unix_micros(), cursor.id));
    Ok(Json(Page::new(listed.rows.iter().map(shape).collect(), next.as_deref())))
}

/// The rows asked for as a CSV file, which is sent while it is written; one that ends before its
/// time is not whole.
#[utoipa::path(get, path = "/audit/report", tag = "audit", params(ReportQuery),
    operation_id = "report_audit",
    extensions(("x-permission" = json!("audit:read"))),
    responses((status = 200, description = "The report", body = String,
        content_type = "text/csv")))]
async fn report(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    let filter = filter(query)?;
    let kind = Kind { media_type: "text/csv; charset=utf-8", file_name: "audit.csv" };
    download::send(&service, &asking, Permission::AuditRead, kind, move |store, out| {
        audit::report(store, &filter, out).map(|_| ())
    })
    .await
}
