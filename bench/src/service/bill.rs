//! One issued bill, asked for again and again, beside a bare handler that returns the same bytes.
//!
//! It deliberately lets both take turns, each in a process of its own, under the same requests:
//! what else happens on the machine then meets both.

use super::process::{Process, free_address};
use super::world::World;
use crate::failure::{Doing, Failure};
use crate::load::{Answer, Caller, Client, Round, Script};
use crate::options::ServiceOptions;
use crate::report::{Bound, Report, Unit};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How many ask at once.
const CONNECTIONS: [usize; 2] = [8, 64];
/// The share of a round before its counted time: one in so many.
pub(super) const WARM_UP_SHARE: u32 = 5;
/// What the service must reach of the bare handler's rate.
const RATIO: Bound = Bound::AtLeast(0.35);

/// Asks for the same thing and wants the same answer.
struct Same {
    request: Arc<Vec<u8>>,
    body: Arc<Vec<u8>>,
}

impl Script for Same {
    fn next(&mut self, out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(&self.request);
        0
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 200 && answer.body == self.body.as_slice() {
            return Ok(());
        }
        Err(answer.shown())
    }
}

/// What a round saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) rate: f64,
    pub(super) p99: f64,
}

/// The bill, and how it is asked for.
struct Bill<'a> {
    options: &'a ServiceOptions,
    token: &'a str,
    path: String,
    body: Arc<Vec<u8>>,
}

/// Takes turns and adds the ratios. `folder` is for the bytes and the log of the bare handler.
pub fn measure(
    options: &ServiceOptions,
    service: SocketAddr,
    token: &str,
    world: &World,
    folder: &Path,
    report: &mut Report,
) -> Result<(), Failure> {
    // From the middle, as good as any.
    let (number, _) = world
        .bills
        .get(world.bills.len() / 2)
        .ok_or_else(|| Failure::new("there is no bill to ask for"))?;
    let path = format!("/api/v1/bills/{number}");
    let mut client = Client::connect(service, Caller::new(service, Some(token)))?;
    let body = Arc::new(client.bytes(&path)?);
    let bare = start_bare(&body, folder, "bill")?;
    let bill = Bill { options, token, path, body };
    for connections in CONNECTIONS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.turns {
            ours.push(bill.ask(service, connections)?);
            theirs.push(bill.ask(bare.address, connections)?);
        }
        let bytes = bill.body.len();
        report.group(format!("GET of a bill, {bytes} bytes, {connections} connections"));
        let (rate, bare_rate) =
            (median(&ours, |seen| seen.rate), median(&theirs, |seen| seen.rate));
        report.add("rate", rate, Unit::PerSecond("requests"));
        report.add("p99", median(&ours, |seen| seen.p99), Unit::Millis);
        report.add("bare handler: rate", bare_rate, Unit::PerSecond("requests"));
        report.add("bare handler: p99", median(&theirs, |seen| seen.p99), Unit::Millis);
        report.hold("rate / bare handler", rate / bare_rate, Unit::Times, RATIO);
    }
    bare.end()
}

impl Bill<'_> {
    fn ask(&self, address: SocketAddr, connections: usize) -> Result<Seen, Failure> {
        let mut request = Vec::new();
        Caller::new(address, Some(self.token)).get(&self.path, &mut request);
        let request = Arc::new(request);
        let same = || Same { request: Arc::clone(&request), body: Arc::clone(&self.body) };
        let lasts = Duration::from_secs(self.options.round_seconds);
        let threads = usize::from(self.options.threads);
        let round = Round { address, threads, warm_up: lasts / WARM_UP_SHARE, lasts, kinds: 1 };
        let outcome = round.run((0..connections).map(|_| same()).collect())?;
        if let Some(example) = outcome.examples.first() {
            let path = &self.path;
            return Err(Failure::new(format!("GET {path} was suddenly answered by {example}")));
        }
        let p99 = outcome.of(|_| true).sorted().within(990);
        Ok(Seen { rate: outcome.rate(), p99 })
    }
}

/// Starts a bare handler that answers with these bytes; `what` names its files.
pub(super) fn start_bare(body: &[u8], folder: &Path, what: &str) -> Result<Process, Failure> {
    let file = folder.join(format!("service-{what}.json"));
    std::fs::write(&file, body).doing(format!("write {}", file.display()))?;
    let own = std::env::current_exe().doing("find this program")?;
    let address = free_address()?;
    let mut command = Command::new(own);
    command.args(["bare", "--port", &address.port().to_string(), "--body"]).arg(&file);
    let started =
        Process::start(command, address, &folder.join(format!("service-bare-{what}.log")));
    // It has read the file by now.
    std::fs::remove_file(&file).doing(format!("remove {}", file.display()))?;
    started
}

/// The middle value; of an even number, the larger of the two in the middle.
pub(super) fn median(seen: &[Seen], value: impl Fn(&Seen) -> f64) -> f64 {
    super::median(seen.iter().map(value).collect())
}
