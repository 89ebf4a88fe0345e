//! People over HTTP: who may sign in, and as what.
//!
//! It deliberately removes nobody; people are disabled, since the audit trail names them.

use crate::extract::{Asking, IfMatch, Path, Posted, Query};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::etag;
use crate::service::Service;
use app::access::people::{self, Change, NewcomerRequest, View, WithPassword};
use app::access::{needs_proof, sessions};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Permission, Role};
use domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change))
        .routes(routes!(reset_password))
        .routes(routes!(end_sessions))
        .routes(routes!(unlock))
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// The number.
    id: i64,
    /// The e-mail address or phone number.
    login: String,
    name: String,
    /// What the person is in the business.
    role: String,
    /// The customer that the person is.
    #[schema(required)]
    customer_code: Option<String>,
    /// Whether the person may sign in.
    active: bool,
    /// Whether a code is asked for.
    has_second_factor: bool,
    /// Whether the password was given and is to be changed.
    password_is_initial: bool,
    /// When it was added (RFC 3339).
    created_at: String,
    /// When it was changed last (RFC 3339).
    updated_at: String,
    /// How often it has changed, from 1; the ETag.
    version: i64,
}

impl From<View> for Person {
    fn from(view: View) -> Self {
        Self {
            id: view.id.0,
            login: view.login,
            name: view.name,
            role: view.role.as_str().to_owned(),
            customer_code: view.customer_code,
            active: view.active,
            has_second_factor: view.has_second_factor,
            password_is_initial: view.password_is_initial,
            created_at: view.created_at.rfc3339(),
            updated_at: view.updated_at.rfc3339(),
            version: view.version,
        }
    }
}

/// The role of a word in a body.
fn role_in_body(word: &str) -> Result<Role, Problem> {
    Role::from_name(word).ok_or_else(|| {
        let words = Role::ALL.map(Role::as_str).join(", ");
        Problem::new(Code::Invalid, "a part of the body cannot be accepted")
            .at("#/role", format!("expected one of {words}"))
    })
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only those of a role.
    #[param(pattern = "^(owner|admin|accountant|dispatcher|rider|customer)$")]
    role: Option<String>,
    /// Only those who may sign in, or who may not.
    active: Option<bool>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// People, a page at a time.
#[utoipa::path(get, path = "/people", tag = "access", params(ListQuery),
    operation_id = "list_people",
    extensions(("x-permission" = json!("people:read"))),
    responses((status = 200, description = "A page of people", body = Page<Person>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Person>>, Problem> {
    let role = match query.role.as_deref() {
        None => None,
        Some(word) => Some(Role::from_name(word).ok_or_else(|| {
            Problem::new(Code::BadRequest, "role: expected a role such as rider")
        })?),
    };
    let filter = people::Filter { role, active: query.active };
    let (limit, after) = (page::limit(query.limit)?, page::number(query.after.as_deref())?);
    let found = service
        .act(asking, Some(Permission::PeopleRead), move |store, _, _| {
            let page = app::access::Page { after, limit: i64::from(limit) };
            people::list(store, &filter, page)
        })
        .await?;
    Ok(Json(Page::full(found, limit, |last| last.id.0.to_string(), Person::from)))
}

/// One person.
#[utoipa::path(get, path = "/people/{id}", tag = "access", operation_id = "show_person",
    params(("id" = i32, Path, description = "The person's number")),
    extensions(("x-permission" = json!("people:read"))),
    responses((status = 200, description = "The person", body = Person,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<Response, Problem> {
    let view = service
        .act(asking, Some(Permission::PeopleRead), move |store, _, _| {
            people::get(store, PersonId(id.into()))
        })
        .await?;
    Ok(([(header::ETAG, etag(view.version))], Json(Person::from(view))).into_response())
}

/// Somebody to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The e-mail address or phone number.
    #[schema(min_length = 1, max_length = 254)]
    login: String,
    /// The name.
    #[schema(min_length = 1, max_length = 500)]
    name: String,
    /// What the person is in the business.
    #[schema(pattern = "^(owner|admin|accountant|dispatcher|rider|customer)$")]
    role: String,
    /// The customer that the person is; for the role customer, and only for it.
    #[schema(max_length = 64)]
    customer_code: Option<String>,
}

/// A person with an initial password.
#[derive(Serialize, ToSchema)]
pub struct Welcome {
    /// The person.
    person: Person,
    /// The initial password: shown once, to be changed at the first sign-in.
    initial_password: String,
    /// When it ends (RFC 3339).
    expires_at: String,
}

impl From<WithPassword> for Welcome {
    fn from(made: WithPassword) -> Self {
        Self {
            person: Person::from(made.person),
            initial_password: made.password,
            expires_at: made.expires_at.rfc3339(),
        }
    }
}

/// Adds a person. The initial password is shown once. Needs proof.
#[utoipa::path(post, path = "/people", tag = "access", request_body = NewPerson,
    operation_id = "add_person",
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 201, description = "The new person", body = Welcome,
        headers(("Location" = String, description = "Where it is")))))]
async fn add(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewPerson>,
) -> Result<Response, Problem> {
    let (role, random) = (role_in_body(&body.role)?, service.random().clone());
    let made = service
        .act_hashing(asking, Some(Permission::PeopleWrite), move |store, caller, actor| {
            needs_proof(caller, actor.at)?;
            let newcomer = NewcomerRequest {
                login: &body.login,
                name: &body.name,
                role,
                customer_code: body.customer_code.as_deref(),
            };
            people::add(store, &*random, actor, &newcomer)
        })
        .await?;
    let place = format!("/api/v1/people/{}", made.person.id.0);
    let body = Json(Welcome::from(made));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], body).into_response())
}

/// What is to be changed of a person; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// The name.
    #[schema(min_length = 1, max_length = 500)]
    name: Option<String>,
    /// What the person is in the business.
    #[schema(pattern = "^(owner|admin|accountant|dispatcher|rider|customer)$")]
    role: Option<String>,
    /// The customer that the person is.
    #[schema(max_length = 64)]
    customer_code: Option<String>,
    /// Whether the person may sign in. The sessions of one who may not end at once.
    active: Option<bool>,
}

/// Changes a person. Needs proof.
#[utoipa::path(patch, path = "/people/{id}", tag = "access", request_body = PersonChange,
    operation_id = "change_person",
    params(("id" = i32, Path, description = "The person's number"),
        ("If-Match" = String, Header, description = "The ETag of the version seen")),
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 200, description = "The person as it is now", body = Person,
        headers(("ETag" = String, description = "The version")))))]
async fn change(
    State(service): State<Service>,
    Path(id): Path<i32>,
    IfMatch(version): IfMatch,
    Posted { asking, body }: Posted<PersonChange>,
) -> Result<Response, Problem> {
    let role = body.role.as_deref().map(role_in_body).transpose()?;
    let view = service
        .act(asking, Some(Permission::PeopleWrite), move |store, caller, actor| {
            needs_proof(caller, actor.at)?;
            let change = Change {
                name: body.name.as_deref(),
                role,
                customer_code: body.customer_code.as_deref(),
                active: body.active,
            };
            people::change(store, actor, PersonId(id.into()), version, &change)
        })
        .await?;
    Ok(([(header::ETAG, etag(view.version))], Json(Person::from(view))).into_response())
}

/// How a password is reset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Whether the second factor is taken away too: for somebody who has lost it.
    #[serde(default)]
    second_factor_too: bool,
}

/// Gives a person a new initial password, shown once; all sessions of the person end. Needs proof.
#[utoipa::path(post, path = "/people/{id}/password-reset", tag = "access", request_body = Reset,
    operation_id = "reset_password",
    params(("id" = i32, Path, description = "The person's number")),
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 200, description = "The initial password", body = Welcome)))]
async fn reset_password(
    State(service): State<Service>,
    Path(id): Path<i32>,
    Posted { asking, body }: Posted<Reset>,
) -> Result<Json<Welcome>, Problem> {
    let random = service.random().clone();
    let made = service
        .act_hashing(asking, Some(Permission::PeopleWrite), move |store, caller, actor| {
            needs_proof(caller, actor.at)?;
            people::reset_password(
                store,
                &*random,
                actor,
                PersonId(id.into()),
                body.second_factor_too,
            )
        })
        .await?;
    Ok(Json(Welcome::from(made)))
}

/// Ends all sessions of a person.
#[utoipa::path(delete, path = "/people/{id}/sessions", tag = "access",
    operation_id = "end_sessions_of_person",
    params(("id" = i32, Path, description = "The person's number")),
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 204, description = "Ended")))]
async fn end_sessions(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<StatusCode, Problem> {
    service
        .act(asking, Some(Permission::PeopleWrite), move |store, _, actor| {
            sessions::end_all(store, actor, PersonId(id.into()))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets failures to sign in as a person, so that signing in is open again everywhere.
#[utoipa::path(delete, path = "/people/{id}/failures", tag = "access",
    operation_id = "unlock_person",
    params(("id" = i32, Path, description = "The person's number")),
    extensions(("x-permission" = json!("people:write"))),
    responses((status = 204, description = "Open again")))]
async fn unlock(
    State(service): State<Service>,
    asking: Asking,
    Path(id): Path<i32>,
) -> Result<StatusCode, Problem> {
    service
        .act(asking, Some(Permission::PeopleWrite), move |store, _, actor| {
            people::unlock(store, actor, PersonId(id.into()))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
