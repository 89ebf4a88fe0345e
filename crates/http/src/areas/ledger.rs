//! The ledger over HTTP: what every account and every customer comes to.
//!
//! It deliberately posts nothing; postings follow from bills and payments.

use crate::extract::Asking;
use crate::problem::Problem;
use crate::service::Service;
use app::ledger;
use axum::Json;
use axum::extract::State;
use domain::access::Permission;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(balances))
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
