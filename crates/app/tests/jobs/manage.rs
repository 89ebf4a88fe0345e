//! People who look after jobs: lists, steps that are allowed and traced, and how the queue stands.

use crate::desk::Desk;
use app::AppError;
use app::jobs::{self, JobError, MAX_PAYLOAD_BYTES, NewJob, Outcome, Registry};
use domain::ids::JobId;
use domain::jobs::State;
use serde_json::json;
use store::jobs::Page;
use testkit::on_both;

const ALL: Page<'static> = Page { state: None, kind: None, before: None, limit: 50 };

fn conflict(answer: Result<jobs::Job, AppError>, words: &str) {
    match answer {
        Err(AppError::Conflict(text)) => assert!(text.contains(words), "{text}"),
        other => panic!("expected a conflict, found {other:?}"),
    }
}

#[test]
fn a_dead_job_waits_again_and_a_waiting_one_is_taken_back() {
    on_both(|database| {
        let desk = Desk::new(database);
        let store = &desk.dairy.store;
        let mut registry = Registry::new();
        registry.add("work", |_, _| Err(JobError::Dead("wrong".to_owned())));
        let id = desk.enqueue(NewJob::now("work", json!({}), desk.now()).once("k")).id;
        conflict(jobs::requeue(store, &desk.actor(), id), "job 1 is waiting");
        desk.run_due(&registry);
        conflict(jobs::cancel(store, &desk.actor(), id), "job 1 is dead");
        // While another does the same, it cannot.
        let rival = desk.enqueue(NewJob::now("work", json!({}), desk.now()).once("k")).id;
        conflict(jobs::requeue(store, &desk.actor(), id), "job 2 does the same already");
        let cancelled = jobs::cancel(store, &desk.actor(), rival).unwrap();
        assert_eq!((cancelled.state, cancelled.finished_at), (State::Cancelled, Some(desk.now())));
        desk.pass(10);
        let waiting = jobs::requeue(store, &desk.actor(), id).unwrap();
        assert_eq!((waiting.state, waiting.attempts), (State::Waiting, 0));
        assert_eq!((waiting.run_at, waiting.last_error.as_deref()), (desk.now(), Some("wrong")));
        registry.add("work", |_, _| Ok(Outcome::done()));
        assert_eq!(desk.run_due(&registry).done, 1);
        conflict(jobs::requeue(store, &desk.actor(), id), "job 1 is done");
        conflict(jobs::cancel(store, &desk.actor(), id), "job 1 is done");
        let missing = jobs::requeue(store, &desk.actor(), JobId(77)).unwrap_err();
        assert_eq!(
            (missing.code(), missing.to_string().as_str()),
            ("not_found", "there is no job 77")
        );
        // Each step that was taken is traced, and no other.
        let traced = |id: JobId| {
            let record = id.0.to_string();
            let rows = store.read(|tx| store::audit::of_record(tx, "jobs", &record)).unwrap();
            rows.into_iter().map(|row| (row.action, row.actor, row.before, row.after)).collect()
        };
        let of_first: Vec<_> = traced(id);
        assert_eq!(of_first.len(), 1);
        let (action, actor, before, after) = &of_first[0];
        assert_eq!((action.as_str(), actor), ("requeue", &desk.actor()));
        let facts = |state, attempts| {
            Some(json!({ "attempts": attempts, "kind": "work", "state": state }).to_string())
        };
        assert_eq!((before, after), (&facts("dead", 1), &facts("waiting", 0)));
        let of_rival: Vec<_> = traced(rival);
        assert_eq!(of_rival[0].0, "cancel");
    });
}

#[test]
fn jobs_are_listed_in_pages_and_shown() {
    on_both(|database| {
        let desk = Desk::new(database);
        let store = &desk.dairy.store;
        for _ in 0..5 {
            desk.due("work");
        }
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = jobs::list(store, Page { before, limit: 2, ..ALL }).unwrap();
            seen.extend(page.jobs.iter().map(|job| job.id.0));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, [5, 4, 3, 2, 1]);
        // A limit of nothing is one; there is no limit above the most.
        assert_eq!(jobs::list(store, Page { limit: 0, ..ALL }).unwrap().jobs.len(), 1);
        assert_eq!(jobs::list(store, Page { limit: u32::MAX, ..ALL }).unwrap().jobs.len(), 5);
        let shape = serde_json::to_value(jobs::shape(&desk.job(JobId(1)))).unwrap();
        assert_eq!(shape["state"], "waiting");
        assert_eq!(shape["run_at"], "2026-10-01T12:00:00+05:30");
        assert_eq!((&shape["payload"], &shape["request_id"]), (&json!({}), &json!("r-7")));
        let missing = jobs::show(store, JobId(6)).unwrap_err();
        assert_eq!(missing.code(), "not_found");
    });
}

#[test]
fn the_queue_says_how_it_stands() {
    on_both(|database| {
        let desk = Desk::new(database);
        let store = &desk.dairy.store;
        let stats = || jobs::stats(store, desk.now()).unwrap();
        assert_eq!((stats().oldest_due, stats().oldest_due_secs(desk.now())), (None, 0));
        desk.due("work");
        desk.pass(75);
        desk.due("work");
        let stats = stats();
        assert_eq!(stats.oldest_due_secs(desk.now()), 75);
        assert_eq!(stats.counts[0], (State::Waiting, 2));
        assert!(stats.counts[1..].iter().all(|(_, count)| *count == 0));
    });
}

#[test]
fn a_payload_is_short() {
    on_both(|database| {
        let desk = Desk::new(database);
        let long = json!("x".repeat(MAX_PAYLOAD_BYTES - 1));
        let new = NewJob::now("work", long, desk.now());
        let refused =
            desk.dairy.store.write(|tx| jobs::enqueue(tx, &desk.actor(), &[new])).unwrap_err();
        assert_eq!(refused.code(), "invalid");
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM jobs"), 0);
    });
}
