//! What can go wrong with a use case: each with a stable code for programs and a sentence for
//! people.
//!
//! It deliberately knows no exit codes and no HTTP status.

use crate::import::BadFile;
use crate::invalid::Invalid;
use crate::random::NoRandomness;
use domain::billing::{BillingError, NumberError};
use domain::calendar::{Day, Month};
use domain::ledger::LedgerError;
use domain::money::Overflow;
use store::StoreError;
use thiserror::Error;

/// Why a use case did not succeed.
#[derive(Debug, Error)]
pub enum AppError {
    /// The database could not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The business has not been set up.
    #[error("the database has no business yet; run dairyos init")]
    NoBusiness,
    /// There is a business already.
    #[error(
        "the database already belongs to {0}, perhaps with other settings; init does not change \
         it, and a second business needs its own database"
    )]
    BusinessExists(String),
    /// The month has not begun.
    #[error("{month} has not begun: today is {today}; bills are made for months up to this one")]
    FutureMonth {
        /// The month asked for.
        month: Month,
        /// Today in India.
        today: Day,
    },
    /// There is nothing to issue.
    #[error(
        "{0} has no drafts to issue; make them with dairyos bills run --month {0}, or make and \
         issue them at once with --issue"
    )]
    NothingToIssue(Month),
    /// A file cannot be imported.
    #[error(transparent)]
    BadFile(#[from] BadFile),
    /// What was asked for cannot be understood or does not fit together.
    #[error("{0}")]
    BadArgument(String),
    /// A page cannot begin where it was asked to.
    #[error("{0}")]
    BadPlace(String),
    /// Parts of what was sent are wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It does not go together with what is kept.
    #[error("{0}")]
    Conflict(String),
    /// A setting is needed for it.
    #[error("{0}")]
    NotConfigured(String),
    /// The version a change was made from is no longer the present one.
    #[error("version {asked} is no longer the present one, which is {present}")]
    VersionLost {
        /// The version named in the request.
        asked: i64,
        /// The version that is kept.
        present: i64,
    },
    /// The first request with the same Idempotency-Key is still at work.
    #[error("the first request with this Idempotency-Key is still at work; ask again in a moment")]
    RequestOutstanding,
    /// The Idempotency-Key was used with another content.
    #[error(
        "this Idempotency-Key was used with another content; send a new request with a new key"
    )]
    IdempotencyKeyReused,
    /// The caller may not do it.
    #[error("{0}")]
    NotAllowed(String),
    /// A thing that was asked for does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Somebody could not be signed in; which part was wrong is not said.
    #[error("login, password or code is wrong, or signing in is not possible at this moment")]
    SignInFailed,
    /// The password is right, and the code of the second factor is needed too.
    #[error("the password is right; the code of the second factor is needed too")]
    CodeNeeded,
    /// A session cannot go on by this refresh token.
    #[error("the refresh token is unknown, has expired, or was used before; sign in again")]
    RefreshRefused,
    /// A token or key does not say who is asking.
    #[error(
        "no valid sign-in: none at all, or a token that has expired, was withdrawn, or is not ours"
    )]
    NotSignedIn,
    /// The password must be shown again before this act.
    #[error("this act needs the password, or the code, shown again within the last minutes")]
    ProofNeeded,
    /// A secret that is kept cannot be made or read with the keys of the settings.
    #[error("{0}")]
    Secrets(String),
    /// The source of random bytes gave none.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A posting does not balance.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A customer cannot be billed.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// There is no further bill number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// What was read changed before it was saved, against all locks.
    #[error("{0} changed while it was being saved; nothing was kept, run the command again")]
    Changed(String),
    /// Output could not be written.
    #[error("the output could not be written: {0}")]
    Output(String),
}

impl AppError {
    /// The stable code of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => match error {
                StoreError::Url(_) => "database_url",
                StoreError::Missing(_) => "database_missing",
                StoreError::Foreign(_) => "database_foreign",
                StoreError::Corrupt(_) => "database_damaged",
                StoreError::NotInitialised => "database_not_initialised",
                StoreError::Newer { .. } => "database_newer",
                StoreError::Older { .. } => "database_older",
                StoreError::Busy(_) => "database_busy",
                StoreError::ReadOnly(_) => "database_read_only",
                StoreError::Full(_) => "disk_full",
                StoreError::Unreachable(_) => "database_unreachable",
                StoreError::Refused(_) => "database_refused",
                StoreError::Unexpected(_) => "database_unexpected",
                StoreError::Other(_) => "database_other",
            },
            Self::NoBusiness => "no_business",
            Self::BusinessExists(_) => "business_exists",
            Self::FutureMonth { .. } => "future_month",
            Self::NothingToIssue(_) => "nothing_to_issue",
            Self::BadFile(_) => "bad_file",
            Self::BadArgument(_) => "bad_argument",
            Self::BadPlace(_) => "bad_request",
            Self::Invalid(_) => "invalid",
            Self::Conflict(_) => "conflict",
            Self::NotConfigured(_) => "not_configured",
            Self::VersionLost { .. } => "version_lost",
            Self::RequestOutstanding => "request_outstanding",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NotAllowed(_) => "not_allowed",
            Self::NotFound(_) => "not_found",
            Self::SignInFailed => "sign_in_failed",
            Self::CodeNeeded => "code_needed",
            Self::RefreshRefused => "refresh_refused",
            Self::NotSignedIn => "not_signed_in",
            Self::ProofNeeded => "proof_needed",
            Self::Secrets(_) => "secrets",
            Self::NoRandomness(_) => "no_randomness",
            Self::Overflow(_) => "amount_too_large",
            Self::Ledger(_) => "ledger_unbalanced",
            Self::Billing(_) => "cannot_bill",
            Self::Number(_) => "series_full",
            Self::Changed(_) => "changed_meanwhile",
            Self::Output(_) => "output",
        }
    }
}
