//! Ends of entitlements, noted soon after they have come.
//!
//! It deliberately is not what ends them: each check looks at the clock.

use super::{Context, Job, JobError, Outcome, Scheduled};
use domain::jobs::Schedule;
use serde_json::json;

/// Closes what has ended.
pub(super) const EXPIRE: &str = "entitlements.expire";
/// When it comes again.
pub(super) const SCHEDULE: Scheduled =
    Scheduled { name: EXPIRE, schedule: Schedule::Every(15), kind: EXPIRE };

pub(super) fn expire(context: &Context<'_>, job: &Job) -> Result<Outcome, JobError> {
    let actor = context.actor(job);
    let expired = crate::entitlements::expire(context.store, &actor, &|| context.may_go_on())?;
    let result = json!({ "closed": expired.closed, "ending_within_3_days": expired.ending_soon });
    Ok(Outcome::unless_nothing(expired.closed == 0, result))
}
