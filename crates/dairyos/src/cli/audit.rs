//! The arguments of `audit`.
//!
//! They deliberately have no command that writes or seals: the trail is written with each change.

use app::audit::LIST_MOST;
use clap::{Args, Subcommand};
use domain::calendar::Day;

/// The commands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List the audit trail, the newest rows first.
    List(AuditListArgs),
}

/// Arguments of `audit list`.
#[derive(Debug, Args)]
pub struct AuditListArgs {
    /// Only rows about this table, such as customers.
    #[arg(long)]
    pub table: Option<String>,
    /// Only rows about this record of the table, such as C-001 or INV/26-27/000001.
    #[arg(long, requires = "table")]
    pub record: Option<String>,
    /// Only rows of the person with this id.
    #[arg(long, value_name = "ID")]
    pub person: Option<i64>,
    /// Only rows of this action, such as issue.
    #[arg(long)]
    pub action: Option<String>,
    /// Only rows from this day on, such as 2026-10-05.
    #[arg(long, value_name = "DAY", value_parser = |text: &str| Day::parse(text))]
    pub from: Option<Day>,
    /// Only rows up to the end of this day.
    #[arg(long, value_name = "DAY", value_parser = |text: &str| Day::parse(text))]
    pub to: Option<Day>,
    /// The page after this one, as the page before it has named it.
    #[arg(long, conflicts_with = "csv")]
    pub cursor: Option<String>,
    /// At most so many rows.
    #[arg(long, default_value_t = app::audit::LIST_DEFAULT, conflicts_with = "csv",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_MOST)))]
    pub limit: u32,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print all rows as CSV.
    #[arg(long)]
    pub csv: bool,
}
