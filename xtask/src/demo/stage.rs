//! Running the program step by step, each command printed as a person would type it.
//!
//! It stops at the first step that fails; it never hides what a step prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process::{self, quoted};
use crate::workspace;

/// What the program reads when `--database` is not given.
const DATABASE_VARIABLE: &str = "DAIRYOS_DATABASE_URL";

/// The built program and the database it works on.
pub struct Stage {
    program: PathBuf,
    database: String,
}

impl Stage {
    pub fn new(program: PathBuf, database: String) -> Self {
        Self { program, database }
    }

    /// Tells the reader, as a shell would be told, which database the next commands work on.
    pub fn show_database(&self) {
        println!("$ export {DATABASE_VARIABLE}={}", self.database);
    }

    /// Runs one command and lets its output be seen.
    pub fn step(&self, words: &[&str]) -> Result<(), Failure> {
        println!("$ {}", shown("dairyos", words));
        process::run_to_success(&mut self.command(words))?;
        println!();
        Ok(())
    }

    /// Runs one command and returns its output instead of showing it.
    pub fn read(&self, words: &[&str]) -> Result<Vec<u8>, Failure> {
        println!("$ {}", shown("dairyos", words));
        process::capture(&mut self.command(words))
    }

    /// Lets the customers pay what these months have brought, by the program that tells of it.
    pub fn pay(&self, payday: &Path, months: &[String]) -> Result<(), Failure> {
        let mut command = Command::new(payday);
        command.arg(&self.program).arg(&self.database).args(months);
        process::run_to_success(command.current_dir(workspace::root()))
    }

    /// A command on the demo's database, complete with the program's path, for copying.
    pub fn full_command(&self, words: &[&str]) -> String {
        let program = self.program.strip_prefix(workspace::root()).unwrap_or(&self.program);
        let words = [words, &["--database", &self.database]].concat();
        shown(&quoted(&program.to_string_lossy()), &words)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(workspace::root());
        command.env(DATABASE_VARIABLE, &self.database);
        command
    }
}

/// Prints a heading for the steps that follow.
pub fn heading(text: &str) {
    println!("{text}\n{}\n", "─".repeat(text.chars().count()));
}

fn shown(program: &str, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("{program} {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_command_names_program_and_database() {
        let program = workspace::root().join("target/release/dairyos");
        let stage = Stage::new(program, "sqlite:demo/dairyos.db".to_owned());
        assert_eq!(
            stage.full_command(&["explain", "INV/26-27/000001"]),
            "target/release/dairyos explain INV/26-27/000001 --database sqlite:demo/dairyos.db"
        );
        assert_eq!(shown("dairyos", &["--name", "Gokul Dairy"]), "dairyos --name \"Gokul Dairy\"");
    }
}
