//! `cargo xtask generate`: the program's own generator of demo data, in release mode.
//!
//! What is generated is the business of `dairyos generate`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::failure::Failure;
use crate::process;
use crate::test::exit_code;
use crate::workspace;

pub const HELP: &str = "\
Write demo data of any size as CSV files.

Usage: cargo xtask generate ARGUMENTS…

Builds `dairyos` in release mode and runs `dairyos generate ARGUMENTS…`.

Example:
  cargo xtask generate --customers 100000 --months 1 --seed 7 --out data
";

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let programs = workspace::build_release(&["dairyos"])?;
    let mut command = Command::new(programs.join("dairyos"));
    command.arg("generate").args(arguments);
    Ok(exit_code(process::run(&mut command)?))
}
