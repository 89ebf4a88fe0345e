//! The databases under measurement: made, copied, stripped of their guards, read and written.
//!
//! It deliberately writes rows it is given and no others; what a run writes is told by `written`.

mod postgres;
mod sets;
mod sqlite;

pub use postgres::Postgres;
pub use sqlite::Sqlite;

use crate::failure::Failure;
use crate::written::Written;

/// How the floor writes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One prepared statement, executed row by row.
    RowByRow,
    /// Sets, as the database likes them best; the same as row by row where it has none.
    Sets,
}

/// What the database defends itself with while the floor writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// Everything, as the program has it.
    All,
    /// The triggers are gone.
    NoTriggers,
    /// The triggers are gone and foreign keys are not checked.
    None,
}

/// A kind of database with a place where databases of a benchmark are made, by short names.
pub trait Database: Sync {
    /// Its name for people.
    fn name(&self) -> &'static str;

    /// Its version, and the settings that decide how durable and how fast it is.
    fn about(&self) -> Result<About, Failure>;

    /// The URL under which the program finds a database.
    fn url(&self, name: &str) -> String;

    /// Makes room for a new database; an old one of this name goes.
    fn create(&self, name: &str) -> Result<(), Failure>;

    /// Brings a freshly filled database to rest, so that nothing of the filling is left to do
    /// while something else is measured.
    fn rest(&self, name: &str) -> Result<(), Failure>;

    /// Copies a database and brings the copy to the disk.
    fn copy(&self, from: &str, to: &str) -> Result<(), Failure>;

    /// Whether there is a database of this name.
    fn exists(&self, name: &str) -> Result<bool, Failure>;

    /// Gives a database at rest another name, which none has.
    fn rename(&self, from: &str, to: &str) -> Result<(), Failure>;

    /// Kills a process of the server that works on a database, without warning; `false` where no
    /// server is.
    fn crash(&self, name: &str) -> Result<bool, Failure>;

    /// Removes a database, if there is one.
    fn remove(&self, name: &str) -> Result<(), Failure>;

    /// Its size in bytes.
    fn size(&self, name: &str) -> Result<u64, Failure>;

    /// Executes statements in one transaction.
    fn execute(&self, name: &str, statements: &[String]) -> Result<(), Failure>;

    /// Takes guards away for good.
    fn strip(&self, name: &str, left: Guards) -> Result<(), Failure>;

    /// Reads what a run has added, given the databases before and after it.
    fn written(&self, before: &str, after: &str, ranges: &[[i32; 2]]) -> Result<Written, Failure>;

    /// Writes the rows in one transaction and returns the seconds from its begin to the end of its
    /// commit.
    fn write(
        &self,
        name: &str,
        written: &Written,
        way: Way,
        guards: Guards,
    ) -> Result<f64, Failure>;
}

/// What a database says of itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Its version.
    pub version: String,
    /// Settings by name.
    pub settings: Vec<(String, String)>,
}

/// Rows that should exist were not found, each once.
fn missed(table: &str, changed: u64, expected: usize) -> Failure {
    Failure::new(format!(
        "the floor changed {changed} rows of {table} where {expected} were expected; the copy is \
         not the database before the run"
    ))
}
