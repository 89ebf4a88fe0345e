//! The one error of this program: a sentence for the developer and an exit code.
//!
//! It deliberately has no kinds: nothing here is retried or handled, a failed step ends the
//! command.

use std::fmt::Display;

/// Why a command ended: what happened, where, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// Complete sentence or sentences, without a leading "error:".
    pub message: String,
    /// The exit code of the program, never 0.
    pub code: u8,
}

impl Failure {
    /// A step failed; exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The command line was not understood; exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Ctrl-C or a request to terminate; exit code 130 as a shell reports it.
    pub fn interrupted() -> Self {
        Self { message: "stopped by a signal".to_owned(), code: 130 }
    }

    /// An operation on a file or program failed: `doing` continues "could not …".
    pub fn io(doing: impl Display, error: &std::io::Error) -> Self {
        Self::new(format!("could not {doing}: {error}"))
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::usage(format!("{error}; add --help to see the options"))
    }
}
