//! The kinds of jobs with their handlers, and the jobs that come again.
//!
//! It deliberately is a plain table, made once when the program starts.

use super::{
    JobError, Outcome, Stop, bills, entitlements, housekeeping, payments, reconciliation, verify,
    webhooks,
};
use crate::Actor;
use crate::payments::Gateways;
use crate::webhooks::SilenceLimits;
use domain::calendar::Moment;
use domain::jobs::{MAX_ATTEMPTS, Schedule};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Store;
use store::jobs::Job;

/// What a handler works with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The database.
    pub store: &'a Store,
    pub(super) clock: &'a (dyn Fn() -> Moment + Sync),
    pub(super) stop: &'a Stop,
    pub(super) lost: &'a AtomicBool,
}

impl Context<'_> {
    /// Now.
    pub fn now(&self) -> Moment {
        (self.clock)()
    }

    /// Whether work in many steps should go on: nobody has asked the worker to end, and nobody
    /// else has taken the job over.
    pub fn may_go_on(&self) -> bool {
        !self.stop.is_requested() && !self.lost.load(Ordering::Relaxed)
    }

    /// The program as the one at work, for jobs that no person asked for.
    pub fn actor(&self, job: &Job) -> Actor {
        let mut actor = Actor::program(format!("job {}", job.kind), self.now());
        actor.request.clone_from(&job.request);
        actor
    }
}

/// Does a job. It may be called twice for one job, and must then end in the same state.
pub type Handler = dyn Fn(&Context<'_>, &Job) -> Result<Outcome, JobError> + Send + Sync;

/// A kind of job.
pub struct Kind {
    pub(super) handler: Box<Handler>,
    /// How often it is tried.
    pub max_attempts: u32,
}

/// A job that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// The name under which its due times are noted; it stays.
    pub name: &'static str,
    /// When it is due.
    pub schedule: Schedule,
    /// What is then to be done. The payload is `{"due": "..."}`, the due time.
    pub kind: &'static str,
}

/// The kinds of jobs, and the schedules.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Kind>,
    schedules: Vec<Scheduled>,
}

impl Registry {
    /// No kinds and no schedules.
    pub fn new() -> Self {
        Self::default()
    }

    /// The kinds and schedules of the product, in a program whose settings name no gateway.
    pub fn standard() -> Self {
        Self::with_gateways(&Gateways::default())
    }

    /// The kinds and schedules of the product.
    pub fn with_gateways(gateways: &Gateways) -> Self {
        let mut registry = Self::new();
        registry.add(housekeeping::SEAL, housekeeping::seal);
        registry.add(housekeeping::EXPIRE_KEYS, housekeeping::expire_keys);
        registry.add(housekeeping::EXPIRE_SIGN_IN, housekeeping::expire_sign_in);
        registry.add(housekeeping::EXPIRE_JOBS, housekeeping::expire_jobs);
        registry.add(bills::RUN, bills::run);
        registry.add(verify::VERIFY, verify::run);
        let mode = gateways.stripe_mode();
        registry.add(webhooks::RETRY, move |at, job| webhooks::retry(at, job, mode));
        registry.add(entitlements::EXPIRE, entitlements::expire);
        let rules = crate::reconciliation::Rules::default();
        registry.add(reconciliation::RECONCILE, reconciliation::reconcile(rules, gateways.clone()));
        registry.schedules.extend(housekeeping::SCHEDULES);
        registry.schedule(webhooks::SCHEDULE);
        registry.watch_silence(SilenceLimits::default());
        registry.schedule(webhooks::SILENCE_SCHEDULE);
        registry.schedule(entitlements::SCHEDULE);
        let ours = || gateways.clone();
        let (callers, refunders, askers) = (ours(), ours(), ours());
        registry.add(payments::KIND_CALL, move |at, job| payments::call(&callers, at, job));
        registry.add(payments::KIND_REFUND, move |at, job| payments::refund(&refunders, at, job));
        registry.add(payments::KIND_ASK, move |at, job| payments::ask(&askers, at, job));
        registry.schedule(payments::SCHEDULE);
        registry.schedule(reconciliation::SCHEDULE);
        registry
    }

    /// Says how long gateways may be silent.
    pub fn watch_silence(&mut self, limits: SilenceLimits) {
        let watch = move |context: &Context<'_>, job: &Job| webhooks::watch(context, job, limits);
        self.add(webhooks::SILENCE, watch);
    }

    /// Adds a kind with its handler, or puts another handler in its place.
    pub fn add(
        &mut self,
        kind: &'static str,
        handler: impl Fn(&Context<'_>, &Job) -> Result<Outcome, JobError> + Send + Sync + 'static,
    ) {
        self.add_limited(kind, MAX_ATTEMPTS, handler);
    }

    /// Adds a kind that is tried so many times.
    pub fn add_limited(
        &mut self,
        kind: &'static str,
        max_attempts: u32,
        handler: impl Fn(&Context<'_>, &Job) -> Result<Outcome, JobError> + Send + Sync + 'static,
    ) {
        self.kinds.insert(kind, Kind { handler: Box::new(handler), max_attempts });
    }

    /// Adds a job that comes again.
    pub fn schedule(&mut self, scheduled: Scheduled) {
        self.schedules.push(scheduled);
    }

    /// A kind by its name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The names of all kinds, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// Whether a job of a kind and key was enqueued by a schedule, and by nobody who waits for it.
    pub(super) fn is_scheduled(&self, kind: &str, key: Option<&str>) -> bool {
        let of = |scheduled: &&Scheduled| scheduled.kind == kind;
        let begins = |scheduled: &Scheduled| {
            let rest = key.and_then(|key| key.strip_prefix(scheduled.name));
            rest.is_some_and(|rest| rest.starts_with(' '))
        };
        self.schedules.iter().filter(of).any(begins)
    }

    /// The jobs that come again.
    pub fn schedules(&self) -> &[Scheduled] {
        &self.schedules
    }
}
