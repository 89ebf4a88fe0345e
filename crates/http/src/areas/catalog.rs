//! Products and prices over HTTP.
//!
//! It deliberately addresses products by their SKU.

use crate::extract::{Asking, IfMatch, Path, Posted, Query, encoded};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::reply::{Reply, etag};
use crate::service::Service;
use app::catalog::{self, Known};
use app::import::{Kind, Record, import_records};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use domain::catalog::Hsn;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Prices taken in one request at most.
const MAX_PRICES: usize = 1_000;

/// The routes of this area.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change))
        .routes(routes!(prices))
        .routes(routes!(put_prices))
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub struct Product {
    /// The product's code; it never changes.
    sku: String,
    name: String,
    /// `L`, `kg` or `piece`.
    unit: String,
    /// The HSN code.
    #[schema(required)]
    hsn: Option<String>,
    /// The tax rate in per cent.
    tax_rate: String,
    /// Whether prices contain the tax.
    tax_inclusive: bool,
    /// The price before the first dated one, in rupees with three decimals.
    #[schema(required)]
    price: Option<String>,
    /// How often it has changed, from 1; the ETag.
    version: i64,
    /// When it was added (RFC 3339).
    created_at: String,
    /// When it was changed last (RFC 3339).
    updated_at: String,
}

impl From<Known> for Product {
    fn from(known: Known) -> Self {
        let kept = known.product;
        Self {
            sku: kept.sku,
            name: kept.name,
            unit: kept.unit.as_str().to_owned(),
            hsn: kept.hsn.as_ref().map(Hsn::as_str).map(str::to_owned),
            tax_rate: kept.tax_rate.to_string(),
            tax_inclusive: kept.tax_inclusive,
            price: kept.price.map(|price| price.to_string()),
            version: known.version,
            created_at: known.created_at.rfc3339(),
            updated_at: known.updated_at.rfc3339(),
        }
    }
}

/// What is asked of the list.
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

/// Products by SKU, a page at a time.
#[utoipa::path(get, path = "/products", tag = "catalog", params(ListQuery),
    operation_id = "list_products",
    extensions(("x-permission" = json!("catalog:read"))),
    responses((status = 200, description = "A page of products", body = Page<Product>)))]
async fn list(
    State(service): State<Service>,
    asking: Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Product>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (found, next) = service
        .read(&asking, Permission::CatalogRead, move |tx, _| {
            catalog::page(tx, after.as_deref(), limit)
        })
        .await?;
    Ok(Json(Page::new(found.into_iter().map(Product::from).collect(), next.as_deref())))
}

/// One product.
#[utoipa::path(get, path = "/products/{sku}", tag = "catalog", operation_id = "show_product",
    params(("sku" = String, Path, description = "The product's code")),
    extensions(("x-permission" = json!("catalog:read"))),
    responses((status = 200, description = "The product", body = Product,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
async fn show(
    State(service): State<Service>,
    asking: Asking,
    Path(sku): Path<String>,
) -> Result<Response, Problem> {
    let known = service
        .look(&asking, Permission::CatalogRead, move |tx, _| catalog::by_sku(tx, &sku))
        .await?;
    let tag = [(header::ETAG, etag(known.version))];
    Ok((tag, Json(Product::from(known))).into_response())
}

/// The facts of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductFacts {
    /// The name.
    #[schema(min_length = 1, max_length = 500)]
    name: String,
    /// `L`, `kg` or `piece`.
    #[schema(pattern = "^(L|kg|piece)$")]
    unit: String,
    /// The HSN code.
    #[schema(max_length = 8)]
    hsn: Option<String>,
    /// The tax rate in per cent, such as `5` or `12.5`.
    tax_rate: String,
    /// Whether prices contain the tax.
    tax_inclusive: bool,
    /// The price before the first dated one, in rupees with up to three decimals.
    price: Option<String>,
}

impl ProductFacts {
    fn record(self, sku: &str) -> Record {
        vec![
            ("sku", Some(sku.to_owned())),
            ("name", Some(self.name)),
            ("unit", Some(self.unit)),
            ("hsn", self.hsn),
            ("tax_rate", Some(self.tax_rate)),
            ("price", self.price),
            ("tax_inclusive", Some(self.tax_inclusive.to_string())),
        ]
    }
}

/// A new product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// The product's code; it never changes.
    #[schema(min_length = 1, max_length = 64)]
    sku: String,
    /// Its facts.
    facts: ProductFacts,
}

/// Adds a product.
#[utoipa::path(post, path = "/products", tag = "catalog", request_body = NewProduct,
    operation_id = "add_product",
    extensions(("x-permission" = json!("catalog:write"))),
    responses((status = 201, description = "The new product", body = Product,
        headers(("ETag" = String, description = "The version"),
            ("Location" = String, description = "Where it is")))))]
async fn add(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewProduct>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::CatalogWrite, move |tx, _, actor| {
            let record = body.facts.record(&body.sku);
            let known = catalog::add(tx, actor, &body.sku, record)?;
            let place = format!("/api/v1/products/{}", encoded(&body.sku));
            let version = known.version;
            Ok(Reply::created(place, &Product::from(known)).version(version))
        })
        .await
}

/// Replaces the facts of a product. Issued bills keep the facts they were made with.
#[utoipa::path(put, path = "/products/{sku}", tag = "catalog", operation_id = "change_product",
    params(("sku" = String, Path, description = "The product's code"),
        ("If-Match" = String, Header, description = "The ETag of the version seen")),
    request_body = ProductFacts,
    extensions(("x-permission" = json!("catalog:write"))),
    responses((status = 200, description = "The product as it is now", body = Product,
        headers(("ETag" = String, description = "The version")))))]
async fn change(
    State(service): State<Service>,
    Path(sku): Path<String>,
    IfMatch(version): IfMatch,
    Posted { asking, body }: Posted<ProductFacts>,
) -> Result<Response, Problem> {
    service
        .write(asking, Permission::CatalogWrite, move |tx, _, actor| {
            let known = catalog::change(tx, actor, &sku, version, body.record(&sku))?;
            let version = known.version;
            Ok(Reply::ok(&Product::from(known)).version(version))
        })
        .await
}

/// A dated price.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatedPrice {
    /// The first day it holds.
    effective_from: String,
    /// The price in rupees with three decimals; null where a customer's own price ends.
    #[schema(required)]
    price: Option<String>,
}

/// What is asked of the prices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PricesQuery {
    /// The customer whose own prices are asked for; the general ones when absent.
    customer_code: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// The dated prices of a product, by day, a page at a time.
#[utoipa::path(get, path = "/products/{sku}/prices", tag = "catalog",
    operation_id = "list_prices",
    params(("sku" = String, Path, description = "The product's code"), PricesQuery),
    extensions(("x-permission" = json!("catalog:read"))),
    responses((status = 200, description = "A page of prices", body = Page<DatedPrice>)))]
async fn prices(
    State(service): State<Service>,
    asking: Asking,
    Path(sku): Path<String>,
    Query(query): Query<PricesQuery>,
) -> Result<Json<Page<DatedPrice>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::place(query.after.as_deref())?);
    let (found, next) = service
        .read(&asking, Permission::CatalogRead, move |tx, caller| {
            if query.customer_code.is_some() {
                caller.may(Permission::CustomersRead)?;
            }
            catalog::prices(tx, &sku, query.customer_code.as_deref(), after.as_deref(), limit)
        })
        .await?;
    let found = found.into_iter().map(|change| DatedPrice {
        effective_from: change.effective_from.to_string(),
        price: change.price.map(|price| price.to_string()),
    });
    Ok(Json(Page::new(found.collect(), next.as_deref())))
}

/// A price to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    /// The product's code.
    #[schema(min_length = 1, max_length = 64)]
    sku: String,
    /// The customer it is for; for everyone when absent.
    #[schema(max_length = 64)]
    customer_code: Option<String>,
    /// The first day it holds, `YYYY-MM-DD`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    effective_from: String,
    /// The price in rupees with up to three decimals, or `general` to end a customer's own.
    #[schema(min_length = 1)]
    price: String,
}

/// Prices to be kept, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrices {
    /// The prices.
    #[schema(min_items = 1, max_items = 1000)]
    prices: Vec<NewPrice>,
}

/// Keeps dated prices. A price of the same product, customer and day is replaced.
#[utoipa::path(post, path = "/prices", tag = "catalog", request_body = NewPrices,
    operation_id = "keep_prices",
    extensions(("x-permission" = json!("catalog:write"))),
    responses((status = 200, description = "What was done", body = super::imports::Done)))]
async fn put_prices(
    State(service): State<Service>,
    Posted { asking, body }: Posted<NewPrices>,
) -> Result<Response, Problem> {
    super::imports::must_fit("#/prices", body.prices.len(), MAX_PRICES)?;
    let record = |price: NewPrice| -> Record {
        vec![
            ("sku", Some(price.sku)),
            ("customer_code", price.customer_code),
            ("effective_from", Some(price.effective_from)),
            ("price", Some(price.price)),
        ]
    };
    let records: Vec<Record> = body.prices.into_iter().map(record).collect();
    service
        .write(asking, Permission::CatalogWrite, move |tx, _, actor| {
            let (id, tally) = import_records(tx, actor, Kind::Prices, &records, Some("#/prices"))?;
            Ok(Reply::ok(&super::imports::Done::new(id, &tally)))
        })
        .await
}
