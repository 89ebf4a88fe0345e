//! What is needed to know whether prepaid customers have a balance: who they are, and what they
//! were delivered that no issued bill has taken.
//!
//! It deliberately prices nothing; prices and taxes are for `domain`.

use crate::catalog::day;
use crate::db::{Column, Each, Row, StoreError, Tx, Value};
use domain::billing::LineKind;
use domain::calendar::Day;
use domain::catalog::PriceChange;
use domain::customers::{Gstin, State};
use domain::ids::{CustomerId, ProductId};
use domain::money::{Quantity, UnitPrice};

const ALL: &str = "SELECT id, state, gstin FROM customers WHERE billing_mode = 'prepaid' \
     ORDER BY id";
const OF_ROUTE: &str = "SELECT id, state, gstin FROM customers WHERE billing_mode = 'prepaid' \
     AND route = $1 ORDER BY id";
const OF_LIST: Each = Each {
    sql: "SELECT id, state, gstin FROM customers \
          WHERE id = :customer AND billing_mode = 'prepaid'",
    columns: &[Column::Int("customer")],
};
/// Deliveries on a draft are not billed yet: nothing is owed for them.
const DELIVERED: Each = Each {
    sql: "SELECT d.customer_id, d.day, d.product_id, d.quantity_milli, \
          CAST(NULL AS BIGINT) AS price FROM unbilled_months m CROSS JOIN deliveries d \
          WHERE m.customer_id = :customer \
          AND d.customer_id = m.customer_id \
          AND d.day BETWEEN m.month * 100 AND m.month * 100 + 99 AND d.day <= :until \
          AND d.status = 1 AND d.quantity_milli > 0 AND (d.bill_id IS NULL \
          OR (SELECT b.state FROM bills b WHERE b.id = d.bill_id) = 'draft')",
    columns: &[Column::Int("customer"), Column::Int("until")],
};
const ORDERED: Each = Each {
    sql: "SELECT o.customer_id, o.delivery_day, o.product_id, o.quantity_milli, \
          o.agreed_price_milli FROM unbilled_months m CROSS JOIN orders o \
          WHERE m.customer_id = :customer AND o.customer_id = m.customer_id \
          AND o.delivery_day BETWEEN m.month * 100 AND m.month * 100 + 99 \
          AND o.delivery_day <= :until AND o.status = 'delivered' AND o.quantity_milli > 0 \
          AND (o.bill_id IS NULL \
          OR (SELECT b.state FROM bills b WHERE b.id = o.bill_id) = 'draft')",
    columns: &[Column::Int("customer"), Column::Int("until")],
};
const OWN_PRICES: Each = Each {
    sql: "SELECT customer_id, product_id, effective_from, price_milli FROM customer_prices \
          WHERE customer_id = :customer",
    columns: &[Column::Int("customer")],
};
pub(super) const QUERIES: &[&str] = &[ALL, OF_ROUTE];
pub(super) const SETS: &[&Each] = &[&OF_LIST, &DELIVERED, &ORDERED, &OWN_PRICES];

/// Whose prepaid balance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'a> {
    /// That of all customers.
    All,
    /// That of the customers of a route.
    Route(&'a str),
    /// That of some.
    Customers(&'a [CustomerId]),
}

/// A prepaid customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepaid {
    /// Who.
    pub id: CustomerId,
    /// The State of supply, if it is stated or follows from a GSTIN.
    pub state: Option<State>,
}

fn read(row: &Row<'_>) -> Result<Prepaid, StoreError> {
    let wrong = |what: &str| StoreError::unexpected(format!("customers.{what}"));
    let state = row.opt_text(1)?.map(State::parse).transpose().map_err(|_| wrong("state"))?;
    let gstin = row.opt_text(2)?.map(Gstin::parse).transpose().map_err(|_| wrong("gstin"))?;
    Ok(Prepaid {
        id: CustomerId(row.int(0)?),
        state: state.or_else(|| gstin.as_ref().map(Gstin::state)),
    })
}

fn ids(customers: &[CustomerId]) -> Vec<[Value<'_>; 1]> {
    customers.iter().map(|id| [id.0.into()]).collect()
}

/// The prepaid ones among customers.
pub fn prepaid(tx: &mut Tx<'_>, whom: Whom<'_>) -> Result<Vec<Prepaid>, StoreError> {
    match whom {
        Whom::All => tx.list(ALL, &[], read),
        Whom::Route(route) => tx.list(OF_ROUTE, &[route.into()], read),
        Whom::Customers(customers) => {
            let mut found = Vec::new();
            tx.look_up(&OF_LIST, &ids(customers), |row| {
                found.push(read(row)?);
                Ok(())
            })?;
            Ok(found)
        }
    }
}

/// Something delivered that no issued bill has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbilled {
    /// To whom.
    pub customer: CustomerId,
    /// As a standing delivery or a one-time order.
    pub kind: LineKind,
    /// When.
    pub day: Day,
    /// What.
    pub product: ProductId,
    /// How much.
    pub quantity: Quantity,
    /// The price agreed for it.
    pub agreed_price: Option<UnitPrice>,
}

/// What customers were delivered up to a day that no issued bill has taken, in no order.
pub fn unbilled(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
    until: Day,
) -> Result<Vec<Unbilled>, StoreError> {
    let rows: Vec<[Value<'_>; 2]> =
        customers.iter().map(|id| [id.0.into(), until.number().into()]).collect();
    let mut found = Vec::new();
    for (set, kind) in [(&DELIVERED, LineKind::Delivery), (&ORDERED, LineKind::Order)] {
        tx.look_up(set, &rows, |row| {
            found.push(Unbilled {
                customer: CustomerId(row.int(0)?),
                kind,
                day: day(row.int(1)?, "a day of delivery")?,
                product: ProductId(row.int(2)?),
                quantity: Quantity::from_milli(row.int(3)?),
                agreed_price: row.opt_int(4)?.map(UnitPrice::from_milli),
            });
            Ok(())
        })?;
    }
    Ok(found)
}

/// The own prices of customers.
pub fn own_prices(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
) -> Result<Vec<PriceChange>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&OWN_PRICES, &ids(customers), |row| {
        found.push(PriceChange {
            customer: Some(CustomerId(row.int(0)?)),
            product: ProductId(row.int(1)?),
            effective_from: day(row.int(2)?, "customer_prices.effective_from")?,
            price: row.opt_int(3)?.map(UnitPrice::from_milli),
        });
        Ok(())
    })?;
    Ok(found)
}
