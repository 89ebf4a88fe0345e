//! The double-entry ledger: accounts, transactions whose entries sum to zero, and what is posted
//! for bills, opening balances, receipts that found their customer, and settlements.
//!
//! Debits are positive, credits negative. It deliberately has no way to change or remove an entry.

mod account;
mod transaction;

pub use account::Account;
pub use transaction::{Cause, Entry, LedgerError, Transaction};

use crate::calendar::Day;
use crate::ids::{BillId, CustomerId, PaymentId, SettlementId};
use crate::money::{Money, TaxSplit};

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
    Transaction::new(day, Some(customer), Cause::Bill(bill), entries)
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
    Transaction::new(day, Some(customer), Cause::OpeningBalance, entries).map(Some)
}

/// The posting that gives `amount` of a receipt whose customer was not known to that customer;
/// negative, it takes a receipt back that went to the wrong one. `None` for no money.
pub fn match_transaction(
    day: Day,
    payment: PaymentId,
    customer: CustomerId,
    amount: Money,
) -> Result<Option<Transaction>, LedgerError> {
    if amount.is_zero() {
        return Ok(None);
    }
    let entries = [(Account::UnmatchedReceipts, amount), (Account::Receivable, amount.negated()?)];
    Transaction::new(day, Some(customer), Cause::Matched(payment), entries).map(Some)
}

/// The posting of `amount` that a gateway paid out to the bank; negative when the gateway took it
/// from there. `None` for no money.
pub fn settlement_transaction(
    day: Day,
    settlement: SettlementId,
    gateway: Account,
    amount: Money,
) -> Result<Option<Transaction>, LedgerError> {
    if amount.is_zero() {
        return Ok(None);
    }
    let entries = [(Account::Bank, amount), (gateway, amount.negated()?)];
    Transaction::new(day, None, Cause::Settlement(settlement), entries).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Account, Cause, match_transaction, opening_balance_transaction};
    use super::{LedgerError, settlement_transaction};
    use crate::calendar::Day;
    use crate::ids::{CustomerId, PaymentId, SettlementId};
    use crate::money::Money;

    fn rupees(rupees: i64) -> Money {
        Money::from_paise(rupees * 100)
    }

    fn on() -> Day {
        Day::parse("2026-10-31").unwrap()
    }

    #[test]
    fn an_opening_balance_posts_only_its_change() {
        let none = opening_balance_transaction(on(), CustomerId(1), rupees(5), rupees(5));
        assert_eq!(none, Ok(None));
        let change = opening_balance_transaction(on(), CustomerId(1), rupees(5), rupees(-2));
        let entries = change.unwrap().unwrap();
        assert_eq!(entries.entries()[0].amount, rupees(-7));
        assert_eq!(entries.entries()[1].amount, rupees(7));
    }

    #[test]
    fn a_receipt_finds_its_customer_and_can_be_taken_back() {
        let (payment, customer) = (PaymentId(7), CustomerId(3));
        let given = match_transaction(on(), payment, customer, rupees(40)).unwrap().unwrap();
        assert_eq!(
            (given.customer, given.cause.clone()),
            (Some(customer), Cause::Matched(payment))
        );
        let of = |entry: &super::Entry| (entry.account, entry.amount);
        let entries: Vec<_> = given.entries().iter().map(of).collect();
        let expected =
            [(Account::UnmatchedReceipts, rupees(40)), (Account::Receivable, rupees(-40))];
        assert_eq!(entries, expected);
        let back = match_transaction(on(), payment, customer, rupees(-40)).unwrap().unwrap();
        assert_eq!(back.entries()[1].amount, rupees(40));
        assert_eq!(match_transaction(on(), payment, customer, Money::ZERO), Ok(None));
        let least = Money::from_paise(i64::MIN);
        let wrong = match_transaction(on(), payment, customer, least);
        assert!(matches!(wrong, Err(LedgerError::Overflow(_))));
    }

    #[test]
    fn a_settlement_moves_money_from_the_gateway_to_the_bank() {
        let gateway = Account::GatewayStripe;
        let settlement = SettlementId(4);
        let posted = settlement_transaction(on(), settlement, gateway, rupees(9)).unwrap().unwrap();
        assert_eq!((posted.customer, posted.cause.as_str()), (None, "settlement"));
        assert_eq!(posted.entries()[0].account, Account::Bank);
        assert_eq!(
            (posted.entries()[1].account, posted.entries()[1].amount),
            (gateway, rupees(-9))
        );
        assert_eq!(settlement_transaction(on(), settlement, gateway, Money::ZERO), Ok(None));
        let least = Money::from_paise(i64::MIN);
        let wrong = settlement_transaction(on(), settlement, gateway, least);
        assert!(matches!(wrong, Err(LedgerError::Overflow(_))));
    }
}
