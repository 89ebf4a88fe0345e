//! The arguments of `plans` and `entitlements`.
//!
//! They deliberately have no way to give or take a feature by hand.

use clap::{Args, Subcommand};
use domain::money::Money;

/// The commands of `plans`.
#[derive(Debug, Subcommand)]
pub enum PlansCommand {
    /// List all plans, the cheapest first.
    List(PlansListArgs),
    /// Show one plan.
    Show(PlanArgs),
    /// Add a plan.
    Add(PlanAddArgs),
    /// Change a plan, for payments that come after it.
    Change(PlanChangeArgs),
}

impl PlansCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Add(args) => args.json,
            Self::Change(args) => args.json,
        }
    }
}

/// Arguments of `plans list`.
#[derive(Debug, Args)]
pub struct PlansListArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A plan.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The plan's code.
    pub code: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `plans add`.
#[derive(Debug, Args)]
pub struct PlanAddArgs {
    /// The plan's code: 1 to 40 of a-z, 0-9, _ and -.
    pub code: String,
    /// Its name for people.
    #[arg(long)]
    pub name: String,
    /// The price of one payment in rupees; 0 for a plan that is everybody's.
    #[arg(long, value_parser = Money::parse)]
    pub price: Money,
    /// The features, with commas between; * for all.
    #[arg(long, value_delimiter = ',', required = true)]
    pub features: Vec<String>,
    /// For how many days one payment gives them.
    #[arg(long, default_value_t = domain::entitlements::DEFAULT_DAYS)]
    pub days: u32,
    /// Do not sell it yet.
    #[arg(long)]
    pub inactive: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `plans change`.
#[derive(Debug, Args)]
pub struct PlanChangeArgs {
    /// The plan's code.
    pub code: String,
    /// Its name for people.
    #[arg(long)]
    pub name: Option<String>,
    /// The price of one payment in rupees.
    #[arg(long, value_parser = Money::parse)]
    pub price: Option<Money>,
    /// The features, with commas between; * for all.
    #[arg(long, value_delimiter = ',')]
    pub features: Option<Vec<String>>,
    /// For how many days one payment gives them.
    #[arg(long)]
    pub days: Option<u32>,
    /// Whether it is sold.
    #[arg(long, value_name = "TRUE|FALSE")]
    pub active: Option<bool>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The commands of `entitlements`.
#[derive(Debug, Subcommand)]
pub enum EntitlementsCommand {
    /// Show what a customer may use, and by which payment; or check one feature.
    Show(EntitlementsShowArgs),
}

impl EntitlementsCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::Show(args) => args.json,
        }
    }
}

/// Arguments of `entitlements show`.
#[derive(Debug, Args)]
pub struct EntitlementsShowArgs {
    /// The customer's code.
    #[arg(long, value_name = "CODE")]
    pub customer: String,
    /// Only whether they may use this feature; exit code 1 if not.
    #[arg(long)]
    pub feature: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
