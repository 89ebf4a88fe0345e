//! The local Razorpay: a handle to drive it.
//!
//! It deliberately has no checkout page: whoever holds the handle pays.

mod api;
mod books;
mod pay;
mod settle;

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::outbox::Outbox;
use super::server::Server;
use super::{Clock, Delivery, FakeError, Misbehaviour, Outcome, lock};
use crate::razorpay::{redirect, webhook};
use crate::signature::{Secrets, SecretsError};
use books::Books;

/// How a local Razorpay begins.
#[derive(Clone)]
pub struct RazorpaySettings {
    /// The port on this machine; 0 lets the system choose.
    pub port: u16,
    /// The key that calls must carry.
    pub key_id: String,
    /// Its secret.
    pub key_secret: String,
    /// Signs the webhooks.
    pub webhook_secret: String,
    /// Where the webhooks go; may be told later.
    pub webhook_url: Option<String>,
    /// Ids follow from it.
    pub seed: u64,
    /// The fee in hundredths of a percent; 18 % tax come on top.
    pub fee_basis_points: i64,
    /// Where the time comes from.
    pub clock: Clock,
}

/// A local Razorpay. It ends with this value.
pub struct FakeRazorpay {
    server: Server,
    books: Arc<Mutex<Books>>,
    outbox: Arc<Outbox>,
    key: Secrets,
}

impl FakeRazorpay {
    /// Begins to listen.
    pub fn start(settings: RazorpaySettings) -> Result<Self, FakeError> {
        let refused = |error: SecretsError| FakeError::Refused(error.to_string());
        let good = Secrets::new([&settings.webhook_secret]).map_err(refused)?;
        let wrong = Secrets::new(["nobody knows this one"]).map_err(refused)?;
        let key = Secrets::new([&settings.key_secret]).map_err(refused)?;
        let signer = move |id: &str, body: &[u8], is_wrong: bool| {
            let signature = webhook::sign(body, if is_wrong { &wrong } else { &good });
            vec![(webhook::SIGNATURE_HEADER, signature), (webhook::EVENT_ID_HEADER, id.to_owned())]
        };
        let outbox = Arc::new(Outbox::new(settings.webhook_url.clone(), Box::new(signer)));
        let port = settings.port;
        let api = api::Api::new(&settings);
        let books = Arc::new(Mutex::new(Books::new(settings, outbox.clone())));
        let (at_api, at_outbox) = (books.clone(), outbox.clone());
        let answerer = Arc::new(move |call| api.answer(&at_api, &at_outbox, &call));
        Ok(Self { server: Server::start(port, answerer)?, books, outbox, key })
    }

    /// The base address for [`crate::call::Transport`].
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Tells where the webhooks go.
    pub fn send_webhooks_to(&self, url: &str) {
        self.outbox.send_to(url);
    }

    /// Somebody pays what is open of an order (`order_…`), payment link (`plink_…`) or QR code of a
    /// fixed amount (`qr_…`). Returns the payment's id.
    pub fn pay(&self, id: &str, outcome: Outcome) -> Result<String, FakeError> {
        lock(&self.books).pay(id, None, outcome)
    }

    /// Somebody pays an amount, in minor units.
    pub fn pay_amount(&self, id: &str, amount: i64, outcome: Outcome) -> Result<String, FakeError> {
        lock(&self.books).pay(id, Some(amount), outcome)
    }

    /// The signature with which the payer's browser comes back from paying an order.
    pub fn sign_return(&self, order_id: &str, payment_id: &str) -> String {
        redirect::sign_checkout(&self.key, order_id, payment_id)
    }

    /// The payer of a captured payment contests it. Returns the dispute's id.
    pub fn dispute(&self, payment_id: &str) -> Result<String, FakeError> {
        lock(&self.books).dispute(payment_id)
    }

    /// A dispute is decided, for us or against us.
    pub fn end_dispute(&self, dispute_id: &str, won: bool) -> Result<(), FakeError> {
        lock(&self.books).end_dispute(dispute_id, won)
    }

    /// A payment link is too old.
    pub fn expire_link(&self, link_id: &str) -> Result<(), FakeError> {
        lock(&self.books).end_link(link_id, "expired").map(|_| ())
    }

    /// Everything captured or given back since the last time goes to the bank. Returns the
    /// settlement's id, or nothing when there is nothing to transfer.
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

    /// A payment as the provider has it.
    pub fn payment(&self, payment_id: &str) -> Option<Value> {
        lock(&self.books).payments.get(payment_id).map(pay::shown)
    }
}
