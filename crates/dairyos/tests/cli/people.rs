//! `dairyos people`: the first owner, and who may sign in no more.

use crate::kit::{Books, assert_help, assert_words, fields, list, text};
use serde_json::json;
use testkit::on_both;

const OWNER: [&str; 8] =
    ["people", "add", "--login", "Asha@Example.com", "--name", "Asha Patel", "--role", "owner"];

#[test]
fn help_names_every_option() {
    assert_help(&["people", "add"], &["--login", "--name", "--role", "--customer", "--json"]);
    assert_help(&["people", "list"], &["--role", "--json"]);
    assert_help(&["people", "reset-password"], &["<LOGIN>", "--second-factor", "--json"]);
    for command in ["disable", "enable", "unlock"] {
        assert_help(&["people", command], &["<LOGIN>", "--json"]);
    }
}

#[test]
fn the_first_owner_is_added_and_the_password_shown_once() {
    on_both(|database| {
        let books = Books::empty(database);
        assert_words(&books.ok(&["people", "list"]), &["nobody", "dairyos people add"]);
        let out = books.ok(&OWNER);
        assert_words(&out, &["Added Asha Patel, owner.", "asha@example.com", "Password: ", "once"]);
        let password = out.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap();
        assert_eq!(password.len(), 23, "{password}");
        let table = books.ok(&["people", "list"]);
        assert_words(&table, &["Login", "asha@example.com", "owner", "active", "initial"]);
        assert!(!table.contains(password));
        let people = books.json(&["people", "list"]);
        assert!(!people.to_string().contains(password));
        let names = [
            "created_at",
            "customer_code",
            "id",
            "login",
            "name",
            "password_expires_at",
            "password_is_initial",
            "role",
            "second_factor",
            "state",
            "version",
        ];
        assert_eq!(fields(&list(&people)[0]), names);
        let (code, message) = books.error(&OWNER);
        assert_eq!(code, "conflict");
        assert_words(&message, &["has this login already"]);
        books.assert_verified();
    });
}

#[test]
fn a_customer_signs_in_with_a_code_of_a_customer() {
    on_both(|database| {
        let books = Books::small(database);
        let add = ["people", "add", "--login", "98765 43210", "--name", "Meena", "--role"];
        let with = |more: &[&'static str]| [&add[..], more].concat();
        for wrong in [
            with(&["customer"]),
            with(&["customer", "--customer", "C-999"]),
            with(&["rider", "--customer", "C-001"]),
        ] {
            assert_eq!(books.error(&wrong).0, "invalid");
        }
        let added = books.json(&with(&["customer", "--customer", "C-001"]));
        assert_eq!(
            (text(&added["login"]), text(&added["customer_code"])),
            ("+919876543210", "C-001")
        );
        assert_eq!(text(&added["password"]).len(), 23);
        assert_eq!(
            list(&books.json(&["people", "list", "--role", "owner"])),
            &Vec::<serde_json::Value>::new()
        );
        assert_eq!(list(&books.json(&["people", "list", "--role", "customer"])).len(), 1);
    });
}

#[test]
fn passwords_are_reset_and_people_disabled_and_enabled() {
    on_both(|database| {
        let books = Books::empty(database);
        let first = text(&books.json(&OWNER)["password"]).to_owned();
        let reset = books.json(&["people", "reset-password", "ASHA@example.com"]);
        assert_ne!(text(&reset["password"]), first);
        let (code, _) =
            books.error(&["people", "reset-password", "asha@example.com", "--second-factor"]);
        assert_eq!(code, "conflict");
        let (code, message) = books.error(&["people", "disable", "asha@example.com"]);
        assert_eq!(code, "conflict");
        assert_words(&message, &["last owner"]);
        let add = ["people", "add", "--login", "9876543210", "--name", "Ravi", "--role", "rider"];
        books.ok(&add);
        assert_words(&books.ok(&["people", "disable", "9876543210"]), &["Ravi", "no more"]);
        assert_words(&books.ok(&["people", "list"]), &["disabled"]);
        assert_eq!(books.error(&["people", "reset-password", "9876543210"]).0, "conflict");
        assert_eq!(books.json(&["people", "enable", "9876543210"])["state"], "active");
        books.sql(&["INSERT INTO sign_in_failures VALUES ('+919876543210', '*', 5, 1, 2)"]);
        let unlocked = books.json(&["people", "unlock", "+91 98765 43210"]);
        assert_eq!(unlocked, json!({ "login": "+919876543210", "counters_removed": 1 }));
        assert_words(&books.ok(&["people", "unlock", "9876543210"]), &["0 counters"]);
        for command in ["disable", "enable", "unlock", "reset-password"] {
            assert_eq!(books.error(&["people", command, "nobody@example.com"]).0, "not_found");
            assert_eq!(books.error(&["people", command, "nobody"]).0, "bad_argument");
        }
    });
}

#[test]
fn wrong_arguments_are_refused() {
    on_both(|database| {
        let books = Books::empty(database);
        let answer =
            books.run(&["people", "add", "--login", "a@b.in", "--name", "A", "--role", "king"]);
        assert_words(&answer.misused().err, &["king", "owner, admin, accountant"]);
        assert_eq!(books.run(&["people"]).code, Some(2));
        let (code, message) =
            books.error(&["people", "add", "--login", "geheim", "--name", " ", "--role", "owner"]);
        assert_eq!(code, "invalid");
        assert_words(&message, &["login:", "name:", "asha@example.com"]);
        assert!(!message.contains("geheim"));
        assert_eq!(list(&books.json(&["people", "list"])).len(), 0);
    });
}
