//! People: who may add, change and reset whom, and passwords that are taken.

use crate::kit::{OWNER, OWNERS, Office, PASSWORD, Try, code_of};
use app::access::Page;
use app::access::people::{self, Change, Filter, NewcomerRequest};
use app::{Actor, AppError};
use domain::access::Role;
use domain::ids::PersonId;
use std::sync::Barrier;
use std::thread;
use testkit::on_both;

fn customer(office: &Office<'_>, code: &str) {
    let sql = format!(
        "INSERT INTO customers (id, code, name, opening_balance_paise, created_at, updated_at) \
         VALUES (1, '{code}', 'Meena', 0, 0, 0)"
    );
    office.sql(&sql).unwrap();
}

fn newcomer(login: &str, role: Role) -> NewcomerRequest<'_> {
    NewcomerRequest { login, name: "Somebody", role, customer_code: None }
}

fn as_role(office: &Office<'_>, role: Role) -> Actor {
    let login = format!("{}@example.com", role.as_str());
    let person = office.person(&login, "Somebody", role);
    Actor { person: Some(person.id), role: Some(role), ..office.operator() }
}

#[test]
fn people_are_added_once_and_all_that_is_wrong_is_told() {
    on_both(|database| {
        let office = Office::new(database);
        let add = |new: &NewcomerRequest<'_>| {
            people::add(&office.store, &office.random, &office.operator(), new)
        };
        let added = add(&newcomer("bina@example.com", Role::Rider)).unwrap();
        assert_eq!(added.password.len(), 23);
        assert_eq!(added.person.version, 1);
        assert_eq!(code_of(add(&newcomer("BINA@example.com", Role::Owner))), "conflict");
        let wrong = NewcomerRequest { login: "bina", name: " ", ..newcomer("", Role::Rider) };
        let Err(AppError::Invalid(invalid)) = add(&wrong) else { panic!() };
        assert_eq!(
            invalid.parts().map(|(part, _)| part).collect::<Vec<_>>(),
            ["#/login", "#/name"]
        );
        customer(&office, "C-1");
        let login = "9876543210";
        for (role, code) in [
            (Role::Customer, None),
            (Role::Customer, Some("C\0")),
            (Role::Customer, Some("C-2")),
            (Role::Rider, Some("C-1")),
        ] {
            let new = NewcomerRequest { customer_code: code, ..newcomer(login, role) };
            assert_eq!(code_of(add(&new)), "invalid");
        }
        let new = NewcomerRequest { customer_code: Some("C-1"), ..newcomer(login, Role::Customer) };
        assert_eq!(add(&new).unwrap().person.customer_code.as_deref(), Some("C-1"));
        let traced = "SELECT COUNT(*) FROM audit WHERE table_name = 'people' AND action = 'add'";
        assert_eq!(office.count(traced), 3);
        assert_eq!(office.count("SELECT COUNT(*) FROM audit WHERE after LIKE '%9876543210%'"), 0);
    });
}

#[test]
fn an_admin_reaches_all_but_owners_and_others_nobody() {
    on_both(|database| {
        let office = Office::new(database);
        let rider = office.person("r1@example.com", "Rider", Role::Rider);
        let (store, random) = (&office.store, &office.random);
        let admin = as_role(&office, Role::Admin);
        people::add(store, random, &admin, &newcomer("r2@example.com", Role::Admin)).unwrap();
        let owner = newcomer("o2@example.com", Role::Owner);
        assert_eq!(code_of(people::add(store, random, &admin, &owner)), "not_allowed");
        let up = Change { role: Some(Role::Owner), ..Change::default() };
        let changed = people::change(store, &admin, rider.id, rider.version, &up);
        assert_eq!(code_of(changed), "not_allowed");
        let down = Change { active: Some(false), ..Change::default() };
        let version = people::get(store, office.owner).unwrap().version;
        let changed = people::change(store, &admin, office.owner, version, &down);
        assert_eq!(code_of(changed), "not_allowed");
        for reset in [false, true] {
            let reset = people::reset_password(store, random, &admin, office.owner, reset);
            assert_eq!(code_of(reset), "not_allowed");
        }
        people::reset_password(store, random, &admin, rider.id, false).unwrap();
        for role in [Role::Accountant, Role::Dispatcher, Role::Rider] {
            let actor = as_role(&office, role);
            let new = newcomer("r3@example.com", Role::Rider);
            assert_eq!(code_of(people::add(store, random, &actor, &new)), "not_allowed");
            let own = actor.person.unwrap();
            let up = Change { role: Some(Role::Admin), ..Change::default() };
            let changed = people::change(store, &actor, own, 2, &up);
            assert_eq!(code_of(changed), "not_allowed");
            assert_eq!(code_of(people::unlock(store, &actor, rider.id)), "not_allowed");
        }
    });
}

#[test]
fn the_last_owner_stays() {
    on_both(|database| {
        let office = Office::new(database);
        let change = |id: PersonId, change: &Change<'_>| {
            let version = people::get(&office.store, id).unwrap().version;
            people::change(&office.store, &office.operator(), id, version, change)
        };
        let off = Change { active: Some(false), ..Change::default() };
        let down = Change { role: Some(Role::Admin), ..Change::default() };
        assert_eq!(code_of(change(office.owner, &off)), "conflict");
        assert_eq!(code_of(change(office.owner, &down)), "conflict");
        change(office.owner, &Change { name: Some("Asha P."), ..Change::default() }).unwrap();
        let second = office.person("o2@example.com", "Second", Role::Owner);
        change(office.owner, &off).unwrap();
        assert_eq!(code_of(change(second.id, &down)), "conflict");
        change(office.owner, &Change { active: Some(true), ..Change::default() }).unwrap();
        change(second.id, &down).unwrap();
    });
}

#[test]
fn two_owners_do_not_disable_each_other() {
    on_both(|database| {
        let office = Office::new(database);
        let second = office.person("o2@example.com", "Second", Role::Owner);
        let start = Barrier::new(2);
        let off = |id: PersonId| {
            let store = office.another_store();
            let version = people::get(&store, id).unwrap().version;
            let change = Change { active: Some(false), ..Change::default() };
            start.wait();
            people::change(&store, &office.operator(), id, version, &change)
        };
        let both = thread::scope(|scope| {
            let other = scope.spawn(|| off(second.id));
            [off(office.owner), other.join().unwrap()]
        });
        assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 1);
        let owners = "SELECT COUNT(*) FROM people WHERE role = 'owner' AND state = 'active'";
        assert_eq!(office.count(owners), 1);
    });
}

#[test]
fn a_change_is_made_from_the_present_version() {
    on_both(|database| {
        let office = Office::new(database);
        let bina = office.person("bina@example.com", "Bina", Role::Rider);
        let rename = Change { name: Some("Bina Shah"), ..Change::default() };
        let changed =
            people::change(&office.store, &office.operator(), bina.id, bina.version, &rename);
        let changed = changed.unwrap();
        assert_eq!((changed.name.as_str(), changed.version), ("Bina Shah", bina.version + 1));
        let again =
            people::change(&office.store, &office.operator(), bina.id, bina.version, &rename);
        assert_eq!(code_of(again), "version_lost");
        let none = people::change(&office.store, &office.operator(), PersonId(99), 1, &rename);
        assert_eq!(code_of(none), "not_found");
        customer(&office, "C-1");
        let to_customer = Change { role: Some(Role::Customer), ..Change::default() };
        let version = changed.version;
        let actor = office.operator();
        let none = people::change(&office.store, &actor, bina.id, version, &to_customer);
        assert_eq!(code_of(none), "invalid");
        let to_customer = Change { customer_code: Some("C-1"), ..to_customer };
        let is = people::change(&office.store, &actor, bina.id, version, &to_customer).unwrap();
        assert_eq!(is.customer_code.as_deref(), Some("C-1"));
        let back = Change { role: Some(Role::Rider), ..Change::default() };
        let is = people::change(&office.store, &actor, bina.id, is.version, &back).unwrap();
        assert_eq!(is.customer_code, None);
        let traced = "SELECT COUNT(*) FROM audit WHERE action = 'change' AND changed = 'name'";
        assert_eq!(office.count(traced), 1);
    });
}

#[test]
fn a_password_is_changed_with_the_present_one_and_ends_other_sessions() {
    on_both(|database| {
        let office = Office::new(database);
        let (here, there) = (office.sign_in(OWNERS), office.sign_in(OWNERS));
        let caller = office.caller(&here);
        let new = "four herons wait by the old canal";
        assert_eq!(code_of(office.change_password(&caller, "wrong", new)), "sign_in_failed");
        office.caller(&there);
        for (bad, word) in [
            ("short", "too short"),
            ("asha and the buffaloes", "asha"),
            ("our gokul of the plains", "gokul"),
            ("passwordpassword", "common"),
            ("summer2026summer2026", "guess"),
            ("aaaaaaaaaaaaaaaaaaaa", "common"),
            (PASSWORD, "same"),
            (&"x".repeat(2000), "too long"),
        ] {
            let Err(AppError::Invalid(invalid)) = office.change_password(&caller, PASSWORD, bad)
            else {
                panic!("{bad}")
            };
            assert!(invalid.to_string().contains(word), "{invalid}");
            assert!(!invalid.to_string().contains("buffaloes"), "{invalid}");
        }
        office.change_password(&caller, PASSWORD, new).unwrap();
        office.caller(&here);
        assert_eq!(code_of(office.check(&there.access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&there.refresh_token)), "refresh_refused");
        assert_eq!(office.refused(OWNERS), "sign_in_failed");
        office.sign_in(Try { password: new, ..OWNERS });
        let strength = people::strength(&office.store, &caller, "gokul").unwrap();
        assert!(strength.score < 2, "{strength:?}");
    });
}

#[test]
fn a_reset_ends_sessions_and_locks_and_keeps_no_password() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        for _ in 0..5 {
            office.refused(Try { password: "wrong", ..OWNERS });
        }
        let actor = office.operator();
        let reset =
            people::reset_password(&office.store, &office.random, &actor, office.owner, false);
        let reset = reset.unwrap();
        assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
        let shown = Try { login: OWNER, password: &reset.password, ..OWNERS };
        assert!(office.sign_in(shown).must_change_password);
        assert_eq!(office.refused(OWNERS), "sign_in_failed");
        let kept = format!("SELECT COUNT(*) FROM audit WHERE after LIKE '%{}%'", reset.password);
        assert_eq!(office.count(&kept), 0);
        let none =
            people::reset_password(&office.store, &office.random, &actor, PersonId(99), false);
        assert_eq!(code_of(none), "not_found");
    });
}

#[test]
fn people_are_listed_by_page_and_filter() {
    on_both(|database| {
        let office = Office::new(database);
        for n in 0..5 {
            let login = format!("r{n}@example.com");
            office.newcomer(&login, "Rider", Role::Rider);
        }
        let list = |filter: &Filter, after, limit| {
            let page = people::list(&office.store, filter, Page { after, limit }).unwrap();
            page.into_iter().map(|view| view.login).collect::<Vec<_>>()
        };
        let all = Filter::default();
        assert_eq!(list(&all, 0, 100).len(), 6);
        assert_eq!(list(&all, 0, -5).len(), 1);
        assert_eq!(list(&all, 2, 2), ["r1@example.com", "r2@example.com"]);
        let riders = Filter { role: Some(Role::Rider), active: Some(true) };
        assert_eq!(list(&riders, 0, 2), ["r0@example.com", "r1@example.com"]);
        assert!(list(&Filter { active: Some(false), ..all }, 0, 9).is_empty());
        assert_eq!(people::by_login(&office.store, " ASHA@example.com").unwrap().id, office.owner);
        assert_eq!(code_of(people::by_login(&office.store, "x@example.com")), "not_found");
        assert_eq!(code_of(people::by_login(&office.store, "x")), "bad_argument");
    });
}
