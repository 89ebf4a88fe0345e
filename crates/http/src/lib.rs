//! How we are asked: the API over HTTP.
//!
//! It deliberately decides nothing: a handler reads the request, calls `app`, and replies.

#![allow(unused_qualifications, reason = "the macro that describes handlers writes paths whole")]

mod areas;
mod caller;
mod download;
mod extract;
mod front;
mod in_flight;
pub mod layers;
pub mod limits;
pub mod metrics;
mod openapi;
mod page;
pub mod problem;
mod pulse;
mod remembered;
mod reply;
mod router;
mod server;
mod service;
mod show;
mod unread;
pub mod webhooks;
mod writing;

pub use front::Front;
pub use pulse::Pulse;
pub use router::{BASE, Surroundings, description, front};
pub use server::{HEADER_READ_TIMEOUT, serve};
pub use service::{Clock, Parts, Service};
