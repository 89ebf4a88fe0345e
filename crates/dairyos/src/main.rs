//! The program `dairyos`: command line, wiring, and the process's exit code.
//!
//! It deliberately holds no rule and no SQL; it asks `app` and prints the answer.

mod cli;
mod clock;
mod commands;
mod output;
mod random;

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
