//! A moment in time: microseconds since 1970-01-01 UTC, which both databases keep exactly, and the
//! Indian business day it falls on (UTC+05:30, no daylight saving).
//!
//! It deliberately knows no other time zone.

use super::Day;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use std::fmt;

/// Seconds that Indian Standard Time is ahead of UTC.
const IST_AHEAD_SECS: i32 = 5 * 3600 + 30 * 60;

/// A moment, in microseconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// A moment from microseconds of Unix time.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Reads RFC 3339, such as `2026-10-05T04:00:00+05:30`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|timestamp| Self(timestamp.as_microsecond()))
    }

    /// Microseconds of Unix time.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// The business day in India at this moment.
    pub fn business_day(self) -> Day {
        let date = self.timestamp().to_zoned(ist()).date();
        Day::new(date.year(), date.month(), date.day()).unwrap_or(Day::MIN)
    }

    /// RFC 3339 in Indian time to the second, such as `2026-10-05T04:00:00+05:30`.
    pub fn rfc3339(self) -> String {
        self.timestamp().to_zoned(ist()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn timestamp(self) -> Timestamp {
        let edge = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(self.0).unwrap_or(edge)
    }
}

fn ist() -> TimeZone {
    Offset::from_seconds(IST_AHEAD_SECS).map_or(TimeZone::UTC, TimeZone::fixed)
}

/// Indian time to the second, such as `2026-10-05 04:00:00 IST`.
impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zoned = self.timestamp().to_zoned(ist());
        formatter.pad(&zoned.strftime("%Y-%m-%d %H:%M:%S IST").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn the_business_day_is_the_indian_one() {
        // 04:00 on 1 April in India is 22:30 UTC on 31 March: the new financial year.
        let dawn = Moment::parse("2026-03-31T22:30:00Z").unwrap();
        assert_eq!(dawn.business_day().to_string(), "2026-04-01");
        assert_eq!(dawn.to_string(), "2026-04-01 04:00:00 IST");
        assert_eq!(dawn.rfc3339(), "2026-04-01T04:00:00+05:30");
        let last = Moment::parse("2026-03-31T23:59:59.999999+05:30").unwrap();
        assert_eq!(last.business_day().to_string(), "2026-03-31");
        assert_eq!(Moment::parse("2026-04-01T00:00:00+05:30").unwrap(), plus(last, 1));
        assert_eq!(Moment::parse("yesterday"), None);
    }

    fn plus(moment: Moment, micros: i64) -> Moment {
        Moment::from_unix_micros(moment.unix_micros() + micros)
    }
}
