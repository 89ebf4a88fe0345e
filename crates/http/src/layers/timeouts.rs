//! How long a request may take until its answer begins.
//!
//! It deliberately says nothing about what a transaction that has begun will do: it runs to its
//! end. The time for reading headers is the server's limit.

use crate::problem::{Code, Problem};
use axum::http::{HeaderValue, header};
use std::time::Duration;

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the headers of the request to those of the answer, the body included.
    pub request: Duration,
}

impl Timeouts {
    /// The refusal of a request that was not answered in time.
    pub(super) fn refusal(self) -> Problem {
        let seconds = self.request.as_secs_f64();
        let detail = format!(
            "the request was not complete within {seconds} s; before repeating a change, look \
             whether it was made, or repeat it with the same Idempotency-Key"
        );
        // The rest of the body, if any, must not be taken for the next request (RFC 9110, 15.5.9).
        Problem::new(Code::TooSlow, detail)
            .with(header::CONNECTION, HeaderValue::from_static("close"))
    }
}
