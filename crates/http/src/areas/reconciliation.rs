//! Reconciliation over HTTP: a day compared, the reports, and the work on what they found.
//!
//! It deliberately mends nothing.

use crate::extract::{Asking, IfMatch, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::{Reply, etag};
use crate::service::Service;
use app::reconciliation::wire::{KnownIssue, Reconciliation, WholeReconciliation};
use app::reconciliation::{self, Filter, Step};
use app::{AppError, Invalid};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use domain::calendar::Day;
use domain::ids::PersonId;
use domain::reconciliation::{IssueKind, IssueState, Severity};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list, run))
        .routes(routes!(show))
        .routes(routes!(issues))
        .routes(routes!(issue, change))
}

/// The day to be reconciled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliation {
    /// The business day, `YYYY-MM-DD`; without it yesterday.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    date: Option<String>,
}

/// Compares the books as of a day, with what the gateways of the settings list. What was found
/// before is answered again while nothing has changed.
#[utoipa::path(post, path = "/reconciliations", tag = "reconciliation",
    operation_id = "reconcile", request_body = NewReconciliation,
    extensions(("x-permission" = json!("reconciliation:write"))),
    responses((status = 201, description = "The report", body = WholeReconciliation,
        headers(("Location" = String, description = "Where it is")))))]
async fn run(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewReconciliation>,
) -> Result<Response, Problem> {
    let (rules, gateways) = (service.reconciliation(), service.payments().gateways.clone());
    let report = service
        .act(asking, Some(Permission::ReconciliationWrite), move |store, _, actor| {
            let day = match &body.date {
                None => actor.at.business_day().plus_days(-1),
                Some(text) => {
                    Day::parse(text).map_err(|error| Invalid::one("#/date", error.to_string()))?
                }
            };
            let asked = reconciliation::ask(store, &gateways, day)?;
            reconciliation::run(store, actor, day, rules, &asked.given)
        })
        .await?;
    let place = format!("/api/v1/reconciliations/{}", report.run.day);
    let body = Json(WholeReconciliation::from(&report));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], body).into_response())
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// The days that were reconciled, the latest first, a page at a time.
#[utoipa::path(get, path = "/reconciliations", tag = "reconciliation", params(ListQuery),
    operation_id = "list_reconciliations",
    extensions(("x-permission" = json!("reconciliation:read"))),
    responses((status = 200, description = "A page of reports", body = Page<Reconciliation>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Reconciliation>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = match page::place(query.after.as_deref())? {
        None => None,
        Some(text) => Some(Day::parse(&text).map_err(|_| bad_cursor())?),
    };
    let (found, next) = service
        .read(&asking, Permission::ReconciliationRead, move |tx, _| {
            reconciliation::list(tx, before, limit)
        })
        .await?;
    let next = next.map(|day| day.to_string());
    Ok(Json(Page::new(found.iter().map(Reconciliation::from).collect(), next.as_deref())))
}

fn bad_cursor() -> Problem {
    let what = "after is not a cursor of this list; take next from the page before";
    Problem::new(Code::BadRequest, what)
}

/// The report of a day.
#[utoipa::path(get, path = "/reconciliations/{date}", tag = "reconciliation",
    operation_id = "show_reconciliation",
    params(("date" = String, Path, description = "The business day, `YYYY-MM-DD`")),
    extensions(("x-permission" = json!("reconciliation:read"))),
    responses((status = 200, description = "The report", body = WholeReconciliation)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(date): Path<String>,
) -> Result<Json<WholeReconciliation>, Problem> {
    let report = service
        .read(&asking, Permission::ReconciliationRead, move |tx, _| {
            let none = |_| AppError::NotFound("there is no such day".to_owned());
            reconciliation::show(tx, Day::parse(&date).map_err(none)?)
        })
        .await?;
    Ok(Json(WholeReconciliation::from(&report)))
}

/// Which issues are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IssuesQuery {
    /// `open`, `assigned` or `closed`.
    #[param(pattern = "^(open|assigned|closed)$")]
    state: Option<String>,
    /// `error`, `warning` or `info`.
    #[param(pattern = "^(error|warning|info)$")]
    severity: Option<String>,
    /// Such as `amount_mismatch`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Reads a word of a query.
fn word<T>(
    name: &str,
    text: Option<&str>,
    read: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let unknown = || Problem::new(Code::BadRequest, format!("{name}: not one of its words"));
    text.map(|text| read(text).ok_or_else(unknown)).transpose()
}

/// Issues as they were found last, those found first last, a page at a time.
#[utoipa::path(get, path = "/reconciliation-issues", tag = "reconciliation", params(IssuesQuery),
    operation_id = "list_reconciliation_issues",
    extensions(("x-permission" = json!("reconciliation:read"))),
    responses((status = 200, description = "A page of issues", body = Page<KnownIssue>)))]
async fn issues(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<IssuesQuery>,
) -> Result<Json<Page<KnownIssue>>, Problem> {
    let limit = page::limit(query.limit)?;
    let filter = Filter {
        state: word("state", query.state.as_deref(), IssueState::from_name)?,
        severity: word("severity", query.severity.as_deref(), Severity::from_name)?,
        kind: word("type", query.kind.as_deref(), IssueKind::from_name)?,
    };
    let before = match page::place(query.after.as_deref())? {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| bad_cursor())?),
    };
    let (found, next) = service
        .read(&asking, Permission::ReconciliationRead, move |tx, _| {
            reconciliation::issues(tx, filter, before, limit)
        })
        .await?;
    let next = next.map(|id| id.to_string());
    Ok(Json(Page::new(found.iter().map(KnownIssue::from).collect(), next.as_deref())))
}

/// One issue.
#[utoipa::path(get, path = "/reconciliation-issues/{id}", tag = "reconciliation",
    operation_id = "show_reconciliation_issue",
    params(("id" = i64, Path, description = "The issue's number")),
    extensions(("x-permission" = json!("reconciliation:read"))),
    responses((status = 200, description = "The issue", body = KnownIssue,
        headers(("ETag" = String, description = "The version")))))]
async fn issue(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let found = service
        .read(&asking, Permission::ReconciliationRead, move |tx, _| reconciliation::issue(tx, id))
        .await?;
    let tag = etag(found.issue.version);
    Ok(([(header::ETAG, tag)], Json(KnownIssue::from(&found))).into_response())
}

/// A step of the work on an issue: give it to somebody, close it with a note, or open it again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueChange {
    /// `assigned`, `closed` or `open`; without it an assignee is meant to look after it.
    #[schema(pattern = "^(open|assigned|closed)$")]
    state: Option<String>,
    /// The number of the person who looks after it; to assign.
    assignee: Option<i64>,
    /// What was found and done; to close.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

impl IssueChange {
    fn step(&self) -> Result<Step<'_>, Invalid> {
        let state = self.state.as_deref();
        let alone = |step| match (state, self.note.is_some(), self.assignee.is_some()) {
            (Some("closed"), _, true) => Err(Invalid::one("#/assignee", "expected a note alone")),
            (Some("open"), true, _) => Err(Invalid::one("#/note", "expected the state alone")),
            (Some("open"), _, true) => Err(Invalid::one("#/assignee", "expected the state alone")),
            (_, true, true) => Err(Invalid::one("#/note", "a note is for closing")),
            _ => Ok(step),
        };
        match (state, self.assignee) {
            (None | Some("assigned"), Some(person)) => alone(Step::Assign(PersonId(person))),
            (Some("closed"), _) => alone(Step::Close(self.note.as_deref().unwrap_or_default())),
            (Some("open"), _) => alone(Step::Reopen),
            (Some("assigned"), None) => Err(Invalid::one("#/assignee", "name the person")),
            _ => Err(Invalid::one("#/state", "expected assigned, closed or open")),
        }
    }
}

/// Moves the work on an issue on.
#[utoipa::path(patch, path = "/reconciliation-issues/{id}", tag = "reconciliation",
    operation_id = "change_reconciliation_issue", request_body = IssueChange,
    params(("id" = i64, Path, description = "The issue's number"),
        ("If-Match" = String, Header, description = "The ETag of the version seen")),
    extensions(("x-permission" = json!("reconciliation:write"))),
    responses((status = 200, description = "The issue as it is now", body = KnownIssue,
        headers(("ETag" = String, description = "The version")))))]
async fn change(
    State(service): State<Service>,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
    Posted { asking, body }: Posted<IssueChange>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::ReconciliationWrite, move |tx, _, actor| {
            let now = reconciliation::change(tx, actor, id, Some(version), body.step()?)?;
            Ok(Reply::ok(&KnownIssue::from(&now)).version(now.issue.version))
        })
        .await
}
