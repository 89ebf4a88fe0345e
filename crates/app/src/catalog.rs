//! Products and prices as people work with them.
//!
//! It deliberately has no rules of its own: what is sent is taken by the rules of the import.

use crate::import::{Kind, Record, import_records};
use crate::{Actor, AppError, Invalid, paging};
use domain::calendar::Day;
use domain::catalog::PriceChange;
use domain::customers::check_code;
use store::catalog;
use store::{Lock, Tx, customers, imports};

pub use store::catalog::Known;

/// A page of products by SKU and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Known>, Option<String>), AppError> {
    let found = catalog::page(tx, after.unwrap_or(""), i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.product.sku.clone()))
}

/// The product with a SKU.
pub fn by_sku(tx: &mut Tx<'_>, sku: &str) -> Result<Known, AppError> {
    catalog::known(tx, sku)?.ok_or_else(|| AppError::NotFound(format!("there is no product {sku}")))
}

/// Adds a product. `record` has the columns of the import of products.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, sku: &str, record: Record) -> Result<Known, AppError> {
    check_code(sku).map_err(|error| Invalid::one("#/sku", error.to_string()))?;
    alone(tx)?;
    if catalog::known(tx, sku)?.is_some() {
        return Err(AppError::Conflict(format!("there is a product {sku} already")));
    }
    import_records(tx, actor, Kind::Products, &[record], None)?;
    by_sku(tx, sku)
}

/// Replaces the facts of a product whose present version is `version`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    sku: &str,
    version: i64,
    record: Record,
) -> Result<Known, AppError> {
    alone(tx)?;
    let known = by_sku(tx, sku)?;
    if known.version != version {
        return Err(AppError::VersionLost { asked: version, present: known.version });
    }
    import_records(tx, actor, Kind::Products, &[record], None)?;
    by_sku(tx, sku)
}

/// Lets nobody else change products until the end of the transaction.
fn alone(tx: &mut Tx<'_>) -> Result<(), AppError> {
    tx.lock(Lock::Facts)?;
    Ok(imports::queue(tx, imports::Counter::Products)?)
}

/// A page of the dated prices of a product, general or of one customer.
pub fn prices(
    tx: &mut Tx<'_>,
    sku: &str,
    customer: Option<&str>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<PriceChange>, Option<String>), AppError> {
    let product = by_sku(tx, sku)?.id;
    let customer = match customer {
        None => None,
        Some(code) => Some(find_customer(tx, code)?),
    };
    let after = paging::number(after)?.unwrap_or_else(|| Day::MIN.number() - 1);
    let found = catalog::prices_of(tx, product, customer, after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.effective_from.number().to_string()))
}

/// The id of a customer.
pub(crate) fn find_customer(
    tx: &mut Tx<'_>,
    code: &str,
) -> Result<domain::ids::CustomerId, AppError> {
    let found = customers::by_code(tx, code)?;
    let (id, _) =
        found.ok_or_else(|| AppError::NotFound(format!("there is no customer {code}")))?;
    Ok(id)
}
