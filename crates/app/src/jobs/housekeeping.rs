//! The jobs that keep house: sealing the audit trail, and removing what is kept for a limited time.
//!
//! They deliberately work in small transactions and go on where they were: run twice, or cut off,
//! they leave the same.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::audit;
use domain::calendar::Moment;
use domain::jobs::{Schedule, earlier};
use serde_json::json;
use std::time::Duration;
use store::{StoreError, Tx, jobs};

/// Seals the audit trail.
pub(super) const SEAL: &str = "audit.seal";
/// Removes old answers to repeated requests.
pub(super) const EXPIRE_KEYS: &str = "idempotency.expire";
/// Removes old traces of signing in.
pub(super) const EXPIRE_SIGN_IN: &str = "sign_in.expire";
/// Removes old jobs.
pub(super) const EXPIRE_JOBS: &str = "jobs.expire";

/// When the jobs come again; at an hour when nobody delivers or bills.
pub(super) const SCHEDULES: [Scheduled; 4] = [
    Scheduled { name: SEAL, schedule: Schedule::Every(5), kind: SEAL },
    Scheduled { name: EXPIRE_KEYS, schedule: Schedule::Daily(60 + 10), kind: EXPIRE_KEYS },
    Scheduled { name: EXPIRE_SIGN_IN, schedule: Schedule::Daily(60 + 20), kind: EXPIRE_SIGN_IN },
    Scheduled { name: EXPIRE_JOBS, schedule: Schedule::Daily(60 + 30), kind: EXPIRE_JOBS },
];

const DAY: Duration = Duration::from_hours(24);
/// How long answers to repeated requests are kept.
const KEYS_KEPT: Duration = DAY.saturating_mul(3);
/// How long failures to sign in count.
const FAILURES_KEPT: Duration = DAY;
/// How long attempts to sign in are kept.
const ATTEMPTS_KEPT: Duration = DAY.saturating_mul(180);
/// How long notices to people are kept, seen or not.
const NOTICES_KEPT: Duration = DAY.saturating_mul(365);
/// How long sessions are kept after they have ended or expired.
const SESSIONS_KEPT: Duration = DAY.saturating_mul(30);
/// How long finished jobs are kept.
const JOBS_KEPT: Duration = DAY.saturating_mul(30);
/// Rows removed in one transaction.
const ROWS_AT_ONCE: u32 = 1_000;

pub(super) fn seal(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let sealed = audit::seal(context.store, context.now(), &|| context.may_go_on())?;
    let last = sealed.last.map(
        |seal| json!({ "id": seal.id, "last_row": seal.last_id, "hash": seal.hash.to_string() }),
    );
    let result = json!({ "seals": sealed.seals, "rows": sealed.rows, "last": last });
    Ok(Outcome::unless_nothing(sealed.seals == 0, result))
}

pub(super) fn expire_keys(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let before = earlier(context.now(), KEYS_KEPT);
    let removed = all(context, |tx| jobs::expire_keys(tx, before, ROWS_AT_ONCE))?;
    Ok(Outcome::unless_nothing(removed == 0, json!({ "removed": removed })))
}

pub(super) fn expire_jobs(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let before = earlier(context.now(), JOBS_KEPT);
    let removed = all(context, |tx| jobs::expire_finished(tx, before, ROWS_AT_ONCE))?;
    Ok(Outcome::unless_nothing(removed == 0, json!({ "removed": removed })))
}

pub(super) fn expire_sign_in(context: &Context<'_>, _: &Job) -> Result<Outcome, JobError> {
    let now = context.now();
    let before = earlier(now, FAILURES_KEPT);
    let failures = all(context, |tx| jobs::expire_failures(tx, before, now, ROWS_AT_ONCE))?;
    let before = earlier(now, ATTEMPTS_KEPT);
    let attempts = all(context, |tx| jobs::expire_attempts(tx, before, ROWS_AT_ONCE))?;
    let sessions = sessions(context, earlier(now, SESSIONS_KEPT))?;
    let before = earlier(now, NOTICES_KEPT);
    let notices = all(context, |tx| jobs::expire_notices(tx, before, ROWS_AT_ONCE))?;
    let nothing = failures + attempts + sessions + notices == 0;
    let removed = json!({
        "failures": failures,
        "attempts": attempts,
        "sessions": sessions,
        "notices": notices,
    });
    Ok(Outcome::unless_nothing(nothing, json!({ "removed": removed })))
}

/// Removes batch after batch until one is not full; what is left is for the next time.
fn all(
    context: &Context<'_>,
    remove: impl Fn(&mut Tx<'_>) -> Result<u64, StoreError>,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    while context.may_go_on() {
        let batch = context.store.write(&remove)?;
        removed += batch;
        if batch < u64::from(ROWS_AT_ONCE) {
            break;
        }
    }
    Ok(removed)
}

fn sessions(context: &Context<'_>, before: Moment) -> Result<u64, StoreError> {
    let (mut removed, mut after) = (0, String::new());
    while context.may_go_on() {
        let over =
            context.store.read(|tx| jobs::sessions_over(tx, &after, before, ROWS_AT_ONCE))?;
        let Some(last) = over.last() else { break };
        after.clone_from(last);
        removed += context.store.write(|tx| jobs::remove_sessions(tx, &over))?;
    }
    Ok(removed)
}
