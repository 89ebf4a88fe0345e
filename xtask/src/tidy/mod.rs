//! `cargo xtask tidy`: the rules of this repository that no compiler or linter knows.
//!
//! Each rule is a module with a function from text to violations, so that it is tested on small
//! inputs. What clippy or rustfmt can check is left to them.

mod arrows;
mod escapes;
mod leftovers;
mod licences;
mod metadata;
mod places;
mod repository;
mod size;

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::workspace;

use repository::Repository;

pub const HELP: &str = "\
Check the rules of this repository that no compiler or linter knows.

Usage: cargo xtask tidy

Checks sizes of files and lines, the first line of every Rust file, the arrows between crates, the
dependencies of `domain`, licences, leftover files and snapshots, machine paths, and the number of
escapes from the one SQL text. Prints `path:line: what, and what to do` for each violation. The
same checks run as a test of the package `xtask`.
";

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    path: String,
    line: usize,
    message: String,
}

impl Violation {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    if let Some(argument) = lexopt::Parser::from_args(arguments).next()? {
        return Err(argument.unexpected().into());
    }
    let violations = check(workspace::root())?;
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("tidy: nothing to mend");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(format!("tidy found {} violation(s)", violations.len())))
}

/// Every violation in a checkout, sorted by place.
fn check(root: &Path) -> Result<Vec<Violation>, Failure> {
    let repository = Repository::read(root)?;
    let mut violations = Vec::new();
    for file in repository.files() {
        violations.extend(leftovers::check_name(&file.path));
        let Some(text) = &file.text else {
            continue;
        };
        violations.extend(places::check(&file.path, text));
        let ending = Path::new(&file.path).extension().and_then(|ending| ending.to_str());
        if ending == Some("rs") {
            violations.extend(size::check(&file.path, text));
        }
        if ending == Some("snap") {
            violations.extend(leftovers::check_snapshot(&file.path, text, |source| {
                repository.contains(source)
            }));
        }
    }
    violations.extend(leftovers::check_modules(&repository));
    violations.extend(escapes::check(&repository)?);
    violations.extend(metadata::check(&repository)?);
    violations.sort();
    violations.dedup();
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let violations = check(workspace::root()).unwrap_or_else(|failure| {
            panic!("tidy could not run: {}", failure.message);
        });
        let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
        assert!(list.is_empty(), "tidy found:\n{}", list.join("\n"));
    }

    #[test]
    fn a_violation_is_printed_with_its_place() {
        let violation = Violation::new("a/b.rs", 7, "too long; split it");
        assert_eq!(violation.to_string(), "a/b.rs:7: too long; split it");
    }
}
