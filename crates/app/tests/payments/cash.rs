//! Cash in hand, and handing it over: counted, short, too much, twice at once, and wrong.

use crate::dairy::Dairy;
use crate::kit::billed;
use app::payments::cash::{self, NewHandOver, Shown};
use app::payments::{self, NewReceipt};
use app::verify::Invariant;
use app::{Actor, AppError};
use domain::access::Role;
use domain::ids::{HandOverId, PaymentId, PersonId};
use domain::money::Money;
use domain::payments::Provider;
use std::thread;
use store::StoreError;
use testkit::on_both;

const RIDER: &str = "ravi@example.in";
const CLERK: &str = "kala@example.in";

/// A dairy with a rider, a clerk, somebody who has left, and a customer who signs in.
fn staffed(database: &testkit::Database) -> Dairy<'_> {
    let dairy = billed(database);
    for (id, login, role, customer, state) in [
        (1, "ravi", "rider", "NULL", "active"),
        (2, "kala", "accountant", "NULL", "active"),
        (3, "gone", "rider", "NULL", "disabled"),
        (4, "asha", "customer", "1", "active"),
        (5, "omar", "owner", "NULL", "active"),
    ] {
        dairy.sql(&format!(
            "INSERT INTO people (id, login, name, role, customer_id, state, password_hash, \
             password_is_initial, sessions_from, created_at, updated_at) VALUES ({id}, \
             '{login}@example.in', '{login}', '{role}', {customer}, '{state}', 'h', 0, 0, 0, 0)"
        ));
    }
    dairy
}

fn collect(dairy: &Dairy<'_>, person: i64, rupees: i64) -> PaymentId {
    let new = NewReceipt {
        plan: None,
        way: Provider::Cash,
        amount: Money::from_paise(rupees * 100),
        reference: None,
        customer: Some("C1".to_owned()),
        bill: None,
        person: Some(PersonId(person)),
        day: None,
    };
    dairy.store.write(|tx| payments::record(tx, &dairy.actor(), &new)).unwrap()
}

fn handing(giver: &str, taker: &str, pieces: &[(i64, i64)]) -> NewHandOver {
    NewHandOver {
        giver: giver.to_owned(),
        taker: taker.to_owned(),
        pieces: pieces.to_vec(),
        coins: Money::ZERO,
        shortage_accepted: false,
    }
}

fn hand_over(dairy: &Dairy<'_>, new: &NewHandOver) -> Result<HandOverId, AppError> {
    dairy.store.write(|tx| cash::hand_over(tx, &dairy.actor(), new))
}

fn wallet(dairy: &Dairy<'_>, login: &str) -> Shown {
    dairy.store.read(|tx| cash::wallet(tx, None, login, None, 200)).unwrap()
}

fn holds(dairy: &Dairy<'_>, login: &str) -> (i64, i64) {
    let wallet = wallet(dairy, login).wallet;
    (wallet.in_hand.paise() / 100, wallet.short.paise() / 100)
}

#[track_caller]
fn conflict(result: Result<HandOverId, AppError>, word: &str) {
    match result {
        Err(AppError::Conflict(said)) => assert!(said.contains(word), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cash_goes_from_the_rider_to_the_office_to_the_bank() {
    on_both(|database| {
        let dairy = staffed(database);
        collect(&dairy, 1, 120);
        let first = dairy.actor().at;
        dairy.at("2026-10-02T11:00:00+05:30");
        collect(&dairy, 1, 380);
        let shown = wallet(&dairy, RIDER);
        assert_eq!((holds(&dairy, RIDER), shown.wallet.since), ((500, 0), Some(first)));
        let amounts: Vec<i64> = shown.entries.iter().map(|e| e.amount.paise() / 100).collect();
        assert_eq!(amounts, [380, 120]);
        assert_eq!(shown.entries[0].customer_code.as_deref(), Some("C1"));
        let mut new = handing(RIDER, CLERK, &[(200, 2), (50, 1), (500, 0)]);
        new.coins = Money::from_paise(5_000);
        let id = hand_over(&dairy, &new).unwrap();
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((0, 0), (500, 0)));
        let shown = wallet(&dairy, RIDER);
        assert_eq!((shown.wallet.since, shown.entries.len()), (None, 0));
        assert_eq!(shown.wallet.last.map(|(last, ..)| last), Some(id));
        assert_eq!(wallet(&dairy, CLERK).entries[0].hand_over, Some(id));
        let kept = dairy.store.read(|tx| cash::hand_over_of(tx, None, id)).unwrap();
        let pieces = r#"[{"count":2,"value":200},{"count":1,"value":50}]"#;
        assert_eq!((kept.kept.pieces.as_str(), kept.giver.0.as_str()), (pieces, RIDER));
        hand_over(&dairy, &handing("Kala@Example.in", "bank", &[(500, 1)])).unwrap();
        assert_eq!(holds(&dairy, CLERK), (0, 0));
        let (all, next) = dairy.store.read(|tx| cash::wallets(tx, None, 200)).unwrap();
        let logins: Vec<_> = all.iter().map(|wallet| wallet.login.as_str()).collect();
        assert_eq!((logins, next), (vec![RIDER, CLERK], None));
        let (page, next) = dairy.store.read(|tx| cash::wallets(tx, None, 1)).unwrap();
        assert_eq!((page.len(), next.as_deref()), (1, Some("1")));
        let (list, _) = dairy.store.read(|tx| cash::hand_overs(tx, None, None, 50)).unwrap();
        assert_eq!(
            list.iter().map(|shown| shown.taker.is_none()).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(dairy.count("SELECT COUNT(*) FROM audit WHERE table_name = 'hand_overs'"), 2);
        dairy.assert_verified();
    });
}

#[test]
fn what_is_missing_is_posted_by_name_and_made_good_later() {
    on_both(|database| {
        let dairy = staffed(database);
        collect(&dairy, 1, 500);
        let mut short = handing(RIDER, CLERK, &[(200, 2)]);
        conflict(hand_over(&dairy, &short), "100.00 is missing");
        assert_eq!(dairy.count("SELECT COUNT(*) FROM hand_overs"), 0);
        short.shortage_accepted = true;
        // Nobody accepts what is missing from their own cash.
        let own = Actor { person: Some(PersonId(1)), role: Some(Role::Rider), ..dairy.actor() };
        let refused = dairy.store.write(|tx| cash::hand_over(tx, &own, &short));
        assert!(matches!(refused, Err(AppError::NotAllowed(_))), "{refused:?}");
        hand_over(&dairy, &short).unwrap();
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((0, 100), (400, 0)));
        collect(&dairy, 1, 50);
        conflict(hand_over(&dairy, &handing(RIDER, CLERK, &[(200, 1)])), "50.00 is too much");
        hand_over(&dairy, &handing(RIDER, CLERK, &[(100, 1)])).unwrap();
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((0, 50), (500, 0)));
        // He brings the rest, without having collected anything.
        hand_over(&dairy, &handing(RIDER, CLERK, &[(50, 1)])).unwrap();
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((0, 0), (550, 0)));
        dairy.assert_verified();
    });
}

#[test]
fn a_receipt_taken_back_after_the_hand_over_settles_its_shortage() {
    on_both(|database| {
        let dairy = staffed(database);
        let typo = collect(&dairy, 1, 1_000);
        let mut new = handing(RIDER, "bank", &[(100, 1)]);
        new.shortage_accepted = true;
        hand_over(&dairy, &new).unwrap();
        dairy.store.write(|tx| payments::reverse(tx, &dairy.actor(), typo)).unwrap();
        collect(&dairy, 1, 100);
        assert_eq!(holds(&dairy, RIDER), (-900, 900));
        hand_over(&dairy, &handing(RIDER, "bank", &[])).unwrap();
        assert_eq!(holds(&dairy, RIDER), (0, 0));
        dairy.assert_verified();
    });
}

#[test]
fn what_is_wrong_with_a_hand_over_is_named() {
    on_both(|database| {
        let dairy = staffed(database);
        collect(&dairy, 1, 500);
        for (giver, taker, pieces, place) in [
            ("nobody@example.in", CLERK, &[(500, 1)][..], "giver"),
            (RIDER, "kala", &[(500, 1)], "taker"),
            (RIDER, RIDER, &[(500, 1)], "taker"),
            (RIDER, "gone@example.in", &[(500, 1)], "taker"),
            (RIDER, "asha@example.in", &[(500, 1)], "taker"),
            (RIDER, CLERK, &[(1000, 1)], "pieces"),
            (RIDER, CLERK, &[(500, 1), (500, 1)], "pieces"),
            (RIDER, CLERK, &[(500, -1)], "pieces"),
            (RIDER, CLERK, &[(500, i64::MAX)], "pieces"),
        ] {
            match hand_over(&dairy, &handing(giver, taker, pieces)) {
                Err(AppError::Invalid(invalid)) => {
                    assert!(invalid.to_string().starts_with(place), "{invalid}");
                }
                other => panic!("{giver} {taker} {pieces:?}: {other:?}"),
            }
        }
        conflict(hand_over(&dairy, &handing(CLERK, "bank", &[])), "no cash");
        let unknown = dairy.store.read(|tx| cash::wallet(tx, None, "who", None, 5));
        assert!(matches!(unknown, Err(AppError::NotFound(_))), "{unknown:?}");
        dairy.assert_verified();
    });
}

#[test]
fn cash_is_taken_by_somebody_of_the_dairy() {
    on_both(|database| {
        let dairy = staffed(database);
        for person in [4, 77, i64::MAX] {
            let new = NewReceipt {
                plan: None,
                way: Provider::Cash,
                amount: Money::from_paise(100),
                reference: None,
                customer: Some("C1".to_owned()),
                bill: None,
                person: Some(PersonId(person)),
                day: None,
            };
            let refused = dairy.store.write(|tx| payments::record(tx, &dairy.actor(), &new));
            assert!(matches!(refused, Err(AppError::Invalid(_))), "{person}: {refused:?}");
        }
    });
}

#[test]
fn cash_is_given_back_by_somebody_of_the_dairy() {
    on_both(|database| {
        let dairy = staffed(database);
        let payment = collect(&dairy, 1, 5_000);
        let desk = payments::Desk::default();
        let ask = |rupees: i64, person: Option<i64>| {
            let new = payments::NewRefund {
                amount: Money::from_paise(rupees * 100),
                destination: domain::payments::Destination::Source,
                reason: "spilt milk".to_owned(),
                person: person.map(PersonId),
                reference: None,
            };
            dairy.store.write(|tx| payments::ask_refund(tx, &dairy.actor(), &desk, payment, &new))
        };
        for person in [4, 77, 999_999, i64::MAX] {
            let refused = ask(1, Some(person)).unwrap_err();
            assert!(refused.to_string().starts_with("person: "), "{person}: {refused}");
        }
        // Above the limit it is paid out later.
        let id = ask(2_000, None).unwrap();
        let other = Actor::program("owner", dairy.actor().at);
        dairy.store.write(|tx| payments::approve(tx, &other, &desk, id)).unwrap();
        let pay = |person: i64| {
            let paid = payments::PaidOut { person: Some(PersonId(person)), reference: None };
            dairy.store.write(|tx| payments::pay_out(tx, &dairy.actor(), id, &paid))
        };
        for person in [4, 77, i64::MAX] {
            assert!(matches!(pay(person), Err(AppError::Invalid(_))), "{person}");
        }
        pay(2).unwrap();
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((5_000, 0), (-2_000, 0)));
        dairy.assert_verified();
    });
}

#[test]
fn two_at_once_do_not_hand_the_same_cash_over_twice() {
    on_both(|database| {
        let dairy = staffed(database);
        for _ in 0..4 {
            collect(&dairy, 1, 500);
            let stores = [dairy.another_store(), dairy.another_store()];
            let done: Vec<_> = thread::scope(|scope| {
                let tried: Vec<_> = stores
                    .iter()
                    .map(|store| {
                        let (dairy, new) = (&dairy, handing(RIDER, CLERK, &[(500, 1)]));
                        scope.spawn(move || {
                            loop {
                                let done =
                                    store.write(|tx| cash::hand_over(tx, &dairy.actor(), &new));
                                if !matches!(done, Err(AppError::Store(StoreError::Busy(_)))) {
                                    return done;
                                }
                            }
                        })
                    })
                    .collect();
                tried.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
            assert!(done.iter().any(|done| matches!(done, Err(AppError::Conflict(_)))), "{done:?}");
        }
        assert_eq!((holds(&dairy, RIDER), holds(&dairy, CLERK)), ((0, 0), (2_000, 0)));
        dairy.assert_verified();
    });
}

#[test]
fn verification_finds_a_hand_over_that_is_posted_otherwise() {
    on_both(|database| {
        let dairy = staffed(database);
        // Counted and in hand differ from what is posted; pieces that are none; nothing posted.
        for row in [
            "(7, 1, 2, 20261002, 100, 100, '[]', 0, 1)",
            "(7, 1, 2, 20261002, 100, 100, 'x', 0, 1)",
            "(7, 1, NULL, 20261002, 100, 100, '[{\"value\": 1, \"count\": 1}]', 0, 1)",
        ] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let damaged = staffed(&fresh);
            damaged.sql(&format!("INSERT INTO hand_overs VALUES {row}"));
            assert_eq!(damaged.broken(), [Invariant::CashHandedOver], "{row}");
        }
        dairy.assert_verified();
    });
}
