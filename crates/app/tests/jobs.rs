//! Jobs on both databases, with a clock that is set by hand: done once, tried again, given up,
//! taken over from workers that have died, and come again after the program was away.
//!
//! They deliberately run workers as the program does, on threads of their own; raw SQL appears
//! where a test plays a death.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "jobs/desk.rs"]
mod desk;
#[path = "billing/kit.rs"]
#[expect(dead_code, reason = "the dairy of the billing tests, of which jobs need a part")]
mod kit;
#[path = "jobs/manage.rs"]
mod manage;
#[path = "jobs/schedules.rs"]
mod schedules;
#[path = "jobs/shipped.rs"]
mod shipped;
#[path = "jobs/worker.rs"]
mod worker;
