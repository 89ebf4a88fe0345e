//! The course of the benchmark on one database: import, bills, rerun, verify, floor, usual service,
//! twice the size.
//!
//! It deliberately runs every measured step on a fresh copy of the imported database, brought to
//! rest, so that no step pays for another.

use super::{floor, usual};
use crate::business::Business;
use crate::dairy::Dairy;
use crate::database::Database;
use crate::failure::Failure;
use crate::options::BillsOptions;
use crate::program::Finished;
use crate::report::{Bound, Report, Unit};
use std::path::Path;

/// After the import, before any bill.
pub const BEFORE: &str = "before";
/// After the run that issues.
pub const BILLED: &str = "billed";
/// For everything else.
pub const SCRATCH: &str = "scratch";

/// Bytes in a MiB.
const MIB: f64 = 1024.0 * 1024.0;

const IMPORT: Bound = Bound::AtLeast(150_000.0);
const RERUN: Bound = Bound::AtMost(0.5);
const VERIFY: Bound = Bound::AtMost(10.0);
const MEMORY: Bound = Bound::AtMost(400.0);
const DOUBLE: Bound = Bound::AtMost(2.1);
/// Memory does not grow with the number of customers, but for what is noise.
const SAME: Bound = Bound::AtMost(1.1);

/// One database's course.
pub struct Course<'a> {
    /// What was asked for.
    pub options: &'a BillsOptions,
    /// Where databases are made.
    pub database: &'a dyn Database,
    /// The program on it.
    business: Business<'a>,
    /// The work folder.
    folder: &'a Path,
}

/// Something whose time is measured.
pub trait Timed {
    /// How long it took.
    fn seconds(&self) -> f64;
}

impl Timed for f64 {
    fn seconds(&self) -> f64 {
        *self
    }
}

impl Timed for Finished {
    fn seconds(&self) -> f64 {
        self.seconds
    }
}

impl Timed for Run {
    fn seconds(&self) -> f64 {
        self.seconds
    }
}

/// A run of bills.
#[derive(Debug)]
pub struct Run {
    /// From the program's start to its end.
    pub seconds: f64,
    /// How many bills were made or issued.
    pub bills: f64,
    peak_mib: Option<f64>,
    hash: String,
}

impl<'a> Course<'a> {
    /// The course on a database.
    pub fn new(options: &'a BillsOptions, database: &'a dyn Database, folder: &'a Path) -> Self {
        let business = Business::new(&options.setting.dairyos, database);
        Self { options, database, business, folder }
    }

    /// Measures everything; leaves no database behind.
    pub fn run(&self) -> Result<Report, Failure> {
        let measured = self.measure();
        let names = [BEFORE, BILLED, SCRATCH];
        let removed = names.iter().try_for_each(|name| self.database.remove(name));
        let mut report = measured?;
        removed?;
        report.end();
        Ok(report)
    }

    fn measure(&self) -> Result<Report, Failure> {
        let options = self.options;
        let setting = &options.setting;
        let dairy = self.dairy(setting.customers)?;
        let about = self.database.about()?;
        let title = format!(
            "{} {}: {} customers, {} deliveries, {}, seed {}",
            self.database.name(),
            about.version,
            setting.customers,
            dairy.deliveries,
            setting.month,
            setting.seed
        );
        let mut report = Report::new(title, about);
        self.measure_import(&dairy, &mut report)?;
        let run = self.measure_bills(&mut report)?;
        self.measure_drafts(&mut report)?;
        floor::measure(self, &run, &mut report)?;
        if !options.without_usual {
            usual::measure(self, &run, &mut report)?;
        }
        if options.double {
            self.measure_double(&run, &mut report)?;
        }
        Ok(report)
    }

    fn measure_import(&self, dairy: &Dairy, report: &mut Report) -> Result<(), Failure> {
        let deliveries = self.business.import(BEFORE, dairy)?;
        report.group("Import of the deliveries");
        report.add("time", deliveries.seconds, Unit::Seconds);
        let rate = dairy.deliveries / deliveries.seconds;
        if self.database.name() == "SQLite" {
            report.hold("rate", rate, Unit::PerSecond("rows"), IMPORT);
        } else {
            report.add("rate", rate, Unit::PerSecond("rows"));
        }
        add_peak(report, deliveries.peak_mib);
        let size = report_size(self.database.size(BEFORE)?);
        report.add("database afterwards", size, Unit::MiB);
        Ok(())
    }

    fn measure_bills(&self, report: &mut Report) -> Result<Run, Failure> {
        self.say("billing and issuing");
        let first = self.shortest(|| {
            self.database.copy(BEFORE, BILLED)?;
            self.bill(BILLED, true)
        })?;
        self.say("running again, with nothing to change");
        let again = self.shortest(|| self.bill_again(BILLED, true, &first))?;
        self.say("verifying");
        let verified = self.shortest(|| self.business.call(BILLED, &["verify", "--json"]))?;
        report.group("Run that bills and issues");
        report.add("time", first.seconds, Unit::Seconds);
        report.add("bills", first.bills, Unit::Count);
        report.add("rate", first.bills / first.seconds, Unit::PerSecond("bills"));
        add_peak(report, first.peak_mib);
        report.group("The same run again");
        report.add("time", again.seconds, Unit::Seconds);
        report.hold("time / first run", again.seconds / first.seconds, Unit::Times, RERUN);
        add_peak(report, again.peak_mib);
        report.group("Verify of the billed database");
        report.hold("time", verified.seconds, Unit::Seconds, VERIFY);
        add_peak(report, verified.peak_mib);
        Ok(first)
    }

    fn measure_drafts(&self, report: &mut Report) -> Result<(), Failure> {
        self.say("making drafts, twice");
        let first = self.shortest(|| {
            self.database.copy(BEFORE, SCRATCH)?;
            self.bill(SCRATCH, false)
        })?;
        let again = self.shortest(|| self.bill_again(SCRATCH, false, &first))?;
        self.database.remove(SCRATCH)?;
        report.group("Run that makes drafts");
        report.add("time", first.seconds, Unit::Seconds);
        add_peak(report, first.peak_mib);
        report.add("again: time", again.seconds, Unit::Seconds);
        report.hold("again: time / first run", again.seconds / first.seconds, Unit::Times, RERUN);
        Ok(())
    }

    /// The same import and run for twice the customers.
    fn measure_double(&self, single: &Run, report: &mut Report) -> Result<(), Failure> {
        self.database.remove(BILLED)?;
        self.database.remove(BEFORE)?;
        let customers = self.options.setting.customers.saturating_mul(2);
        let dairy = self.dairy(customers)?;
        let deliveries = self.business.import(BEFORE, &dairy)?;
        self.say("billing and issuing twice the customers");
        let double = self.shortest(|| {
            self.database.copy(BEFORE, BILLED)?;
            self.bill(BILLED, true)
        })?;
        report.group(format!("Twice the customers: {customers}"));
        let rate = dairy.deliveries / deliveries.seconds;
        report.add("import: rate", rate, Unit::PerSecond("rows"));
        report.add("run: time", double.seconds, Unit::Seconds);
        report.hold("run: time / single", double.seconds / single.seconds, Unit::Times, DOUBLE);
        add_peak(report, double.peak_mib);
        if let (Some(double), Some(single)) = (double.peak_mib, single.peak_mib) {
            report.hold("peak memory / single", double / single, Unit::Times, SAME);
        }
        Ok(())
    }

    fn dairy(&self, customers: u32) -> Result<Dairy, Failure> {
        Dairy::of(&self.options.setting, &self.business.program, self.folder, customers)
    }

    fn bill(&self, name: &str, issue: bool) -> Result<Run, Failure> {
        let mut arguments = vec!["bills", "run", "--month", &self.options.setting.month, "--json"];
        if issue {
            arguments.push("--issue");
        }
        let done = self.business.call(name, &arguments)?;
        let printed = done.printed;
        if printed["clean"] != true {
            return Err(Failure::new(format!("the certificate is not clean:\n{printed:#}")));
        }
        let changes = &printed["changes"];
        let bills = changes[if issue { "issued" } else { "created" }].as_f64();
        Ok(Run {
            seconds: done.seconds,
            peak_mib: done.peak_mib,
            bills: bills.unwrap_or_default(),
            hash: printed["content_hash"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// A rerun; fails unless it changes nothing and says the same of the bills.
    fn bill_again(&self, name: &str, issue: bool, first: &Run) -> Result<Run, Failure> {
        let again = self.bill(name, issue)?;
        if again.bills > 0.0 || again.hash != first.hash {
            return Err(Failure::new("a rerun changed bills or names another content"));
        }
        Ok(again)
    }

    /// Measures as often as was asked for; the shortest time counts.
    pub fn shortest<T: Timed>(
        &self,
        mut measure: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut best = measure()?;
        for _ in 1..self.options.repeat {
            let next = measure()?;
            if next.seconds() < best.seconds() {
                best = next;
            }
        }
        Ok(best)
    }

    /// Tells the person who waits what is being done.
    pub fn say(&self, doing: &str) {
        self.business.say(doing);
    }
}

fn add_peak(report: &mut Report, peak_mib: Option<f64>) {
    if let Some(peak) = peak_mib {
        report.hold("peak memory", peak, Unit::MiB, MEMORY);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
fn report_size(bytes: u64) -> f64 {
    bytes as f64 / MIB
}
