//! The second factor: set up, asked for, used once, lost, removed.

use crate::kit::{OWNER, OWNERS, Office, PASSWORD, STRANGER, Try, code_of};
use app::access::{Factor, needs_proof, people, prove, totp};
use domain::access::Role;
use std::sync::Barrier;
use std::thread;
use testkit::on_both;

#[test]
fn a_code_is_asked_for_once_it_is_confirmed() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let actor = office.actor(&caller);
        let (store, secrets, random) = (&office.store, &office.secrets, &office.random);
        assert_eq!(
            code_of(totp::confirm(store, secrets, random, &caller, &actor, "000000")),
            "conflict"
        );
        let dropped = totp::set_up(store, secrets, random, &caller, &actor).unwrap();
        let made = totp::set_up(store, secrets, random, &caller, &actor).unwrap();
        assert_ne!(dropped.secret, made.secret);
        assert!(made.url.starts_with("otpauth://totp/Gokul%20Dairy:asha%40example.com?secret="));
        // Not asked for before it is confirmed.
        office.sign_in(OWNERS);
        let old = office.code(&dropped.secret);
        assert_eq!(
            code_of(totp::confirm(store, secrets, random, &caller, &actor, &old)),
            "invalid"
        );
        let code = office.code(&made.secret);
        let codes = totp::confirm(store, secrets, random, &caller, &actor, &code).unwrap();
        assert_eq!(codes.len(), 10);
        // The code that confirmed is used up.
        assert_eq!(office.refused(OWNERS), "code_needed");
        assert_eq!(office.refused(Try { code: Some(&code), ..OWNERS }), "sign_in_failed");
        office.pass(30);
        let code = office.code(&made.secret);
        let shown = Try { code: Some(&code), ..OWNERS };
        assert_eq!(office.sign_in(shown).factor, Some(Factor::Totp));
        assert_eq!(office.refused(shown), "sign_in_failed");
        assert_eq!(office.outcomes().last().unwrap(), "wrong_code");
        assert_eq!(code_of(totp::set_up(store, secrets, random, &caller, &actor)), "conflict");
        let kept =
            format!("SELECT COUNT(*) FROM people WHERE totp_secret LIKE '%{}%'", made.secret);
        assert_eq!(office.count(&kept), 0);
    });
}

#[test]
fn a_code_holds_in_its_step_and_the_one_after() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let (secret, _) = office.second_factor(&caller);
        office.pass(300);
        let code = office.code(&secret);
        office.pass(60);
        assert_eq!(office.refused(Try { code: Some(&code), ..OWNERS }), "sign_in_failed");
        let code = office.code(&secret);
        office.pass(30);
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        office.sign_in(Try { code: Some(&spaced), ..OWNERS });
        // Of the time to come, or an earlier step than the one that was used.
        office.pass(60);
        let ahead = office.code(&secret);
        office.pass(-30);
        assert_eq!(office.refused(Try { code: Some(&ahead), ..OWNERS }), "sign_in_failed");
        office.pass(30);
        office.sign_in(Try { code: Some(&ahead), ..OWNERS });
        office.pass(-30);
        let earlier = office.code(&secret);
        office.pass(30);
        assert_eq!(office.refused(Try { code: Some(&earlier), ..OWNERS }), "sign_in_failed");
    });
}

#[test]
fn asking_for_the_code_counts_nothing_and_clears_nothing() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        office.second_factor(&caller);
        let there = Try { from: STRANGER, ..OWNERS };
        for _ in 0..6 {
            assert_eq!(office.refused(there), "code_needed");
        }
        assert_eq!(office.count("SELECT COUNT(*) FROM sign_in_failures"), 0);
        // Guessing codes is counted, and asking in between does not help.
        for _ in 0..5 {
            assert_eq!(office.refused(Try { code: Some("000000"), ..there }), "sign_in_failed");
            let _ = office.try_sign_in(there);
        }
        assert_eq!(office.refused(there), "sign_in_failed");
        assert_eq!(office.outcomes().last().unwrap(), "locked");
    });
}

#[test]
fn a_recovery_code_is_good_once() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        let (_, codes) = office.second_factor(&office.caller(&signed));
        let caller = office.caller(&signed);
        let mut different = codes.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 10);
        let typed = codes[3].to_uppercase().replace('-', " ").replace('0', "O");
        let shown = Try { code: Some(&typed), ..OWNERS };
        assert_eq!(office.sign_in(shown).factor, Some(Factor::Recovery { left: 9 }));
        assert_eq!(office.refused(shown), "sign_in_failed");
        let long = "0".repeat(100_000);
        for wrong in ["", "1234567", &long, "not-a-code", &codes[4][1..]] {
            let shown = Try { code: Some(wrong), from: "192.0.2.9", ..OWNERS };
            assert_eq!(office.refused(shown), "sign_in_failed");
        }
        let actor = office.actor(&caller);
        let new = totp::regenerate(&office.store, &office.random, &caller, &actor).unwrap();
        assert_eq!(totp::codes_left(&office.store, office.owner).unwrap(), 10);
        assert_eq!(office.refused(Try { code: Some(&codes[5]), ..OWNERS }), "sign_in_failed");
        office.sign_in(Try { code: Some(&new[0]), ..OWNERS });
    });
}

#[test]
fn one_code_signs_one_of_two_in() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let (secret, codes) = office.second_factor(&caller);
        for code in [office.code(&secret), codes[0].clone()] {
            let start = Barrier::new(2);
            let one = || {
                let store = office.another_store();
                start.wait();
                office.try_sign_in_on(&store, Try { code: Some(&code), ..OWNERS }).is_ok()
            };
            let both = thread::scope(|scope| {
                let other = scope.spawn(one);
                [one(), other.join().unwrap()]
            });
            assert_eq!(both.iter().filter(|signed| **signed).count(), 1);
        }
    });
}

#[test]
fn removing_it_needs_password_and_code_and_a_long_password() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        let (secret, _) = office.second_factor(&office.caller(&signed));
        let caller = office.caller(&signed);
        let (store, secrets) = (&office.store, &office.secrets);
        let disable = |password: &str, code: &str| {
            totp::disable(store, secrets, &caller, &office.actor(&caller), password, code)
        };
        assert_eq!(code_of(disable("wrong", &office.code(&secret))), "sign_in_failed");
        assert_eq!(code_of(disable(PASSWORD, "000000")), "sign_in_failed");
        // With a second factor, eight characters are enough; without, they are not.
        office.change_password(&caller, PASSWORD, "vq7-Kz4w").unwrap();
        assert_eq!(code_of(disable("vq7-Kz4w", &office.code(&secret))), "conflict");
        office.change_password(&caller, "vq7-Kz4w", PASSWORD).unwrap();
        disable(PASSWORD, &office.code(&secret)).unwrap();
        assert_eq!(office.sign_in(OWNERS).factor, Some(Factor::Password));
        assert_eq!(office.count("SELECT COUNT(*) FROM recovery_codes"), 0);
        // Steps only move forward, also for a factor that is set up anew.
        let caller = office.caller(&office.sign_in(OWNERS));
        office.pass(30);
        office.second_factor(&caller);
    });
}

#[test]
fn changing_factors_needs_proof() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        office.pass(600);
        let caller = office.caller(&signed);
        let actor = office.actor(&caller);
        let (store, secrets, random) = (&office.store, &office.secrets, &office.random);
        assert_eq!(code_of(totp::set_up(store, secrets, random, &caller, &actor)), "proof_needed");
        assert_eq!(code_of(totp::regenerate(store, random, &caller, &actor)), "proof_needed");
        prove(store, secrets, office.now(), &caller, PASSWORD, None).unwrap();
        let (secret, _) = office.second_factor(&office.caller(&signed));
        // From now on a proof needs the code too.
        assert_eq!(
            code_of(prove(store, secrets, office.now(), &caller, PASSWORD, None)),
            "code_needed"
        );
        let code = office.code(&secret);
        let proved = prove(store, secrets, office.now(), &caller, PASSWORD, Some(&code));
        proved.unwrap();
        let again = prove(store, secrets, office.now(), &caller, PASSWORD, Some(&code));
        assert_eq!(code_of(again), "sign_in_failed");
        needs_proof(&office.caller(&signed), office.now()).unwrap();
    });
}

#[test]
fn a_reset_leaves_the_second_factor_unless_it_is_lost() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let (secret, _) = office.second_factor(&caller);
        let reset = |too| {
            let actor = office.operator();
            people::reset_password(&office.store, &office.random, &actor, office.owner, too)
        };
        let password = reset(false).unwrap().password;
        let shown = Try { login: OWNER, password: &password, ..OWNERS };
        assert_eq!(office.refused(shown), "code_needed");
        let code = office.code(&secret);
        assert!(office.sign_in(Try { code: Some(&code), ..shown }).must_change_password);
        let password = reset(true).unwrap().password;
        let signed = office.sign_in(Try { password: &password, ..shown });
        assert!(signed.must_change_password && signed.factor == Some(Factor::Password));
        assert_eq!(code_of(reset(true)), "conflict");
        assert!(!office.person("b@example.com", "B", Role::Rider).has_second_factor);
    });
}
