//! The round of mixed traffic and what is told of it.
//!
//! It deliberately counts wrong answers instead of stopping at the first: the report shows them,
//! and one is enough to miss the bound.

use super::script::{KINDS, Mixed};
use super::world::World;
use crate::failure::Failure;
use crate::load::{Caller, Outcome, Round, Times};
use crate::options::ServiceOptions;
use crate::report::{Bound, Report, Unit};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many ask at once.
const CONNECTIONS: usize = 64;
/// Time before the counted one, in which connections find their rhythm and caches fill.
const WARM_UP: Duration = Duration::from_secs(2);

const P99: Bound = Bound::AtMost(50.0);
const P95: Bound = Bound::AtMost(200.0);
const NONE: Bound = Bound::AtMost(0.0);

/// Fails when there are not enough customers for every connection to have its own.
pub fn check(customers: u32) -> Result<(), Failure> {
    if usize::try_from(customers).is_ok_and(|customers| customers >= CONNECTIONS) {
        return Ok(());
    }
    Err(Failure::new(format!("--customers: at least {CONNECTIONS} are needed")))
}

/// Lets all connections ask and adds what was seen. There are as many customers or more.
pub fn measure(
    options: &ServiceOptions,
    address: SocketAddr,
    token: &str,
    world: &Arc<World>,
    report: &mut Report,
) -> Result<(), Failure> {
    let round = Round {
        address,
        threads: usize::from(options.threads),
        warm_up: WARM_UP,
        lasts: Duration::from_secs(options.mixed_seconds),
        kinds: KINDS.len(),
    };
    let caller = Caller::new(address, Some(token));
    let seed = options.setting.seed;
    let script = |lane| Mixed::new(Arc::clone(world), caller.clone(), seed, lane, CONNECTIONS);
    let outcome = round.run((0..CONNECTIONS).map(script).collect())?;
    tell(&outcome, report);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
fn tell(outcome: &Outcome, report: &mut Report) {
    let writes = |kind: usize| KINDS.get(kind).is_some_and(|kind| kind.writes);
    let all = outcome.of(|_| true);
    report.group(format!("Mixed traffic, {CONNECTIONS} connections, 9 of 10 read"));
    report.add("rate", outcome.rate(), Unit::PerSecond("requests"));
    report.add("requests", all.count() as f64, Unit::Count);
    report.hold("answers not expected", outcome.wrong as f64, Unit::Count, NONE);
    let all = all.sorted();
    report.add("p50", all.within(500), Unit::Millis);
    report.hold("p95", all.within(950), Unit::Millis, P95);
    report.hold("p99", all.within(990), Unit::Millis, P99);
    report.add("p99.9", all.within(999), Unit::Millis);
    let p99 = |times: Times| times.sorted().within(990);
    report.add("reads: p99", p99(outcome.of(|kind| !writes(kind))), Unit::Millis);
    report.add("writes: p99", p99(outcome.of(writes)), Unit::Millis);
    report.group("Mixed traffic: p99 of each request");
    for (kind, times) in KINDS.iter().zip(&outcome.times) {
        report.add(kind.name, p99(times.clone()), Unit::Millis);
    }
    for example in outcome.examples.iter().take(5) {
        report.note(format!("An answer that was not expected: {example}"));
    }
}
