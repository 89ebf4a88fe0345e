//! Drafts: recomputed when their content changes, withdrawn when they cannot stand, refused for
//! issue when they are out of date; and customers who cannot be billed.
//!
//! It deliberately leaves late deliveries to `late`.

use crate::kit::{Dairy, deliveries, left};
use app::AppError;
use app::billing::Mode;
use app::import::Kind;
use domain::billing::Left;
use testkit::on_both;

fn two_customers(dairy: &Dairy<'_>) {
    dairy.deliver(&[
        "2026-09-01 C1 MILK 1.000",
        "2026-09-02 C1 MILK 1.500",
        "2026-09-01 C2 MILK 1.000",
    ]);
}

#[test]
fn an_unchanged_draft_keeps_its_version() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        let first = dairy.draft("2026-09");
        assert_eq!((first.changes.created, first.changes.unchanged), (2, 0));
        let before = dairy.dump();
        dairy.on("2026-09-02");
        let second = dairy.draft("2026-09");
        assert_eq!((second.changes.created, second.changes.unchanged), (0, 2));
        assert_eq!(second.certificate, first.certificate);
        assert_eq!(dairy.bill("C1", "2026-09").version, 1);
        let mut after = dairy.dump();
        let mut before = before;
        // The run itself is recorded.
        for table in ["audit", "bill_runs", "counters"] {
            let (old, new) = (before.remove(table), after.remove(table));
            assert_ne!(old, new, "{table}");
        }
        assert_eq!(after, before);
    });
}

#[test]
fn a_draft_changes_with_its_deliveries_prices_and_products() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.draft("2026-09");
        dairy.deliver(&["2026-09-03 C1 MILK 1.000"]);
        let versions = |expected: [i64; 2]| {
            let found = ["C1", "C2"].map(|code| dairy.bill(code, "2026-09").version);
            assert_eq!(found, expected);
            dairy.assert_verified();
        };
        assert_eq!(dairy.draft("2026-09").changes.changed, 1);
        versions([2, 1]);
        dairy.price(&["MILK - 2026-09-03 62"]);
        assert_eq!(dairy.draft("2026-09").changes.changed, 1);
        versions([3, 1]);
        let expected = [
            "delivery MILK 2.500 x 60.000 = 150.00, 2026-09-01..2026-09-02",
            "delivery MILK 1.000 x 62.000 = 62.00, 2026-09-03..2026-09-03",
        ];
        assert_eq!(dairy.lines("C1", "2026-09"), expected);
        let renamed = "sku,name,unit,hsn,tax_rate,price,tax_inclusive\n\
                       MILK,Cow milk,L,0401,0,60,false\n";
        assert_eq!(dairy.import(Kind::Products, renamed).changed, 1);
        assert_eq!(dairy.draft("2026-09").changes.changed, 2);
        versions([4, 2]);
        assert_eq!(dairy.bill("C2", "2026-09").lines[0].name, "Cow milk");
        // A delivery that is reported missed after all takes its line away.
        let missed = "date,shift,customer_code,sku,quantity,status\n\
                      2026-09-03,morning,C1,MILK,0,missed\n";
        assert_eq!(dairy.import(Kind::Deliveries, missed).changed, 1);
        let report = dairy.draft("2026-09");
        assert_eq!(left(&report.certificate.deliveries), [(Left::Missed, 1)]);
        assert_eq!(dairy.lines("C1", "2026-09").len(), 1);
        versions([5, 2]);
    });
}

#[test]
fn a_draft_whose_delivery_was_corrected_is_not_issued_before_a_rerun() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.draft("2026-09");
        let tally = dairy.deliver(&["2026-09-01 C1 MILK 2.000"]);
        assert_eq!((tally.added, tally.changed), (0, 1));
        dairy.assert_verified();
        let report = dairy.issue("2026-09");
        let certificate = &report.certificate;
        assert_eq!(report.changes.issued, 1);
        assert_eq!(certificate.excluded[0].customer_code, "C1");
        assert!(certificate.excluded[0].reason.contains("was corrected"));
        assert_eq!(certificate.deliveries.billed, 1);
        assert_eq!(dairy.bill("C1", "2026-09").status, "draft");
        dairy.assert_verified();

        let redrafted = dairy.draft("2026-09");
        assert_eq!(redrafted.changes.changed, 1);
        assert_eq!(dairy.bill("C1", "2026-09").version, 2);
        dairy.assert_verified();
        let issued = dairy.issue("2026-09");
        assert_eq!(issued.changes.issued, 1);
        assert_eq!(dairy.numbers("2026-09"), ["INV/26-27/000002", "INV/26-27/000001"]);
        assert_eq!(dairy.bill("C1", "2026-09").total, "210.00");
        dairy.assert_verified();
    });
}

#[test]
fn a_correction_that_is_taken_back_still_asks_for_a_rerun() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        let first = dairy.draft("2026-09");
        dairy.deliver(&["2026-09-01 C1 MILK 2.000"]);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        let second = dairy.draft("2026-09");
        assert_eq!(second.certificate.content, first.certificate.content);
        dairy.assert_verified();
        assert_eq!(dairy.issue("2026-09").changes.issued, 2);
        dairy.assert_verified();
    });
}

#[test]
fn issue_takes_drafts_as_they_stand() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        let draft = dairy.draft("2026-09");
        // Neither a new delivery nor a new price touches what was looked at and approved.
        dairy.deliver(&["2026-09-03 C1 MILK 9.000", "2026-09-03 C3 MILK 1.000"]);
        dairy.price(&["MILK - 2026-09-01 99"]);
        dairy.on("2026-09-30");
        let issued = dairy.issue("2026-09");
        assert_eq!(issued.certificate.content, draft.certificate.content);
        assert_eq!(issued.changes.issued, 2);
        let expected = [(Left::AfterIssue, 1), (Left::NoDraft, 1)];
        assert_eq!(left(&issued.certificate.deliveries), expected);
        assert_eq!(dairy.bill("C1", "2026-09").total, "150.00");
        dairy.assert_verified();
        // Both are late in October.
        dairy.on("2026-10-31");
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.bill("C1", "2026-10").total, "891.00");
        assert_eq!(dairy.bill("C3", "2026-10").lines[0].kind, "late");
        dairy.assert_verified();
    });
}

#[test]
fn a_customer_without_a_price_is_excluded_and_the_others_are_billed() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.deliver(&["2026-09-04 C2 CURD 1.000"]);
        dairy.on("2026-09-30");
        let report = dairy.run_and_issue("2026-09");
        let certificate = &report.certificate;
        assert!(!certificate.is_clean());
        assert_eq!(certificate.customers_considered, 3);
        assert_eq!(certificate.customers_billed, 1);
        assert_eq!(certificate.customers_nothing, 1);
        assert_eq!(certificate.excluded[0].customer_code, "C2");
        let reason = &certificate.excluded[0].reason;
        assert!(reason.starts_with("no price for CURD on 2026-09-04"));
        let expected = [(Left::CustomerExcluded, 2)];
        assert_eq!(left(&certificate.deliveries), expected);
        assert_eq!(certificate.deliveries.billed, 2);
        dairy.assert_verified();

        dairy.price(&["CURD - 2026-09-01 80"]);
        let report = dairy.run_and_issue("2026-09");
        assert!(report.certificate.is_clean());
        assert_eq!(report.changes.issued, 1);
        let expected = [
            "delivery CURD 1.000 x 80.000 = 80.00, 2026-09-04..2026-09-04",
            "delivery MILK 1.000 x 60.000 = 60.00, 2026-09-01..2026-09-01",
        ];
        assert_eq!(dairy.lines("C2", "2026-09"), expected);
        let expected = ["INV/26-27/000001", "INV/26-27/000002"];
        assert_eq!(dairy.numbers("2026-09"), expected);
        dairy.assert_verified();
    });
}

#[test]
fn an_excluded_customer_who_is_forgotten_gets_everything_late() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.deliver(&["2026-09-04 C2 CURD 1.000"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        dairy.price(&["CURD - 2026-09-01 80"]);
        dairy.on("2026-10-31");
        dairy.run_and_issue("2026-10");
        let kinds: Vec<_> = dairy.bill("C2", "2026-10").lines.iter().map(|l| l.kind).collect();
        assert_eq!(kinds, ["late", "late"]);
        dairy.assert_verified();
    });
}

#[test]
fn a_draft_of_a_customer_who_becomes_excluded_is_withdrawn() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.draft("2026-09");
        dairy.deliver(&["2026-09-04 C2 CURD 1.000"]);
        let report = dairy.draft("2026-09");
        assert_eq!(report.changes.withdrawn, 1);
        assert_eq!(report.certificate.bills_draft, 1);
        assert!(dairy.find_bill("C2", "2026-09").is_err());
        let linked = "SELECT COUNT(*) FROM deliveries WHERE bill_id IS NOT NULL";
        assert_eq!(dairy.count(linked), 2);
        dairy.assert_verified();
        dairy.price(&["CURD - 2026-09-01 80"]);
        assert_eq!(dairy.draft("2026-09").changes.created, 1);
        assert_eq!(dairy.bill("C2", "2026-09").version, 1);
        dairy.assert_verified();
    });
}

#[test]
fn a_draft_that_has_lost_everything_is_withdrawn() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.draft("2026-09");
        let skipped = "date,shift,customer_code,sku,quantity,status\n\
                       2026-09-01,morning,C2,MILK,1.000,skipped\n";
        dairy.import(Kind::Deliveries, skipped);
        let report = dairy.run_and_issue("2026-09");
        assert_eq!((report.changes.withdrawn, report.changes.issued), (1, 1));
        assert_eq!(left(&report.certificate.deliveries), [(Left::Skipped, 1)]);
        assert!(dairy.find_bill("C2", "2026-09").is_err());
        dairy.assert_verified();
    });
}

#[test]
fn nothing_to_issue_and_future_months_are_refused() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        let before = dairy.dump();
        let error = dairy.try_run("2026-09", Mode::IssueDrafts, false);
        let error = error.unwrap_err();
        assert!(matches!(error, AppError::NothingToIssue(_)), "{error}");
        assert!(error.to_string().contains("2026-09 has no drafts to issue"));
        for mode in [Mode::Draft, Mode::RunAndIssue, Mode::IssueDrafts] {
            let error = dairy.try_run("2026-10", mode, false).unwrap_err();
            assert!(matches!(error, AppError::FutureMonth { .. }), "{error}");
        }
        assert_eq!(dairy.dump(), before);
        // The month that has begun may be billed, and the bill bears today's date.
        dairy.on("2026-09-15");
        dairy.run_and_issue("2026-09");
        assert_eq!(dairy.bill("C1", "2026-09").bill_date, "2026-09-15");
    });
}

#[test]
fn a_draft_that_only_waits_for_a_rerun_says_so_when_it_is_issued() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        dairy.draft("2026-09");
        dairy.deliver(&["2026-09-01 C1 MILK 2.000"]);
        let report = dairy.try_run("2026-09", Mode::IssueDrafts, false);
        let excluded = report.map(|report| report.certificate.excluded);
        let excluded = excluded.unwrap();
        assert_eq!(excluded[0].customer_code, "C1");
        assert!(excluded[0].reason.contains("run the month's bills again"));
    });
}

#[test]
fn a_dry_run_leaves_no_trace() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        two_customers(&dairy);
        dairy.deliver(&["2026-09-04 C3 CURD 1.000"]);
        let dry = |mode| {
            let before = dairy.dump();
            let report = dairy.try_run("2026-09", mode, true).unwrap();
            assert_eq!(dairy.dump(), before, "{mode:?}");
            report
        };
        let shown = dry(Mode::Draft);
        assert_eq!(dairy.draft("2026-09"), shown);
        dairy.import(
            Kind::Deliveries,
            &deliveries(&["2026-09-01 C1 MILK 1.250", "2026-09-03 C2 MILK 1.000"]),
        );
        let shown = dry(Mode::Draft);
        assert_eq!(shown.changes.changed, 2);
        let shown = dry(Mode::IssueDrafts);
        let excluded = shown.certificate.excluded.iter();
        let codes: Vec<_> = excluded.map(|found| found.customer_code.as_str()).collect();
        assert_eq!(codes, ["C1", "C3"], "one waits for a rerun, one has no draft");
        let shown = dry(Mode::RunAndIssue);
        assert_eq!(shown.changes.issued, 2);
        assert_eq!(dairy.run_and_issue("2026-09"), shown);
        dairy.assert_verified();
    });
}
