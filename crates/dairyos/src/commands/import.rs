//! `dairyos import`: takes CSV files in, each whole or not at all.
//!
//! It deliberately stops at the first file that is refused: later files depend on it.

use super::Context;
use crate::cli::ImportArgs;
use crate::output::{Output, Progress, Side, Table};
use app::AppError;
use app::import::{Kind, Source, Tally, files_of, import_file};
use serde_json::json;

pub fn execute(context: &Context, args: &ImportArgs) -> Result<bool, AppError> {
    let sources = match args.kind {
        Some(kind) => vec![Source { kind: kind.into(), path: args.path.clone() }],
        None if args.path.is_dir() => files_of(&args.path)?,
        None if !args.path.exists() => {
            let what = format!("there is no file or folder {}", args.path.display());
            return Err(AppError::NotFound(what));
        }
        None => {
            let what = format!(
                "{} is not a folder; say what the file holds with --kind, such as --kind {}",
                args.path.display(),
                Kind::Deliveries.as_str()
            );
            return Err(AppError::BadArgument(what));
        }
    };
    let store = context.open()?;
    let mut done: Vec<(Source, Tally)> = Vec::new();
    let mut refused = None;
    for source in sources {
        let size = source.path.metadata().map_or(0, |metadata| metadata.len());
        let name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let progress = Progress::new(&name, size);
        match import_file(&store, &context.actor, &source, &mut |bytes| {
            progress.at(bytes);
        }) {
            Ok(tally) => done.push((source, tally)),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let mut out = Output::new();
    if args.json {
        let rows = done.iter().map(|(source, tally)| {
            json!({
                "kind": source.kind.as_str(),
                "file": source.path.display().to_string(),
                "rows": tally.rows,
                "added": tally.added,
                "changed": tally.changed,
                "unchanged": tally.unchanged,
            })
        });
        let rows: Vec<_> = rows.collect();
        out.json(&json!({ "imported": rows, "complete": refused.is_none() }))?;
    } else if !done.is_empty() {
        out.text(table_of(&done).show())?;
    }
    out.finish()?;
    refused.map_or(Ok(true), Err)
}

fn table_of(done: &[(Source, Tally)]) -> Table {
    let mut table = Table::new(&[
        ("Imported", Side::Left),
        ("Rows", Side::Right),
        ("Added", Side::Right),
        ("Changed", Side::Right),
        ("Unchanged", Side::Right),
    ]);
    for (source, tally) in done {
        table.row([
            source.kind.as_str().to_owned(),
            tally.rows.to_string(),
            tally.added.to_string(),
            tally.changed.to_string(),
            tally.unchanged.to_string(),
        ]);
    }
    table
}
