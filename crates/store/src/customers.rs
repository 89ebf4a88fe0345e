//! Customers: found by code, added and changed.
//!
//! It deliberately never removes one; bills and the ledger point at them.

use crate::db::{Insert, Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::Moment;
use domain::customers::{Customer, Email, Gstin, Language, Phone, Pincode, State};
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
        "created_at",
        "updated_at",
    ],
};
pub(crate) const CODES: &str = "SELECT id, code FROM customers";
pub(crate) const ALL: &str = "SELECT id, code, name, phone, email, language, address, pincode, \
     state, gstin, route, opening_balance_paise FROM customers ORDER BY id";
pub(crate) const UPDATE: &str = "UPDATE customers SET name = $2, phone = $3, email = $4, \
     language = $5, address = $6, pincode = $7, state = $8, gstin = $9, route = $10, \
     opening_balance_paise = $11, updated_at = $12, version = version + 1 WHERE id = $1";
pub(crate) const PARTIES: &str = "SELECT id, code, state, gstin FROM customers \
     WHERE id BETWEEN $1 AND $2 ORDER BY id";
pub(crate) const LAST_ID: &str = "SELECT MAX(id) FROM customers";
pub(crate) const BY_CODE: &str = "SELECT id, name FROM customers WHERE code = $1";
pub(crate) const QUERIES: &[&str] = &[CODES, ALL, UPDATE, PARTIES, LAST_ID, BY_CODE];

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
    })
}

/// The values of a customer from its name on, in the order of the tables' columns.
fn facts(customer: &Customer) -> [Value<'_>; 10] {
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
        let [name, phone, email, language, address, pincode, state, gstin, route, opening] =
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
