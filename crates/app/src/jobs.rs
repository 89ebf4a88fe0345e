//! Jobs: enqueued with their cause, done by workers at least once, and looked after by people.
//!
//! A handler must be safe to run twice: a worker may die after its work and before the job is
//! ended, and then another takes it over. It deliberately has no runtime but threads, and calls
//! nothing outside while a transaction is open.

mod bills;
mod enqueue;
mod entitlements;
mod errors;
mod housekeeping;
mod lease;
mod manage;
mod payments;
mod reconciliation;
mod registry;
mod schedules;
mod stop;
mod verify;
mod webhooks;
mod wire;
mod worker;

pub use bills::{RUN, enqueue_run, enqueue_run_in};
pub use enqueue::{MAX_PAYLOAD_BYTES, NewJob, enqueue};
pub use errors::{JobError, Outcome};
pub use manage::{
    LIST_DEFAULT, LIST_MOST, Listed, Stats, cancel, list, requeue, show, show_in, show_kind, stats,
};
pub use reconciliation::{RECONCILE, reconcile};
pub use registry::{Context, Handler, Kind, Registry, Scheduled};
pub use stop::Stop;
pub use store::jobs::{Enqueued, Job, Page};
pub use verify::{VERIFY, enqueue_verify_in};
pub use wire::{Shape, shape};
pub use worker::{Clock, Event, Random, THREADS, THREADS_MOST, Tally, Worker};
