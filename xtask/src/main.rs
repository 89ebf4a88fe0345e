//! The developer's commands, run as `cargo xtask COMMAND`.
//!
//! Each command is one module. None of them is part of the product: this program never links a
//! product crate, it only builds, starts and watches programs. It holds no business rule.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing for the developer at the terminal is what this program is for"
)]

mod bench;
mod coverage;
mod demo;
mod failure;
mod generate;
mod interrupt;
mod postgres;
mod process;
mod serve_postgres;
mod test;
mod tidy;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use failure::Failure;

/// One command: its name, its line in the list, its own help, and what it does.
struct Command {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    /// Its arguments are another program's, so that only a leading `--help` is its own.
    passes_on: bool,
    run: fn(Vec<OsString>) -> Result<ExitCode, Failure>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        summary: "build the program, make a demo dairy, bill it and show what happened",
        help: demo::HELP,
        passes_on: false,
        run: demo::run,
    },
    Command {
        name: "test",
        summary: "run all tests on SQLite and on a real PostgreSQL",
        help: test::HELP,
        passes_on: false,
        run: test::run,
    },
    Command {
        name: "tidy",
        summary: "check sizes, crate arrows, licences and leftovers",
        help: tidy::HELP,
        passes_on: false,
        run: tidy::run,
    },
    Command {
        name: "bench",
        summary: "build and run the benchmarks against SQLite and PostgreSQL",
        help: bench::HELP,
        passes_on: true,
        run: bench::run,
    },
    Command {
        name: "generate",
        summary: "write demo data of any size as CSV files",
        help: generate::HELP,
        passes_on: true,
        run: generate::run,
    },
    Command {
        name: "postgres",
        summary: "start a private PostgreSQL and keep it until Ctrl-C",
        help: serve_postgres::HELP,
        passes_on: false,
        run: serve_postgres::run,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next();
    let rest: Vec<OsString> = arguments.collect();
    match dispatch(name.as_ref().and_then(|name| name.to_str()), rest) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(name: Option<&str>, arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let Some(name) = name else {
        print!("{}", list());
        return Ok(ExitCode::from(2));
    };
    if matches!(name, "help" | "--help" | "-h") {
        let wanted = arguments.first().and_then(|topic| topic.to_str());
        match wanted.and_then(find) {
            Some(command) => print!("{}", command.help),
            None => print!("{}", list()),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(command) = find(name) else {
        let message = format!("there is no command `{name}`; `cargo xtask help` lists them");
        return Err(Failure::usage(message));
    };
    if asks_for_help(command, &arguments) {
        print!("{}", command.help);
        return Ok(ExitCode::SUCCESS);
    }
    interrupt::listen()?;
    (command.run)(arguments)
}

fn asks_for_help(command: &Command, arguments: &[OsString]) -> bool {
    let own = if command.passes_on { 1 } else { arguments.len() };
    let mut own = arguments.iter().take(own).take_while(|argument| *argument != "--");
    own.any(|argument| argument == "--help" || argument == "-h")
}

fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

fn list() -> String {
    let mut text = String::from("The developer's commands of DairyOS.\n\n");
    text.push_str("Usage: cargo xtask COMMAND [OPTIONS]\n\nCommands:\n");
    for command in COMMANDS {
        let line = format!("  {:<10}{}\n", command.name, command.summary);
        text.push_str(&line);
    }
    text.push_str("  help      list the commands, or explain one: `cargo xtask help demo`\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_command() {
        let text = list();
        for command in COMMANDS {
            assert!(text.contains(command.summary), "{} is missing", command.name);
            assert!(command.help.contains(command.name), "help of {}", command.name);
        }
    }

    #[test]
    fn help_is_given_where_it_is_asked_for() {
        let asks = |name: &str, words: &str| {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            asks_for_help(find(name).unwrap(), &words)
        };
        assert!(asks("test", "--sqlite-only --help"));
        assert!(!asks("test", "-- --help"));
        assert!(asks("bench", "--help"));
        assert!(!asks("bench", "bills --help"));
    }

    #[test]
    fn an_unknown_command_is_named() {
        let failure = dispatch(Some("tset"), Vec::new()).unwrap_err();
        assert!(failure.message.contains("`tset`"), "{}", failure.message);
        assert_eq!(failure.code, 2);
    }
}
