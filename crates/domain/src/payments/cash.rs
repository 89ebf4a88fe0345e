//! Cash that a rider or the office hands over: counted by denomination, compared with what the
//! person must have in hand, and posted. What is missing or too much is posted under their name.
//!
//! It deliberately knows no limit for a shortage; who may accept one is the caller's rule.

use super::observation::MAX_AMOUNT;
use crate::calendar::Day;
use crate::ids::{HandOverId, PersonId};
use crate::ledger::{Account, Cause, Entry, LedgerError, Transaction};
use crate::money::{Money, Overflow};
use thiserror::Error;

/// The denominations in rupees, the largest first. Notes and coins of one value count together.
pub const DENOMINATIONS: [i64; 10] = [2000, 500, 200, 100, 50, 20, 10, 5, 2, 1];
/// Paise of a rupee.
const PAISE: i128 = 100;

/// Why cash cannot be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CashError {
    /// There is no such note or coin.
    #[error(
        "there is no note or coin of {0} rupees; expected 2000, 500, 200, 100, 50, 20, 10, 5, 2 \
         or 1"
    )]
    NoSuchDenomination(i64),
    /// It stands there twice.
    #[error("{0} rupees are counted twice; give each denomination once")]
    Twice(i64),
    /// Fewer than none.
    #[error("{pieces} pieces of {rupees} rupees cannot be counted; expected 0 or more")]
    NegativePieces {
        /// The denomination.
        rupees: i64,
        /// The pieces given.
        pieces: i64,
    },
    /// Fewer than none.
    #[error("small coins of {0} rupees cannot be counted; expected 0 or more")]
    NegativeCoins(Money),
    /// More than is taken at once.
    #[error("{0} rupees cannot be handed over at once; expected at most {MAX_AMOUNT}")]
    TooMuch(Money),
    /// Nobody hands over to themselves.
    #[error("cash cannot be handed over to the person who has it; name another person or the bank")]
    ToOneself,
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// It cannot be posted.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The sum of cash counted: pieces by denomination, each at most once, and `coins`, the value of
/// coins that were weighed or counted together.
pub fn counted(pieces: &[(i64, i64)], coins: Money) -> Result<Money, CashError> {
    if coins < Money::ZERO {
        return Err(CashError::NegativeCoins(coins));
    }
    let mut sum = i128::from(coins.paise());
    let mut seen = [false; DENOMINATIONS.len()];
    for (rupees, pieces) in pieces.iter().copied() {
        let place = DENOMINATIONS.iter().position(|denomination| *denomination == rupees);
        let seen = place.and_then(|place| seen.get_mut(place));
        let seen = seen.ok_or(CashError::NoSuchDenomination(rupees))?;
        if std::mem::replace(seen, true) {
            return Err(CashError::Twice(rupees));
        }
        if pieces < 0 {
            return Err(CashError::NegativePieces { rupees, pieces });
        }
        sum += i128::from(rupees) * i128::from(pieces) * PAISE;
    }
    let sum = Money::from_wide(sum, "the cash counted")?;
    if sum > MAX_AMOUNT {
        return Err(CashError::TooMuch(sum));
    }
    Ok(sum)
}

/// Who takes cash over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker {
    /// A person of the office; it is in their hand now.
    Person(PersonId),
    /// The bank.
    Bank,
}

/// How the cash counted compares with what must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// It is all there.
    Exact,
    /// So much is missing.
    Short(Money),
    /// So much is too much.
    Surplus(Money),
}

/// A hand-over, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// How the count compares.
    pub balance: Balance,
    /// The posting; without entries when nothing was in hand and nothing counted.
    pub transaction: Transaction,
}

/// Decides on a hand-over of all that `giver` has in hand: `in_hand` by the ledger, `counted` in
/// fact. The difference is posted to `giver`'s account of shortages. In hand may be less than
/// nothing, when receipts were taken back after an earlier hand-over at which they were missing.
pub fn hand_over(
    id: HandOverId,
    day: Day,
    giver: PersonId,
    taker: Taker,
    in_hand: Money,
    counted: Money,
) -> Result<HandOver, CashError> {
    if counted < Money::ZERO {
        return Err(CashError::NegativeCoins(counted));
    }
    if taker == Taker::Person(giver) {
        return Err(CashError::ToOneself);
    }
    let short = in_hand.minus(counted)?;
    let balance = match short {
        Money::ZERO => Balance::Exact,
        short if short > Money::ZERO => Balance::Short(short),
        surplus => Balance::Surplus(surplus.negated()?),
    };
    let (account, person) = match taker {
        Taker::Person(person) => (Account::CashInHand, Some(person)),
        Taker::Bank => (Account::Bank, None),
    };
    let entries = [
        Entry { account, person, amount: counted },
        Entry { account: Account::CashShort, person: Some(giver), amount: short },
        Entry { account: Account::CashInHand, person: Some(giver), amount: in_hand.negated()? },
    ];
    let transaction = Transaction::new(day, None, Cause::HandOver(id), entries)?;
    Ok(HandOver { balance, transaction })
}

#[cfg(test)]
mod tests {
    use super::{
        Balance, CashError, DENOMINATIONS, HandOver, MAX_AMOUNT, Taker, counted, hand_over,
    };
    use crate::calendar::Day;
    use crate::ids::{HandOverId, PersonId};
    use crate::ledger::Account;
    use crate::money::Money;

    const RIDER: PersonId = PersonId(7);
    const CASHIER: Taker = Taker::Person(PersonId(2));

    fn rupees(rupees: i64) -> Money {
        Money::from_paise(rupees * 100)
    }

    fn handed(taker: Taker, in_hand: Money, counted: Money) -> Result<HandOver, CashError> {
        let day = Day::parse("2026-10-31").unwrap();
        hand_over(HandOverId(1), day, RIDER, taker, in_hand, counted)
    }

    fn entries(made: &HandOver) -> Vec<(Account, Option<i64>, i64)> {
        let entries = made.transaction.entries().iter();
        entries.map(|e| (e.account, e.person.map(|p| p.0), e.amount.paise() / 100)).collect()
    }

    #[test]
    fn cash_is_counted_by_denomination() {
        let one_each: Vec<_> = DENOMINATIONS.iter().map(|rupees| (*rupees, 1)).collect();
        assert_eq!(counted(&one_each, Money::from_paise(50)), Ok(Money::from_paise(288_850)));
        assert_eq!(counted(&[], Money::ZERO), Ok(Money::ZERO));
        assert_eq!(counted(&[(500, 0)], Money::ZERO), Ok(Money::ZERO));
        assert_eq!(counted(&[(1000, 1)], Money::ZERO), Err(CashError::NoSuchDenomination(1000)));
        assert_eq!(counted(&[(5, 1), (5, 1)], Money::ZERO), Err(CashError::Twice(5)));
        let wrong = CashError::NegativePieces { rupees: 10, pieces: -1 };
        assert_eq!(counted(&[(10, -1)], Money::ZERO), Err(wrong));
        assert_eq!(counted(&[], rupees(-1)), Err(CashError::NegativeCoins(rupees(-1))));
        let most = MAX_AMOUNT.paise() / 200_000;
        assert_eq!(counted(&[(2000, most)], Money::ZERO), Ok(MAX_AMOUNT));
        let more = counted(&[(2000, most)], Money::from_paise(1));
        assert!(matches!(more, Err(CashError::TooMuch(_))), "{more:?}");
        let large = counted(&[(2000, i64::MAX)], Money::from_paise(i64::MAX));
        assert!(matches!(large, Err(CashError::Overflow(_))));
    }

    #[test]
    fn what_is_there_is_handed_over() {
        let made = handed(CASHIER, rupees(900), rupees(900)).unwrap();
        assert_eq!(made.balance, Balance::Exact);
        let expected = [(Account::CashInHand, Some(2), 900), (Account::CashInHand, Some(7), -900)];
        assert_eq!(entries(&made), expected);
        let made = handed(Taker::Bank, Money::ZERO, Money::ZERO).unwrap();
        assert!(made.transaction.entries().is_empty());
    }

    #[test]
    fn a_difference_is_posted_by_name() {
        let made = handed(Taker::Bank, rupees(900), rupees(800)).unwrap();
        assert_eq!(made.balance, Balance::Short(rupees(100)));
        let expected = [
            (Account::Bank, None, 800),
            (Account::CashShort, Some(7), 100),
            (Account::CashInHand, Some(7), -900),
        ];
        assert_eq!(entries(&made), expected);
        let made = handed(CASHIER, rupees(900), rupees(950)).unwrap();
        assert_eq!(made.balance, Balance::Surplus(rupees(50)));
        assert_eq!(entries(&made)[1], (Account::CashShort, Some(7), -50));
        let made = handed(CASHIER, rupees(-400), rupees(500)).unwrap();
        assert_eq!(made.balance, Balance::Surplus(rupees(900)));
        let expected = [
            (Account::CashInHand, Some(2), 500),
            (Account::CashShort, Some(7), -900),
            (Account::CashInHand, Some(7), 400),
        ];
        assert_eq!(entries(&made), expected);
    }

    #[test]
    fn impossible_hand_overs_are_refused() {
        let (some, less) = (rupees(10), rupees(-1));
        assert_eq!(handed(CASHIER, some, less), Err(CashError::NegativeCoins(less)));
        assert_eq!(handed(Taker::Person(RIDER), some, some), Err(CashError::ToOneself));
        let most = Money::from_paise(i64::MAX);
        // Counted and missing always come to what is in hand, so the posting of any amounts fits.
        assert!(handed(CASHIER, Money::ZERO, most).is_ok());
        assert!(handed(CASHIER, most, Money::ZERO).is_ok());
        let refused = CashError::from(super::LedgerError::NoCustomer);
        assert!(refused.to_string().contains("customer"));
    }
}
