//! The one source of random bytes of the program: the operating system's.
//!
//! It deliberately has no fallback; without randomness no secret is made.

use app::{NoRandomness, Random};

/// The operating system's source.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Random for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|error| NoRandomness(error.to_string()))
    }
}
