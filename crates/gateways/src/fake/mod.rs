//! A local Razorpay and a local Stripe: they answer the calls of this crate over HTTP, keep what
//! was made, let somebody pay, and sign and deliver webhooks. They misbehave when told to.
//!
//! They deliberately check no more than the documented rules, keep nothing on disk, and listen on
//! this machine only. The demo and the tests use them; no money is anywhere near.

pub mod bodies;
mod ids;
mod outbox;
pub mod razorpay;
mod server;
pub mod stripe;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::calendar::Moment;
use serde_json::Value;
use thiserror::Error;

pub use razorpay::{FakeRazorpay, RazorpaySettings};
pub use stripe::{FakeStripe, StripeSettings};

/// Where a fake has its time from.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How somebody pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// At once and in whole.
    Captured,
    /// Granted; somebody must take it.
    Authorized,
    /// It fails.
    Failed,
    /// It fails, and comes after all: Razorpay's late authorization, Stripe's delayed methods.
    FailedThenCaptured,
}

/// A way to misbehave, used up by the next occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The next event is delivered twice, under the same id.
    Duplicate,
    /// All waiting events are delivered last first.
    Reorder,
    /// The next event is held back until the next delivery of all.
    Delay,
    /// The next event is delivered with a wrong signature, and properly after that.
    WrongSignature,
    /// The next event is never delivered.
    NeverDeliver,
    /// The next POST is done, and not answered.
    TimeOutAfterSuccess,
    /// The next call fails with 500, undone.
    Fail500,
    /// The next POST is done, and answered with 500.
    Fail500AfterSuccess,
    /// The next call is answered with 429.
    TooManyRequests,
    /// The next settlement is this many minor units less than its parts.
    ShortSettlement(i64),
}

/// What became of one attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id.
    pub event_id: String,
    /// Its kind.
    pub kind: String,
    /// The status of the answer; absent without one.
    pub status: Option<u16>,
}

impl Delivery {
    /// Whether it was taken (2xx).
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Why a fake cannot do what it was told.
#[derive(Debug, Error)]
pub enum FakeError {
    /// It could not listen or begin.
    #[error("the fake cannot begin: {0}")]
    Begin(#[from] std::io::Error),
    /// Nothing has that id.
    #[error("the fake has no `{0}`")]
    NotFound(String),
    /// The documented rules forbid it.
    #[error("the fake refuses: {0}")]
    Refused(String),
}

/// Things in the order they were made, found by their id.
#[derive(Debug, Default)]
struct Shelf {
    things: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Shelf {
    fn put(&mut self, thing: Value) {
        self.places.insert(text(&thing["id"]), self.things.len());
        self.things.push(thing);
    }

    fn get(&self, id: &str) -> Option<&Value> {
        self.things.get(*self.places.get(id)?)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.things.get_mut(*self.places.get(id)?)
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.things.iter()
    }
}

/// A lock that outlives a panic of another holder: each change of a fake is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
