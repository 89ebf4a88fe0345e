//! Payments over HTTP: recorded by people, listed, shown with all that followed, cleared, taken
//! back, and given to their customer.
//!
//! It deliberately has no way to change an amount. What gateways tell comes as webhooks.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::Reply;
use crate::service::Service;
use app::payments::wire::{Payment, WholePayment};
use app::payments::{self, NewReceipt, Wanted};
use app::{Actor, AppError, Invalid, Tx};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::calendar::Day;
use domain::ids::{PaymentId, PersonId};
use domain::money::Money;
use domain::payments::Provider;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list, record))
        .routes(routes!(show))
        .routes(routes!(clear))
        .routes(routes!(reverse))
        .routes(routes!(assign))
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The customer's code.
    customer_code: Option<String>,
    /// Only those of which nobody knows who pays.
    unmatched: Option<bool>,
    /// `cash`, `upi`, `bank`, `cheque`, `razorpay` or `stripe`.
    #[param(pattern = "^(cash|upi|bank|cheque|razorpay|stripe)$")]
    method: Option<String>,
    /// `created`, `authorized`, `captured`, `part-refunded`, `refunded`, `failed` or `disputed`.
    #[param(pattern = "^(created|authorized|captured|part-refunded|refunded|failed|disputed)$")]
    status: Option<String>,
    /// The first business day, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: Option<String>,
    /// The last business day, `YYYY-MM-DD`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    to: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Reads a word of a query.
pub(super) fn word<T>(
    name: &str,
    text: Option<&str>,
    read: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let unknown = || Problem::new(Code::BadRequest, format!("{name}: not one of its words"));
    text.map(|text| read(text).ok_or_else(unknown)).transpose()
}

/// Payments, the latest first, a page at a time.
#[utoipa::path(get, path = "/payments", tag = "payments", params(ListQuery),
    operation_id = "list_payments",
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "A page of payments", body = Page<Payment>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Payment>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let days = super::deliveries::days(query.from.as_deref(), query.to.as_deref())?;
    let provider = word("method", query.method.as_deref(), Provider::from_name)?;
    let state = word("status", query.status.as_deref(), domain::payments::State::from_name)?;
    let (found, next) = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| {
            let wanted = Wanted {
                customer: query.customer_code.as_deref(),
                unmatched: query.unmatched.unwrap_or(false),
                days: Some(days),
                provider,
                state,
            };
            payments::page(tx, &wanted, after.as_deref(), limit)
        })
        .await?;
    let items = found.iter().map(Payment::from).collect();
    Ok(Json(Page::new(items, next.as_deref())))
}

/// One payment with its log, what it paid, and what was posted for it.
#[utoipa::path(get, path = "/payments/{id}", tag = "payments", operation_id = "show_payment",
    params(("id" = i64, Path, description = "The payment's number")),
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "The payment", body = WholePayment)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Json<WholePayment>, Problem> {
    let shown = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| payments::show(tx, PaymentId(id)))
        .await?;
    Ok(Json(WholePayment::from(&shown)))
}

/// A receipt to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `cash`, `upi`, `bank` or `cheque`.
    #[schema(pattern = "^(cash|upi|bank|cheque)$")]
    method: String,
    /// How much, in rupees with up to two decimals.
    #[schema(min_length = 1)]
    amount: String,
    /// The bank's reference (RRN or UTR), or the number of the cheque; none for cash.
    reference: Option<String>,
    /// The customer's code.
    customer_code: Option<String>,
    /// The number of the bill that is paid; without it the oldest dues are.
    bill_number: Option<String>,
    /// The code of the plan that is bought, for its price; it then pays no bill.
    #[serde(alias = "plan_code")]
    plan: Option<String>,
    /// The number of the person who has taken the cash; without it the one who asks.
    person: Option<i64>,
    /// The business day it came, `YYYY-MM-DD`; without it today.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    date: Option<String>,
}

impl Receipt {
    fn read(self) -> Result<NewReceipt, AppError> {
        let mut invalid = Invalid::new();
        let way = Provider::from_name(&self.method).filter(|way| !way.is_gateway());
        let way = way.ok_or("expected cash, upi, bank or cheque");
        let way = invalid.take("#/method", way);
        let amount = invalid.take("#/amount", Money::parse(&self.amount));
        let day = self.date.as_deref().map(Day::parse).transpose();
        let day = invalid.take("#/date", day);
        invalid.check()?;
        let lost = || AppError::Changed("what was sent".to_owned());
        Ok(NewReceipt {
            way: way.ok_or_else(lost)?,
            amount: amount.ok_or_else(lost)?,
            reference: self.reference,
            customer: self.customer_code,
            bill: self.bill_number,
            plan: self.plan,
            person: self.person.map(PersonId),
            day: day.flatten(),
        })
    }
}

/// Records a receipt: cash, a transfer by its reference, or a cheque. It pays the bill named, else
/// the oldest dues; what is more becomes the customer's advance. Who has `cash:collect` and not
/// `payments:write` records cash that they have taken themselves, and nothing else. Cash needs an
/// Idempotency-Key: it has no reference by which it would be taken once.
#[utoipa::path(post, path = "/payments", tag = "payments", request_body = Receipt,
    operation_id = "record_payment",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "A new random value; cash needs it")),
    extensions(("x-permission" = json!("cash:collect"))),
    responses((status = 201, description = "The payment", body = WholePayment)))]
async fn record(
    State(service): State<Service>,
    Posted { asking, body }: Posted<Receipt>,
) -> Result<Response, Problem> {
    let is_cash = body.method == Provider::Cash.as_str();
    let asking = if is_cash { asking.once_only()? } else { asking };
    service
        .write(asking, Permission::CashCollect, move |tx, caller, actor| {
            let new = body.read()?;
            payments::cash::may_record(caller, &new)?;
            let id = payments::record(tx, actor, &new)?;
            let whole = WholePayment::from(&payments::show(tx, id)?);
            Ok(Reply::created(format!("/api/v1/payments/{}", id.0), &whole))
        })
        .await
}

/// Nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoMore {}

/// Changes a payment and answers with it.
async fn change(
    service: Service,
    asking: Asking,
    id: i64,
    work: impl FnOnce(&mut Tx<'_>, &Actor, PaymentId) -> Result<(), AppError> + Send + 'static,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::PaymentsWrite, move |tx, _, actor| {
            work(tx, actor, PaymentId(id))?;
            Ok(Reply::ok(&WholePayment::from(&payments::show(tx, PaymentId(id))?)))
        })
        .await
}

/// Notes that a cheque has become money in the bank.
#[utoipa::path(post, path = "/payments/{id}/clear", tag = "payments",
    operation_id = "clear_payment", request_body = NoMore,
    params(("id" = i64, Path, description = "The payment's number")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 200, description = "The payment as it is now", body = WholePayment)))]
async fn clear(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, .. }: Posted<NoMore>,
) -> Result<Response, Problem> {
    change(service, asking, id, payments::clear).await
}

/// Takes a receipt back: a cheque that bounced, or one recorded by mistake. What it paid is due
/// again.
#[utoipa::path(post, path = "/payments/{id}/reverse", tag = "payments",
    operation_id = "reverse_payment", request_body = NoMore,
    params(("id" = i64, Path, description = "The payment's number")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 200, description = "The payment as it is now", body = WholePayment)))]
async fn reverse(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, .. }: Posted<NoMore>,
) -> Result<Response, Problem> {
    change(service, asking, id, payments::reverse).await
}

/// Whose a payment is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payer {
    /// The customer's code.
    #[schema(min_length = 1)]
    customer_code: String,
    /// The number of the bill that is paid; without it the oldest dues are.
    bill_number: Option<String>,
}

/// Gives a payment whose customer was not known to its customer.
#[utoipa::path(post, path = "/payments/{id}/assign", tag = "payments",
    operation_id = "assign_payment", request_body = Payer,
    params(("id" = i64, Path, description = "The payment's number")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 200, description = "The payment as it is now", body = WholePayment)))]
async fn assign(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, body }: Posted<Payer>,
) -> Result<Response, Problem> {
    let work = move |tx: &mut Tx<'_>, actor: &Actor, id| {
        payments::assign(tx, actor, id, &body.customer_code, body.bill_number.as_deref())
    };
    change(service, asking, id, work).await
}
