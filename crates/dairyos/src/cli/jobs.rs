//! The arguments of `jobs` and `work`.
//!
//! They deliberately have no command that enqueues: jobs are enqueued with their cause.

use app::jobs::{LIST_MOST, THREADS, THREADS_MOST};
use clap::{Args, Subcommand, ValueEnum};
use domain::jobs::State;

/// The commands of `jobs`.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs, the newest first.
    List(JobsListArgs),
    /// Show one job with its payload, last error and result.
    Show(JobShowArgs),
    /// Make a dead or cancelled job wait again, with all its attempts.
    Requeue(JobArgs),
    /// Take back a job that waits.
    Cancel(JobArgs),
}

/// Arguments of `jobs list`.
#[derive(Debug, Args)]
pub struct JobsListArgs {
    /// Only jobs in this state.
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
    /// Only jobs of this kind, such as bills.run.
    #[arg(long)]
    pub kind: Option<String>,
    /// Only jobs older than this one: the next page.
    #[arg(long, value_name = "ID")]
    pub before: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = app::jobs::LIST_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_MOST)))]
    pub limit: u32,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The state of a job on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateArg {
    /// To be done once it is due.
    Waiting,
    /// At work.
    Running,
    /// Done.
    Done,
    /// Given up.
    Dead,
    /// Taken back.
    Cancelled,
}

impl From<StateArg> for State {
    fn from(arg: StateArg) -> Self {
        match arg {
            StateArg::Waiting => Self::Waiting,
            StateArg::Running => Self::Running,
            StateArg::Done => Self::Done,
            StateArg::Dead => Self::Dead,
            StateArg::Cancelled => Self::Cancelled,
        }
    }
}

/// Arguments of `jobs show`.
#[derive(Debug, Args)]
pub struct JobShowArgs {
    /// The job's id.
    pub id: i64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `jobs requeue` and `jobs cancel`.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The job's id.
    pub id: i64,
}

/// Arguments of `work`.
#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Do what is due, then end; exit code 1 if a job was given up.
    #[arg(long)]
    pub once: bool,
    /// How many jobs are done at the same time.
    #[arg(long, default_value_t = THREADS, value_parser = threads)]
    pub threads: usize,
}

fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=THREADS_MOST).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {THREADS_MOST}"))
}
