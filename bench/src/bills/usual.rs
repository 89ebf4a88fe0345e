//! The usual service: a program of its own that bills customer by customer through an ORM.
//!
//! It deliberately is compiled only when it is measured: its libraries are no part of the product.

use super::course::{BEFORE, Course, Run, SCRATCH};
use crate::database::Guards;
use crate::failure::{Doing, Failure};
use crate::program::{Finished, Program};
use crate::report::{Bound, Report, Unit};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many times faster the program must be.
const FASTER: Bound = Bound::AtLeast(40.0);

/// Compiles the service, lets it bill some customers and compares its rate.
pub fn measure(course: &Course<'_>, run: &Run, report: &mut Report) -> Result<(), Failure> {
    course.say("compiling the usual service");
    let service = build()?;
    course.database.copy(BEFORE, SCRATCH)?;
    course.database.strip(SCRATCH, Guards::NoTriggers)?;
    course.say("billing with the usual service");
    let url = course.database.url(SCRATCH);
    let customers = course.options.usual_customers.to_string();
    let month = &course.options.setting.month;
    let done = service.run(["--url", &url, "--month", month, "--customers", &customers])?;
    course.database.remove(SCRATCH)?;
    let bills = number(&done, "bills")?;
    let rate = bills / number(&done, "seconds")?;
    report.group("The usual service: a transaction per customer, through an ORM");
    report.add("bills", bills, Unit::Count);
    report.add("deliveries linked", number(&done, "deliveries")?, Unit::Count);
    report.add("rate", rate, Unit::PerSecond("bills"));
    report.hold("our rate / that rate", run.bills / run.seconds / rate, Unit::Times, FASTER);
    Ok(())
}

fn number(done: &Finished, name: &str) -> Result<f64, Failure> {
    done.printed[name]
        .as_f64()
        .ok_or_else(|| Failure::new(format!("the usual service did not say its {name}")))
}

fn build() -> Result<Program, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("usual");
    let target: PathBuf = folder.join("target");
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked", "--quiet"]);
    command.arg("--manifest-path").arg(folder.join("Cargo.toml"));
    command.arg("--target-dir").arg(&target);
    let status = command.status().doing("start cargo")?;
    if !status.success() {
        let message = "the usual service does not compile; --without-usual does without it";
        return Err(Failure::new(message));
    }
    Ok(Program::new(target.join("release/dairyos-usual")))
}
