//! The local Stripe: a handle to drive it.
//!
//! It deliberately has no payment page: whoever holds the handle pays.

mod api;
mod books;

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::outbox::Outbox;
use super::server::Server;
use super::{Clock, Delivery, FakeError, Misbehaviour, Outcome, lock};
use crate::call::secs;
use crate::signature::{Secrets, SecretsError};
use crate::stripe::webhook;
use books::Books;

/// How a local Stripe begins.
#[derive(Clone)]
pub struct StripeSettings {
    /// The port on this machine; 0 lets the system choose.
    pub port: u16,
    /// The key that calls must carry (`sk_test_…`).
    pub secret_key: String,
    /// Signs the webhooks (`whsec_…`).
    pub webhook_secret: String,
    /// Where the webhooks go; may be told later.
    pub webhook_url: Option<String>,
    /// Ids follow from it.
    pub seed: u64,
    /// The fee in hundredths of a percent.
    pub fee_basis_points: i64,
    /// Where the time comes from.
    pub clock: Clock,
}

/// A local Stripe, in test mode. It ends with this value.
pub struct FakeStripe {
    server: Server,
    books: Arc<Mutex<Books>>,
    outbox: Arc<Outbox>,
}

impl FakeStripe {
    /// Begins to listen.
    pub fn start(settings: StripeSettings) -> Result<Self, FakeError> {
        let refused = |error: SecretsError| FakeError::Refused(error.to_string());
        let good = Secrets::new([&settings.webhook_secret]).map_err(refused)?;
        let wrong = Secrets::new(["nobody knows this one"]).map_err(refused)?;
        let clock = settings.clock.clone();
        let signer = move |_: &str, body: &[u8], is_wrong: bool| {
            let secrets = if is_wrong { &wrong } else { &good };
            // Each attempt is signed at its own moment.
            vec![(webhook::SIGNATURE_HEADER, webhook::sign(body, secrets, secs(clock())))]
        };
        let outbox = Arc::new(Outbox::new(settings.webhook_url.clone(), Box::new(signer)));
        let (port, api) = (settings.port, api::Api::new(&settings));
        let books = Arc::new(Mutex::new(Books::new(settings, outbox.clone())));
        let (at_api, at_outbox) = (books.clone(), outbox.clone());
        let answerer = Arc::new(move |call| api.answer(&at_api, &at_outbox, &call));
        Ok(Self { server: Server::start(port, answerer)?, books, outbox })
    }

    /// The base address for [`crate::call::Transport`].
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Tells where the webhooks go.
    pub fn send_webhooks_to(&self, url: &str) {
        self.outbox.send_to(url);
    }

    /// Somebody pays a checkout session (`cs_…`) or payment intent (`pi_…`). Returns the intent's
    /// id.
    pub fn pay(&self, id: &str, outcome: Outcome) -> Result<String, FakeError> {
        lock(&self.books).pay(id, outcome)
    }

    /// A checkout session is too old.
    pub fn expire_session(&self, session_id: &str) -> Result<(), FakeError> {
        lock(&self.books).expire_session(session_id)
    }

    /// The payer of a payment contests it, and the money is withdrawn. Returns the dispute's id.
    pub fn dispute(&self, intent_id: &str) -> Result<String, FakeError> {
        lock(&self.books).dispute(intent_id)
    }

    /// A dispute is decided, for us or against us.
    pub fn end_dispute(&self, dispute_id: &str, won: bool) -> Result<(), FakeError> {
        lock(&self.books).end_dispute(dispute_id, won)
    }

    /// What has come and gone since the last time is paid out. Returns the payout's id, or nothing
    /// when there is nothing to pay out.
    pub fn settle(&self) -> Option<String> {
        lock(&self.books).settle()
    }

    /// Misbehaves once, at the next occasion. Several wait in order.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.outbox.misbehave(misbehaviour);
    }

    /// Tries to deliver every waiting event once; what is not taken waits for the next time.
    pub fn deliver_all(&self) -> Vec<Delivery> {
        self.outbox.deliver_all()
    }

    /// How many events wait.
    pub fn waiting(&self) -> usize {
        self.outbox.waiting()
    }

    /// A payment intent as the provider has it.
    pub fn payment_intent(&self, intent_id: &str) -> Option<Value> {
        lock(&self.books).intents.get(intent_id).cloned()
    }
}
