//! Payments: what is known of each, kept as sets.
//!
//! It deliberately decides nothing: states, postings and allocations come from `domain`, and a
//! payment is changed only by whoever has loaded it for a change in the same transaction.

pub mod cash;
mod dues;
mod list;
mod log;
mod names;
mod parts;
mod plans;
mod proof;
mod receipts;
mod refunds;
mod requests;
mod settlements;

pub use dues::{
    Allocated, CreditOf, DueOf, NewAllocation, OpeningUse, PaidBill, add_allocations,
    add_opening_uses, allocated, allocated_since, bills_paid, credits, credits_of_range, dues,
    lock_customers, opening_credits, opening_credits_of, paid_of_opening, pay_bills,
};
pub use list::{
    Filter, Listed, ShownAllocation, ShownPosting, allocations_of, by_bank_reference, by_key,
    by_reference, page, postings_of,
};
pub use log::{LogEntry, add_log, has_cause, log_of};
pub use names::{
    Named, NamedBill, Names, Request, bills_by_number, customers_by_code, look_up, move_requests,
    requests,
};
pub use parts::{put_disputes, put_refunds};
pub use plans::{for_plans, waiting_for};
pub use proof::{PostedEntry, Proof, broken_allocations, last_payment, proofs};
pub use receipts::{Recorded, recorded, standing_receipts};
pub use refunds::{
    AskedRefund, Cursor, add_refund, allot_refund, count_refunds, cursor, due_refunds, lock_refund,
    move_cursor, page_of_refunds, refund_by_id, refunded_alone, save_refund, tell_refunds,
    under_way,
};
pub use requests::{
    AskedFor, NewAskedFor, RequestFilter, add_request, allot_request, count_requests, due_requests,
    lock_request, page_of_requests, request_by_id, save_request,
};
pub use settlements::{Settlement, add_settlement};

use crate::catalog::day;
use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use crate::imports::{Apart, Counter, allot_apart, ask_apart};
use domain::calendar::{Day, Moment};
use domain::ids::{BillId, CustomerId, PaymentId, PersonId};
use domain::money::Money;
use domain::payments::{CURRENCY, Facts, Fee, Provider};

/// The sequence of payments' ids on PostgreSQL.
const PAYMENT_IDS: &str = "payment_ids";

/// What is kept of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: PaymentId,
    /// How it comes in.
    pub provider: Provider,
    /// By what it is known there.
    pub reference: String,
    /// Who pays, once that is known.
    pub customer: Option<CustomerId>,
    /// The bill it was made for.
    pub named_bill: Option<BillId>,
    /// What we had asked for.
    pub request: Option<i64>,
    /// What is known of it.
    pub facts: Facts,
    /// What no due has taken yet.
    pub free: Money,
    /// How it was paid, as the gateway says.
    pub method: Option<String>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// Whose cash it is.
    pub person: Option<PersonId>,
    /// The plan it buys.
    pub plan: Option<String>,
    /// The business day it came.
    pub received_day: Day,
    /// How many allocations it has.
    pub allocation_count: i64,
    /// How often it was changed: the number of its last log entry.
    pub version: i64,
    /// When it was first heard of.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
}

macro_rules! columns {
    () => {
        "p.id, p.provider, p.reference, p.customer_id, p.named_bill_id, p.payment_request_id, \
         p.amount_paise, p.authorized, p.failed, p.captured_paise, p.captured_at, \
         p.fee_paise, p.fee_tax_paise, p.cleared, p.reversed, p.free_paise, p.method, \
         p.bank_reference, p.person_id, p.plan_code, p.received_day, p.allocation_count, \
         p.version, p.created_at, p.updated_at"
    };
}
pub(crate) use columns;

const INSERT: Insert = Insert {
    table: "payments",
    columns: &[
        "id",
        "provider",
        "reference",
        "customer_id",
        "named_bill_id",
        "payment_request_id",
        "amount_paise",
        "currency",
        "state",
        "authorized",
        "failed",
        "captured_paise",
        "captured_at",
        "fee_paise",
        "fee_tax_paise",
        "cleared",
        "reversed",
        "free_paise",
        "method",
        "bank_reference",
        "person_id",
        "plan_code",
        "received_day",
        "allocation_count",
        "version",
        "created_at",
        "updated_at",
    ],
};
const UPDATE: Each = Each {
    sql: "UPDATE payments SET customer_id = :customer, named_bill_id = :named, \
          payment_request_id = :request, amount_paise = :amount, state = :state, \
          authorized = :authorized, failed = :failed, captured_paise = :captured, \
          captured_at = :taken_at, fee_paise = :fee, fee_tax_paise = :tax, cleared = :cleared, \
          reversed = :reversed, free_paise = :free, method = :method, \
          bank_reference = :bank_reference, plan_code = :plan, received_day = :day, \
          allocation_count = :allocation_count, version = :version, updated_at = :updated \
          WHERE id = :id",
    columns: &[
        Column::Int("id"),
        Column::Int("customer"),
        Column::Int("named"),
        Column::Int("request"),
        Column::Int("amount"),
        Column::Text("state"),
        Column::Int("authorized"),
        Column::Int("failed"),
        Column::Int("captured"),
        Column::Int("taken_at"),
        Column::Int("fee"),
        Column::Int("tax"),
        Column::Int("cleared"),
        Column::Int("reversed"),
        Column::Int("free"),
        Column::Text("method"),
        Column::Text("bank_reference"),
        Column::Text("plan"),
        Column::Int("day"),
        Column::Int("allocation_count"),
        Column::Int("version"),
        Column::Int("updated"),
    ],
};
const FOR_CHANGE: Each = Each {
    sql: concat!("SELECT ", columns!(), " FROM payments p WHERE p.id = :id FOR UPDATE"),
    columns: &[Column::Int("id")],
};
pub(crate) const QUERIES: &[&[&str]] = &[
    cash::QUERIES,
    dues::QUERIES,
    list::QUERIES,
    log::QUERIES,
    plans::QUERIES,
    proof::QUERIES,
    receipts::QUERIES,
    refunds::QUERIES,
    requests::QUERIES,
    settlements::QUERIES,
];
pub(crate) const SETS: &[&[&Each]] =
    &[&[&UPDATE, &FOR_CHANGE], dues::SETS, names::SETS, parts::SETS, receipts::SETS, refunds::SETS];

/// Loads payments with their refunds and disputes, to be changed in this transaction: nobody else
/// changes them until its end. Several transactions wait for each other without end unless all
/// give the ids in rising order.
pub fn load_for_change(tx: &mut Tx<'_>, ids: &[PaymentId]) -> Result<Vec<Kept>, StoreError> {
    let rows: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [id.0.into()]).collect();
    // The server locks first and reads the parts after that.
    let asked = tx.ask(&FOR_CHANGE, &rows)?;
    let parts = parts::ask(tx, &rows)?;
    let mut found = Vec::with_capacity(ids.len());
    tx.answer(asked, &FOR_CHANGE, &rows, |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    parts::fill_in(tx, parts, &rows, &mut found)?;
    Ok(found)
}

/// Reads a payment without its refunds and disputes.
fn read(row: &Row<'_>) -> Result<Kept, StoreError> {
    let text = |place| Ok::<_, StoreError>(row.opt_text(place)?.map(str::to_owned));
    let provider = Provider::from_name(row.text(1)?);
    let fee = match (row.opt_int(11)?, row.opt_int(12)?) {
        (Some(fee), Some(tax)) => Fee::new(Money::from_paise(fee), Money::from_paise(tax)),
        _ => None,
    };
    Ok(Kept {
        id: PaymentId(row.int(0)?),
        provider: provider.ok_or_else(|| StoreError::unexpected("payments.provider"))?,
        reference: row.text(2)?.to_owned(),
        customer: row.opt_int(3)?.map(CustomerId),
        named_bill: row.opt_int(4)?.map(BillId),
        request: row.opt_int(5)?,
        facts: Facts {
            amount: Money::from_paise(row.int(6)?),
            authorized: row.flag(7)?,
            failed: row.flag(8)?,
            captured: Money::from_paise(row.int(9)?),
            captured_at: row.opt_int(10)?.map(Moment::from_unix_micros),
            fee,
            cleared: row.flag(13)?,
            reversed: row.flag(14)?,
            ..Facts::default()
        },
        free: Money::from_paise(row.int(15)?),
        method: text(16)?,
        bank_reference: text(17)?,
        person: row.opt_int(18)?.map(PersonId),
        plan: text(19)?,
        received_day: day(row.int(20)?, "payments.received_day")?,
        allocation_count: row.int(21)?,
        version: row.int(22)?,
        created_at: Moment::from_unix_micros(row.int(23)?),
        updated_at: Moment::from_unix_micros(row.int(24)?),
    })
}

/// Ids for new payments that were asked for and not heard of.
pub struct AskedIds(Apart);

/// Asks for ids of new payments where taking them is an exchange of its own; it is heard of with
/// what is asked meanwhile.
pub fn ask_ids(tx: &mut Tx<'_>, count: usize) -> Result<AskedIds, StoreError> {
    ask_apart(tx, PAYMENT_IDS, count).map(AskedIds)
}

impl AskedIds {
    /// The ids, in rising order; none where they are taken when they are needed.
    pub fn take(self, tx: &mut Tx<'_>) -> Result<Vec<PaymentId>, StoreError> {
        Ok(self.0.take(tx)?.into_iter().map(PaymentId).collect())
    }
}

/// Takes so many ids for new payments, in rising order.
pub fn allot_ids(tx: &mut Tx<'_>, count: usize) -> Result<Vec<PaymentId>, StoreError> {
    let ids = allot_apart(tx, Counter::Payments, PAYMENT_IDS, count)?;
    Ok(ids.into_iter().map(PaymentId).collect())
}

/// Adds payments; their refunds and disputes are put by themselves.
pub fn add(tx: &mut Tx<'_>, payments: &[&Kept]) -> Result<(), StoreError> {
    let rows = payments.iter().map(|kept| {
        let facts = &kept.facts;
        [
            kept.id.0.into(),
            kept.provider.as_str().into(),
            kept.reference.as_str().into(),
            kept.customer.map(|id| id.0).into(),
            kept.named_bill.map(|id| id.0).into(),
            kept.request.into(),
            facts.amount.paise().into(),
            CURRENCY.into(),
            facts.state().as_str().into(),
            facts.authorized.into(),
            facts.failed.into(),
            facts.captured.paise().into(),
            facts.captured_at.map(Moment::unix_micros).into(),
            facts.fee.map(|fee| fee.amount().paise()).into(),
            facts.fee.map(|fee| fee.tax().paise()).into(),
            facts.cleared.into(),
            facts.reversed.into(),
            kept.free.paise().into(),
            kept.method.as_deref().into(),
            kept.bank_reference.as_deref().into(),
            kept.person.map(|id| id.0).into(),
            kept.plan.as_deref().into(),
            kept.received_day.number().into(),
            kept.allocation_count.into(),
            kept.version.into(),
            kept.created_at.unix_micros().into(),
            kept.updated_at.unix_micros().into(),
        ]
    });
    tx.insert_many(&INSERT, rows).map(|_| ())
}

/// Keeps what is now known of payments that were loaded for a change.
pub fn update(tx: &mut Tx<'_>, payments: &[&Kept]) -> Result<u64, StoreError> {
    let rows = payments.iter().map(|kept| {
        let facts = &kept.facts;
        [
            kept.id.0.into(),
            kept.customer.map(|id| id.0).into(),
            kept.named_bill.map(|id| id.0).into(),
            kept.request.into(),
            facts.amount.paise().into(),
            facts.state().as_str().into(),
            facts.authorized.into(),
            facts.failed.into(),
            facts.captured.paise().into(),
            facts.captured_at.map(Moment::unix_micros).into(),
            facts.fee.map(|fee| fee.amount().paise()).into(),
            facts.fee.map(|fee| fee.tax().paise()).into(),
            facts.cleared.into(),
            facts.reversed.into(),
            kept.free.paise().into(),
            kept.method.as_deref().into(),
            kept.bank_reference.as_deref().into(),
            kept.plan.as_deref().into(),
            kept.received_day.number().into(),
            kept.allocation_count.into(),
            kept.version.into(),
            kept.updated_at.unix_micros().into(),
        ]
    });
    tx.for_each(&UPDATE, rows)
}
