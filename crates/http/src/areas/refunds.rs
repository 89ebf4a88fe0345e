//! Refunds over HTTP: asked for, agreed to or declined by another person, paid by hand, listed and
//! shown.
//!
//! It deliberately calls no gateway: what one shall pay is accepted, and a worker acts on it.

use super::payments::{NoMore, word};
use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::service::Service;
use app::payments::wire::Refund;
use app::payments::{self, AskedRefund, PaidOut};
use app::{Actor, AppError, Invalid, Tx};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::access::Permission;
use domain::ids::{PaymentId, PersonId, RefundId};
use domain::money::Money;
use domain::payments::{Destination, RefundState};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(ask))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(decline))
        .routes(routes!(pay_out))
}

/// A refund to be asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// How much, in rupees with up to two decimals.
    #[schema(min_length = 1)]
    amount: String,
    /// `source`: where the money came from; `advance`: what it has paid is open again, and the
    /// money is the customer's advance.
    #[schema(pattern = "^(source|advance)$")]
    destination: String,
    /// Why.
    #[schema(min_length = 1)]
    reason: String,
    /// The number of the person from whose cash it is paid; for cash only, and without it the one
    /// who asks.
    person: Option<i64>,
    /// The bank's reference, when it was paid by hand already; for UPI, bank and cheques.
    reference: Option<String>,
}

impl NewRefund {
    fn read(self) -> Result<payments::NewRefund, AppError> {
        let mut invalid = Invalid::new();
        let amount = invalid.take("#/amount", Money::parse(&self.amount));
        let destination = Destination::from_name(&self.destination);
        let destination = destination.ok_or("expected source or advance");
        let destination = invalid.take("#/destination", destination);
        invalid.check()?;
        let lost = || AppError::Changed("what was sent".to_owned());
        Ok(payments::NewRefund {
            amount: amount.ok_or_else(lost)?,
            destination: destination.ok_or_else(lost)?,
            reason: self.reason,
            person: self.person.map(PersonId),
            reference: self.reference,
        })
    }
}

fn reply(refund: &AskedRefund) -> Reply {
    let place = format!("/api/v1/refunds/{}", refund.id.0);
    let shown = Refund::from(refund);
    if refund.state == RefundState::Processed {
        Reply::created(place, &shown)
    } else {
        Reply::accepted(place, &shown)
    }
}

/// Asks for a refund. Above the limit of the settings another person must agree. Money of a gateway
/// goes back through it, by a worker; cash comes from somebody's hand; what came through a bank is
/// paid by hand and recorded with its reference. Needs an Idempotency-Key.
#[utoipa::path(post, path = "/payments/{id}/refunds", tag = "payments",
    operation_id = "ask_for_refund", request_body = NewRefund,
    params(("id" = i64, Path, description = "The payment's number"),
        ("Idempotency-Key" = String, Header, description = "A new random value")),
    extensions(("x-permission" = json!("payments:refund"))),
    responses((status = 201, description = "The refund, which is done", body = Refund),
        (status = 202, description = "The refund, under way", body = Refund,
            headers(("Location" = String, description = "Where the refund is")))))]
async fn ask(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, body }: Posted<NewRefund>,
) -> Result<Response, Problem> {
    let desk = service.payments().clone();
    service
        .write(asking.once_only()?, Permission::PaymentsRefund, move |tx, _, actor| {
            let id = payments::ask_refund(tx, actor, &desk, PaymentId(id), &body.read()?)?;
            Ok(reply(&payments::show_refund(tx, id)?))
        })
        .await
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The payment's number.
    payment: Option<i64>,
    /// `requested`, `approved`, `declined`, `sent`, `unknown`, `processed` or `failed`.
    #[param(pattern = "^(requested|approved|declined|sent|unknown|processed|failed)$")]
    status: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Refunds that were asked for, the latest first, a page at a time.
#[utoipa::path(get, path = "/refunds", tag = "payments", params(ListQuery),
    operation_id = "list_refunds",
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "A page of refunds", body = Page<Refund>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Refund>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let state = word("status", query.status.as_deref(), RefundState::from_name)?;
    let (found, next) = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| {
            let payment = query.payment.map(PaymentId);
            payments::refunds_page(tx, payment, state, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.iter().map(Refund::from).collect(), next.as_deref())))
}

/// One refund.
#[utoipa::path(get, path = "/refunds/{id}", tag = "payments", operation_id = "show_refund",
    params(("id" = i64, Path, description = "The refund's number")),
    extensions(("x-permission" = json!("payments:read"))),
    responses((status = 200, description = "The refund", body = Refund)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Json<Refund>, Problem> {
    let refund = service
        .read(&asking, Permission::PaymentsRead, move |tx, _| {
            payments::show_refund(tx, RefundId(id))
        })
        .await?;
    Ok(Json(Refund::from(&refund)))
}

/// Changes a refund and answers with it.
async fn change(
    service: Service,
    asking: Asking,
    permission: Permission,
    id: i64,
    work: impl FnOnce(&mut Tx<'_>, &Actor, RefundId) -> Result<(), AppError> + Send + 'static,
) -> Result<Response, Problem> {
    service
        .write(asking, permission, move |tx, _, actor| {
            work(tx, actor, RefundId(id))?;
            Ok(Reply::ok(&Refund::from(&payments::show_refund(tx, RefundId(id))?)))
        })
        .await
}

/// Agrees to a refund that another person has asked for; it then goes its way.
#[utoipa::path(post, path = "/refunds/{id}/approve", tag = "payments",
    operation_id = "approve_refund", request_body = NoMore,
    params(("id" = i64, Path, description = "The refund's number")),
    extensions(("x-permission" = json!("payments:approve"))),
    responses((status = 200, description = "The refund as it is now", body = Refund)))]
async fn approve(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, .. }: Posted<NoMore>,
) -> Result<Response, Problem> {
    let desk = service.payments().clone();
    let work = move |tx: &mut Tx<'_>, actor: &Actor, id| payments::approve(tx, actor, &desk, id);
    change(service, asking, Permission::PaymentsApprove, id, work).await
}

/// Declines a refund that another person has asked for.
#[utoipa::path(post, path = "/refunds/{id}/decline", tag = "payments",
    operation_id = "decline_refund", request_body = NoMore,
    params(("id" = i64, Path, description = "The refund's number")),
    extensions(("x-permission" = json!("payments:approve"))),
    responses((status = 200, description = "The refund as it is now", body = Refund)))]
async fn decline(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, .. }: Posted<NoMore>,
) -> Result<Response, Problem> {
    change(service, asking, Permission::PaymentsApprove, id, payments::decline).await
}

/// How a refund was paid by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidByHand {
    /// The number of the person from whose cash it was paid; for cash only.
    person: Option<i64>,
    /// The bank's reference; for UPI, bank and cheques.
    reference: Option<String>,
}

/// Notes that a refund that is agreed was paid by hand, and books it.
#[utoipa::path(post, path = "/refunds/{id}/pay-out", tag = "payments",
    operation_id = "pay_out_refund", request_body = PaidByHand,
    params(("id" = i64, Path, description = "The refund's number")),
    extensions(("x-permission" = json!("payments:refund"))),
    responses((status = 200, description = "The refund as it is now", body = Refund)))]
async fn pay_out(
    State(service): State<Service>,
    Path(id): Path<i64>,
    Posted { asking, body }: Posted<PaidByHand>,
) -> Result<Response, Problem> {
    let paid = PaidOut { person: body.person.map(PersonId), reference: body.reference };
    let work = move |tx: &mut Tx<'_>, actor: &Actor, id| payments::pay_out(tx, actor, id, &paid);
    change(service, asking, Permission::PaymentsRefund, id, work).await
}
