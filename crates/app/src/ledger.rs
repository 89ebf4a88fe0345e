//! Reading the ledger: balances, and the journal as a stream for exports.
//!
//! It deliberately posts nothing; postings are made by the use cases that cause them.

mod export;

use crate::{AppError, business};
use domain::ledger::Account;
use domain::money::Money;
use store::{Store, Tx, ledger};

pub use export::{Format, export};
pub use store::ledger::{CustomerBalance, JournalEntry};

/// The balances of all accounts and customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balances {
    /// Each account with its balance and number of entries.
    pub accounts: Vec<(Account, Money, u64)>,
    /// The sum over all accounts: zero in a sound ledger.
    pub sum: Money,
    /// What each customer owes.
    pub customers: Vec<CustomerBalance>,
}

/// The balances of the ledger.
pub fn balances(store: &Store) -> Result<Balances, AppError> {
    store.read(|tx| {
        business::load(tx)?;
        let accounts = ledger::balances(tx)?;
        let sum = Money::sum(accounts.iter().map(|(_, balance, _)| *balance))?;
        Ok(Balances { accounts, sum, customers: ledger::customer_balances(tx)? })
    })
}

/// What every account comes to.
pub fn accounts(tx: &mut Tx<'_>) -> Result<Vec<(Account, Money)>, AppError> {
    let accounts = ledger::balances(tx)?;
    Ok(accounts.into_iter().map(|(account, balance, _)| (account, balance)).collect())
}

/// Hands every entry to `each`, by day and transaction.
pub fn journal(
    store: &Store,
    mut each: impl FnMut(&JournalEntry<'_>) -> Result<(), AppError>,
) -> Result<(), AppError> {
    store.read(|tx| {
        business::load(tx)?;
        let mut failed = None;
        ledger::journal(tx, |entry| {
            if failed.is_none() {
                failed = each(entry).err();
            }
            Ok(())
        })?;
        failed.map_or(Ok(()), Err)
    })
}
