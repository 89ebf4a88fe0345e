//! The months and days of a plan. A day is also known by its place, counted from the first day.
//!
//! It deliberately knows nothing of holidays.

use super::error::GeneratorError;
use super::{MAX_CUSTOMERS, MAX_MONTHS, Plan};
use domain::calendar::{Day, Month};

/// The whole months of a plan.
pub struct Window {
    months: Vec<Month>,
    days: Vec<Day>,
    first_weekday: i32,
}

impl Window {
    /// Checks the plan and lays out its months.
    pub fn of(plan: &Plan) -> Result<Self, GeneratorError> {
        if !(1..=MAX_CUSTOMERS).contains(&plan.customers) {
            let given = plan.customers;
            return Err(GeneratorError::Customers { given });
        }
        if !(1..=MAX_MONTHS).contains(&plan.months) {
            let given = plan.months;
            return Err(GeneratorError::Months { given });
        }
        let mut months = vec![plan.last_month];
        let mut month = plan.last_month;
        for _ in 1..plan.months {
            let before = month.previous();
            if before == month {
                let (months, last_month) = (plan.months, plan.last_month);
                return Err(GeneratorError::TooEarly { months, last_month });
            }
            months.push(before);
            month = before;
        }
        months.reverse();
        let days = days_between(month.first_day(), plan.last_month.last_day());
        Ok(Self { months, days, first_weekday: weekday(month.first_day()) })
    }

    /// All months, oldest first.
    pub fn months(&self) -> &[Month] {
        &self.months
    }

    /// The first month.
    pub fn first_month(&self) -> Month {
        self.months.first().copied().unwrap_or(self.last_month())
    }

    /// The last month.
    pub fn last_month(&self) -> Month {
        self.days.last().map_or(Day::MIN.month(), |day| day.month())
    }

    /// The month in the middle; of an even number of months the earlier one.
    pub fn middle_month(&self) -> Month {
        let middle = (self.months.len() - 1) / 2;
        self.months.get(middle).copied().unwrap_or(self.last_month())
    }

    /// Number of days.
    pub fn len(&self) -> u32 {
        u32::try_from(self.days.len()).unwrap_or(u32::MAX)
    }

    /// All days with their places, in order.
    pub fn days(&self) -> impl Iterator<Item = (i32, Day)> {
        (0..).zip(self.days.iter().copied())
    }

    /// The first day.
    pub fn first_day(&self) -> Day {
        self.first_month().first_day()
    }

    /// The weekday at a place, 0 for Monday to 6 for Sunday.
    pub fn weekday(&self, place: i32) -> i32 {
        (self.first_weekday + place).rem_euclid(7)
    }
}

fn days_between(first: Day, last: Day) -> Vec<Day> {
    let mut days = vec![first];
    let mut day = first;
    while day < last {
        day = day.plus_days(1);
        days.push(day);
    }
    days
}

/// The weekday of a day, 0 for Monday to 6 for Sunday (Zeller's congruence).
fn weekday(day: Day) -> i32 {
    let number = i32::try_from(day.number()).unwrap_or(0);
    let (mut year, mut month, date) = (number / 10_000, number / 100 % 100, number % 100);
    if month < 3 {
        month += 12;
        year -= 1;
    }
    let (century, rest) = (year / 100, year % 100);
    let from_saturday = date + 13 * (month + 1) / 5 + rest + rest / 4 + century / 4 + 5 * century;
    (from_saturday + 5).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::{Day, weekday};

    #[test]
    fn weekdays_of_known_days() {
        for (text, expected) in [
            ("2000-01-01", 5),
            ("2026-01-01", 3),
            ("2026-10-05", 0),
            ("2028-02-29", 1),
            ("2026-08-15", 5),
        ] {
            assert_eq!(weekday(Day::parse(text).unwrap()), expected, "{text}");
        }
    }
}
