//! What comes out of a job.
//!
//! It deliberately has two kinds of failure only: those that another attempt may mend, and those
//! that it cannot.

use crate::AppError;
use serde_json::Value;
use store::StoreError;
use thiserror::Error;

/// What a job that was done has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What came out of it, shown with the job.
    pub result: Option<Value>,
    /// Whether there was nothing to do. A job of a schedule then leaves no row behind.
    pub found_nothing: bool,
}

impl Outcome {
    /// Done, with nothing to say.
    pub const fn done() -> Self {
        Self { result: None, found_nothing: false }
    }

    /// Done, with a result.
    pub const fn with(result: Value) -> Self {
        Self { result: Some(result), found_nothing: false }
    }

    /// Done, with a result that says that there was nothing to do, if there was nothing.
    pub const fn unless_nothing(found_nothing: bool, result: Value) -> Self {
        Self { result: Some(result), found_nothing }
    }
}

/// Why an attempt failed. The text is kept with the job and shown: no secrets in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JobError {
    /// Another attempt may succeed.
    #[error("{0}")]
    Retry(String),
    /// No other attempt will.
    #[error("{0}")]
    Dead(String),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl From<AppError> for JobError {
    fn from(error: AppError) -> Self {
        let text = error.to_string();
        if may_pass(&error) { Self::Retry(text) } else { Self::Dead(text) }
    }
}

/// Whether the cause of an error may go away by itself: the state of the database or of a disk,
/// and others who were quicker. What was asked for stays wrong however often it is tried.
const fn may_pass(error: &AppError) -> bool {
    match error {
        // Another program on the same database may have the setting.
        AppError::Changed(_) | AppError::Output(_) | AppError::NotConfigured(_) => true,
        AppError::Store(error) => matches!(
            error,
            StoreError::Busy(_)
                | StoreError::ReadOnly(_)
                | StoreError::Full(_)
                | StoreError::Unreachable(_)
                | StoreError::Other(_)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::JobError;
    use crate::AppError;
    use store::StoreError;

    #[test]
    fn what_may_pass_is_tried_again() {
        let of = |error: AppError| JobError::from(error);
        let busy = of(StoreError::Busy("locked".to_owned()).into());
        assert!(matches!(busy, JobError::Retry(text) if text.contains("locked")));
        assert!(matches!(of(AppError::Changed("it".to_owned())), JobError::Retry(_)));
        assert!(matches!(of(AppError::NoBusiness), JobError::Dead(_)));
        let refused = of(StoreError::Refused("a rule".to_owned()).into());
        assert!(matches!(refused, JobError::Dead(_)));
    }
}
