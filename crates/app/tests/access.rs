//! Stories of signing in, on both databases: with a moved clock, wrong and hostile input, things
//! done twice and at once.
//!
//! They deliberately use only what `app` offers; raw SQL appears where a test plants what takes
//! long otherwise, or looks at what must not be kept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "access/factors.rs"]
mod factors;
#[path = "access/keys.rs"]
mod keys;
#[path = "access/kit.rs"]
mod kit;
#[path = "access/lockout.rs"]
mod lockout;
#[path = "access/notices.rs"]
mod notices;
#[path = "access/people.rs"]
mod people;
#[path = "access/sessions.rs"]
mod sessions;
#[path = "access/sign_in.rs"]
mod sign_in;
