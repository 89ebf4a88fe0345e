//! Which page of a list is asked for.
//!
//! It deliberately leaves the meaning of a place to whoever lists.

use clap::Args;

/// A page of a list.
#[derive(Debug, Args)]
pub struct PageArgs {
    /// Where the page before ended.
    #[arg(long, value_name = "PLACE")]
    pub after: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
}
