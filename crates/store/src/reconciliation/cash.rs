//! Cash that somebody holds for too long, from the ledger: what came in lately is left out of what
//! they hold, the rest is older.
//!
//! It deliberately takes what is handed over for what came in first.

use crate::db::{StoreError, Tx};
use domain::calendar::Day;
use domain::ids::PersonId;
use domain::money::Money;
use domain::reconciliation::{Issue, found};
use std::collections::BTreeMap;

pub(super) const HELD: &str = "SELECT person_id, CAST(SUM(amount_paise) AS BIGINT) \
     FROM ledger_entries WHERE person_id IS NOT NULL AND account = 'cash_in_hand' \
     GROUP BY person_id";
/// What came in on the last days, and all that happened after them.
pub(super) const LATELY: &str = "SELECT e.person_id, CAST(SUM(CASE WHEN t.day > $2 \
     OR e.amount_paise > 0 THEN e.amount_paise ELSE 0 END) AS BIGINT) \
     FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id \
     WHERE t.day > $1 AND e.person_id IS NOT NULL AND e.account = 'cash_in_hand' \
     GROUP BY e.person_id";
pub(super) const LOGIN: &str = "SELECT login FROM people WHERE id = $1";
pub(super) const QUERIES: &[&str] = &[HELD, LATELY, LOGIN];

/// Cash that people still held at the end of a day, and had held for that many days before.
pub fn held(tx: &mut Tx<'_>, until: Day, days: u16) -> Result<Vec<Issue>, StoreError> {
    let mut old: BTreeMap<i64, i64> =
        tx.list(HELD, &[], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect();
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let since = until.plus_days(-i32::from(days));
    tx.query(LATELY, &[since.number().into(), until.number().into()], |row| {
        let (person, lately) = (row.int(0)?, row.int(1)?);
        let of_person = old.entry(person).or_default();
        *of_person = of_person.saturating_sub(lately);
        Ok(())
    })?;
    let mut issues = Vec::new();
    for (person, amount) in old.into_iter().filter(|(_, amount)| *amount > 0) {
        let login = tx.find(LOGIN, &[person.into()], |row| row.text(0).map(str::to_owned))?;
        let name = login.unwrap_or_default();
        issues.push(found::cash_held(PersonId(person), &name, days, Money::from_paise(amount)));
    }
    Ok(issues)
}
