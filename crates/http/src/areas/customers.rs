//! Customers over HTTP.
//!
//! It deliberately addresses them by their code, which people and their files use.

use crate::extract::{Asking, IfMatch, Path, Posted, Query, encoded, said};
use crate::page::{self, Page};
use crate::problem::{Code, Problem};
use crate::reply::{Reply, etag};
use crate::service::Service;
use app::customers::{self, Filter, Known, Said, Sort};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use domain::customers::{Email, Gstin, Language, Phone, Pincode, State as IndianState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest part of a code or name that is looked for.
const MAX_SEARCH_CHARS: usize = 100;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, change))
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customer {
    /// The customer's own code; it never changes.
    code: String,
    name: String,
    #[schema(required)]
    phone: Option<String>,
    #[schema(required)]
    email: Option<String>,
    /// The language for messages, such as `gu`.
    #[schema(required)]
    language: Option<String>,
    #[schema(required)]
    address: Option<String>,
    #[schema(required)]
    pincode: Option<String>,
    /// The code of the State, such as `24`.
    #[schema(required)]
    state: Option<String>,
    #[schema(required)]
    gstin: Option<String>,
    #[schema(required)]
    route: Option<String>,
    /// What was owed at the start, in rupees with two decimals.
    opening_balance: String,
    /// `postpaid`, or `prepaid`: delivered to while there is a balance.
    billing_mode: &'static str,
    /// How often it has changed, from 1; the ETag.
    version: i64,
    /// When it was added (RFC 3339).
    created_at: String,
    /// When it was changed last (RFC 3339).
    updated_at: String,
}

impl From<Known> for Customer {
    fn from(known: Known) -> Self {
        let kept = known.customer;
        Self {
            code: kept.code,
            name: kept.name,
            phone: kept.phone.as_ref().map(Phone::as_str).map(str::to_owned),
            email: kept.email.as_ref().map(Email::as_str).map(str::to_owned),
            language: kept.language.map(Language::code).map(str::to_owned),
            address: kept.address,
            pincode: kept.pincode.as_ref().map(Pincode::as_str).map(str::to_owned),
            state: kept.state.map(IndianState::code).map(str::to_owned),
            gstin: kept.gstin.as_ref().map(Gstin::as_str).map(str::to_owned),
            route: kept.route,
            opening_balance: kept.opening_balance.to_string(),
            billing_mode: kept.billing_mode.as_str(),
            version: known.version,
            created_at: known.created_at.rfc3339(),
            updated_at: known.updated_at.rfc3339(),
        }
    }
}

/// How customers are sorted.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub enum Sorting {
    /// By code.
    #[default]
    #[serde(rename = "code")]
    Code,
    /// By code, falling.
    #[serde(rename = "-code")]
    CodeFalling,
    /// The longest unchanged first: for programs that follow what changes.
    #[serde(rename = "updated_at")]
    Updated,
    /// The last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedFalling,
}

/// What is asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// A part of the code or the name, in any case.
    #[param(max_length = 100)]
    search: Option<String>,
    /// The route.
    route: Option<String>,
    /// The code of the State.
    state: Option<String>,
    /// How the list is sorted.
    #[serde(default)]
    #[param(inline)]
    sort: Sorting,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before, with the same sorting.
    after: Option<String>,
}

/// Customers, a page at a time.
#[utoipa::path(get, path = "/customers", tag = "customers", params(ListQuery),
    extensions(("x-permission" = json!("customers:read"))),
    responses((status = 200, description = "A page of customers", body = Page<Customer>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Customer>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    if query.search.as_ref().is_some_and(|part| part.chars().count() > MAX_SEARCH_CHARS) {
        let what = format!("search is longer than {MAX_SEARCH_CHARS} characters");
        return Err(Problem::new(Code::BadRequest, what));
    }
    let part = query.search.filter(|part| !part.is_empty()).map(|part| part.to_lowercase());
    let filter = Filter { route: query.route, state: query.state, part };
    let sort = match query.sort {
        Sorting::Code => Sort::Code,
        Sorting::CodeFalling => Sort::CodeFalling,
        Sorting::Updated => Sort::Changed,
        Sorting::UpdatedFalling => Sort::ChangedFalling,
    };
    let (found, next) = service
        .read(&asking, Permission::CustomersRead, move |tx, _| {
            customers::page(tx, &filter, sort, after.as_deref(), limit)
        })
        .await?;
    let found = found.into_iter().map(Customer::from).collect();
    Ok(Json(Page::new(found, next.as_deref())))
}

/// One customer.
#[utoipa::path(get, path = "/customers/{code}", tag = "customers",
    params(("code" = String, Path, description = "The customer's code")),
    extensions(("x-permission" = json!("customers:read"))),
    responses((status = 200, description = "The customer", body = Customer,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let known = service
        .look(&asking, Permission::CustomersRead, move |tx, _| customers::by_code(tx, &code))
        .await?;
    let tag = [(header::ETAG, etag(known.version))];
    Ok((tag, Json(Customer::from(known))).into_response())
}

/// A new customer. Parts that are absent or null are unknown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// The customer's code; it never changes.
    #[schema(min_length = 1, max_length = 64)]
    code: String,
    /// The name.
    #[schema(min_length = 1, max_length = 500)]
    name: String,
    /// A phone number in India, such as `98765 43210`.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    phone: Option<String>,
    /// An e-mail address.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The language for messages, such as `gu`.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    language: Option<String>,
    /// The address.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 500)]
    address: Option<String>,
    /// The PIN code, six digits.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 10)]
    pincode: Option<String>,
    /// The code or name of the State.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 50)]
    state: Option<String>,
    /// The GSTIN.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    gstin: Option<String>,
    /// The route.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 500)]
    route: Option<String>,
    /// What was owed at the start, in rupees, such as `1250.00`.
    #[serde(default, deserialize_with = "said")]
    opening_balance: Option<String>,
    /// `postpaid`, or `prepaid`: delivered to while there is a balance.
    #[serde(default, deserialize_with = "said")]
    #[schema(pattern = "^(postpaid|prepaid)$")]
    billing_mode: Option<String>,
}

/// A change of a customer, as a merge patch (RFC 7396): what is absent stays, null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerChange {
    /// The name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    name: Option<String>,
    /// A phone number in India, such as `98765 43210`.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    phone: Option<String>,
    /// An e-mail address.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The language for messages, such as `gu`.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    language: Option<String>,
    /// The address.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 500)]
    address: Option<String>,
    /// The PIN code, six digits.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 10)]
    pincode: Option<String>,
    /// The code or name of the State.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 50)]
    state: Option<String>,
    /// The GSTIN.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 20)]
    gstin: Option<String>,
    /// The route.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 500)]
    route: Option<String>,
    /// What was owed at the start, in rupees, such as `1250.00`.
    #[serde(default, deserialize_with = "said")]
    opening_balance: Option<String>,
    /// `postpaid`, or `prepaid`: delivered to while there is a balance.
    #[serde(default, deserialize_with = "said")]
    #[schema(pattern = "^(postpaid|prepaid)$")]
    billing_mode: Option<String>,
}

/// Adds a customer.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = NewCustomer,
    extensions(("x-permission" = json!("customers:write"))),
    responses((status = 201, description = "The new customer", body = Customer,
        headers(("ETag" = String, description = "The version"),
            ("Location" = String, description = "Where it is")))))]
async fn add(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewCustomer>,
) -> Result<Response, Problem> {
    let said = Said {
        name: Some(body.name),
        phone: body.phone,
        email: body.email,
        language: body.language,
        address: body.address,
        pincode: body.pincode,
        state: body.state,
        gstin: body.gstin,
        route: body.route,
        opening_balance: body.opening_balance,
        billing_mode: body.billing_mode,
    };
    service
        .write(asking, Permission::CustomersWrite, move |tx, _, actor| {
            let known = customers::add(tx, actor, &body.code, &said)?;
            let place = format!("/api/v1/customers/{}", encoded(&known.customer.code));
            let version = known.version;
            Ok(Reply::created(place, &Customer::from(known)).version(version))
        })
        .await
}

/// Changes a customer.
#[utoipa::path(patch, path = "/customers/{code}", tag = "customers",
    params(("code" = String, Path, description = "The customer's code"),
        ("If-Match" = String, Header, description = "The ETag of the version seen")),
    request_body = CustomerChange,
    extensions(("x-permission" = json!("customers:write"))),
    responses((status = 200, description = "The customer as it is now", body = Customer,
        headers(("ETag" = String, description = "The version")))))]
async fn change(
    State(service): State<Service>,
    Path(code): Path<String>,
    IfMatch(version): IfMatch,
    Posted { asking, body }: Posted<CustomerChange>,
) -> Result<Response, Problem> {
    let said = Said {
        name: body.name,
        phone: body.phone,
        email: body.email,
        language: body.language,
        address: body.address,
        pincode: body.pincode,
        state: body.state,
        gstin: body.gstin,
        route: body.route,
        opening_balance: body.opening_balance,
        billing_mode: body.billing_mode,
    };
    service
        .write(asking, Permission::CustomersWrite, move |tx, _, actor| {
            let known = customers::change(tx, actor, &code, version, &said)?;
            let version = known.version;
            Ok(Reply::ok(&Customer::from(known)).version(version))
        })
        .await
}
