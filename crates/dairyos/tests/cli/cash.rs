//! `dairyos cash`: what people have in hand, and handing it over.

use crate::kit::{Books, assert_help, list, run};
use std::path::Path;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    assert_help(&["cash", "show"], &["[LOGIN]", "--after <PLACE>", "--limit", "--json"]);
    let options =
        ["--giver <LOGIN>", "--taker <LOGIN>", "--pieces", "--coins", "--accept-shortage"];
    assert_help(&["cash", "hand-over"], &options);
    assert_help(&["cash", "hand-overs"], &["[ID]", "--giver <LOGIN>", "--json"]);
}

#[test]
fn arguments_are_checked() {
    let over = ["cash", "hand-over", "--giver", "a@b.in", "--taker", "bank"];
    for args in [
        &[&over[..], &["--pieces", "500"]].concat()[..],
        &[&over[..], &["--pieces", "500xmany"]].concat(),
        &[&over[..], &["--coins", "1.005"]].concat(),
        &["cash", "hand-over", "--giver", "a@b.in"],
        &["cash", "hand-overs", "seven"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn cash_is_shown_and_handed_over() {
    on_both(|database| {
        let books = Books::small(database);
        assert_eq!(books.ok(&["cash", "show"]), "Nobody has ever had cash in hand.\n");
        for (login, role) in [("ravi@example.in", "rider"), ("kala@example.in", "accountant")] {
            books.ok(&["people", "add", "--login", login, "--name", login, "--role", role]);
        }
        let cash = ["--method", "cash", "--amount", "600", "--customer", "C-001", "--person", "1"];
        books.json(&[&["payments", "record"][..], &cash].concat());
        let all = books.json(&["cash", "show"]);
        assert_eq!(all["cash"][0]["in_hand"], "600.00");
        let one = books.json(&["cash", "show", "ravi@example.in"]);
        assert_eq!(list(&one["entries"]).len(), 1);
        let parties = ["--giver", "ravi@example.in", "--taker", "kala@example.in"];
        let over = [&["cash", "hand-over"][..], &parties].concat();
        let (code, said) = books.error(&[&over[..], &["--pieces", "500x1"]].concat());
        assert!(code == "conflict" && said.contains("100.00 is missing"), "{said}");
        let made =
            books.json(&[&over[..], &["--pieces", "200x2,100x1", "--coins", "100"]].concat());
        assert_eq!((&made["counted"], &made["shortage"]), (&"600.00".into(), &"0.00".into()));
        let shown = books.json(&["cash", "hand-overs", "1"]);
        assert_eq!(shown, made);
        let of = books.json(&["cash", "hand-overs", "--giver", "ravi@example.in"]);
        assert_eq!(list(&of["hand_overs"]).len(), 1);
        assert!(books.ok(&["cash", "show"]).contains("₹600.00"));
        books.assert_verified();
    });
}
