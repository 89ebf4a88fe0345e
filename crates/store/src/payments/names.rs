//! By what a payment says whose it is: what we asked for, the number of a bill, the code of a
//! customer.
//!
//! It deliberately guesses nothing from amounts or names of people.

use crate::db::{Column, Each, StoreError, Tx};
use domain::calendar::Moment;
use domain::ids::{BillId, CustomerId};
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
          WHERE id = :id AND state NOT IN ('paid', 'refused') AND amount_paise IS NOT NULL",
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
/// The state that stays.
const PAID: &str = RequestState::Paid.as_str();
pub(super) const SETS: &[&Each] = &[&REQUESTS, &MOVE, &BILLS, &CUSTOMERS];

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

/// What we asked for, by the gateways' ids; each with the place of its key.
pub fn requests(
    tx: &mut Tx<'_>,
    keys: &[(Provider, &str)],
) -> Result<Vec<(usize, Request)>, StoreError> {
    let rows: Vec<_> = keys
        .iter()
        .zip(0i64..)
        .map(|((provider, id), place)| [place.into(), provider.as_str().into(), (*id).into()])
        .collect();
    let mut found = Vec::new();
    tx.look_up(&REQUESTS, &rows, |row| {
        let request = Request {
            id: row.int(1)?,
            customer: CustomerId(row.int(2)?),
            bill: row.opt_int(3)?.map(BillId),
            plan: row.opt_text(4)?.map(str::to_owned),
            amount: row.opt_int(5)?.map(Money::from_paise),
            in_parts: row.flag(6)?,
        };
        found.push((place(row.int(0)?), request));
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
    let rows: Vec<_> =
        numbers.iter().zip(0i64..).map(|(number, at)| [at.into(), (*number).into()]).collect();
    let mut found = Vec::new();
    tx.look_up(&BILLS, &rows, |row| {
        let named = NamedBill { bill: BillId(row.int(1)?), customer: CustomerId(row.int(2)?) };
        found.push((place(row.int(0)?), named));
        Ok(())
    })?;
    Ok(found)
}

/// Customers by code; each with the place of its code.
pub fn customers_by_code(
    tx: &mut Tx<'_>,
    codes: &[&str],
) -> Result<Vec<(usize, CustomerId)>, StoreError> {
    let rows: Vec<_> =
        codes.iter().zip(0i64..).map(|(code, at)| [at.into(), (*code).into()]).collect();
    let mut found = Vec::new();
    tx.look_up(&CUSTOMERS, &rows, |row| {
        found.push((place(row.int(0)?), CustomerId(row.int(1)?)));
        Ok(())
    })?;
    Ok(found)
}
