//! The gate through which every request passes that changes something: once per Idempotency-Key,
//! with the effect, its trace and its answer in one transaction.
//!
//! It deliberately keeps no answer of a request that was refused: nothing was done, so the same
//! key may be tried again.

use crate::AppError;
use domain::calendar::Moment;
use store::Tx;
use store::idempotency;

pub use store::idempotency::{Answer, RequestKey};

/// A request that is to take effect once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// What it is known by.
    pub key: RequestKey,
    /// SHA-256 of its content, in hexadecimal.
    pub fingerprint: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It took effect now.
    Now(Answer),
    /// It took effect before; this is the answer of then.
    Before(Answer),
}

/// Lets a request take effect, if it has not before.
pub fn pass(
    tx: &mut Tx<'_>,
    once: Option<&Once>,
    at: Moment,
    work: impl FnOnce(&mut Tx<'_>) -> Result<Answer, AppError>,
) -> Result<Passed, AppError> {
    let Some(once) = once else {
        return work(tx).map(Passed::Now);
    };
    // Other programs on the same database see the lock; threads of this one are told apart
    // before they come here.
    if !tx.lock_request(&once.key)? {
        return Err(AppError::RequestOutstanding);
    }
    if let Some((fingerprint, answer)) = idempotency::find(tx, &once.key)? {
        return if fingerprint == once.fingerprint {
            Ok(Passed::Before(answer))
        } else {
            Err(AppError::IdempotencyKeyReused)
        };
    }
    let answer = work(tx)?;
    idempotency::keep(tx, &once.key, &once.fingerprint, &answer, at)?;
    Ok(Passed::Now(answer))
}
