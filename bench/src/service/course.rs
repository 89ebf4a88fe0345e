//! The course of the benchmark on one database: starts, rest, one bill, entitlements,
//! mixed traffic, verify.
//!
//! It deliberately uses one fresh copy of the database for all of it, and one process from the last
//! start on: a service that has just started is at rest, and one that has worked is not.

use super::process::Process;
use super::serving::Serving;
use super::stock::{self, RUN};
use super::world::World;
use super::{bill, entitlement, median, mixed, session};
use crate::business::Business;
use crate::database::Database;
use crate::failure::Failure;
use crate::load::{Caller, Client};
use crate::options::ServiceOptions;
use crate::report::{Bound, Report, Unit};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const READY: Bound = Bound::AtMost(300.0);
const IDLE_MEMORY: Bound = Bound::AtMost(120.0);
const MILLIS_PER_SECOND: f64 = 1000.0;
/// The log of the service, in the work folder; begun anew with each start.
const LOG: &str = "service.log";

/// One database's course.
pub struct Course<'a> {
    options: &'a ServiceOptions,
    business: Business<'a>,
    folder: &'a Path,
}

impl<'a> Course<'a> {
    /// The course on a database, with a folder for files.
    pub fn new(options: &'a ServiceOptions, database: &'a dyn Database, folder: &'a Path) -> Self {
        let business = Business::new(&options.setting.dairyos, database);
        Self { options, business, folder }
    }

    /// Measures everything. The copy goes, what it was copied from stays.
    pub fn run(&self) -> Result<Report, Failure> {
        let measured = self.measure();
        let removed = self.business.database.remove(RUN);
        let mut report = measured?;
        removed?;
        report.end();
        Ok(report)
    }

    fn measure(&self) -> Result<Report, Failure> {
        let (options, setting, database) =
            (self.options, &self.options.setting, self.business.database);
        mixed::check(setting.customers)?;
        let password = stock::prepare(&self.business, setting, self.folder)?;
        let about = database.about()?;
        let (customers, month, seed) = (setting.customers, &setting.month, setting.seed);
        let title = format!(
            "{} {}: the service with {customers} customers, the bills of {month}, seed {seed}",
            database.name(),
            about.version,
        );
        let mut report = Report::new(title, about);
        let service = self.start(&mut report)?;
        self.rest(&service, &mut report);
        self.say("signing in and reading what there is to ask for");
        let password = session::choose_password(service.address, &password)?;
        let token = session::token(service.address, &password)?;
        let caller = Caller::new(service.address, Some(&token));
        let mut client = Client::connect(service.address, caller)?;
        let world = Arc::new(World::read(&mut client, month)?);
        drop(client);
        self.say("asking for one bill, in turns with the bare handler");
        bill::measure(options, service.address, &token, &world, self.folder, &mut report)
            .map_err(|failure| service.wrong(&failure.to_string()))?;
        self.say("asking for entitlements, in turns with the bare handler");
        let token = session::token(service.address, &password)?;
        entitlement::measure(options, service.address, &token, &world, self.folder, &mut report)
            .map_err(|failure| service.wrong(&failure.to_string()))?;
        self.say("mixed traffic");
        let token = session::token(service.address, &password)?;
        mixed::measure(options, service.address, &token, &world, &mut report)
            .map_err(|failure| service.wrong(&failure.to_string()))?;
        if let Some(peak) = service.peak_mib() {
            report.group("Memory after it");
            report.add("peak", peak, Unit::MiB);
        }
        service.end()?;
        self.say("verifying");
        // Anything but a clean database is a failure of this command.
        self.business.call(RUN, &["verify", "--json"])?;
        report.note("The database was verified after it: every invariant holds.");
        Ok(report)
    }

    /// Starts the service several times; the last one stays.
    fn start(&self, report: &mut Report) -> Result<Process, Failure> {
        let url = self.business.database.url(RUN);
        let program = &self.options.setting.dairyos;
        let serving = Serving::new(program, url, self.folder.join(LOG))?;
        self.say("starting");
        let mut times = Vec::new();
        let mut last: Option<Process> = None;
        for _ in 0..self.options.starts {
            if let Some(before) = last.take() {
                before.end()?;
            }
            let process = serving.start()?;
            times.push(process.ready_seconds * MILLIS_PER_SECOND);
            last = Some(process);
        }
        report.group(format!("From its start until it is ready, {} times", times.len()));
        let slowest = times.iter().copied().fold(0.0, f64::max);
        report.hold("median", median(times), Unit::Millis, READY);
        report.add("slowest", slowest, Unit::Millis);
        last.ok_or_else(|| Failure::new("the service was not started"))
    }

    fn rest(&self, service: &Process, report: &mut Report) {
        self.say("letting it rest");
        thread::sleep(Duration::from_secs(self.options.idle_seconds));
        if let Some(resident) = service.resident_mib() {
            report.group(format!("At rest for {} s", self.options.idle_seconds));
            report.hold("resident memory", resident, Unit::MiB, IDLE_MEMORY);
        }
    }

    fn say(&self, doing: &str) {
        self.business.say(doing);
    }
}
