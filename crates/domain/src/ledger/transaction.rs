//! A transaction: why it was made, whom it is about, and entries that sum to zero.
//!
//! It deliberately cannot be built when it does not balance, or when an entry lacks the customer or
//! person whose account it is.

use super::Account;
use crate::calendar::Day;
use crate::ids::{BillId, CustomerId, HandOverId, PaymentId, PersonId, SettlementId};
use crate::money::{Money, Overflow};
use thiserror::Error;

/// What a transaction was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A bill was issued.
    Bill(BillId),
    /// A balance was brought forward from earlier books, or corrected.
    OpeningBalance,
    /// Something happened to a payment: money came in, a fee was taken, money went back.
    Payment {
        /// The payment.
        payment: PaymentId,
        /// What happened, such as `receipt` or `refund:rfnd_T3stRfd0000001`; once per payment.
        kind: String,
    },
    /// A person handed cash over.
    HandOver(HandOverId),
    /// A receipt whose customer was not known was given to its customer.
    Matched(PaymentId),
    /// A gateway paid out to the bank.
    Settlement(SettlementId),
}

impl Cause {
    /// The name under which the kind of cause is kept.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Bill(_) => "bill",
            Self::OpeningBalance => "opening_balance",
            Self::Payment { .. } => "payment",
            Self::HandOver(_) => "hand_over",
            Self::Matched(_) => "matched",
            Self::Settlement(_) => "settlement",
        }
    }
}

/// One side of a transaction: a debit (positive) or credit (negative) of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Whose cash it is; for accounts kept by person, and for them only.
    pub person: Option<PersonId>,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// An entry of an account that names no person.
impl From<(Account, Money)> for Entry {
    fn from((account, amount): (Account, Money)) -> Self {
        Self { account, person: None, amount }
    }
}

/// A balanced transaction, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The business day it counts for.
    pub day: Day,
    /// Whom it is about; receivable entries are this customer's. Absent when it is about nobody,
    /// or when nobody knows yet.
    pub customer: Option<CustomerId>,
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
    /// A receivable is always a customer's.
    #[error("an entry of receivable needs the customer who owes it; name the customer")]
    NoCustomer,
    /// Cash is always a person's, and nothing else is.
    #[error("an entry of {} must name a person if it is cash, and nobody otherwise", .0.as_str())]
    Person(Account),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl Transaction {
    /// A transaction of the given entries; those of zero are left out.
    pub fn new(
        day: Day,
        customer: Option<CustomerId>,
        cause: Cause,
        entries: impl IntoIterator<Item = impl Into<Entry>>,
    ) -> Result<Self, LedgerError> {
        let entries: Vec<Entry> =
            entries.into_iter().map(Into::into).filter(|entry| !entry.amount.is_zero()).collect();
        for entry in &entries {
            if entry.account == Account::Receivable && customer.is_none() {
                return Err(LedgerError::NoCustomer);
            }
            if entry.account.is_by_person() != entry.person.is_some() {
                return Err(LedgerError::Person(entry.account));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::{Account, Cause, Entry, LedgerError, Transaction};
    use crate::calendar::Day;
    use crate::ids::{BillId, CustomerId, HandOverId, PaymentId, PersonId, SettlementId};
    use crate::money::Money;

    fn made(customer: Option<i64>, entries: &[Entry]) -> Result<Transaction, LedgerError> {
        let day = Day::parse("2026-10-31").unwrap();
        let customer = customer.map(CustomerId);
        Transaction::new(day, customer, Cause::OpeningBalance, entries.iter().copied())
    }

    fn entry(account: Account, person: Option<i64>, paise: i64) -> Entry {
        Entry { account, person: person.map(PersonId), amount: Money::from_paise(paise) }
    }

    #[test]
    fn only_balanced_transactions_exist() {
        let lopsided = [entry(Account::Receivable, None, 100)];
        assert_eq!(made(Some(1), &lopsided), Err(LedgerError::Unbalanced(Money::from_paise(100))));
        let large = [entry(Account::Bank, None, i64::MAX), entry(Account::Sales, None, 1)];
        assert!(matches!(made(None, &large), Err(LedgerError::Overflow(_))));
    }

    #[test]
    fn receivables_are_a_customers_and_cash_is_a_persons() {
        let cash = |person| entry(Account::CashInHand, person, 100);
        let owed = entry(Account::Receivable, None, -100);
        assert!(made(Some(1), &[cash(Some(5)), owed]).is_ok());
        assert_eq!(made(None, &[cash(Some(5)), owed]), Err(LedgerError::NoCustomer));
        let nobodys = LedgerError::Person(Account::CashInHand);
        assert_eq!(made(Some(1), &[cash(None), owed]), Err(nobodys));
        let bank = entry(Account::Bank, Some(5), 100);
        assert_eq!(made(Some(1), &[bank, owed]), Err(LedgerError::Person(Account::Bank)));
        // An entry of no money is no entry, whatever it says.
        let nothing = entry(Account::CashInHand, None, 0);
        assert!(made(None, &[nothing]).unwrap().entries().is_empty());
    }

    #[test]
    fn causes_have_names() {
        let kind = "receipt".to_owned();
        let causes = [
            (Cause::Bill(BillId(1)), "bill"),
            (Cause::OpeningBalance, "opening_balance"),
            (Cause::Payment { payment: PaymentId(1), kind }, "payment"),
            (Cause::HandOver(HandOverId(1)), "hand_over"),
            (Cause::Matched(PaymentId(1)), "matched"),
            (Cause::Settlement(SettlementId(1)), "settlement"),
        ];
        for (cause, name) in causes {
            assert_eq!(cause.as_str(), name);
        }
    }
}
