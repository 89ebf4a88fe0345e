//! Work that comes again: every so many minutes, daily, or monthly, in Indian time.
//!
//! A program that did not run finds all due times it has missed, the newest `MISSED_KEPT` of them,
//! so that each gets its job once. It deliberately has no weekdays, no lists and no cron syntax.

use crate::calendar::{Day, Moment};
use jiff::civil::Date;
use jiff::tz::Offset;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Missed due times that are caught up; older ones are passed over.
pub const MISSED_KEPT: usize = 31;

/// The longest distance of `every N minutes`: a day.
const MAX_MINUTES: u32 = 24 * 60;
/// Microseconds of a minute.
const MINUTE_MICROS: i64 = 60 * 1_000_000;
/// Minutes that Indian Standard Time is ahead of UTC.
const IST_AHEAD_MINUTES: i64 = 5 * 60 + 30;
/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is not a schedule; expected \"every N minutes\" (1 to 1440), \"daily HH:MM\" or \
     \"monthly D HH:MM\", such as \"monthly 1 05:30\""
)]
pub struct ScheduleError(pub String);

/// When work is due. Times are Indian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so many minutes, counted from midnight when they divide the day.
    Every(u32),
    /// Each day at a minute of the day.
    Daily(u32),
    /// Each month on a day, or on its last day when it is shorter, at a minute of the day.
    Monthly(u32, u32),
}

impl Schedule {
    /// The due times after one moment and up to another, in order: the newest `MISSED_KEPT`.
    pub fn due_between(self, after: Moment, until: Moment) -> Vec<Moment> {
        let mut found = Vec::new();
        let mut due = self.latest(until);
        while let Some(time) = due.filter(|time| *time > after && found.len() < MISSED_KEPT) {
            found.push(time);
            due = time.unix_micros().checked_sub(1).and_then(|before| {
                self.latest(Moment::from_unix_micros(before)).filter(|earlier| *earlier < time)
            });
        }
        found.reverse();
        found
    }

    /// The latest due time up to a moment.
    fn latest(self, until: Moment) -> Option<Moment> {
        let minute = until.unix_micros().div_euclid(MINUTE_MICROS) + IST_AHEAD_MINUTES;
        match self {
            Self::Every(minutes) => {
                let every = i64::from(minutes.clamp(1, MAX_MINUTES));
                moment_of(minute.div_euclid(every) * every)
            }
            Self::Daily(at) => {
                let at = i64::from(at);
                moment_of((minute - at).div_euclid(DAY_MINUTES) * DAY_MINUTES + at)
            }
            Self::Monthly(day, at) => {
                let month = until.business_day().month();
                [month, month.previous()]
                    .into_iter()
                    .filter_map(|month| {
                        let day = day_of(month.number(), day).unwrap_or_else(|| month.last_day());
                        at_minute(day, at)
                    })
                    .find(|time| *time <= until)
            }
        }
    }
}

/// The moment of a minute counted from the beginning of 1970 in India.
fn moment_of(minute: i64) -> Option<Moment> {
    let micros = (minute - IST_AHEAD_MINUTES).checked_mul(MINUTE_MICROS);
    micros.map(Moment::from_unix_micros)
}

fn day_of(month: i64, day: u32) -> Option<Day> {
    Day::from_number(month * 100 + i64::from(day))
}

/// The moment of a minute of a day.
fn at_minute(day: Day, minute: u32) -> Option<Moment> {
    let number = day.number();
    let part = |value: i64| i8::try_from(value % 100).ok();
    let year = i16::try_from(number / 10_000).ok()?;
    let midnight = Date::new(year, part(number / 100)?, part(number)?).ok()?.at(0, 0, 0, 0);
    let midnight = Offset::UTC.to_timestamp(midnight).ok()?.as_microsecond();
    moment_of(midnight / MINUTE_MICROS + i64::from(minute))
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let read = || {
            let words: Vec<&str> = text.split(' ').collect();
            match words.as_slice() {
                ["every", minutes, "minutes" | "minute"] => {
                    number(minutes, 1, MAX_MINUTES).map(Self::Every)
                }
                ["daily", time] => minute_of_day(time).map(Self::Daily),
                ["monthly", day, time] => {
                    Some(Self::Monthly(number(day, 1, 31)?, minute_of_day(time)?))
                }
                _ => None,
            }
        };
        read().ok_or_else(|| ScheduleError(text.chars().take(40).collect()))
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = digits.then(|| text.parse().ok())??;
    (least..=most).contains(&value).then_some(value)
}

/// `HH:MM`.
fn minute_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = hour.len() == 2 && minute.len() == 2;
    two.then(|| Some(number(hour, 0, 23)? * 60 + number(minute, 0, 59)?))?
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        match *self {
            Self::Every(minutes) => write!(formatter, "every {minutes} minutes"),
            Self::Daily(at) => write!(formatter, "daily {}", time(at)),
            Self::Monthly(day, at) => write!(formatter, "monthly {day} {}", time(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MISSED_KEPT, Schedule};
    use crate::calendar::Moment;
    use proptest::prelude::*;

    fn at(text: &str) -> Moment {
        Moment::parse(&format!("{}:00+05:30", text.replace(' ', "T"))).unwrap()
    }

    #[track_caller]
    fn check(schedule: &str, after: &str, until: &str, expected: &[&str]) {
        let schedule: Schedule = schedule.parse().unwrap();
        let due = schedule.due_between(at(after), at(until));
        let expected: Vec<Moment> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(due, expected, "{schedule}");
    }

    #[test]
    fn each_due_time_is_found_once_and_in_order() {
        check("daily 05:30", "2026-10-01 05:29", "2026-10-01 05:30", &["2026-10-01 05:30"]);
        check("daily 05:30", "2026-10-01 05:30", "2026-10-02 05:29", &[]);
        let days = ["2026-02-28 00:00", "2026-03-01 00:00", "2026-03-02 00:00"];
        check("daily 00:00", "2026-02-27 12:00", "2026-03-02 23:59", &days);
        let quarters = ["2026-10-01 00:00", "2026-10-01 00:15", "2026-10-01 00:30"];
        check("every 15 minutes", "2026-09-30 23:45", "2026-10-01 00:44", &quarters);
        check("every 60 minutes", "2026-10-01 00:10", "2026-10-01 01:00", &["2026-10-01 01:00"]);
    }

    #[test]
    fn short_months_have_a_last_day() {
        let ends = ["2028-01-31 06:00", "2028-02-29 06:00", "2028-03-31 06:00"];
        check("monthly 31 06:00", "2028-01-15 00:00", "2028-04-01 00:00", &ends);
        check("monthly 1 00:00", "2025-12-01 00:00", "2026-01-01 00:00", &["2026-01-01 00:00"]);
        check("monthly 10 23:59", "2026-01-09 00:00", "2026-01-10 23:58", &[]);
    }

    #[test]
    fn a_clock_set_back_finds_nothing() {
        check("every 1 minutes", "2026-10-02 00:00", "2026-10-01 00:00", &[]);
        check("every 1 minutes", "2026-10-01 00:00", "2026-10-01 00:00", &[]);
    }

    #[test]
    fn after_a_long_time_the_newest_are_caught_up() {
        let schedule: Schedule = "every 5 minutes".parse().unwrap();
        let due = schedule.due_between(at("2024-01-01 00:00"), at("2026-01-01 00:00"));
        assert_eq!(due.len(), MISSED_KEPT);
        assert_eq!(due.first(), Some(&at("2025-12-31 21:30")));
        assert_eq!(due.last(), Some(&at("2026-01-01 00:00")));
    }

    #[test]
    fn schedules_are_read_and_shown() {
        for text in ["every 5 minutes", "every 1440 minutes", "daily 00:00", "monthly 31 23:59"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "every 0 minutes",
            "every 1441 minutes",
            "every +5 minutes",
            "every 5",
            "daily 24:00",
            "daily 5:30",
            "daily 05:60",
            "monthly 0 05:00",
            "monthly 32 05:00",
            "monthly 05:00",
            "*/5 * * * *",
            "daily  05:30",
        ] {
            let error = wrong.parse::<Schedule>().unwrap_err();
            assert!(error.to_string().contains("daily HH:MM"), "{wrong}");
        }
    }

    #[test]
    fn the_edges_of_time_are_survived() {
        for schedule in [Schedule::Every(7), Schedule::Daily(1439), Schedule::Monthly(31, 0)] {
            for edge in [i64::MIN, i64::MIN + 1, 0, i64::MAX - 1, i64::MAX] {
                let edge = Moment::from_unix_micros(edge);
                let all = schedule.due_between(Moment::from_unix_micros(i64::MIN), edge);
                assert!(all.len() <= MISSED_KEPT);
            }
        }
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        prop_oneof![
            (1u32..=1440).prop_map(Schedule::Every),
            (0u32..1440).prop_map(Schedule::Daily),
            (1u32..=31, 0u32..1440).prop_map(|(day, at)| Schedule::Monthly(day, at)),
        ]
    }

    proptest! {
        /// Looking twice, at any moment in between, finds the same due times as looking once.
        #[test]
        fn two_looks_find_what_one_look_finds(
            schedule in any_schedule(),
            start in 0i64..4_000_000_000,
            first in 0i64..90_000,
            second in 0i64..90_000,
        ) {
            let moment = |secs: i64| Moment::from_unix_micros(secs * 1_000_000);
            let (a, b, c) = (moment(start), moment(start + first), moment(start + first + second));
            let once = schedule.due_between(a, c);
            prop_assume!(once.len() < MISSED_KEPT);
            let mut twice = schedule.due_between(a, b);
            twice.extend(schedule.due_between(b, c));
            prop_assert_eq!(&once, &twice);
            prop_assert!(once.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(once.iter().all(|due| *due > a && *due <= c));
        }
    }
}
