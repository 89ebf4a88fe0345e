//! The worker: threads that claim due jobs and do them, one that renews their leases, and one that
//! enqueues what comes again and takes over from workers that have died.
//!
//! It deliberately knows no signals and prints nothing: it is asked to end by a `Stop`, and what
//! happens is told to whoever listens. Any number of workers, in any number of programs, may work
//! on one database.

use super::lease::{HEARTBEAT, Held, LEASE, take_over};
use super::registry::Context;
use super::{Job, JobError, Outcome, Registry, Stop, schedules};
use crate::AppError;
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::{Next, after_failure, later};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::jobs::{self, Claim};
use store::{Store, StoreError};

/// Threads that do jobs when nothing is said: one may be at a bill run, another does the rest.
pub const THREADS: usize = 2;
/// Threads that do jobs at most.
pub const THREADS_MOST: usize = 16;
/// How long an idle thread pauses before it looks again.
const POLL: Duration = Duration::from_secs(1);
/// How long a thread pauses when the database has failed it.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often schedules and lost leases are looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(10);
/// How often the end of a job is tried to be kept, before the lease is left to run out.
const SETTLE_TRIES: u32 = 3;
/// Characters of an error that are kept with a job.
const ERROR_CHARS: usize = 2_000;
/// Bytes of a result that are kept with a job.
const RESULT_BYTES: usize = 1024 * 1024;

/// Tells the time.
pub type Clock<'a> = &'a (dyn Fn() -> Moment + Sync);
/// Fills bytes at random.
pub type Random<'a> = &'a (dyn Fn(&mut [u8]) + Sync);

/// What happens in a worker. The job's id is its name in logs.
#[derive(Debug)]
pub enum Event<'a> {
    /// An attempt has begun.
    Begun(&'a Job),
    /// A job was done.
    Done(&'a Job),
    /// An attempt has failed; the next one is not before this moment.
    Failed(&'a Job, &'a str, Moment),
    /// A job was given up.
    Dead(&'a Job, &'a str),
    /// The lease was lost before the job ended; what came of it is not kept.
    Lost(&'a Job),
    /// Jobs were enqueued by schedules.
    Scheduled(u64),
    /// Jobs of workers that have died wait again, or were given up.
    TakenOver(u64, u64),
    /// The database has failed; it is tried again after a pause.
    Trouble(&'a AppError),
}

/// How many attempts ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs done.
    pub done: u64,
    /// Attempts that failed and are followed by another.
    pub failed: u64,
    /// Jobs given up.
    pub dead: u64,
    /// Attempts whose lease was lost.
    pub lost: u64,
}

/// A worker.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// The database.
    pub store: &'a Store,
    /// What it can do.
    pub registry: &'a Registry,
    /// The clock.
    pub clock: Clock<'a>,
    /// Random bytes, for the pauses between attempts.
    pub random: Random<'a>,
    /// Hears what happens.
    pub hear: &'a (dyn Fn(&Event<'_>) + Sync),
    /// A name that no other worker has.
    pub name: &'a str,
    /// Threads that do jobs, 1 to `THREADS_MOST`.
    pub threads: usize,
}

/// How long the threads of a worker go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Until the end is asked for, whatever the database does meanwhile.
    UntilAsked,
    /// Until nothing is due, or something fails.
    UntilNothingIsDue,
}

/// What the threads of a worker share.
struct Shift<'a> {
    worker: &'a Worker<'a>,
    stop: &'a Stop,
    course: Course,
    held: Held,
    counts: [AtomicU64; 4],
    failure: Mutex<Option<AppError>>,
}

impl Worker<'_> {
    /// Works until it is asked to end; jobs that have begun are ended first.
    pub fn run(&self, stop: &Stop) -> Tally {
        self.shift(stop, Course::UntilAsked).0
    }

    /// Enqueues what comes again, takes over from workers that have died, does what is due, and
    /// ends when nothing is.
    pub fn run_due(&self, stop: &Stop) -> Result<Tally, AppError> {
        self.look_after()?;
        let (tally, failure) = self.shift(stop, Course::UntilNothingIsDue);
        failure.map_or(Ok(tally), Err)
    }

    /// Runs the threads, and a heart that beats as long as one of them works.
    fn shift(&self, stop: &Stop, course: Course) -> (Tally, Option<AppError>) {
        let (counts, failure) = (Default::default(), Mutex::new(None));
        let shift = Shift { worker: self, stop, course, held: Held::default(), counts, failure };
        let over = Stop::new();
        std::thread::scope(|scope| {
            let shift = &shift;
            let names = (1..=self.threads.clamp(1, THREADS_MOST))
                .map(|number| format!("{}/{number}", self.name));
            let mut threads: Vec<_> =
                names.map(|name| scope.spawn(move || shift.follow(&name))).collect();
            if course == Course::UntilAsked {
                threads.push(scope.spawn(|| shift.keep_house()));
            }
            scope.spawn(|| shift.beat(&over));
            for thread in threads {
                // A thread has nothing to hand over but its end.
                let _ = thread.join();
            }
            over.request();
        });
        let count = |place: &AtomicU64| place.load(Ordering::Relaxed);
        let [done, failed, dead, lost] = shift.counts.each_ref().map(count);
        let failure = shift.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        (Tally { done, failed, dead, lost }, failure)
    }

    fn look_after(&self) -> Result<(), AppError> {
        let now = (self.clock)();
        let taken = take_over(self.store, now)?;
        if taken.freed + taken.dead > 0 {
            (self.hear)(&Event::TakenOver(taken.freed, taken.dead));
        }
        let enqueued = schedules::tick(self.store, self.registry, now)?;
        if enqueued > 0 {
            (self.hear)(&Event::Scheduled(enqueued));
        }
        Ok(())
    }

    fn draw(&self) -> u64 {
        let mut bytes = [0; 8];
        (self.random)(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

impl Shift<'_> {
    fn now(&self) -> Moment {
        (self.worker.clock)()
    }

    fn hear(&self, event: &Event<'_>) {
        (self.worker.hear)(event);
    }

    fn count(&self, place: usize) {
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Does one job after the other.
    fn follow(&self, name: &str) {
        let on = self.course == Course::UntilAsked;
        while !self.stop.is_requested() {
            match self.next(name) {
                Ok(true) => {}
                Ok(false) if on => {
                    self.stop.wait(POLL);
                }
                Ok(false) => return,
                Err(error) if on => {
                    self.hear(&Event::Trouble(&error));
                    self.stop.wait(PAUSE_AFTER_FAILURE);
                }
                Err(error) => {
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                    return;
                }
            }
        }
    }

    /// Looks at schedules and lost leases until the worker is asked to end.
    fn keep_house(&self) {
        while !self.stop.is_requested() {
            if let Err(error) = self.worker.look_after() {
                self.hear(&Event::Trouble(&error));
            }
            self.stop.wait(HOUSEKEEPING);
        }
    }

    /// Renews leases until all threads have ended.
    fn beat(&self, over: &Stop) {
        while !over.wait(HEARTBEAT) {
            if let Err(error) = self.held.renew(self.worker.store, self.now()) {
                self.hear(&Event::Trouble(&error.into()));
            }
        }
    }

    /// Claims a due job and does it; `false` when there is none.
    fn next(&self, name: &str) -> Result<bool, AppError> {
        let (store, now) = (self.worker.store, self.now());
        // Reading disturbs nobody; only what seems due needs a transaction that may write.
        if store.read(|tx| jobs::oldest_due(tx, now))?.is_none() {
            return Ok(false);
        }
        let until = later(now, LEASE);
        let claimed = store.write(|tx| jobs::claim(tx, name, now, until, 1))?;
        let Some(job) = claimed.into_iter().next() else {
            return Ok(false);
        };
        self.work(name, &job);
        Ok(true)
    }

    fn work(&self, name: &str, job: &Job) {
        let claim = Claim { id: job.id, worker: name.to_owned(), attempt: job.attempts };
        let lost = self.held.add(claim.clone());
        self.hear(&Event::Begun(job));
        let worker = self.worker;
        let context =
            Context { store: worker.store, clock: worker.clock, stop: self.stop, lost: &lost };
        let done = match worker.registry.kind(&job.kind) {
            // What the handler shares with others is the store, which takes its connections back.
            Some(kind) => catch_unwind(AssertUnwindSafe(|| (kind.handler)(&context, job)))
                .unwrap_or_else(|panic| Err(JobError::Retry(told(&*panic)))),
            // A newer program may know it.
            None => Err(JobError::Retry(format!("this program knows no jobs {}", job.kind))),
        };
        if let Err(error) = self.settle(job, &claim, &done) {
            self.hear(&Event::Trouble(&error));
        }
        self.held.remove(&claim);
    }

    /// Keeps how an attempt ended, if the lease is still ours.
    fn settle(
        &self,
        job: &Job,
        claim: &Claim,
        done: &Result<Outcome, JobError>,
    ) -> Result<(), AppError> {
        let now = self.now();
        let (error, next) = match done {
            Ok(outcome) => return self.settle_done(job, claim, outcome, now),
            Err(JobError::Dead(error)) => (shortened(error), Next::GiveUp),
            Err(JobError::Retry(error)) => {
                let next = after_failure(job.attempts, job.max_attempts, now, self.worker.draw());
                let error = shortened(error);
                let last = next == Next::GiveUp;
                let attempts = job.attempts;
                let told = format!("given up after {attempts} attempts: {error}");
                (if last { told } else { error }, next)
            }
        };
        let ours = self.kept(|| {
            self.worker.store.write(|tx| match next {
                Next::Again(at) => jobs::retry(tx, claim, &error, at),
                Next::GiveUp => jobs::give_up(tx, claim, &error, now),
            })
        })?;
        match next {
            _ if !ours => self.tell(3, &Event::Lost(job)),
            Next::Again(at) => self.tell(1, &Event::Failed(job, &error, at)),
            Next::GiveUp => self.tell(2, &Event::Dead(job, &error)),
        }
        Ok(())
    }

    fn settle_done(
        &self,
        job: &Job,
        claim: &Claim,
        outcome: &Outcome,
        now: Moment,
    ) -> Result<(), AppError> {
        let result = outcome.result.as_ref().map(|result| {
            let text = result.to_string();
            let bytes = text.len();
            let too_long = || serde_json::json!({ "left_out_bytes": bytes }).to_string();
            if bytes > RESULT_BYTES { too_long() } else { text }
        });
        // A schedule that found nothing to do has nothing to show; an attempt that failed has.
        let is_trifle = outcome.found_nothing
            && job.attempts == 1
            && self.worker.registry.is_scheduled(&job.kind, job.unique_key.as_deref());
        let ours = self.kept(|| {
            self.worker.store.write(|tx| {
                if is_trifle {
                    return jobs::forget(tx, claim);
                }
                jobs::done(tx, claim, result.as_deref(), now)
            })
        })?;
        self.tell(
            if ours { 0 } else { 3 },
            &if ours { Event::Done(job) } else { Event::Lost(job) },
        );
        Ok(())
    }

    fn tell(&self, place: usize, event: &Event<'_>) {
        self.count(place);
        self.hear(event);
    }

    /// Tries to keep the end of a job more than once: the work was done, and would be done again.
    fn kept(&self, keep: impl Fn() -> Result<bool, StoreError>) -> Result<bool, AppError> {
        for _ in 1..SETTLE_TRIES {
            match keep() {
                Ok(ours) => return Ok(ours),
                Err(error) => self.hear(&Event::Trouble(&error.into())),
            }
            self.stop.wait(POLL);
        }
        Ok(keep()?)
    }
}

/// What a panic has said.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the handler panicked: {}", text.as_deref().unwrap_or("it did not say why"))
}

fn shortened(error: &str) -> String {
    error.chars().take(ERROR_CHARS).collect()
}

/// The job's name in logs.
impl Event<'_> {
    /// The job it is about.
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Begun(job)
            | Self::Done(job)
            | Self::Failed(job, ..)
            | Self::Dead(job, _)
            | Self::Lost(job) => Some(job.id),
            Self::Scheduled(_) | Self::TakenOver(..) | Self::Trouble(_) => None,
        }
    }
}
