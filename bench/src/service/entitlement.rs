//! Whether customers may use a feature, asked of many different customers in turn, beside a bare
//! handler that returns the bytes of one such answer.
//!
//! It deliberately never asks twice for the same customer before all the others: what is remembered
//! of one answer helps no other.

use super::bill::{Seen, WARM_UP_SHARE, median, start_bare};
use super::world::World;
use crate::failure::Failure;
use crate::load::{Answer, Caller, Client, Round, Script};
use crate::options::ServiceOptions;
use crate::report::{Bound, Report, Unit};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many ask at once.
const CONNECTIONS: [usize; 2] = [8, 64];
/// Different customers that are asked about at most.
const MOST_CUSTOMERS: usize = 20_000;
/// Customers who have bought a plan: so many, spread over all.
const BUYERS: usize = 500;
/// What they have bought, for which price, and a feature that nobody has otherwise.
const PLAN: (&str, &str, &str) = ("premium", "199.00", "analytics");
/// What the service must reach of the bare handler's rate.
const RATIO: Bound = Bound::AtLeast(0.5);

/// Asks about one customer after the other.
struct Many {
    caller: Caller,
    codes: Arc<Vec<String>>,
    /// The place of the customer who is asked about next, and how far the one after is.
    place: usize,
    step: usize,
    /// How the answer must begin.
    begins: String,
    /// What the bare handler answers, when it is asked.
    bare: Option<Arc<Vec<u8>>>,
}

fn path(code: &str) -> String {
    format!("/api/v1/customers/{code}/entitlements/{}", PLAN.2)
}

impl Script for Many {
    fn next(&mut self, out: &mut Vec<u8>) -> usize {
        let code = self.codes.get(self.place % self.codes.len()).map_or("", String::as_str);
        self.begins = format!("{{\"customer\":\"{code}\",");
        self.caller.get(&path(code), out);
        self.place += self.step;
        0
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let right = match &self.bare {
            Some(bytes) => answer.body == bytes.as_slice(),
            None => answer.body.starts_with(self.begins.as_bytes()),
        };
        if answer.status == 200 && right { Ok(()) } else { Err(answer.shown()) }
    }
}

/// Lets some customers buy a plan, and says whose entitlement is asked for.
fn customers(client: &mut Client, world: &World) -> Result<Vec<String>, Failure> {
    let codes: Vec<String> = world.customers.iter().take(MOST_CUSTOMERS).cloned().collect();
    let apart = (codes.len() / BUYERS).max(1);
    for (number, code) in codes.iter().step_by(apart).enumerate() {
        let receipt = json!({ "method": "cheque", "amount": PLAN.1, "plan": PLAN.0,
            "reference": format!("PLAN-{number}"), "customer_code": code });
        client.post("/api/v1/payments", &receipt, 201)?;
    }
    Ok(codes)
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
    let mut client = Client::connect(service, Caller::new(service, Some(token)))?;
    let codes = Arc::new(customers(&mut client, world)?);
    let first = codes.first().ok_or_else(|| Failure::new("there are no customers"))?;
    let body = Arc::new(client.bytes(&path(first))?);
    let bare = start_bare(&body, folder, "entitlement")?;
    for connections in CONNECTIONS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.turns {
            ours.push(ask(options, service, token, &codes, connections, None)?);
            theirs.push(ask(options, bare.address, token, &codes, connections, Some(&body))?);
        }
        let (bytes, many) = (body.len(), codes.len());
        report.group(format!(
            "GET of an entitlement, {bytes} bytes, {many} customers, {connections} connections"
        ));
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

fn ask(
    options: &ServiceOptions,
    address: SocketAddr,
    token: &str,
    codes: &Arc<Vec<String>>,
    connections: usize,
    bare: Option<&Arc<Vec<u8>>>,
) -> Result<Seen, Failure> {
    let one = |place: usize| Many {
        caller: Caller::new(address, Some(token)),
        codes: Arc::clone(codes),
        place,
        step: connections,
        begins: String::new(),
        bare: bare.cloned(),
    };
    let lasts = Duration::from_secs(options.round_seconds);
    let threads = usize::from(options.threads);
    let round = Round { address, threads, warm_up: lasts / WARM_UP_SHARE, lasts, kinds: 1 };
    let outcome = round.run((0..connections).map(one).collect())?;
    if let Some(example) = outcome.examples.first() {
        return Err(Failure::new(format!("an entitlement was suddenly answered by {example}")));
    }
    let p99 = outcome.of(|_| true).sorted().within(990);
    Ok(Seen { rate: outcome.rate(), p99 })
}
