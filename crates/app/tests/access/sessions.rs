//! Sessions: carried on, copied, ended, and checked at every request.

use crate::kit::{OWNER, OWNERS, Office, PASSWORD, Try, code_of};
use app::access::people::{self, Change};
use app::access::sessions::{self, Listed, Session};
use app::access::{SignIn, Signed, forget, needs_proof, prove, sign_in};
use domain::access::Role;
use std::sync::Barrier;
use std::thread;
use testkit::on_both;

const DAY: i64 = 24 * 3600;

fn alive(office: &Office<'_>) -> Vec<Session> {
    let listed = Listed { after: None, alive_at: Some(office.now()), limit: 50 };
    sessions::list(&office.store, office.owner, &listed).unwrap()
}

#[test]
fn a_session_goes_on_for_seven_days_and_no_longer() {
    on_both(|database| {
        let office = Office::new(database);
        let mut signed = office.sign_in(OWNERS);
        let first = signed.session_id.clone();
        for _ in 0..6 {
            office.pass(DAY);
            assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
            signed = office.refresh(&signed.refresh_token).unwrap();
            assert_eq!(signed.session_id, first);
            assert!(signed.factor.is_none() && signed.device_token.is_none());
            office.caller(&signed);
        }
        office.pass(DAY - 1);
        signed = office.refresh(&signed.refresh_token).unwrap();
        office.caller(&signed);
        office.pass(1);
        // The access token would hold for minutes; its session does not.
        assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&signed.refresh_token)), "refresh_refused");
        assert!(alive(&office).is_empty());
    });
}

#[test]
fn a_token_used_again_ends_the_session() {
    on_both(|database| {
        let office = Office::new(database);
        let first = office.sign_in(OWNERS);
        let other = office.sign_in(OWNERS);
        let second = office.refresh(&first.refresh_token).unwrap();
        let third = office.refresh(&second.refresh_token).unwrap();
        office.caller(&third);
        // Any ancestor, not only the last one.
        assert_eq!(code_of(office.refresh(&first.refresh_token)), "refresh_refused");
        assert_eq!(code_of(office.check(&third.access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&third.refresh_token)), "refresh_refused");
        assert_eq!(code_of(office.refresh(&first.refresh_token)), "refresh_refused");
        office.caller(&other);
        let traced = "SELECT COUNT(*) FROM audit WHERE action = 'end_session' AND \
                      after LIKE '%reuse%'";
        assert_eq!(office.count(traced), 1);
        let reason = "SELECT COUNT(*) FROM sessions WHERE end_reason = 'reuse'";
        assert_eq!(office.count(reason), 1);
    });
}

#[test]
fn two_refreshes_at_once_are_a_reuse() {
    on_both(|database| {
        let office = Office::new(database);
        for _ in 0..5 {
            let signed = office.sign_in(OWNERS);
            let start = Barrier::new(2);
            let one = || {
                let store = office.another_store();
                start.wait();
                let (secrets, random) = (&office.secrets, &office.random);
                let token = &signed.refresh_token;
                sessions::refresh(&store, secrets, random, office.now(), token, None)
            };
            let both = thread::scope(|scope| {
                let other = scope.spawn(one);
                [one(), other.join().unwrap()]
            });
            let good: Vec<Signed> = both.into_iter().filter_map(Result::ok).collect();
            assert_eq!(good.len(), 1);
            assert_eq!(code_of(office.check(&good[0].access_token)), "not_signed_in");
            assert_eq!(code_of(office.refresh(&good[0].refresh_token)), "refresh_refused");
        }
    });
}

#[test]
fn what_is_no_token_is_refused() {
    on_both(|database| {
        let office = Office::new(database);
        let signed = office.sign_in(OWNERS);
        let long = "x".repeat(1_000_000);
        for token in
            ["", "x", &long, "a\0b", &signed.access_token, signed.device_token.as_deref().unwrap()]
        {
            assert_eq!(code_of(office.refresh(token)), "refresh_refused");
        }
        for token in ["", &signed.refresh_token, &long] {
            assert_eq!(code_of(office.check(token)), "not_signed_in");
        }
        office.caller(&signed);
    });
}

#[test]
fn sessions_are_listed_and_ended() {
    on_both(|database| {
        let office = Office::new(database);
        let signed: Vec<Signed> = (0..4)
            .map(|_| {
                office.pass(1);
                office.sign_in(OWNERS)
            })
            .collect();
        let caller = office.caller(&signed[0]);
        let actor = office.actor(&caller);
        let newest: Vec<String> = alive(&office).into_iter().map(|session| session.id).collect();
        let expected: Vec<&str> = signed.iter().rev().map(|one| one.session_id.as_str()).collect();
        assert_eq!(newest, expected);
        let last = alive(&office).remove(1);
        let page = Listed {
            after: Some((last.created_at, last.id)),
            alive_at: Some(office.now()),
            limit: 1,
        };
        let page = sessions::list(&office.store, office.owner, &page).unwrap();
        assert_eq!(page[0].id, newest[2]);
        let store = &office.store;
        sessions::end(store, &actor, caller.person, &signed[3].session_id).unwrap();
        let again = sessions::end(store, &actor, caller.person, &signed[3].session_id);
        assert_eq!(code_of(again), "not_found");
        for hostile in ["", "a\0b", "' OR 1=1", &"x".repeat(100_000)] {
            let ended = sessions::end(store, &actor, caller.person, hostile);
            assert_eq!(code_of(ended), "not_found");
        }
        assert_eq!(code_of(office.check(&signed[3].access_token)), "not_signed_in");
        assert_eq!(sessions::end_others(store, &caller, &actor).unwrap(), 2);
        assert_eq!(alive(&office).len(), 1);
        sessions::sign_out(store, &caller, &actor).unwrap();
        sessions::sign_out(store, &caller, &actor).unwrap();
        assert_eq!(code_of(office.check(&signed[0].access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&signed[0].refresh_token)), "refresh_refused");
    });
}

#[test]
fn nobody_ends_sessions_of_others_without_right() {
    on_both(|database| {
        let office = Office::new(database);
        let owners = office.sign_in(OWNERS);
        for (login, role) in [("r@example.com", Role::Rider), ("m@example.com", Role::Admin)] {
            let person = office.person(login, "Somebody", role);
            let caller = office.caller(&office.sign_in(Try { login, ..OWNERS }));
            let actor = office.actor(&caller);
            let store = &office.store;
            let ended = sessions::end(store, &actor, office.owner, &owners.session_id);
            assert_eq!(code_of(ended), "not_allowed");
            assert_eq!(code_of(sessions::end_all(store, &actor, office.owner)), "not_allowed");
            // Naming somebody else's session as one's own does not end it either.
            let ended = sessions::end(store, &actor, person.id, &owners.session_id);
            assert_eq!(code_of(ended), "not_found");
        }
        office.pass(-2);
        office.caller(&owners);
    });
}

#[test]
fn all_sessions_of_a_person_end_at_once_even_within_the_second() {
    on_both(|database| {
        let office = Office::new(database);
        let before = office.sign_in(OWNERS);
        sessions::end_all(&office.store, &office.operator(), office.owner).unwrap();
        assert_eq!(code_of(office.check(&before.access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&before.refresh_token)), "refresh_refused");
        let after = office.sign_in(OWNERS);
        office.caller(&after);
        office.refresh(&after.refresh_token).unwrap();
    });
}

#[test]
fn a_disabled_person_is_out_at_once_and_comes_back_anew() {
    on_both(|database| {
        let office = Office::new(database);
        let bina = office.person("bina@example.com", "Bina", Role::Rider);
        let shown = Try { login: &bina.login, ..OWNERS };
        let signed = office.sign_in(shown);
        let switch = |active, version| {
            let change = Change { active: Some(active), ..Change::default() };
            people::change(&office.store, &office.operator(), bina.id, version, &change).unwrap()
        };
        let off = switch(false, bina.version);
        assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
        assert_eq!(code_of(office.refresh(&signed.refresh_token)), "refresh_refused");
        assert_eq!(office.refused(shown), "sign_in_failed");
        switch(true, off.version);
        assert_eq!(code_of(office.check(&signed.access_token)), "not_signed_in");
        office.caller(&office.sign_in(shown));
    });
}

/// Signing in while being disabled: whatever comes first, nobody disabled has a session.
#[test]
fn disabling_and_signing_in_at_once_leaves_no_session() {
    on_both(|database| {
        let office = Office::new(database);
        for n in 0..4 {
            let bina = office.person(&format!("b{n}@example.com"), "Bina", Role::Rider);
            let start = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    let store = office.another_store();
                    start.wait();
                    let _ = office.try_sign_in_on(&store, Try { login: &bina.login, ..OWNERS });
                });
                start.wait();
                let change = Change { active: Some(false), ..Change::default() };
                let actor = office.operator();
                people::change(&office.store, &actor, bina.id, bina.version, &change).unwrap();
            });
            let sql = format!(
                "SELECT COUNT(*) FROM sessions WHERE person_id = {} AND ended_at IS NULL",
                bina.id.0
            );
            assert_eq!(office.count(&sql), 0);
        }
    });
}

#[test]
fn a_change_of_role_counts_at_the_next_request() {
    on_both(|database| {
        let office = Office::new(database);
        let bina = office.person("bina@example.com", "Bina", Role::Admin);
        let signed = office.sign_in(Try { login: &bina.login, ..OWNERS });
        let change = Change { role: Some(Role::Rider), ..Change::default() };
        people::change(&office.store, &office.operator(), bina.id, bina.version, &change).unwrap();
        assert_eq!(office.caller(&signed).role, Role::Rider);
    });
}

#[test]
fn proof_holds_for_ten_minutes() {
    on_both(|database| {
        let office = Office::new(database);
        let mut signed = office.sign_in(OWNERS);
        needs_proof(&office.caller(&signed), office.now()).unwrap();
        office.pass(599);
        needs_proof(&office.caller(&signed), office.now()).unwrap();
        office.pass(1);
        assert_eq!(code_of(needs_proof(&office.caller(&signed), office.now())), "proof_needed");
        // Refreshing is no proof.
        signed = office.refresh(&signed.refresh_token).unwrap();
        let caller = office.caller(&signed);
        assert_eq!(code_of(needs_proof(&caller, office.now())), "proof_needed");
        let (store, secrets) = (&office.store, &office.secrets);
        let wrong = prove(store, secrets, office.now(), &caller, "wrong", None);
        assert_eq!(code_of(wrong), "sign_in_failed");
        prove(store, secrets, office.now(), &caller, PASSWORD, None).unwrap();
        needs_proof(&office.caller(&signed), office.now()).unwrap();
        // A session that has ended proves nothing.
        sessions::sign_out(store, &caller, &office.actor(&caller)).unwrap();
        let ended = prove(store, secrets, office.now(), &caller, PASSWORD, None);
        assert_eq!(code_of(ended), "not_signed_in");
    });
}

#[test]
fn hostile_names_of_programs_are_kept_short_and_plain() {
    on_both(|database| {
        let office = Office::new(database);
        let agent = format!("evil\0\n\r\u{1b}[2J{}", "x".repeat(10_000));
        let request = SignIn {
            login: OWNER,
            password: PASSWORD,
            code: None,
            device: None,
            address: "::ffff:203.0.113.9".parse().unwrap(),
            user_agent: &agent,
            request_id: None,
        };
        let (secrets, random) = (&office.secrets, &office.random);
        sign_in(&office.store, secrets, random, office.now(), &request).unwrap();
        let session = alive(&office).remove(0);
        assert_eq!(session.user_agent.chars().count(), 200);
        assert!(session.user_agent.starts_with("evil[2Jxxx"), "{}", session.user_agent);
        assert_eq!(session.address, "203.0.113.9");
    });
}

#[test]
fn old_attempts_and_sessions_are_forgotten() {
    on_both(|database| {
        let office = Office::new(database);
        office.sign_in(OWNERS);
        let _ = office.try_sign_in(Try { password: "wrong", ..OWNERS });
        assert_eq!(forget(&office.store, office.now()).unwrap(), (0, 0));
        office.pass(98 * DAY);
        let recent = office.sign_in(OWNERS);
        let (attempts, sessions) = forget(&office.store, office.now()).unwrap();
        assert!(attempts >= 3 && sessions >= 2, "{attempts} {sessions}");
        assert_eq!(office.count("SELECT COUNT(*) FROM sign_in_failures"), 0);
        assert_eq!(office.outcomes(), ["signed_in"]);
        office.refresh(&recent.refresh_token).unwrap();
    });
}
