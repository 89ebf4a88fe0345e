//! Business days, months and financial years of India, and moments in time.
//!
//! It deliberately never asks what time it is: the moment is passed in.

mod day;
mod financial_year;
mod moment;
mod month;

pub use day::{Day, DayError};
pub use financial_year::FinancialYear;
pub use moment::Moment;
pub use month::{Month, MonthError};
