//! Keys of programs over HTTP: made with scopes, shown once, revoked.
//!
//! It deliberately never shows a key again.

use crate::extract::{Asking, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::access::keys::{self, NewKey};
use app::access::needs_proof;
use app::{AppError, Invalid};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(revoke))
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    /// The number.
    id: i64,
    /// What it is for.
    name: String,
    /// The number of the person it acts for.
    person: i64,
    /// Its first characters.
    prefix: String,
    /// What it may do.
    scopes: Vec<String>,
    /// When it was made (RFC 3339).
    created_at: String,
    /// When it ends by itself (RFC 3339).
    #[schema(required)]
    expires_at: Option<String>,
    /// When it was used last, to the minute (RFC 3339).
    #[schema(required)]
    used_at: Option<String>,
    /// When it was revoked (RFC 3339).
    #[schema(required)]
    revoked_at: Option<String>,
}

impl From<keys::Key> for Key {
    fn from(key: keys::Key) -> Self {
        Self {
            id: key.id,
            name: key.name,
            person: key.person.0,
            prefix: key.shown_prefix,
            scopes: key.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
            created_at: key.created_at.rfc3339(),
            expires_at: key.expires_at.map(Moment::rfc3339),
            used_at: key.used_at.map(Moment::rfc3339),
            revoked_at: key.revoked_at.map(Moment::rfc3339),
        }
    }
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only keys that act for this person.
    person: Option<i32>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// Keys, a page at a time.
#[utoipa::path(get, path = "/keys", tag = "access", params(ListQuery), operation_id = "list_keys",
    extensions(("x-permission" = json!("people:read"))),
    responses((status = 200, description = "A page of keys", body = Page<Key>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Key>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::number(query.after.as_deref())?);
    let found = service
        .act(asking, Some(Permission::PeopleRead), move |store, _, _| {
            let page = app::access::Page { after, limit: i64::from(limit) };
            keys::list(store, query.person.map(|id| PersonId(id.into())), page)
        })
        .await?;
    Ok(Json(Page::full(found, limit, |last| last.id.to_string(), Key::from)))
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 500)]
    name: String,
    /// The number of the person it acts for; the caller when absent.
    person: Option<i32>,
    /// What it may do: words of the table of permissions.
    #[schema(min_items = 1, max_items = 50)]
    scopes: Vec<String>,
    /// When it ends by itself (RFC 3339).
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    /// The key as kept.
    key: Key,
    /// The whole key: shown once.
    secret: String,
}

/// Makes a key, which is shown once. Needs proof.
#[utoipa::path(post, path = "/keys", tag = "access", request_body = KeyRequest,
    operation_id = "add_key",
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 201, description = "The new key", body = MadeKey)))]
async fn add(
    State(service): State<Service>,
    Posted { asking, body }: Posted<KeyRequest>,
) -> Result<Response, Problem> {
    let wrong = || Problem::new(Code::Invalid, "a part of the body cannot be accepted");
    let mut scopes = Vec::with_capacity(body.scopes.len());
    for (place, word) in body.scopes.iter().enumerate() {
        scopes.push(Permission::from_name(word).ok_or_else(|| {
            wrong().at(format!("#/scopes/{place}"), "expected a word of the table of permissions")
        })?);
    }
    let expires_at = match body.expires_at.as_deref() {
        None => None,
        Some(text) => Some(Moment::parse(text).ok_or_else(|| {
            wrong().at("#/expires_at", "expected a moment such as 2027-03-31T23:59:59+05:30")
        })?),
    };
    let random = service.random().clone();
    let made = service
        .act(asking, Some(Permission::PeopleWrite), move |store, caller, actor| {
            needs_proof(caller, actor.at)?;
            let person = body.person.map_or(caller.person, |id| PersonId(id.into()));
            let new = NewKey { person, name: &body.name, scopes: &scopes, expires_at };
            keys::add(store, &*random, actor, &new).map_err(|error| match error {
                AppError::NotFound(what) => Invalid::one("#/person", what).into(),
                other => other,
            })
        })
        .await?;
    let body = MadeKey { key: Key::from(made.key), secret: made.text };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Revokes a key; it is refused from now on.
#[utoipa::path(delete, path = "/keys/{id}", tag = "access", operation_id = "revoke_key",
    params(("id" = i32, Path, description = "The key's number")),
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 204, description = "Revoked")))]
async fn revoke(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<StatusCode, Problem> {
    service
        .act(asking, Some(Permission::PeopleWrite), move |store, _, actor| {
            keys::revoke(store, actor, id.into())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
