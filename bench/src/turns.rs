//! A benchmark on each database in turn, and its reports.
//!
//! It deliberately prints each report as soon as it is there; a later failure loses none.

use crate::database::{Database, Postgres, Sqlite};
use crate::failure::{Doing, Failure};
use crate::options::{Engine, Setting};
use crate::report::Report;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The folder made in the work folder.
const FOLDER: &str = "dairyos-bench";

/// Measures on every database asked for, given the folder for files; returns whether every bound
/// is met.
pub fn on_each(
    benchmark: &str,
    setting: &Setting,
    mut measure: impl FnMut(&dyn Database, &Path) -> Result<Report, Failure>,
) -> Result<bool, Failure> {
    let folder = setting.work_dir.join(FOLDER);
    fs::create_dir_all(&folder).doing(format!("create {}", folder.display()))?;
    let mut met = true;
    let mut reports = Vec::new();
    for engine in setting.engines() {
        let database: Box<dyn Database> = match engine {
            Engine::Sqlite => Box::new(Sqlite::new(folder.clone())),
            Engine::Postgres => {
                let url = setting.postgres_url.clone().ok_or_else(|| {
                    Failure::new("say where PostgreSQL is with --postgres-url, or --sqlite-only")
                })?;
                Box::new(Postgres::new(url))
            }
        };
        let report = measure(&*database, &folder)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", report.show()).doing("print the report")?;
        met &= report.is_met();
        reports.push(report.json());
    }
    if let Some(path) = &setting.json {
        let (customers, seed, month) = (setting.customers, setting.seed, &setting.month);
        let all = json!({
            "benchmark": benchmark,
            "customers": customers,
            "seed": seed,
            "month": month,
            "reports": reports,
        });
        fs::write(path, format!("{all:#}\n")).doing(format!("write {}", path.display()))?;
    }
    Ok(met)
}
