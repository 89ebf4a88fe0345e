//! The arguments of `cash`.
//!
//! They deliberately have no way to change a hand-over.

use clap::{Args, Subcommand};
use domain::money::Money;

/// The commands of `cash`.
#[derive(Debug, Subcommand)]
pub enum CashCommand {
    /// Show what everybody has in hand, or one person with what came since the last hand-over.
    Show(CashShowArgs),
    /// Record that somebody hands over all the cash they have in hand, counted by denomination.
    HandOver(HandOverArgs),
    /// List hand-overs, the latest first, or show one.
    HandOvers(HandOversArgs),
}

impl CashCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::Show(args) => args.json,
            Self::HandOver(args) => args.json,
            Self::HandOvers(args) => args.json,
        }
    }
}

/// Arguments of `cash show`.
#[derive(Debug, Args)]
pub struct CashShowArgs {
    /// The person's login; without it everybody is shown.
    pub login: Option<String>,
    /// Where the page before ended.
    #[arg(long, value_name = "PLACE")]
    pub after: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Notes or coins of one value: `500x3`.
fn pieces(text: &str) -> Result<(i64, i64), String> {
    let read = |text: &str| text.trim().parse::<i64>().ok();
    text.split_once(['x', 'X'])
        .and_then(|(value, count)| Some((read(value)?, read(count)?)))
        .ok_or_else(|| "expected VALUExCOUNT, such as 500x3".to_owned())
}

/// Arguments of `cash hand-over`.
#[derive(Debug, Args)]
pub struct HandOverArgs {
    /// The login of who hands over.
    #[arg(long, value_name = "LOGIN")]
    pub giver: String,
    /// The login of who takes it, or bank.
    #[arg(long, value_name = "LOGIN")]
    pub taker: String,
    /// Notes and coins, such as 500x3,100x2.
    #[arg(long, value_delimiter = ',', value_name = "VALUExCOUNT", value_parser = pieces)]
    pub pieces: Vec<(i64, i64)>,
    /// Coins that were counted together, in rupees.
    #[arg(long, default_value = "0", value_name = "RUPEES", value_parser = Money::parse)]
    pub coins: Money,
    /// Accept what is missing; it is posted under the giver's name.
    #[arg(long)]
    pub accept_shortage: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `cash hand-overs`.
#[derive(Debug, Args)]
pub struct HandOversArgs {
    /// The number of one hand-over.
    pub id: Option<i64>,
    /// Only those by whom this person has handed over.
    #[arg(long, value_name = "LOGIN", conflicts_with = "id")]
    pub giver: Option<String>,
    /// Where the page before ended.
    #[arg(long, value_name = "PLACE", conflicts_with = "id")]
    pub after: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
