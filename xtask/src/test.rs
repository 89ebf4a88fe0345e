//! `cargo xtask test`: every test of the workspace, on SQLite and on a real PostgreSQL.
//!
//! The tests themselves decide what they do with the server they are given. This module never
//! leaves PostgreSQL out by itself: only `--sqlite-only` does.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};

use crate::coverage;
use crate::failure::Failure;
use crate::postgres::{Purpose, Server};
use crate::process;
use crate::workspace;

pub const HELP: &str = "\
Run all tests on SQLite and on a real PostgreSQL.

Usage: cargo xtask test [--sqlite-only] [--coverage] [-- ARGUMENTS…]

Finds PostgreSQL on PATH or in /usr/lib/postgresql (root on Debian: installs it), starts a private
server in a temporary folder, runs `cargo test --workspace ARGUMENTS…` (without `--workspace` when
the arguments name packages), and stops the server.

Options:
  --sqlite-only   do without PostgreSQL; its tests do not run
  --coverage      measure which lines the tests run, print a table, and fail when it is less than
                  85 % of all, 95 % of the crate `domain`, or 95 % of billing; needs
                  cargo-tarpaulin and builds it once, in the cache folder; does not run doc tests

Examples:
  cargo xtask test
  cargo xtask test -- --package dairyos-store --test contract
";

/// The URL of a server on which the tests may create databases.
const POSTGRES_URL: &str = "DAIRYOS_TEST_POSTGRES_URL";

/// Says that leaving PostgreSQL out is wanted, not forgotten.
const SQLITE_ONLY: &str = "DAIRYOS_TEST_SQLITE_ONLY";

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    sqlite_only: bool,
    coverage: bool,
    cargo_arguments: Vec<OsString>,
}

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let options = parse(arguments)?;
    // Built before the server starts, so that a server never waits for a build of this kind.
    let tarpaulin = if options.coverage { Some(coverage::install()?) } else { None };
    let server = if options.sqlite_only {
        eprintln!("PostgreSQL is left out: the tests run on SQLite only.");
        None
    } else {
        let server = Server::start(Purpose::Tests)?;
        eprintln!("PostgreSQL for the tests: {}", server.url());
        Some(server)
    };
    if let Some(tarpaulin) = tarpaulin {
        let mut command = tarpaulin.command()?;
        set_databases(&mut command, server.as_ref());
        let report = coverage::measure(&mut command)?;
        print!("{report}");
        return report.verdict();
    }
    let mut command = workspace::cargo();
    command.arg("test");
    if !chooses_packages(&options.cargo_arguments) {
        command.arg("--workspace");
    }
    command.args(&options.cargo_arguments);
    command.current_dir(workspace::root());
    set_databases(&mut command, server.as_ref());
    Ok(exit_code(process::run(&mut command)?))
}

/// The exit code of a finished program, as a shell would report it.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn set_databases(command: &mut Command, server: Option<&Server>) {
    // A developer's own database must never be what a test works on.
    command.env_remove("DAIRYOS_DATABASE_URL");
    match server {
        Some(server) => command.env(POSTGRES_URL, server.url()).env_remove(SQLITE_ONLY),
        None => command.env(SQLITE_ONLY, "1").env_remove(POSTGRES_URL),
    };
}

/// Whether arguments for cargo name packages, which `--workspace` would overrule.
fn chooses_packages(arguments: &[OsString]) -> bool {
    let for_cargo = arguments.iter().take_while(|argument| *argument != "--");
    for_cargo
        .map(|argument| argument.to_string_lossy())
        .any(|argument| argument.starts_with("--package") || argument.starts_with("-p"))
}

fn parse(mut arguments: Vec<OsString>) -> Result<Options, Failure> {
    let mut options = Options::default();
    if let Some(at) = arguments.iter().position(|argument| argument == "--") {
        options.cargo_arguments = arguments.split_off(at).into_iter().skip(1).collect();
    }
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("sqlite-only") => options.sqlite_only = true,
            lexopt::Arg::Long("coverage") => options.coverage = true,
            lexopt::Arg::Value(value) => {
                let message = format!(
                    "unexpected `{0}`; arguments for cargo follow `--`: \
                     cargo xtask test -- {0}",
                    value.to_string_lossy()
                );
                return Err(Failure::usage(message));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.coverage && !options.cargo_arguments.is_empty() {
        return Err(Failure::usage(
            "--coverage measures the whole suite; leave out the arguments after `--`",
        ));
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn arguments_after_the_dashes_go_to_cargo() {
        let options = parse(words("--sqlite-only -- -p domain -- --nocapture")).unwrap();
        assert!(options.sqlite_only && !options.coverage);
        assert_eq!(options.cargo_arguments, words("-p domain -- --nocapture"));
        assert_eq!(parse(Vec::new()).unwrap(), Options::default());
    }

    #[test]
    fn named_packages_replace_the_whole_workspace() {
        assert!(chooses_packages(&words("-p dairyos-store")));
        assert!(chooses_packages(&words("--test contract --package=dairyos-store")));
        assert!(!chooses_packages(&words("--test contract -- -p")));
    }

    #[test]
    fn mistakes_are_explained() {
        let stray = parse(words("billing")).unwrap_err();
        assert!(stray.message.contains("test -- billing"), "{}", stray.message);
        let partial = parse(words("--coverage -- -p domain")).unwrap_err();
        assert!(partial.message.contains("whole suite"), "{}", partial.message);
        let unknown = parse(words("--sqlite")).unwrap_err();
        assert_eq!(unknown.code, 2);
    }

    #[test]
    fn a_signal_is_reported_as_a_shell_does() {
        let killed = format!("{:?}", exit_code(ExitStatus::from_raw(9)));
        assert_eq!(killed, format!("{:?}", ExitCode::from(137)));
        let failed = format!("{:?}", exit_code(ExitStatus::from_raw(101 << 8)));
        assert_eq!(failed, format!("{:?}", ExitCode::from(101)));
    }
}
