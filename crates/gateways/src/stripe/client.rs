//! Stripe's API: checkout sessions, payment intents, refunds, missed events, balance.
//!
//! It deliberately sends an idempotency key of the caller's with every POST, the same over all
//! attempts; a key is good for 24 hours at least.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::entities::{self, Checkout};
use super::things::{
    self, BalanceTransaction, CheckoutSession, Form, MissedEvent, NewCheckoutSession,
    NewPaymentIntent, NewRefund, PaymentIntent, Since, pair,
};
use crate::call::encode::{pairs, percent};
use crate::call::retry::Caller;
use crate::call::transport::{Request, RequestBody};
use crate::call::{CallError, Page, Retry, Secret, Transport, secs};
use crate::event::Observation;
use crate::json::{self, Fields, ParseError};

/// Where Stripe is.
pub const BASE_URL: &str = "https://api.stripe.com";

/// The version of the API whose shapes are read here, sent with every call.
pub const API_VERSION: &str = "2025-03-31.basil";

/// What is asked for with an intent: its charge says when it was paid, and the movement of the
/// balance what Stripe keeps.
const CHARGE_OF_INTENT: &str = "latest_charge.balance_transaction";

/// Characters of an idempotency key.
const MAX_KEY_CHARS: usize = 255;

type Answered<T> = Result<T, CallError>;

/// Stripe, reached with a secret key.
#[derive(Clone, Debug)]
pub struct Stripe {
    caller: Caller,
    authorization: Secret,
}

impl Stripe {
    /// Stripe behind a transport. The secret key (`sk_…`, `rk_…`) is not the webhook's.
    pub fn new(transport: Transport, secret_key: &Secret, retry: Retry) -> Self {
        let secret = secret_key.clone();
        let authorization = Secret::new(format!("Bearer {}", secret_key.expose()));
        Self { caller: Caller { transport, retry, explain, secret }, authorization }
    }

    /// Makes a checkout session.
    pub fn create_checkout_session(
        &self,
        session: &NewCheckoutSession,
        idempotency_key: &str,
    ) -> Answered<CheckoutSession> {
        self.post("/v1/checkout/sessions", &session.form()?, idempotency_key, checkout_session)
    }

    /// A checkout session as it is now.
    pub fn checkout_session(&self, session_id: &str) -> Answered<CheckoutSession> {
        self.get(&format!("/v1/checkout/sessions/{}", percent(session_id)), checkout_session)
    }

    /// The checkout sessions made since a moment: finds one whose making was not answered.
    pub fn checkout_sessions(&self, since: &Since) -> Answered<Page<CheckoutSession>> {
        page(&self.fetch("/v1/checkout/sessions", window(since))?, checkout_session)
    }

    /// Ends a checkout session that is open.
    pub fn expire_checkout_session(
        &self,
        session_id: &str,
        idempotency_key: &str,
    ) -> Answered<CheckoutSession> {
        let path = format!("/v1/checkout/sessions/{}/expire", percent(session_id));
        self.post(&path, &Form::new(), idempotency_key, checkout_session)
    }

    /// Makes a payment intent.
    pub fn create_payment_intent(
        &self,
        intent: &NewPaymentIntent,
        idempotency_key: &str,
    ) -> Answered<PaymentIntent> {
        self.post("/v1/payment_intents", &intent.form()?, idempotency_key, payment_intent)
    }

    /// A payment intent as it is now.
    pub fn payment_intent(&self, intent_id: &str) -> Answered<PaymentIntent> {
        let path = format!("/v1/payment_intents/{}", percent(intent_id));
        let query = vec![pair("expand[]", CHARGE_OF_INTENT)];
        one(&self.fetch(&path, query)?, payment_intent)
    }

    /// The payment intents made since a moment: finds those of which no webhook told.
    pub fn payment_intents(&self, since: &Since) -> Answered<Page<Observation>> {
        let mut query = window(since);
        query.push(pair("expand[]", &format!("data.{CHARGE_OF_INTENT}")));
        let body = self.fetch("/v1/payment_intents", query)?;
        page(&body, |object| entities::payment_intent(object, false))
    }

    /// Gives money back.
    pub fn refund_payment(
        &self,
        new_refund: &NewRefund,
        idempotency_key: &str,
    ) -> Answered<Observation> {
        self.post("/v1/refunds", &new_refund.form()?, idempotency_key, refund)
    }

    /// The refunds of a payment intent.
    pub fn refunds_of_payment(&self, intent_id: &str) -> Answered<Page<Observation>> {
        let query = vec![pair("payment_intent", intent_id), pair("limit", "100")];
        page(&self.fetch("/v1/refunds", query)?, refund)
    }

    /// The events since a moment, at most 30 days ago, that could not be delivered, of these kinds
    /// (all, if none is named). They come newest first.
    pub fn missed_events(&self, since: &Since, kinds: &[&str]) -> Answered<Page<MissedEvent>> {
        let mut query = window(since);
        query.push(pair("delivery_success", "false"));
        query.extend(kinds.iter().map(|kind| pair("types[]", kind)));
        events(&self.fetch("/v1/events", query)?)
    }

    /// The movements of the balance since a moment, or those of one payout.
    pub fn balance_transactions(
        &self,
        since: &Since,
        payout_id: Option<&str>,
    ) -> Answered<Page<BalanceTransaction>> {
        let mut query = window(since);
        query.extend(payout_id.map(|id| pair("payout", id)));
        page(&self.fetch("/v1/balance_transactions", query)?, things::balance_transaction)
    }

    fn get<T>(
        &self,
        path: &str,
        read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
    ) -> Answered<T> {
        one(&self.caller.call(&self.request(path.to_owned()))?, read)
    }

    fn fetch(&self, path: &str, query: Form) -> Answered<Vec<u8>> {
        self.caller.call(&self.request(format!("{path}?{}", pairs(query))))
    }

    fn post<T>(
        &self,
        path: &str,
        form: &Form,
        key: &str,
        read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
    ) -> Answered<T> {
        let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > MAX_KEY_CHARS || !plain {
            return Err(CallError::unasked(
                "the idempotency key is not of 1 to 255 visible characters",
            ));
        }
        let mut request = self.request(path.to_owned());
        request.headers.push(("idempotency-key", key.to_owned()));
        request.body = Some(RequestBody {
            content_type: "application/x-www-form-urlencoded",
            bytes: pairs(form.iter().map(|(name, value)| (name, value))).into_bytes(),
        });
        one(&self.caller.call(&request)?, read)
    }

    fn request(&self, path: String) -> Request {
        let headers = vec![
            ("authorization", self.authorization.expose().to_owned()),
            ("stripe-version", API_VERSION.to_owned()),
        ];
        Request { path, headers, body: None, repeatable: true }
    }
}

fn window(since: &Since) -> Form {
    let mut query = vec![
        pair("created[gte]", &secs(since.from).to_string()),
        pair("limit", &since.limit.clamp(1, 100).to_string()),
    ];
    query.extend(since.to.map(|to| pair("created[lte]", &secs(to).to_string())));
    query.extend(since.starting_after.as_deref().map(|id| pair("starting_after", id)));
    query
}

fn one<T>(body: &[u8], read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>) -> Answered<T> {
    let node = json::read_answer(body).map_err(|error| CallError::unreadable(&error))?;
    let object = Fields::of(&node, "answer").ok_or(ParseError::NotAnEvent);
    object.and_then(read).map_err(|error| CallError::unreadable(&error))
}

fn page<T>(
    body: &[u8],
    read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
) -> Answered<Page<T>> {
    let read_page = || {
        let node = json::read_answer(body)?;
        let root = Fields::of(&node, "answer").ok_or(ParseError::NotAnEvent)?;
        let nodes = root.list("data")?;
        let mut page =
            empty_page(nodes.len(), matches!(root.get("has_more")?, Some(json::Node::Bool(true))));
        for node in nodes {
            let object =
                Fields::of(node, "data").ok_or_else(|| root.wrong("data", "of objects"))?;
            page.last_id = Some(object.must_id("id")?.to_owned());
            match read(object) {
                Ok(item) => page.items.push(item),
                Err(error) => page.unreadable.push(error),
            }
        }
        Ok(page)
    };
    read_page().map_err(|error| CallError::unreadable(&error))
}

fn empty_page<T>(received: usize, more: bool) -> Page<T> {
    Page { items: Vec::new(), unreadable: Vec::new(), received, last_id: None, more }
}

/// Reads a list of events, each with its own bytes.
fn events(body: &[u8]) -> Answered<Page<MissedEvent>> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
        #[serde(default)]
        has_more: bool,
    }
    #[derive(Deserialize)]
    struct Named {
        id: Option<String>,
    }
    let list: List<'_> = serde_json::from_slice(body).map_err(|error| {
        let error = ParseError::NotJson { line: error.line(), column: error.column() };
        CallError::unreadable(&error)
    })?;
    let mut page = empty_page(list.data.len(), list.has_more);
    for raw in list.data {
        // An event that cannot be read still moves the page on.
        let named = serde_json::from_str::<Named>(raw.get()).ok().and_then(|named| named.id);
        page.last_id = named.or(page.last_id);
        match MissedEvent::read(raw.get()) {
            Ok(event) => page.items.push(event),
            Err(error) => page.unreadable.push(error),
        }
    }
    Ok(page)
}

fn checkout_session(object: Fields<'_, '_>) -> Result<CheckoutSession, ParseError> {
    Ok(CheckoutSession {
        id: object.must_id("id")?.to_owned(),
        url: object.text("url")?.map(str::to_owned),
        reference: object.reference("client_reference_id")?,
        observations: entities::checkout_session(object, Checkout::Fetched)?,
    })
}

fn payment_intent(object: Fields<'_, '_>) -> Result<PaymentIntent, ParseError> {
    Ok(PaymentIntent {
        client_secret: object.text("client_secret")?.map(Secret::new),
        payment: entities::payment_intent(object, false)?,
    })
}

fn refund(object: Fields<'_, '_>) -> Result<Observation, ParseError> {
    entities::refund(object, false)
}

/// Reads `{"error":{type, code, message, …}}`.
fn explain(body: &[u8]) -> (Option<String>, Option<String>) {
    let read = || {
        let node = json::read_answer(body).ok()?;
        let error = Fields::of(&node, "")?.object("error", "error").ok()??;
        let code = error.note("code").ok()?.or(error.note("type").ok()?);
        Some((code, error.note("message").ok()?))
    };
    read().unwrap_or_default()
}
