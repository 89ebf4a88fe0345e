//! The gateways as the settings name them: what is asked of them, and their answers in our words.
//!
//! It deliberately keeps nothing and decides nothing. Its calls take long and are made outside of
//! transactions.

mod asked;
mod listed;

pub(super) use asked::{Made, Standing};

use crate::AppError;
use domain::payments::Provider;
use gateways::call::{CallError, Page, Tags};
use gateways::event::Observation;
use gateways::stripe::webhook::Mode as StripeMode;
use gateways::{razorpay, stripe};
use std::fmt;
use std::sync::Arc;
use store::payments::AskedRefund;

pub use gateways::call::{EndpointError, Retry, Secret, Timeouts, Transport};
pub use gateways::razorpay::Razorpay;
pub use gateways::stripe::Stripe;
pub use gateways::{Secrets, SecretsError};

/// Things of one page of a list.
const PAGE: u32 = 100;

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
    stripe_mode: StripeMode,
}

impl Default for Gateways {
    fn default() -> Self {
        let stripe_mode = StripeMode::default();
        Self { razorpay: None, stripe: None, hear: Arc::new(|_| {}), stripe_mode }
    }
}

impl fmt::Debug for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (razorpay, stripe) = (self.razorpay.is_some(), self.stripe.is_some());
        write!(f, "Gateways(razorpay: {razorpay}, stripe: {stripe})")
    }
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
            stripe_mode: StripeMode::default(),
        }
    }

    /// The same, in one of Stripe's worlds; real money, unless this is said.
    pub fn in_mode(self, stripe_mode: StripeMode) -> Self {
        Self { stripe_mode, ..self }
    }

    /// Which of Stripe's worlds is ours.
    pub const fn stripe_mode(&self) -> StripeMode {
        self.stripe_mode
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

    /// Has money given back. The same refund is made once, however often it is asked for.
    pub(super) fn refund(&self, asked: &AskedRefund) -> Answered<Observation> {
        let tags = Tags { reference: Some(asked.reference.clone()), ..Tags::default() };
        let amount = asked.amount.paise();
        if asked.provider == Provider::Stripe {
            let payment_intent = asked.payment_reference.clone();
            let new = stripe::NewRefund { payment_intent, amount, tags };
            let key = &asked.reference;
            return self.ask_stripe("refund", |way| way.client.refund_payment(&new, key));
        }
        let new = razorpay::NewRefund {
            amount,
            idempotency_key: asked.reference.clone(),
            receipt: Some(asked.reference.clone()),
            tags,
        };
        let payment = &asked.payment_reference;
        self.ask_razorpay("refund", |way| way.client.refund_payment(payment, &new))
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

fn unknown(what: &str) -> CallError {
    CallError::Unknown { what: what.to_owned() }
}

fn absent(setting: &str) -> CallError {
    CallError::Unreachable { what: format!("{setting} is not set") }
}
