//! The storm: a million events in any order, some twice, while the service and the database are
//! killed again and again. In the end every payment must be posted once.
//!
//! It deliberately is a proof and no measurement of speed; what it takes is told beside.

mod events;
mod senders;

use crate::business::Business;
use crate::database::Database;
use crate::failure::Failure;
use crate::options::StormOptions;
use crate::report::{Bound, Report, Unit};
use crate::service::process::Process;
use crate::service::serving::Serving;
use crate::service::stock::{self, RUN};
use crate::service::world::World;
use crate::turns;
use events::{Events, Expected};
use senders::{Counts, Senders};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The log of the service, in the work folder.
const LOG: &str = "storm.log";
/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long retries of what was kept may take, and how often they are looked for. The first comes
/// after about a minute.
const RETRIES_TAKE: Duration = Duration::from_mins(10);
const LOOK_FOR_RETRIES_EVERY: Duration = Duration::from_secs(2);
/// The account of the gateway in the ledger, and those of its fees and their tax.
const ACCOUNTS: [&str; 3] = ["gateway_razorpay", "gateway_fees", "input_gst"];

/// Proves it on every database asked for; returns whether it holds.
pub fn run(options: &StormOptions) -> Result<bool, Failure> {
    turns::on_each("storm", &options.setting, |database, folder| {
        let proved = prove(options, database, folder);
        let removed = database.remove(RUN);
        let mut report = proved?;
        removed?;
        report.end();
        Ok(report)
    })
}

fn prove(
    options: &StormOptions,
    database: &dyn Database,
    folder: &Path,
) -> Result<Report, Failure> {
    let setting = &options.setting;
    let business = Business::new(&setting.dairyos, database);
    let password = stock::prepare(&business, setting, folder)?;
    let about = database.about()?;
    let title = format!(
        "{} {}: a storm of {} events with {} crashes",
        database.name(),
        about.version,
        options.events,
        options.kills,
    );
    let mut report = Report::new(title, about);
    let serving = Serving::new(&setting.dairyos, database.url(RUN), folder.join(LOG))?;
    let (serving, secrets) = serving.with_webhooks()?;
    let service = serving.start()?;
    let bills = World::of(&service, &password, &setting.month)?.bills;
    let bills = bills.into_iter().map(|(number, _)| number).collect();
    let events = Arc::new(Events::new(setting.seed, options.events, bills));
    let senders = Senders {
        address: service.address,
        events: Arc::clone(&events),
        secrets: Arc::new(secrets),
        counts: Arc::new(Counts::default()),
    };
    let before = accounts(&business)?;
    business.say(&format!("sending {} events", events.sent()));
    let begun = Instant::now();
    let fire = Fire { serving: &serving, database, counts: &senders.counts };
    let crashes = AtomicU64::new(0);
    let service = thread::scope(|scope| {
        let burning = scope.spawn(|| fire.burn(service, events.sent(), options.kills, &crashes));
        let sent = senders.send(options.connections.into());
        let service = burning.join().map_err(|_| Failure::new("the killing was given up"))?;
        sent.and(service)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    business.say("waiting for what was kept to be tried again");
    wait_for_retries(&business)?;
    service.end()?;
    tell(&events, &senders.counts, crashes.into_inner(), seconds, &mut report);
    business.say("verifying");
    // Anything but a clean database is a failure of this command.
    business.call(RUN, &["verify", "--json"])?;
    report.note("The database was verified after it: every invariant holds.");
    compare(&before, &accounts(&business)?, &events.expected(), &mut report);
    Ok(report)
}

/// Waits until the service has tried again what could not be booked while the database was away.
fn wait_for_retries(business: &Business<'_>) -> Result<(), Failure> {
    let begun = Instant::now();
    while begun.elapsed() < RETRIES_TAKE {
        let failed = ["webhooks", "list", "--state", "failed", "--json"];
        let printed = business.call(RUN, &failed)?.printed;
        if printed["events"].as_array().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        thread::sleep(LOOK_FOR_RETRIES_EVERY);
    }
    Err(Failure::new("what was kept for later is not booked"))
}

/// Who kills.
struct Fire<'a> {
    serving: &'a Serving<'a>,
    database: &'a dyn Database,
    counts: &'a Counts,
}

impl Fire<'_> {
    /// Kills the service, or the database's server, in turn, so many times spread over all events.
    fn burn(
        &self,
        mut service: Process,
        sent: u64,
        kills: u64,
        crashes: &AtomicU64,
    ) -> Result<Process, Failure> {
        for kill in 1..=kills {
            let from = sent * kill / (kills + 1);
            while self.counts.acknowledged.load(Ordering::Relaxed) < from {
                thread::sleep(LOOK_EVERY);
            }
            let on_database = kill % 2 == 0 && self.database.crash(RUN)?;
            if !on_database {
                let address = service.address;
                drop(service);
                service = self.serving.start_at(address)?;
            }
            crashes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(service)
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers for people")]
fn tell(events: &Events, counts: &Counts, crashes: u64, seconds: f64, report: &mut Report) {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
    report.group("The storm");
    report.add("payments", events.payments() as f64, Unit::Count);
    report.add("different events", events.count() as f64, Unit::Count);
    report.add("sent and acknowledged", read(&counts.acknowledged), Unit::Count);
    report.add("answered as known", read(&counts.known), Unit::Count);
    report.add("sent again after silence or 5xx", read(&counts.repeated), Unit::Count);
    report.add("kill -9", crashes as f64, Unit::Count);
    report.add("acknowledged", read(&counts.acknowledged) / seconds, Unit::PerSecond("events"));
    report.add("kept, and booked by a retry", read(&counts.kept), Unit::Count);
    report.hold("answers not expected", read(&counts.wrong), Unit::Count, Bound::AtMost(0.0));
}

/// What the accounts of the gateway hold: balance in paise and entries of each.
type Accounts = [(i64, i64); 3];

fn accounts(business: &Business<'_>) -> Result<Accounts, Failure> {
    let printed = business.call(RUN, &["ledger", "balances", "--json"])?.printed;
    let mut found = Accounts::default();
    let rows = printed["accounts"].as_array().cloned().unwrap_or_default();
    for row in rows {
        let place = ACCOUNTS.iter().position(|account| row["account"] == **account);
        if let Some(place) = place.and_then(|place| found.get_mut(place)) {
            *place = (paise(&row["balance"])?, row["entries"].as_i64().unwrap_or(0));
        }
    }
    Ok(found)
}

/// Rupees with two decimals, as paise.
fn paise(value: &Value) -> Result<i64, Failure> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let digits: String = text.chars().filter(|c| *c != '.').collect();
    digits.parse().map_err(|_| Failure::new(format!("no sum of money: {text}")))
}

#[expect(clippy::cast_precision_loss, reason = "numbers for people")]
fn compare(before: &Accounts, after: &Accounts, expected: &Expected, report: &mut Report) {
    report.group("The ledger against the events, in paise");
    let wanted = [expected.at_gateway, expected.fees, expected.tax];
    for (((name, before), after), wanted) in ACCOUNTS.iter().zip(before).zip(after).zip(wanted) {
        let difference = (after.0 - before.0 - wanted) as f64;
        report.hold(
            format!("{name}: difference"),
            difference.abs(),
            Unit::Count,
            Bound::AtMost(0.0),
        );
    }
    let entries = (after[0].1 - before[0].1 - expected.entries) as f64;
    let name = "postings more or less than one for each fact";
    report.hold(name, entries.abs(), Unit::Count, Bound::AtMost(0.0));
}
