//! Plans, what payments for them give, and until when each customer may use what.
//!
//! It deliberately computes no time: what follows from grants is decided by `domain`, and kept here
//! for checks that need one look-up.

mod grants;
mod kept;
mod plans;
mod prepaid;
mod proof;
mod sales;

pub use grants::{KeptGrant, add_grants, move_grants, of_customers};
pub use kept::{
    Checked, Ending, Entitled, check, close, codes, ended, ending, entitled, put, remove,
};
pub use plans::{KeptPlan, MAX_PLANS, add_plan, by_codes, change_plan, plans};
pub use prepaid::{Prepaid, Unbilled, Whom, own_prices, prepaid, unbilled};
pub use proof::{entitled_of_range, grants_of_range};
pub use sales::sales;

use crate::db::Each;

pub(crate) const QUERIES: &[&[&str]] =
    &[plans::QUERIES, kept::QUERIES, prepaid::QUERIES, proof::QUERIES];
pub(crate) const SETS: &[&[&Each]] =
    &[plans::SETS, grants::SETS, kept::SETS, prepaid::SETS, sales::SETS];

/// The statements by which the answer of [`check`] is read.
#[cfg(test)]
pub(crate) fn remembered() -> [&'static str; 2] {
    [kept::CHECK, plans::FREE]
}

/// Features as they are kept: words with one blank between them.
fn joined(features: &[String]) -> String {
    features.join(" ")
}

fn parted(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
