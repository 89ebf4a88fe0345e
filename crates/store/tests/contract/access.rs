//! People, sessions, factors, failures and keys: what is done once, in turn, and only forward.
//!
//! It deliberately leaves who may do what to the tests of `app`.

use crate::kit::{count, execute, read, small, write};
use domain::access::{Failures, Permission, Role};
use domain::calendar::Moment;
use domain::ids::{CustomerId, PersonId};
use store::access::attempts::{self, Attempt};
use store::access::keys::{self, Key};
use store::access::people::{self, Filter, NewPassword, NewPerson, Profile};
use store::access::sessions::{self, Listed, Session};
use store::access::{Page, factors};
use store::{Store, StoreError};
use testkit::on_both;

const ASHA: PersonId = PersonId(1);
const BINA: PersonId = PersonId(2);
const ALL: Page = Page { after: 0, limit: 100 };

fn at(secs: i64) -> Moment {
    Moment::from_unix_micros(secs * 1_000_000)
}

fn add(store: &Store, login: &str, role: Role, customer: Option<CustomerId>) -> Option<PersonId> {
    let person = NewPerson {
        login,
        name: "Somebody",
        role,
        customer,
        password_hash: "hash",
        password_expires_at: at(100),
    };
    write(store, |tx| people::add(tx, &person, at(1)))
}

fn office(database: &testkit::Database) -> Store {
    let store = small(database);
    assert_eq!(add(&store, "asha@example.com", Role::Owner, None), Some(ASHA));
    assert_eq!(add(&store, "bina@example.com", Role::Customer, Some(CustomerId(1))), Some(BINA));
    store
}

fn session(id: &str, person: PersonId, created: i64) -> Session {
    Session {
        id: id.to_owned(),
        person,
        user_agent: "agent".to_owned(),
        address: "192.0.2.1".to_owned(),
        with_second_factor: false,
        created_at: at(created),
        proved_at: at(created),
        used_at: at(created),
        expires_at: at(created + 100),
        ended: None,
    }
}

#[test]
fn a_login_is_one_persons() {
    on_both(|database| {
        let store = office(database);
        assert_eq!(add(&store, "asha@example.com", Role::Rider, None), None);
        let asha = read(&store, |tx| people::by_login(tx, "asha@example.com")).unwrap();
        assert_eq!((asha.id, asha.role, asha.version), (ASHA, Role::Owner, 1));
        assert!(asha.active && asha.password_is_initial && !asha.has_second_factor());
        assert_eq!(asha.password_expires_at, Some(at(100)));
        let bina = read(&store, |tx| people::by_id(tx, BINA)).unwrap();
        assert_eq!(bina.customer_code.as_deref(), Some("C1"));
        assert!(read(&store, |tx| people::by_login(tx, "ASHA@example.com")).is_none());
        assert!(read(&store, |tx| people::by_id(tx, PersonId(9))).is_none());
        // A customer without a customer, and the other way round, are refused by the database.
        for (role, customer) in [(Role::Customer, None), (Role::Rider, Some(CustomerId(1)))] {
            let person = NewPerson {
                login: "x@example.com",
                name: "X",
                role,
                customer,
                password_hash: "hash",
                password_expires_at: at(100),
            };
            let refused = store.write(|tx| people::add(tx, &person, at(1)));
            assert!(matches!(refused, Err(StoreError::Refused(_))));
        }
        for refused in ["DELETE FROM people", "UPDATE people SET id = 9 WHERE id = 1"] {
            assert!(execute(&store, &[refused]).is_err(), "{refused}");
        }
    });
}

#[test]
fn people_are_changed_from_what_was_read() {
    on_both(|database| {
        let store = office(database);
        let profile =
            Profile { name: "Asha".to_owned(), role: Role::Admin, customer: None, active: false };
        assert!(!write(&store, |tx| people::change(tx, ASHA, 2, &profile, at(5))));
        assert_eq!(read(&store, people::active_owners), 1);
        assert!(write(&store, |tx| people::change(tx, ASHA, 1, &profile, at(5))));
        assert_eq!(read(&store, people::active_owners), 0);
        assert!(!write(&store, |tx| people::hold(tx, ASHA, "hash")));
        assert!(write(&store, |tx| people::hold(tx, BINA, "hash")));
        assert!(!write(&store, |tx| people::hold(tx, BINA, "other")));
        let new = NewPassword { hash: "new", initial_until: None };
        assert!(!write(&store, |tx| people::set_password(tx, BINA, "old", &new, at(6))));
        assert!(write(&store, |tx| people::set_password(tx, BINA, "hash", &new, at(6))));
        assert!(!write(&store, |tx| people::rehash(tx, BINA, "hash", "x")));
        assert!(write(&store, |tx| people::rehash(tx, BINA, "new", "newer")));
        let bina = read(&store, |tx| people::by_id(tx, BINA)).unwrap();
        assert_eq!((bina.password_hash.as_str(), bina.version), ("newer", 2));
        assert!(!bina.password_is_initial && bina.password_expires_at.is_none());
        let ids = |filter: &Filter, page| {
            let found = read(&store, |tx| people::list(tx, filter, page));
            found.into_iter().map(|person| person.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(&Filter::default(), ALL), [1, 2]);
        assert_eq!(ids(&Filter::default(), Page { after: 1, limit: 1 }), [2]);
        assert_eq!(ids(&Filter { active: Some(false), role: None }, ALL), [1]);
        let customers = Filter { role: Some(Role::Customer), active: Some(true) };
        assert_eq!(ids(&customers, ALL), [2]);
    });
}

#[test]
fn sessions_end_once_and_tokens_are_used_once() {
    on_both(|database| {
        let store = office(database);
        write(&store, |tx| {
            for (id, created) in [("a", 10), ("b", 20), ("c", 20), ("d", 30)] {
                sessions::add(tx, &session(id, ASHA, created))?;
                sessions::add_token(tx, &format!("token {id}"), id, at(created), at(200))?;
            }
            sessions::add(tx, &session("e", BINA, 10))
        });
        let (found, person) = read(&store, |tx| sessions::with_person(tx, "a")).unwrap();
        assert_eq!((found, person.id), (session("a", ASHA, 10), ASHA));
        assert!(write(&store, |tx| sessions::use_token(tx, "token a", at(11))));
        assert!(!write(&store, |tx| sessions::use_token(tx, "token a", at(12))));
        assert!(!write(&store, |tx| sessions::use_token(tx, "no token", at(12))));
        let token = read(&store, |tx| sessions::token(tx, "token a")).unwrap();
        assert!(token.used && token.session == "a" && token.expires_at == at(200));
        assert!(execute(&store, &["UPDATE refresh_tokens SET used_at = NULL"]).is_err());
        // Only its person ends it.
        assert!(!write(&store, |tx| sessions::end(tx, "a", BINA, "ended", at(12))));
        assert!(write(&store, |tx| sessions::end(tx, "a", ASHA, "ended", at(12))));
        assert!(!write(&store, |tx| sessions::end(tx, "a", ASHA, "again", at(13))));
        for ended in [
            write(&store, |tx| sessions::note_use(tx, "a", at(14))),
            write(&store, |tx| sessions::prove(tx, "a", at(14))),
            // Not ended, but over.
            write(&store, |tx| sessions::note_use(tx, "b", at(120))),
        ] {
            assert!(!ended);
        }
        assert!(write(&store, |tx| sessions::note_use(tx, "b", at(119))));
        assert!(
            execute(&store, &["UPDATE sessions SET ended_at = NULL, end_reason = NULL"]).is_err()
        );
        let list = |after: Option<(i64, &str)>, alive: Option<i64>, limit| {
            let after = after.map(|(created, id)| (at(created), id.to_owned()));
            let listed = Listed { after, alive_at: alive.map(at), limit };
            let found = read(&store, |tx| sessions::of_person(tx, ASHA, &listed));
            found.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(list(None, None, 9), ["d", "c", "b", "a"]);
        assert_eq!(list(None, Some(50), 2), ["d", "c"]);
        assert_eq!(list(Some((20, "c")), Some(50), 9), ["b"]);
        assert_eq!(list(None, Some(125), 9), ["d"]);
        let all_but = |but| write(&store, |tx| sessions::end_all(tx, ASHA, but, "ended", at(15)));
        assert_eq!(all_but(Some("c")), 2);
        assert_eq!(all_but(None), 1);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"), 1);
        assert_eq!(write(&store, |tx| sessions::forget(tx, at(111))), 2);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM refresh_tokens"), 3);
    });
}

#[test]
fn devices_are_their_persons_and_few() {
    on_both(|database| {
        let store = office(database);
        write(&store, |tx| {
            for n in 1..=4 {
                sessions::add_device(tx, &format!("d{n}"), ASHA, at(n), 3)?;
            }
            sessions::add_device(tx, "x", BINA, at(1), 3)
        });
        let since = |hash: &str, person| read(&store, |tx| sessions::device(tx, hash, person));
        assert_eq!(since("d1", ASHA), None);
        assert_eq!(since("d2", ASHA), Some(at(2)));
        assert_eq!(since("d2", BINA), None);
        write(&store, |tx| {
            sessions::note_device(tx, "d2", at(9))?;
            sessions::add_device(tx, "d5", ASHA, at(8), 3)
        });
        assert_eq!((since("d2", ASHA), since("d3", ASHA)), (Some(at(2)), None));
        assert_eq!(write(&store, |tx| sessions::forget_devices(tx, ASHA)), 3);
        assert_eq!(since("x", BINA), Some(at(1)));
    });
}

#[test]
fn codes_are_used_once_and_steps_move_forward() {
    on_both(|database| {
        let store = office(database);
        assert!(write(&store, |tx| factors::set_secret(tx, ASHA, "first", at(1))));
        assert!(write(&store, |tx| factors::set_secret(tx, ASHA, "second", at(1))));
        assert!(!write(&store, |tx| factors::confirm(tx, ASHA, "first", at(2))));
        assert!(write(&store, |tx| factors::confirm(tx, ASHA, "second", at(2))));
        assert!(!write(&store, |tx| factors::confirm(tx, ASHA, "second", at(2))));
        assert!(!write(&store, |tx| factors::set_secret(tx, ASHA, "third", at(3))));
        assert!(write(&store, |tx| factors::use_step(tx, ASHA, 7)));
        assert!(!write(&store, |tx| factors::use_step(tx, ASHA, 7)));
        assert!(!write(&store, |tx| factors::use_step(tx, ASHA, 6)));
        assert!(execute(&store, &["UPDATE people SET totp_last_step = 1"]).is_err());
        let hashes = ["h1", "h2"].map(str::to_owned);
        write(&store, |tx| factors::set_codes(tx, ASHA, &hashes));
        assert_eq!(read(&store, |tx| factors::codes_left(tx, ASHA)), 2);
        assert!(!write(&store, |tx| factors::use_code(tx, BINA, "h1", at(4))));
        assert!(write(&store, |tx| factors::use_code(tx, ASHA, "h1", at(4))));
        assert!(!write(&store, |tx| factors::use_code(tx, ASHA, "h1", at(4))));
        write(&store, |tx| factors::set_codes(tx, ASHA, &hashes));
        assert_eq!(read(&store, |tx| factors::codes_left(tx, ASHA)), 2);
        assert!(write(&store, |tx| factors::remove(tx, ASHA, at(5))));
        assert!(!write(&store, |tx| factors::remove(tx, ASHA, at(5))));
        assert_eq!(read(&store, |tx| factors::codes_left(tx, ASHA)), 0);
        let asha = read(&store, |tx| people::by_id(tx, ASHA)).unwrap();
        assert_eq!((asha.totp_last_step, asha.totp_secret), (7, None));
    });
}

#[test]
fn failures_are_held_kept_and_forgotten() {
    on_both(|database| {
        let store = office(database);
        let failures = |count, last, until: Option<i64>| {
            Some(Failures { count, last_at: at(last), locked_until: until.map(at) })
        };
        write(&store, |tx| {
            assert_eq!(attempts::hold(tx, "x", "*")?, None);
            attempts::set(tx, "x", "*", failures(3, 5, Some(9)))?;
            assert_eq!(attempts::hold(tx, "x", "*")?, failures(3, 5, Some(9)));
            assert_eq!(attempts::hold(tx, "x", "address:1")?, None);
            attempts::set(tx, "x", "address:1", None)?;
            attempts::hold(tx, "y", "*")?;
            attempts::set(tx, "y", "*", failures(1, 6, None))
        });
        assert_eq!(count(&store, "SELECT COUNT(*) FROM sign_in_failures"), 2);
        assert_eq!(write(&store, |tx| attempts::clear_all(tx, "x")), 1);
        let attempt = |id, secs, person, outcome: &str| Attempt {
            id,
            at: at(secs),
            person,
            login: "x***".to_owned(),
            address: "192.0.2.1".to_owned(),
            outcome: outcome.to_owned(),
            request: None,
        };
        let all = [
            attempt(1, 1, None, "no_login"),
            attempt(2, 2, Some(ASHA), "wrong_password"),
            attempt(3, 3, Some(ASHA), "signed_in"),
        ];
        write(&store, |tx| all.iter().try_for_each(|one| attempts::add(tx, one)));
        let list = |person, after, limit| {
            read(&store, |tx| attempts::list(tx, person, Page { after, limit }))
        };
        assert_eq!(list(None, 0, 2), [all[2].clone(), all[1].clone()]);
        assert_eq!(list(None, 2, 2), [all[0].clone()]);
        assert_eq!(list(Some(ASHA), 3, 2), [all[1].clone()]);
        assert!(list(Some(BINA), 0, 2).is_empty());
        assert_eq!(write(&store, |tx| attempts::forget(tx, at(7), at(3))), 2);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM sign_in_failures"), 0);
    });
}

#[test]
fn keys_are_found_by_hash_and_revoked_once() {
    on_both(|database| {
        let store = office(database);
        let key = |id, person, expires: Option<i64>| Key {
            id,
            name: "export".to_owned(),
            person,
            shown_prefix: "dk_x".to_owned(),
            scopes: vec![Permission::BillsRead, Permission::LedgerRead],
            created_at: at(1),
            expires_at: expires.map(at),
            used_at: None,
            revoked_at: None,
            version: 1,
        };
        let (first, second) = (key(1, ASHA, None), key(2, BINA, Some(10)));
        assert_eq!(write(&store, |tx| keys::add(tx, &first, "h1")), 1);
        assert_eq!(write(&store, |tx| keys::add(tx, &second, "h2")), 2);
        assert!(store.write(|tx| keys::add(tx, &first, "h1")).is_err());
        let (found, person) = read(&store, |tx| keys::with_person(tx, "h2")).unwrap();
        assert_eq!((found, person.id), (second.clone(), BINA));
        assert!(read(&store, |tx| keys::with_person(tx, "h3")).is_none());
        assert!(second.is_usable(at(9)) && !second.is_usable(at(10)));
        assert_eq!(read(&store, |tx| keys::usable(tx, BINA, at(10))), 0);
        assert_eq!(read(&store, |tx| keys::list(tx, None, ALL)), [first.clone(), second]);
        assert_eq!(read(&store, |tx| keys::list(tx, Some(ASHA), ALL)), [first]);
        assert!(write(&store, |tx| keys::note_use(tx, 1, at(5), at(1))));
        assert!(!write(&store, |tx| keys::note_use(tx, 1, at(6), at(4))));
        assert!(write(&store, |tx| keys::note_use(tx, 1, at(6), at(5))));
        assert!(write(&store, |tx| keys::revoke(tx, 1, at(7))));
        assert!(!write(&store, |tx| keys::revoke(tx, 1, at(8))));
        let revoked = read(&store, |tx| keys::by_id(tx, 1)).unwrap();
        assert_eq!((revoked.revoked_at, revoked.version), (Some(at(7)), 2));
        assert!(execute(&store, &["UPDATE api_keys SET revoked_at = NULL"]).is_err());
    });
}
