//! How many headers a request may bring, and how large they may be together.
//!
//! It deliberately counts what the server has read already; how much the server reads at all is
//! the server's own limit.

use crate::problem::{Code, Problem};
use axum::http::HeaderMap;

/// Headers a request may bring; browsers send about 20.
pub const MAX_HEADERS: usize = 64;
/// Bytes of all names and values together: room for cookies and tokens.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Whether the headers are within the limits.
fn fit(headers: &HeaderMap) -> bool {
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    headers.len() <= MAX_HEADERS && bytes.sum::<usize>() <= MAX_HEADER_BYTES
}

/// The refusal of a request with too many or too large headers.
pub(super) fn refusal(headers: &HeaderMap) -> Option<Problem> {
    if fit(headers) {
        return None;
    }
    let kib = MAX_HEADER_BYTES / 1024;
    let detail = format!("a request may bring {MAX_HEADERS} headers of {kib} KiB in all");
    Some(Problem::new(Code::HeadersTooLarge, detail))
}
