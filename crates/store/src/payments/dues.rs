//! What customers have to pay, what payments have settled of it, and what is left of payments.
//!
//! It deliberately allocates nothing by itself, and takes nothing back but by a further row.

use crate::catalog::day;
use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use domain::billing::BillState;
use domain::calendar::{Day, Moment};
use domain::ids::{BillId, CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::{Credit, Due, Source, Target};

const INSERT: Insert = Insert {
    table: "allocations",
    columns: &["payment_id", "entry_no", "customer_id", "bill_id", "amount_paise", "at", "cause"],
};
const INSERT_USES: Insert =
    Insert { table: "opening_uses", columns: &["customer_id", "bill_id", "amount_paise", "at"] };
const LOCK_CUSTOMER: Each = Each {
    sql: "SELECT id FROM customers WHERE id = :id FOR NO KEY UPDATE",
    columns: &[Column::Int("id")],
};
const OPEN_BILLS: Each = Each {
    sql: "SELECT id, state, total_paise, paid_paise, bill_day, serial, customer_id FROM bills \
          WHERE customer_id = :customer AND state IN ('issued', 'part-paid')",
    columns: &[Column::Int("customer")],
};
/// Opening balances with what is paid of them; those of zero owe nothing.
const OPENING: Each = Each {
    sql: "SELECT id, opening_balance_paise - (SELECT CAST(COALESCE(SUM(a.amount_paise), 0) \
          AS BIGINT) FROM allocations a WHERE a.customer_id = customers.id \
          AND a.bill_id IS NULL) FROM customers WHERE id = :customer \
          AND opening_balance_paise > 0",
    columns: &[Column::Int("customer")],
};
const PAID: Each = Each {
    sql: "SELECT id, state, total_paise, paid_paise, bill_day, serial FROM bills \
          WHERE id = :bill AND serial IS NOT NULL",
    columns: &[Column::Int("bill")],
};
const PAY: Each = Each {
    sql: "UPDATE bills SET state = :state, paid_paise = :paid, updated_at = :at \
          WHERE id = :bill AND paid_paise = :before AND state <> 'draft'",
    columns: &[
        Column::Int("bill"),
        Column::Text("state"),
        Column::Int("before"),
        Column::Int("paid"),
        Column::Int("at"),
    ],
};
const ALLOCATED: Each = Each {
    sql: "SELECT payment_id, COALESCE(bill_id, 0), MAX(entry_no), \
          CAST(SUM(amount_paise) AS BIGINT) FROM allocations WHERE payment_id = :payment \
          GROUP BY payment_id, COALESCE(bill_id, 0)",
    columns: &[Column::Int("payment")],
};
/// What no plan that we sell holds.
macro_rules! is_no_plans {
    () => {
        "(p.plan_code IS NULL OR NOT EXISTS (SELECT 1 FROM plans s \
         WHERE s.code = p.plan_code AND s.price_paise > 0))"
    };
}
/// What was allocated for a customer since a payment has paid something first, by payment and due.
pub(super) const ALLOCATED_SINCE: &str = "SELECT a.payment_id, COALESCE(a.bill_id, 0), \
     MAX(a.entry_no), CAST(SUM(a.amount_paise) AS BIGINT) FROM allocations a \
     WHERE a.payment_id IN (SELECT t.payment_id FROM ledger_entries e \
     JOIN ledger_transactions t ON t.id = e.transaction_id WHERE e.customer_id = $1) \
     AND a.at >= (SELECT MIN(x.at) FROM allocations x WHERE x.payment_id = $2) \
     GROUP BY a.payment_id, COALESCE(a.bill_id, 0) \
     ORDER BY a.payment_id, COALESCE(a.bill_id, 0)";
const CREDITS: Each = Each {
    sql: concat!(
        "SELECT p.customer_id, p.id, p.received_day, p.free_paise FROM payments p \
         WHERE p.customer_id = :customer AND p.free_paise > 0 AND ",
        is_no_plans!()
    ),
    columns: &[Column::Int("customer")],
};
pub(super) const CREDITS_OF_RANGE: &str = concat!(
    "SELECT p.customer_id, p.id, p.received_day, p.free_paise FROM payments p \
     WHERE p.customer_id BETWEEN $1 AND $2 AND p.free_paise > 0 AND ",
    is_no_plans!()
);
/// What is left of opening balances in the customers' favour.
pub(super) const OPENING_CREDITS: &str = "SELECT c.id, \
     -c.opening_balance_paise - (SELECT CAST(COALESCE(SUM(u.amount_paise), 0) AS BIGINT) \
     FROM opening_uses u WHERE u.customer_id = c.id) FROM customers c \
     WHERE c.id BETWEEN $1 AND $2 AND c.opening_balance_paise < 0";
pub(super) const OPENING_PAID: &str = "SELECT CAST(COALESCE(SUM(amount_paise), 0) AS BIGINT) \
     FROM allocations WHERE customer_id = $1 AND bill_id IS NULL";
const OPENING_CREDITS_OF: Each = Each {
    sql: "SELECT c.id, -c.opening_balance_paise - (SELECT CAST(COALESCE(SUM(u.amount_paise), 0) \
          AS BIGINT) FROM opening_uses u WHERE u.customer_id = c.id) FROM customers c \
          WHERE c.id = :customer AND c.opening_balance_paise < 0",
    columns: &[Column::Int("customer")],
};
pub(super) const QUERIES: &[&str] =
    &[ALLOCATED_SINCE, CREDITS_OF_RANGE, OPENING_CREDITS, OPENING_PAID];
pub(super) const SETS: &[&Each] = &[
    &LOCK_CUSTOMER,
    &OPEN_BILLS,
    &OPENING,
    &PAID,
    &PAY,
    &ALLOCATED,
    &CREDITS,
    &OPENING_CREDITS_OF,
];

/// Keeps others from allocating to the dues of these customers until the end of the transaction.
/// All who lock several give them in rising order.
pub fn lock_customers(tx: &mut Tx<'_>, customers: &[CustomerId]) -> Result<(), StoreError> {
    let numbers: Vec<i64> = customers.iter().map(|id| id.0).collect();
    if tx.lock_dues(&numbers)? {
        tx.lock_each(&LOCK_CUSTOMER, &ids(customers))?;
    }
    Ok(())
}

fn ids(customers: &[CustomerId]) -> Vec<[Value<'_>; 1]> {
    customers.iter().map(|id| [id.0.into()]).collect()
}

/// What somebody has to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueOf {
    /// Who.
    pub customer: CustomerId,
    /// What.
    pub due: Due,
    /// How much of it is paid, when it is a bill.
    pub bill: Option<PaidBill>,
}

/// What customers have to pay: balances brought forward, and issued bills not paid in full.
pub fn dues(tx: &mut Tx<'_>, customers: &[CustomerId]) -> Result<Vec<DueOf>, StoreError> {
    let rows = ids(customers);
    let asked = (tx.ask(&OPEN_BILLS, &rows)?, tx.ask(&OPENING, &rows)?);
    let mut found = Vec::new();
    tx.answer(asked.0, &OPEN_BILLS, &rows, |row| {
        let bill = read_paid(row)?;
        let due = bill.total.minus(bill.paid);
        let due = Due {
            target: Target::Bill(bill.bill),
            day: bill.day,
            serial: bill.serial,
            due: due.map_err(|_| StoreError::unexpected("bills.paid_paise"))?,
        };
        found.push(DueOf { customer: CustomerId(row.int(6)?), due, bill: Some(bill) });
        Ok(())
    })?;
    tx.answer(asked.1, &OPENING, &rows, |row| {
        let due = Money::from_paise(row.int(1)?);
        let due = Due { target: Target::Opening, day: Day::MIN, serial: 0, due };
        found.push(DueOf { customer: CustomerId(row.int(0)?), due, bill: None });
        Ok(())
    })?;
    Ok(found)
}

/// What is left of somebody's payment or opening balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditOf {
    /// Whose.
    pub customer: CustomerId,
    /// What.
    pub credit: Credit,
}

fn read_credit(row: &Row<'_>) -> Result<CreditOf, StoreError> {
    let credit = Credit {
        source: Source::Payment(PaymentId(row.int(1)?)),
        day: day(row.int(2)?, "payments.received_day")?,
        left: Money::from_paise(row.int(3)?),
    };
    Ok(CreditOf { customer: CustomerId(row.int(0)?), credit })
}

/// What is left of the payments of customers.
pub fn credits(tx: &mut Tx<'_>, customers: &[CustomerId]) -> Result<Vec<CreditOf>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&CREDITS, &ids(customers), |row| {
        found.push(read_credit(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// How much of the balance that a customer brought forward has been paid.
pub fn paid_of_opening(tx: &mut Tx<'_>, customer: CustomerId) -> Result<Money, StoreError> {
    let paid = tx.find(OPENING_PAID, &[customer.0.into()], |row| row.int(0))?;
    Ok(Money::from_paise(paid.unwrap_or(0)))
}

/// What is left of the payments of a range of customers.
pub fn credits_of_range(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<CreditOf>, StoreError> {
    tx.list(CREDITS_OF_RANGE, &[from.into(), to.into()], read_credit)
}

/// What is left of the opening balances that customers have in their favour.
pub fn opening_credits_of(
    tx: &mut Tx<'_>,
    customers: &[CustomerId],
) -> Result<Vec<CreditOf>, StoreError> {
    let mut found = Vec::new();
    tx.look_up(&OPENING_CREDITS_OF, &ids(customers), |row| {
        let left = Money::from_paise(row.int(1)?);
        let credit = Credit { source: Source::Opening, day: Day::MIN, left };
        found.push(CreditOf { customer: CustomerId(row.int(0)?), credit });
        Ok(())
    })?;
    Ok(found)
}

/// What is left of the opening balances that a range of customers has in its favour.
pub fn opening_credits(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<CreditOf>, StoreError> {
    let all = tx.list(OPENING_CREDITS, &[from.into(), to.into()], |row| {
        let left = Money::from_paise(row.int(1)?);
        let credit = Credit { source: Source::Opening, day: Day::MIN, left };
        Ok(CreditOf { customer: CustomerId(row.int(0)?), credit })
    })?;
    Ok(all.into_iter().filter(|found| found.credit.left > Money::ZERO).collect())
}

/// How much of a bill is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidBill {
    /// The bill.
    pub bill: BillId,
    /// Where it stands.
    pub state: BillState,
    /// What it comes to.
    pub total: Money,
    /// What is paid.
    pub paid: Money,
    /// Its date.
    pub day: Day,
    /// Its place in its series.
    pub serial: i64,
}

/// How much of bills is paid.
pub fn bills_paid(tx: &mut Tx<'_>, bills: &[BillId]) -> Result<Vec<PaidBill>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = bills.iter().map(|id| [id.0.into()]).collect();
    let mut found = Vec::with_capacity(bills.len());
    tx.look_up(&PAID, &rows, |row| {
        found.push(read_paid(row)?);
        Ok(())
    })?;
    Ok(found)
}

fn read_paid(row: &Row<'_>) -> Result<PaidBill, StoreError> {
    let state = BillState::from_name(row.text(1)?);
    Ok(PaidBill {
        bill: BillId(row.int(0)?),
        state: state.ok_or_else(|| StoreError::unexpected("bills.state"))?,
        total: Money::from_paise(row.int(2)?),
        paid: Money::from_paise(row.int(3)?),
        day: day(row.int(4)?, "bills.bill_day")?,
        serial: row.int(5)?,
    })
}

/// Keeps how much of bills is paid, each of which was paid so far before. That one of them stands
/// elsewhere by now is refused, on PostgreSQL by the commit at the latest.
pub fn pay_bills(
    tx: &mut Tx<'_>,
    bills: &[(PaidBill, Money)],
    at: Moment,
) -> Result<(), StoreError> {
    let row = |(now, before): &(PaidBill, Money)| {
        [
            now.bill.0.into(),
            now.state.as_str().into(),
            before.paise().into(),
            now.paid.paise().into(),
            at.unix_micros().into(),
        ]
    };
    let rows: Vec<_> = bills.iter().map(row).collect();
    tx.change_each(&PAY, &rows)
}

/// What stands of a payment's allocations to one due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// The payment.
    pub payment: PaymentId,
    /// The due, how much of it, and the number of the last row about it.
    pub part: domain::payments::Allocated,
}

/// What stands of payments' allocations, by due.
pub fn allocated(tx: &mut Tx<'_>, payments: &[PaymentId]) -> Result<Vec<Allocated>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = payments.iter().map(|id| [id.0.into()]).collect();
    let mut found = Vec::new();
    tx.look_up(&ALLOCATED, &rows, |row| {
        found.push(read_allocated(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// What was allocated for a customer since `payment` has paid something first, by payment and due:
/// the sum of each; negative where more was taken back.
pub fn allocated_since(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    payment: PaymentId,
) -> Result<Vec<Allocated>, StoreError> {
    tx.list(ALLOCATED_SINCE, &[customer.0.into(), payment.0.into()], read_allocated)
}

fn read_allocated(row: &Row<'_>) -> Result<Allocated, StoreError> {
    let target = match row.int(1)? {
        0 => Target::Opening,
        bill => Target::Bill(BillId(bill)),
    };
    let (number, amount) = (row.int(2)?, Money::from_paise(row.int(3)?));
    let part = domain::payments::Allocated { number, target, amount };
    Ok(Allocated { payment: PaymentId(row.int(0)?), part })
}

/// An allocation to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAllocation {
    /// The payment.
    pub payment: PaymentId,
    /// Its number among those of the payment, from 1.
    pub entry_no: i64,
    /// Who pays.
    pub customer: CustomerId,
    /// The due.
    pub target: Target,
    /// How much; negative takes back.
    pub amount: Money,
}

/// Adds allocations.
pub fn add_allocations(
    tx: &mut Tx<'_>,
    new: &[NewAllocation],
    cause: &str,
    at: Moment,
) -> Result<(), StoreError> {
    let rows = new.iter().map(|part| {
        let bill = if let Target::Bill(bill) = part.target { Some(bill.0) } else { None };
        [
            part.payment.0.into(),
            part.entry_no.into(),
            part.customer.0.into(),
            bill.into(),
            part.amount.paise().into(),
            at.unix_micros().into(),
            cause.into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// A part of an opening balance in a customer's favour that pays a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningUse {
    /// Whose.
    pub customer: CustomerId,
    /// The bill.
    pub bill: BillId,
    /// How much.
    pub amount: Money,
}

/// Notes which bills opening balances have paid.
pub fn add_opening_uses(
    tx: &mut Tx<'_>,
    uses: &[OpeningUse],
    at: Moment,
) -> Result<(), StoreError> {
    let rows = uses.iter().map(|part| {
        [
            part.customer.0.into(),
            part.bill.0.into(),
            part.amount.paise().into(),
            at.unix_micros().into(),
        ]
    });
    tx.insert_many(&INSERT_USES, rows).map(|_| ())
}
