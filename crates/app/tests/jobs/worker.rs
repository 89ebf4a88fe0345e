//! Workers: one attempt at a time, failures with pauses, deaths, and the end on request.

use crate::desk::Desk;
use app::jobs::{JobError, NewJob, Outcome, Registry, Stop, Tally};
use domain::ids::JobId;
use domain::jobs::{State, later};
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::jobs as kept;
use store::{Store, StoreError};
use testkit::on_both;

const DONE: Tally = Tally { done: 1, failed: 0, dead: 0, lost: 0 };
const DEAD: Tally = Tally { done: 0, failed: 0, dead: 1, lost: 0 };
const FAILED: Tally = Tally { done: 0, failed: 1, dead: 0, lost: 0 };

fn always(answer: Result<Outcome, JobError>) -> Registry {
    let mut registry = Registry::new();
    registry.add_limited("work", 3, move |_, _| answer.clone());
    registry
}

#[test]
fn a_job_is_done_once_with_its_result() {
    on_both(|database| {
        let desk = Desk::new(database);
        let mut registry = Registry::new();
        registry.add("work", |context, job| {
            assert!(context.may_go_on());
            assert_eq!(context.actor(job).request.as_deref(), Some("r-7"));
            let payload: serde_json::Value = serde_json::from_str(&job.payload).unwrap();
            Ok(Outcome::with(json!({ "twice": payload["n"].as_i64().unwrap() * 2 })))
        });
        let id = desk.enqueue(NewJob::now("work", json!({ "n": 21 }), desk.now())).id;
        let later = NewJob { run_at: later(desk.now(), Duration::from_mins(9)), ..work(&desk) };
        let later = desk.enqueue(later).id;
        assert_eq!(desk.run_due(&registry), DONE);
        assert_eq!(desk.run_due(&registry), Tally::default());
        assert_eq!(desk.heard(), ["begun 1", "done 1"]);
        let job = desk.job(id);
        assert_eq!((job.state, job.attempts), (State::Done, 1));
        assert_eq!(job.result.as_deref(), Some("{\"twice\":42}"));
        assert_eq!(job.finished_at, Some(desk.now()));
        assert_eq!(desk.job(later).state, State::Waiting);
    });
}

fn work(desk: &Desk<'_>) -> NewJob {
    NewJob::now("work", json!({}), desk.now())
}

#[test]
fn failures_are_followed_by_longer_pauses_and_then_the_end() {
    on_both(|database| {
        let desk = Desk::new(database);
        let registry = always(Err(JobError::Retry("no answer".to_owned())));
        let id = desk.enqueue(NewJob { max_attempts: 3, ..work(&desk) }).id;
        for pause in [2, 4] {
            assert_eq!(desk.run_due(&registry), FAILED);
            let job = desk.job(id);
            assert_eq!(job.state, State::Waiting);
            assert_eq!(job.run_at, later(desk.now(), Duration::from_secs(pause)));
            assert_eq!(job.last_error.as_deref(), Some("no answer"));
            desk.pass(i64::try_from(pause).unwrap() - 1);
            assert_eq!(desk.run_due(&registry), Tally::default());
            desk.pass(1);
        }
        assert_eq!(desk.run_due(&registry), DEAD);
        let job = desk.job(id);
        assert_eq!((job.state, job.attempts), (State::Dead, 3));
        let reason = "given up after 3 attempts: no answer";
        assert_eq!(job.last_error.as_deref(), Some(reason));
        assert_eq!(desk.heard().last().unwrap(), &format!("dead 1: {reason}"));
        desk.pass(99_999);
        assert_eq!(desk.run_due(&registry), Tally::default());
    });
}

#[test]
fn what_cannot_succeed_is_given_up_at_once() {
    on_both(|database| {
        let desk = Desk::new(database);
        let long = "wrong ".repeat(1_000);
        let registry = always(Err(JobError::Dead(long.clone())));
        let id = desk.due("work");
        assert_eq!(desk.run_due(&registry), DEAD);
        let job = desk.job(id);
        assert_eq!((job.state, job.attempts), (State::Dead, 1));
        let error = job.last_error.unwrap();
        assert!(long.starts_with(&error) && error.len() == 2_000, "{}", error.len());
    });
}

#[test]
fn a_panic_is_an_error_and_the_worker_goes_on() {
    on_both(|database| {
        let desk = Desk::new(database);
        let mut registry = Registry::new();
        registry.add("work", |context, _| {
            // With a transaction open: it must leave nothing behind, and no lock.
            context.store.write(|tx| {
                tx.execute("UPDATE business SET name = 'Half'", &[])?;
                let nothing = tx.find("SELECT 1", &[], |_| Ok(()))?.is_none();
                assert!(nothing, "no milk on {}", "Monday");
                Ok::<_, StoreError>(())
            })?;
            Ok(Outcome::done())
        });
        registry.add("other", |_, _| Ok(Outcome::done()));
        let id = desk.due("work");
        let other = desk.due("other");
        let tally = desk.run_due(&registry);
        assert_eq!(tally, Tally { done: 1, failed: 1, ..Tally::default() });
        let job = desk.job(id);
        assert_eq!(job.state, State::Waiting);
        let error = job.last_error.unwrap();
        assert_eq!(error, "the handler panicked: no milk on Monday");
        assert_eq!(desk.job(other).state, State::Done);
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM business WHERE name = 'Half'"), 0);
    });
}

#[test]
fn a_kind_nobody_knows_waits_for_a_program_that_does() {
    on_both(|database| {
        let desk = Desk::new(database);
        let id = desk.due("work");
        assert_eq!(desk.run_due(&Registry::new()), FAILED);
        let error = desk.job(id).last_error.unwrap();
        assert_eq!(error, "this program knows no jobs work");
        desk.pass(2);
        assert_eq!(desk.run_due(&always(Ok(Outcome::done()))), DONE);
    });
}

/// Claims the due jobs as a worker that says nothing more.
fn claimed_by_the_dead(desk: &Desk<'_>) {
    let until = later(desk.now(), Duration::from_mins(1));
    let claimed =
        desk.dairy.store.write(|tx| kept::claim(tx, "dead", desk.now(), until, 9)).unwrap();
    assert!(!claimed.is_empty());
}

#[test]
fn the_job_of_a_dead_worker_is_taken_over() {
    on_both(|database| {
        let desk = Desk::new(database);
        let registry = always(Ok(Outcome::done()));
        let id = desk.due("work");
        let last = desk.enqueue(NewJob { max_attempts: 1, ..work(&desk) }).id;
        claimed_by_the_dead(&desk);
        desk.pass(60);
        // The lease runs until the end of its last moment.
        assert_eq!(desk.run_due(&registry), Tally::default());
        desk.pass(1);
        assert_eq!(desk.run_due(&registry), DONE);
        assert_eq!(desk.heard()[0], "taken over 1, dead 1");
        let job = desk.job(id);
        assert_eq!((job.state, job.attempts), (State::Done, 2));
        assert_eq!(job.last_error.as_deref(), Some("the worker dead went away without a word"));
        // It was the last attempt of the other one.
        let job = desk.job(last);
        let reason = "the worker dead went away without a word, in the last of 1 attempts";
        assert_eq!((job.state, job.last_error.as_deref()), (State::Dead, Some(reason)));
    });
}

/// A worker that was away for too long, and comes back after another has done its job.
#[test]
fn whoever_has_lost_the_lease_keeps_nothing() {
    on_both(|database| {
        let desk = Desk::new(database);
        let id = desk.due("work");
        let url = database.url.clone();
        let away = Arc::new(AtomicU32::new(0));
        std::thread::scope(|scope| {
            let (begun, wait) = std::sync::mpsc::channel();
            let (go, gone) = std::sync::mpsc::channel::<()>();
            let gone = Mutex::new(gone);
            let mut slow = Registry::new();
            slow.add("work", move |_, _| {
                begun.send(()).unwrap();
                gone.lock().unwrap().recv().unwrap();
                Ok(Outcome::with(json!("slow")))
            });
            let (desk, url) = (&desk, &url);
            let first = scope.spawn(move || {
                let store = Store::open(url).unwrap();
                desk.run_due_on(&store, "slow", &slow, 1)
            });
            wait.recv().unwrap();
            desk.pass(61);
            let mut quick = Registry::new();
            let count = Arc::clone(&away);
            quick.add("work", move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(Outcome::with(json!("quick")))
            });
            assert_eq!(desk.run_due(&quick), DONE);
            go.send(()).unwrap();
            assert_eq!(first.join().unwrap(), Tally { lost: 1, ..Tally::default() });
        });
        let job = desk.job(id);
        assert_eq!((job.attempts, job.result.as_deref()), (2, Some("\"quick\"")));
        assert_eq!(desk.heard().last().unwrap(), "lost 1");
    });
}

/// How often each job was begun, and whether any was at work twice at one time.
#[derive(Default)]
struct Watch {
    at_work: Vec<JobId>,
    begun: HashMap<JobId, u32>,
    together: usize,
}

#[test]
fn two_workers_never_do_one_job_at_once() {
    const JOBS: usize = 30;
    on_both(|database| {
        let desk = Desk::new(database);
        for _ in 0..JOBS {
            desk.due("work");
        }
        let watch = Arc::new(Mutex::new(Watch::default()));
        let mut registry = Registry::new();
        let seen = Arc::clone(&watch);
        registry.add("work", move |_, job| {
            let mut watch = seen.lock().unwrap();
            assert!(!watch.at_work.contains(&job.id), "{:?} is at work already", job.id);
            watch.at_work.push(job.id);
            watch.together = watch.together.max(watch.at_work.len());
            *watch.begun.entry(job.id).or_default() += 1;
            drop(watch);
            std::thread::sleep(Duration::from_millis(2));
            seen.lock().unwrap().at_work.retain(|id| *id != job.id);
            Ok(Outcome::done())
        });
        let tallies: Vec<Tally> = std::thread::scope(|scope| {
            let workers: Vec<_> = ["a", "b"]
                .map(|name| {
                    let (desk, registry, url) = (&desk, &registry, &database.url);
                    scope.spawn(move || {
                        let store = Store::open(url).unwrap();
                        desk.run_due_on(&store, name, registry, 2)
                    })
                })
                .into();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let watch = watch.lock().unwrap();
        assert_eq!(watch.begun.len(), JOBS);
        assert!(watch.begun.values().all(|times| *times == 1), "{:?}", watch.begun);
        assert!(watch.together > 1, "nothing was tried at once");
        assert_eq!(tallies.iter().map(|tally| tally.done).sum::<u64>(), JOBS as u64);
    });
}

#[test]
fn a_worker_ends_when_it_is_asked_to_and_ends_its_job_first() {
    on_both(|database| {
        let desk = Desk::new(database);
        let id = desk.due("work");
        let stop = Arc::new(Stop::new());
        let mut registry = Registry::new();
        let asked = Arc::clone(&stop);
        registry.add("work", move |context, _| {
            asked.request();
            assert!(!context.may_go_on());
            Ok(Outcome::done())
        });
        let tally = desk.with(&desk.dairy.store, "w", &registry, 2, |worker| worker.run(&stop));
        assert_eq!((tally, desk.job(id).state), (DONE, State::Done));
        // Asked before it begins, it does nothing.
        let next = desk.due("work");
        let tally = desk.with(&desk.dairy.store, "w", &registry, 2, |worker| worker.run(&stop));
        assert_eq!((tally, desk.job(next).state), (Tally::default(), State::Waiting));
    });
}

/// A worker that finds jobs by itself, without anybody calling.
#[test]
fn an_idle_worker_finds_what_is_enqueued_later() {
    on_both(|database| {
        let desk = Desk::new(database);
        let stop = Stop::new();
        let registry = always(Ok(Outcome::done()));
        std::thread::scope(|scope| {
            let (desk, stop, registry) = (&desk, &stop, &registry);
            let worker = scope.spawn(move || {
                desk.with(&desk.dairy.store, "w", registry, 2, |worker| worker.run(stop))
            });
            let id = desk.due("work");
            for _ in 0..200 {
                if desk.job(id).state == State::Done {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            stop.request();
            assert_eq!(worker.join().unwrap(), DONE);
        });
    });
}

#[test]
fn trouble_with_the_database_is_told() {
    on_both(|database| {
        let desk = Desk::new(database);
        desk.due("work");
        desk.dairy.sql("DROP TABLE job_schedules");
        desk.dairy.sql("DROP TABLE jobs");
        let registry = Registry::standard();
        let failed =
            desk.with(&desk.dairy.store, "w", &registry, 1, |worker| worker.run_due(&Stop::new()));
        assert!(failed.is_err());
        let stop = Stop::new();
        std::thread::scope(|scope| {
            let (desk, stop, registry) = (&desk, &stop, &registry);
            let worker = scope.spawn(move || {
                desk.with(&desk.dairy.store, "w", registry, 1, |worker| worker.run(stop))
            });
            std::thread::sleep(Duration::from_millis(300));
            stop.request();
            assert_eq!(worker.join().unwrap(), Tally::default());
        });
        let heard = desk.heard();
        assert!(heard.len() >= 2 && heard.iter().all(|said| said.starts_with("trouble")));
    });
}
