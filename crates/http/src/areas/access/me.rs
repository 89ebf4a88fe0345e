//! One's own account: who one is, password, second factor, sessions.
//!
//! It deliberately reaches nobody else's; that is `people`.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::service::Service;
use app::access::sessions::{self, Listed};
use app::access::{notices, people, totp};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::access::Permission;
use domain::calendar::Moment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Sessions that are listed at most.
const MOST_SESSIONS: i64 = 200;

/// The routes by which passwords and codes are tried.
pub fn sign_in_routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(change_password))
        .routes(routes!(confirm_second_factor))
        .routes(routes!(remove_second_factor))
}

/// The other routes.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(set_up_second_factor))
        .routes(routes!(new_recovery_codes))
        .routes(routes!(list_notices))
        .routes(routes!(note_seen))
}

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The name.
    name: String,
    /// The login, shortened.
    login: String,
    /// What one is in the business.
    role: String,
    /// What one may do.
    permissions: Vec<String>,
    /// Whether there is a second factor.
    has_second_factor: bool,
    /// Whether the password must be changed before anything else.
    must_change_password: bool,
}

/// Who one is and what one may do.
#[utoipa::path(get, path = "/me", tag = "access", operation_id = "show_me",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 200, description = "The caller", body = Me)))]
async fn show(State(service): State<Service>, asking: Asking) -> Result<Json<Me>, Problem> {
    let me = service
        .act(asking, None, |_, caller, _| {
            let allowed = Permission::ALL.iter().filter(|one| caller.may(**one).is_ok());
            Ok(Me {
                name: caller.name.clone(),
                login: caller.login_shown.clone(),
                role: caller.role.as_str().to_owned(),
                permissions: allowed.map(|one| one.as_str().to_owned()).collect(),
                has_second_factor: caller.has_second_factor,
                must_change_password: caller.must_change_password,
            })
        })
        .await?;
    Ok(Json(me))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The present password.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    current: String,
    /// The new one: at least 15 characters, or 8 with a second factor.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    new: String,
}

/// Changes one's password; all other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "access", operation_id = "change_password",
    request_body = NewPassword,
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Changed")))]
async fn change_password(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewPassword>,
) -> Result<StatusCode, Problem> {
    let (secrets, random) = (service.secrets().clone(), service.random().clone());
    service
        .act_hashing(asking, None, move |store, caller, actor| {
            let NewPassword { current, new } = &body;
            people::change_password(store, &secrets, &*random, caller, actor, current, new)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSession {
    /// The session.
    session: String,
    /// Whether the request came in it.
    current: bool,
    /// What the device's program calls itself.
    user_agent: String,
    /// Where it was begun from.
    address: String,
    /// When it was begun (RFC 3339).
    created_at: String,
    /// When it was used last (RFC 3339).
    used_at: String,
    /// When it ends by itself (RFC 3339).
    expires_at: String,
}

/// One's sessions that go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSessions {
    /// The sessions.
    items: Vec<OwnSession>,
}

/// One's sessions that go on, the newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "access", operation_id = "list_sessions",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 200, description = "The sessions", body = OwnSessions)))]
async fn list_sessions(
    State(service): State<Service>,
    asking: Asking,
) -> Result<Json<OwnSessions>, Problem> {
    let items = service
        .act(asking, Some(Permission::Own), |store, caller, actor| {
            let listed = Listed { after: None, alive_at: Some(actor.at), limit: MOST_SESSIONS };
            let found = sessions::list(store, caller.person, &listed)?;
            let own = caller.session.as_deref();
            let shape = |session: sessions::Session| OwnSession {
                current: own == Some(session.id.as_str()),
                session: session.id,
                user_agent: session.user_agent,
                address: session.address,
                created_at: session.created_at.rfc3339(),
                used_at: session.used_at.rfc3339(),
                expires_at: session.expires_at.rfc3339(),
            };
            Ok(found.into_iter().map(shape).collect())
        })
        .await?;
    Ok(Json(OwnSessions { items }))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/me/sessions/{session}", tag = "access",
    operation_id = "end_session",
    params(("session" = String, Path, description = "The session")),
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Ended")))]
async fn end_session(
    State(service): State<Service>,
    asking: Asking,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    service
        .act(asking, Some(Permission::Own), move |store, caller, actor| {
            sessions::end(store, actor, caller.person, &session)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's other sessions.
#[utoipa::path(delete, path = "/me/sessions", tag = "access", operation_id = "end_other_sessions",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Ended")))]
async fn end_other_sessions(
    State(service): State<Service>,
    asking: Asking,
) -> Result<StatusCode, Problem> {
    service.act(asking, Some(Permission::Own), sessions::end_others).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A second factor that waits to be confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactor {
    /// The secret for an authenticator, in Base32; shown once.
    secret: String,
    /// The same as a link for authenticators, which is also what a QR code holds.
    otpauth_url: String,
}

/// Sets up a second factor. It counts once a code of it is confirmed. Needs proof.
#[utoipa::path(post, path = "/me/second-factor", tag = "access",
    operation_id = "set_up_second_factor",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 201, description = "The secret", body = SecondFactor)))]
async fn set_up_second_factor(
    State(service): State<Service>,
    asking: Asking,
) -> Result<(StatusCode, Json<SecondFactor>), Problem> {
    let (secrets, random) = (service.secrets().clone(), service.random().clone());
    let made = service
        .act(asking, Some(Permission::Own), move |store, caller, actor| {
            totp::set_up(store, &secrets, &*random, caller, actor)
        })
        .await?;
    let shown = SecondFactor { secret: made.secret, otpauth_url: made.url };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Six digits.
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

/// Recovery codes, each good once; shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes.
    recovery_codes: Vec<String>,
}

/// Confirms a second factor by a code of it. Needs proof.
#[utoipa::path(post, path = "/me/second-factor/confirmation", tag = "access",
    operation_id = "confirm_second_factor", request_body = Confirmation,
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 200, description = "Recovery codes", body = RecoveryCodes)))]
async fn confirm_second_factor(
    State(service): State<Service>,
    Posted { asking, body }: Posted<Confirmation>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let (secrets, random) = (service.secrets().clone(), service.random().clone());
    let recovery_codes = service
        .act_hashing(asking, Some(Permission::Own), move |store, caller, actor| {
            totp::confirm(store, &secrets, &*random, caller, actor, &body.code)
        })
        .await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Takes the second factor away.
#[utoipa::path(post, path = "/me/second-factor/removal", tag = "access",
    operation_id = "remove_second_factor", request_body = super::session::Proof,
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Taken away")))]
async fn remove_second_factor(
    State(service): State<Service>,
    Posted { asking, body }: Posted<super::session::Proof>,
) -> Result<StatusCode, Problem> {
    let secrets = service.secrets().clone();
    service
        .act_hashing(asking, Some(Permission::Own), move |store, caller, actor| {
            let (password, code) = body.parts();
            totp::disable(store, &secrets, caller, actor, password, code)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes; the former ones are void. Needs proof.
#[utoipa::path(post, path = "/me/recovery-codes", tag = "access",
    operation_id = "new_recovery_codes",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 200, description = "Recovery codes", body = RecoveryCodes)))]
async fn new_recovery_codes(
    State(service): State<Service>,
    asking: Asking,
) -> Result<Json<RecoveryCodes>, Problem> {
    let random = service.random().clone();
    let recovery_codes = service
        .act(asking, Some(Permission::Own), move |store, caller, actor| {
            totp::regenerate(store, &*random, caller, actor)
        })
        .await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Something that happened to one's account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notice {
    /// The number; later ones are greater.
    id: i64,
    /// When it happened (RFC 3339).
    at: String,
    /// `new_device`, `wrong_code`, `locked`, `token_reused`, `password_changed`, `password_reset`,
    /// `second_factor_added`, `second_factor_removed`, `recovery_code_used`,
    /// `recovery_codes_replaced`, or, for owners and admins, `webhook_silent`.
    kind: &'static str,
    /// More about it, such as `address` and `user_agent`.
    details: Value,
    /// When one said that it was seen (RFC 3339).
    #[schema(required)]
    seen_at: Option<String>,
}

impl From<notices::Notice> for Notice {
    fn from(notice: notices::Notice) -> Self {
        Self {
            id: notice.id,
            at: notice.at.rfc3339(),
            kind: notice.kind.as_str(),
            details: serde_json::from_str(&notice.details).unwrap_or_default(),
            seen_at: notice.seen_at.map(Moment::rfc3339),
        }
    }
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticesQuery {
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// What happened to one's account that one should know of, the newest first, a page at a time:
/// sign-ins on devices that were not known, locks, changes of what one signs in with.
#[utoipa::path(get, path = "/me/notices", tag = "access", params(NoticesQuery),
    operation_id = "list_notices",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 200, description = "A page of notices", body = Page<Notice>)))]
async fn list_notices(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<NoticesQuery>,
) -> Result<Json<Page<Notice>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::number(query.after.as_deref())?);
    let found = service
        .act(asking, Some(Permission::Own), move |store, caller, _| {
            let page = app::access::Page { after, limit: i64::from(limit) };
            notices::list(store, caller, page)
        })
        .await?;
    Ok(Json(Page::full(found, limit, |last| last.id.to_string(), Notice::from)))
}

/// Which notices one has seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The number of the newest notice seen; those before it count as seen too.
    #[schema(minimum = 0)]
    up_to: u32,
}

/// Says that one has seen the notices up to one.
#[utoipa::path(post, path = "/me/notices/seen", tag = "access", operation_id = "note_seen",
    request_body = Seen,
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Noted")))]
async fn note_seen(
    State(service): State<Service>,
    Posted { asking, body }: Posted<Seen>,
) -> Result<StatusCode, Problem> {
    service
        .act(asking, Some(Permission::Own), move |store, caller, actor| {
            // There are no more notices than that.
            let up_to = body.up_to.min(i32::MAX.unsigned_abs());
            notices::seen(store, caller, up_to.into(), actor.at)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
