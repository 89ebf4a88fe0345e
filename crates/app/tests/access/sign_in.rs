//! Signing in: who is let in, and that every refusal looks the same.

use crate::kit::{OFFICE, OWNER, OWNERS, Office, PASSWORD, STRANGER, Try, code_of, secrets};
use app::access::people::{self, Change};
use app::access::{Factor, Page, attempts, sessions};
use domain::access::{Permission, Role};
use std::time::{Duration, Instant};
use store::{StoreError, Tx};
use testkit::on_both;

#[test]
fn the_owner_signs_in_and_is_known() {
    on_both(|database| {
        let office = Office::new(database);
        for login in [OWNER, " ASHA@Example.com "] {
            let signed = office.sign_in(Try { login, ..OWNERS });
            assert_eq!(signed.person, office.owner);
            assert_eq!((signed.name.as_str(), signed.role), ("Asha Patel", Role::Owner));
            assert_eq!(signed.factor, Some(Factor::Password));
            assert_eq!(signed.expires_in_secs, 900);
            assert!(!signed.must_change_password && signed.device_token.is_some());
            let caller = office.caller(&signed);
            assert_eq!(caller.person, office.owner);
            assert_eq!(caller.login_shown, "a***@example.com");
            assert_eq!(caller.session.as_deref(), Some(signed.session_id.as_str()));
            assert_eq!(caller.proved_at, Some(office.now()));
            caller.may(Permission::PeopleWrite).unwrap();
        }
        // A device that is known gets no other token.
        let first = office.sign_in(OWNERS);
        let again = office.sign_in(Try { device: first.device_token.as_deref(), ..OWNERS });
        assert!(again.device_token.is_none());
        assert_ne!(again.session_id, first.session_id);
        assert_ne!(again.refresh_token, first.refresh_token);
    });
}

#[test]
fn a_phone_number_is_a_login_however_written() {
    on_both(|database| {
        let office = Office::new(database);
        let rider = office.person("98765 43210", "Ravi", Role::Rider);
        assert_eq!(rider.login, "+919876543210");
        for login in ["9876543210", "+91 98765-43210", "09876543210"] {
            assert_eq!(office.sign_in(Try { login, ..OWNERS }).person, rider.id);
        }
    });
}

#[test]
fn every_refusal_is_the_same() {
    on_both(|database| {
        let office = Office::new(database);
        let gone = office.person("gone@example.com", "Gone", Role::Rider);
        let change = Change { active: Some(false), ..Change::default() };
        people::change(&office.store, &office.operator(), gone.id, gone.version, &change).unwrap();
        let before = office.outcomes().len();
        let long = "x".repeat(100_000);
        let refused = [
            (Try { password: "wrong", ..OWNERS }, "wrong_password"),
            (Try { password: "", ..OWNERS }, "wrong_password"),
            (Try { password: &PASSWORD.to_uppercase(), ..OWNERS }, "wrong_password"),
            (Try { password: &long, login: "gone@example.com", ..OWNERS }, "disabled"),
            (Try { login: "nobody@example.com", ..OWNERS }, "no_login"),
            (Try { login: "9999999999", ..OWNERS }, "no_login"),
            (Try { login: "gone@example.com", ..OWNERS }, "disabled"),
            (Try { login: "not a login", ..OWNERS }, "no_login"),
            (Try { login: "", ..OWNERS }, "no_login"),
            (Try { login: "x' OR 1=1 --@a.in", ..OWNERS }, "no_login"),
            (Try { login: "a\0b@example.com", ..OWNERS }, "no_login"),
        ];
        let mut messages = Vec::new();
        for (shown, _) in &refused {
            let error = office.try_sign_in(*shown).err().unwrap();
            assert_eq!(error.code(), "sign_in_failed");
            messages.push(error.to_string());
        }
        messages.dedup();
        assert_eq!(messages.len(), 1, "{messages:?}");
        let outcomes = office.outcomes().split_off(before);
        assert_eq!(outcomes, refused.map(|(_, outcome)| outcome));
        assert_eq!(office.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"), 0);
    });
}

#[test]
fn nothing_kept_could_be_used_or_names_a_login() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        let _ = office.try_sign_in(Try { password: "geheim geheim", ..OWNERS });
        for (table, column) in [
            ("sign_in_attempts", "login"),
            ("audit", "after"),
            ("audit", "before"),
            ("audit", "actor"),
        ] {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{OWNER}%'");
            assert_eq!(office.count(&sql), 0, "{table}.{column}");
        }
        let device = signed.device_token.unwrap();
        for (table, column, secret) in [
            ("refresh_tokens", "token_hash", signed.refresh_token.as_str()),
            ("known_devices", "device_hash", device.as_str()),
            ("people", "password_hash", PASSWORD),
            ("audit", "after", "geheim"),
            ("audit", "after", "argon2"),
        ] {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{secret}%'");
            assert_eq!(office.count(&sql), 0, "{table}.{column}");
        }
        let page = Page { after: 0, limit: 2 };
        let newest = attempts(&office.store, Some(office.owner), page).unwrap();
        assert_eq!(newest[0].login, "a***@example.com");
        assert_eq!(
            (newest[0].address.as_str(), newest[0].outcome.as_str()),
            (OFFICE, "wrong_password")
        );
        assert_eq!(newest[0].request.as_deref(), Some("req-1"));
        let older = attempts(&office.store, None, Page { after: newest[1].id, limit: 9 }).unwrap();
        assert!(older.iter().all(|attempt| attempt.id < newest[1].id));
        assert_eq!(office.count("SELECT COUNT(*) FROM audit WHERE action = 'sign_in'"), 2);
    });
}

#[test]
fn an_initial_password_only_lets_itself_be_changed_and_ends() {
    on_both(|database| {
        let office = Office::new(database);
        let (bina, initial) = office.newcomer("bina@example.com", "Bina", Role::Accountant);
        let (late, never_used) = office.newcomer("late@example.com", "Late", Role::Rider);
        assert!(bina.password_is_initial);
        let shown = Try { login: "bina@example.com", password: &initial, ..OWNERS };
        let signed = office.sign_in(shown);
        assert!(signed.must_change_password);
        let caller = office.caller(&signed);
        assert_eq!(code_of(caller.may(Permission::BillsRead)), "not_allowed");
        assert_eq!(code_of(caller.may(Permission::Own)), "not_allowed");
        office.change_password(&caller, &initial, PASSWORD).unwrap();
        // The same session goes on, now with all permissions.
        office.caller(&signed).may(Permission::BillsRead).unwrap();
        assert_eq!(office.refused(shown), "sign_in_failed");
        assert!(!office.sign_in(Try { password: PASSWORD, ..shown }).must_change_password);
        office.pass(7 * 24 * 3600 - 3);
        let shown = Try { login: &late.login, password: &never_used, ..OWNERS };
        office.sign_in(shown);
        office.pass(3);
        assert_eq!(office.refused(shown), "sign_in_failed");
        assert_eq!(office.outcomes().last().unwrap(), "expired");
    });
}

#[test]
fn a_weaker_hash_is_replaced_by_the_way() {
    on_both(|database| {
        let office = Office::new(database);
        // The hash of PASSWORD with fewer passes, made by the same crate.
        let params = argon2::Params::new(12_288, 1, 1, None).unwrap();
        let argon2 =
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let weak = argon2::password_hash::PasswordHasher::hash_password_with_salt(
            &argon2,
            PASSWORD.as_bytes(),
            b"a salt of tests.",
        );
        let weak: argon2::password_hash::phc::PasswordHash = weak.unwrap();
        let weak = weak.to_string();
        let plant = |tx: &mut Tx<'_>| {
            tx.execute("UPDATE people SET password_hash = $1", &[weak.as_str().into()])
        };
        office.store.write::<_, StoreError>(plant).unwrap();
        let strong = "SELECT COUNT(*) FROM people WHERE password_hash LIKE '%m=19456,t=2,p=1%'";
        assert_eq!(office.refused(Try { password: "wrong", ..OWNERS }), "sign_in_failed");
        assert_eq!(office.count(strong), 0);
        office.sign_in(OWNERS);
        assert_eq!(office.count(strong), 1);
        office.sign_in(OWNERS);
    });
}

#[test]
fn a_forgotten_device_and_another_key_are_strangers() {
    on_both(|database| {
        let mut office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        let device = signed.device_token.clone();
        // A device of one person is none of another's.
        let other = office.person("bina@example.com", "Bina", Role::Rider);
        let as_other = Try { login: &other.login, device: device.as_deref(), ..OWNERS };
        assert!(office.sign_in(as_other).device_token.is_some());
        let owner = Try { device: device.as_deref(), ..OWNERS };
        assert!(office.sign_in(owner).device_token.is_none());
        office.pass(365 * 24 * 3600);
        assert!(office.sign_in(owner).device_token.is_some());
        // The keys of the program are changed: tokens of the old one are void, the session is not.
        let signed = office.sign_in(OWNERS);
        office.secrets = secrets(&[("b", 2)]);
        assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
        let next = office.refresh(&signed.refresh_token).unwrap();
        office.caller(&next);
        sessions::end_all(&office.store, &office.operator(), office.owner).unwrap();
        assert_eq!(
            office.count(&format!(
                "SELECT COUNT(*) FROM known_devices WHERE person_id = {}",
                office.owner.0
            )),
            0
        );
    });
}

#[test]
fn devices_do_not_pile_up() {
    on_both(|database| {
        let office = Office::new(database);
        for n in 0..25 {
            let sql =
                format!("INSERT INTO known_devices VALUES ('d{n}', {}, {n}, {n})", office.owner.0);
            office.sql(&sql).unwrap();
        }
        office.sign_in(Try { from: STRANGER, ..OWNERS });
        assert_eq!(office.count("SELECT COUNT(*) FROM known_devices"), 20);
        assert_eq!(office.count("SELECT COUNT(*) FROM known_devices WHERE device_hash = 'd0'"), 0);
    });
}

/// Not a measurement, only that nothing is answered without the work that others take.
#[test]
fn refusals_take_the_time_of_an_argon2() {
    on_both(|database| {
        let office = Office::new(database);
        let time = |shown: Try<'_>| {
            let begun = Instant::now();
            let _ = office.try_sign_in(shown);
            begun.elapsed()
        };
        let usual = (0..3).map(|_| time(Try { password: "wrong", ..OWNERS })).min().unwrap();
        for shown in
            [Try { login: "nobody@example.com", ..OWNERS }, Try { login: "no login", ..OWNERS }]
        {
            let fastest = (0..3).map(|_| time(shown)).min().unwrap();
            assert!(fastest * 2 > usual, "{fastest:?} {usual:?}");
        }
        assert!(usual > Duration::from_millis(2), "{usual:?}");
    });
}
