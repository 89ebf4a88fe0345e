//! How we are asked: the API over HTTP.
//!
//! It deliberately decides nothing: a handler reads the request, calls `app`, and replies.

pub mod layers;
pub mod limits;
pub mod metrics;
pub mod problem;
