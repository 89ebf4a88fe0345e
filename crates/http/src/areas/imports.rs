//! Imports of CSV files over HTTP, and the list of what was imported.
//!
//! It deliberately takes a file whole or not at all, like the command.

use crate::extract::{Asking, Path, PostedFile, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::Reply;
use crate::service::Service;
use app::import::{self, Import, Kind, Tally, import_sent};
use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use domain::access::Permission;
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes that look up.
pub fn list_routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The routes that take files of at most so many bytes; larger ones go through the command.
pub fn send_routes(most_bytes: usize) -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(send)).layer(DefaultBodyLimit::max(most_bytes))
}

/// What an import did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The import.
    import: i64,
    /// Records that were sent.
    rows: u64,
    /// Records added.
    added: u64,
    /// Records changed.
    changed: u64,
    /// Records that said what was known.
    unchanged: u64,
}

impl Done {
    pub(super) fn new(import: i64, tally: &Tally) -> Self {
        let Tally { rows, added, changed, unchanged } = *tally;
        Self { import, rows, added, changed, unchanged }
    }
}

/// Refuses a list that is empty or too long.
pub(super) fn must_fit(pointer: &str, count: usize, most: usize) -> Result<(), Problem> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    let what = format!("it has {count} records; expected 1 to {most}");
    Err(Problem::new(Code::Invalid, "a part of the body cannot be accepted").at(pointer, what))
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportShape {
    /// Its number.
    import: i64,
    /// `customers`, `products`, `prices`, `deliveries` or `orders`.
    kind: String,
    /// What the file is called.
    file_name: String,
    /// Records that were sent.
    rows: u64,
    /// Records added.
    added: u64,
    /// Records changed.
    changed: u64,
    /// Records that said what was known.
    unchanged: u64,
    /// Who imported it.
    actor: String,
    /// When (RFC 3339).
    at: String,
}

impl From<Import> for ImportShape {
    fn from(import: Import) -> Self {
        let Tally { rows, added, changed, unchanged } = import.tally;
        Self {
            import: import.id,
            kind: import.kind,
            file_name: import.file_name,
            rows,
            added,
            changed,
            unchanged,
            actor: import.actor,
            at: import.at.rfc3339(),
        }
    }
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

/// Imports, the newest first, a page at a time.
#[utoipa::path(get, path = "/imports", tag = "imports", params(ListQuery),
    operation_id = "list_imports",
    extensions(("x-permission" = json!("deliveries:read"))),
    responses((status = 200, description = "A page of imports", body = Page<ImportShape>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ImportShape>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (found, next) = service
        .read(&asking, Permission::DeliveriesRead, move |tx, _| {
            import::page(tx, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.into_iter().map(ImportShape::from).collect(), next.as_deref())))
}

/// Imports a CSV file with a header, as `docs/reference/csv.md` describes it: whole, or not at
/// all with every bad row named. The caller needs the permission to write its kind.
#[utoipa::path(post, path = "/imports/{kind}", tag = "imports", operation_id = "import_file",
    params(("kind" = String, Path,
        description = "`customers`, `products`, `prices`, `deliveries` or `orders`")),
    request_body(content = String, content_type = "text/csv"),
    extensions(("x-permission" = json!("deliveries:write"))),
    responses((status = 200, description = "What was done", body = Done)))]
async fn send(
    State(service): State<Service>,
    Path(kind): Path<String>,
    PostedFile { asking, body }: PostedFile,
) -> Result<Response, Problem> {
    let kind = Kind::parse(&kind).ok_or_else(|| {
        let what = "expected customers, products, prices, deliveries or orders";
        Problem::new(Code::NotFound, what)
    })?;
    let permission = match kind {
        Kind::Customers => Permission::CustomersWrite,
        Kind::Products | Kind::Prices => Permission::CatalogWrite,
        Kind::Deliveries | Kind::Orders => Permission::DeliveriesWrite,
    };
    service
        .write(asking, Permission::DeliveriesWrite, move |tx, caller, actor| {
            caller.may(permission)?;
            let name = format!("{}.csv", kind.as_str());
            let (id, tally) = import_sent(tx, actor, kind, &name, Box::new(Cursor::new(body)))?;
            Ok(Reply::ok(&Done::new(id, &tally)))
        })
        .await
}
