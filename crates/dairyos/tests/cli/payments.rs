//! `dairyos payments` and `dairyos webhooks`: recorded, listed, shown, taken back, told again.

use crate::kit::{Books, assert_help, list, run};
use std::path::Path;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    let options = ["--method <METHOD>", "--amount <AMOUNT>", "--reference", "--customer", "--json"];
    assert_help(&["payments", "record"], &options);
    assert_help(&["payments", "list"], &["--unmatched", "--state <STATE>", "--after", "--json"]);
    assert_help(&["webhooks", "list"], &["--state <STATE>", "--before <ID>", "--json"]);
    assert_help(&["webhooks", "replay"], &["<ID>", "--json"]);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["payments", "record", "--method", "barter", "--amount", "5"][..],
        &["payments", "record", "--method", "upi", "--amount", "5.005"],
        &["payments", "show", "seven"],
        &["webhooks", "list", "--limit", "201"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn a_cheque_is_recorded_shown_and_bounces() {
    on_both(|database| {
        let books = Books::small(database);
        let made = books.json(&[
            "payments",
            "record",
            "--method",
            "cheque",
            "--amount",
            "100",
            "--reference",
            "000123",
            "--customer",
            "C-001",
        ]);
        assert_eq!(made["captured"], "100.00");
        let id = made["id"].to_string();
        let all = books.json(&["payments", "list"]);
        assert_eq!(list(&all["payments"]).len(), 1);
        assert_eq!(books.json(&["payments", "clear", &id])["status"], "captured");
        assert_eq!(books.json(&["payments", "bounce", &id])["status"], "failed");
        assert_eq!(list(&books.json(&["payments", "show", &id])["log"]).len(), 3);
        assert_eq!(list(&books.json(&["webhooks", "list"])["events"]).len(), 0);
        books.json(&["verify"]);
    });
}
