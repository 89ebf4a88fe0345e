//! The one clock of the program.
//!
//! It deliberately is read once per command; everything the command does happens at that moment.

use domain::calendar::Moment;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
pub fn now() -> Moment {
    Moment::from_unix_micros(jiff::Timestamp::now().as_microsecond())
}
