//! Where random bytes come from: the program passes its source in, so that tests have theirs.
//!
//! It deliberately makes no bytes itself.

use thiserror::Error;

/// The source of random bytes gave none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the system gave no random bytes: {0}")]
pub struct NoRandomness(pub String);

/// A source of random bytes that nobody can predict (ASVS 11.5.1).
pub trait Random: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}
