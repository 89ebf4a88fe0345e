//! The program's commands on one database: a business is begun, filled and asked.
//!
//! It deliberately judges nothing of what the program prints, but that it prints something.

use crate::dairy::Dairy;
use crate::database::Database;
use crate::failure::Failure;
use crate::program::{Finished, Program};
use crate::say;
use serde_json::Value;
use std::path::Path;

/// The State of the business, by its GST code.
const STATE: &str = "24";

/// The program and where its databases are.
pub struct Business<'a> {
    /// The program that is measured.
    pub program: Program,
    /// Where databases are made.
    pub database: &'a dyn Database,
}

impl<'a> Business<'a> {
    /// The program at a path, with databases.
    pub fn new(program: &Path, database: &'a dyn Database) -> Self {
        Self { program: Program::new(program), database }
    }

    /// Runs a command on the database of a name; the command prints JSON.
    pub fn call(&self, name: &str, arguments: &[&str]) -> Result<Finished, Failure> {
        self.call_to(&[0], name, arguments)
    }

    /// The same for a command that may end with one of these exit codes.
    pub fn call_to(
        &self,
        codes: &[i32],
        name: &str,
        arguments: &[&str],
    ) -> Result<Finished, Failure> {
        let url = self.database.url(name);
        let database = ["--database", &url, "--actor", "bench"];
        let done = self.program.run_to(codes, arguments.iter().copied().chain(database))?;
        if done.printed == Value::Null {
            return Err(Failure::new(format!("{} printed nothing", arguments.join(" "))));
        }
        Ok(done)
    }

    /// Makes a database with a dairy in it, before billing; returns how the deliveries came in.
    pub fn import(&self, name: &str, dairy: &Dairy) -> Result<Finished, Failure> {
        self.database.create(name)?;
        self.call(name, &["init", "--name", "Benchmark Dairy", "--state", STATE, "--json"])?;
        let mut deliveries = None;
        for (kind, path) in dairy.files() {
            self.say(&format!("importing {kind}"));
            let path = path.display().to_string();
            let done = self.call(name, &["import", "--kind", kind, &path, "--json"])?;
            if kind == "deliveries" {
                deliveries = Some(done);
            }
        }
        self.database.rest(name)?;
        deliveries.ok_or_else(|| Failure::new("no deliveries were imported"))
    }

    /// Tells the person who waits what is being done.
    pub fn say(&self, doing: &str) {
        say(&format!("{}: {doing}", self.database.name()));
    }
}
