//! The gateways as the settings name them: what is asked of them, and their answers in our words.
//!
//! It deliberately keeps nothing and decides nothing. Its calls take long and are made outside of
//! transactions.

use crate::AppError;
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{Provider, RequestKind, RequestState};
use gateways::call::{CallError, Page, Tags};
use gateways::event::{About, LinkState, Observation, PaymentState};
use gateways::{razorpay, stripe};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use store::payments::{AskedFor, AskedRefund};

pub use gateways::call::{EndpointError, Retry, Secret, Timeouts, Transport};
pub use gateways::razorpay::Razorpay;
pub use gateways::stripe::Stripe;
pub use gateways::{Secrets, SecretsError};

/// The currency of all that is asked for.
const CURRENCY: &str = domain::payments::CURRENCY;
/// Things of one page of a list.
const PAGE: u32 = 100;
/// Pages of a list that are looked through for one thing.
const MOST_PAGES: u32 = 50;
/// How far before the making of something a list is begun: clocks differ.
const SLACK: Duration = Duration::from_mins(10);

/// A call that was made, for the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// Who was called.
    pub provider: Provider,
    /// What for: `create_order`, `refund` and so on.
    pub operation: &'static str,
    /// How it ended: `done`, `refused`, `unreachable` or `unknown`.
    pub outcome: &'static str,
}

/// Razorpay, as the settings name it.
#[derive(Clone, Debug)]
pub struct RazorpayAccess {
    /// The way to it.
    pub client: Razorpay,
    /// The id of the key, which checkout pages show.
    pub key_id: String,
    /// The key's secret, by which returning browsers are known.
    pub key_secret: Secrets,
    /// Where the payer's browser goes after a payment link.
    pub callback_url: Option<String>,
}

/// Stripe, as the settings name it.
#[derive(Clone, Debug)]
pub struct StripeAccess {
    /// The way to it.
    pub client: Stripe,
    /// Where the payer's browser goes after a checkout session.
    pub success_url: String,
}

/// The gateways that may be called. A copy is a handle.
#[derive(Clone)]
pub struct Gateways {
    razorpay: Option<Arc<RazorpayAccess>>,
    stripe: Option<Arc<StripeAccess>>,
    hear: Arc<dyn Fn(&Called) + Send + Sync>,
}

impl Default for Gateways {
    fn default() -> Self {
        Self { razorpay: None, stripe: None, hear: Arc::new(|_| {}) }
    }
}

impl fmt::Debug for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (razorpay, stripe) = (self.razorpay.is_some(), self.stripe.is_some());
        write!(f, "Gateways(razorpay: {razorpay}, stripe: {stripe})")
    }
}

/// What a gateway has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub reference: String,
    pub order: Option<String>,
    pub url: Option<String>,
    /// When it ends, if the gateway has the say.
    pub expires_at: Option<Moment>,
}

/// How something that was asked for stands at the gateway.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Where it has ended; absent while it is open.
    pub ended: Option<RequestState>,
    /// The order behind it, once there is one.
    pub order: Option<String>,
    /// What is told of its payments.
    pub seen: Vec<Observation>,
}

type Answered<T> = Result<T, CallError>;

impl Gateways {
    /// The gateways of the settings; `hear` is told of every call.
    pub fn new(
        razorpay: Option<RazorpayAccess>,
        stripe: Option<StripeAccess>,
        hear: impl Fn(&Called) + Send + Sync + 'static,
    ) -> Self {
        Self {
            razorpay: razorpay.map(Arc::new),
            stripe: stripe.map(Arc::new),
            hear: Arc::new(hear),
        }
    }

    /// Those that may be called.
    pub fn providers(&self) -> Vec<Provider> {
        let known = |provider: &Provider| self.must_know(*provider).is_ok();
        Provider::ALL.into_iter().filter(known).collect()
    }

    /// Fails unless a gateway may be called, and names the setting.
    pub(super) fn must_know(&self, provider: Provider) -> Result<(), AppError> {
        let what = match provider {
            Provider::Razorpay if self.razorpay.is_none() => {
                "Razorpay cannot be called: set gateways.razorpay.key_id and \
                 gateways.razorpay.key_secret"
            }
            Provider::Stripe if self.stripe.is_none() => {
                "Stripe cannot be called: set gateways.stripe.secret_key, and \
                 gateways.stripe.success_url or http.public_url"
            }
            Provider::Razorpay | Provider::Stripe => return Ok(()),
            _ => "it is no gateway; expected razorpay or stripe",
        };
        Err(AppError::NotConfigured(what.to_owned()))
    }

    /// The id of Razorpay's key, which checkout pages show.
    pub fn razorpay_key_id(&self) -> Option<&str> {
        self.razorpay.as_ref().map(|access| access.key_id.as_str())
    }

    /// The secret by which browsers that come back from Razorpay are known.
    pub(super) fn razorpay_secret(&self) -> Result<&Secrets, AppError> {
        self.must_know(Provider::Razorpay)?;
        let access = self.razorpay.as_ref();
        access
            .map(|access| &access.key_secret)
            .ok_or_else(|| AppError::NotConfigured(String::new()))
    }

    fn razorpay(&self) -> Answered<&RazorpayAccess> {
        self.razorpay.as_deref().ok_or_else(|| absent("gateways.razorpay.key_id"))
    }

    fn stripe(&self) -> Answered<&StripeAccess> {
        self.stripe.as_deref().ok_or_else(|| absent("gateways.stripe.secret_key"))
    }

    /// Tells of a call.
    fn called<T>(
        &self,
        provider: Provider,
        operation: &'static str,
        answer: Answered<T>,
    ) -> Answered<T> {
        let outcome = match &answer {
            Ok(_) => "done",
            Err(CallError::Refused { .. }) => "refused",
            Err(CallError::Unreachable { .. }) => "unreachable",
            Err(CallError::Unknown { .. }) => "unknown",
        };
        (self.hear)(&Called { provider, operation, outcome });
        answer
    }

    /// A call of Razorpay.
    fn ask_razorpay<T>(
        &self,
        operation: &'static str,
        call: impl FnOnce(&RazorpayAccess) -> Answered<T>,
    ) -> Answered<T> {
        let answer = call(self.razorpay()?);
        self.called(Provider::Razorpay, operation, answer)
    }

    /// A call of Stripe.
    fn ask_stripe<T>(
        &self,
        operation: &'static str,
        call: impl FnOnce(&StripeAccess) -> Answered<T>,
    ) -> Answered<T> {
        let answer = call(self.stripe()?);
        self.called(Provider::Stripe, operation, answer)
    }

    /// Has something made; `payee` is shown to the payer.
    pub(super) fn make(&self, asked: &AskedFor, payee: &str) -> Answered<Made> {
        let amount = asked.amount.map(Money::paise);
        let fixed = || amount.ok_or_else(|| refused("it has no amount"));
        let currency = CURRENCY.to_owned();
        match asked.kind {
            RequestKind::Order => {
                let order = razorpay::NewOrder {
                    amount: fixed()?,
                    currency,
                    receipt: asked.reference.clone(),
                    tags: tags(asked),
                    partial_payment: asked.in_parts,
                };
                self.ask_razorpay("create_order", |way| way.client.create_order(&order))
                    .map(made_order)
            }
            RequestKind::Link => {
                let amount = fixed()?;
                self.ask_razorpay("create_link", |way| {
                    way.client.create_payment_link(&razorpay::NewPaymentLink {
                        amount,
                        currency,
                        reference_id: asked.reference.clone(),
                        description: described(asked, payee),
                        accept_partial: asked.in_parts,
                        first_min_partial_amount: None,
                        expire_by: asked.expires_at,
                        customer_name: None,
                        customer_contact: None,
                        callback_url: way.callback_url.clone(),
                        tags: tags(asked),
                    })
                })
                .map(made_link)
            }
            RequestKind::Qr => {
                let qr = razorpay::NewQrCode {
                    name: payee.to_owned(),
                    fixed_amount: amount,
                    description: described(asked, payee),
                    customer_id: None,
                    close_by: asked.expires_at,
                    // A QR code has no field for our reference.
                    tags: Tags { reference: Some(asked.reference.clone()), ..tags(asked) },
                };
                self.ask_razorpay("create_qr", |way| way.client.create_qr_code(&qr)).map(made_qr)
            }
            RequestKind::Checkout => {
                let amount = fixed()?;
                self.ask_stripe("create_checkout", |way| {
                    let session = stripe::NewCheckoutSession {
                        amount,
                        currency,
                        name: described(asked, payee),
                        client_reference_id: asked.reference.clone(),
                        success_url: way.success_url.clone(),
                        cancel_url: None,
                        tags: tags(asked),
                    };
                    way.client.create_checkout_session(&session, &asked.reference)
                })
                .map(made_session)
            }
        }
    }

    /// Asks whether a gateway knows something by our reference. An answer that proves nothing is
    /// *unknown*.
    pub(super) fn find(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let ours = |reference: &Option<String>| reference.as_deref() == Some(&asked.reference);
        let amount = asked.amount.map(Money::paise);
        match asked.kind {
            RequestKind::Order => {
                let page = self.ask_razorpay("find_order", |way| {
                    way.client.orders_by_receipt(&asked.reference)
                })?;
                let found = the_one(page, |order| ours(&order.receipt))?;
                found
                    .map(|order| same(amount, order.amount).map(|()| made_order(order)))
                    .transpose()
            }
            RequestKind::Link => {
                let page = self.ask_razorpay("find_link", |way| {
                    way.client.payment_links_by_reference(&asked.reference)
                })?;
                let found = the_one(page, |link| ours(&link.reference_id))?;
                found.map(|link| same(amount, link.amount).map(|()| made_link(link))).transpose()
            }
            RequestKind::Qr => self.find_qr(asked),
            RequestKind::Checkout => self.find_session(asked),
        }
    }

    fn find_qr(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let from = domain::jobs::earlier(asked.created_at, SLACK);
        let to = domain::jobs::later(asked.updated_at, SLACK);
        for number in 0..MOST_PAGES {
            let window = razorpay::Window { from, to, count: PAGE, skip: number * PAGE };
            let page = self.ask_razorpay("find_qr", |way| way.client.qr_codes(&window))?;
            let more = page.more;
            let ours = |qr: &razorpay::QrCode| qr.reference.as_ref() == Some(&asked.reference);
            if let Some(qr) = the_one(page, ours)? {
                return Ok(Some(made_qr(qr)));
            }
            if !more {
                return Ok(None);
            }
        }
        Err(unknown("the list of QR codes is too long to be looked through"))
    }

    fn find_session(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let from = domain::jobs::earlier(asked.created_at, SLACK);
        let mut since = stripe::Since { from, starting_after: None, limit: PAGE };
        for _ in 0..MOST_PAGES {
            let page = self.ask_stripe("find_checkout", |way| way.client.checkout_sessions(&since));
            let page = page?;
            let (more, last) = (page.more, page.last_id.clone());
            let ours = |session: &stripe::CheckoutSession| {
                session.reference.as_ref() == Some(&asked.reference)
            };
            if let Some(session) = the_one(page, ours)? {
                return Ok(Some(made_session(session)));
            }
            if !more {
                return Ok(None);
            }
            since.starting_after = last;
        }
        Err(unknown("the list of sessions is too long to be looked through"))
    }

    /// Asks how something stands that a gateway has made.
    pub(super) fn look(&self, asked: &AskedFor) -> Answered<Standing> {
        let id = asked.provider_reference.as_deref().unwrap_or_default();
        match asked.kind {
            RequestKind::Order => {
                let order = self.ask_razorpay("show_order", |way| way.client.order(id))?;
                let page =
                    self.ask_razorpay("order_payments", |way| way.client.payments_of_order(id))?;
                let ended = (order.status == "paid").then_some(RequestState::Paid);
                Ok(Standing { ended, order: None, seen: page.items })
            }
            RequestKind::Link => {
                let link = self.ask_razorpay("show_link", |way| way.client.payment_link(id))?;
                let mut seen = Vec::with_capacity(link.payment_ids.len());
                for payment in &link.payment_ids {
                    let told =
                        self.ask_razorpay("show_payment", |way| way.client.payment(payment))?;
                    seen.push(Observation { link_id: Some(id.to_owned()), ..told });
                }
                let ended = match link.status.as_str() {
                    "paid" => Some(RequestState::Paid),
                    "cancelled" => Some(RequestState::Cancelled),
                    "expired" => Some(RequestState::Expired),
                    _ => None,
                };
                Ok(Standing { ended, order: link.order_id, seen })
            }
            RequestKind::Qr => {
                let qr = self.ask_razorpay("show_qr", |way| way.client.qr_code(id))?;
                let page =
                    self.ask_razorpay("qr_payments", |way| way.client.payments_of_qr_code(id))?;
                let named = |told| Observation { qr_id: Some(id.to_owned()), ..told };
                let seen: Vec<Observation> = page.items.into_iter().map(named).collect();
                Ok(Standing { ended: qr_end(asked, &qr, &seen), order: None, seen })
            }
            RequestKind::Checkout => {
                let session =
                    self.ask_stripe("show_checkout", |way| way.client.checkout_session(id))?;
                let ended = session.observations.iter().find_map(|seen| match seen.about {
                    About::Link(LinkState::Paid) => Some(RequestState::Paid),
                    About::Link(LinkState::Expired) => Some(RequestState::Expired),
                    _ => None,
                });
                let is_payment = |seen: &Observation| matches!(seen.about, About::Payment(_));
                let seen = session.observations.into_iter().filter(is_payment).collect();
                Ok(Standing { ended, order: None, seen })
            }
        }
    }

    /// Has something withdrawn that can still be paid. An order cannot be; what is still paid for
    /// it is booked.
    pub(super) fn close(&self, asked: &AskedFor) -> Answered<()> {
        let id = asked.provider_reference.as_deref().unwrap_or_default();
        match asked.kind {
            RequestKind::Order => Ok(()),
            RequestKind::Link => self
                .ask_razorpay("cancel_link", |way| way.client.cancel_payment_link(id))
                .map(|_| ()),
            RequestKind::Qr => {
                self.ask_razorpay("close_qr", |way| way.client.close_qr_code(id)).map(|_| ())
            }
            RequestKind::Checkout => {
                let key = format!("{}-end", asked.reference);
                self.ask_stripe("expire_checkout", |way| {
                    way.client.expire_checkout_session(id, &key)
                })
                .map(|_| ())
            }
        }
    }

    /// Has money given back. The same refund is made once, however often it is asked for.
    pub(super) fn refund(&self, asked: &AskedRefund) -> Answered<Observation> {
        let tags = Tags { reference: Some(asked.reference.clone()), ..Tags::default() };
        let amount = asked.amount.paise();
        match asked.provider {
            Provider::Stripe => {
                let payment_intent = asked.payment_reference.clone();
                let new = stripe::NewRefund { payment_intent, amount, tags };
                self.ask_stripe("refund", |way| way.client.refund_payment(&new, &asked.reference))
            }
            _ => {
                let new = razorpay::NewRefund {
                    amount,
                    idempotency_key: asked.reference.clone(),
                    receipt: Some(asked.reference.clone()),
                    tags,
                };
                let payment = &asked.payment_reference;
                self.ask_razorpay("refund", |way| way.client.refund_payment(payment, &new))
            }
        }
    }

    /// Asks whether a gateway knows a refund, by our reference or by its own.
    pub(super) fn find_refund(&self, asked: &AskedRefund) -> Answered<Option<Observation>> {
        let page = self.refunds_of(asked.provider, &asked.payment_reference)?;
        let ours = |seen: &Observation| {
            seen.our_reference.as_ref() == Some(&asked.reference)
                || asked.told_as.as_ref() == Some(&seen.id)
        };
        the_one(page, ours)
    }

    /// The refunds of a payment.
    pub(super) fn refunds_of(
        &self,
        provider: Provider,
        payment: &str,
    ) -> Answered<Page<Observation>> {
        match provider {
            Provider::Stripe => {
                self.ask_stripe("find_refunds", |way| way.client.refunds_of_payment(payment))
            }
            _ => self.ask_razorpay("find_refunds", |way| way.client.refunds_of_payment(payment)),
        }
    }

    /// A page of the payments made in a range of time; the page before says where it begins.
    pub(super) fn payments(
        &self,
        provider: Provider,
        (from, to): (Moment, Moment),
        before: (u32, Option<String>),
    ) -> Answered<Page<Observation>> {
        match provider {
            Provider::Stripe => {
                let since = stripe::Since { from, starting_after: before.1, limit: PAGE };
                self.ask_stripe("list_payments", |way| way.client.payment_intents(&since))
            }
            _ => {
                let window = razorpay::Window { from, to, count: PAGE, skip: before.0 * PAGE };
                self.ask_razorpay("list_payments", |way| way.client.payments(&window))
            }
        }
    }
}

/// What the gateway sends back with every event about it.
fn tags(asked: &AskedFor) -> Tags {
    Tags {
        bill_no: asked.bill_number.clone(),
        customer_code: Some(asked.customer_code.clone()),
        plan_code: asked.plan.clone(),
        reference: None,
    }
}

/// What the payer reads.
fn described(asked: &AskedFor, payee: &str) -> String {
    match (&asked.bill_number, &asked.plan) {
        (Some(bill), _) => format!("Bill {bill}, {payee}"),
        (None, Some(plan)) => format!("Plan {plan}, {payee}"),
        (None, None) => format!("Customer {}, {payee}", asked.customer_code),
    }
}

fn made_order(order: razorpay::Order) -> Made {
    Made { reference: order.id, order: None, url: None, expires_at: None }
}

fn made_link(link: razorpay::PaymentLink) -> Made {
    let url = Some(link.short_url);
    Made { reference: link.id, order: link.order_id, url, expires_at: None }
}

fn made_qr(qr: razorpay::QrCode) -> Made {
    let url = Some(qr.image_url);
    Made { reference: qr.id, order: None, url, expires_at: qr.close_by }
}

fn made_session(session: stripe::CheckoutSession) -> Made {
    Made { reference: session.id, order: None, url: session.url, expires_at: None }
}

/// Where a QR code has ended. One for a fixed amount is closed by its payment.
fn qr_end(asked: &AskedFor, qr: &razorpay::QrCode, seen: &[Observation]) -> Option<RequestState> {
    let captured = |seen: &Observation| seen.about == About::Payment(PaymentState::Captured);
    if asked.amount.is_some() && seen.iter().any(captured) {
        return Some(RequestState::Paid);
    }
    (qr.status == "closed").then_some(if asked.cancel_asked {
        RequestState::Cancelled
    } else {
        RequestState::Expired
    })
}

/// The first thing of a page that is meant. Without one, a page with things that cannot be read
/// proves nothing.
fn the_one<T>(page: Page<T>, is_meant: impl Fn(&T) -> bool) -> Answered<Option<T>> {
    let readable = page.unreadable.is_empty();
    match page.items.into_iter().find(|thing| is_meant(thing)) {
        None if !readable => Err(unknown("parts of the answer cannot be read")),
        found => Ok(found),
    }
}

/// Something that has our reference and another amount is not ours to use.
fn same(ours: Option<i64>, theirs: i64) -> Answered<()> {
    if ours == Some(theirs) {
        Ok(())
    } else {
        Err(refused("the gateway knows our reference with another amount"))
    }
}

fn refused(what: &str) -> CallError {
    CallError::Refused { status: None, code: "not_asked".to_owned(), what: what.to_owned() }
}

fn unknown(what: &str) -> CallError {
    CallError::Unknown { what: what.to_owned() }
}

fn absent(setting: &str) -> CallError {
    CallError::Unreachable { what: format!("{setting} is not set") }
}
