//! A billing month, kept as one integer `yyyymm`.
//!
//! It deliberately has no billing cycles other than the calendar month.

use super::{Day, FinancialYear};
use std::fmt;
use thiserror::Error;

/// Why a text is not a month.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a month; expected year-month such as 2026-10, with a month from 01 to 12")]
pub struct MonthError(pub String);

/// A month between 1900-01 and 9999-12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month a day is in.
    pub fn of(day: Day) -> Self {
        Self(i32::try_from(day.number() / 100).unwrap_or(1900_01))
    }

    /// A month kept as `yyyymm`, if the calendar has it.
    pub fn from_number(number: i64) -> Option<Self> {
        Day::from_number(number.checked_mul(100)?.checked_add(1)?).map(Self::of)
    }

    /// The month as `yyyymm`.
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Reads `2026-10`; no other spelling.
    pub fn parse(text: &str) -> Result<Self, MonthError> {
        Day::parse(&format!("{text}-01"))
            .map(Self::of)
            .map_err(|_| MonthError(text.chars().take(40).collect()))
    }

    /// The first day of the month.
    pub fn first_day(self) -> Day {
        Day::from_number(self.number() * 100 + 1).unwrap_or(Day::MIN)
    }

    /// The last day of the month.
    pub fn last_day(self) -> Day {
        (28..=31)
            .rev()
            .find_map(|day| Day::from_number(self.number() * 100 + day))
            .unwrap_or_else(|| self.first_day())
    }

    /// The month after this one; the last month of the calendar is followed by itself.
    pub fn next(self) -> Self {
        Self::of(self.last_day().plus_days(1))
    }

    /// The month before this one; the first month of the calendar is preceded by itself.
    pub fn previous(self) -> Self {
        Self::of(self.first_day().plus_days(-1))
    }

    /// The financial year the month is in.
    pub fn financial_year(self) -> FinancialYear {
        FinancialYear::of(self.first_day())
    }
}

/// `2026-10`.
impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{:04}-{:02}", self.0 / 100, self.0 % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::Month;

    #[test]
    fn reads_only_real_months() {
        assert_eq!(Month::parse("2026-10").unwrap().number(), 2026_10);
        for wrong in ["2026-13", "2026-00", "2026", "10-2026", "2026-1", "2026-10-01", ""] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Month::from_number(2026_13), None);
        assert_eq!(Month::from_number(i64::MAX), None);
    }

    #[test]
    fn knows_its_days_and_neighbours() {
        let month = |text| Month::parse(text).unwrap();
        assert_eq!(month("2026-02").last_day().to_string(), "2026-02-28");
        assert_eq!(month("2028-02").last_day().to_string(), "2028-02-29");
        assert_eq!(month("2026-10").first_day().to_string(), "2026-10-01");
        assert_eq!(month("2026-12").next(), month("2027-01"));
        assert_eq!(month("2026-01").previous(), month("2025-12"));
        assert_eq!(month("9999-12").next(), month("9999-12"));
        assert_eq!(month("1900-01").previous(), month("1900-01"));
    }
}
