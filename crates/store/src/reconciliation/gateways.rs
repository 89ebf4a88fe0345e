//! What gateways know against what is booked: events that are not, payments in a gateway's list or
//! missing from it, and settlements against what they can cover.
//!
//! It deliberately calls nobody; lists are handed in.

use crate::catalog::day;
use crate::db::{Column, Each, StoreError, Tx};
use crate::webhooks::{self, Whole};
use domain::calendar::{Day, Moment};
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payments::Provider;
use domain::reconciliation::{Issue, found};

/// Payments that came through a gateway on a day.
pub(super) const ON_DAY: &str = "SELECT id, provider, reference, captured_paise FROM payments \
     WHERE received_day = $1 AND provider IN ('razorpay', 'stripe') AND captured_paise > 0 \
     ORDER BY id";
macro_rules! unheard {
    ($which:literal) => {
        concat!(
            "SELECT p.id, p.provider, p.reference, p.captured_paise FROM ",
            $which,
            " AND p.provider IN ('razorpay', 'stripe') AND p.captured_paise > 0 \
             AND NOT EXISTS (SELECT 1 FROM payment_log l CROSS JOIN gateway_events e \
             WHERE l.payment_id = p.id AND e.provider = p.provider AND e.event_id = l.cause_key) \
             AND NOT EXISTS (SELECT 1 FROM payment_log l WHERE l.payment_id = p.id \
             AND l.cause_key LIKE '%@%') ORDER BY p.id"
        )
    };
}
/// Those of a day in whose log no event is. An event that was tried again has its time in the key.
pub(super) const UNHEARD: &str = unheard!("payments p WHERE p.received_day = $1");
/// Those that were found so before.
pub(super) const UNHEARD_STILL: &str = unheard!(
    "reconciliation_issues i CROSS JOIN payments p WHERE i.kind = 'ours_only' \
     AND p.id = i.payment_id AND p.received_day < $1"
);
pub(super) const PAID_OUT: &str = "SELECT provider, reference, amount_paise, day \
     FROM settlements WHERE day <= $1 ORDER BY provider, day, id";
pub(super) const POSTED: &str = "SELECT s.provider, s.reference, s.amount_paise, \
     CAST(COALESCE(SUM(e.amount_paise), 0) AS BIGINT) FROM settlements s \
     LEFT JOIN ledger_transactions t ON t.settlement_id = s.id \
     LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'bank' \
     WHERE s.day <= $1 GROUP BY s.id, s.provider, s.reference, s.amount_paise \
     HAVING COALESCE(SUM(e.amount_paise), 0) <> s.amount_paise ORDER BY s.id";
pub(super) const COLLECTED: &str = "SELECT provider, received_day, \
     CAST(SUM(captured_paise - COALESCE(fee_paise, 0)) AS BIGINT) FROM payments \
     WHERE id >= $1 AND id <= $2 AND provider IN ('razorpay', 'stripe') AND captured_paise > 0 \
     GROUP BY provider, received_day";
pub(super) const REFUNDS: &str = "SELECT p.provider, r.told_at, r.amount_paise \
     FROM payment_refunds r JOIN payments p ON p.id = r.payment_id \
     WHERE r.status <> 'failed' AND p.captured_paise > 0 AND p.provider IN ('razorpay', 'stripe')";
pub(super) const QUERIES: &[&str] =
    &[ON_DAY, UNHEARD, UNHEARD_STILL, PAID_OUT, POSTED, COLLECTED, REFUNDS];
const LISTED: Each = Each {
    sql: "SELECT :place, id, captured_paise, provider || ' ' || reference FROM payments \
          WHERE provider = :provider AND reference = :reference",
    columns: &[Column::Int("place"), Column::Text("provider"), Column::Text("reference")],
};
pub(super) const SETS: &[&Each] = &[&LISTED];

/// A payment that a gateway's list may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// The payment.
    pub payment: PaymentId,
    /// The gateway.
    pub provider: Provider,
    /// Its id there.
    pub reference: String,
    /// What is booked.
    pub captured: Money,
}

fn provider(name: &str) -> Result<Provider, StoreError> {
    Provider::from_name(name).ok_or_else(|| StoreError::unexpected("payments.provider"))
}

/// The payments that came through gateways on a day.
pub fn unlisted(tx: &mut Tx<'_>, on: Day) -> Result<Vec<Unlisted>, StoreError> {
    tx.list(ON_DAY, &[on.number().into()], |row| {
        Ok(Unlisted {
            payment: PaymentId(row.int(0)?),
            provider: provider(row.text(1)?)?,
            reference: row.text(2)?.to_owned(),
            captured: Money::from_paise(row.int(3)?),
        })
    })
}

/// A payment of a gateway's list that we know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPayment {
    /// Its place in the list.
    pub place: usize,
    /// Our payment.
    pub payment: PaymentId,
    /// What is booked of it.
    pub captured: Money,
    /// The provider and the reference.
    pub name: String,
}

/// Looks up the payments of a gateway's list.
pub fn listed(
    tx: &mut Tx<'_>,
    keys: &[(Provider, &str)],
) -> Result<Vec<ListedPayment>, StoreError> {
    let rows: Vec<_> = keys
        .iter()
        .zip(0i64..)
        .map(|((provider, id), place)| [place.into(), provider.as_str().into(), (*id).into()])
        .collect();
    let mut found = Vec::new();
    tx.look_up(&LISTED, &rows, |row| {
        found.push(ListedPayment {
            place: usize::try_from(row.int(0)?).unwrap_or(usize::MAX),
            payment: PaymentId(row.int(1)?),
            captured: Money::from_paise(row.int(2)?),
            name: row.text(3)?.to_owned(),
        });
        Ok(())
    })?;
    Ok(found)
}

/// Payments through gateways of which no event tells: those of a day, and earlier ones that were
/// found so before.
pub fn unheard_of(tx: &mut Tx<'_>, on: Day) -> Result<Vec<Issue>, StoreError> {
    let mut issues = Vec::new();
    for sql in [UNHEARD, UNHEARD_STILL] {
        issues.extend(tx.list(sql, &[on.number().into()], |row| {
            let name = format!("{} {}", row.text(1)?, row.text(2)?);
            let amount = Money::from_paise(row.int(3)?);
            Ok(found::only_ours(PaymentId(row.int(0)?), &name, amount, false))
        })?);
    }
    Ok(issues)
}

/// Events that came before a moment and could not be booked.
pub fn unbooked_events(tx: &mut Tx<'_>, before: Moment) -> Result<Vec<Whole>, StoreError> {
    webhooks::unbooked(tx, before)
}

/// A sum that a gateway has paid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOut {
    /// The gateway.
    pub provider: Provider,
    /// Its id there.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub day: Day,
}

/// What gateways have paid out up to a day; by gateway, in the order of days.
pub fn paid_out(tx: &mut Tx<'_>, until: Day) -> Result<Vec<PaidOut>, StoreError> {
    tx.list(PAID_OUT, &[until.number().into()], |row| {
        Ok(PaidOut {
            provider: provider(row.text(0)?)?,
            reference: row.text(1)?.to_owned(),
            amount: Money::from_paise(row.int(2)?),
            day: day(row.int(3)?, "settlements.day")?,
        })
    })
}

/// Settlements up to a day that the ledger holds otherwise, or not.
pub fn settlements_posted(tx: &mut Tx<'_>, until: Day) -> Result<Vec<Issue>, StoreError> {
    tx.list(POSTED, &[until.number().into()], |row| {
        let (amount, posted) = (Money::from_paise(row.int(2)?), Money::from_paise(row.int(3)?));
        let of = provider(row.text(0)?)?;
        Ok(found::settlement_ledger_differs(of, row.text(1)?, amount, posted))
    })
}

/// What came in through a gateway on a day, or went back (negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collected {
    /// The gateway.
    pub provider: Provider,
    /// The business day.
    pub day: Day,
    /// How much, without fees.
    pub net: Money,
}

/// What the payments `from..=to` have brought, by gateway and day.
pub fn collected(tx: &mut Tx<'_>, (from, to): (i64, i64)) -> Result<Vec<Collected>, StoreError> {
    tx.list(COLLECTED, &[from.into(), to.into()], |row| {
        Ok(Collected {
            provider: provider(row.text(0)?)?,
            day: day(row.int(1)?, "payments.received_day")?,
            net: Money::from_paise(row.int(2)?),
        })
    })
}

/// What went back through gateways, each refund by itself, as negative amounts.
pub fn refunds_of_gateways(tx: &mut Tx<'_>) -> Result<Vec<Collected>, StoreError> {
    tx.list(REFUNDS, &[], |row| {
        Ok(Collected {
            provider: provider(row.text(0)?)?,
            day: Moment::from_unix_micros(row.int(1)?).business_day(),
            net: Money::from_paise(-row.int(2)?),
        })
    })
}
