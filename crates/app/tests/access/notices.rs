//! What people are told about their own account.

use crate::kit::{OFFICE, OWNER, OWNERS, Office, STRANGER, Try, code_of};
use app::access::notices::{self, Notice};
use app::access::{Page, Policy, Signed, people, prove, totp};
use domain::access::{NoticeKind, Role};
use domain::ids::PersonId;
use serde_json::Value;
use testkit::on_both;

/// The notices of a person, the oldest first.
fn of(office: &Office<'_>, person: PersonId) -> Vec<Notice> {
    let signed = office.sign_in(OWNERS);
    let caller = app::access::Caller { person, ..office.caller(&signed) };
    let page = Page { after: 0, limit: 200 };
    let mut all = notices::list(&office.store, &caller, page).unwrap();
    all.reverse();
    all
}

/// The kinds of the owner's notices but those of devices, and but those that making the owner gave.
fn kinds(office: &Office<'_>) -> Vec<&'static str> {
    let all = of(office, office.owner);
    let other = all.iter().filter(|notice| notice.kind != NoticeKind::NewDevice);
    other.map(|notice| notice.kind.as_str()).skip(1).collect()
}

fn known(office: &Office<'_>) -> (Signed, String) {
    let mut signed = office.sign_in(OWNERS);
    let device = signed.device_token.take().unwrap();
    (signed, device)
}

#[test]
fn a_device_is_told_of_once() {
    on_both(|database| {
        let office = Office::new(database);
        let new_ones = |office: &Office<'_>| {
            let all = of(office, office.owner);
            all.into_iter().filter(|notice| notice.kind == NoticeKind::NewDevice).count()
        };
        let before = new_ones(&office);
        let (_, device) = known(&office);
        let on_known = Try { device: Some(&device), from: STRANGER, ..OWNERS };
        office.sign_in(on_known);
        // One of `known`, one of the sign-in that looks.
        assert_eq!(new_ones(&office), before + 2);
        let last = of(&office, office.owner).pop().unwrap();
        let details: Value = serde_json::from_str(&last.details).unwrap();
        assert_eq!(details["address"], OFFICE);
        assert_eq!(details["user_agent"], crate::kit::AGENT);
        assert_eq!((last.at, last.seen_at), (office.now(), None));
    });
}

#[test]
fn locks_are_told_of_once_an_hour() {
    on_both(|database| {
        let office = Office::new(database);
        let wrong = Try { password: "wrong", from: STRANGER, ..OWNERS };
        for _ in 0..4 {
            office.refused(wrong);
        }
        assert_eq!(kinds(&office), [""; 0]);
        office.refused(wrong);
        assert_eq!(kinds(&office), ["locked"]);
        // Locked attempts, and locks of further places.
        office.refused(wrong);
        for n in 1..=10 {
            office.refused(Try { from: &format!("192.0.2.{}", 1 + n % 2), ..wrong });
        }
        assert_eq!(kinds(&office), ["locked"]);
        office.pass(3600);
        for _ in 0..5 {
            office.refused(wrong);
        }
        assert_eq!(kinds(&office), ["locked", "locked"]);
        // Guessing the password in a session is told of as well.
        office.pass(3600);
        let caller = office.caller(&office.sign_in(OWNERS));
        for _ in 0..5 {
            let tried = prove(&office.store, &office.secrets, office.now(), &caller, "x", None);
            assert_eq!(code_of(tried), "sign_in_failed");
        }
        assert_eq!(kinds(&office).len(), 3);
        // A login that nobody has is nobody's notice.
        for _ in 0..5 {
            office.refused(Try { login: "nobody@example.com", ..wrong });
        }
        assert_eq!(kinds(&office).len(), 3);
    });
}

#[test]
fn a_copied_token_is_told_of() {
    on_both(|database| {
        let office = Office::new(database);
        let first = office.sign_in(OWNERS);
        office.refresh(&first.refresh_token).unwrap();
        for _ in 0..2 {
            assert_eq!(code_of(office.refresh(&first.refresh_token)), "refresh_refused");
        }
        assert_eq!(kinds(&office), ["token_reused"]);
    });
}

#[test]
fn changes_of_what_one_signs_in_with_are_told_of() {
    on_both(|database| {
        let office = Office::new(database);
        let caller = office.caller(&office.sign_in(OWNERS));
        let (secret, codes) = office.second_factor(&caller);
        let used = Try { code: Some(&codes[0]), ..OWNERS };
        office.sign_in(used);
        let actor = office.actor(&caller);
        totp::regenerate(&office.store, &office.random, &caller, &actor).unwrap();
        // The password was known, the code was not.
        office.refused(Try { code: Some("000000"), from: STRANGER, ..OWNERS });
        let (code, store) = (office.code(&secret), &office.store);
        let password = crate::kit::PASSWORD;
        totp::disable(store, &office.secrets, &caller, &actor, password, &code).unwrap();
        let new = "seven quiet buffaloes cross the road";
        office.change_password(&caller, password, new).unwrap();
        office.change_password(&caller, new, password).unwrap();
        let expected = [
            "second_factor_added",
            "recovery_code_used",
            "recovery_codes_replaced",
            "wrong_code",
            "second_factor_removed",
            "password_changed",
            "password_changed",
        ];
        assert_eq!(kinds(&office), expected);
        // A reset is told to the person it is of, with who did it.
        let rider = office.person("rider@example.com", "Ravi", Role::Rider);
        people::reset_password(store, &office.random, &office.operator(), rider.id, false).unwrap();
        let last = of(&office, rider.id).pop().unwrap();
        assert_eq!(last.kind, NoticeKind::PasswordReset);
        assert!(last.details.contains("office"), "{}", last.details);
    });
}

#[test]
fn notices_are_seen_up_to_one_and_only_one_s_own() {
    on_both(|database| {
        let office = Office::new(database);
        let rider = office.person("rider@example.com", "Ravi", Role::Rider);
        let mine = of(&office, office.owner);
        let caller = office.caller(&office.sign_in(OWNERS));
        let middle = mine[1].id;
        let seen = || notices::seen(&office.store, &caller, middle, office.now()).unwrap();
        assert_eq!((seen(), seen()), (2, 0));
        let all = of(&office, office.owner);
        assert!(all.iter().all(|notice| notice.seen_at.is_some() == (notice.id <= middle)));
        let theirs = of(&office, rider.id);
        assert!(!theirs.is_empty() && theirs.iter().all(|notice| notice.seen_at.is_none()));
        // A page after another.
        let page = |after| notices::list(&office.store, &caller, Page { after, limit: 1 }).unwrap();
        let first = page(0);
        assert!(page(first[0].id)[0].id < first[0].id);
    });
}

#[test]
fn an_unused_session_of_a_named_role_ends() {
    on_both(|database| {
        let mut office = Office::new(database);
        office.person("rider@example.com", "Ravi", Role::Rider);
        let policy =
            Policy { idle_secs: Some(3600), idle_for: vec![Role::Owner], ..Policy::default() };
        office.secrets = crate::kit::secrets(&[("a", 1)]).under(policy);
        let (owner, rider) =
            (office.sign_in(OWNERS), office.sign_in(Try { login: "rider@example.com", ..OWNERS }));
        // Refreshing is use.
        office.pass(3599);
        let owner = office.refresh(&owner.refresh_token).unwrap();
        office.check(&owner.access_token).unwrap();
        let rows = office.count("SELECT COUNT(*) FROM audit");
        office.pass(3600);
        assert_eq!(code_of(office.refresh(&owner.refresh_token)), "refresh_refused");
        assert_eq!(office.count("SELECT COUNT(*) FROM sessions WHERE end_reason = 'idle'"), 1);
        assert_eq!(office.count("SELECT COUNT(*) FROM audit"), rows);
        // Riders are not named.
        let rider = office.refresh(&rider.refresh_token).unwrap();
        office.check(&rider.access_token).unwrap();
        // An access token does not outlive the rest, even if it holds longer.
        let policy =
            Policy { idle_secs: Some(600), idle_for: vec![Role::Owner], ..Policy::default() };
        let owner = office.sign_in(OWNERS);
        office.secrets = crate::kit::secrets(&[("a", 1)]).under(policy);
        office.pass(599);
        office.check(&owner.access_token).unwrap();
        office.pass(1);
        assert_eq!(code_of(office.check(&owner.access_token)), "not_signed_in");
        assert_eq!(
            office.try_sign_in(Try { login: OWNER, ..OWNERS }).err().map(|e| e.code()),
            None
        );
    });
}

#[test]
fn a_breached_password_cannot_be_chosen() {
    on_both(|database| {
        let mut office = Office::new(database);
        let known = "eleven camels sing at the old well";
        // SHA-1 of it, and two others around.
        let hash = "00A20390EE1AAAD0A1DD842FF9E0E3F1A3CC1818";
        let lines = format!(
            "0000000000000000000000000000000000000001:5\r\n{hash}:2\r\n\
             FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:1\r\n"
        );
        let path = database.file("breached.txt", lines);
        let breached = Some(app::access::breached::Breached::open(&path).unwrap());
        let policy = Policy { breached, ..Policy::default() };
        office.secrets = crate::kit::secrets(&[("a", 1)]).under(policy);
        let caller = office.caller(&office.sign_in(OWNERS));
        let refused = office.change_password(&caller, crate::kit::PASSWORD, known).unwrap_err();
        assert_eq!(refused.code(), "invalid");
        assert!(refused.to_string().contains("breach"), "{refused}");
        let other = "twelve camels sing at the old well";
        office.change_password(&caller, crate::kit::PASSWORD, other).unwrap();
    });
}
