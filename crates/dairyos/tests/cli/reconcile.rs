//! `dairyos reconcile`: a day compared, exit codes, the work on issues.

use crate::kit::{Books, assert_help, list, run};
use std::path::Path;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    assert_help(&["reconcile"], &["--date <DATE>", "--json", "issues", "assign", "close"]);
    assert_help(&["reconcile", "issues"], &["--state <STATE>", "--severity", "--before <ID>"]);
    assert_help(&["reconcile", "close"], &["<ID>", "--note <NOTE>", "--json"]);
    assert_help(&["reconcile", "assign"], &["<ID>", "--person <PERSON>", "--json"]);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["reconcile", "--date", "2026-13-01"][..],
        &["reconcile", "issues", "--state", "lost"],
        &["reconcile", "close", "1"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn a_day_is_reconciled_and_an_issue_closed() {
    on_both(|database| {
        let books = Books::small(database);
        let clean = books.json(&["reconcile"]);
        assert_eq!(clean["status"], "clean");
        assert_eq!(clean["summary"]["total_issues"], 0);
        let upi = ["--method", "upi", "--amount", "5", "--reference", "618200000001"];
        books.json(&[&["payments", "record"][..], &upi, &["--date", "2026-10-01"]].concat());
        let report = books.json(&["reconcile", "--date", "2026-10-02"]);
        assert_eq!(report["status"], "warnings");
        let issue = &list(&report["issues"])[0];
        assert_eq!(issue["type"], "payment_without_bill");
        assert_eq!(books.json(&["reconcile", "--date", "2026-10-02"]), report);
        let id = issue["id"].to_string();
        let closed = books.json(&["reconcile", "close", &id, "--note", "Refunded by hand."]);
        assert_eq!(closed["state"], "closed");
        let open = books.json(&["reconcile", "issues", "--state", "open"]);
        assert_eq!(list(&open["issues"]).len(), 0);
        assert_eq!(books.json(&["reconcile", "reopen", &id])["state"], "open");
        assert!(list(&books.json(&["reconcile", "list"])["reconciliations"]).len() >= 2);
    });
}
