//! The benchmarks: how fast the program is, beside what the bare databases need for the same rows
//! and what the usual service manages.
//!
//! It deliberately changes nothing of the program: it runs the finished one from the outside.

mod bills;
mod business;
mod dairy;
mod database;
mod failure;
mod load;
mod machine;
mod options;
mod program;
mod reconciliation;
mod report;
mod rows;
mod service;
mod storm;
mod turns;
mod webhooks;
mod written;

use clap::Parser;
use options::{Benchmark, Options};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (done, check) = match Options::parse().benchmark {
        Benchmark::Bills(options) => (bills::run(&options), options.setting.check),
        Benchmark::Service(options) => (service::run(&options), options.setting.check),
        Benchmark::Webhooks(options) => (webhooks::run(&options), options.setting.check),
        Benchmark::Reconciliation(options) => {
            (reconciliation::run(&options), options.setting.check)
        }
        Benchmark::Storm(options) => (storm::run(&options), options.setting.check),
        Benchmark::Bare(options) => (service::bare::run(&options).map(|()| true), false),
    };
    match done {
        Ok(met) if met || !check => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(failure) => {
            say(&format!("dairyos-bench: {failure}"));
            ExitCode::from(1)
        }
    }
}

/// Tells the person who waits what is being done. The report goes to standard output instead.
fn say(line: &str) {
    // Nobody reads any more when this fails; the measurement goes on.
    let _ = writeln!(std::io::stderr(), "{line}");
}
