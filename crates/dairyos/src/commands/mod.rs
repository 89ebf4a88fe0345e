//! The commands: each opens the database, asks `app`, and prints.
//!
//! They deliberately know no rule; a command that succeeded but found something wrong says so by
//! `false`, which becomes exit code 1.

mod audit;
mod bills;
mod cash;
mod config;
mod entitlements;
mod explain;
mod generate;
mod import;
mod init;
mod jobs;
mod ledger;
mod migrate;
mod payments;
mod people;
mod plans;
mod reconcile;
mod serve;
mod verify;
mod webhooks;
mod work;

use crate::cli::{AuditCommand, JobsCommand};
use crate::cli::{BillsCommand, Cli, Command, DEFAULT_DATABASE, LedgerCommand};
use crate::clock;
use crate::settings::{self, Settings, environment};
use app::payments::Desk;
use app::{Actor, AppError};
use std::path::PathBuf;
use store::Store;

/// What every command works with.
pub struct Context {
    database: String,
    config: Option<PathBuf>,
    actor: Actor,
}

impl Context {
    fn open(&self) -> Result<Store, AppError> {
        Ok(Store::open(&self.database)?)
    }

    /// The settings.
    fn settings(&self) -> Result<Settings, AppError> {
        let loaded = settings::of_commands(self.config.as_deref(), &environment::read());
        loaded.map_err(|error| AppError::BadArgument(error.to_string()))
    }

    /// What the settings say about payments.
    fn payments(&self) -> Result<Desk, AppError> {
        settings::payments::desk(&self.settings()?, |_| {})
            .map_err(|problems| settings::payments::error(&problems))
    }
}

/// Executes a command; `false` when it found something wrong.
pub fn execute(cli: Cli) -> Result<bool, AppError> {
    let actor = Actor::program(cli.actor, clock::now());
    // A variable that is set to nothing says nothing.
    let config = cli.config.filter(|path| !path.as_os_str().is_empty());
    let named = cli.database.filter(|url| !url.is_empty());
    if let Command::Config(command) = &cli.command {
        let source = config::Source { file: config.as_deref(), database: named.as_deref() };
        return config::execute(&source, command);
    }
    if let Command::Serve(args) = &cli.command {
        return serve::execute(config.as_deref(), named, args);
    }
    let database = match (named, &config) {
        (Some(url), _) => url,
        (None, Some(file)) => {
            let settings = settings::of_commands(Some(file), &environment::read());
            let settings = settings.map_err(|error| AppError::BadArgument(error.to_string()))?;
            settings.database.url.expose().to_owned()
        }
        (None, None) => DEFAULT_DATABASE.to_owned(),
    };
    let context = Context { database, config, actor };
    match cli.command {
        Command::Init(args) => init::execute(&context, args),
        Command::Import(args) => import::execute(&context, &args),
        Command::Bills(BillsCommand::Run(args)) => bills::run(&context, &args),
        Command::Bills(BillsCommand::Issue(args)) => bills::issue(&context, &args),
        Command::Bills(BillsCommand::List(args)) => bills::list(&context, &args),
        Command::Bills(BillsCommand::Show(args)) => bills::show(&context, &args),
        Command::Explain(args) => explain::execute(&context, &args),
        Command::Ledger(LedgerCommand::Balances(args)) => ledger::balances(&context, &args),
        Command::Ledger(LedgerCommand::Export(args)) => ledger::export(&context, &args),
        Command::People(command) => people::execute(&context, &command),
        Command::Verify(args) => verify::execute(&context, &args),
        Command::Payments(command) => payments::execute(&context, &command),
        Command::Cash(command) => cash::execute(&context, &command),
        Command::Plans(command) => plans::execute(&context, &command),
        Command::Entitlements(command) => entitlements::execute(&context, &command),
        Command::Reconcile(args) => reconcile::execute(&context, &args),
        Command::Webhooks(command) => webhooks::execute(&context, &command),
        Command::Jobs(JobsCommand::List(args)) => jobs::list(&context, &args),
        Command::Jobs(JobsCommand::Show(args)) => jobs::show(&context, &args),
        Command::Jobs(JobsCommand::Requeue(args)) => jobs::requeue(&context, &args),
        Command::Jobs(JobsCommand::Cancel(args)) => jobs::cancel(&context, &args),
        Command::Work(args) => work::execute(&context, &args),
        Command::Audit(AuditCommand::List(args)) => audit::list(&context, &args),
        Command::Migrate => migrate::execute(&context),
        Command::Generate(args) => generate::execute(&context, &args),
        // Done above: they find their database in the settings.
        Command::Config(_) | Command::Serve(_) => Ok(true),
    }
}
