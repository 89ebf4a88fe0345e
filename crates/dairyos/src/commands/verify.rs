//! `dairyos verify`: checks every invariant and names what is broken.
//!
//! It deliberately repairs nothing.

use super::Context;
use crate::cli::VerifyArgs;
use crate::output::{Output, Progress, Side, Table};
use app::AppError;
use app::verify::{verify, wire};

pub fn execute(context: &Context, args: &VerifyArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let progress = Progress::new("checking customers", 0);
    let findings = verify(&store, &mut |done, total| progress.of(done, total))?;
    drop(progress);
    let mut out = Output::new();
    if args.json {
        out.json(&wire::shape(&findings))?;
    } else {
        let columns = [("Invariant", Side::Left), ("", Side::Left), ("", Side::Left)];
        let mut table = Table::new(&columns);
        for check in findings.checks() {
            let name = check.invariant.as_str();
            table.row([name, check.status(), check.invariant.statement()]);
        }
        out.text(table.show())?;
        for check in findings.checks().iter().filter(|check| check.broken > 0) {
            let name = check.invariant.as_str();
            let places = if check.broken == 1 { "place" } else { "places" };
            out.line(format!("\n{name} is broken in {} {places}:", check.broken))?;
            for place in &check.places {
                out.line(format!("  {place}"))?;
            }
        }
        let verdict = if findings.is_clean() { "Everything holds." } else { "Not all holds." };
        out.line(format!("\n{verdict}"))?;
    }
    out.finish()?;
    Ok(findings.is_clean())
}
