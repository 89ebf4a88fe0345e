//! The shape in which jobs leave the program as JSON.
//!
//! It deliberately shows payload and result as JSON, not as texts of JSON.

use domain::calendar::Moment;
use serde::Serialize;
use serde_json::Value;
use store::jobs::Job;
use utoipa::ToSchema;

/// A job as JSON. Times are RFC 3339 in Indian time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct Shape {
    /// Its id.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// `waiting`, `running`, `done`, `dead` or `cancelled`.
    pub state: &'static str,
    /// What it is to be done with.
    pub payload: Value,
    /// At most one unfinished job of the kind has it.
    #[schema(required)]
    pub unique_key: Option<String>,
    /// When it is due.
    pub run_at: String,
    /// Attempts that have begun.
    pub attempts: u32,
    /// How many there may be.
    pub max_attempts: u32,
    /// Who has it, while it runs.
    #[schema(required)]
    pub worker: Option<String>,
    /// Until when, unless the lease is renewed.
    #[schema(required)]
    pub leased_until: Option<String>,
    /// Why the last failed attempt failed.
    #[schema(required)]
    pub last_error: Option<String>,
    /// What came out of it.
    #[schema(required)]
    pub result: Option<Value>,
    /// The request over HTTP that asked for it.
    #[schema(required)]
    pub request_id: Option<String>,
    /// When it was enqueued.
    pub created_at: String,
    /// When it was done, given up or cancelled.
    #[schema(required)]
    pub finished_at: Option<String>,
}

/// The shape of a job.
pub fn shape(job: &Job) -> Shape {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    Shape {
        id: job.id.0,
        kind: job.kind.clone(),
        state: job.state.as_str(),
        payload: json(&job.payload),
        unique_key: job.unique_key.clone(),
        run_at: job.run_at.rfc3339(),
        attempts: job.attempts,
        max_attempts: job.max_attempts,
        worker: job.worker.clone(),
        leased_until: job.leased_until.map(Moment::rfc3339),
        last_error: job.last_error.clone(),
        result: job.result.as_deref().map(json),
        request_id: job.request.clone(),
        created_at: job.created_at.rfc3339(),
        finished_at: job.finished_at.map(Moment::rfc3339),
    }
}
