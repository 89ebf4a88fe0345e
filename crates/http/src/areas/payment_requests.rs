//! What gateways are asked for over HTTP, so that customers can pay: asked for, listed, shown,
//! withdrawn, confirmed.
//!
//! It deliberately calls no gateway: a request is accepted, and a worker acts on it.

use super::payments::{NoMore, word};
use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::service::Service;
use app::payments::wire::PaymentRequest;
use app::payments::{self, NewRequest, Returned, WantedRequests};
use app::{AppError, Invalid};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::RequestId;
use domain::money::Money;
use domain::payments::{Provider, RequestKind, RequestState};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(cancel))
        .routes(routes!(confirm))
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The customer's code.
    customer_code: Option<String>,
    /// `razorpay` or `stripe`.
    #[param(pattern = "^(razorpay|stripe)$")]
    provider: Option<String>,
    /// `new`, `sent`, `done`, `refused`, `unknown`, `cancelled`, `expired` or `paid`.
    #[param(pattern = "^(new|sent|done|refused|unknown|cancelled|expired|paid)$")]
    status: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

fn gateway(text: &str) -> Option<Provider> {
    Provider::from_name(text).filter(|provider| provider.is_gateway())
}

/// What gateways were asked for, the latest first, a page at a time.
#[utoipa::path(get, path = "/payment-requests", tag = "payments", params(ListQuery),
    operation_id = "list_payment_requests",
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "A page of requests", body = Page<PaymentRequest>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<PaymentRequest>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let provider = word("provider", query.provider.as_deref(), gateway)?;
    let state = word("status", query.status.as_deref(), RequestState::from_name)?;
    let (found, next) = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| {
            let customer = query.customer_code.as_deref();
            let wanted = WantedRequests { customer, provider, state };
            payments::requests_page(tx, &wanted, after.as_deref(), limit)
        })
        .await?;
    let key_id = service.payments().gateways.razorpay_key_id();
    let items = found.iter().map(|asked| PaymentRequest::of(asked, key_id)).collect();
    Ok(Json(Page::new(items, next.as_deref())))
}

/// One request.
#[utoipa::path(get, path = "/payment-requests/{id}", tag = "payments",
    operation_id = "show_payment_request",
    params(("id" = i64, Path, description = "The request's number")),
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "The request", body = PaymentRequest)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Json<PaymentRequest>, Problem> {
    let asked = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| {
            payments::show_request(tx, RequestId(id))
        })
        .await?;
    Ok(Json(PaymentRequest::of(&asked, service.payments().gateways.razorpay_key_id())))
}

/// Something that a gateway is to be asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentRequest {
    /// `razorpay` or `stripe`.
    #[schema(pattern = "^(razorpay|stripe)$")]
    provider: String,
    /// `order`, `link` or `qr` of Razorpay, `checkout` of Stripe.
    #[schema(pattern = "^(order|link|qr|checkout)$")]
    kind: String,
    /// The customer's code; not needed with a bill.
    customer_code: Option<String>,
    /// The number of the bill to be paid.
    bill_number: Option<String>,
    /// How much, in rupees with up to two decimals; without it what is due. A QR code of a customer
    /// without an amount takes any, again and again.
    amount: Option<String>,
    /// Whether less may be paid; of orders and links only.
    in_parts: Option<bool>,
    /// When it ends, such as `2026-10-31T18:00:00+05:30`.
    expires_at: Option<String>,
    /// The plan to be bought; needs an amount.
    plan_code: Option<String>,
}

impl NewPaymentRequest {
    fn read(self) -> Result<NewRequest, AppError> {
        let mut invalid = Invalid::new();
        let provider = gateway(&self.provider).ok_or("expected razorpay or stripe");
        let provider = invalid.take("#/provider", provider);
        let kind = RequestKind::from_name(&self.kind).ok_or("expected order, link, qr, checkout");
        let kind = invalid.take("#/kind", kind);
        let amount = self.amount.as_deref().map(Money::parse).transpose();
        let amount = invalid.take("#/amount", amount);
        let moment = "expected a moment such as 2026-10-31T18:00:00+05:30";
        let end = self.expires_at.as_deref().map(|text| Moment::parse(text).ok_or(moment));
        let end = end.transpose();
        let end = invalid.take("#/expires_at", end);
        invalid.check()?;
        let lost = || AppError::Changed("what was sent".to_owned());
        Ok(NewRequest {
            provider: provider.ok_or_else(lost)?,
            kind: kind.ok_or_else(lost)?,
            customer: self.customer_code,
            bill: self.bill_number,
            amount: amount.flatten(),
            in_parts: self.in_parts.unwrap_or(false),
            expires_at: end.flatten(),
            plan: self.plan_code,
        })
    }
}

/// Asks a gateway for an order, a payment link, a QR code or a checkout session. It is kept, and a
/// worker calls the gateway soon after. Needs an Idempotency-Key.
#[utoipa::path(post, path = "/payment-requests", tag = "payments",
    operation_id = "ask_for_payment", request_body = NewPaymentRequest,
    params(("Idempotency-Key" = String, Header, description = "A new random value")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 202, description = "The request, to be sent", body = PaymentRequest,
        headers(("Location" = String, description = "Where the request is")))))]
async fn ask(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewPaymentRequest>,
) -> Result<Response, Problem> {
    let desk = service.payments().clone();
    service
        .write(asking.once_only()?, Permission::PaymentsWrite, move |tx, _, actor| {
            let id = payments::ask(tx, actor, &desk.gateways, &body.read()?)?;
            let asked = payments::show_request(tx, id)?;
            let shown = PaymentRequest::of(&asked, desk.gateways.razorpay_key_id());
            Ok(Reply::accepted(format!("/api/v1/payment-requests/{}", id.0), &shown))
        })
        .await
}

/// Withdraws a request; a worker withdraws at the gateway what it has made. What is paid all the
/// same is booked.
#[utoipa::path(post, path = "/payment-requests/{id}/cancel", tag = "payments",
    operation_id = "cancel_payment_request", request_body = NoMore,
    params(("id" = i64, Path, description = "The request's number")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 202, description = "The request as it is now", body = PaymentRequest)))]
async fn cancel(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, .. }: Posted<NoMore>,
) -> Result<Response, Problem> {
    let desk = service.payments().clone();
    service
        .write(asking, Permission::PaymentsWrite, move |tx, _, actor| {
            payments::cancel(tx, actor, RequestId(id))?;
            let asked = payments::show_request(tx, RequestId(id))?;
            let shown = PaymentRequest::of(&asked, desk.gateways.razorpay_key_id());
            Ok(Reply::accepted(format!("/api/v1/payment-requests/{id}"), &shown))
        })
        .await
}

/// What a payer's browser brings back from Razorpay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// The payment.
    #[schema(min_length = 1)]
    razorpay_payment_id: String,
    /// The signature.
    #[schema(min_length = 1)]
    razorpay_signature: String,
    /// The status of a payment link.
    razorpay_payment_link_status: Option<String>,
    /// The order, as the browser has it; the one that was kept is checked.
    #[serde(rename = "razorpay_order_id")]
    _order: Option<String>,
    /// The link, as the browser has it; the one that was kept is checked.
    #[serde(rename = "razorpay_payment_link_id")]
    _link: Option<String>,
    /// Our reference, as the browser has it; the one that was kept is checked.
    #[serde(rename = "razorpay_payment_link_reference_id")]
    _reference: Option<String>,
}

/// Checks the signature with which a payer's browser comes back. It books nothing: a worker asks
/// the gateway, and what that tells is booked.
#[utoipa::path(post, path = "/payment-requests/{id}/confirm", tag = "payments",
    operation_id = "confirm_payment_request", request_body = Return,
    params(("id" = i64, Path, description = "The request's number")),
    extensions(("x-permission" = json!("payments:write"))),
    responses((status = 202, description = "It is authentic, and the gateway is asked",
        body = PaymentRequest)))]
async fn confirm(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, body }: Posted<Return>,
) -> Result<Response, Problem> {
    let desk = service.payments().clone();
    let returned = Returned {
        payment: body.razorpay_payment_id,
        signature: body.razorpay_signature,
        link_status: body.razorpay_payment_link_status,
    };
    service
        .write(asking, Permission::PaymentsWrite, move |tx, _, actor| {
            payments::confirm(tx, actor, &desk.gateways, RequestId(id), &returned)?;
            let asked = payments::show_request(tx, RequestId(id))?;
            let shown = PaymentRequest::of(&asked, desk.gateways.razorpay_key_id());
            Ok(Reply::accepted(format!("/api/v1/payment-requests/{id}"), &shown))
        })
        .await
}
