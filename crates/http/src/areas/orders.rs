//! One-time orders over HTTP: reported in lists, looked up by customer, state and day.
//!
//! It deliberately has no way to remove one; an order that is not wanted is cancelled.

use super::deliveries::days;
use super::imports::{Done, must_fit};
use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::Reply;
use crate::service::Service;
use app::import::{Kind, Record, import_records};
use app::orders::{self, Listed};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::orders::Status;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Orders taken in one request at most.
const MAX_ORDERS: usize = 1_000;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list, report)).routes(routes!(show))
}

/// Where a delivery or order stands on a bill.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnBill {
    /// The bill's number; null for a draft.
    #[schema(required)]
    number: Option<String>,
    /// The bill's month.
    month: String,
    /// The line, from 1.
    line: i64,
}

impl From<orders::OnBill> for OnBill {
    fn from(on: orders::OnBill) -> Self {
        let month = format!("{:04}-{:02}", on.month / 100, on.month % 100);
        Self { number: on.number, month, line: on.line }
    }
}

/// A one-time order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Order {
    /// The sender's reference.
    reference: String,
    /// The day it was asked for.
    ordered_on: String,
    /// The day it was or will be delivered.
    delivery_date: String,
    /// The customer's code.
    customer_code: String,
    /// The product's code.
    sku: String,
    /// How much, with three decimals.
    quantity: String,
    /// `pending`, `delivered` or `cancelled`.
    status: &'static str,
    /// The price agreed for it, in rupees with three decimals.
    #[schema(required)]
    price: Option<String>,
    /// The bill it stands on.
    #[schema(required)]
    on: Option<OnBill>,
}

impl From<Listed> for Order {
    fn from(listed: Listed) -> Self {
        Self {
            reference: listed.reference,
            ordered_on: listed.ordered_on.to_string(),
            delivery_date: listed.delivery_day.to_string(),
            customer_code: listed.customer_code,
            sku: listed.sku,
            quantity: listed.quantity.to_string(),
            status: listed.status.as_str(),
            price: listed.agreed_price.map(|price| price.to_string()),
            on: listed.on.map(OnBill::from),
        }
    }
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The customer's code.
    customer_code: Option<String>,
    /// `pending`, `delivered` or `cancelled`.
    #[param(pattern = "^(pending|delivered|cancelled)$")]
    status: Option<String>,
    /// The first day of delivery, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: Option<String>,
    /// The last day of delivery, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    to: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Orders in the order in which they came, a page at a time.
#[utoipa::path(get, path = "/orders", tag = "orders", params(ListQuery),
    operation_id = "list_orders",
    extensions(("x-permission" = json!("deliveries:read"))),
    responses((status = 200, description = "A page of orders", body = Page<Order>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Order>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let days = days(query.from.as_deref(), query.to.as_deref())?;
    let status = match query.status.as_deref() {
        None => None,
        Some(word) => Some(Status::parse(word).ok_or_else(|| {
            let what = "status: expected pending, delivered or cancelled";
            Problem::new(Code::BadRequest, what)
        })?),
    };
    let (found, next) = service
        .read(&asking, Permission::DeliveriesRead, move |tx, _| {
            let customer = query.customer_code.as_deref();
            orders::page(tx, customer, status, days, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.into_iter().map(Order::from).collect(), next.as_deref())))
}

/// One order.
#[utoipa::path(get, path = "/orders/{reference}", tag = "orders", operation_id = "show_order",
    params(("reference" = String, Path, description = "The sender's reference")),
    extensions(("x-permission" = json!("deliveries:read"))),
    responses((status = 200, description = "The order", body = Order)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(reference): Path<String>,
) -> Result<Json<Order>, Problem> {
    let listed = service
        .look(&asking, Permission::DeliveriesRead, move |tx, _| {
            orders::by_reference(tx, &reference)
        })
        .await?;
    Ok(Json(Order::from(listed)))
}

/// An order as it is reported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The sender's own reference, used once.
    #[schema(min_length = 1, max_length = 64)]
    reference: String,
    /// The day it was asked for, `YYYY-MM-DD`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    ordered_on: String,
    /// The day of delivery, `YYYY-MM-DD`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    delivery_date: String,
    /// The customer's code.
    #[schema(min_length = 1, max_length = 64)]
    customer_code: String,
    /// The product's code.
    #[schema(min_length = 1, max_length = 64)]
    sku: String,
    /// How much, with up to three decimals.
    #[schema(min_length = 1)]
    quantity: String,
    /// `pending`, `delivered` or `cancelled`.
    #[schema(pattern = "^(pending|delivered|cancelled)$")]
    status: String,
    /// The price agreed for it, in rupees with up to three decimals.
    price: Option<String>,
}

/// Orders to be kept, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrders {
    /// The orders.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<NewOrder>,
}

/// Reports orders. One is known by its reference: sent again it changes nothing, sent with other
/// facts it corrects what no issued bill has taken.
#[utoipa::path(post, path = "/orders", tag = "orders", request_body = NewOrders,
    operation_id = "report_orders",
    extensions(("x-permission" = json!("deliveries:write"))),
    responses((status = 200, description = "What was done", body = Done)))]
async fn report(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewOrders>,
) -> Result<Response, Problem> {
    must_fit("#/orders", body.orders.len(), MAX_ORDERS)?;
    let record = |order: NewOrder| -> Record {
        vec![
            ("reference", Some(order.reference)),
            ("ordered_on", Some(order.ordered_on)),
            ("delivery_date", Some(order.delivery_date)),
            ("customer_code", Some(order.customer_code)),
            ("sku", Some(order.sku)),
            ("quantity", Some(order.quantity)),
            ("status", Some(order.status)),
            ("price", order.price),
        ]
    };
    let records: Vec<Record> = body.orders.into_iter().map(record).collect();
    service
        .write(asking, Permission::DeliveriesWrite, move |tx, _, actor| {
            let (id, tally) = import_records(tx, actor, Kind::Orders, &records, Some("#/orders"))?;
            Ok(Reply::ok(&Done::new(id, &tally)))
        })
        .await
}
