//! The benchmark of webhooks: signed events over HTTP, each answered after its durable commit.
//!
//! It deliberately sends every event once, each about a payment of its own for one of the issued
//! bills, so that every one of them is booked; afterwards the books must be sound.

use crate::business::Business;
use crate::database::Database;
use crate::failure::Failure;
use crate::load::{Answer, Caller, Outcome, Round, Script};
use crate::options::WebhooksOptions;
use crate::report::{Bound, Report, Unit};
use crate::service::serving::Serving;
use crate::service::stock::{self, RUN};
use crate::service::world::World;
use crate::turns;
use gateways::Secrets;
use gateways::fake::bodies::{Told, razorpay_captured};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many send at once, with what they must not wait longer than for one in a hundred.
const CONNECTIONS: [(usize, Option<f64>); 3] = [(8, Some(10.0)), (64, None), (256, Some(120.0))];
/// Events a second that must be reached at 64 and 256 connections.
const SQLITE: Bound = Bound::AtLeast(8_000.0);
const POSTGRES: Bound = Bound::AtLeast(5_000.0);
/// From how many connections on the rate counts.
const FROM: usize = 64;
/// Time before the counted one.
const WARM_UP: Duration = Duration::from_secs(1);
/// Numbers of events of one round. Ids follow each other in the order of sending, as the ids of
/// gateways follow their time.
const LANE: u64 = 10_000_000;
/// What each payment brings, in paise.
const AMOUNT: i64 = 10_000;
/// When all were paid, in Unix seconds: 2026-11-18. Razorpay's deliveries have no time limit.
const PAID_AT_SECS: i64 = 1_795_000_000;
/// The log of the service, in the work folder.
const LOG: &str = "webhooks.log";

/// Measures on every database asked for; returns whether every bound is met.
pub fn run(options: &WebhooksOptions) -> Result<bool, Failure> {
    turns::on_each("webhooks", &options.setting, |database, folder| {
        let measured = measure(options, database, folder);
        let removed = database.remove(RUN);
        let mut report = measured?;
        removed?;
        report.end();
        Ok(report)
    })
}

fn measure(
    options: &WebhooksOptions,
    database: &dyn Database,
    folder: &Path,
) -> Result<Report, Failure> {
    let setting = &options.setting;
    let business = Business::new(&setting.dairyos, database);
    let password = stock::prepare(&business, setting, folder)?;
    let about = database.about()?;
    let (customers, seed) = (setting.customers, setting.seed);
    let title = format!(
        "{} {}: webhooks to a dairy with {customers} customers, seed {seed}",
        database.name(),
        about.version,
    );
    let mut report = Report::new(title, about);
    let serving = Serving::new(&setting.dairyos, database.url(RUN), folder.join(LOG))?;
    let (serving, secrets) = serving.with_webhooks()?;
    let service = serving.start()?;
    let world = Arc::new(World::of(&service, &password, &setting.month)?);
    let sender = Sender { address: service.address, world, secrets: Arc::new(secrets) };
    for (round, (connections, p99)) in CONNECTIONS.into_iter().enumerate() {
        business.say(&format!("sending events over {connections} connections"));
        let outcome = sender.send(options, round, connections)?;
        let rate = if database.name() == "SQLite" { SQLITE } else { POSTGRES };
        tell(&outcome, connections, p99, rate, &mut report);
    }
    if let Some(peak) = service.peak_mib() {
        report.group("Memory after it");
        report.add("peak", peak, Unit::MiB);
    }
    service.end()?;
    business.say("verifying");
    // Anything but a clean database is a failure of this command.
    business.call(RUN, &["verify", "--json"])?;
    report.note("The database was verified after it: every invariant holds.");
    Ok(report)
}

/// Who sends.
struct Sender {
    address: SocketAddr,
    world: Arc<World>,
    secrets: Arc<Secrets>,
}

impl Sender {
    fn send(
        &self,
        options: &WebhooksOptions,
        round: usize,
        connections: usize,
    ) -> Result<Outcome, Failure> {
        let numbers = Arc::new(AtomicU64::new(round as u64 * LANE));
        let events = |_| Events {
            caller: Caller::new(self.address, None),
            world: Arc::clone(&self.world),
            secrets: Arc::clone(&self.secrets),
            numbers: Arc::clone(&numbers),
        };
        let lasts = Duration::from_secs(options.round_seconds);
        let threads = usize::from(options.threads);
        let asked = Round { address: self.address, threads, warm_up: WARM_UP, lasts, kinds: 1 };
        asked.run((0..connections).map(events).collect())
    }
}

/// One connection's events.
struct Events {
    caller: Caller,
    world: Arc<World>,
    secrets: Arc<Secrets>,
    numbers: Arc<AtomicU64>,
}

impl Script for Events {
    fn next(&mut self, out: &mut Vec<u8>) -> usize {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let bills = &self.world.bills;
        let place = usize::try_from(number.wrapping_mul(7_919)).unwrap_or(0);
        let bill = bills.get(place % bills.len().max(1)).map_or("", |(number, _)| number);
        let told = Told { number, bill_no: bill, amount: AMOUNT, at_secs: PAID_AT_SECS };
        let signed = razorpay_captured(&self.secrets, &told);
        let headers = [
            ("X-Razorpay-Signature", signed.signature.as_str()),
            ("x-razorpay-event-id", signed.event_id.as_str()),
        ];
        let body = String::from_utf8_lossy(&signed.body);
        self.caller.send("POST", "/api/v1/webhooks/razorpay", &headers, &body, out);
        0
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 200 && answer.body == br#"{"status":"processed"}"# {
            return Ok(());
        }
        Err(answer.shown())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
fn tell(
    outcome: &Outcome,
    connections: usize,
    p99: Option<f64>,
    bound: Bound,
    report: &mut Report,
) {
    report.group(format!("Events over {connections} connections"));
    let rate = outcome.rate();
    if connections < FROM {
        report.add("rate", rate, Unit::PerSecond("events"));
    } else {
        report.hold("rate", rate, Unit::PerSecond("events"), bound);
    }
    let times = outcome.of(|_| true).sorted();
    report.add("p50", times.within(500), Unit::Millis);
    match p99 {
        Some(most) => report.hold("p99", times.within(990), Unit::Millis, Bound::AtMost(most)),
        None => report.add("p99", times.within(990), Unit::Millis),
    }
    let wrong = outcome.wrong as f64;
    report.hold("answers not expected", wrong, Unit::Count, Bound::AtMost(0.0));
    for example in outcome.examples.iter().take(3) {
        report.note(format!("An answer that was not expected: {example}"));
    }
}
