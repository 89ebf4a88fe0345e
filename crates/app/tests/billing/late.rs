//! Deliveries and orders that arrive late: they appear once, on the next bill, and never again.
//!
//! It deliberately says nothing about prices and taxes of late lines; `domain` tests them.

use crate::kit::{Dairy, left};
use app::import::Kind;
use domain::billing::Left;
use testkit::on_both;

/// September is issued for two customers, then two late deliveries of it arrive.
fn september_issued_then_late_news(dairy: &Dairy<'_>) {
    dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-09-01 C2 MILK 1.000"]);
    dairy.on("2026-09-30");
    let report = dairy.run_and_issue("2026-09");
    assert_eq!(report.certificate.bills_issued, 2);
    dairy.on("2026-10-05");
    dairy.deliver(&[
        "2026-09-10 C1 MILK 2.000",
        "2026-09-12 C1 MILK 0.500",
        "2026-10-01 C1 MILK 1.000",
        "2026-10-01 C2 MILK 1.000",
    ]);
}

const OCTOBER_OF_C1: [&str; 2] = [
    "delivery MILK 1.000 x 60.000 = 60.00, 2026-10-01..2026-10-01",
    "late MILK 2.500 x 60.000 = 150.00, 2026-09-10..2026-09-12",
];

#[test]
fn late_deliveries_stand_on_the_next_bill_and_never_again() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        september_issued_then_late_news(&dairy);
        let again = dairy.run_and_issue("2026-09");
        assert_eq!(again.changes.issued, 0);
        let expected = [(Left::AfterIssue, 2)];
        assert_eq!(left(&again.certificate.deliveries), expected);

        dairy.on("2026-10-31");
        let october = dairy.run_and_issue("2026-10");
        assert_eq!(october.certificate.deliveries.billed, 4);
        assert_eq!(dairy.lines("C1", "2026-10"), OCTOBER_OF_C1);
        assert_eq!(dairy.lines("C2", "2026-10").len(), 1);

        dairy.on("2026-11-30");
        dairy.deliver(&["2026-11-01 C1 MILK 1.000"]);
        let november = dairy.run_and_issue("2026-11");
        assert_eq!(november.certificate.deliveries.considered, 1);
        assert_eq!(dairy.lines("C1", "2026-11").len(), 1);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM unbilled_months"), 0);
        dairy.assert_verified();
    });
}

#[test]
fn late_deliveries_on_a_draft_stay_on_it_until_it_is_issued() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        september_issued_then_late_news(&dairy);
        let draft = dairy.draft("2026-10");
        let again = dairy.draft("2026-10");
        assert_eq!(again.certificate, draft.certificate);
        assert_eq!(again.changes.unchanged, 2);
        dairy.on("2026-10-31");
        let issued = dairy.issue("2026-10");
        assert_eq!(issued.certificate.content, draft.certificate.content);
        assert_eq!(issued.certificate.deliveries.billed, 4);
        let after = dairy.run_and_issue("2026-10");
        assert_eq!(after.certificate, issued.certificate);
        assert_eq!(dairy.lines("C1", "2026-10"), OCTOBER_OF_C1);
        dairy.assert_verified();
    });
}

#[test]
fn news_for_an_issued_and_a_later_drafted_month_goes_on_the_draft() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        september_issued_then_late_news(&dairy);
        dairy.draft("2026-10");
        dairy.deliver(&["2026-09-20 C1 MILK 3.000", "2026-10-02 C1 MILK 1.000"]);
        let report = dairy.draft("2026-10");
        assert_eq!(report.changes.changed, 1);
        let expected = [
            "delivery MILK 2.000 x 60.000 = 120.00, 2026-10-01..2026-10-02",
            "late MILK 5.500 x 60.000 = 330.00, 2026-09-10..2026-09-20",
        ];
        assert_eq!(dairy.lines("C1", "2026-10"), expected);
        assert_eq!(dairy.bill("C1", "2026-10").version, 2);
        dairy.assert_verified();
    });
}

#[test]
fn a_draft_keeps_its_late_deliveries_when_a_later_month_is_issued_first() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        september_issued_then_late_news(&dairy);
        dairy.draft("2026-10");
        dairy.on("2026-11-30");
        dairy.deliver(&["2026-11-01 C1 MILK 1.000"]);
        let november = dairy.run_and_issue("2026-11");
        assert_eq!(november.certificate.deliveries.billed, 1);
        dairy.deliver(&["2026-10-02 C2 MILK 1.000"]);
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.lines("C1", "2026-10"), OCTOBER_OF_C1);
        dairy.assert_verified();
    });
}

#[test]
fn a_month_whose_draft_is_withdrawn_is_known_to_be_unbilled_whatever_was_issued_later() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.price(&["CURD C2 2026-09-01 80"]);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-09-01 C2 CURD 1.000"]);
        dairy.on("2026-10-31");
        dairy.draft("2026-09");
        dairy.deliver(&["2026-10-01 C2 MILK 1.000"]);
        dairy.run_and_issue("2026-10");
        dairy.price(&["CURD C2 2026-09-01 general"]);
        let september = dairy.run_and_issue("2026-09");
        assert_eq!(september.changes.withdrawn, 1);
        assert_eq!(september.certificate.customers_excluded, 1);
        dairy.assert_verified();
        dairy.price(&["CURD - 2026-09-01 90"]);
        dairy.deliver(&["2026-11-01 C2 MILK 1.000"]);
        dairy.on("2026-11-30");
        dairy.run_and_issue("2026-11");
        let expected = [
            "delivery MILK 1.000 x 60.000 = 60.00, 2026-11-01..2026-11-01",
            "late CURD 1.000 x 90.000 = 90.00, 2026-09-01..2026-09-01",
        ];
        assert_eq!(dairy.lines("C2", "2026-11"), expected);
        dairy.assert_verified();
    });
}

#[test]
fn an_earlier_month_that_was_never_billed_waits_for_its_own_run() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&[
            "2026-08-03 C1 MILK 4.000",
            "2026-09-01 C1 MILK 1.000",
            "2026-08-04 C2 MILK 2.000",
        ]);
        dairy.on("2026-09-30");
        let september = dairy.run_and_issue("2026-09");
        let expected = [(Left::MonthNotBilled, 2)];
        assert_eq!(left(&september.certificate.deliveries), expected);
        assert_eq!(september.certificate.customers_billed, 1);
        assert_eq!(dairy.lines("C1", "2026-09").len(), 1);
        dairy.assert_verified();

        let august = dairy.run_and_issue("2026-08");
        assert_eq!(august.certificate.deliveries.billed, 2);
        let expected = ["delivery MILK 4.000 x 60.000 = 240.00, 2026-08-03..2026-08-03"];
        assert_eq!(dairy.lines("C1", "2026-08"), expected);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM unbilled_months"), 0);
        // The next run of September no longer sees them.
        let again = dairy.run_and_issue("2026-09");
        assert_eq!(left(&again.certificate.deliveries), []);
        dairy.assert_verified();
    });
}

#[test]
fn a_customer_who_was_not_billed_for_an_issued_month_gets_it_late() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        dairy.deliver(&["2026-09-02 C2 MILK 1.000"]);
        dairy.on("2026-10-31");
        dairy.run_and_issue("2026-10");
        let expected = ["late MILK 1.000 x 60.000 = 60.00, 2026-09-02..2026-09-02"];
        assert_eq!(dairy.lines("C2", "2026-10"), expected);
        dairy.assert_verified();
    });
}

#[test]
fn orders_are_billed_when_they_are_delivered_and_late_ones_on_the_next_bill() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let pending = [
            "O1 2026-09-01 2026-09-05 C1 PANEER 0.500 pending -",
            "O2 2026-09-01 2026-09-06 C1 PANEER 1.000 pending 350",
            "O3 2026-09-01 2026-09-07 C1 GHEE 1 pending -",
        ];
        dairy.order(&pending);
        let draft = dairy.draft("2026-09");
        assert_eq!(left(&draft.certificate.orders), [(Left::Pending, 3)]);
        assert_eq!(draft.certificate.customers_nothing, 3);

        let tally = dairy.order(&[
            "O1 2026-09-01 2026-09-05 C1 PANEER 0.500 delivered -",
            "O3 2026-09-01 2026-09-07 C1 GHEE 1 cancelled -",
        ]);
        assert_eq!((tally.added, tally.changed), (0, 2));
        dairy.on("2026-09-30");
        let september = dairy.run_and_issue("2026-09");
        let orders = &september.certificate.orders;
        assert_eq!(orders.billed, 1);
        assert_eq!(left(orders), [(Left::Pending, 1), (Left::Cancelled, 1)]);
        let expected = ["order PANEER 0.500 x 400.000 = 200.00, 2026-09-05..2026-09-05"];
        assert_eq!(dairy.lines("C1", "2026-09"), expected);

        dairy.on("2026-10-31");
        dairy.order(&["O2 2026-09-01 2026-09-06 C1 PANEER 1.000 delivered 350"]);
        dairy.deliver(&["2026-09-08 C1 PANEER 1.000"]);
        dairy.run_and_issue("2026-10");
        let expected = [
            "late PANEER 1.000 x 350.000 = 350.00, 2026-09-06..2026-09-06",
            "late PANEER 1.000 x 400.000 = 400.00, 2026-09-08..2026-09-08",
        ];
        assert_eq!(dairy.lines("C1", "2026-10"), expected);
        let again = dairy.run_and_issue("2026-10");
        assert_eq!(again.certificate.orders.billed, 1);
        dairy.assert_verified();

        let contradiction = crate::kit::orders(&[
            "O1 2026-09-01 2026-09-05 C1 PANEER 0.750 delivered -",
            "O2 2026-09-01 2026-09-06 C2 PANEER 1.000 delivered 350",
        ]);
        let bad = dairy.refused(Kind::Orders, contradiction);
        assert_eq!(bad.rows.len(), 2);
        assert!(bad.rows[0].what.contains("already on an issued bill"));
        assert!(bad.rows[1].what.contains("reference already names another"));
    });
}

#[test]
fn an_order_that_moves_to_another_month_leaves_its_draft() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.order(&["O1 2026-09-01 2026-09-30 C1 PANEER 1.000 delivered -"]);
        dairy.on("2026-10-31");
        dairy.draft("2026-09");
        dairy.order(&["O1 2026-09-01 2026-10-01 C1 PANEER 1.000 delivered -"]);
        let refused = dairy.issue("2026-09");
        assert!(refused.certificate.excluded[0].reason.contains("was corrected"));
        let draft = dairy.draft("2026-09");
        assert_eq!(draft.changes.withdrawn, 1);
        assert!(dairy.find_bill("C1", "2026-09").is_err());
        dairy.run_and_issue("2026-10");
        let expected = ["order PANEER 1.000 x 400.000 = 400.00, 2026-10-01..2026-10-01"];
        assert_eq!(dairy.lines("C1", "2026-10"), expected);
        dairy.assert_verified();
    });
}
