//! The program `dairyos`: command line, wiring, and the process's exit code.
//!
//! It deliberately holds no rule and no SQL; it asks `app` and prints the answer.

mod cli;
mod clock;
mod commands;
mod logging;
mod output;
mod random;
mod settings;

use clap::Parser;
use std::process::ExitCode;

/// Many small texts are made for every answer, on several threads; the system's allocator took a
/// fifth of the time of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let json = cli.wants_json();
    match commands::execute(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => output::failure(&error, json),
    }
}
