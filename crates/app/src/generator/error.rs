//! Why a demo dairy could not be made, in sentences that say what to do.
//!
//! It deliberately has no kind for wrong data: the generator reads none.

use super::{MAX_CUSTOMERS, MAX_MONTHS};
use domain::calendar::Month;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a demo dairy could not be made.
#[derive(Debug, Error)]
pub enum GeneratorError {
    /// No customers, or too many.
    #[error(
        "a demo dairy with {given} customers cannot be made; expected 1 to {MAX_CUSTOMERS} \
         customers"
    )]
    Customers {
        /// The number asked for.
        given: u32,
    },
    /// No months, or too many.
    #[error("a demo dairy of {given} months cannot be made; expected 1 to {MAX_MONTHS} months")]
    Months {
        /// The number asked for.
        given: u32,
    },
    /// The first month would be before the calendar begins.
    #[error(
        "{months} months that end with {last_month} would begin before 1900-01; ask for fewer \
         months or a later last month"
    )]
    TooEarly {
        /// The number of months asked for.
        months: u32,
        /// The last month asked for.
        last_month: Month,
    },
    /// The place of the folder is taken by something that is not a folder.
    #[error(
        "{} is not a folder, so no files can be written into it; name a folder, or a path where \
         nothing is yet",
        path.display()
    )]
    NotAFolder {
        /// The path that was given.
        path: PathBuf,
    },
    /// The folder holds files that this program did not make up.
    #[error(
        "{} is there already and was not made up by this command, so it is left alone; name \
         another folder",
        path.display()
    )]
    Occupied {
        /// The file that would be overwritten.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(
        "cannot {doing} {}: {source}; check that you may write there and that the disk has room, \
         then run it again",
        path.display()
    )]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
}
