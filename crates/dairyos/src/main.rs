//! The program `dairyos`: command line, wiring, and the process's exit code.
//!
//! It deliberately holds no rule and no SQL; it asks `app` and prints the answer.

mod cli;
mod clock;
mod commands;
#[expect(dead_code, reason = "for the service, which is to come")]
mod logging;
mod output;
#[cfg_attr(not(test), expect(dead_code, reason = "parts are for the service, which is to come"))]
mod settings;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let json = cli.wants_json();
    match commands::execute(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => output::failure(&error, json),
    }
}
