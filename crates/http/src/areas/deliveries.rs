//! Deliveries over HTTP: reported in lists, looked up by customer or by days.
//!
//! It deliberately has no way to remove one; a wrong report is corrected by another.

use super::imports::{Done, must_fit};
use super::orders::OnBill;
use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::Reply;
use crate::service::Service;
use app::deliveries::{self, Asked, Listed};
use app::import::{Kind, Record, import_records};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::calendar::Day;
use domain::deliveries::Status;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Deliveries taken in one request at most.
const MAX_DELIVERIES: usize = 2_000;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(of_days, report))
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// The customer's code.
    customer_code: String,
    /// The day.
    date: String,
    /// `morning` or `evening`.
    shift: &'static str,
    /// The product's code.
    sku: String,
    /// The sender's reference; empty when it gave none.
    reference: String,
    /// How much, with three decimals.
    quantity: String,
    /// `delivered`, `missed` or `skipped`.
    status: &'static str,
    /// The bill it stands on.
    #[schema(required)]
    on: Option<OnBill>,
}

impl From<Listed> for Delivery {
    fn from(listed: Listed) -> Self {
        Self {
            customer_code: listed.customer_code,
            date: listed.day.to_string(),
            shift: listed.shift.as_str(),
            sku: listed.sku,
            reference: listed.reference,
            quantity: listed.quantity.to_string(),
            status: listed.status.as_str(),
            on: listed.on.map(OnBill::from),
        }
    }
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The first day, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: Option<String>,
    /// The last day, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    to: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Two days from a query, from the first to the last there is when they are absent.
pub(super) fn days(from: Option<&str>, to: Option<&str>) -> Result<(Day, Day), Problem> {
    let day = |name: &str, text: Option<&str>, otherwise: Day| match text {
        None => Ok(otherwise),
        Some(text) => Day::parse(text)
            .map_err(|error| Problem::new(Code::BadRequest, format!("{name}: {error}"))),
    };
    let last = Day::from_number(9999_12_31).unwrap_or(Day::MIN);
    Ok((day("from", from, Day::MIN)?, day("to", to, last)?))
}

/// The deliveries of a customer by day, a page at a time.
#[utoipa::path(get, path = "/customers/{code}/deliveries", tag = "deliveries",
    operation_id = "list_deliveries",
    params(("code" = String, Path, description = "The customer's code"), ListQuery),
    extensions(("x-permission" = json!("deliveries:read"))),
    responses((status = 200, description = "A page of deliveries", body = Page<Delivery>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Path(code): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let days = days(query.from.as_deref(), query.to.as_deref())?;
    let (found, next) = service
        .read(&asking, Permission::DeliveriesRead, move |tx, _| {
            deliveries::page(tx, &code, days, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.into_iter().map(Delivery::from).collect(), next.as_deref())))
}

/// What is asked of the list over all customers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// The first day, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: String,
    /// The last day, `YYYY-MM-DD`, at most 30 days after the first; the first when absent.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    to: Option<String>,
    /// Only this customer's, by code.
    customer: Option<String>,
    /// Only of this product, by its code.
    sku: Option<String>,
    /// `delivered`, `missed` or `skipped`.
    #[param(pattern = "^(delivered|missed|skipped)$")]
    status: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// The deliveries of up to 31 days, in the order in which customers were added and then by day, a
/// page at a time.
#[utoipa::path(get, path = "/deliveries", tag = "deliveries", params(DaysQuery),
    operation_id = "list_deliveries_of_days",
    extensions(("x-permission" = json!("deliveries:read"))),
    responses((status = 200, description = "A page of deliveries", body = Page<Delivery>),
        (status = 404, description = "There is no such customer or product", body = Problem,
            content_type = "application/problem+json")))]
async fn of_days(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<DaysQuery>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let to = query.to.as_deref().unwrap_or(&query.from);
    let status = match query.status.as_deref() {
        None => None,
        Some(word) => Some(Status::parse(word).ok_or_else(|| {
            let what = "status: expected delivered, missed or skipped";
            Problem::new(Code::BadRequest, what)
        })?),
    };
    let days = days(Some(&query.from), Some(to))?;
    let asked = Asked { days, customer: query.customer, sku: query.sku, status };
    let (found, next) = service
        .read(&asking, Permission::DeliveriesRead, move |tx, _| {
            deliveries::of_days(tx, &asked, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.into_iter().map(Delivery::from).collect(), next.as_deref())))
}

/// A delivery as it is reported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDelivery {
    /// The sender's own reference, used once.
    #[schema(max_length = 64)]
    reference: Option<String>,
    /// The day, `YYYY-MM-DD`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    date: String,
    /// `morning` or `evening`.
    #[schema(pattern = "^(morning|evening)$")]
    shift: String,
    /// The customer's code.
    #[schema(min_length = 1, max_length = 64)]
    customer_code: String,
    /// The product's code.
    #[schema(min_length = 1, max_length = 64)]
    sku: String,
    /// How much, with up to three decimals.
    #[schema(min_length = 1)]
    quantity: String,
    /// `delivered`, `missed` or `skipped`.
    #[schema(pattern = "^(delivered|missed|skipped)$")]
    status: String,
}

/// Deliveries to be kept, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeliveries {
    /// The deliveries.
    #[schema(min_items = 1, max_items = 2000)]
    deliveries: Vec<NewDelivery>,
}

/// Reports deliveries. One is known by its reference, else by day, shift, customer and product:
/// sent again it changes nothing, sent with other facts it corrects what no issued bill has taken.
#[utoipa::path(post, path = "/deliveries", tag = "deliveries", request_body = NewDeliveries,
    operation_id = "report_deliveries",
    extensions(("x-permission" = json!("deliveries:write"))),
    responses((status = 200, description = "What was done", body = Done)))]
async fn report(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewDeliveries>,
) -> Result<Response, Problem> {
    must_fit("#/deliveries", body.deliveries.len(), MAX_DELIVERIES)?;
    let record = |delivery: NewDelivery| -> Record {
        vec![
            ("reference", delivery.reference),
            ("date", Some(delivery.date)),
            ("shift", Some(delivery.shift)),
            ("customer_code", Some(delivery.customer_code)),
            ("sku", Some(delivery.sku)),
            ("quantity", Some(delivery.quantity)),
            ("status", Some(delivery.status)),
        ]
    };
    let records: Vec<Record> = body.deliveries.into_iter().map(record).collect();
    service
        .write(asking, Permission::DeliveriesWrite, move |tx, _, actor| {
            let list = Some("#/deliveries");
            let (id, tally) = import_records(tx, actor, Kind::Deliveries, &records, list)?;
            Ok(Reply::ok(&Done::new(id, &tally)))
        })
        .await
}
