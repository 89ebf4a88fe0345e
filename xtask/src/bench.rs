//! `cargo xtask bench`: builds the program and the benchmarks in release mode and runs them.
//!
//! What is measured, and how, is the business of the package `dairyos-bench`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::failure::Failure;
use crate::postgres::{Purpose, Server};
use crate::process;
use crate::test::exit_code;
use crate::workspace;

pub const HELP: &str = "\
Build and run the benchmarks against SQLite and PostgreSQL.

Usage: cargo xtask bench ARGUMENTS…

Builds `dairyos` and `dairyos-bench` in release mode and runs `dairyos-bench ARGUMENTS…` with
`--dairyos PATH` of the built program added. Unless the arguments hold `--postgres-url` or
`--sqlite-only`, a private PostgreSQL with durable settings is started and its `--postgres-url`
is added; it is stopped and removed afterwards.

Its data is kept below /var/tmp, or below TMPDIR when that is set: use a real disk.

Example:
  cargo xtask bench bills --customers 100000
  cargo xtask bench service --customers 100000
  cargo xtask bench --help        this text
  cargo xtask bench bills --help  the options of one benchmark
";

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let programs = workspace::build_release(&["dairyos", "dairyos-bench"])?;
    let server =
        if needs_server(&arguments) { Some(Server::start(Purpose::Durable)?) } else { None };
    let mut command = Command::new(programs.join("dairyos-bench"));
    command.args(arguments);
    if let Some(server) = &server {
        command.arg("--postgres-url").arg(server.url());
    }
    command.arg("--dairyos").arg(programs.join("dairyos"));
    command.env_remove("DAIRYOS_DATABASE_URL");
    let status = process::run(&mut command)?;
    Ok(exit_code(status))
}

fn needs_server(arguments: &[OsString]) -> bool {
    !arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        let name = argument.split('=').next().unwrap_or_default();
        matches!(name, "--postgres-url" | "--sqlite-only" | "--help" | "-h" | "help")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_started_unless_the_arguments_bring_or_refuse_one() {
        let needs = |text: &str| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            needs_server(&words)
        };
        assert!(needs("bills --customers 100000"));
        assert!(needs("service --customers 100000"));
        assert!(!needs("bills --sqlite-only"));
        assert!(!needs("bills --postgres-url postgres://localhost/x"));
        assert!(!needs("bills --postgres-url=postgres://localhost/x"));
        assert!(!needs("bills --help"));
    }
}
