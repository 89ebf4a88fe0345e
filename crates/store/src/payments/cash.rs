//! Cash in hand, by person, and hand-overs of it.
//!
//! It deliberately keeps no balance: what somebody has in hand is the sum of the ledger's entries.
//! After a hand-over that is nothing, so a list sums only what came since.

use super::PostedEntry;
use crate::catalog::day;
use crate::db::{Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot, queue};
use crate::verify::PLACES_NAMED;
use domain::access::Role;
use domain::calendar::{Day, Moment};
use domain::ids::{HandOverId, PaymentId, PersonId};
use domain::money::Money;

macro_rules! hand_over {
    ($rest:literal) => {
        concat!(
            "SELECT h.id, h.giver_id, h.taker_id, h.day, h.in_hand_paise, h.counted_paise, \
             h.pieces, h.coins_paise, h.at, g.login, g.name, r.login, r.name FROM hand_overs h \
             JOIN people g ON g.id = h.giver_id LEFT JOIN people r ON r.id = h.taker_id WHERE ",
            $rest
        )
    };
}
pub(super) const NEXT_HOLDER: &str = "SELECT person_id FROM ledger_entries \
     WHERE person_id > $1 ORDER BY person_id LIMIT 1";
pub(super) const HOLDER: &str = "SELECT id, login, name, role, state FROM people WHERE id = $1";
pub(super) const HOLDER_BY_LOGIN: &str =
    "SELECT id, login, name, role, state FROM people WHERE login = $1";
pub(super) const LAST: &str = "SELECT h.id, h.at, t.id FROM hand_overs h \
     JOIN ledger_transactions t ON t.hand_over_id = h.id \
     WHERE h.giver_id = $1 ORDER BY h.id DESC LIMIT 1";
pub(super) const HELD: &str = "SELECT CAST(COALESCE(SUM(amount_paise), 0) AS BIGINT), \
     MIN(transaction_id) FROM ledger_entries \
     WHERE person_id = $1 AND account = 'cash_in_hand' AND transaction_id > $2";
pub(super) const POSTED_AT: &str = "SELECT posted_at FROM ledger_transactions WHERE id = $1";
pub(super) const BALANCE: &str = "SELECT CAST(COALESCE(SUM(amount_paise), 0) AS BIGINT) \
     FROM ledger_entries WHERE person_id = $1 AND account = $2";
pub(super) const ENTRIES: &str = "SELECT e.transaction_id, t.day, t.posted_at, t.cause, \
     e.amount_paise, t.payment_id, t.posting, t.hand_over_id, c.code FROM ledger_entries e \
     JOIN ledger_transactions t ON t.id = e.transaction_id \
     LEFT JOIN customers c ON c.id = t.customer_id \
     WHERE e.person_id = $1 AND e.account = 'cash_in_hand' AND e.transaction_id > $2 \
     AND e.transaction_id < $3 ORDER BY e.transaction_id DESC LIMIT $4";
pub(super) const ADD: &str = "INSERT INTO hand_overs (id, giver_id, taker_id, day, \
     in_hand_paise, counted_paise, pieces, coins_paise, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(super) const BY_ID: &str = hand_over!("h.id = $1");
pub(super) const PAGE: &str = hand_over!("h.id < $1 ORDER BY h.id DESC LIMIT $2");
pub(super) const PAGE_OF_GIVER: &str =
    hand_over!("h.giver_id = $3 AND h.id < $1 ORDER BY h.id DESC LIMIT $2");
pub(super) const RANGE: &str = hand_over!("h.id BETWEEN $1 AND $2 ORDER BY h.id");
pub(super) const POSTED: &str = "SELECT t.hand_over_id, t.cause, e.account, e.customer_id, \
     e.person_id, e.amount_paise FROM ledger_transactions t \
     JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE t.hand_over_id BETWEEN $1 AND $2 ORDER BY t.hand_over_id, e.entry_no";
pub(super) const LAST_ID: &str = "SELECT MAX(id) FROM hand_overs";
pub(super) const LEFT_OVER: &str = "SELECT CAST(l.giver_id AS TEXT) FROM \
     (SELECT h.giver_id, MAX(t.id) AS last FROM hand_overs h \
     JOIN ledger_transactions t ON t.hand_over_id = h.id GROUP BY h.giver_id) l \
     JOIN ledger_entries e ON e.person_id = l.giver_id AND e.account = 'cash_in_hand' \
     AND e.transaction_id <= l.last GROUP BY l.giver_id HAVING SUM(e.amount_paise) <> 0 \
     ORDER BY l.giver_id LIMIT $1";
pub(super) const QUERIES: &[&str] = &[
    NEXT_HOLDER,
    HOLDER,
    HOLDER_BY_LOGIN,
    LAST,
    HELD,
    POSTED_AT,
    BALANCE,
    ENTRIES,
    ADD,
    BY_ID,
    PAGE,
    PAGE_OF_GIVER,
    RANGE,
    POSTED,
    LAST_ID,
    LEFT_OVER,
];

/// What somebody has in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Whose it is.
    pub person: PersonId,
    /// What they sign in with.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they are in the business.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
    /// Their last hand-over, when it was, and its transaction.
    pub last: Option<(HandOverId, Moment, i64)>,
    /// What they have in hand; negative when receipts of cash were taken back after a hand-over.
    pub in_hand: Money,
    /// When the first of it came, after the last hand-over.
    pub since: Option<Moment>,
    /// What was missing at their hand-overs and has not been made good.
    pub short: Money,
}

/// Somebody's wallet, who is known by their id or login.
fn find(tx: &mut Tx<'_>, holder: &str, known_by: Value<'_>) -> Result<Option<Wallet>, StoreError> {
    let Some(mut wallet) = tx.find(holder, &[known_by], read)? else { return Ok(None) };
    let person = wallet.person.0.into();
    wallet.last = tx.find(LAST, &[person], |row| {
        Ok((HandOverId(row.int(0)?), Moment::from_unix_micros(row.int(1)?), row.int(2)?))
    })?;
    let after = wallet.last.map_or(0, |(_, _, transaction)| transaction).into();
    let held = tx.find(HELD, &[person, after], |row| Ok((row.int(0)?, row.opt_int(1)?)))?;
    let (in_hand, first) = held.unwrap_or((0, None));
    wallet.in_hand = Money::from_paise(in_hand);
    if let Some(first) = first {
        let at = tx.find(POSTED_AT, &[first.into()], |row| row.int(0))?;
        wallet.since = at.map(Moment::from_unix_micros);
    }
    let short = tx.find(BALANCE, &[person, "cash_short".into()], |row| row.int(0))?;
    wallet.short = Money::from_paise(short.unwrap_or(0));
    Ok(Some(wallet))
}

fn read(row: &Row<'_>) -> Result<Wallet, StoreError> {
    let role = Role::from_name(row.text(3)?);
    Ok(Wallet {
        person: PersonId(row.int(0)?),
        login: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        role: role.ok_or_else(|| StoreError::unexpected("people.role"))?,
        active: row.text(4)? == "active",
        last: None,
        in_hand: Money::ZERO,
        since: None,
        short: Money::ZERO,
    })
}

/// At most `limit` wallets, by person, after one of them: of everybody who has ever had cash.
pub fn wallets(tx: &mut Tx<'_>, after: PersonId, limit: usize) -> Result<Vec<Wallet>, StoreError> {
    let mut found = Vec::new();
    let mut last = after.0;
    while found.len() < limit {
        let Some(next) = tx.find(NEXT_HOLDER, &[last.into()], |row| row.int(0))? else { break };
        found.extend(find(tx, HOLDER, next.into())?);
        last = next;
    }
    Ok(found)
}

/// The wallet of whoever has a login.
pub fn wallet(tx: &mut Tx<'_>, login: &str) -> Result<Option<Wallet>, StoreError> {
    find(tx, HOLDER_BY_LOGIN, login.into())
}

/// What came into a wallet, or went out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashEntry {
    /// The transaction of the ledger.
    pub transaction: i64,
    /// The day it counts for.
    pub day: Day,
    /// When it was posted.
    pub at: Moment,
    /// Why it was made.
    pub cause: String,
    /// How much; negative went out.
    pub amount: Money,
    /// The payment, and what was posted for it.
    pub payment: Option<(PaymentId, String)>,
    /// The hand-over, by which it was taken over from somebody.
    pub hand_over: Option<HandOverId>,
    /// The customer's code.
    pub customer_code: Option<String>,
}

/// At most `limit` entries of somebody's wallet after one transaction and before another, the
/// latest first.
pub fn entries(
    tx: &mut Tx<'_>,
    person: PersonId,
    after: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<CashEntry>, StoreError> {
    let params = [person.0.into(), after.into(), before.into(), limit.into()];
    tx.list(ENTRIES, &params, |row| {
        let payment = match (row.opt_int(5)?, row.opt_text(6)?) {
            (Some(id), Some(posting)) => Some((PaymentId(id), posting.to_owned())),
            _ => None,
        };
        Ok(CashEntry {
            transaction: row.int(0)?,
            day: day(row.int(1)?, "ledger_transactions.day")?,
            at: Moment::from_unix_micros(row.int(2)?),
            cause: row.text(3)?.to_owned(),
            amount: Money::from_paise(row.int(4)?),
            payment,
            hand_over: row.opt_int(7)?.map(HandOverId),
            customer_code: row.opt_text(8)?.map(str::to_owned),
        })
    })
}

/// Begins a hand-over: the id it will have, and what the giver has in hand and is short of. Until
/// the end of the transaction nobody else hands over or posts anything, so that no cash is handed
/// over twice and none comes in between.
pub fn begin_hand_over(
    tx: &mut Tx<'_>,
    giver: PersonId,
) -> Result<(HandOverId, Money, Money), StoreError> {
    let id = HandOverId(allot(tx, Counter::HandOvers, 1)?);
    queue(tx, Counter::LedgerTransactions)?;
    let mut balance = |account: &str| {
        let params = [giver.0.into(), account.into()];
        let sum = tx.find(BALANCE, &params, |row| row.int(0))?;
        Ok::<_, StoreError>(Money::from_paise(sum.unwrap_or(0)))
    };
    Ok((id, balance("cash_in_hand")?, balance("cash_short")?))
}

/// Cash handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// Its id.
    pub id: HandOverId,
    /// Who hands over.
    pub giver: PersonId,
    /// Who takes it; the bank when absent.
    pub taker: Option<PersonId>,
    /// The business day.
    pub day: Day,
    /// What the giver had in hand by the ledger.
    pub in_hand: Money,
    /// What was counted.
    pub counted: Money,
    /// The notes and coins, `[{"value": 500, "count": 3}]`.
    pub pieces: String,
    /// Coins that were counted together.
    pub coins: Money,
    /// When.
    pub at: Moment,
}

/// Adds a hand-over; its posting is made by itself.
pub fn add(tx: &mut Tx<'_>, new: &HandOver) -> Result<(), StoreError> {
    let params = [
        new.id.0.into(),
        new.giver.0.into(),
        new.taker.map(|taker| taker.0).into(),
        new.day.number().into(),
        new.in_hand.paise().into(),
        new.counted.paise().into(),
        new.pieces.as_str().into(),
        new.coins.paise().into(),
        new.at.unix_micros().into(),
    ];
    tx.execute(ADD, &params).map(|_| ())
}

/// A hand-over with who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHandOver {
    /// The hand-over.
    pub kept: HandOver,
    /// Login and name of who hands over.
    pub giver: (String, String),
    /// Login and name of who takes it.
    pub taker: Option<(String, String)>,
}

fn read_hand_over(row: &Row<'_>) -> Result<ShownHandOver, StoreError> {
    let taker = match (row.opt_text(11)?, row.opt_text(12)?) {
        (Some(login), Some(name)) => Some((login.to_owned(), name.to_owned())),
        _ => None,
    };
    Ok(ShownHandOver {
        kept: HandOver {
            id: HandOverId(row.int(0)?),
            giver: PersonId(row.int(1)?),
            taker: row.opt_int(2)?.map(PersonId),
            day: day(row.int(3)?, "hand_overs.day")?,
            in_hand: Money::from_paise(row.int(4)?),
            counted: Money::from_paise(row.int(5)?),
            pieces: row.text(6)?.to_owned(),
            coins: Money::from_paise(row.int(7)?),
            at: Moment::from_unix_micros(row.int(8)?),
        },
        giver: (row.text(9)?.to_owned(), row.text(10)?.to_owned()),
        taker,
    })
}

/// One hand-over.
pub fn hand_over(tx: &mut Tx<'_>, id: HandOverId) -> Result<Option<ShownHandOver>, StoreError> {
    tx.find(BY_ID, &[id.0.into()], read_hand_over)
}

/// At most `limit` hand-overs before one of them, the latest first; of everybody, or of one giver.
pub fn hand_overs(
    tx: &mut Tx<'_>,
    giver: Option<PersonId>,
    before: HandOverId,
    limit: i64,
) -> Result<Vec<ShownHandOver>, StoreError> {
    let (before, limit) = (before.0.into(), limit.into());
    match giver {
        None => tx.list(PAGE, &[before, limit], read_hand_over),
        Some(giver) => tx.list(PAGE_OF_GIVER, &[before, limit, giver.0.into()], read_hand_over),
    }
}

/// The highest id of a hand-over; 0 when there are none.
pub fn last_hand_over(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.find(LAST_ID, &[], |row| row.opt_int(0))?.flatten().unwrap_or(0))
}

/// The hand-overs of a range of ids with the ledger's entries for each, in the order of the ledger.
pub fn hand_over_proofs(
    tx: &mut Tx<'_>,
    from: i64,
    to: i64,
) -> Result<Vec<(HandOver, Vec<PostedEntry>)>, StoreError> {
    let range = [from.into(), to.into()];
    let found = tx.list(RANGE, &range, read_hand_over)?;
    let mut proofs: Vec<(HandOver, Vec<PostedEntry>)> =
        found.into_iter().map(|shown| (shown.kept, Vec::new())).collect();
    tx.query(POSTED, &range, |row| {
        let id = HandOverId(row.int(0)?);
        let place = proofs.binary_search_by_key(&id, |(kept, _)| kept.id).ok();
        if let Some((_, posted)) = place.and_then(|place| proofs.get_mut(place)) {
            posted.push(PostedEntry {
                posting: row.text(1)?.to_owned(),
                account: crate::ledger::account(row.text(2)?)?,
                customer: row.opt_int(3)?.map(domain::ids::CustomerId),
                person: row.opt_int(4)?.map(PersonId),
                amount: Money::from_paise(row.int(5)?),
            });
        }
        Ok(())
    })?;
    Ok(proofs)
}

/// People who by the ledger still had cash in hand right after their last hand-over, which leaves
/// nothing; at most `PLACES_NAMED`.
pub fn left_over(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let limit = [i64::from(PLACES_NAMED).into()];
    tx.list(LEFT_OVER, &limit, |row| Ok(format!("cash of person {}", row.text(0)?)))
}
