//! The arguments of `webhooks`.
//!
//! They deliberately have no command that takes in an event; only gateways tell.

use clap::{Args, Subcommand, ValueEnum};
use domain::webhooks::State;

/// The commands of `webhooks`.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// List events of gateways, the latest first.
    List(WebhooksListArgs),
    /// Show one event with its content.
    Show(EventArgs),
    /// Have an event processed again; what is known changes nothing.
    Replay(ReplayArgs),
}

impl WebhooksCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Replay(args) => args.event.json,
        }
    }
}

/// The state of an event on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateArg {
    /// To be processed.
    Received,
    /// In the books.
    Processed,
    /// Not of a kind that we act on.
    Ignored,
    /// To be tried again.
    Failed,
    /// Given up.
    Dead,
}

impl From<StateArg> for State {
    fn from(arg: StateArg) -> Self {
        match arg {
            StateArg::Received => Self::Received,
            StateArg::Processed => Self::Processed,
            StateArg::Ignored => Self::Ignored,
            StateArg::Failed => Self::Failed,
            StateArg::Dead => Self::Dead,
        }
    }
}

/// Arguments of `webhooks list`.
#[derive(Debug, Args)]
pub struct WebhooksListArgs {
    /// Only events in this state.
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
    /// Only events before this one: the next page.
    #[arg(long, value_name = "ID")]
    pub before: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = app::webhooks::LIST_DEFAULT,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(app::webhooks::LIST_MOST)))]
    pub limit: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// An event to be processed again.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub event: EventArgs,
    /// Book the money also when it is another amount than was asked for.
    #[arg(long)]
    pub accept_amount: bool,
}

/// An event.
#[derive(Debug, Args)]
pub struct EventArgs {
    /// The event's number.
    pub id: i64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
