//! Lockout: guessing is stopped, and no stranger stops the owner.

use crate::kit::{OFFICE, OWNER, OWNERS, Office, STRANGER, Try, code_of};
use app::access::{people, prove};
use std::sync::Barrier;
use std::thread;
use testkit::on_both;

const WRONG: Try<'static> = Try { password: "wrong", from: STRANGER, ..OWNERS };

#[test]
fn a_stranger_locks_themselves_out_and_not_the_owner() {
    on_both(|database| {
        let office = Office::new(database);
        let device = office.sign_in(OWNERS).device_token;
        for _ in 0..5 {
            assert_eq!(office.refused(WRONG), "sign_in_failed");
        }
        // Even the right password is of no use there now, and the answer does not tell.
        assert_eq!(office.refused(Try { from: STRANGER, ..OWNERS }), "sign_in_failed");
        assert_eq!(office.outcomes().last().unwrap(), "locked");
        // From the office and on the known device nothing is locked.
        office.sign_in(OWNERS);
        let known = Try { device: device.as_deref(), from: STRANGER, ..OWNERS };
        office.sign_in(known);
        // Locked attempts do not prolong the lock.
        office.pass(899);
        assert_eq!(office.refused(Try { from: STRANGER, ..OWNERS }), "sign_in_failed");
        office.pass(1);
        office.sign_in(Try { from: STRANGER, ..OWNERS });
    });
}

#[test]
fn a_success_clears_only_its_own_source() {
    on_both(|database| {
        let office = Office::new(database);
        for _ in 0..4 {
            office.refused(Try { from: OFFICE, ..WRONG });
            office.refused(WRONG);
        }
        office.sign_in(OWNERS);
        let of = |source: &str| {
            office.count(&format!(
                "SELECT COALESCE(MAX(failures), 0) FROM sign_in_failures WHERE source = '{source}'"
            ))
        };
        assert_eq!(of(&format!("address:{OFFICE}")), 0);
        assert_eq!(of(&format!("address:{STRANGER}")), 4);
        assert_eq!(of("*"), 8);
    });
}

#[test]
fn a_whole_network_of_ipv6_is_one_source() {
    on_both(|database| {
        let office = Office::new(database);
        for n in 1..=5 {
            office.refused(Try { from: &format!("2001:db8:0:1::{n}"), ..WRONG });
        }
        assert_eq!(office.refused(Try { from: "2001:db8:0:1::99", ..OWNERS }), "sign_in_failed");
        office.sign_in(Try { from: "2001:db8:0:2::99", ..OWNERS });
    });
}

#[test]
fn guessing_from_everywhere_locks_unknown_devices_only() {
    on_both(|database| {
        let office = Office::new(database);
        let device = office.sign_in(OWNERS).device_token;
        let at = office.now().unix_micros();
        let sql = format!("INSERT INTO sign_in_failures VALUES ('{OWNER}', '*', 99, {at}, NULL)");
        office.sql(&sql).unwrap();
        assert_eq!(office.refused(WRONG), "sign_in_failed");
        assert_eq!(office.refused(Try { from: "192.0.2.1", ..OWNERS }), "sign_in_failed");
        office.sign_in(Try { device: device.as_deref(), ..OWNERS });
        // What the known device succeeds in does not open the door for the others.
        assert_eq!(office.refused(Try { from: "192.0.2.1", ..OWNERS }), "sign_in_failed");
        office.pass(15 * 60);
        office.sign_in(Try { from: "192.0.2.1", ..OWNERS });
    });
}

#[test]
fn a_known_device_can_lock_itself() {
    on_both(|database| {
        let office = Office::new(database);
        let device = office.sign_in(OWNERS).device_token;
        let known = Try { device: device.as_deref(), ..OWNERS };
        for _ in 0..5 {
            office.refused(Try { password: "wrong", ..known });
        }
        assert_eq!(office.refused(known), "sign_in_failed");
        assert_eq!(office.count("SELECT COUNT(*) FROM sign_in_failures WHERE source = '*'"), 0);
        office.sign_in(OWNERS);
    });
}

#[test]
fn logins_that_nobody_has_are_counted_alike() {
    on_both(|database| {
        let office = Office::new(database);
        let nobody = Try { login: "nobody@example.com", ..WRONG };
        for _ in 0..6 {
            assert_eq!(office.refused(nobody), "sign_in_failed");
        }
        let outcomes = office.outcomes();
        assert_eq!(outcomes[outcomes.len() - 2..], ["no_login", "locked"]);
    });
}

#[test]
fn an_operator_unlocks() {
    on_both(|database| {
        let office = Office::new(database);
        for _ in 0..5 {
            office.refused(Try { from: OFFICE, ..WRONG });
        }
        assert_eq!(office.refused(OWNERS), "sign_in_failed");
        let cleared = people::unlock(&office.store, &office.operator(), office.owner).unwrap();
        assert_eq!(cleared, 2);
        office.sign_in(OWNERS);
    });
}

/// Many guesses at once: no more are looked at than one after the other would be.
#[test]
fn guesses_at_once_are_counted_before_they_are_looked_at() {
    on_both(|database| {
        let office = Office::new(database);
        let begun = office.outcomes().len();
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = office.another_store();
                    start.wait();
                    let refused = office.try_sign_in_on(&store, WRONG);
                    assert_eq!(code_of(refused), "sign_in_failed");
                });
            }
        });
        let outcomes = office.outcomes().split_off(begun);
        let of = |outcome: &str| outcomes.iter().filter(|known| *known == outcome).count();
        assert_eq!((of("wrong_password"), of("locked")), (5, 3), "{outcomes:?}");
    });
}

#[test]
fn guesses_in_a_session_lock_its_proofs_only() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let (store, secrets) = (&office.store, &office.secrets);
        let try_prove =
            |password: &str| prove(store, secrets, office.now(), &caller, password, None);
        for _ in 0..5 {
            assert_eq!(code_of(try_prove("wrong")), "sign_in_failed");
        }
        assert_eq!(code_of(try_prove(crate::kit::PASSWORD)), "sign_in_failed");
        office.sign_in(OWNERS);
        office.pass(15 * 60);
        try_prove(crate::kit::PASSWORD).unwrap();
    });
}
