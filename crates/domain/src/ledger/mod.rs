//! The double-entry ledger: accounts, and transactions whose entries sum to zero.
//!
//! Debits are positive, credits negative. It deliberately has no way to change or remove an entry.

use crate::calendar::Day;
use crate::ids::{BillId, CustomerId};
use crate::money::{Money, Overflow, TaxSplit};
use thiserror::Error;

/// An account of the ledger. Receivables are kept per customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What customers owe (an asset; negative: an advance).
    Receivable,
    /// Income from goods, without tax.
    Sales,
    /// Central tax collected and owed to the government.
    OutputCgst,
    /// State tax collected and owed to the government.
    OutputSgst,
    /// Integrated tax collected and owed to the government.
    OutputIgst,
    /// Paise given or taken to reach whole rupees.
    RoundOff,
    /// The other side of balances brought forward from earlier books.
    OpeningBalances,
}

impl Account {
    /// All accounts, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Receivable,
        Self::Sales,
        Self::OutputCgst,
        Self::OutputSgst,
        Self::OutputIgst,
        Self::RoundOff,
        Self::OpeningBalances,
    ];

    /// The name under which the account is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receivable => "receivable",
            Self::Sales => "sales",
            Self::OutputCgst => "output_cgst",
            Self::OutputSgst => "output_sgst",
            Self::OutputIgst => "output_igst",
            Self::RoundOff => "round_off",
            Self::OpeningBalances => "opening_balances",
        }
    }

    /// The account kept under `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.as_str() == name)
    }
}

/// What a transaction was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A bill was issued.
    Bill(BillId),
    /// A balance was brought forward from earlier books, or corrected.
    OpeningBalance,
}

impl Cause {
    /// The name under which the kind of cause is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bill(_) => "bill",
            Self::OpeningBalance => "opening_balance",
        }
    }
}

/// One side of a transaction: a debit (positive) or credit (negative) of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// A balanced transaction about one customer, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The business day it counts for.
    pub day: Day,
    /// Whom it is about; receivable entries are this customer's.
    pub customer: CustomerId,
    /// Why it was made.
    pub cause: Cause,
    entries: Vec<Entry>,
}

/// Why a transaction cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("the entries do not balance: they sum to {0} instead of zero")]
    Unbalanced(Money),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl Transaction {
    /// A transaction of the given entries; those of zero are left out.
    pub fn new(
        day: Day,
        customer: CustomerId,
        cause: Cause,
        entries: impl IntoIterator<Item = (Account, Money)>,
    ) -> Result<Self, LedgerError> {
        let entries: Vec<Entry> = entries
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(account, amount)| Entry { account, amount })
            .collect();
        let sum = Money::sum(entries.iter().map(|entry| entry.amount))?;
        if !sum.is_zero() {
            return Err(LedgerError::Unbalanced(sum));
        }
        Ok(Self { day, customer, cause, entries })
    }

    /// The entries; their amounts sum to zero.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The posting of an issued bill: the customer owes `total`; sales, taxes and round-off are its
/// sources.
pub fn bill_transaction(
    day: Day,
    customer: CustomerId,
    bill: BillId,
    split: &TaxSplit,
    round_off: Money,
    total: Money,
) -> Result<Transaction, LedgerError> {
    let entries = [
        (Account::Receivable, total),
        (Account::Sales, split.taxable.negated()?),
        (Account::OutputCgst, split.cgst.negated()?),
        (Account::OutputSgst, split.sgst.negated()?),
        (Account::OutputIgst, split.igst.negated()?),
        (Account::RoundOff, round_off.negated()?),
    ];
    Transaction::new(day, customer, Cause::Bill(bill), entries)
}

/// The posting that moves a customer's opening balance from `before` to `after`; `None` when they
/// are equal.
pub fn opening_balance_transaction(
    day: Day,
    customer: CustomerId,
    before: Money,
    after: Money,
) -> Result<Option<Transaction>, LedgerError> {
    let change = after.minus(before)?;
    if change.is_zero() {
        return Ok(None);
    }
    let entries = [(Account::Receivable, change), (Account::OpeningBalances, change.negated()?)];
    Transaction::new(day, customer, Cause::OpeningBalance, entries).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Account, Cause, LedgerError, Transaction, opening_balance_transaction};
    use crate::calendar::Day;
    use crate::ids::CustomerId;
    use crate::money::Money;

    #[test]
    fn only_balanced_transactions_exist() {
        let day = Day::parse("2026-10-31").unwrap();
        let rupee = Money::from_paise(100);
        let lopsided = [(Account::Receivable, rupee)];
        assert_eq!(
            Transaction::new(day, CustomerId(1), Cause::OpeningBalance, lopsided),
            Err(LedgerError::Unbalanced(rupee))
        );
    }

    #[test]
    fn an_opening_balance_posts_only_its_change() {
        let day = Day::parse("2026-10-31").unwrap();
        let rupees = |rupees: i64| Money::from_paise(rupees * 100);
        let none = opening_balance_transaction(day, CustomerId(1), rupees(5), rupees(5));
        assert_eq!(none, Ok(None));
        let change = opening_balance_transaction(day, CustomerId(1), rupees(5), rupees(-2));
        let entries = change.unwrap().unwrap();
        assert_eq!(entries.entries()[0].amount, rupees(-7));
        assert_eq!(entries.entries()[1].amount, rupees(7));
    }

    #[test]
    fn names_are_kept_and_found() {
        for account in Account::ALL {
            assert_eq!(Account::from_name(account.as_str()), Some(account));
        }
        assert_eq!(Account::from_name("cash"), None);
    }
}
