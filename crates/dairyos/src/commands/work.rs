//! `dairyos work`: does jobs until it is asked to end.
//!
//! It deliberately ends gently: at the first Ctrl-C or SIGTERM the jobs that have begun are ended;
//! at the second the program ends at once, and another worker takes them over after their lease.

use super::Context;
use crate::cli::WorkArgs;
use crate::clock;
use crate::output::{Output, note};
use app::AppError;
use app::jobs::{Event, RECONCILE, Registry, Stop, Tally, Worker, reconcile};
use std::sync::Arc;

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

pub fn execute(context: &Context, args: &WorkArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let settings = context.settings()?;
    let gateways = context.payments()?.gateways;
    let mut registry = Registry::with_gateways(&gateways);
    registry.watch_silence(settings.gateways.silence());
    registry.add(RECONCILE, reconcile(settings.reconciliation.rules(), gateways));
    let stop = listen()?;
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| AppError::Output(error.to_string()))?;
    let name = format!("{}-{:08x}", std::process::id(), u32::from_be_bytes(bytes));
    let worker = Worker {
        store: &store,
        registry: &registry,
        clock: &clock::now,
        // Without randomness the pauses are shorter, and the work goes on.
        random: &|bytes| {
            let _ = getrandom::fill(bytes);
        },
        hear: &told,
        name: &name,
        threads: args.threads,
    };
    let tally = if args.once {
        worker.run_due(&stop)?
    } else {
        note(&format!("worker {name} has begun; Ctrl-C ends it"));
        worker.run(&stop)
    };
    let mut out = Output::new();
    let Tally { done, failed, dead, lost } = tally;
    out.line(format!(
        "{done} jobs done, {failed} attempts failed, {dead} jobs given up, {lost} leases lost."
    ))?;
    out.finish()?;
    Ok(!args.once || dead == 0)
}

/// The handle by which Ctrl-C and SIGTERM ask for the end.
fn listen() -> Result<Arc<Stop>, AppError> {
    let stop = Arc::new(Stop::new());
    let asked = Arc::clone(&stop);
    let handler = move || {
        if asked.is_requested() {
            std::process::exit(INTERRUPTED);
        }
        asked.request();
    };
    ctrlc::set_handler(handler).map_err(|error| AppError::Output(error.to_string()))?;
    Ok(stop)
}

/// One line for each thing that happens, with the job's id.
fn told(event: &Event<'_>) {
    let what = match event {
        Event::Begun(job) => {
            let (attempt, most) = (job.attempts, job.max_attempts);
            format!("job {} {}: attempt {attempt} of {most}", job.id.0, job.kind)
        }
        Event::Done(job) => format!("job {} {}: done", job.id.0, job.kind),
        Event::Failed(job, error, next) => {
            format!("job {} {}: failed, next at {next}: {error}", job.id.0, job.kind)
        }
        Event::Dead(job, error) => format!("job {} {}: given up: {error}", job.id.0, job.kind),
        Event::Lost(job) => format!("job {} {}: the lease was lost", job.id.0, job.kind),
        Event::Scheduled(count) => format!("{count} jobs enqueued by schedule"),
        Event::TakenOver(freed, dead) => {
            format!("{freed} jobs of silent workers taken over, {dead} given up")
        }
        Event::Trouble(error) => format!("{error}"),
    };
    note(&format!("{}  {what}", clock::now()));
}
