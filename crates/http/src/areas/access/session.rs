//! Sessions: signing in, going on, proving who one is again, and signing out.
//!
//! It deliberately gives browsers their tokens in cookies that no script can read, and programs
//! theirs in the body; never both.

use crate::caller::{ACCESS_COOKIE, DEVICE_COOKIE, REFRESH_COOKIE, must_be_same_site};
use crate::extract::{Asking, Open, Posted, cookie};
use crate::layers::CallerAddress;
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::access::{Factor, SignIn, Signed, prove, sessions, sign_in};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a device is remembered, in seconds: a year.
const DEVICE_SECS: i64 = 365 * 24 * 3_600;
/// How long a session lasts, in seconds: seven days.
const SESSION_SECS: i64 = 7 * 24 * 3_600;

/// The routes by which passwords are tried.
pub fn sign_in_routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(go_on)).routes(routes!(prove_again))
}

/// The other routes.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(close))
}

/// How somebody signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The e-mail address or phone number.
    #[schema(min_length = 1, max_length = 254)]
    login: String,
    /// The password.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
    /// The code of the second factor, or a recovery code.
    #[schema(max_length = 64)]
    code: Option<String>,
    /// The device token of an earlier sign-in, for programs; browsers have it in a cookie.
    #[schema(max_length = 128)]
    device_token: Option<String>,
    /// Whether the tokens go into cookies: for browsers.
    #[serde(default)]
    cookies: bool,
}

/// A session that goes on.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the answer")]
pub struct Session {
    /// The session.
    session: String,
    /// The person's name.
    name: String,
    /// What the person is in the business.
    role: String,
    /// For `Authorization: Bearer`; absent when it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// For the next pair of tokens, once; absent when it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// For the next sign-in on this device; absent when it is known or in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
    /// How long the access token holds, in seconds.
    expires_in: i64,
    /// When the session ends by itself (RFC 3339).
    session_ends_at: String,
    /// Recovery codes left, after one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes_left: Option<i64>,
    /// Whether the password must be changed before anything else.
    must_change_password: bool,
}

/// The answer to a sign-in or a refresh.
fn answer(signed: Signed, status: StatusCode, in_cookies: bool) -> Response {
    let recovery_codes_left = match signed.factor {
        Some(Factor::Recovery { left }) => Some(left),
        _ => None,
    };
    let mut session = Session {
        session: signed.session_id,
        name: signed.name,
        role: signed.role.as_str().to_owned(),
        access_token: Some(signed.access_token),
        refresh_token: Some(signed.refresh_token),
        device_token: signed.device_token,
        expires_in: signed.expires_in_secs,
        session_ends_at: signed.session_ends_at.rfc3339(),
        recovery_codes_left,
        must_change_password: signed.must_change_password,
    };
    let mut cookies = Vec::new();
    if in_cookies {
        let given = [
            (ACCESS_COOKIE, session.access_token.take(), signed.expires_in_secs),
            (REFRESH_COOKIE, session.refresh_token.take(), SESSION_SECS),
            (DEVICE_COOKIE, session.device_token.take(), DEVICE_SECS),
        ];
        cookies.extend(given.into_iter().filter_map(|(name, value, secs)| {
            value.and_then(|value| set_cookie(name, &value, secs))
        }));
    }
    (status, AppendHeaders(cookies), Json(session)).into_response()
}

/// A cookie for this host only, over https only, that no script reads and no other site sends.
fn set_cookie(name: &str, value: &str, secs: i64) -> Option<(header::HeaderName, HeaderValue)> {
    let text = format!("{name}={value}; Path=/; Max-Age={secs}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&text).ok().map(|value| (header::SET_COOKIE, value))
}

/// Signs in. Five failures from one place close it for 15 minutes; other places, and devices on
/// which the person has signed in before, stay open.
#[utoipa::path(post, path = "/session", tag = "access", operation_id = "sign_in",
    request_body = NewSession,
    responses((status = 201, description = "The session", body = Session),
        (status = 401, description = "Login, password or code is wrong, a code is needed, or \
            signing in is closed for a while", body = Problem,
            content_type = "application/problem+json")))]
async fn open(
    State(service): State<Service>,
    address: Option<Extension<CallerAddress>>,
    headers: HeaderMap,
    Open { asking, body }: Open<NewSession>,
) -> Result<Response, Problem> {
    if body.cookies {
        must_be_same_site(&headers)?;
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let user_agent: String = text(header::USER_AGENT).unwrap_or("").chars().take(200).collect();
    let device = body.device_token.or_else(|| cookie(&headers, DEVICE_COOKIE).map(str::to_owned));
    let address = address.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |known| known.0.0);
    let (at, secrets, random) =
        (service.now(), service.secrets().clone(), service.random().clone());
    let signed = service
        .hash(move |store| {
            let asked = SignIn {
                login: &body.login,
                password: &body.password,
                code: body.code.as_deref(),
                device: device.as_deref(),
                address,
                user_agent: &user_agent,
                request_id: Some(&asking.request_id),
            };
            sign_in(store, &secrets, &*random, at, &asked)
        })
        .await?;
    Ok(answer(signed, StatusCode::CREATED, body.cookies))
}

/// What a session goes on with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The refresh token, for programs; browsers have it in a cookie.
    #[schema(max_length = 128)]
    refresh_token: Option<String>,
}

/// Goes on with a session: a new pair of tokens for the refresh token, which holds once. A token
/// that comes a second time ends the session.
#[utoipa::path(post, path = "/session/refresh", tag = "access", operation_id = "refresh",
    request_body = Refresh,
    responses((status = 200, description = "The session", body = Session),
        (status = 401, description = "The refresh token is not valid", body = Problem,
            content_type = "application/problem+json")))]
async fn go_on(
    State(service): State<Service>,
    headers: HeaderMap,
    Open { asking, body }: Open<Refresh>,
) -> Result<Response, Problem> {
    let from_cookie = body.refresh_token.is_none();
    if from_cookie {
        must_be_same_site(&headers)?;
    }
    let token = body
        .refresh_token
        .or_else(|| cookie(&headers, REFRESH_COOKIE).map(str::to_owned))
        .ok_or_else(|| Problem::new(Code::RefreshRefused, "the request has no refresh token"))?;
    let (at, secrets, random) =
        (service.now(), service.secrets().clone(), service.random().clone());
    let signed = service
        .run(move |store| {
            sessions::refresh(store, &secrets, &*random, at, &token, Some(&asking.request_id))
        })
        .await?;
    Ok(answer(signed, StatusCode::OK, from_cookie))
}

/// What somebody shows again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The password.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
    /// The code of the second factor, for those who have one.
    #[schema(max_length = 64)]
    code: Option<String>,
}

impl Proof {
    /// The password, and the code or nothing.
    pub(super) fn parts(&self) -> (&str, &str) {
        (&self.password, self.code.as_deref().unwrap_or(""))
    }
}

/// Shows the password, and the code, again; for ten minutes acts that need proof are open.
#[utoipa::path(post, path = "/session/proof", tag = "access", operation_id = "prove",
    request_body = Proof,
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Proved")))]
async fn prove_again(
    State(service): State<Service>,
    Posted { asking, body }: Posted<Proof>,
) -> Result<StatusCode, Problem> {
    let secrets = service.secrets().clone();
    service
        .act_hashing(asking, None, move |store, caller, actor| {
            prove(store, &secrets, actor.at, caller, &body.password, body.code.as_deref())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out: the session ends, and all its tokens with it.
#[utoipa::path(delete, path = "/session", tag = "access", operation_id = "sign_out",
    extensions(("x-permission" = json!("own:use"))),
    responses((status = 204, description = "Signed out")))]
async fn close(State(service): State<Service>, asking: Asking) -> Result<Response, Problem> {
    service.act(asking, None, sessions::sign_out).await?;
    let gone = [ACCESS_COOKIE, REFRESH_COOKIE].map(|name| set_cookie(name, "", 0));
    let gone: Vec<_> = gone.into_iter().flatten().collect();
    Ok((StatusCode::NO_CONTENT, AppendHeaders(gone)).into_response())
}
