//! A worker's desk for tests: a dairy, a clock that any thread may move, and what was heard.
//!
//! It deliberately draws no lots: random numbers are the largest there are, so that every pause is
//! as long as it can be.

use crate::kit::Dairy;
use app::Actor;
use app::jobs::{self, Enqueued, Event, Job, NewJob, Registry, Stop, Tally, Worker};
use domain::calendar::Moment;
use domain::ids::JobId;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Store;
use testkit::Database;

pub struct Desk<'d> {
    pub dairy: Dairy<'d>,
    micros: AtomicI64,
    heard: Mutex<Vec<String>>,
}

impl<'d> Desk<'d> {
    /// A desk at the dairy with the usual customers, at noon of the first of October 2026.
    pub fn new(database: &'d Database) -> Self {
        let dairy = Dairy::new(database);
        let noon = Moment::parse("2026-10-01T12:00:00+05:30").unwrap();
        let micros = AtomicI64::new(noon.unix_micros());
        Self { dairy, micros, heard: Mutex::new(Vec::new()) }
    }

    pub fn now(&self) -> Moment {
        Moment::from_unix_micros(self.micros.load(Ordering::SeqCst))
    }

    /// Moves the clock on.
    pub fn pass(&self, secs: i64) {
        self.micros.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }

    pub fn actor(&self) -> Actor {
        Actor { at: self.now(), request: Some("r-7".to_owned()), ..self.dairy.actor() }
    }

    pub fn enqueue(&self, job: NewJob) -> Enqueued {
        let done = self.dairy.store.write(|tx| jobs::enqueue(tx, &self.actor(), &[job]));
        done.unwrap()[0]
    }

    /// Enqueues a job that is due at once.
    pub fn due(&self, kind: &'static str) -> JobId {
        self.enqueue(NewJob::now(kind, json!({}), self.now())).id
    }

    pub fn job(&self, id: JobId) -> Job {
        jobs::show(&self.dairy.store, id).unwrap()
    }

    /// Does what is due, on some threads.
    pub fn run_due_on(
        &self,
        store: &Store,
        name: &str,
        registry: &Registry,
        threads: usize,
    ) -> Tally {
        self.with(store, name, registry, threads, |worker| worker.run_due(&Stop::new()).unwrap())
    }

    /// Does what is due.
    pub fn run_due(&self, registry: &Registry) -> Tally {
        self.run_due_on(&self.dairy.store, "w", registry, 1)
    }

    /// Hands over a worker at this desk.
    pub fn with<T>(
        &self,
        store: &Store,
        name: &str,
        registry: &Registry,
        threads: usize,
        work: impl FnOnce(&Worker<'_>) -> T,
    ) -> T {
        let clock = || self.now();
        let random = |bytes: &mut [u8]| bytes.fill(u8::MAX);
        let hear = |event: &Event<'_>| self.hear(event);
        let (clock, random, hear) = (&clock, &random, &hear);
        work(&Worker { store, registry, clock, random, hear, name, threads })
    }

    fn hear(&self, event: &Event<'_>) {
        let said = match event {
            Event::Begun(job) => format!("begun {}", job.id.0),
            Event::Done(job) => format!("done {}", job.id.0),
            Event::Failed(job, error, _) => format!("failed {}: {error}", job.id.0),
            Event::Dead(job, error) => format!("dead {}: {error}", job.id.0),
            Event::Lost(job) => format!("lost {}", job.id.0),
            Event::Scheduled(count) => format!("scheduled {count}"),
            Event::TakenOver(freed, dead) => format!("taken over {freed}, dead {dead}"),
            Event::Trouble(error) => format!("trouble: {error}"),
        };
        self.heard.lock().unwrap().push(said);
    }

    /// What was heard since the last time.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// What a worker leaves that is killed after its work and before the job has ended: the lease
    /// runs out.
    pub fn die_after_work(&self, id: JobId) {
        let sql = format!(
            "UPDATE jobs SET state = 'running', worker = 'dead', leased_until = {}, \
             finished_at = NULL, result = NULL WHERE id = {}",
            self.now().unix_micros() - 1,
            id.0
        );
        assert_eq!(self.dairy.sql(&sql), 1);
    }
}
