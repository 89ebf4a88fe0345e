//! The generated dairy: written once per size, seed, month and version of the program, and kept.
//!
//! It deliberately knows nothing of databases.

use crate::failure::{Doing, Failure};
use crate::options::Setting;
use crate::program::Program;
use crate::say;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Written last, so that a folder without it is not complete.
const SUMMARY: &str = "summary.json";

/// The kinds of files, in the order in which they are imported.
const KINDS: [&str; 5] = ["customers", "products", "prices", "deliveries", "orders"];

/// The files of a dairy.
#[derive(Debug)]
pub struct Dairy {
    folder: PathBuf,
    /// How many deliveries it has.
    pub deliveries: f64,
}

impl Dairy {
    /// Generates the files, or finds them.
    pub fn of(
        setting: &Setting,
        program: &Program,
        work: &Path,
        customers: u32,
    ) -> Result<Self, Failure> {
        let (month, seed) = (&setting.month, setting.seed);
        let version = env!("CARGO_PKG_VERSION");
        let folder = work.join(format!("dairy-{version}-{customers}-{month}-{seed}"));
        let summary = folder.join(SUMMARY);
        if !summary.exists() {
            say(&format!("generating a dairy of {customers} customers for {month}"));
            if folder.exists() {
                fs::remove_dir_all(&folder).doing(format!("remove {}", folder.display()))?;
            }
            let out = folder.display().to_string();
            let (customers, seed) = (customers.to_string(), seed.to_string());
            let arguments = ["generate", "--customers", &customers, "--months", "1"];
            let rest = ["--last-month", month, "--seed", &seed, "--out", &out, "--json"];
            let done = program.run(arguments.into_iter().chain(rest))?;
            fs::write(&summary, done.printed.to_string())
                .doing(format!("write {}", summary.display()))?;
        }
        let text = fs::read(&summary).doing(format!("read {}", summary.display()))?;
        let known: Value = serde_json::from_slice(&text)
            .doing(format!("understand {}; remove that folder", summary.display()))?;
        let deliveries = known["deliveries"].as_f64().ok_or_else(|| {
            Failure::new(format!("{} names no deliveries; remove that folder", summary.display()))
        })?;
        Ok(Self { folder, deliveries })
    }

    /// The files with their kinds, in the order in which they are imported.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        KINDS.iter().map(|kind| (*kind, self.folder.join(format!("{kind}.csv"))))
    }
}
