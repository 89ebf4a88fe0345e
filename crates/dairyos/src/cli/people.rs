//! The command line of `dairyos people`.
//!
//! It deliberately has no option for a password: one that is typed into a command line is kept in
//! its history.

use clap::{Args, Subcommand};
use domain::access::Role;

/// The commands of `people`.
#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Add a person; prints the initial password once.
    Add(AddArgs),
    /// List people.
    List(ListPeopleArgs),
    /// Give a person a new initial password, and end their sessions.
    ResetPassword(ResetArgs),
    /// Let a person sign in no more, and end their sessions.
    Disable(PersonArgs),
    /// Let a disabled person sign in again.
    Enable(PersonArgs),
    /// Remove a person's failures to sign in, and with them all locks.
    Unlock(PersonArgs),
}

impl PeopleCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::Add(args) => args.json,
            Self::List(args) => args.json,
            Self::ResetPassword(args) => args.json,
            Self::Disable(args) | Self::Enable(args) | Self::Unlock(args) => args.json,
        }
    }
}

/// Arguments of `people add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What the person signs in with: an e-mail address or an Indian mobile number.
    #[arg(long)]
    pub login: String,
    /// The person's name.
    #[arg(long)]
    pub name: String,
    /// owner, admin, accountant, dispatcher, rider or customer.
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// The code of the customer that the person is, with --role customer.
    #[arg(long, value_name = "CODE")]
    pub customer: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `people list`.
#[derive(Debug, Args)]
pub struct ListPeopleArgs {
    /// Only people of this role.
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `people reset-password`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The person's login.
    pub login: String,
    /// Remove the second factor too: for a person who has lost it and whom you know.
    #[arg(long)]
    pub second_factor: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of commands about one person.
#[derive(Debug, Args)]
pub struct PersonArgs {
    /// The person's login.
    pub login: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
        format!("expected one of {}", words.join(", "))
    })
}
