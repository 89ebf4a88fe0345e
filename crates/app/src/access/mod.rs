//! People and how they sign in: passwords, codes, sessions, keys of programs, and who may do what.
//!
//! Work with passwords (Argon2) takes tens of milliseconds and 19 MiB, and is always done outside
//! of transactions; who serves many callers limits how many are at work at once.
//!
//! It deliberately knows no cookies and no HTTP.

pub mod breached;
mod caller;
mod guesses;
mod hs256;
pub mod keys;
pub mod notices;
mod opaque;
pub mod passwords;
pub mod people;
mod policy;
mod proof;
mod sealed;
mod secrets;
pub mod sessions;
mod sign_in;
pub mod tokens;
pub mod totp;
mod upkeep;

pub use caller::Caller;
pub use policy::Policy;
pub use proof::{PROOF_MINUTES, needs_proof, prove};
pub use secrets::{KeyRing, Secrets};
pub use sign_in::{Factor, SignIn, Signed, attempts, sign_in};
pub use store::access::Page;
pub use store::access::attempts::Attempt;
pub use upkeep::forget;

use domain::calendar::Moment;

/// Rows of a page at most.
pub const MOST_ROWS: i64 = 200;

/// A page whose size is within what is given at once.
fn clamped(page: Page) -> Page {
    Page { after: page.after.max(0), limit: page.limit.clamp(1, MOST_ROWS) }
}

/// A moment so many seconds later.
fn later(at: Moment, secs: i64) -> Moment {
    Moment::from_unix_micros(at.unix_micros().saturating_add(secs.saturating_mul(1_000_000)))
}
