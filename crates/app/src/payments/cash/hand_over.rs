//! Handing cash over.
//!
//! It deliberately lets nobody accept what is missing from their own cash, but owners: there is
//! nobody above them.

use super::BANK;
use crate::{Actor, AppError, Invalid};
use domain::access::{Login, Role};
use domain::ids::{HandOverId, PersonId};
use domain::money::Money;
use domain::payments::{Balance, CashError, DENOMINATIONS, Taker, counted};
use serde_json::json;
use store::access::people::{self, Person};
use store::payments::cash::{self, HandOver};
use store::{Tx, audit, ledger};

/// Cash that is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHandOver {
    /// The login of who hands over all they have in hand.
    pub giver: String,
    /// The login of who takes it, or `bank`.
    pub taker: String,
    /// Notes and coins: the value of one in rupees, and how many.
    pub pieces: Vec<(i64, i64)>,
    /// Coins that were weighed or counted together.
    pub coins: Money,
    /// Whether what is missing is accepted, and posted under the giver's name.
    pub shortage_accepted: bool,
}

/// Hands cash over.
pub fn hand_over(
    tx: &mut Tx<'_>,
    actor: &Actor,
    new: &NewHandOver,
) -> Result<HandOverId, AppError> {
    let (giver, taker, sum) = check(tx, new)?;
    let (id, in_hand, short) = cash::begin_hand_over(tx, giver.id)?;
    if in_hand.is_zero() && sum.is_zero() {
        return Err(AppError::Conflict(format!("{} has no cash in hand", giver.name)));
    }
    let (day, at) = (actor.at.business_day(), actor.at);
    let decided = domain::payments::hand_over(id, day, giver.id, taker, in_hand, sum);
    let decided = decided.map_err(refusal)?;
    judge(actor, new, &giver, (in_hand, sum, short), decided.balance)?;
    let taker = if let Taker::Person(person) = taker { Some(person) } else { None };
    let kept = HandOver {
        id,
        giver: giver.id,
        taker,
        day,
        in_hand,
        counted: sum,
        pieces: in_json(&new.pieces),
        coins: new.coins,
        at,
    };
    cash::add(tx, &kept)?;
    ledger::post(tx, &[decided.transaction], at)?;
    let after = json!({
        "giver": giver.id.0,
        "taker": taker.map_or_else(|| json!(BANK), |person| json!(person.0)),
        "in_hand": in_hand.to_string(),
        "counted": sum.to_string(),
    });
    let entry = crate::audit::entry("add", "hand_overs", id.0.to_string(), None, Some(&after));
    audit::write(tx, actor, &[entry])?;
    Ok(id)
}

/// Who they are and what was counted; or all that is wrong with it.
fn check(tx: &mut Tx<'_>, new: &NewHandOver) -> Result<(Person, Taker, Money), AppError> {
    let mut invalid = Invalid::new();
    let giver = person(tx, &mut invalid, "#/giver", &new.giver)?;
    let taker = match new.taker.trim() {
        BANK => Some(Taker::Bank),
        login => {
            let found = person(tx, &mut invalid, "#/taker", login)?;
            if let Some(why) = found.as_ref().and_then(cannot_take) {
                invalid.add("#/taker", why);
            }
            found.map(|person| Taker::Person(person.id))
        }
    };
    if let (Some(giver), Some(taker)) = (&giver, taker)
        && taker == Taker::Person(giver.id)
    {
        invalid.add("#/taker", CashError::ToOneself.to_string());
    }
    let sum = match counted(&new.pieces, new.coins) {
        Ok(sum) => Some(sum),
        Err(error @ CashError::NegativeCoins(_)) => {
            invalid.add("#/coins", error.to_string());
            None
        }
        Err(error) => {
            invalid.add("#/pieces", error.to_string());
            None
        }
    };
    invalid.check()?;
    let lost = || AppError::Changed("what was counted".to_owned());
    Ok((giver.ok_or_else(lost)?, taker.ok_or_else(lost)?, sum.ok_or_else(lost)?))
}

fn person(
    tx: &mut Tx<'_>,
    invalid: &mut Invalid,
    place: &str,
    login: &str,
) -> Result<Option<Person>, AppError> {
    let found = match Login::parse(login) {
        Ok(login) => people::by_login(tx, login.as_str())?,
        Err(_) => None,
    };
    if found.is_none() {
        invalid.add(place, "nobody has this login");
    }
    Ok(found)
}

/// Why somebody cannot take cash over.
fn cannot_take(person: &Person) -> Option<&'static str> {
    if person.role == Role::Customer {
        return Some("a customer takes no cash over; name somebody of the dairy, or bank");
    }
    (!person.active).then_some("they are no longer active; name another person, or bank")
}

/// Whether what was counted is taken.
fn judge(
    actor: &Actor,
    new: &NewHandOver,
    giver: &Person,
    (in_hand, sum, short): (Money, Money, Money),
    balance: Balance,
) -> Result<(), AppError> {
    let name = &giver.name;
    match balance {
        Balance::Short(missing) if !new.shortage_accepted => Err(AppError::Conflict(format!(
            "{name} has {in_hand} in hand and {sum} was counted: {missing} is missing; count \
                 again, or accept the shortage, which is posted under the name of {name}"
        ))),
        Balance::Short(_) if is_own(actor, giver.id) => {
            let what = "what is missing is accepted by somebody else than who hands over";
            Err(AppError::NotAllowed(what.to_owned()))
        }
        // What is too much makes good what was missing before.
        Balance::Surplus(excess) if excess <= short => Ok(()),
        Balance::Surplus(excess) => Err(AppError::Conflict(format!(
            "{name} has {in_hand} in hand and {sum} was counted: {excess} is too much, and {short} \
             was missing before; record the receipt that is not recorded yet, or count again"
        ))),
        Balance::Exact | Balance::Short(_) => Ok(()),
    }
}

/// Whether it is the actor's own cash, and there is somebody above them.
fn is_own(actor: &Actor, giver: PersonId) -> bool {
    actor.person == Some(giver) && actor.role != Some(Role::Owner)
}

/// The pieces as they are kept: the largest first, without those of which there are none.
fn in_json(pieces: &[(i64, i64)]) -> String {
    let count = |value: &i64| pieces.iter().find(|(of, count)| of == value && *count > 0);
    let rows: Vec<_> = DENOMINATIONS
        .iter()
        .filter_map(count)
        .map(|(value, count)| json!({ "value": value, "count": count }))
        .collect();
    serde_json::Value::from(rows).to_string()
}

fn refusal(error: CashError) -> AppError {
    match error {
        CashError::Overflow(error) => error.into(),
        CashError::Ledger(error) => error.into(),
        other => AppError::Conflict(other.to_string()),
    }
}
