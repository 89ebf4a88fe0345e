//! Calls of gateways about what we ask them for and about refunds, and asking them by ourselves.
//!
//! It deliberately does nothing about a gateway that the settings of this program do not name:
//! another program may have them.

use super::{Context, Job, JobError, Outcome, Scheduled};
use crate::AppError;
use crate::payments::{self, ASK, Gateways, Worker};
use domain::ids::{RefundId, RequestId};
use domain::jobs::Schedule;
use serde_json::{Value, json};

pub(super) use crate::payments::{ASK as KIND_ASK, CALL as KIND_CALL, REFUND as KIND_REFUND};

/// When is asked again.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: ASK, schedule: Schedule::Every(10), kind: ASK };

pub(super) fn call(
    gateways: &Gateways,
    context: &Context<'_>,
    job: &Job,
) -> Result<Outcome, JobError> {
    let id = RequestId(number(job, "request")?);
    let acted = with(gateways, context, job, |desk| payments::act_on_request(desk, id))?;
    Ok(Outcome::with(json!({ "acted": acted })))
}

pub(super) fn refund(
    gateways: &Gateways,
    context: &Context<'_>,
    job: &Job,
) -> Result<Outcome, JobError> {
    let id = RefundId(number(job, "refund")?);
    let acted = with(gateways, context, job, |desk| payments::act_on_refund(desk, id))?;
    Ok(Outcome::with(json!({ "acted": acted })))
}

pub(super) fn ask(
    gateways: &Gateways,
    context: &Context<'_>,
    job: &Job,
) -> Result<Outcome, JobError> {
    let may_go_on = || context.may_go_on();
    let found = with(gateways, context, job, |desk| payments::ask_all(desk, &may_go_on))?;
    Ok(Outcome::unless_nothing(found.is_nothing(), found.result()))
}

fn with<T>(
    gateways: &Gateways,
    context: &Context<'_>,
    job: &Job,
    work: impl FnOnce(&Worker<'_>) -> Result<T, AppError>,
) -> Result<T, JobError> {
    let actor = || context.actor(job);
    Ok(work(&Worker { store: context.store, gateways, actor: &actor })?)
}

/// A number of the payload.
fn number(job: &Job, name: &str) -> Result<i64, JobError> {
    let payload: Value = serde_json::from_str(&job.payload).unwrap_or_default();
    let wrong = || JobError::Dead(format!("the payload has no number {name}"));
    payload.get(name).and_then(Value::as_i64).ok_or_else(wrong)
}
