//! The benchmark of a month's bills, on each database in turn.
//!
//! It deliberately prints each report as soon as it is there; a later failure loses none.

mod course;
mod dairy;
mod floor;
mod usual;

use crate::database::{Database, Postgres, Sqlite};
use crate::failure::{Doing, Failure};
use crate::options::{BillsOptions, Engine};
use course::Course;
use serde_json::json;
use std::fs;
use std::io::Write;

/// The folder made in the work folder.
const FOLDER: &str = "dairyos-bench";

/// Measures on every database asked for; returns whether every bound is met.
pub fn run(options: &BillsOptions) -> Result<bool, Failure> {
    let folder = options.work_dir.join(FOLDER);
    fs::create_dir_all(&folder).doing(format!("create {}", folder.display()))?;
    let mut met = true;
    let mut reports = Vec::new();
    for engine in options.engines() {
        let database: Box<dyn Database> = match engine {
            Engine::Sqlite => Box::new(Sqlite::new(folder.clone())),
            Engine::Postgres => {
                let url = options.postgres_url.clone().ok_or_else(|| {
                    Failure::new("say where PostgreSQL is with --postgres-url, or --sqlite-only")
                })?;
                Box::new(Postgres::new(url))
            }
        };
        let report = Course::new(options, &*database, &folder).run()?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", report.show()).doing("print the report")?;
        met &= report.is_met();
        reports.push(report.json());
    }
    if let Some(path) = &options.json {
        let (customers, seed, month) = (options.customers, options.seed, &options.month);
        let all = json!({
            "benchmark": "bills",
            "customers": customers,
            "seed": seed,
            "month": month,
            "reports": reports,
        });
        fs::write(path, format!("{all:#}\n")).doing(format!("write {}", path.display()))?;
    }
    Ok(met)
}
