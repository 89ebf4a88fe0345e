//! Customers: found by code, added and changed.
//!
//! It deliberately never removes one; bills and the ledger point at them.

use crate::db::{Insert, Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::customers::{BillingMode, Customer, Email, Gstin, Language, Phone, Pincode, State};
use domain::ids::CustomerId;
use domain::money::Money;
use std::collections::HashMap;

const INSERT: Insert = Insert {
    table: "customers",
    columns: &[
        "id",
        "code",
        "name",
        "phone",
        "email",
        "language",
        "address",
        "pincode",
        "state",
        "gstin",
        "route",
        "opening_balance_paise",
        "billing_mode",
        "created_at",
        "updated_at",
    ],
};
pub(crate) const CODES: &str = "SELECT id, code FROM customers";
pub(crate) const ALL: &str = "SELECT id, code, name, phone, email, language, address, pincode, \
     state, gstin, route, opening_balance_paise, billing_mode FROM customers ORDER BY id";
pub(crate) const UPDATE: &str = "UPDATE customers SET name = $2, phone = $3, email = $4, \
     language = $5, address = $6, pincode = $7, state = $8, gstin = $9, route = $10, \
     opening_balance_paise = $11, billing_mode = $12, updated_at = $13, \
     version = version + 1 WHERE id = $1";
pub(crate) const PARTIES: &str = "SELECT id, code, state, gstin FROM customers \
     WHERE id BETWEEN $1 AND $2 ORDER BY id";
pub(crate) const LAST_ID: &str = "SELECT MAX(id) FROM customers";
pub(crate) const BY_CODE: &str = "SELECT id, name FROM customers WHERE code = $1";
pub(crate) const KNOWN: &str = "SELECT id, code, name, phone, email, language, address, \
     pincode, state, gstin, route, opening_balance_paise, billing_mode, version, created_at, \
     updated_at FROM customers WHERE code = $1";
/// One page; `{after}` is where it goes on, `{order}` how it is sorted.
macro_rules! page {
    ($after:literal, $order:literal) => {
        concat!(
            "SELECT id, code, name, phone, email, language, address, pincode, state, gstin, \
             route, opening_balance_paise, billing_mode, version, created_at, updated_at \
             FROM customers WHERE ",
            $after,
            " AND (CAST($3 AS TEXT) IS NULL OR route = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR state = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR lower(name) LIKE $5 ESCAPE '!' \
             OR lower(code) LIKE $5 ESCAPE '!') ORDER BY ",
            $order,
            " LIMIT $6"
        )
    };
}
pub(crate) const PAGE_UP: &str = page!("code > $1 AND CAST($2 AS BIGINT) IS NULL", "code");
pub(crate) const PAGE_DOWN: &str = page!("code < $1 AND CAST($2 AS BIGINT) IS NULL", "code DESC");
pub(crate) const PAGE_CHANGED: &str = page!("(updated_at, code) > ($2, $1)", "updated_at, code");
pub(crate) const PAGE_NEWEST: &str =
    page!("(updated_at, code) < ($2, $1)", "updated_at DESC, code DESC");
pub(crate) const QUERIES: &[&str] = &[
    CODES,
    ALL,
    UPDATE,
    PARTIES,
    LAST_ID,
    BY_CODE,
    KNOWN,
    PAGE_UP,
    PAGE_DOWN,
    PAGE_CHANGED,
    PAGE_NEWEST,
];

/// A customer as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: CustomerId,
    /// Its facts.
    pub customer: Customer,
    /// How often it has changed, from 1.
    pub version: i64,
    /// When it was added.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
}

fn read_known(row: &Row<'_>) -> Result<Known, StoreError> {
    Ok(Known {
        id: CustomerId(row.int(0)?),
        customer: read(row)?,
        version: row.int(13)?,
        created_at: Moment::from_unix_micros(row.int(14)?),
        updated_at: Moment::from_unix_micros(row.int(15)?),
    })
}

/// A customer by code.
pub fn known(tx: &mut Tx<'_>, code: &str) -> Result<Option<Known>, StoreError> {
    tx.find(KNOWN, &[code.into()], read_known)
}

/// How a page of customers is sorted, and the last customer of the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// By code, rising.
    Code(String),
    /// By code, falling.
    CodeFalling(String),
    /// By the time of the last change, rising, then code.
    Changed(Moment, String),
    /// By the time of the last change, falling, then code.
    ChangedFalling(Moment, String),
}

/// Which customers are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Their route.
    pub route: Option<String>,
    /// The code of their State.
    pub state: Option<String>,
    /// A part of name or code, in lower case.
    pub part: Option<String>,
}

/// At most `limit` customers.
pub fn page(
    tx: &mut Tx<'_>,
    filter: &Filter,
    after: &After,
    limit: i64,
) -> Result<Vec<Known>, StoreError> {
    let (sql, code, at) = match after {
        After::Code(code) => (PAGE_UP, Some(code), None),
        After::CodeFalling(code) => (PAGE_DOWN, Some(code), None),
        After::Changed(at, code) => (PAGE_CHANGED, Some(code), Some(at)),
        After::ChangedFalling(at, code) => (PAGE_NEWEST, Some(code), Some(at)),
    };
    let part = filter.part.as_deref().map(part_pattern);
    let params = [
        code.map(String::as_str).into(),
        at.map(|at| at.unix_micros()).into(),
        filter.route.as_deref().into(),
        filter.state.as_deref().into(),
        part.as_deref().into(),
        limit.into(),
    ];
    tx.list(sql, &params, read_known)
}

/// A pattern that finds a part anywhere, whatever characters it has.
pub(crate) fn part_pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The ids of all customers by code.
pub fn codes(tx: &mut Tx<'_>) -> Result<HashMap<String, CustomerId>, StoreError> {
    let pairs =
        tx.list(CODES, &[], |row| Ok((row.text(1)?.to_owned(), CustomerId(row.int(0)?))))?;
    Ok(pairs.into_iter().collect())
}

/// All customers as kept, by code.
pub fn all(tx: &mut Tx<'_>) -> Result<HashMap<String, (CustomerId, Customer)>, StoreError> {
    let list = tx.list(ALL, &[], |row| Ok((CustomerId(row.int(0)?), read(row)?)))?;
    Ok(list.into_iter().map(|(id, customer)| (customer.code.clone(), (id, customer))).collect())
}

fn read(row: &Row<'_>) -> Result<Customer, StoreError> {
    let text = |place| Ok::<_, StoreError>(row.opt_text(place)?.map(str::to_owned));
    let wrong = |what: &str| StoreError::unexpected(format!("customers.{what}"));
    let phone = row.opt_text(3)?.map(Phone::parse).transpose();
    let email = row.opt_text(4)?.map(Email::parse).transpose();
    let language = row.opt_text(5)?.map(Language::parse).transpose();
    let pincode = row.opt_text(7)?.map(Pincode::parse).transpose();
    let state = row.opt_text(8)?.map(State::parse).transpose();
    let gstin = row.opt_text(9)?.map(Gstin::parse).transpose();
    Ok(Customer {
        code: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        phone: phone.map_err(|_| wrong("phone"))?,
        email: email.map_err(|_| wrong("email"))?,
        language: language.map_err(|_| wrong("language"))?,
        address: text(6)?,
        pincode: pincode.map_err(|_| wrong("pincode"))?,
        state: state.map_err(|_| wrong("state"))?,
        gstin: gstin.map_err(|_| wrong("gstin"))?,
        route: text(10)?,
        opening_balance: Money::from_paise(row.int(11)?),
        billing_mode: BillingMode::parse(row.text(12)?).map_err(|_| wrong("billing_mode"))?,
    })
}

/// The values of a customer from its name on, in the order of the tables' columns.
fn facts(customer: &Customer) -> [Value<'_>; 11] {
    [
        customer.name.as_str().into(),
        customer.phone.as_ref().map(Phone::as_str).into(),
        customer.email.as_ref().map(Email::as_str).into(),
        customer.language.map(Language::code).into(),
        customer.address.as_deref().into(),
        customer.pincode.as_ref().map(Pincode::as_str).into(),
        customer.state.map(State::code).into(),
        customer.gstin.as_ref().map(Gstin::as_str).into(),
        customer.route.as_deref().into(),
        customer.opening_balance.paise().into(),
        customer.billing_mode.as_str().into(),
    ]
}

/// Adds customers; returns their ids, in order.
pub fn add(
    tx: &mut Tx<'_>,
    customers: &[&Customer],
    at: Moment,
) -> Result<Vec<CustomerId>, StoreError> {
    let first = allot(tx, Counter::Customers, customers.len())?;
    let at = at.unix_micros().into();
    let rows = customers.iter().zip(first..).map(|(customer, id)| {
        let [name, phone, email, language, address, pincode, state, gstin, route, opening, mode] =
            facts(customer);
        let code = customer.code.as_str().into();
        [
            id.into(),
            code,
            name,
            phone,
            email,
            language,
            address,
            pincode,
            state,
            gstin,
            route,
            opening,
            mode,
            at,
            at,
        ]
    });
    tx.insert_many(&INSERT, rows)?;
    Ok(customers.iter().zip(first..).map(|(_, id)| CustomerId(id)).collect())
}

/// Keeps new facts of a customer.
pub fn update(
    tx: &mut Tx<'_>,
    id: CustomerId,
    customer: &Customer,
    at: Moment,
) -> Result<(), StoreError> {
    let mut params = vec![id.0.into()];
    params.extend(facts(customer));
    params.push(at.unix_micros().into());
    tx.execute(UPDATE, &params).map(|_| ())
}

/// What billing needs to know of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billed {
    /// Its id.
    pub id: CustomerId,
    /// Its code.
    pub code: String,
    /// The State of supply, if it is stated or follows from a GSTIN.
    pub state: Option<State>,
}

/// The customers of a range of ids, in order.
pub fn range(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<Billed>, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("customers.{what}"));
    tx.list(PARTIES, &[from.into(), to.into()], |row| {
        let state = row.opt_text(2)?.map(State::parse).transpose().map_err(|_| wrong("state"))?;
        let gstin = row.opt_text(3)?.map(Gstin::parse).transpose().map_err(|_| wrong("gstin"))?;
        Ok(Billed {
            id: CustomerId(row.int(0)?),
            code: row.text(1)?.to_owned(),
            state: state.or_else(|| gstin.as_ref().map(Gstin::state)),
        })
    })
}

/// The highest id; 0 when there are no customers.
pub fn last_id(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.find(LAST_ID, &[], |row| row.opt_int(0))?.flatten().unwrap_or(0))
}

/// A customer's id and name by code.
pub fn by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<(CustomerId, String)>, StoreError> {
    tx.find(BY_CODE, &[code.into()], |row| Ok((CustomerId(row.int(0)?), row.text(1)?.to_owned())))
}
