//! What handlers take out of requests: who asks, bodies, queries, paths, versions.
//!
//! It deliberately answers every mistake with a problem document; nothing of axum's own texts
//! leaves the program.

mod asking;
mod body;
mod if_match;
mod if_none_match;
mod place;

pub use asking::{Asking, RawKey, RawOnce};
pub(crate) use asking::{cookie, hex};
pub use body::{MAX_JSON_BYTES, Open, Posted, PostedFile, said};
pub use if_match::IfMatch;
pub use if_none_match::IfNoneMatch;
pub use place::{Path, Query, encoded};
