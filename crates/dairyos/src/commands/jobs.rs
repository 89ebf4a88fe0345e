//! `dairyos jobs`: list, show, requeue, cancel.
//!
//! It deliberately prints times in Indian time and errors shortened; `show` has them whole.

use super::Context;
use crate::cli::{JobArgs, JobShowArgs, JobsListArgs};
use crate::output::{Output, Side, Table};
use app::AppError;
use app::jobs::{self, Job};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::State;
use serde_json::json;
use store::jobs::Page;

/// Characters of an error in a list.
const ERROR_CHARS: usize = 60;

pub fn list(context: &Context, args: &JobsListArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let page = Page {
        state: args.state.map(State::from),
        kind: args.kind.as_deref(),
        before: args.before.map(JobId),
        limit: args.limit,
    };
    let found = jobs::list(&store, page)?;
    let mut out = Output::new();
    if args.json {
        let jobs: Vec<_> = found.jobs.iter().map(jobs::shape).collect();
        out.json(&json!({ "jobs": jobs, "next": found.next.map(|id| id.0) }))?;
    } else if found.jobs.is_empty() {
        out.line("There are no such jobs.")?;
    } else {
        let columns = [
            ("Job", Side::Right),
            ("Kind", Side::Left),
            ("State", Side::Left),
            ("Due", Side::Left),
            ("Attempts", Side::Right),
            ("Last error", Side::Left),
        ];
        let mut table = Table::new(&columns);
        for job in &found.jobs {
            table.row(row(job));
        }
        out.text(table.show())?;
        if let Some(next) = found.next {
            out.line(format!("\nThere are more: dairyos jobs list --before {}", next.0))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn row(job: &Job) -> [String; 6] {
    let error = job.last_error.as_deref().unwrap_or("");
    let mut short: String = error.chars().take(ERROR_CHARS).collect();
    if short.len() < error.len() {
        short.push_str("...");
    }
    [
        job.id.0.to_string(),
        job.kind.clone(),
        job.state.as_str().to_owned(),
        job.run_at.to_string(),
        attempts(job),
        short.replace(['\n', '\r'], " "),
    ]
}

fn attempts(job: &Job) -> String {
    format!("{} of {}", job.attempts, job.max_attempts)
}

pub fn show(context: &Context, args: &JobShowArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let job = jobs::show(&store, JobId(args.id))?;
    let mut out = Output::new();
    if args.json {
        out.json(&jobs::shape(&job))?;
    } else {
        out.line(format!("Job {}  {}  {}", job.id.0, job.kind, job.state.as_str()))?;
        let mut table = Table::plain(&[Side::Left, Side::Left]);
        for (name, value) in facts(&job) {
            table.row([name.to_owned(), value]);
        }
        out.text(table.show())?;
    }
    out.finish()?;
    Ok(true)
}

/// What is known of a job, by name.
fn facts(job: &Job) -> Vec<(&'static str, String)> {
    let at = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
    [
        ("Due", Some(job.run_at.to_string())),
        ("Attempts", Some(attempts(job))),
        ("Enqueued", Some(job.created_at.to_string())),
        ("Worker", job.worker.clone()),
        ("Leased until", at(job.leased_until)),
        ("Finished", at(job.finished_at)),
        ("Request", job.request.clone()),
        ("Key", job.unique_key.clone()),
        ("Last error", job.last_error.clone()),
        ("Payload", Some(job.payload.clone())),
        ("Result", job.result.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

pub fn requeue(context: &Context, args: &JobArgs) -> Result<bool, AppError> {
    let job = jobs::requeue(&context.open()?, &context.actor, JobId(args.id))?;
    let mut out = Output::new();
    out.line(format!("Job {}, {}, waits again.", job.id.0, job.kind))?;
    out.finish()?;
    Ok(true)
}

pub fn cancel(context: &Context, args: &JobArgs) -> Result<bool, AppError> {
    let job = jobs::cancel(&context.open()?, &context.actor, JobId(args.id))?;
    let mut out = Output::new();
    out.line(format!("Job {}, {}, is cancelled.", job.id.0, job.kind))?;
    out.finish()?;
    Ok(true)
}
