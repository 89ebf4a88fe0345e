//! The benchmark of a month's bills.
//!
//! It deliberately knows only bills; what all benchmarks share is beside it.

mod course;
mod floor;
mod usual;

use crate::failure::Failure;
use crate::options::BillsOptions;
use crate::turns;
use course::Course;

/// Measures on every database asked for; returns whether every bound is met.
pub fn run(options: &BillsOptions) -> Result<bool, Failure> {
    turns::on_each("bills", &options.setting, |database, folder| {
        Course::new(options, database, folder).run()
    })
}
