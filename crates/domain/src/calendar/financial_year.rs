//! The Indian financial year, 1 April to 31 March, as bill numbers show it: `26-27`.
//!
//! It deliberately knows no other fiscal calendars.

use super::Day;
use std::fmt;

/// A financial year, named by the calendar year it starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FinancialYear(i32);

impl FinancialYear {
    /// The financial year a business day is in.
    pub fn of(day: Day) -> Self {
        let number = i32::try_from(day.number()).unwrap_or(1900_01_01);
        let (year, month) = (number / 10_000, number / 100 % 100);
        Self(if month >= 4 { year } else { year - 1 })
    }

    /// A financial year by its starting calendar year, as it is kept.
    pub fn starting_in(year: i64) -> Option<Self> {
        i32::try_from(year).ok().filter(|year| (1899..=9999).contains(year)).map(Self)
    }

    /// The calendar year it starts in.
    pub const fn start_year(self) -> i64 {
        self.0 as i64
    }
}

/// `26-27`.
impl fmt::Display for FinancialYear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}-{:02}", self.0 % 100, (self.0 + 1) % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::FinancialYear;
    use crate::calendar::Day;

    #[test]
    fn changes_on_the_first_of_april() {
        for (day, expected) in [
            ("2026-03-31", "25-26"),
            ("2026-04-01", "26-27"),
            ("2026-12-31", "26-27"),
            ("2027-01-01", "26-27"),
            ("1999-04-01", "99-00"),
        ] {
            let year = FinancialYear::of(Day::parse(day).unwrap());
            assert_eq!(year.to_string(), expected, "{day}");
            assert_eq!(FinancialYear::starting_in(year.start_year()), Some(year));
        }
        assert_eq!(FinancialYear::starting_in(12_000), None);
    }
}
