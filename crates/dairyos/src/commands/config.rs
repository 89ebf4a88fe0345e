//! `dairyos config`: shows the settings and says what is wrong with them.
//!
//! It deliberately opens no database and calls nobody; secrets are masked.

use crate::cli::{ConfigArgs, ConfigCommand};
use crate::output::{Output, Side, Table};
use crate::settings;
use crate::settings::environment::{self, Variable};
use app::AppError;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The variable that `--database` stands for.
const DATABASE: &str = "DAIRYOS_DATABASE_URL";

/// Where settings come from, beside the environment.
pub struct Source<'a> {
    /// The file.
    pub file: Option<&'a Path>,
    /// The database named on the command line or by its variable.
    pub database: Option<&'a str>,
}

impl Source<'_> {
    fn variables(&self) -> Vec<Variable> {
        let mut variables = environment::read();
        if let Some(url) = self.database {
            variables.retain(|(name, _)| name != DATABASE);
            let variable: Variable = (DATABASE.to_owned(), Some(url.to_owned()));
            variables.push(variable);
        }
        variables
    }
}

/// Carries out a command of `config`.
pub fn execute(source: &Source<'_>, command: &ConfigCommand) -> Result<bool, AppError> {
    match command {
        ConfigCommand::Show(args) => show(source, args),
        ConfigCommand::Check(args) => check(source, args),
    }
}

/// Prints every setting with its source.
fn show(source: &Source<'_>, args: &ConfigArgs) -> Result<bool, AppError> {
    let loaded = settings::load(source.file, &source.variables())
        .map_err(|error| AppError::BadArgument(error.to_string()))?;
    let mut out = Output::new();
    if args.json {
        let all = loaded
            .show()
            .into_iter()
            .map(|shown| (shown.key, json!({ "value": shown.value, "source": shown.source })));
        out.json(&Value::Object(all.collect::<Map<_, _>>()))?;
    } else {
        let mut table =
            Table::new(&[("Setting", Side::Left), ("Value", Side::Left), ("From", Side::Left)]);
        for shown in loaded.show() {
            // Control characters of a value must not reach the terminal; JSON escapes them.
            table.row([shown.key, shown.value.to_string(), shown.source]);
        }
        out.text(table.show())?;
    }
    out.finish()?;
    Ok(true)
}

/// Prints everything that is wrong, as the service would; `false` if anything is.
fn check(source: &Source<'_>, args: &ConfigArgs) -> Result<bool, AppError> {
    // Nothing is kept of the secrets that would be made.
    let checked = settings::for_serving(source.file, &source.variables(), &mut |bytes| {
        bytes.fill(0);
    });
    let (mode, random, problems) = match checked {
        Ok((settings, made)) => (Some(settings.mode.as_str()), made, Vec::new()),
        Err(error) => (None, Vec::new(), error.0),
    };
    let mut out = Output::new();
    if args.json {
        let good = problems.is_empty();
        out.json(&json!({ "good": good, "mode": mode, "random": random, "problems": problems }))?;
    } else if let Some(mode) = mode {
        out.line(format!("The settings are good for {mode}."))?;
        if !random.is_empty() {
            out.line(format!("Made at random at each start: {}.", random.join(", ")))?;
        }
    } else {
        out.line("The settings cannot be used:")?;
        for problem in &problems {
            out.line(format!("  {}", problem.escape_debug()))?;
        }
    }
    out.finish()?;
    Ok(problems.is_empty())
}
