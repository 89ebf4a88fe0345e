//! Cash in hand over HTTP: who has how much and since when, and hand-overs counted by denomination.
//!
//! It deliberately has no way to change a hand-over: the books are set right by the next one.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::service::Service;
use app::payments::cash::wire::{CashHandOver, CashPieces, CashWallet, WholeWallet};
use app::payments::cash::{self, NewHandOver};
use app::{AppError, Invalid};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Permission;
use domain::ids::HandOverId;
use domain::money::Money;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(list_hand_overs, hand_over))
        .routes(routes!(show_hand_over))
        .routes(routes!(show))
}

/// What is asked of a list.
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

/// What everybody who has ever had cash has in hand, and since when, a page at a time.
#[utoipa::path(get, path = "/cash", tag = "cash", params(ListQuery), operation_id = "list_cash",
    extensions(("x-permission" = json!("cash:read"))),
    responses((status = 200, description = "A page of wallets", body = Page<CashWallet>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<CashWallet>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (found, next) = service
        .read(&asking, Permission::CashRead, move |tx, _| {
            cash::wallets(tx, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.iter().map(CashWallet::from).collect(), next.as_deref())))
}

/// What one person has in hand, with what came since their last hand-over. With `cash:own` alone
/// one sees one's own.
#[utoipa::path(get, path = "/cash/{login}", tag = "cash", operation_id = "show_cash",
    params(("login" = String, Path, description = "What the person signs in with"), ListQuery),
    extensions(("x-permission" = json!("cash:own"))),
    responses((status = 200, description = "The wallet", body = WholeWallet)))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(login): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<WholeWallet>, Problem> {
    let (limit, before) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let shown = service
        .read(&asking, Permission::CashOwn, move |tx, caller| {
            cash::wallet(tx, Some(caller), &login, before.as_deref(), limit)
        })
        .await?;
    let next = shown.next.as_deref().map(|place| URL_SAFE_NO_PAD.encode(place));
    Ok(Json(WholeWallet::new(&shown, next)))
}

/// What is asked of the list of hand-overs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HandOversQuery {
    /// Only those by whom this person, by their login, has handed over.
    giver: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Hand-overs of cash, the latest first, a page at a time. With `cash:own` alone one sees one's
/// own.
#[utoipa::path(get, path = "/cash/hand-overs", tag = "cash", params(HandOversQuery),
    operation_id = "list_hand_overs",
    extensions(("x-permission" = json!("cash:own"))),
    responses((status = 200, description = "A page of hand-overs", body = Page<CashHandOver>)))]
async fn list_hand_overs(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<HandOversQuery>,
) -> Result<Json<Page<CashHandOver>>, Problem> {
    let (limit, before) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (found, next) = service
        .read(&asking, Permission::CashOwn, move |tx, caller| {
            let giver = match query.giver.as_deref() {
                Some(login) => Some(cash::wallet(tx, Some(caller), login, None, 1)?.wallet.person),
                None => cash::may_see(caller),
            };
            cash::hand_overs(tx, giver, before.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.iter().map(CashHandOver::from).collect(), next.as_deref())))
}

/// One hand-over of cash.
#[utoipa::path(get, path = "/cash/hand-overs/{id}", tag = "cash",
    operation_id = "show_hand_over",
    params(("id" = i64, Path, description = "The hand-over's number")),
    extensions(("x-permission" = json!("cash:own"))),
    responses((status = 200, description = "The hand-over", body = CashHandOver)))]
async fn show_hand_over(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i64>,
) -> Result<Json<CashHandOver>, Problem> {
    let shown = service
        .read(&asking, Permission::CashOwn, move |tx, caller| {
            cash::hand_over_of(tx, cash::may_see(caller), HandOverId(id))
        })
        .await?;
    Ok(Json(CashHandOver::from(&shown)))
}

/// Cash that is handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CashToHandOver {
    /// The login of who hands over all they have in hand.
    #[schema(min_length = 1)]
    giver: String,
    /// The login of who takes it, or `bank`.
    #[schema(min_length = 1)]
    taker: String,
    /// Notes and coins, each value at most once.
    pieces: Vec<CashPieces>,
    /// Coins that were counted together, in rupees with up to two decimals.
    #[schema(min_length = 1)]
    coins: Option<String>,
    /// Whether what is missing is accepted; it is then posted under the giver's name.
    shortage_accepted: Option<bool>,
}

impl CashToHandOver {
    fn read(self) -> Result<NewHandOver, AppError> {
        let coins = self.coins.as_deref().map(Money::parse).transpose();
        let coins = coins.map_err(|error| Invalid::one("#/coins", error.to_string()))?;
        Ok(NewHandOver {
            giver: self.giver,
            taker: self.taker,
            pieces: self.pieces.iter().map(|pieces| (pieces.value, pieces.count)).collect(),
            coins: coins.unwrap_or(Money::ZERO),
            shortage_accepted: self.shortage_accepted.unwrap_or(false),
        })
    }
}

/// Records that somebody hands over all the cash they have in hand, to another person or to the
/// bank. What was counted must be what the giver has in hand. What is missing is refused, unless
/// it is accepted (nobody but an owner accepts their own); what is too much is refused, unless it
/// makes good what was missing before. Needs an Idempotency-Key.
#[utoipa::path(post, path = "/cash/hand-overs", tag = "cash", request_body = CashToHandOver,
    operation_id = "hand_over_cash",
    params(("Idempotency-Key" = String, Header, description = "A new random value")),
    extensions(("x-permission" = json!("cash:write"))),
    responses((status = 201, description = "The hand-over", body = CashHandOver,
        headers(("Location" = String, description = "Where it is")))))]
async fn hand_over(
    State(service): State<Service>,
    Posted { asking, body }: Posted<CashToHandOver>,
) -> Result<Response, Problem> {
    service
        .write(asking.once_only()?, Permission::CashWrite, move |tx, _, actor| {
            let id = cash::hand_over(tx, actor, &body.read()?)?;
            let shown = cash::hand_over_of(tx, None, id)?;
            let place = format!("/api/v1/cash/hand-overs/{}", id.0);
            Ok(Reply::created(place, &CashHandOver::from(&shown)))
        })
        .await
}
