//! Two runs of the same month at the same time, each with its own connection: every delivery is
//! billed once, the numbers have neither gap nor repeat, and the month looks as after one run.
//!
//! It deliberately asserts nothing about which run bills whom.

use crate::kit::{Dairy, customers, deliveries};
use app::billing::Mode::{Draft, RunAndIssue};
use app::billing::{Mode, Report, Request};
use app::import::Kind;
use domain::calendar::Month;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use store::Store;
use testkit::on_both;

/// Enough for two ranges of customers.
const CUSTOMERS: usize = 2_200;
const ROUNDS: [&str; 3] = ["2026-09", "2026-10", "2026-11"];

fn large_dairy(dairy: &Dairy<'_>, months: &[&str]) {
    let codes: Vec<String> = (0..CUSTOMERS).map(|n| format!("X{n:04}")).collect();
    dairy.import(Kind::Customers, &customers(&codes));
    let mut rows = Vec::new();
    for month in months {
        for (place, code) in codes.iter().enumerate() {
            let milli = 500 + place % 7;
            rows.push(format!("{month}-01 {code} MILK 0.{milli}"));
        }
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    dairy.import(Kind::Deliveries, &deliveries(&rows));
    dairy.on("2026-11-30");
}

fn both_at_once(dairy: &Dairy<'_>, month: &str, modes: [Mode; 2]) -> [Report; 2] {
    let stores = [dairy.another_store(), dairy.another_store()];
    let start = Barrier::new(2);
    let actor = dairy.actor();
    let month = Month::parse(month).unwrap();
    let one = |store: &Store, mode| {
        let request = Request { month, mode, dry_run: false };
        start.wait();
        app::billing::run(store, &actor, request, &mut |_, _| {}).unwrap()
    };
    thread::scope(|scope| {
        let first = scope.spawn(|| one(&stores[0], modes[0]));
        let second = one(&stores[1], modes[1]);
        [first.join().unwrap(), second]
    })
}

#[test]
fn two_runs_at_once_bill_everything_once() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        large_dairy(&dairy, &ROUNDS);
        let mut next = 1;
        for (month, first) in ROUNDS.into_iter().zip([RunAndIssue, RunAndIssue, Draft]) {
            let alone = dairy.try_run(month, RunAndIssue, true).unwrap();
            let reports = both_at_once(&dairy, month, [first, RunAndIssue]);
            let issued: u64 = reports.iter().map(|report| report.changes.issued).sum();
            assert_eq!(issued, CUSTOMERS as u64);
            for report in &reports {
                assert!(report.certificate.is_clean());
                assert_eq!(report.certificate.content, alone.certificate.content);
            }
            assert_eq!(reports[1].certificate, alone.certificate);
            let numbers: BTreeSet<String> = dairy.numbers(month).into_iter().collect();
            let expected: BTreeSet<String> =
                (next..next + CUSTOMERS).map(|serial| format!("INV/26-27/{serial:06}")).collect();
            assert_eq!(numbers, expected);
            next += CUSTOMERS;
        }
        assert_eq!(dairy.count("SELECT COUNT(*) FROM unbilled_months"), 0);
        dairy.assert_verified();
    });
}

/// Reports arrive while bills are made: each is on the bill, or known to be unbilled.
#[test]
fn importing_during_a_run_loses_nothing() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        large_dairy(&dairy, &ROUNDS[..2]);
        let store = dairy.another_store();
        let request =
            Request { month: Month::parse(ROUNDS[0]).unwrap(), mode: RunAndIssue, dry_run: false };
        let actor = dairy.actor();
        thread::scope(|scope| {
            let run =
                scope.spawn(|| app::billing::run(&store, &actor, request, &mut |_, _| {}).unwrap());
            for place in (0..CUSTOMERS).step_by(CUSTOMERS / 20) {
                dairy.deliver(&[&format!("2026-09-02 X{place:04} MILK 1.000")]);
            }
            assert!(run.join().unwrap().certificate.is_sound());
        });
        dairy.assert_verified();
        let october = dairy.run_and_issue(ROUNDS[1]);
        let late = dairy.count("SELECT COUNT(*) FROM bill_lines WHERE kind = 'late'");
        let on_time = dairy.count("SELECT COUNT(*) FROM deliveries WHERE day = 20260902") - late;
        assert!(late >= 0 && on_time >= 0);
        assert!(october.certificate.is_clean());
        let free = "SELECT COUNT(*) FROM deliveries WHERE bill_id IS NULL AND day < 20261101";
        assert_eq!(dairy.count(free), 0);
        dairy.assert_verified();
    });
}
