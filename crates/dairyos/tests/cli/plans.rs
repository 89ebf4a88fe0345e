//! `dairyos plans` and `dairyos entitlements`: listed, added, changed, bought, and checked.

use crate::kit::{Books, assert_help, assert_words, list, run};
use serde_json::json;
use std::path::Path;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    let options = ["--name <NAME>", "--price <PRICE>", "--features", "--days <DAYS>", "--inactive"];
    assert_help(&["plans", "add"], &options);
    assert_help(&["plans", "change"], &["--active <TRUE|FALSE>", "--price <PRICE>", "--json"]);
    let options = ["--customer <CODE>", "--feature <FEATURE>", "--json"];
    assert_help(&["entitlements", "show"], &options);
    assert_help(&["payments", "record"], &["--plan <CODE>"]);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["plans", "add", "x", "--name", "X", "--price", "1"][..],
        &["plans", "add", "x", "--name", "X", "--price", "cheap", "--features", "a"],
        &["plans", "change", "x", "--active", "perhaps"],
        &["entitlements", "show"],
        &["payments", "record", "--method", "upi", "--amount", "5", "--plan", "vip"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn a_plan_is_added_bought_and_taken_back() {
    on_both(|database| {
        let books = Books::small(database);
        let plans = books.json(&["plans", "list"]);
        assert_eq!(list(&plans["plans"]).len(), 4);
        let add =
            ["plans", "add", "club", "--name", "Club", "--price", "49.50", "--features", "curd,a"];
        let made = books.json(&add);
        assert_eq!((&made["days"], &made["features"]), (&json!(30), &json!(["curd", "a"])));
        assert_eq!(books.error(&add).0, "conflict");
        let changed = books.json(&["plans", "change", "club", "--price", "59", "--days", "7"]);
        assert_eq!((&changed["price"], &changed["version"]), (&json!("59.00"), &json!(2)));
        assert_eq!(books.json(&["plans", "show", "club"]), changed);
        assert_words(&books.ok(&["plans", "list"]), &["club", "59.00", "vip_support"]);
        let check = ["entitlements", "show", "--customer", "C-001", "--feature", "curd"];
        let refused = books.run(&check);
        assert_eq!((refused.code, refused.out.trim()), (Some(1), "C-001 may not use curd."));
        let record = [
            "payments",
            "record",
            "--method",
            "cheque",
            "--amount",
            "59",
            "--reference",
            "000123",
            "--customer",
            "C-001",
            "--plan",
            "club",
        ];
        let id = books.json(&record)["id"].to_string();
        let answer = books.json(&check);
        assert_eq!((&answer["entitled"], &answer["customer"]), (&json!(true), &json!("C-001")));
        let whole = books.json(&["entitlements", "show", "--customer", "C-001"]);
        assert_eq!(whole["grants"][0]["until"], answer["until"]);
        assert_eq!(list(&whole["features"]).len(), 3);
        assert!(books.ok(&["entitlements", "show", "--customer", "C-001"]).contains("club"));
        books.json(&["payments", "bounce", &id]);
        assert_eq!(books.run(&check).code, Some(1));
        books.json(&["verify"]);
    });
}
