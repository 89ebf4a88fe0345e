//! `dairyos migrate`: brings the tables of a database up to date.
//!
//! It deliberately makes no backup; the owner does, before.

use super::Context;
use crate::output::Output;
use app::AppError;
use store::Store;

pub fn execute(context: &Context) -> Result<bool, AppError> {
    let (_, before, after) = Store::open_and_migrate(&context.database)?;
    let mut out = Output::new();
    if before == after {
        out.line(format!("The tables are up to date (version {after})."))?;
    } else {
        out.line(format!("Brought the tables from version {before} to version {after}."))?;
    }
    out.finish()?;
    Ok(true)
}
