//! The one error of this program: a sentence for the person who measures.
//!
//! It deliberately has no kinds: nothing here is retried, a failed step ends the benchmark.

use std::error::Error;
use std::fmt::{self, Display};

/// Why a benchmark ended: what happened, where, and what to do next.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure in its own words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when a library failed.
pub trait Doing<T> {
    /// `what` continues "could not …".
    fn doing(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Error> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| {
            let mut message = format!("could not {what}: {error}");
            let mut cause = error.source();
            // PostgreSQL's client says only "db error"; the reason is in the causes.
            while let Some(inner) = cause {
                message.push_str(&format!(": {inner}"));
                cause = inner.source();
            }
            Failure(message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Doing;

    #[test]
    fn a_failure_names_the_step_and_the_cause() {
        let error = "x".parse::<u8>().doing("read a number").unwrap_err();
        assert_eq!(error.to_string(), "could not read a number: invalid digit found in string");
    }
}
