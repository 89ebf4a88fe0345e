//! What there is to ask for: read once over the API, page by page, before anything is measured.
//!
//! It deliberately keeps only what stands in paths.

use super::process::Process;
use super::session;
use crate::failure::Failure;
use crate::load::{Caller, Client};
use serde_json::Value;

/// Records on a page while reading: the most the API gives.
const PAGE: usize = 200;

/// The codes, numbers and places of pages that requests are made of.
#[derive(Debug, Default)]
pub struct World {
    /// The month of the bills, `YYYY-MM`.
    pub month: String,
    /// The month after it, in which deliveries and orders are reported.
    pub next_month: String,
    /// The codes of all customers.
    pub customers: Vec<String>,
    /// The number of each bill of the month with its customer's code.
    pub bills: Vec<(String, String)>,
    /// The codes of all products.
    pub products: Vec<String>,
    /// Where pages of customers begin: `&after=…`, and nothing for the first.
    pub customer_pages: Vec<String>,
    /// Where pages of bills begin, alike.
    pub bill_pages: Vec<String>,
}

impl World {
    /// Signs in as the owner with the initial password and reads everything.
    pub fn of(service: &Process, password: &str, month: &str) -> Result<Self, Failure> {
        let chosen = session::choose_password(service.address, password)?;
        let token = session::token(service.address, &chosen)?;
        let caller = Caller::new(service.address, Some(&token));
        Self::read(&mut Client::connect(service.address, caller)?, month)
    }

    /// Reads everything.
    pub fn read(client: &mut Client, month: &str) -> Result<Self, Failure> {
        let mut world =
            Self { month: month.to_owned(), next_month: month_after(month)?, ..Self::default() };
        let (customers, bills) = (&mut world.customers, &mut world.bills);
        world.customer_pages = pages(client, "/api/v1/customers?sort=code", |item| {
            customers.push(plain(&item["code"])?);
            Ok(())
        })?;
        let list = format!("/api/v1/bills?month={month}");
        world.bill_pages = pages(client, &list, |item| {
            bills.push((plain(&item["number"])?, plain(&item["customer_code"])?));
            Ok(())
        })?;
        let products = &mut world.products;
        pages(client, "/api/v1/products?", |item| {
            products.push(plain(&item["sku"])?);
            Ok(())
        })?;
        if world.customers.is_empty() || world.bills.is_empty() || world.products.is_empty() {
            return Err(Failure::new("the database has no customers, bills or products"));
        }
        Ok(world)
    }
}

/// Reads a list to its end; returns where its pages begin.
fn pages(
    client: &mut Client,
    list: &str,
    mut keep: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    let mut begins = vec![String::new()];
    loop {
        let from = begins.last().map_or("", String::as_str);
        let page = client.get(&format!("{list}&limit={PAGE}{from}"))?;
        page["items"].as_array().into_iter().flatten().try_for_each(&mut keep)?;
        match &page["next"] {
            Value::Null => return Ok(begins),
            next => begins.push(format!("&after={}", plain(next)?)),
        }
    }
}

/// A text that may stand in a path as it is.
fn plain(value: &Value) -> Result<String, Failure> {
    let text = value.as_str().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_plain) {
        return Err(Failure::new(format!("not a text that may stand in a path: {value}")));
    }
    Ok(text.to_owned())
}

fn month_after(month: &str) -> Result<String, Failure> {
    let parts = month
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse::<u16>().ok()?, month.parse::<u8>().ok()?)));
    match parts {
        Some((year, 12)) => Ok(format!("{:04}-01", year + 1)),
        Some((year, month)) => Ok(format!("{year:04}-{:02}", month + 1)),
        None => Err(Failure::new(format!("not a month: {month}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{month_after, plain};
    use serde_json::json;

    #[test]
    fn the_month_after() {
        assert_eq!(month_after("2026-09").unwrap(), "2026-10");
        assert_eq!(month_after("2026-12").unwrap(), "2027-01");
        assert!(month_after("2026").is_err() && month_after("a-b").is_err());
    }

    #[test]
    fn only_plain_texts_stand_in_paths() {
        assert_eq!(plain(&json!("INV/26-27/000001")).unwrap(), "INV/26-27/000001");
        for wrong in [json!("a b"), json!("a?b"), json!(""), json!(null), json!("é")] {
            assert!(plain(&wrong).is_err(), "{wrong}");
        }
    }
}
