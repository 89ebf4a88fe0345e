//! Whom we call and who calls us: Razorpay and Stripe, their webhooks read into one shape, their
//! APIs called with a clear answer, and a local fake of each.
//!
//! It deliberately keeps nothing, posts nothing and reads no clock: the moment of a check is passed
//! in, and what an observation means for money is decided by its taker.

pub mod call;
pub mod event;
pub mod fake;
mod json;
pub mod razorpay;
pub mod signature;
pub mod stripe;

pub use call::{CallError, Secret};
pub use event::{Event, Observation, Provider};
pub use json::{MAX_BODY_BYTES, ParseError};
pub use signature::{SecretIndex, Secrets, SecretsError, SignatureError};
