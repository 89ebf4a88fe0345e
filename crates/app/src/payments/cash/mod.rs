//! Cash in hand: who has how much and since when, and handing it over, counted by denomination.
//!
//! Whoever hands over gives all they have in hand. What is missing is posted under their name when
//! it is accepted; what is too much makes good what was missing before. It deliberately takes no
//! other excess: money of which nobody knows whence it came is recorded as a receipt first.

mod hand_over;
mod show;
pub mod wire;

pub use hand_over::{NewHandOver, hand_over};
pub use show::{Shown, hand_over_of, hand_overs, wallet, wallets};
pub use store::payments::cash::{CashEntry, ShownHandOver, Wallet};

use super::NewReceipt;
use crate::AppError;
use crate::access::Caller;
use domain::access::{Login, Permission};
use domain::ids::PersonId;
use domain::payments::Provider;

/// The word for the bank where somebody who takes cash is named; no login is like it.
pub const BANK: &str = "bank";

/// Refuses receipts that a caller may not record: who may not record any receipt may record cash
/// that they have taken themselves.
pub fn may_record(caller: &Caller, new: &NewReceipt) -> Result<(), AppError> {
    if caller.may(Permission::PaymentsWrite).is_ok() {
        return Ok(());
    }
    let own = new.person.is_none_or(|person| person == caller.person);
    if new.way == Provider::Cash && own {
        return Ok(());
    }
    let what = "only cash that one has taken oneself may be recorded with cash:collect";
    Err(AppError::NotAllowed(what.to_owned()))
}

/// Whose hand-overs a caller may see: everybody's (`None`), or their own.
pub fn may_see(caller: &Caller) -> Option<PersonId> {
    caller.may(Permission::CashRead).is_err().then_some(caller.person)
}

/// The one form of a login. What is none is nobody's.
fn login_of(text: &str) -> Result<Login, AppError> {
    Login::parse(text).map_err(|_| AppError::NotFound("there is no such person".to_owned()))
}
