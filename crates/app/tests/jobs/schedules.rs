//! Jobs that come again: once for each due time, after an absence as well, however many programs
//! look.

use crate::desk::Desk;
use app::jobs::{JobError, Outcome, Registry, Scheduled, Tally};
use domain::jobs::State;
use serde_json::json;
use std::sync::{Arc, Mutex};
use store::Store;
use testkit::on_both;

const DAY: i64 = 24 * 3600;

/// A daily job that notes its due times.
fn daily() -> (Registry, Arc<Mutex<Vec<String>>>) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let mut registry = Registry::new();
    let note = Arc::clone(&noted);
    registry.add_limited("work", 4, move |_, job| {
        assert_eq!(job.max_attempts, 4);
        note.lock().unwrap().push(job.payload.clone());
        Ok(Outcome::done())
    });
    let schedule = "daily 05:30".parse().unwrap();
    registry.schedule(Scheduled { name: "report", schedule, kind: "work" });
    (registry, noted)
}

#[test]
fn what_was_missed_is_caught_up_once_and_in_order() {
    on_both(|database| {
        let desk = Desk::new(database);
        let (registry, noted) = daily();
        let taken = || std::mem::take(&mut *noted.lock().unwrap());
        // Met for the first time at noon: what was due before is not caught up.
        assert_eq!(desk.run_due(&registry), Tally::default());
        desk.pass(DAY / 2);
        assert_eq!(desk.run_due(&registry), Tally::default());
        desk.pass(DAY / 4);
        assert_eq!(desk.run_due(&registry).done, 1);
        assert_eq!(desk.heard()[0], "scheduled 1");
        let due = |day: u32| format!("{{\"due\":\"2026-10-{day:02}T05:30:00+05:30\"}}");
        assert_eq!(taken(), [due(2)]);
        // Away for three days.
        desk.pass(3 * DAY);
        assert_eq!(desk.run_due(&registry).done, 3);
        assert_eq!(taken(), [due(3), due(4), due(5)]);
        assert_eq!(desk.run_due(&registry), Tally::default());
        // A clock that was set back finds nothing, and nothing twice when it is right again.
        desk.pass(-2 * DAY);
        assert_eq!(desk.run_due(&registry), Tally::default());
        desk.pass(2 * DAY);
        assert_eq!(desk.run_due(&registry), Tally::default());
        // Away for a year: the newest 31.
        desk.pass(365 * DAY);
        assert_eq!(desk.run_due(&registry).done, 31);
        let caught = taken();
        assert_eq!(caught.last().unwrap(), "{\"due\":\"2027-10-05T05:30:00+05:30\"}");
        assert_eq!(caught.first().unwrap(), "{\"due\":\"2027-09-05T05:30:00+05:30\"}");
    });
}

#[test]
fn several_programs_enqueue_each_due_time_once() {
    on_both(|database| {
        let desk = Desk::new(database);
        let (registry, noted) = daily();
        desk.run_due(&registry);
        desk.pass(5 * DAY);
        std::thread::scope(|scope| {
            let programs: Vec<_> = ["a", "b", "c"]
                .map(|name| {
                    let (desk, registry, url) = (&desk, &registry, &database.url);
                    scope.spawn(move || {
                        let store = Store::open(url).unwrap();
                        desk.run_due_on(&store, name, registry, 1)
                    })
                })
                .into();
            let tallies = programs.into_iter().map(|program| program.join().unwrap());
            // Who looked before the winner had enqueued may have found nothing to do.
            assert!(tallies.map(|tally| tally.done).sum::<u64>() <= 5);
        });
        desk.run_due(&registry);
        let mut noted = noted.lock().unwrap().clone();
        noted.sort();
        noted.dedup();
        assert_eq!(noted.len(), 5);
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM jobs"), 5);
    });
}

#[test]
fn the_product_keeps_house_by_itself() {
    on_both(|database| {
        let desk = Desk::new(database);
        let registry = Registry::standard();
        desk.run_due(&registry);
        desk.pass(DAY);
        let tally = desk.run_due(&registry);
        // The seals, retries of webhooks, ends of entitlements and questions to gateways of the
        // last hours, the looks for silent gateways, and each of the daily ones once.
        assert_eq!(tally, Tally { done: 4 * 31 + 24 + 4, ..Tally::default() });
        // Only the one that has sealed something and the report of the night leave a row.
        for kind in ["audit.seal", "reconciliation.run"] {
            let jobs =
                format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}' AND state = 'done'");
            assert_eq!(desk.dairy.count(&jobs), 1, "{kind}");
        }
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM jobs"), 2);
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM audit_seals"), 1);
        let kinds: Vec<_> = registry.kinds().collect();
        for scheduled in registry.schedules() {
            assert!(kinds.contains(&scheduled.kind), "{}", scheduled.kind);
        }
        // A month later the jobs of that day are removed, and only they.
        desk.pass(32 * DAY);
        desk.run_due(&registry);
        let old = format!(
            "SELECT COUNT(*) FROM jobs WHERE finished_at < {}",
            desk.now().unix_micros() - 30 * DAY * 1_000_000
        );
        assert_eq!(desk.dairy.count(&old), 0);
        // What is left is the job that has removed them, the reports of the nights that were caught
        // up, and the seal of what those wrote.
        for (kind, rows) in [("jobs.expire", 1), ("reconciliation.run", 31), ("audit.seal", 1)] {
            let jobs = format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}'");
            assert_eq!(desk.dairy.count(&jobs), rows, "{kind}");
        }
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM jobs"), 33);
    });
}

#[test]
fn a_schedule_that_found_nothing_to_do_leaves_no_row() {
    on_both(|database| {
        let desk = Desk::new(database);
        let mut registry = Registry::new();
        let turn = Arc::new(Mutex::new(0));
        let turns = Arc::clone(&turn);
        registry.add("work", move |_, _| {
            let mut turn = turns.lock().unwrap();
            *turn += 1;
            match *turn {
                2 => Ok(Outcome::unless_nothing(false, json!({ "done": 1 }))),
                3 => Err(JobError::Retry("away".to_owned())),
                _ => Ok(Outcome::unless_nothing(true, json!({ "done": 0 }))),
            }
        });
        let schedule = "every 1 minutes".parse().unwrap();
        registry.schedule(Scheduled { name: "report", schedule, kind: "work" });
        desk.run_due(&registry);
        let rows = || desk.dairy.count("SELECT COUNT(*) FROM jobs");
        desk.pass(60);
        assert_eq!((desk.run_due(&registry).done, rows()), (1, 0));
        // Something to do, and one that failed first, are there to be seen.
        desk.pass(60);
        assert_eq!((desk.run_due(&registry).done, rows()), (1, 1));
        desk.pass(60);
        assert_eq!(desk.run_due(&registry).failed, 1);
        desk.pass(10);
        assert_eq!((desk.run_due(&registry).done, rows()), (1, 2));
        // So is one that somebody has asked for.
        let asked = desk.due("work");
        assert_eq!((desk.run_due(&registry).done, rows()), (1, 3));
        assert_eq!(desk.job(asked).state, State::Done);
    });
}
