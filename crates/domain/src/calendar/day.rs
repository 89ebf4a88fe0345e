//! A business day: a calendar date in India, kept as one integer `yyyymmdd`.
//!
//! The integer sorts like the date, reads like the date in any SQL tool, and is the same on both
//! databases. It deliberately has no time of day.

use super::Month;
use jiff::ToSpan;
use jiff::civil::Date;
use std::fmt;
use thiserror::Error;

/// More days than the calendar has.
const MAX_DAYS: i32 = 3_000_000;

/// Why a text is not a business day.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a day; expected year-month-day such as 2026-10-05")]
pub struct DayError(pub String);

/// A date between 1900-01-01 and 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The earliest day; prices without a date hold from here.
    pub const MIN: Self = Self(1900_01_01);

    /// A day from its parts, if the calendar has it.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = Date::new(year, month, day).ok()?;
        (date.year() >= 1900).then(|| Self::from_date(date))
    }

    /// A day kept as `yyyymmdd`, if the calendar has it.
    pub fn from_number(number: i64) -> Option<Self> {
        let year = i16::try_from(number / 10_000).ok()?;
        let month = i8::try_from(number / 100 % 100).ok()?;
        let day = i8::try_from(number % 100).ok()?;
        Self::new(year, month, day)
    }

    /// The day as `yyyymmdd`.
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Reads `2026-10-05`; no other spelling.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let error = || DayError(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else {
            return Err(error());
        };
        let mut number: i64 = 0;
        for byte in [y1, y2, y3, y4, m1, m2, d1, d2] {
            if !byte.is_ascii_digit() {
                return Err(error());
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        Self::from_number(number).ok_or_else(error)
    }

    /// The month the day is in.
    pub fn month(self) -> Month {
        Month::of(self)
    }

    /// Day of the month, 1 to 31.
    pub const fn day_of_month(self) -> i32 {
        self.0 % 100
    }

    /// The day `count` days later (earlier when negative); stays at the calendar's edge.
    pub fn plus_days(self, count: i32) -> Self {
        // Beyond three million days lies outside the calendar on either side.
        let count = i64::from(count.clamp(-MAX_DAYS, MAX_DAYS));
        let date = self.date().saturating_add(count.days());
        Self::from_date(date).max(Self::MIN)
    }

    fn from_date(date: Date) -> Self {
        let (year, month, day) =
            (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
        Self(year * 10_000 + month * 100 + day)
    }

    fn date(self) -> Date {
        let part = |value: i32| i8::try_from(value).unwrap_or(1);
        let year = i16::try_from(self.0 / 10_000).unwrap_or(1900);
        Date::new(year, part(self.0 / 100 % 100), part(self.0 % 100)).unwrap_or(Date::MIN)
    }
}

/// `2026-10-05`.
impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100);
        formatter.pad(&format!("{year:04}-{month:02}-{day:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn reads_only_real_days() {
        assert_eq!(Day::parse("2028-02-29").unwrap().number(), 2028_02_29);
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-05",
            "05-10-2026",
            "2026/10/05",
            "",
            "2026-10-05 ",
            "२०२६-१०-०५",
            "1899-12-31",
            "2026-10-32",
        ] {
            assert!(Day::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_over_month_ends() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2026-02-28").plus_days(1), day("2026-03-01"));
        assert_eq!(day("2026-03-01").plus_days(-1), day("2026-02-28"));
        assert_eq!(day("2028-02-28").plus_days(1), day("2028-02-29"));
        assert_eq!(Day::MIN.plus_days(-1), Day::MIN);
        assert_eq!(day("2026-10-05").to_string(), "2026-10-05");
        assert_eq!(day("2026-10-05").day_of_month(), 5);
    }
}
