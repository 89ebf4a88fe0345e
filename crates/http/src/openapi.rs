//! The description of the API (OpenAPI 3.1), made from the handlers.
//!
//! It deliberately adds to each operation only what holds for all: how to sign in, and the problem
//! documents that any answer may be.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    SecurityRequirement,
};

use crate::caller::ACCESS_COOKIE;
use crate::problem::{FieldError, Problem};
use std::collections::HashMap;
use std::sync::LazyLock;
use utoipa::PartialSchema;

/// Problems that every operation may answer with: status and what it means.
const EVERYWHERE: &[(&str, &str)] = &[
    ("400", "The request cannot be read"),
    ("406", "No such form"),
    ("408", "The request took too long"),
    ("413", "The body is too large"),
    ("429", "Too many requests; Retry-After says when there is more"),
    ("431", "Headers are too large"),
    ("500", "A fault of the program, logged under request_id"),
    ("503", "The database is busy or not there; try again"),
];
/// Problems of operations that need a sign-in.
const SIGNED_IN: &[(&str, &str)] =
    &[("401", "Sign-in is needed"), ("403", "The caller may not do this")];
/// Problems of operations about one thing.
/// Parameters of queries that name a thing, which may not be there.
const NAMES: [&str; 3] = ["customer", "customer_code", "sku"];
const ABOUT_ONE: &[(&str, &str)] = &[("404", "There is no such thing")];
/// Problems of operations with a body.
const WITH_BODY: &[(&str, &str)] = &[
    ("409", "It does not go together with what is kept, or is at work already"),
    ("415", "The body is of another kind"),
    ("422", "The content is not valid; errors names each part"),
];
/// Problems of operations that name a version.
const VERSIONED: &[(&str, &str)] =
    &[("412", "Somebody was quicker; read it again"), ("428", "If-Match is needed")];

/// The empty description, which the routes fill.
pub fn outline() -> OpenApi {
    let info = InfoBuilder::new()
        .title("DairyOS")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ))
        .build();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(ACCESS_COOKIE)));
    let components = ComponentsBuilder::new()
        .schema("Problem", Problem::schema())
        .schema("FieldError", FieldError::schema())
        .security_scheme("bearer", bearer)
        .security_scheme("cookie", cookie)
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// Adds what holds for all operations.
pub fn complete(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        for (operation, has_body) in operations(item) {
            complete_operation(path, operation, has_body);
        }
    }
}

/// The operations of a path; whether each may have a body.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let without = [get, delete].into_iter().flatten().map(|operation| (operation, false));
    let with = [put, post, patch].into_iter().flatten().map(|operation| (operation, true));
    without.chain(with)
}

fn complete_operation(path: &str, operation: &mut Operation, has_body: bool) {
    let needs_sign_in = operation
        .extensions
        .as_ref()
        .is_some_and(|extensions| extensions.contains_key("x-permission"));
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let is_versioned = parameters
        .iter()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match"));
    let names_one = parameters.iter().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if NAMES.contains(&&*parameter.name)),
    );
    let kinds: [(&[(&str, &str)], bool); 5] = [
        (EVERYWHERE, true),
        (SIGNED_IN, needs_sign_in),
        (ABOUT_ONE, path.contains('{') || names_one),
        (WITH_BODY, has_body),
        (VERSIONED, is_versioned),
    ];
    for (status, meaning) in kinds.iter().filter(|kind| kind.1).flat_map(|kind| kind.0) {
        let known = operation.responses.responses.contains_key(*status);
        if !known {
            operation.responses.responses.insert((*status).to_owned(), problem(meaning));
        }
    }
    if needs_sign_in {
        let none: [&str; 0] = [];
        let ways = ["bearer", "cookie"].map(|way| SecurityRequirement::new(way, none));
        operation.security = Some(ways.to_vec());
    }
}

/// The id of the operation that a method and the template of a route stand for.
pub fn operation_id(method: &str, template: &str) -> Option<&'static str> {
    static IDS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
        let mut ids = HashMap::new();
        for (path, item) in crate::router::description().paths.paths {
            let PathItem { get, put, post, delete, patch, .. } = item;
            let all = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete)];
            for (method, operation) in all.into_iter().chain([("PATCH", patch)]) {
                let id = operation.and_then(|operation| operation.operation_id);
                ids.extend(id.map(|id| (format!("{method} {path}"), id)));
            }
        }
        ids
    });
    IDS.get(&format!("{method} {template}")).map(String::as_str)
}

fn problem(meaning: &str) -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description(meaning)
        .content("application/problem+json", content)
        .build();
    RefOr::T(response)
}
