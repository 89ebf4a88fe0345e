//! Payments as they are listed and shown: pages, one by its key, and what belongs to one.
//!
//! It deliberately changes nothing.

use super::{Kept, columns, parts, read};
use crate::catalog::day;
use crate::db::{Row, StoreError, Tx};
use domain::calendar::{Day, Moment};
use domain::ids::{CustomerId, PaymentId};
use domain::ledger::Account;
use domain::money::Money;
use domain::payments::{Provider, State};

/// The last day that is kept as a number.
const LAST_DAY: i64 = 9999_12_31;

macro_rules! listed {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", c.code, b.number FROM payments p LEFT JOIN customers c ON c.id = p.customer_id \
             LEFT JOIN bills b ON b.id = p.named_bill_id WHERE "
        )
    };
}
macro_rules! page {
    ($by:literal) => {
        concat!(
            listed!(),
            $by,
            " AND p.received_day BETWEEN $2 AND $3 AND (p.received_day, p.id) < ($4, $5) \
             AND (CAST($6 AS TEXT) IS NULL OR p.provider = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR p.state = $7) \
             ORDER BY p.received_day DESC, p.id DESC LIMIT $8"
        )
    };
}
pub(super) const PAGE: &str = page!("CAST($1 AS BIGINT) IS NULL");
/// A customer's, through what was posted for them, and those that have brought no money yet.
pub(super) const PAGE_OF_CUSTOMER: &str = page!(
    "p.customer_id = $1 AND p.id IN (SELECT t.payment_id FROM ledger_entries e \
     JOIN ledger_transactions t ON t.id = e.transaction_id \
     WHERE e.customer_id = $1 \
     UNION SELECT n.id FROM payments n WHERE n.customer_id = $1 AND n.captured_paise = 0)"
);
pub(super) const PAGE_UNMATCHED: &str =
    page!("p.customer_id IS NULL AND CAST($1 AS BIGINT) IS NULL");
pub(super) const BY_KEY: &str = concat!(listed!(), "p.id = $1");
pub(super) const BY_REFERENCE: &str =
    "SELECT id FROM payments WHERE provider = $1 AND reference = $2";
pub(super) const BY_BANK_REFERENCE: &str =
    "SELECT id FROM payments WHERE bank_reference = $1 AND reversed = 0 ORDER BY id LIMIT 1";
pub(super) const ALLOCATIONS: &str = "SELECT a.entry_no, b.number, a.amount_paise, a.at, \
     a.cause FROM allocations a LEFT JOIN bills b ON b.id = a.bill_id \
     WHERE a.payment_id = $1 ORDER BY a.entry_no";
pub(super) const POSTINGS: &str = "SELECT t.id, t.day, t.posting, e.account, e.amount_paise \
     FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE t.payment_id = $1 ORDER BY t.id, e.entry_no";
pub(super) const QUERIES: &[&str] = &[
    PAGE,
    PAGE_OF_CUSTOMER,
    PAGE_UNMATCHED,
    BY_KEY,
    BY_REFERENCE,
    BY_BANK_REFERENCE,
    ALLOCATIONS,
    POSTINGS,
];

/// Which payments are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who pays.
    pub customer: Option<CustomerId>,
    /// Only those of which nobody knows who pays.
    pub unmatched: bool,
    /// The first and last business day.
    pub days: Option<(Day, Day)>,
    /// How they came in.
    pub provider: Option<Provider>,
    /// Where they stand.
    pub state: Option<State>,
}

/// A payment as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The payment; in a page without its refunds and disputes, but with its state.
    pub payment: Kept,
    /// The customer's code.
    pub customer_code: Option<String>,
    /// The number of the bill it was made for.
    pub bill_number: Option<String>,
}

fn read_listed(row: &Row<'_>) -> Result<Listed, StoreError> {
    Ok(Listed {
        payment: read(row)?,
        customer_code: row.opt_text(25)?.map(str::to_owned),
        bill_number: row.opt_text(26)?.map(str::to_owned),
    })
}

/// At most `limit` payments, the latest first, that come after a day and id.
pub fn page(
    tx: &mut Tx<'_>,
    filter: &Filter,
    after: Option<(Day, PaymentId)>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let (first, last) =
        filter.days.map_or((0, LAST_DAY), |(first, last)| (first.number(), last.number()));
    let (day, id) = after.map_or((LAST_DAY + 1, i64::MAX), |(day, id)| (day.number(), id.0));
    let sql = match (filter.customer, filter.unmatched) {
        (Some(_), _) => PAGE_OF_CUSTOMER,
        (None, true) => PAGE_UNMATCHED,
        (None, false) => PAGE,
    };
    let params = [
        filter.customer.map(|id| id.0).into(),
        first.into(),
        last.into(),
        day.into(),
        id.into(),
        filter.provider.map(Provider::as_str).into(),
        filter.state.map(State::as_str).into(),
        limit.into(),
    ];
    let mut found = tx.list(sql, &params, read_listed)?;
    fill(tx, &mut found)?;
    Ok(found)
}

fn fill(tx: &mut Tx<'_>, listed: &mut [Listed]) -> Result<(), StoreError> {
    let mut payments: Vec<Kept> = listed.iter().map(|one| one.payment.clone()).collect();
    parts::fill(tx, &mut payments)?;
    for (one, payment) in listed.iter_mut().zip(payments) {
        one.payment = payment;
    }
    Ok(())
}

/// A payment by id, with its refunds and disputes.
pub fn by_key(tx: &mut Tx<'_>, id: PaymentId) -> Result<Option<Listed>, StoreError> {
    let mut found = tx.list(BY_KEY, &[id.0.into()], read_listed)?;
    fill(tx, &mut found)?;
    Ok(found.pop())
}

/// The id of a payment by how and by what it is known.
pub fn by_reference(
    tx: &mut Tx<'_>,
    provider: Provider,
    reference: &str,
) -> Result<Option<PaymentId>, StoreError> {
    let params = [provider.as_str().into(), reference.into()];
    tx.find(BY_REFERENCE, &params, |row| row.int(0).map(PaymentId))
}

/// The first payment with a bank's reference that was not taken back, however it came in.
pub fn by_bank_reference(
    tx: &mut Tx<'_>,
    reference: &str,
) -> Result<Option<PaymentId>, StoreError> {
    tx.find(BY_BANK_REFERENCE, &[reference.into()], |row| row.int(0).map(PaymentId))
}

/// An allocation as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAllocation {
    /// Its number.
    pub entry_no: i64,
    /// The bill's number; absent for the balance brought forward.
    pub bill_number: Option<String>,
    /// How much; negative takes back.
    pub amount: Money,
    /// When.
    pub at: Moment,
    /// Why.
    pub cause: String,
}

/// The allocations of a payment, in order.
pub fn allocations_of(
    tx: &mut Tx<'_>,
    payment: PaymentId,
) -> Result<Vec<ShownAllocation>, StoreError> {
    tx.list(ALLOCATIONS, &[payment.0.into()], |row| {
        Ok(ShownAllocation {
            entry_no: row.int(0)?,
            bill_number: row.opt_text(1)?.map(str::to_owned),
            amount: Money::from_paise(row.int(2)?),
            at: Moment::from_unix_micros(row.int(3)?),
            cause: row.text(4)?.to_owned(),
        })
    })
}

/// One entry of the ledger made for a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPosting {
    /// The transaction.
    pub transaction: i64,
    /// The day it counts for.
    pub day: Day,
    /// What it is for.
    pub posting: String,
    /// The account.
    pub account: Account,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// What was posted for a payment, in order.
pub fn postings_of(tx: &mut Tx<'_>, payment: PaymentId) -> Result<Vec<ShownPosting>, StoreError> {
    tx.list(POSTINGS, &[payment.0.into()], |row| {
        Ok(ShownPosting {
            transaction: row.int(0)?,
            day: day(row.int(1)?, "ledger_transactions.day")?,
            posting: row.text(2)?.to_owned(),
            account: crate::ledger::account(row.text(3)?)?,
            amount: Money::from_paise(row.int(4)?),
        })
    })
}
