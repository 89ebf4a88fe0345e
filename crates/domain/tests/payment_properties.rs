//! Payments as a whole: whatever is told of a payment, in any order and however often, ends in the
//! same knowledge, the same state, the same postings and the same balances, each posted once.
//!
//! It deliberately makes up observations freely, also those that no gateway would tell together.

#![expect(clippy::unwrap_used, reason = "this is a test program; its helpers fail as tests do")]

use domain::calendar::{Day, Moment};
use domain::entitlements::{GrantState, Posted, example_plans, grant_of, sale_transaction, sold};
use domain::ids::{CustomerId, PaymentId, PersonId};
use domain::ledger::{Account, Cause, match_transaction};
use domain::money::Money;
use domain::payments::{
    Change, DisputeStatus, Facts, Fee, Observation, Provider, RefundStatus, State, Whose, decide,
    kept, postings, refundable,
};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

const PAYMENT: PaymentId = PaymentId(1);

fn day() -> Day {
    Day::parse("2026-10-31").unwrap()
}

fn whose(provider: Provider, customer: Option<CustomerId>) -> Whose {
    Whose { payment: PAYMENT, provider, customer, person: Some(PersonId(7)) }
}

/// A few amounts, so that equal and different ones of one thing meet often.
fn amount() -> impl Strategy<Value = Money> {
    select(vec![1i64, 40, 100, 19_900, i64::MAX / 1000]).prop_map(Money::from_paise)
}

fn id() -> impl Strategy<Value = String> {
    select(vec!["a", "b"]).prop_map(str::to_owned)
}

fn fee() -> impl Strategy<Value = Fee> {
    let parts = select(vec![(0i64, 0i64), (40, 6), (40, 7), (90, 0)]);
    parts.prop_map(|(fee, tax)| Fee::new(Money::from_paise(fee), Money::from_paise(tax)).unwrap())
}

fn observation() -> impl Strategy<Value = Observation> {
    let deducted = select(vec![0i64, 0, 30, 60]).prop_map(Money::from_paise);
    prop_oneof![
        1 => amount().prop_map(|amount| Observation::Created { amount }),
        1 => amount().prop_map(|amount| Observation::Authorized { amount }),
        3 => (amount(), 1i64..4).prop_map(|(amount, at)| Observation::Captured {
            amount,
            at: Moment::from_unix_micros(at),
        }),
        1 => Just(Observation::Failed),
        1 => fee().prop_map(Observation::Fee),
        3 => (id(), select(RefundStatus::ALL.to_vec()), amount())
            .prop_map(|(id, status, amount)| Observation::Refund { id, status, amount }),
        3 => (id(), select(DisputeStatus::ALL.to_vec()), amount(), deducted).prop_map(
            |(id, status, amount, deducted)| Observation::Dispute { id, status, amount, deducted }
        ),
        1 => (id(), amount())
            .prop_map(|(dispute, amount)| Observation::FundsWithdrawn { dispute, amount }),
        1 => (id(), amount())
            .prop_map(|(dispute, amount)| Observation::FundsReinstated { dispute, amount }),
        1 => Just(Observation::Cleared),
        1 => Just(Observation::Reversed),
    ]
}

/// Observations, and the same ones in another order, some of them several times.
fn two_orders() -> impl Strategy<Value = (Vec<Observation>, Vec<Observation>)> {
    prop::collection::vec(observation(), 0..10).prop_flat_map(|all| {
        let again = prop::collection::vec(any::<prop::sample::Index>(), 0..10);
        let mixed = (Just(all.clone()), again).prop_map(|(all, again)| {
            let mut mixed = all.clone();
            if !all.is_empty() {
                mixed.extend(again.iter().map(|index| all[index.index(all.len())].clone()));
            }
            mixed
        });
        (Just(all), mixed.prop_shuffle())
    })
}

/// What is in the books after some observations.
#[derive(Debug, Default, PartialEq, Eq)]
struct Books {
    balances: BTreeMap<(Account, Option<PersonId>), i128>,
    /// The kinds that have a posting, without their corrections.
    kinds: BTreeSet<String>,
}

/// Tells everything one after the other and posts what follows.
fn told(observations: &[Observation], whose: &Whose) -> (Facts, Books) {
    let mut facts = Facts::default();
    let mut books = Books::default();
    let mut names = BTreeSet::new();
    for observation in observations {
        let before = facts.clone();
        let change = facts.merge(observation);
        assert_eq!(change == Change::Nothing, before == facts);
        if let Change::Moved { from, to } = change {
            assert!(from == before.state() && to == facts.state() && from != to);
        }
        for transaction in decide(&before, &facts, whose, day()).unwrap() {
            let Cause::Payment { payment: PAYMENT, kind } = transaction.cause.clone() else {
                unreachable!("{transaction:?}");
            };
            books.kinds.insert(kind.split('@').next().unwrap().to_owned());
            assert!(names.insert(kind), "posted twice: {transaction:?}");
            for entry in transaction.entries() {
                let balance = books.balances.entry((entry.account, entry.person)).or_default();
                *balance += i128::from(entry.amount.paise());
            }
        }
    }
    books.balances.retain(|_, balance| *balance != 0);
    (facts, books)
}

/// Tells everything of a payment for a plan and posts what follows for the sale.
fn told_of_plan(observations: &[Observation], provider: Provider, price: Money) -> (Facts, Posted) {
    let mut facts = Facts::default();
    let mut posted = Posted::default();
    let mut names = BTreeSet::new();
    for observation in observations {
        facts.merge(observation);
        let wanted = sold(price, &facts, provider).unwrap();
        let made = sale_transaction(day(), CustomerId(4), PAYMENT, posted, wanted).unwrap();
        if let Some(transaction) = made {
            let Cause::Payment { payment: PAYMENT, kind } = transaction.cause.clone() else {
                unreachable!("{transaction:?}");
            };
            assert!(names.insert(kind), "posted twice: {transaction:?}");
            let [owed, income] = transaction.entries() else {
                unreachable!("{transaction:?}");
            };
            assert_eq!((owed.account, income.account), (Account::Receivable, Account::PlanSales));
            posted.count += 1;
            posted.amount = posted.amount.plus(owed.amount).unwrap();
        }
        assert_eq!(posted.amount, wanted);
    }
    (facts, posted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_order_ends_the_same(
        (one, other) in two_orders(),
        provider in select(Provider::ALL.to_vec()),
        is_known: bool,
    ) {
        let whose = whose(provider, is_known.then_some(CustomerId(4)));
        let (facts, books) = told(&one, &whose);
        let (other_facts, other_books) = told(&other, &whose);
        prop_assert_eq!(&facts, &other_facts);
        prop_assert_eq!(facts.state(), other_facts.state());
        prop_assert_eq!(&books, &other_books);
        // And the same as when all is known at once.
        let kinds: BTreeSet<_> =
            postings(&facts, provider).iter().map(|posting| posting.kind.to_string()).collect();
        prop_assert_eq!(&books.kinds, &kinds);
        for plan in example_plans() {
            let grant = |facts| grant_of(PAYMENT, &plan, facts);
            prop_assert_eq!(grant(&facts), grant(&other_facts));
        }
    }

    #[test]
    fn the_books_hold_what_is_kept(
        (observations, _) in two_orders(),
        provider in select(Provider::ALL.to_vec()),
        is_known: bool,
    ) {
        let customer = is_known.then_some(CustomerId(4));
        let (facts, books) = told(&observations, &whose(provider, customer));
        let owed = if is_known { Account::Receivable } else { Account::UnmatchedReceipts };
        let balance = |account| books.balances.get(&(account, None)).copied().unwrap_or(0);
        let kept = kept(&facts, provider).unwrap();
        prop_assert_eq!(balance(owed), -i128::from(kept.paise()));
        prop_assert!(refundable(&facts, provider, Money::ZERO).unwrap() >= Money::ZERO);
        if let Some(matched) = match_transaction(day(), PAYMENT, CustomerId(4), kept).unwrap() {
            let given = i128::from(matched.entries()[0].amount.paise());
            prop_assert!(is_known || given + balance(owed) == 0);
        }
        if facts.captured.is_zero() {
            prop_assert!(books.kinds.is_empty());
        }
    }

    #[test]
    fn a_sale_ends_the_same_in_every_order(
        (one, other) in two_orders(),
        provider in select(Provider::ALL.to_vec()),
        price in amount(),
    ) {
        let (facts, posted) = told_of_plan(&one, provider, price);
        let (other_facts, other_posted) = told_of_plan(&other, provider, price);
        prop_assert_eq!(&facts, &other_facts);
        prop_assert_eq!(posted.amount, other_posted.amount);
        // What the customer owes is never raised by it above what went back too much.
        let kept = kept(&facts, provider).unwrap();
        prop_assert!(posted.amount >= Money::ZERO && posted.amount <= price);
        prop_assert!(posted.amount <= kept.max(Money::ZERO));
        let state = GrantState::of(price, &facts);
        if state == Some(GrantState::Given) {
            prop_assert_eq!(posted.amount, kept.max(Money::ZERO).min(price));
        } else {
            prop_assert!(posted.amount.is_zero());
        }
    }

    #[test]
    fn what_is_known_only_grows(
        (observations, _) in two_orders(),
    ) {
        let mut facts = Facts::default();
        for observation in &observations {
            let before = facts.clone();
            facts.merge(observation);
            prop_assert!(facts.amount >= before.amount && facts.captured >= before.captured);
            prop_assert!(facts.refunds.len() >= before.refunds.len());
            prop_assert!(facts.disputes.len() >= before.disputes.len());
            prop_assert!(before.captured_at.is_none_or(|at| facts.captured_at <= Some(at)));
            // Money that came is never forgotten, only reversed or disputed.
            if before.captured > Money::ZERO {
                prop_assert!(!matches!(facts.state(), State::Created | State::Authorized));
            }
        }
    }
}

/// All orders of a short story, one by one.
#[test]
fn every_order_of_a_story_ends_the_same() {
    let amount = Money::from_paise(100);
    let refund = |status| Observation::Refund { id: "r".to_owned(), status, amount };
    let story = [
        Observation::Failed,
        Observation::Authorized { amount },
        Observation::Captured { amount, at: Moment::from_unix_micros(9) },
        refund(RefundStatus::Pending),
        refund(RefundStatus::Failed),
        refund(RefundStatus::Processed),
    ];
    let whose = whose(Provider::Razorpay, Some(CustomerId(1)));
    let expected = told(&story, &whose);
    assert_eq!(expected.0.state(), State::Captured);
    let mut orders = 0;
    permute(&mut story.to_vec(), 0, &mut |order| {
        assert_eq!(told(order, &whose), expected, "{order:?}");
        orders += 1;
    });
    assert_eq!(orders, 720);
}

fn permute(all: &mut Vec<Observation>, from: usize, each: &mut impl FnMut(&[Observation])) {
    if from == all.len() {
        each(all);
    }
    for other in from..all.len() {
        all.swap(from, other);
        permute(all, from + 1, each);
        all.swap(from, other);
    }
}
