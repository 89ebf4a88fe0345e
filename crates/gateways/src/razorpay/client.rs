//! Razorpay's API: orders, links, QR codes, payments, refunds, settlements.
//!
//! It deliberately sends what has no idempotency key once: after an unknown outcome, look for the
//! order by its receipt, the link by its reference, the QR code by its customer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::entities::{Claim, Entities};
use super::things::{
    self, NewOrder, NewPaymentLink, NewQrCode, NewRefund, Order, PaymentLink, QrCode, ReconRow,
    Window,
};
use crate::call::encode::{pairs, percent};
use crate::call::retry::Caller;
use crate::call::transport::{Request, RequestBody};
use crate::call::{CallError, Page, Retry, Secret, Transport};
use crate::event::Observation;
use crate::json::{self, Fields, ParseError};

/// Where Razorpay is.
pub const BASE_URL: &str = "https://api.razorpay.com";

/// Rows of reconciliation of one page.
pub const MAX_RECON_COUNT: u32 = 1000;

type Answered<T> = Result<T, CallError>;

/// Razorpay, reached with an API key.
#[derive(Clone, Debug)]
pub struct Razorpay {
    caller: Caller,
    authorization: Secret,
}

impl Razorpay {
    /// Razorpay behind a transport. The key secret is not the secret of the webhook.
    pub fn new(transport: Transport, key_id: &str, key_secret: &Secret, retry: Retry) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{key_id}:{}", key_secret.expose()));
        let secret = key_secret.clone();
        Self {
            caller: Caller { transport, retry, explain, secret },
            authorization: Secret::new(format!("Basic {pair}")),
        }
    }

    /// Makes an order. After an unknown outcome ask [`Self::orders_by_receipt`].
    pub fn create_order(&self, order: &NewOrder) -> Answered<Order> {
        self.post("/v1/orders", &order.body()?, None, things::order)
    }

    /// An order.
    pub fn order(&self, order_id: &str) -> Answered<Order> {
        self.get(&format!("/v1/orders/{}", percent(order_id)), things::order)
    }

    /// The orders with our receipt: none or one.
    pub fn orders_by_receipt(&self, receipt: &str) -> Answered<Page<Order>> {
        let path = format!("/v1/orders?{}", pairs([("receipt", receipt)]));
        self.list(&path, None, things::order)
    }

    /// All payments of an order, failed ones included.
    pub fn payments_of_order(&self, order_id: &str) -> Answered<Page<Observation>> {
        self.list(&format!("/v1/orders/{}/payments", percent(order_id)), None, payment)
    }

    /// Makes a payment link. After an unknown outcome ask [`Self::payment_links_by_reference`].
    pub fn create_payment_link(&self, link: &NewPaymentLink) -> Answered<PaymentLink> {
        self.post("/v1/payment_links/", &link.body()?, None, things::payment_link)
    }

    /// A payment link.
    pub fn payment_link(&self, link_id: &str) -> Answered<PaymentLink> {
        self.get(&format!("/v1/payment_links/{}", percent(link_id)), things::payment_link)
    }

    /// The payment links with our reference: none or one.
    pub fn payment_links_by_reference(&self, reference: &str) -> Answered<Page<PaymentLink>> {
        let path = format!("/v1/payment_links/?{}", pairs([("reference_id", reference)]));
        self.list(&path, None, things::payment_link)
    }

    /// Withdraws a payment link.
    pub fn cancel_payment_link(&self, link_id: &str) -> Answered<PaymentLink> {
        let path = format!("/v1/payment_links/{}/cancel", percent(link_id));
        self.post(&path, &json!({}), None, things::payment_link)
    }

    /// Makes a QR code. After an unknown outcome ask [`Self::qr_codes_of_customer`].
    pub fn create_qr_code(&self, qr: &NewQrCode) -> Answered<QrCode> {
        self.post("/v1/payments/qr_codes", &qr.body()?, None, things::qr_code)
    }

    /// The QR codes of Razorpay's customer.
    pub fn qr_codes_of_customer(&self, customer_id: &str) -> Answered<Page<QrCode>> {
        let path = format!("/v1/payments/qr_codes?{}", pairs([("customer_id", customer_id)]));
        self.list(&path, None, things::qr_code)
    }

    /// The QR codes made in a range of time: finds one whose making was not answered.
    pub fn qr_codes(&self, window: &Window) -> Answered<Page<QrCode>> {
        let path = format!("/v1/payments/qr_codes?{}", pairs(window.query()));
        self.list(&path, Some(window.count), things::qr_code)
    }

    /// A QR code.
    pub fn qr_code(&self, qr_id: &str) -> Answered<QrCode> {
        self.get(&format!("/v1/payments/qr_codes/{}", percent(qr_id)), things::qr_code)
    }

    /// The payments by a QR code.
    pub fn payments_of_qr_code(&self, qr_id: &str) -> Answered<Page<Observation>> {
        self.list(&format!("/v1/payments/qr_codes/{}/payments", percent(qr_id)), None, payment)
    }

    /// Closes a QR code.
    pub fn close_qr_code(&self, qr_id: &str) -> Answered<QrCode> {
        let path = format!("/v1/payments/qr_codes/{}/close", percent(qr_id));
        self.post(&path, &json!({}), None, things::qr_code)
    }

    /// A payment as it is now.
    pub fn payment(&self, payment_id: &str) -> Answered<Observation> {
        self.get(&format!("/v1/payments/{}", percent(payment_id)), payment)
    }

    /// The payments made in a range of time: finds those of which no webhook told.
    pub fn payments(&self, window: &Window) -> Answered<Page<Observation>> {
        let path = format!("/v1/payments?{}", pairs(window.query()));
        self.list(&path, Some(window.count), payment)
    }

    /// Takes an authorized payment. The amount is that which was authorized.
    pub fn capture(&self, payment_id: &str, amount: i64, currency: &str) -> Answered<Observation> {
        let path = format!("/v1/payments/{}/capture", percent(payment_id));
        self.post(&path, &json!({"amount": amount, "currency": currency}), None, payment)
    }

    /// Gives money back. May be repeated with the same key.
    pub fn refund_payment(
        &self,
        payment_id: &str,
        new_refund: &NewRefund,
    ) -> Answered<Observation> {
        let path = format!("/v1/payments/{}/refund", percent(payment_id));
        let key = Some(new_refund.idempotency_key.as_str());
        self.post(&path, &new_refund.body()?, key, refund)
    }

    /// A refund as it is now.
    pub fn refund(&self, refund_id: &str) -> Answered<Observation> {
        self.get(&format!("/v1/refunds/{}", percent(refund_id)), refund)
    }

    /// The refunds of a payment.
    pub fn refunds_of_payment(&self, payment_id: &str) -> Answered<Page<Observation>> {
        self.list(&format!("/v1/payments/{}/refunds", percent(payment_id)), None, refund)
    }

    /// The settlements made in a range of time.
    pub fn settlements(&self, window: &Window) -> Answered<Page<Observation>> {
        let path = format!("/v1/settlements?{}", pairs(window.query()));
        self.list(&path, Some(window.count), settlement)
    }

    /// What was settled in a month, or on a day of it. At most [`MAX_RECON_COUNT`] rows.
    pub fn recon(
        &self,
        (year, month, day): (i16, i8, Option<i8>),
        count: u32,
        skip: u32,
    ) -> Answered<Page<ReconRow>> {
        let count = count.clamp(1, MAX_RECON_COUNT);
        let mut query = vec![("year", year.to_string()), ("month", format!("{month:02}"))];
        query.extend(day.map(|day| ("day", format!("{day:02}"))));
        query.extend([("count", count.to_string()), ("skip", skip.to_string())]);
        let path = format!("/v1/settlements/recon/combined?{}", pairs(query));
        self.list(&path, Some(count), things::recon_row)
    }

    fn get<T>(
        &self,
        path: &str,
        read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
    ) -> Answered<T> {
        let body = self.caller.call(&self.request(path.to_owned(), None, None))?;
        one(&body, read)
    }

    fn post<T>(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
        read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
    ) -> Answered<T> {
        let bytes = body.to_string().into_bytes();
        let body = RequestBody { content_type: "application/json", bytes };
        let answer = self.caller.call(&self.request(path.to_owned(), Some(body), key))?;
        one(&answer, read)
    }

    fn list<T>(
        &self,
        path: &str,
        asked: Option<u32>,
        read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
    ) -> Answered<Page<T>> {
        let body = self.caller.call(&self.request(path.to_owned(), None, None))?;
        page(&body, asked, read).map_err(|error| CallError::unreadable(&error))
    }

    fn request(&self, path: String, body: Option<RequestBody>, key: Option<&str>) -> Request {
        let mut headers = vec![("authorization", self.authorization.expose().to_owned())];
        headers.extend(key.map(|key| ("x-refund-idempotency", key.to_owned())));
        let repeatable = body.is_none() || key.is_some();
        Request { path, headers, body, repeatable }
    }
}

fn one<T>(body: &[u8], read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>) -> Answered<T> {
    let node = json::read_answer(body).map_err(|error| CallError::unreadable(&error))?;
    let entity = Fields::of(&node, "answer").ok_or(ParseError::NotAnEvent);
    entity.and_then(read).map_err(|error| CallError::unreadable(&error))
}

fn page<T>(
    body: &[u8],
    asked: Option<u32>,
    read: impl Fn(Fields<'_, '_>) -> Result<T, ParseError>,
) -> Result<Page<T>, ParseError> {
    let node = json::read_answer(body)?;
    let root = Fields::of(&node, "answer").ok_or(ParseError::NotAnEvent)?;
    // Lists are collections of `items`, but that of payment links names its things.
    let key =
        ["items", "payment_links"].into_iter().find(|key| matches!(root.get(key), Ok(Some(_))));
    let nodes = root.list(key.ok_or_else(|| root.missing("items"))?)?;
    let mut page = Page {
        items: Vec::with_capacity(nodes.len()),
        unreadable: Vec::new(),
        received: nodes.len(),
        last_id: None,
        more: asked.is_some_and(|asked| nodes.len() >= asked as usize),
    };
    for node in nodes {
        let entity = Fields::of(node, "items").ok_or_else(|| root.wrong("items", "of objects"));
        match entity.and_then(&read) {
            Ok(item) => page.items.push(item),
            Err(error) => page.unreadable.push(error),
        }
    }
    Ok(page)
}

fn payment(entity: Fields<'_, '_>) -> Result<Observation, ParseError> {
    let entities = Entities { payment: Some(entity), ..Entities::default() };
    entities.payment(Claim::Fetched)?.ok_or(ParseError::NotAnEvent)
}

fn refund(entity: Fields<'_, '_>) -> Result<Observation, ParseError> {
    let entities = Entities { refund: Some(entity), ..Entities::default() };
    entities.refund(None)?.ok_or(ParseError::NotAnEvent)
}

fn settlement(entity: Fields<'_, '_>) -> Result<Observation, ParseError> {
    let entities = Entities { settlement: Some(entity), ..Entities::default() };
    entities.settlement()?.ok_or(ParseError::NotAnEvent)
}

/// Reads `{"error":{code, description, …}}`.
fn explain(body: &[u8]) -> (Option<String>, Option<String>) {
    let read = || {
        let node = json::read_answer(body).ok()?;
        let error = Fields::of(&node, "")?.object("error", "error").ok()??;
        Some((error.note("code").ok()?, error.note("description").ok()?))
    };
    read().unwrap_or_default()
}
