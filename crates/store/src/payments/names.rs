//! By what a payment says whose it is: what we asked for, the number of a bill, the code of a
//! customer.
//!
//! It deliberately guesses nothing from amounts or names of people.

use crate::db::{Column, Each, Row, StoreError, Tx, Value};
use domain::calendar::Moment;
use domain::ids::{BillId, CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::{Provider, RequestState};
use std::collections::BTreeMap;

const REQUESTS: Each = Each {
    sql: "SELECT :place, id, customer_id, bill_id, plan_code, amount_paise, in_parts \
          FROM payment_requests \
          WHERE provider = :provider AND provider_reference = :reference \
          UNION ALL SELECT :place, id, customer_id, bill_id, plan_code, amount_paise, in_parts \
          FROM payment_requests \
          WHERE provider = :provider AND order_reference = :reference",
    columns: &[Column::Int("place"), Column::Text("provider"), Column::Text("reference")],
};
const MOVE: Each = Each {
    sql: "UPDATE payment_requests SET state = :state, retry_at = NULL, updated_at = :at \
          WHERE {joined} id = :id AND state NOT IN ('paid', 'refused') \
          AND amount_paise IS NOT NULL",
    columns: &[Column::Int("id"), Column::Text("state"), Column::Int("at")],
};
const BILLS: Each = Each {
    sql: "SELECT :place, id, customer_id FROM bills WHERE number = :number",
    columns: &[Column::Int("place"), Column::Text("number")],
};
const CUSTOMERS: Each = Each {
    sql: "SELECT :place, id FROM customers WHERE code = :code",
    columns: &[Column::Int("place"), Column::Text("code")],
};
/// Payments by how and by what they are known, and who pays.
const OWNERS: Each = Each {
    sql: "SELECT :place, id, customer_id FROM payments \
          WHERE provider = :provider AND reference = :reference",
    columns: &[Column::Int("place"), Column::Text("provider"), Column::Text("reference")],
};
/// The state that stays.
const PAID: &str = RequestState::Paid.as_str();
pub(super) const SETS: &[&Each] = &[&REQUESTS, &MOVE, &BILLS, &CUSTOMERS, &OWNERS];

/// Something that we asked a gateway for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: i64,
    /// Who is to pay.
    pub customer: CustomerId,
    /// The bill to be paid.
    pub bill: Option<BillId>,
    /// The plan to be bought.
    pub plan: Option<String>,
    /// The amount; absent when any may be paid.
    pub amount: Option<Money>,
    /// Whether less may be paid.
    pub in_parts: bool,
}

/// A place in a list of keys.
fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The keys of things that come in some way, each with its place in the list.
fn by_provider<'k>(keys: &[(Provider, &'k str)]) -> Vec<[Value<'k>; 3]> {
    let row = |((provider, id), place): (&(Provider, &'k str), i64)| {
        [place.into(), provider.as_str().into(), (*id).into()]
    };
    keys.iter().zip(0..).map(row).collect()
}

/// Names, each with its place in the list.
fn by_name<'k>(names: &[&'k str]) -> Vec<[Value<'k>; 2]> {
    names.iter().zip(0i64..).map(|(name, place)| [place.into(), (*name).into()]).collect()
}

fn read_request(row: &Row<'_>) -> Result<(usize, Request), StoreError> {
    let request = Request {
        id: row.int(1)?,
        customer: CustomerId(row.int(2)?),
        bill: row.opt_int(3)?.map(BillId),
        plan: row.opt_text(4)?.map(str::to_owned),
        amount: row.opt_int(5)?.map(Money::from_paise),
        in_parts: row.flag(6)?,
    };
    Ok((place(row.int(0)?), request))
}

fn read_bill(row: &Row<'_>) -> Result<(usize, NamedBill), StoreError> {
    let named = NamedBill { bill: BillId(row.int(1)?), customer: CustomerId(row.int(2)?) };
    Ok((place(row.int(0)?), named))
}

fn read_customer(row: &Row<'_>) -> Result<(usize, CustomerId), StoreError> {
    Ok((place(row.int(0)?), CustomerId(row.int(1)?)))
}

/// What is told by names, as lists of keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// The gateways' ids of what we may have asked for.
    pub requests: &'a [(Provider, &'a str)],
    /// Numbers of bills.
    pub bills: &'a [&'a str],
    /// Codes of customers.
    pub customers: &'a [&'a str],
    /// Payments, by how and by what they are known.
    pub payments: &'a [(Provider, &'a str)],
}

/// What is known under names; each with the place of its key.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// What we asked for.
    pub requests: Vec<(usize, Request)>,
    /// Issued bills.
    pub bills: Vec<(usize, NamedBill)>,
    /// Customers.
    pub customers: Vec<(usize, CustomerId)>,
    /// Payments, and who pays.
    pub payments: Vec<(usize, PaymentId, Option<CustomerId>)>,
}

/// Looks up all that payments are told to be about, in one exchange.
pub fn look_up(tx: &mut Tx<'_>, names: &Names<'_>) -> Result<Named, StoreError> {
    let requests = by_provider(names.requests);
    let bills = by_name(names.bills);
    let customers = by_name(names.customers);
    let payments = by_provider(names.payments);
    let asked = (
        tx.ask(&REQUESTS, &requests)?,
        tx.ask(&BILLS, &bills)?,
        tx.ask(&CUSTOMERS, &customers)?,
        tx.ask(&OWNERS, &payments)?,
    );
    let mut found = Named::default();
    tx.answer(asked.0, &REQUESTS, &requests, |row| {
        found.requests.push(read_request(row)?);
        Ok(())
    })?;
    tx.answer(asked.1, &BILLS, &bills, |row| {
        found.bills.push(read_bill(row)?);
        Ok(())
    })?;
    tx.answer(asked.2, &CUSTOMERS, &customers, |row| {
        found.customers.push(read_customer(row)?);
        Ok(())
    })?;
    tx.answer(asked.3, &OWNERS, &payments, |row| {
        let customer = row.opt_int(2)?.map(CustomerId);
        found.payments.push((place(row.int(0)?), PaymentId(row.int(1)?), customer));
        Ok(())
    })?;
    Ok(found)
}

/// What we asked for, by the gateways' ids; each with the place of its key.
pub fn requests(
    tx: &mut Tx<'_>,
    keys: &[(Provider, &str)],
) -> Result<Vec<(usize, Request)>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&REQUESTS, &by_provider(keys), |row| {
        found.push(read_request(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Notes where requests stand now, in the order in which it was told. What is paid stays paid; a
/// standing QR code never is.
pub fn move_requests(
    tx: &mut Tx<'_>,
    requests: &[(i64, &str)],
    at: Moment,
) -> Result<(), StoreError> {
    // A set has no order on PostgreSQL: what is told of one request is one row.
    let mut last: BTreeMap<i64, &str> = BTreeMap::new();
    for (id, state) in requests {
        let stands = last.entry(*id).or_insert(state);
        if *stands != PAID {
            *stands = state;
        }
    }
    let rows =
        last.iter().map(|(id, state)| [(*id).into(), (*state).into(), at.unix_micros().into()]);
    tx.for_each(&MOVE, rows).map(|_| ())
}

/// A bill with its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedBill {
    /// The bill.
    pub bill: BillId,
    /// Whose it is.
    pub customer: CustomerId,
}

/// Issued bills by number; each with the place of its number.
pub fn bills_by_number(
    tx: &mut Tx<'_>,
    numbers: &[&str],
) -> Result<Vec<(usize, NamedBill)>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&BILLS, &by_name(numbers), |row| {
        found.push(read_bill(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Customers by code; each with the place of its code.
pub fn customers_by_code(
    tx: &mut Tx<'_>,
    codes: &[&str],
) -> Result<Vec<(usize, CustomerId)>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&CUSTOMERS, &by_name(codes), |row| {
        found.push(read_customer(row)?);
        Ok(())
    })?;
    Ok(found)
}
