//! The benchmark of the running service: start, memory, one bill beside a bare handler, mixed
//! traffic.
//!
//! It deliberately knows the service only by its commands and its API.

pub mod bare;
mod bill;
mod course;
mod entitlement;
mod mixed;
pub mod process;
mod script;
pub mod serving;
pub mod session;
pub mod stock;
pub mod world;

use crate::failure::Failure;
use crate::options::ServiceOptions;
use crate::turns;
use course::Course;

/// Measures on every database asked for; returns whether every bound is met.
pub fn run(options: &ServiceOptions) -> Result<bool, Failure> {
    turns::on_each("service", &options.setting, |database, folder| {
        Course::new(options, database, folder).run()
    })
}

/// The middle value; of an even number, the larger of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |values: &[f64]| format!("{}", median(values.to_vec()));
        assert_eq!(of(&[3.0, 9.0, 1.0]), "3");
        assert_eq!(of(&[4.0, 1.0]), "4");
        assert_eq!(of(&[]), "0");
    }
}
