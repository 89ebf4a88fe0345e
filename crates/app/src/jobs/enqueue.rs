//! Enqueuing a job in the transaction of its cause.
//!
//! It deliberately does not look at kinds: a job may be enqueued by a program that does not work
//! on it.

use crate::{Actor, AppError, Invalid};
use domain::calendar::Moment;
use domain::jobs::MAX_ATTEMPTS;
use serde_json::Value;
use store::Tx;
use store::jobs::{self, Enqueued};

/// How long the payload of a job may be: it names what to do, and the facts are in their tables.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// What is to be done.
    pub kind: &'static str,
    /// What it is to be done with. No secrets: it is shown with the job.
    pub payload: Value,
    /// At most one unfinished job of the kind has it.
    pub unique_key: Option<String>,
    /// When it is due.
    pub run_at: Moment,
    /// How often it is tried.
    pub max_attempts: u32,
}

impl NewJob {
    /// A job that is due at once and tried as often as usual.
    pub const fn now(kind: &'static str, payload: Value, now: Moment) -> Self {
        Self { kind, payload, unique_key: None, run_at: now, max_attempts: MAX_ATTEMPTS }
    }

    /// The job with a key, which at most one unfinished job of its kind has.
    pub fn once(self, key: impl Into<String>) -> Self {
        Self { unique_key: Some(key.into()), ..self }
    }
}

/// Enqueues jobs on behalf of somebody; the answers are in their order. To be called before audit
/// rows are written.
pub fn enqueue(tx: &mut Tx<'_>, actor: &Actor, new: &[NewJob]) -> Result<Vec<Enqueued>, AppError> {
    let payloads: Vec<String> = new.iter().map(|job| job.payload.to_string()).collect();
    if payloads.iter().any(|payload| payload.len() > MAX_PAYLOAD_BYTES) {
        let detail = format!("expected at most {MAX_PAYLOAD_BYTES} bytes");
        return Err(AppError::Invalid(Invalid::one("#/payload", detail)));
    }
    let new: Vec<_> = new
        .iter()
        .zip(&payloads)
        .map(|(job, payload)| jobs::NewJob {
            kind: job.kind,
            payload,
            unique_key: job.unique_key.as_deref(),
            run_at: job.run_at,
            max_attempts: job.max_attempts,
            request: actor.request.as_deref(),
            created_at: actor.at,
        })
        .collect();
    Ok(jobs::enqueue(tx, &new)?)
}
