//! The one source of random bytes of the program: the operating system.
//!
//! It deliberately has no state and no seed.

use app::{NoRandomness, Random};

/// Random bytes of the operating system.
pub struct System;

impl Random for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|error| NoRandomness(error.to_string()))
    }
}
