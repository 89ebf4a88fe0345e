//! Keys of programs: made, used within their scopes, revoked.

use crate::kit::{OWNERS, Office, Try, code_of};
use app::access::keys::{self, Checked, NewKey};
use app::access::people::{self, Change};
use app::access::{Page, needs_proof, prove, sessions};
use app::{Actor, AppError};
use domain::access::{Permission, Role};
use domain::calendar::Moment;
use domain::ids::PersonId;
use testkit::on_both;

const SCOPES: [Permission; 2] = [Permission::BillsRead, Permission::BillsWrite];

fn new(person: PersonId) -> NewKey<'static> {
    NewKey { person, name: "Tally export", scopes: &SCOPES, expires_at: None }
}

fn make(office: &Office<'_>, key: &NewKey<'_>) -> keys::Made {
    keys::add(&office.store, &office.random, &office.operator(), key).unwrap()
}

fn check(office: &Office<'_>, key: &str) -> Result<Checked, AppError> {
    office.store.read(|tx| keys::check(tx, key, office.now()))
}

#[test]
fn a_key_acts_within_its_scopes() {
    on_both(|database| {
        let office = Office::new(database);
        let made = make(&office, &new(office.owner));
        assert_eq!(made.text.len(), 55);
        assert!(made.text.starts_with(&format!("{}_", made.key.shown_prefix)));
        let caller = check(&office, &made.text).unwrap().caller;
        assert_eq!((caller.person, caller.key), (office.owner, Some(made.key.id)));
        assert!(caller.name.contains("Asha Patel by key dk_"), "{}", caller.name);
        caller.may(Permission::BillsWrite).unwrap();
        assert_eq!(code_of(caller.may(Permission::PeopleWrite)), "not_allowed");
        // A program has no session and never proves anything.
        assert_eq!(code_of(needs_proof(&caller, office.now())), "proof_needed");
        let actor = office.actor(&caller);
        assert_eq!(code_of(sessions::sign_out(&office.store, &caller, &actor)), "not_allowed");
        let (store, secrets) = (&office.store, &office.secrets);
        let proved = prove(store, secrets, office.now(), &caller, "x", None);
        assert_eq!(code_of(proved), "not_allowed");
        let kept = format!("SELECT COUNT(*) FROM api_keys WHERE key_hash = '{}'", made.text);
        assert_eq!(office.count(&kept), 0);
        let tail = made.text.rsplit('_').next().unwrap();
        let traced = format!("SELECT COUNT(*) FROM audit WHERE after LIKE '%{tail}%'");
        assert_eq!(office.count(&traced), 0);
    });
}

#[test]
fn what_is_no_key_is_refused() {
    on_both(|database| {
        let office = Office::new(database);
        let text = make(&office, &new(office.owner)).text;
        let changed = format!("{}A", &text[..54]);
        let long = text.clone() + "A";
        let huge = "dk_".to_owned() + &"x".repeat(1_000_000);
        for key in ["", "dk_", &text[..54], &changed, &long, &huge, &text.to_uppercase(), "a\0b"] {
            let same = key == text;
            assert!(same || code_of(check(&office, key)) == "not_signed_in", "{key}");
        }
        check(&office, &text).unwrap();
    });
}

#[test]
fn keys_end_with_their_time_their_person_and_their_role() {
    on_both(|database| {
        let office = Office::new(database);
        let bina = office.person("bina@example.com", "Bina", Role::Accountant);
        let end = Moment::from_unix_micros(office.now().unix_micros() + 60_000_000);
        let short = make(&office, &NewKey { expires_at: Some(end), ..new(bina.id) });
        let made = make(&office, &new(bina.id));
        check(&office, &short.text).unwrap();
        office.pass(60);
        assert_eq!(code_of(check(&office, &short.text)), "not_signed_in");
        let change = |change: &Change<'_>| {
            let version = people::get(&office.store, bina.id).unwrap().version;
            people::change(&office.store, &office.operator(), bina.id, version, change).unwrap()
        };
        change(&Change { role: Some(Role::Rider), ..Change::default() });
        let caller = check(&office, &made.text).unwrap().caller;
        assert_eq!(code_of(caller.may(Permission::BillsRead)), "not_allowed");
        change(&Change { active: Some(false), ..Change::default() });
        assert_eq!(code_of(check(&office, &made.text)), "not_signed_in");
        change(&Change { active: Some(true), ..Change::default() });
        check(&office, &made.text).unwrap();
        let actor = office.operator();
        people::reset_password(&office.store, &office.random, &actor, bina.id, false).unwrap();
        assert_eq!(code_of(check(&office, &made.text)), "not_signed_in");
    });
}

#[test]
fn a_revoked_key_stays_revoked() {
    on_both(|database| {
        let office = Office::new(database);
        let made = make(&office, &new(office.owner));
        let revoked = keys::revoke(&office.store, &office.operator(), made.key.id).unwrap();
        assert_eq!(revoked.revoked_at, Some(office.now()));
        assert_eq!(code_of(check(&office, &made.text)), "not_signed_in");
        office.pass(5);
        let again = keys::revoke(&office.store, &office.operator(), made.key.id).unwrap();
        assert_eq!(again, revoked);
        let none = keys::revoke(&office.store, &office.operator(), 99);
        assert_eq!(code_of(none), "not_found");
        assert!(office.sql("UPDATE api_keys SET revoked_at = NULL").is_err());
    });
}

#[test]
fn a_use_is_noted_once_a_minute() {
    on_both(|database| {
        let office = Office::new(database);
        let made = make(&office, &new(office.owner));
        let id = made.key.id;
        let used = || office.count("SELECT used_at FROM api_keys");
        assert!(check(&office, &made.text).unwrap().note_use);
        keys::note_use(&office.store, id, office.now()).unwrap();
        let first = used();
        assert_eq!(first, office.now().unix_micros());
        office.pass(59);
        assert!(!check(&office, &made.text).unwrap().note_use);
        keys::note_use(&office.store, id, office.now()).unwrap();
        assert_eq!(used(), first);
        office.pass(1);
        assert!(check(&office, &made.text).unwrap().note_use);
        keys::note_use(&office.store, id, office.now()).unwrap();
        assert!(used() > first);
    });
}

#[test]
fn keys_are_made_for_those_one_reaches_and_with_what_they_may() {
    on_both(|database| {
        let office = Office::new(database);
        let rider = office.person("r@example.com", "Rider", Role::Rider);
        let admin = office.person("a@example.com", "Admin", Role::Admin);
        let (store, random) = (&office.store, &office.random);
        let add = |actor: &Actor, key: &NewKey<'_>| keys::add(store, random, actor, key);
        let as_admin =
            Actor { person: Some(admin.id), role: Some(Role::Admin), ..office.operator() };
        let as_rider =
            Actor { person: Some(rider.id), role: Some(Role::Rider), ..office.operator() };
        assert_eq!(code_of(add(&as_admin, &new(office.owner))), "not_allowed");
        assert_eq!(code_of(add(&as_rider, &new(admin.id))), "not_allowed");
        let past = Some(office.now());
        let wrong = NewKey { name: "", expires_at: past, ..new(rider.id) };
        let Err(AppError::Invalid(invalid)) = add(&as_admin, &wrong) else { panic!() };
        let parts: Vec<&str> = invalid.parts().map(|(part, _)| part).collect();
        assert_eq!(parts, ["#/name", "#/scopes/0", "#/scopes/1", "#/expires_at"]);
        let none = NewKey { scopes: &[], ..new(admin.id) };
        assert_eq!(code_of(add(&as_admin, &none)), "invalid");
        let twice =
            [Permission::CustomersRead, Permission::BusinessRead, Permission::CustomersRead];
        let own = NewKey { scopes: &twice, ..new(rider.id) };
        let made = add(&as_rider, &own).unwrap();
        assert_eq!(made.key.scopes, [Permission::BusinessRead, Permission::CustomersRead]);
        assert_eq!(code_of(keys::revoke(store, &as_rider, 99)), "not_found");
        let of_admin = add(&as_admin, &new(admin.id)).unwrap();
        assert_eq!(code_of(keys::revoke(store, &as_rider, of_admin.key.id)), "not_allowed");
        let all = keys::list(store, None, Page { after: 0, limit: 9 }).unwrap();
        assert_eq!(all, [made.key.clone(), of_admin.key]);
        let mine = keys::list(store, Some(rider.id), Page { after: 0, limit: 9 }).unwrap();
        assert_eq!(mine, [made.key]);
        let unknown = NewKey { person: PersonId(99), ..new(admin.id) };
        assert_eq!(code_of(add(&office.operator(), &unknown)), "not_found");
    });
}

#[test]
fn keys_do_not_pile_up() {
    on_both(|database| {
        let office = Office::new(database);
        let made: Vec<_> = (0..20).map(|_| make(&office, &new(office.owner))).collect();
        let (store, random) = (&office.store, &office.random);
        let add = || keys::add(store, random, &office.operator(), &new(office.owner));
        assert_eq!(code_of(add()), "conflict");
        keys::revoke(store, &office.operator(), made[0].key.id).unwrap();
        add().unwrap();
        office.sign_in(Try { ..OWNERS });
    });
}
