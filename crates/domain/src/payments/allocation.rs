//! Which dues a payment settles, which dues an advance settles, and what is released again when
//! money goes back.
//!
//! It deliberately looks at one customer, and posts nothing: in the ledger a receipt reduces what
//! the customer owes, whichever bill it is for. The state of a bill follows from what is allocated
//! to it (`BillState::settle`).

use crate::calendar::Day;
use crate::ids::{BillId, PaymentId};
use crate::money::{Money, Overflow};

/// What money is allocated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The balance brought forward from earlier books.
    Opening,
    /// A bill.
    Bill(BillId),
}

/// Something that a customer still has to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// What it is.
    pub target: Target,
    /// The bill's day.
    pub day: Day,
    /// The bill's place in its series.
    pub serial: i64,
    /// What is left to pay; zero or less is nothing.
    pub due: Money,
}

/// What became of an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The dues it settles, in this order, and how much of each.
    pub parts: Vec<(Target, Money)>,
    /// What no due took: the customer's advance.
    pub advance: Money,
}

/// Allocates an amount: the `named` bill first, then the opening balance, then bills by day and
/// number; never more than is due. The rest is an advance. `dues` may be in any order.
///
/// An amount that is not positive settles nothing and stays whole in `advance`.
pub fn allocate(
    named: Option<BillId>,
    dues: &[Due],
    amount: Money,
) -> Result<Allocation, Overflow> {
    let mut left = amount;
    let mut parts = Vec::new();
    for due in in_order(named, dues) {
        let part = due.due.min(left);
        if part <= Money::ZERO {
            break;
        }
        left = left.minus(part)?;
        parts.push((due.target, part));
    }
    Ok(Allocation { parts, advance: left })
}

/// The dues with something left to pay, in the order in which they are paid.
fn in_order(named: Option<BillId>, dues: &[Due]) -> Vec<Due> {
    let named = named.map(Target::Bill);
    let mut dues: Vec<Due> = dues.iter().copied().filter(|due| due.due > Money::ZERO).collect();
    dues.sort_by_key(|due| {
        let is_another = named != Some(due.target);
        let is_bill = due.target != Target::Opening;
        (is_another, is_bill, due.day, due.serial, due.target, due.due)
    });
    dues
}

/// Where an advance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The balance brought forward from earlier books, in the customer's favour.
    Opening,
    /// A payment.
    Payment(PaymentId),
}

/// Money of a customer that no due has taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Where it comes from.
    pub source: Source,
    /// The day it came.
    pub day: Day,
    /// What is left of it; zero or less is nothing.
    pub left: Money,
}

/// A part of an advance that settles a part of a due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The advance.
    pub source: Source,
    /// The due.
    pub target: Target,
    /// How much.
    pub amount: Money,
}

/// Applies advances to dues: the oldest advance first (one brought forward before all), the oldest
/// due first. `credits` and `dues` may be in any order.
pub fn apply_advance(credits: &[Credit], dues: &[Due]) -> Result<Vec<Applied>, Overflow> {
    let usable = credits.iter().copied().filter(|credit| credit.left > Money::ZERO);
    let mut credits: Vec<Credit> = usable.collect();
    credits.sort_by_key(|credit| {
        let is_payment = credit.source != Source::Opening;
        (is_payment, credit.day, credit.source, credit.left)
    });
    let mut dues = in_order(None, dues).into_iter();
    let mut applied = Vec::new();
    let mut open = dues.next();
    for credit in credits {
        let mut left = credit.left;
        while let Some(due) = &mut open {
            let amount = due.due.min(left);
            applied.push(Applied { source: credit.source, target: due.target, amount });
            left = left.minus(amount)?;
            due.due = due.due.minus(amount)?;
            if due.due.is_zero() {
                open = dues.next();
            }
            if left.is_zero() {
                break;
            }
        }
    }
    Ok(applied)
}

/// An allocation as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// Its number; a later one is larger.
    pub number: i64,
    /// What it settles.
    pub target: Target,
    /// How much of it stands.
    pub amount: Money,
}

/// What is released when money of a payment goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Taken from the advance.
    pub advance: Money,
    /// Taken from allocations, the newest first; each with its number and how much of it.
    pub parts: Vec<(i64, Target, Money)>,
    /// What neither could give: more goes back than the payment brought.
    pub beyond: Money,
}

/// Releases `amount` of a payment: first from what is left of its advance, then from its newest
/// allocation back. An amount that is not positive releases nothing.
pub fn release(
    advance: Money,
    allocated: &[Allocated],
    amount: Money,
) -> Result<Released, Overflow> {
    let mut left = amount.max(Money::ZERO);
    let from_advance = advance.max(Money::ZERO).min(left);
    left = left.minus(from_advance)?;
    let mut newest_first: Vec<Allocated> = allocated.to_vec();
    newest_first.sort_by_key(|part| (-i128::from(part.number), part.target, part.amount));
    let mut parts = Vec::new();
    for part in newest_first {
        let taken = part.amount.min(left);
        if taken > Money::ZERO {
            left = left.minus(taken)?;
            parts.push((part.number, part.target, taken));
        }
    }
    Ok(Released { advance: from_advance, parts, beyond: left })
}

#[cfg(test)]
mod tests {
    use super::{Allocated, Applied, Credit, Due, Source, Target};
    use super::{allocate, apply_advance, release};
    use crate::billing::BillState;
    use crate::calendar::Day;
    use crate::ids::{BillId, PaymentId};
    use crate::money::Money;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    fn day(day: i64) -> Day {
        Day::from_number(2026_10_00 + day).unwrap()
    }

    fn bill(id: i64, on: i64, due: i64) -> Due {
        Due { target: Target::Bill(BillId(id)), day: day(on), serial: id, due: paise(due) }
    }

    fn opening(due: i64) -> Due {
        Due { target: Target::Opening, day: day(31), serial: 0, due: paise(due) }
    }

    fn parts(named: Option<i64>, dues: &[Due], amount: i64) -> (Vec<(Target, i64)>, i64) {
        let made = allocate(named.map(BillId), dues, paise(amount)).unwrap();
        let parts = made.parts.iter().map(|(target, amount)| (*target, amount.paise()));
        (parts.collect(), made.advance.paise())
    }

    const OPENING: Target = Target::Opening;
    const FIRST: Target = Target::Bill(BillId(1));
    const SECOND: Target = Target::Bill(BillId(2));
    const THIRD: Target = Target::Bill(BillId(3));

    #[test]
    fn the_named_bill_comes_first_then_the_oldest_dues() {
        let dues = [bill(3, 2, 30), bill(2, 1, 20), opening(5), bill(1, 1, 10), bill(4, 1, 0)];
        let oldest = vec![(OPENING, 5), (FIRST, 10), (SECOND, 20), (THIRD, 30)];
        assert_eq!(parts(None, &dues, 100), (oldest.clone(), 35));
        assert_eq!(parts(Some(9), &dues, 65), (oldest, 0));
        let named = vec![(THIRD, 30), (OPENING, 5), (FIRST, 4)];
        assert_eq!(parts(Some(3), &dues, 39), (named, 0));
        assert_eq!(parts(None, &[], 7), (vec![], 7));
        assert_eq!(parts(None, &dues, 0), (vec![], 0));
        assert_eq!(parts(None, &dues, -7), (vec![], -7));
    }

    #[test]
    fn what_is_allocated_makes_the_state_of_the_bill() {
        let (due, total) = ([bill(1, 1, 100)], paise(100));
        for (amount, state) in
            [(0, BillState::Issued), (40, BillState::PartPaid), (120, BillState::Paid)]
        {
            let made = allocate(None, &due, paise(amount)).unwrap();
            let paid = Money::sum(made.parts.iter().map(|(_, part)| *part)).unwrap();
            assert_eq!(BillState::Issued.settle(total, paid), Ok(state));
        }
    }

    #[test]
    fn the_oldest_advance_pays_the_oldest_due() {
        let credit = |source, on, left| Credit { source, day: day(on), left: paise(left) };
        let payment = |id| Source::Payment(PaymentId(id));
        let credits = [
            credit(payment(2), 5, 50),
            credit(payment(3), 4, 10),
            credit(payment(4), 1, -9),
            credit(Source::Opening, 31, 7),
        ];
        let applied = |source, target, amount| Applied { source, target, amount: paise(amount) };
        let expected = [
            applied(Source::Opening, FIRST, 7),
            applied(payment(3), FIRST, 3),
            applied(payment(3), SECOND, 7),
            applied(payment(2), SECOND, 13),
            applied(payment(2), THIRD, 30),
        ];
        let dues = [bill(3, 2, 30), bill(1, 1, 10), bill(2, 1, 20)];
        assert_eq!(apply_advance(&credits, &dues).unwrap(), expected);
        assert_eq!(apply_advance(&credits, &[]).unwrap(), []);
        assert_eq!(apply_advance(&[], &dues).unwrap(), []);
    }

    #[test]
    fn money_that_goes_back_is_taken_from_the_advance_and_the_newest() {
        let part = |number, target, amount| Allocated { number, target, amount: paise(amount) };
        let allocated = [part(1, FIRST, 10), part(3, THIRD, 30), part(2, SECOND, 20)];
        let released = |amount| {
            let released = release(paise(5), &allocated, paise(amount)).unwrap();
            let parts = released.parts.iter().map(|(number, _, taken)| (*number, taken.paise()));
            (released.advance.paise(), parts.collect::<Vec<_>>(), released.beyond.paise())
        };
        assert_eq!(released(3), (3, vec![], 0));
        assert_eq!(released(6), (5, vec![(3, 1)], 0));
        assert_eq!(released(60), (5, vec![(3, 30), (2, 20), (1, 5)], 0));
        assert_eq!(released(70), (5, vec![(3, 30), (2, 20), (1, 10)], 5));
        assert_eq!(released(0), (0, vec![], 0));
        assert_eq!(released(-8), (0, vec![], 0));
    }

    fn some_dues() -> impl Strategy<Value = Vec<Due>> {
        let due = (0i64..6, 1i64..5, -20i64..100).prop_map(|(id, on, amount)| match id {
            0 => opening(amount),
            id => bill(id, on, amount),
        });
        prop::collection::vec(due, 0..8)
    }

    fn some_credits() -> impl Strategy<Value = Vec<Credit>> {
        let credit = (0i64..5, 1i64..5, -20i64..100).prop_map(|(id, on, left)| {
            let source = if id == 0 { Source::Opening } else { Source::Payment(PaymentId(id)) };
            Credit { source, day: day(on), left: paise(left) }
        });
        prop::collection::vec(credit, 0..8)
    }

    fn open(dues: &[Due]) -> BTreeMap<Target, i64> {
        let mut open = BTreeMap::new();
        for due in dues {
            *open.entry(due.target).or_default() += due.due.paise().max(0);
        }
        open
    }

    proptest! {
        #[test]
        fn no_paisa_is_lost_and_no_due_overpaid(
            dues in some_dues(),
            shuffled in any::<prop::sample::Index>(),
            named in prop::option::of(1i64..7),
            amount in 0i64..400,
        ) {
            let named = named.map(BillId);
            let made = allocate(named, &dues, paise(amount)).unwrap();
            let given = Money::sum(made.parts.iter().map(|(_, part)| *part)).unwrap();
            prop_assert_eq!(given.plus(made.advance).unwrap(), paise(amount));
            let mut left = open(&dues);
            for (target, part) in &made.parts {
                prop_assert!(*part > Money::ZERO);
                *left.get_mut(target).unwrap() -= part.paise();
            }
            prop_assert!(left.values().all(|left| *left >= 0));
            prop_assert!(made.advance.is_zero() || left.values().all(|left| *left == 0));
            let mut other = dues.clone();
            if !other.is_empty() {
                other.rotate_left(shuffled.index(dues.len()));
                other.reverse();
            }
            prop_assert_eq!(allocate(named, &other, paise(amount)).unwrap(), made);
        }

        #[test]
        fn advances_are_used_up_or_nothing_is_due(
            dues in some_dues(),
            credits in some_credits(),
        ) {
            let applied = apply_advance(&credits, &dues).unwrap();
            let mut left = open(&dues);
            let mut usable = BTreeMap::new();
            for credit in &credits {
                *usable.entry(credit.source).or_insert(0) += credit.left.paise().max(0);
            }
            for part in &applied {
                prop_assert!(part.amount > Money::ZERO);
                *left.get_mut(&part.target).unwrap() -= part.amount.paise();
                *usable.get_mut(&part.source).unwrap() -= part.amount.paise();
            }
            prop_assert!(left.values().chain(usable.values()).all(|left| *left >= 0));
            let (due, usable): (i64, i64) = (left.values().sum(), usable.values().sum());
            prop_assert!(due == 0 || usable == 0);
            let (mut others, mut dues) = (credits, dues);
            others.reverse();
            dues.reverse();
            prop_assert_eq!(apply_advance(&others, &dues).unwrap(), applied);
        }

        #[test]
        fn what_is_released_is_what_goes_back(
            advance in -20i64..100,
            parts in prop::collection::vec((1i64..50, 0i64..80), 0..6),
            amount in 0i64..400,
        ) {
            let allocated: Vec<_> = parts.iter().enumerate().map(|(number, (id, amount))| {
                let number = i64::try_from(number).unwrap();
                Allocated { number, target: Target::Bill(BillId(*id)), amount: paise(*amount) }
            }).collect();
            let released = release(paise(advance), &allocated, paise(amount)).unwrap();
            let taken: i64 = released.parts.iter().map(|(_, _, part)| part.paise()).sum();
            let beyond = released.beyond.paise();
            prop_assert_eq!(released.advance.paise() + taken + beyond, amount);
            for (number, target, taken) in &released.parts {
                let part = allocated[usize::try_from(*number).unwrap()];
                prop_assert!(part.target == *target && *taken <= part.amount);
            }
            let all: i64 = advance.max(0) + parts.iter().map(|(_, amount)| amount).sum::<i64>();
            prop_assert_eq!(beyond, (amount - all).max(0));
            let mut other = allocated;
            other.reverse();
            let again = release(paise(advance), &other, paise(amount)).unwrap();
            prop_assert_eq!(again, released);
        }
    }
}
