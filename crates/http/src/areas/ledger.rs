//! The ledger over HTTP: what every account comes to, and the journal for other programs.
//!
//! It deliberately posts nothing; postings follow from bills and payments.

use crate::download::{self, Kind};
use crate::extract::{Asking, Query};
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::ledger::{self, Format};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The media type of rows.
const CSV: &str = "text/csv; charset=utf-8";
/// The media type of journals of other programs, which have none of their own.
const PLAIN: &str = "text/plain; charset=utf-8";

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(balances)).routes(routes!(export))
}

/// What an account comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBalance {
    /// The account.
    account: String,
    /// Debits less credits, in rupees with two decimals.
    balance: String,
}

/// What the ledger comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balances {
    /// Every account; they sum to zero.
    accounts: Vec<AccountBalance>,
}

/// What every account comes to.
#[utoipa::path(get, path = "/ledger/balances", tag = "ledger",
    extensions(("x-permission" = json!("ledger:read"))),
    responses((status = 200, description = "The balances", body = Balances)))]
async fn balances(
    State(service): State<Service>,
    asking: Asking,
) -> Result<Json<Balances>, Problem> {
    let accounts =
        service.read(&asking, Permission::LedgerRead, |tx, _| ledger::accounts(tx)).await?;
    let accounts = accounts.into_iter().map(|(account, balance)| AccountBalance {
        account: account.as_str().to_owned(),
        balance: balance.to_string(),
    });
    Ok(Json(Balances { accounts: accounts.collect() }))
}

/// What is asked of an export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `hledger`, `beancount` or `csv`.
    #[param(pattern = "^(hledger|beancount|csv)$")]
    format: String,
}

/// The whole journal as a file, as `dairyos ledger export` writes it. It is sent while it is
/// written; one that ends before its time is not whole.
#[utoipa::path(get, path = "/ledger/export", tag = "ledger", params(ExportQuery),
    operation_id = "export_ledger",
    extensions(("x-permission" = json!("ledger:read"))),
    responses((status = 200, description = "The journal",
        content((String = "text/csv"), (String = "text/plain")))))]
async fn export(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let format = Format::from_name(&query.format).ok_or_else(|| {
        Problem::new(Code::BadRequest, "format: expected hledger, beancount or csv")
    })?;
    let kind = match format {
        Format::Csv => Kind { media_type: CSV, file_name: "ledger.csv" },
        Format::Hledger => Kind { media_type: PLAIN, file_name: "ledger.hledger" },
        Format::Beancount => Kind { media_type: PLAIN, file_name: "ledger.beancount" },
    };
    download::send(&service, &asking, Permission::LedgerRead, kind, move |store, out| {
        ledger::export(store, format, out)
    })
    .await
}
