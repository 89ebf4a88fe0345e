//! `dairyos init`: the books are made once, and stay as they were made.

use crate::kit::{Books, assert_help, assert_words, fields, program, run};
use serde_json::json;
use testkit::{Database, on_both};

const INIT: [&str; 5] = ["init", "--name", "Gokul Dairy", "--state", "24"];

#[test]
fn help_names_every_option() {
    let options =
        ["--name", "--state", "--gstin", "--fssai", "--bill-prefix", "--round-off", "--json"];
    assert_help(&["init"], &options);
}

#[test]
fn the_books_are_made_and_a_repetition_changes_nothing() {
    on_both(|database| {
        let books = Books::none(database);
        let out = books.ok(&INIT);
        assert_words(&out, &["Created", "Gokul Dairy", "Gujarat", "INV/YY-YY/000001", "Next:"]);
        let out = books.ok(&["init", "--name", " Gokul Dairy ", "--state", "gujarat"]);
        assert_words(&out, &["Gokul Dairy", "nothing was changed"]);
        for other in [
            vec!["init", "--name", "Other Dairy", "--state", "24"],
            vec!["init", "--name", "Gokul Dairy", "--state", "27"],
            [&INIT[..], &["--bill-prefix", "A"]].concat(),
            [&INIT[..], &["--round-off", "rupee"]].concat(),
            [&INIT[..], &["--fssai", "12345678901234"]].concat(),
            [&INIT[..], &["--gstin", "24AANFA2641L1ZF"]].concat(),
        ] {
            let (code, message) = books.error(&other);
            assert_eq!(code, "business_exists", "{other:?}");
            assert_words(&message, &["Gokul Dairy"]);
        }
        books.assert_verified();
    });
}

#[test]
fn json_tells_what_was_made() {
    on_both(|database| {
        let books = Books::none(database);
        let args = [
            &INIT[..],
            &["--gstin", "24AANFA2641L1ZF", "--fssai", "10012021000071"],
            &["--bill-prefix", "GD1", "--round-off", "rupee"],
        ]
        .concat();
        let made = books.json(&args);
        let expected = json!({
            "created": true, "name": "Gokul Dairy", "state": "24", "bill_prefix": "GD1",
            "round_off": "rupee",
        });
        for name in fields(&expected) {
            assert_eq!(made[name], expected[name], "{name}");
        }
        assert_eq!(books.json(&args)["created"], false);
    });
}

#[test]
fn the_environment_names_the_database_and_the_option_wins() {
    on_both(|database| {
        let init = |url: &str| {
            program(database.folder())
                .env("DAIRYOS_DATABASE_URL", url)
                .args(INIT)
                .arg("--json")
                .output()
                .unwrap()
        };
        let output = init(&database.url);
        assert!(output.status.success(), "{output:?}");
        let books = Books::none(database);
        assert_words(&books.ok(&["migrate"]), &["up to date"]);
        let answer = books
            .command(&["verify"])
            .env("DAIRYOS_DATABASE_URL", "sqlite:elsewhere.db")
            .output()
            .unwrap();
        assert!(answer.status.success(), "{answer:?}");
    });
}

#[test]
fn without_a_word_the_database_is_a_file_in_the_folder() {
    let database = Database::sqlite();
    run(database.folder(), &INIT).done();
    assert!(database.folder().join("dairyos.db").is_file());
    run(database.folder(), &["verify"]).done();
}

#[test]
fn wrong_arguments_are_refused_and_nothing_is_made() {
    let database = Database::sqlite();
    let books = Books::none(&database);
    let with = |more: &[&'static str]| [&INIT[..], more].concat();
    for (args, words) in [
        (vec!["init"], vec!["--name", "--state"]),
        (vec!["init", "--name", "A", "--state", "99"], vec!["99", "GST code"]),
        (with(&["--gstin", "24AANFA2641L1ZG"]), vec!["24AANFA2641L1ZG", "GSTIN"]),
        (with(&["--gstin", "24AAAA"]), vec!["24AAAA", "15 characters"]),
        (with(&["--fssai", "123"]), vec!["123", "14 digits"]),
        (with(&["--bill-prefix", "ABCD"]), vec!["ABCD", "1 to 3"]),
        (with(&["--bill-prefix", "a/"]), vec!["a/", "1 to 3"]),
        (with(&["--round-off", "paisa"]), vec!["paisa", "none, rupee"]),
        (with(&["--frob"]), vec!["--frob"]),
    ] {
        let answer = books.run(&args).misused();
        assert_words(&answer.err, &words);
    }
    let answer = books.run(&["init", "--name", "  ", "--state", "24"]);
    assert!(matches!(answer.code, Some(1 | 2)), "{answer:?}");
    assert_words(&answer.err, &["--name", "empty"]);
    assert!(!database.folder().join("dairyos.db").exists());
}

#[test]
fn the_program_says_what_it_is() {
    let database = Database::sqlite();
    let help = run(database.folder(), &["--help"]).done().out;
    let commands =
        ["init", "import", "bills", "explain", "ledger", "verify", "migrate", "generate"];
    assert_words(&help, &commands);
    assert!(run(database.folder(), &["--version"]).done().out.starts_with("dairyos "));
    run(database.folder(), &["frob"]).misused();
    run(database.folder(), &["bills", "frob"]).misused();
    assert_eq!(run(database.folder(), &[]).code, Some(2));
}
