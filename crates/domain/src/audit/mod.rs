//! The chain over the audit trail: seals, each the SHA-256 of the seal before it and of rows.
//!
//! Whoever changes, removes or inserts a sealed row must make all later seals anew; one seal that
//! was noted elsewhere then shows it. It deliberately knows no database.

mod chain;
mod hash;

pub use chain::{Link, ROWS_PER_SEAL, SealedRow, Sealing};
pub use hash::SealHash;
