//! The command line: names, arguments and help. Other programs call these commands; they are
//! stable.
//!
//! It deliberately checks only the form of arguments; what they mean is decided by the commands.

mod asked;
mod audit;
mod cash;
mod jobs;
mod page;
mod payments;
pub mod people;
mod plans;
mod reconcile;
mod webhooks;

pub use audit::{AuditCommand, AuditListArgs};
pub use cash::{CashCommand, CashShowArgs, HandOverArgs, HandOversArgs};
pub use jobs::{JobArgs, JobShowArgs, JobsCommand, JobsListArgs, WorkArgs};

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::billing::{BillPrefix, RoundOff};
use domain::calendar::Month;
use domain::customers::{Fssai, Gstin, State};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use asked::{PayOutArgs, RefundArgs, RefundsArgs, RequestArgs, RequestsArgs, UpiArgs};
pub use payments::{PaymentsCommand, PaymentsListArgs, RecordArgs};
pub use people::PeopleCommand;
pub use plans::{EntitlementsCommand, PlansCommand};
pub use reconcile::{ReconcileArgs, ReconcileCommand, ReconcileIssuesArgs};
pub use webhooks::{ReplayArgs, WebhooksCommand, WebhooksListArgs};

/// Where the database is when nothing is said.
pub const DEFAULT_DATABASE: &str = "sqlite:dairyos.db";

/// The system of record for milk dairies: what was delivered is billed exactly once.
#[derive(Debug, Parser)]
#[command(name = "dairyos", version, max_term_width = 100)]
pub struct Cli {
    /// Where the database is.
    #[arg(
        long,
        help = "The database: sqlite:FILE or postgres://user@host/name [default: that of the \
                settings, sqlite:dairyos.db]",
        global = true,
        env = "DAIRYOS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database: Option<String>,
    /// A file with settings, as `config.default.toml` describes them.
    #[arg(
        long,
        help = "A file with settings",
        global = true,
        env = "DAIRYOS_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub config: Option<PathBuf>,
    /// Who is at work, for the audit trail.
    #[arg(long, global = true, env = "USER", default_value = "unknown", hide_env_values = true)]
    pub actor: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether the answer was asked for as JSON; errors are then JSON too.
    pub const fn wants_json(&self) -> bool {
        match &self.command {
            Command::Init(args) => args.json,
            Command::Import(args) => args.json,
            Command::Bills(BillsCommand::Run(args)) => args.json,
            Command::Bills(BillsCommand::Issue(args)) => args.json,
            Command::Bills(BillsCommand::List(args)) => args.json,
            Command::Bills(BillsCommand::Show(args)) => args.json,
            Command::Explain(args) => args.json,
            Command::Ledger(LedgerCommand::Balances(args)) => args.json,
            Command::Verify(args) => args.json,
            Command::People(command) => command.wants_json(),
            Command::Payments(command) => command.wants_json(),
            Command::Cash(command) => command.wants_json(),
            Command::Webhooks(command) => command.wants_json(),
            Command::Plans(command) => command.wants_json(),
            Command::Entitlements(command) => command.wants_json(),
            Command::Reconcile(args) => args.wants_json(),
            Command::Generate(args) => args.json,
            Command::Config(ConfigCommand::Show(args) | ConfigCommand::Check(args)) => args.json,
            Command::Jobs(JobsCommand::List(args)) => args.json,
            Command::Jobs(JobsCommand::Show(args)) => args.json,
            Command::Audit(AuditCommand::List(args)) => args.json,
            Command::Jobs(JobsCommand::Requeue(_) | JobsCommand::Cancel(_))
            | Command::Work(_)
            | Command::Ledger(LedgerCommand::Export(_))
            | Command::Migrate
            | Command::Serve(_) => false,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a database for a business.
    Init(InitArgs),
    /// Import CSV files: a folder of them, or one file with its kind.
    Import(ImportArgs),
    /// Make, issue and show bills.
    #[command(subcommand)]
    Bills(BillsCommand),
    /// Show every delivery, price and ledger entry behind a bill or one of its lines.
    Explain(ExplainArgs),
    /// Show and export the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Add, list, reset, disable and unlock the people who sign in.
    #[command(subcommand)]
    People(PeopleCommand),
    /// Record, list, show, clear, take back and match payments.
    #[command(subcommand)]
    Payments(PaymentsCommand),
    /// Show the cash that people have in hand, and record hand-overs of it.
    #[command(subcommand)]
    Cash(CashCommand),
    /// List, show, add and change the plans that customers can buy.
    #[command(subcommand)]
    Plans(PlansCommand),
    /// Show what customers may use, and why.
    #[command(subcommand)]
    Entitlements(EntitlementsCommand),
    /// Show what gateways told, and have it processed again.
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Compare bills, payments, the ledger, the gateways and the cash as of a day; exit code 1 if
    /// there are errors.
    Reconcile(ReconcileArgs),
    /// Check every invariant of the database; exit code 1 if any is broken.
    Verify(VerifyArgs),
    /// Show jobs, and step in.
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Do jobs, and enqueue those that come again, until Ctrl-C.
    Work(WorkArgs),
    /// Show the audit trail: who did what when.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Bring the tables of a database up to date with this program.
    Migrate,
    /// Write CSV files of a made-up dairy, of any size.
    Generate(GenerateArgs),
    /// Run the service: the API over HTTP, and the worker of jobs.
    Serve(ServeArgs),
    /// Show and check the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Listen on this address and port instead of that of the settings.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Leave jobs to other processes.
    #[arg(long)]
    pub no_worker: bool,
}

/// The commands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting, its value and where it comes from; secrets are masked.
    Show(ConfigArgs),
    /// Say what is wrong with the settings; exit code 1 if anything is.
    Check(ConfigArgs),
}

/// Arguments of the commands of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The business's name, as on papers.
    #[arg(long)]
    pub name: String,
    /// The State it supplies from: GST code or name, such as 24 or Gujarat.
    #[arg(long, value_parser = |text: &str| State::parse(text))]
    pub state: State,
    /// Its GSTIN, if it is registered.
    #[arg(long, value_parser = |text: &str| Gstin::parse(text))]
    pub gstin: Option<Gstin>,
    /// Its FSSAI licence number: 14 digits.
    #[arg(long, value_parser = |text: &str| Fssai::parse(text))]
    pub fssai: Option<Fssai>,
    /// The start of its bill numbers: 1 to 3 of A-Z, 0-9 and -, not starting with 0 or -.
    #[arg(long, default_value = "INV", value_parser = |text: &str| BillPrefix::parse(text))]
    pub bill_prefix: BillPrefix,
    /// Whether bills are brought to whole rupees.
    #[arg(long, default_value = "none", value_enum)]
    pub round_off: RoundOffArg,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The round-off setting on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoundOffArg {
    /// Bills keep their paise.
    None,
    /// Bills are whole rupees, 50 paise up.
    Rupee,
}

impl From<RoundOffArg> for RoundOff {
    fn from(arg: RoundOffArg) -> Self {
        match arg {
            RoundOffArg::None => Self::None,
            RoundOffArg::Rupee => Self::Rupee,
        }
    }
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A folder with customers.csv, products.csv, prices.csv, deliveries.csv, orders.csv; or, with
    /// --kind, one file.
    pub path: PathBuf,
    /// What the file holds.
    #[arg(long, value_enum)]
    pub kind: Option<KindArg>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A kind of file on the command line; the columns are its help.
#[expect(clippy::doc_markdown, reason = "the text is shown as it is")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KindArg {
    /// code,name,phone,email,language,address,pincode,state,gstin,route,opening_balance,
    /// billing_mode
    Customers,
    /// sku,name,unit,hsn,tax_rate,price,tax_inclusive
    Products,
    /// sku,customer_code,effective_from,price
    Prices,
    /// reference,date,shift,customer_code,sku,quantity,status
    Deliveries,
    /// reference,ordered_on,delivery_date,customer_code,sku,quantity,status,price
    Orders,
}

impl From<KindArg> for app::import::Kind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::Customers => Self::Customers,
            KindArg::Products => Self::Products,
            KindArg::Prices => Self::Prices,
            KindArg::Deliveries => Self::Deliveries,
            KindArg::Orders => Self::Orders,
        }
    }
}

/// The commands of `bills`.
#[derive(Debug, Subcommand)]
pub enum BillsCommand {
    /// Compute a month's bills as drafts; with --issue, issue them at once.
    Run(RunArgs),
    /// Issue a month's drafts as they stand.
    Issue(IssueArgs),
    /// List a month's bills.
    List(ListArgs),
    /// Show one bill, by number or by customer and month.
    Show(ShowArgs),
}

/// Arguments of `bills run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The month, such as 2026-10.
    #[arg(long, value_parser = |text: &str| Month::parse(text))]
    pub month: Month,
    /// Number, post and fix the bills as well.
    #[arg(long)]
    pub issue: bool,
    /// Keep nothing; only show what would happen.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bills issue`.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// The month, such as 2026-10.
    #[arg(long, value_parser = |text: &str| Month::parse(text))]
    pub month: Month,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bills list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The month, such as 2026-10.
    #[arg(long, value_parser = |text: &str| Month::parse(text))]
    pub month: Month,
    /// Print JSON: an array of bills with their lines.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV: one row a bill.
    #[arg(long)]
    pub csv: bool,
}

/// Arguments of `bills show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The bill's number, such as INV/26-27/000001.
    #[arg(required_unless_present = "customer", conflicts_with_all = ["customer", "month"])]
    pub number: Option<String>,
    /// The customer's code, with --month.
    #[arg(long, requires = "month")]
    pub customer: Option<String>,
    /// The month, such as 2026-10, with --customer.
    #[arg(long, requires = "customer", value_parser = |text: &str| Month::parse(text))]
    pub month: Option<Month>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The bill's number, or the number with a line: INV/26-27/000001/2.
    pub subject: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The commands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Show the balances of accounts and customers.
    Balances(BalancesArgs),
    /// Write the whole journal for another program.
    Export(ExportArgs),
}

/// Arguments of `ledger balances`.
#[derive(Debug, Args)]
pub struct BalancesArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ledger export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The form.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
}

/// A form of the journal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportFormat {
    /// For hledger and ledger-cli.
    Hledger,
    /// For beancount.
    Beancount,
    /// One row an entry.
    Csv,
}

impl From<ExportFormat> for app::ledger::Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Hledger => Self::Hledger,
            ExportFormat::Beancount => Self::Beancount,
            ExportFormat::Csv => Self::Csv,
        }
    }
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// How many customers.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub customers: u32,
    /// How many months of deliveries.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub months: u32,
    /// The same seed and the same months give the same files, byte by byte.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The last month; when absent, the last one that is over.
    #[arg(long, value_parser = |text: &str| Month::parse(text))]
    pub last_month: Option<Month>,
    /// The folder to write.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
