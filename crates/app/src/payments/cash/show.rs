//! Wallets and hand-overs as people see them.
//!
//! It deliberately changes nothing.

use super::login_of;
use crate::access::Caller;
use crate::{AppError, paging};
use domain::access::Permission;
use domain::ids::{HandOverId, PersonId};
use store::Tx;
use store::payments::cash::{self, CashEntry, ShownHandOver, Wallet};

/// A page of the wallets of all who have ever had cash, by person, and where the next one begins.
pub fn wallets(
    tx: &mut Tx<'_>,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Wallet>, Option<String>), AppError> {
    let after = PersonId(paging::number(after)?.unwrap_or(0));
    let found = cash::wallets(tx, after, usize::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.person.0.to_string()))
}

/// A wallet with what came since the last hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The wallet.
    pub wallet: Wallet,
    /// What came into it and went out, the latest first.
    pub entries: Vec<CashEntry>,
    /// Where the next page of entries begins.
    pub next: Option<String>,
}

/// The wallet of whoever has a login, with a page of its entries since the last hand-over. A
/// caller who may not see everybody's sees their own.
pub fn wallet(
    tx: &mut Tx<'_>,
    caller: Option<&Caller>,
    login: &str,
    before: Option<&str>,
    limit: u16,
) -> Result<Shown, AppError> {
    let found = login_of(login).ok().map(|login| cash::wallet(tx, login.as_str())).transpose()?;
    let found = found.flatten();
    if let Some(caller) = caller
        && found.as_ref().is_none_or(|wallet| wallet.person != caller.person)
    {
        caller.may(Permission::CashRead)?;
    }
    let wallet = found.ok_or_else(|| AppError::NotFound("there is no such person".to_owned()))?;
    let before = match before {
        None => i64::MAX,
        Some(place) => place.parse().map_err(|_| unknown_place())?,
    };
    let after = wallet.last.map_or(0, |(_, _, transaction)| transaction);
    let entries = cash::entries(tx, wallet.person, after, before, i64::from(limit) + 1)?;
    let (entries, next) = paging::cut(entries, limit, |last| last.transaction.to_string());
    Ok(Shown { wallet, entries, next })
}

/// A page of hand-overs, the latest first, and where the next one begins: of everybody, or of one
/// giver.
pub fn hand_overs(
    tx: &mut Tx<'_>,
    giver: Option<PersonId>,
    before: Option<&str>,
    limit: u16,
) -> Result<(Vec<ShownHandOver>, Option<String>), AppError> {
    let before = match before {
        None => HandOverId(i64::MAX),
        Some(place) => HandOverId(place.parse().map_err(|_| unknown_place())?),
    };
    let found = cash::hand_overs(tx, giver, before, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.kept.id.0.to_string()))
}

/// One hand-over; of one giver only, if one is named.
pub fn hand_over_of(
    tx: &mut Tx<'_>,
    giver: Option<PersonId>,
    id: HandOverId,
) -> Result<ShownHandOver, AppError> {
    let found = cash::hand_over(tx, id)?;
    let found = found.filter(|shown| giver.is_none_or(|giver| shown.kept.giver == giver));
    found.ok_or_else(|| AppError::NotFound(format!("there is no hand-over {}", id.0)))
}

fn unknown_place() -> AppError {
    let what = "the place where the page begins is not one of this list; take next from the page \
                before";
    AppError::BadPlace(what.to_owned())
}
