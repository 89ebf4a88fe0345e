//! The log on standard error, and reports of errors to Sentry.
//!
//! It deliberately lets nothing through that has not been searched for secrets; who logs must
//! still not hand over any.

mod gathered;
mod lines;
mod report;
mod scrub;

use crate::clock;
use crate::settings::Settings;
use domain::calendar::Moment;
use gathered::{Gathered, Rest};
use http_api::layers::access_log;
use lines::Lines;
use std::panic::PanicHookInfo;
use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of lines about panics. Sentry learns of panics by itself.
const PANIC_TARGET: &str = "dairyos::panic";

/// Keeps the log and the reports going; when it is dropped, what is left of both is sent.
pub struct Guard {
    _reports: Option<sentry::ClientInitGuard>,
    _lines: Rest,
}

/// Begins to log as the settings say. To be called once, before threads are started.
pub fn init(settings: &Settings, version: &'static str) -> Result<Guard, String> {
    let filter = EnvFilter::try_new(&settings.logging.level).map_err(|error| error.to_string())?;
    let options = report::options(&settings.sentry, version)?;
    // The library puts its own hook before this one.
    std::panic::set_hook(Box::new(log_panic));
    let reports = options.map(sentry::init);
    let reporting = reports.as_ref().map(|_| report::layer());
    let (out, rest) = Gathered::new(access_log::TARGET, std::io::stderr());
    let lines = Lines::new(settings.logging.format, now, out);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(reporting)
        .try_init()
        .map_err(|error| error.to_string())?;
    Ok(Guard { _reports: reports, _lines: rest })
}

/// Logs a panic as one line of the log.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    let what = info.payload_as_str().unwrap_or("no text");
    error!(target: PANIC_TARGET, place, "panic: {what}");
}

fn now() -> Moment {
    clock::now()
}
