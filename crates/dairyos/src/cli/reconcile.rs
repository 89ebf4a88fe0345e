//! The arguments of `reconcile`.
//!
//! They deliberately have no way to mend what was found.

use clap::{Args, Subcommand, ValueEnum};
use domain::calendar::Day;
use domain::reconciliation::{IssueState, Severity};

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ReconcileArgs {
    /// The business day, such as 2026-10-05; yesterday when absent.
    #[arg(long, value_parser = |text: &str| Day::parse(text))]
    pub date: Option<Day>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The work on issues.
    #[command(subcommand)]
    pub command: Option<ReconcileCommand>,
}

impl ReconcileArgs {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match &self.command {
            None => self.json,
            Some(ReconcileCommand::List(args)) => args.json,
            Some(ReconcileCommand::Issues(args)) => args.json,
            Some(ReconcileCommand::Assign(args)) => args.json,
            Some(ReconcileCommand::Close(args)) => args.json,
            Some(ReconcileCommand::Reopen(args)) => args.json,
        }
    }
}

/// The commands of `reconcile`.
#[derive(Debug, Subcommand)]
pub enum ReconcileCommand {
    /// List the days that were compared, the latest first.
    List(ReconcileListArgs),
    /// List issues as they were found last.
    Issues(ReconcileIssuesArgs),
    /// Give an issue to somebody who looks after it.
    Assign(AssignArgs),
    /// Close an issue with a note; it stays closed while it is found with the same amounts.
    Close(CloseArgs),
    /// Open a closed issue again.
    Reopen(ReopenArgs),
}

/// Arguments of `reconcile list`.
#[derive(Debug, Args)]
pub struct ReconcileListArgs {
    /// Only days before this one: the next page.
    #[arg(long, value_parser = |text: &str| Day::parse(text), value_name = "DATE")]
    pub before: Option<Day>,
    /// At most so many.
    #[arg(long, default_value_t = app::reconciliation::LIST_DEFAULT, value_parser =
        clap::value_parser!(u16).range(1..=i64::from(app::reconciliation::LIST_MOST)))]
    pub limit: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The state of an issue on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateArg {
    /// Nobody looks after it.
    Open,
    /// Somebody does.
    Assigned,
    /// Settled, with a note.
    Closed,
}

impl From<StateArg> for IssueState {
    fn from(arg: StateArg) -> Self {
        match arg {
            StateArg::Open => Self::Open,
            StateArg::Assigned => Self::Assigned,
            StateArg::Closed => Self::Closed,
        }
    }
}

/// The severity of an issue on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SeverityArg {
    /// Money is missing, in the books or in the world.
    Error,
    /// Somebody should act.
    Warning,
    /// Good to know.
    Info,
}

impl From<SeverityArg> for Severity {
    fn from(arg: SeverityArg) -> Self {
        match arg {
            SeverityArg::Error => Self::Error,
            SeverityArg::Warning => Self::Warning,
            SeverityArg::Info => Self::Info,
        }
    }
}

/// Arguments of `reconcile issues`.
#[derive(Debug, Args)]
pub struct ReconcileIssuesArgs {
    /// Only issues in this state.
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
    /// Only issues as grave as this.
    #[arg(long, value_enum)]
    pub severity: Option<SeverityArg>,
    /// Only issues before this one: the next page.
    #[arg(long, value_name = "ID")]
    pub before: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = app::reconciliation::LIST_DEFAULT, value_parser =
        clap::value_parser!(u16).range(1..=i64::from(app::reconciliation::LIST_MOST)))]
    pub limit: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reconcile assign`.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// The issue's number.
    pub id: i64,
    /// The number of the person who looks after it.
    #[arg(long)]
    pub person: i64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reconcile close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The issue's number.
    pub id: i64,
    /// What was found and done.
    #[arg(long)]
    pub note: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reconcile reopen`.
#[derive(Debug, Args)]
pub struct ReopenArgs {
    /// The issue's number.
    pub id: i64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
