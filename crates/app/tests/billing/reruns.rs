//! Runs that are repeated: after issue, after an interruption between ranges of customers, with
//! the same certificate as one run that was never interrupted.
//!
//! It deliberately does not kill a process; the tests of the command line do.

use crate::kit::{Dairy, customers, left};
use app::AppError;
use app::billing::{Mode, Request};
use app::import::Kind;
use domain::billing::Left;
use domain::calendar::Month;
use std::panic::{AssertUnwindSafe, catch_unwind};
use testkit::on_both;

#[test]
fn a_rerun_after_issue_reproduces_the_certificate() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&[
            "2026-09-01 C1 MILK 1.000",
            "2026-09-02 C1 PANEER 0.250",
            "2026-09-01 C2 GHEE 3",
            "2026-09-05 C2 MILK 0",
        ]);
        dairy.order(&["O1 2026-09-01 2026-09-05 C3 GHEE 1 delivered 500"]);
        let dry = dairy.try_run("2026-09", Mode::RunAndIssue, true).unwrap();
        let drafted = dairy.draft("2026-09");
        dairy.on("2026-09-30");
        let issued = dairy.issue("2026-09");
        dairy.on("2026-10-15");
        let bills = |dairy: &Dairy<'_>| {
            let mut all = dairy.dump();
            for table in ["audit", "bill_runs", "counters"] {
                all.remove(table);
            }
            all
        };
        let before = bills(&dairy);
        for mode in [Mode::Draft, Mode::RunAndIssue, Mode::IssueDrafts] {
            let again = dairy.try_run("2026-09", mode, false).unwrap();
            assert_eq!(again.certificate, issued.certificate, "{mode:?}");
            assert_eq!(again.changes.unchanged, 3);
            assert_eq!(bills(&dairy), before, "{mode:?}");
        }
        let certificate = &issued.certificate;
        assert_eq!(certificate.content, drafted.certificate.content);
        assert_eq!(dry.certificate, issued.certificate);
        assert_eq!(left(&certificate.deliveries), [(Left::NoQuantity, 1)]);
        assert_eq!(certificate.sums.receivable, certificate.sums.lines);
        assert_eq!(certificate.sums.lines.to_string(), "2345.00");
        let kept = dairy.store.read(|tx| store::billing::last_run(tx, certificate.month));
        assert!(kept.unwrap().unwrap().contains(&certificate.content.to_string()));
        dairy.assert_verified();
    });
}

#[test]
fn the_same_files_give_the_same_certificate_on_every_database() {
    let mut found = Vec::new();
    for database in testkit::databases() {
        let dairy = Dairy::new(&database);
        dairy.deliver(&["2026-09-02 C2 MILK 1.000", "2026-09-01 C1 PANEER 0.333"]);
        dairy.order(&["O1 2026-09-01 2026-09-05 C3 GHEE 1 delivered -"]);
        found.push((database.kind, dairy.run_and_issue("2026-09")));
    }
    for pair in found.windows(2) {
        assert_eq!(pair[0].1, pair[1].1);
    }
}

/// Bills enough customers for two ranges, stops after the first, and begins again.
#[test]
fn a_run_that_stops_between_ranges_is_taken_up_again() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let codes: Vec<String> = (0..2_100).map(|n| format!("X{n:04}")).collect();
        dairy.import(Kind::Customers, &customers(&codes));
        let rows: Vec<String> =
            codes.iter().map(|code| format!("2026-09-01 {code} MILK 1.000")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        dairy.deliver(&rows);
        let whole = dairy.try_run("2026-09", Mode::RunAndIssue, true).unwrap();

        let request = Request {
            month: Month::parse("2026-09").unwrap(),
            mode: Mode::RunAndIssue,
            dry_run: false,
        };
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            let mut stop = |_, _| std::panic::resume_unwind(Box::new("the power is gone"));
            app::billing::run(&dairy.store, &dairy.actor(), request, &mut stop)
        }));
        assert!(stopped.is_err());
        let issued = dairy.count("SELECT COUNT(*) FROM bills WHERE state = 'issued'");
        assert!(issued > 0 && issued < 2_100, "{issued}");
        assert_eq!(dairy.count("SELECT COUNT(*) FROM bill_runs"), 0);
        dairy.assert_verified();

        let again = dairy.run_and_issue("2026-09");
        assert_eq!(again.certificate, whole.certificate);
        assert_eq!(again.certificate.bills_issued, 2_100);
        let numbers = dairy.numbers("2026-09");
        assert_eq!(numbers[2_099], "INV/26-27/002100");
        dairy.assert_verified();
    });
}

#[test]
fn a_database_without_a_business_is_told_so() {
    on_both(|database| {
        let store = store::Store::create(&database.url).unwrap();
        let actor = app::Actor::program("office", domain::calendar::Moment::from_unix_micros(0));
        let request =
            Request { month: Month::parse("1970-01").unwrap(), mode: Mode::Draft, dry_run: false };
        let error = app::billing::run(&store, &actor, request, &mut |_, _| {}).unwrap_err();
        assert!(matches!(error, AppError::NoBusiness), "{error}");
    });
}
