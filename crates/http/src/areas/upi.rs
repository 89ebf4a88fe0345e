//! UPI links over HTTP: of a bill, of one's own bill, of all that a customer owes.
//!
//! It deliberately needs no gateway and tells nobody: a payer's program opens the link.

use crate::extract::{Asking, Path};
use crate::problem::Problem;
use crate::service::Service;
use app::AppError;
use app::payments::{self, UpiPayment};
use axum::Json;
use axum::extract::State;
use domain::access::Permission;
use domain::calendar::Month;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(of_bill)).routes(routes!(own)).routes(routes!(of_customer))
}

/// The UPI link of an issued bill, for what is still due of it.
#[utoipa::path(get, path = "/bills/{prefix}/{year}/{serial}/upi", tag = "payments",
    operation_id = "upi_of_bill",
    params(("prefix" = String, Path, description = "The prefix, such as `INV`"),
        ("year" = String, Path, description = "The financial year, such as `26-27`"),
        ("serial" = String, Path, description = "The serial, such as `000001`")),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "The link, and the text of its QR code",
        body = UpiPayment)))]
async fn of_bill(
    State(service): State<Service>,
    asking: Asking,
    Path((prefix, year, serial)): Path<(String, String, String)>,
) -> Result<Json<UpiPayment>, Problem> {
    let (number, desk) = (format!("{prefix}/{year}/{serial}"), service.payments().clone());
    let found = service
        .read(&asking, Permission::BillsRead, move |tx, _| {
            payments::upi_of_bill(tx, &desk, &number)
        })
        .await?;
    Ok(Json(found))
}

/// The UPI link of one's own bill of a month, for customers.
#[utoipa::path(get, path = "/me/bills/{month}/upi", tag = "payments",
    operation_id = "upi_of_own_bill",
    params(("month" = String, Path, description = "The month, such as `2026-10`")),
    extensions(("x-permission" = json!("bills:own"))),
    responses((status = 200, description = "The link, and the text of its QR code",
        body = UpiPayment)))]
async fn own(
    State(service): State<Service>,
    asking: Asking,
    Path(asked): Path<String>,
) -> Result<Json<UpiPayment>, Problem> {
    let month = Month::parse(&asked);
    let month = month.map_err(|error| AppError::BadPlace(format!("month: {error}")))?;
    let desk = service.payments().clone();
    let found = service
        .read(&asking, Permission::BillsOwn, move |tx, caller| {
            let customer = caller.customer.ok_or_else(|| AppError::NotFound(String::new()))?;
            payments::upi_of_own_bill(tx, &desk, customer, month)
        })
        .await?;
    Ok(Json(found))
}

/// The UPI link of all that a customer owes.
#[utoipa::path(get, path = "/customers/{code}/upi", tag = "payments",
    operation_id = "upi_of_customer",
    params(("code" = String, Path, description = "The customer's code")),
    extensions(("x-permission" = json!("bills:read"))),
    responses((status = 200, description = "The link, and the text of its QR code",
        body = UpiPayment)))]
async fn of_customer(
    State(service): State<Service>,
    asking: Asking,
    Path(code): Path<String>,
) -> Result<Json<UpiPayment>, Problem> {
    let desk = service.payments().clone();
    let found = service
        .read(&asking, Permission::BillsRead, move |tx, _| {
            payments::upi_of_customer(tx, &desk, &code)
        })
        .await?;
    Ok(Json(found))
}
