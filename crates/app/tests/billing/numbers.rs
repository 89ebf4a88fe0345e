//! Bill numbers: gapless in each financial year, whatever the order of months and failures.
//!
//! It deliberately leaves two runs at once to `at_once`.

use crate::kit::Dairy;
use app::AppError;
use app::billing::Mode;
use testkit::on_both;

#[test]
fn numbers_run_through_months_and_begin_anew_in_april() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        for month in ["2027-02", "2027-03", "2027-04"] {
            for code in ["C1", "C2"] {
                dairy.deliver(&[&format!("{month}-01 {code} MILK 1.000")]);
            }
        }
        dairy.on("2027-05-01");
        dairy.run_and_issue("2027-03");
        dairy.run_and_issue("2027-04");
        dairy.run_and_issue("2027-02");
        let number =
            |year: &str, serials: [u8; 2]| serials.map(|serial| format!("INV/{year}/{serial:06}"));
        assert_eq!(dairy.numbers("2027-03"), number("26-27", [1, 2]));
        assert_eq!(dairy.numbers("2027-04"), number("27-28", [1, 2]));
        // The month decides the year, not the day of the run; numbers follow the order of issue.
        assert_eq!(dairy.numbers("2027-02"), number("26-27", [3, 4]));
        assert_eq!(dairy.bill("C1", "2027-03").bill_date, "2027-03-31");
        dairy.assert_verified();
    });
}

#[test]
fn the_day_of_the_run_is_the_indian_one() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-10-01 C1 MILK 1.000"]);
        dairy.on("2026-09-30");
        assert!(dairy.try_run("2026-10", Mode::Draft, false).is_err());
        dairy.at("2026-10-01T00:00:00+05:30");
        dairy.run_and_issue("2026-10");
        assert_eq!(dairy.bill("C1", "2026-10").bill_date, "2026-10-01");
        dairy.assert_verified();
    });
}

#[test]
fn a_full_series_refuses_whole_and_keeps_its_place() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-09-01 C2 MILK 1.000"]);
        dairy.sql(
            "INSERT INTO number_series (prefix, financial_year, next_serial) \
             VALUES ('INV', 2026, 999999)",
        );
        let before = dairy.dump();
        let error = dairy.try_run("2026-09", Mode::RunAndIssue, false);
        let error = error.unwrap_err();
        assert!(matches!(error, AppError::Number(_)), "{error}");
        assert!(error.to_string().contains("no number 1000000"), "{error}");
        assert_eq!(dairy.dump(), before);
    });
}
