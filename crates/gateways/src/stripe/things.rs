//! What is asked of Stripe and what it answers, apart from payments and refunds, which are
//! observations.
//!
//! It deliberately leaves out what nobody here needs: products, taxes, cards.

use domain::calendar::Moment;

use super::webhook;
use crate::call::{CallError, Secret, Tags};
use crate::event::{Event, Observation};
use crate::json::{Fields, ParseError};

/// Characters of our own reference of a session.
const MAX_REFERENCE_CHARS: usize = 200;

/// Characters of a value of metadata.
const MAX_METADATA_CHARS: usize = 500;

pub(crate) type Form = Vec<(String, String)>;

/// A checkout session to be made: one payment of one amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckoutSession {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What is paid for, shown to the payer.
    pub name: String,
    /// Our own reference, at most 200 characters; the bill's number.
    pub client_reference_id: String,
    /// Where the payer's browser goes afterwards. It may never come.
    pub success_url: String,
    /// Where the payer's browser goes when giving up.
    pub cancel_url: Option<String>,
    /// Bill, customer and plan; on the session and on its payment intent.
    pub tags: Tags,
}

impl NewCheckoutSession {
    pub(crate) fn form(&self) -> Result<Form, CallError> {
        positive(self.amount)?;
        if self.client_reference_id.chars().count() > MAX_REFERENCE_CHARS {
            return Err(CallError::unasked("the reference has more than 200 characters"));
        }
        let price = "line_items[0][price_data]";
        let mut form = vec![
            pair("mode", "payment"),
            pair("client_reference_id", &self.client_reference_id),
            pair("success_url", &self.success_url),
            pair("line_items[0][quantity]", "1"),
            pair(&format!("{price}[currency]"), &self.currency.to_ascii_lowercase()),
            pair(&format!("{price}[unit_amount]"), &self.amount.to_string()),
            pair(&format!("{price}[product_data][name]"), &self.name),
        ];
        form.extend(self.cancel_url.as_deref().map(|url| pair("cancel_url", url)));
        metadata(&mut form, "metadata", &self.tags)?;
        // Events of the intent carry the intent's metadata, not the session's.
        metadata(&mut form, "payment_intent_data[metadata]", &self.tags)?;
        Ok(form)
    }
}

/// A payment intent to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPaymentIntent {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Bill, customer and plan.
    pub tags: Tags,
}

impl NewPaymentIntent {
    pub(crate) fn form(&self) -> Result<Form, CallError> {
        positive(self.amount)?;
        let mut form = vec![
            pair("amount", &self.amount.to_string()),
            pair("currency", &self.currency.to_ascii_lowercase()),
            pair("automatic_payment_methods[enabled]", "true"),
        ];
        metadata(&mut form, "metadata", &self.tags)?;
        Ok(form)
    }
}

/// A refund to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// The payment intent.
    pub payment_intent: String,
    /// Minor units; always sent, because without it the whole payment would go back.
    pub amount: i64,
    /// Bill, customer and plan.
    pub tags: Tags,
}

impl NewRefund {
    pub(crate) fn form(&self) -> Result<Form, CallError> {
        positive(self.amount)?;
        let mut form = vec![
            pair("payment_intent", &self.payment_intent),
            pair("amount", &self.amount.to_string()),
        ];
        metadata(&mut form, "metadata", &self.tags)?;
        Ok(form)
    }
}

/// What to list: from a moment on, and after an id that a page ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The first second.
    pub from: Moment,
    /// The last second; absent means now.
    pub to: Option<Moment>,
    /// The `last_id` of the page before.
    pub starting_after: Option<String>,
    /// How many, 1 to 100.
    pub limit: u32,
}

/// A checkout session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    /// The address to send the payer to; absent once it is over.
    pub url: Option<String>,
    /// Our own reference.
    pub reference: Option<String>,
    /// What the session says of itself and of its payment, as a webhook would say it.
    pub observations: Vec<Observation>,
}

/// A payment intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentIntent {
    /// With what the payer's browser finishes it.
    pub client_secret: Option<Secret>,
    /// What it says of itself, as a webhook would say it.
    pub payment: Observation,
}

/// An event that Stripe could not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedEvent {
    /// As sent, to be kept like a delivery.
    pub raw: String,
    /// As read.
    pub event: Event,
}

impl MissedEvent {
    pub(crate) fn read(raw: &str) -> Result<Self, ParseError> {
        Ok(Self { raw: raw.to_owned(), event: webhook::parse(raw.as_bytes())? })
    }
}

/// One movement of the balance at Stripe. Amounts may be negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceTransaction {
    /// `txn_…`.
    pub id: String,
    /// `charge`, `payment`, `refund`, `adjustment`, `payout` and so on.
    pub kind: String,
    /// Minor units before the fee.
    pub amount: i64,
    /// Minor units.
    pub fee: i64,
    /// Minor units: amount less fee.
    pub net: i64,
    /// ISO 4217.
    pub currency: String,
    /// The charge, refund, dispute or payout behind it.
    pub source_id: Option<String>,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// When it may be paid out.
    pub available_on: Option<Moment>,
}

pub(crate) fn balance_transaction(
    object: Fields<'_, '_>,
) -> Result<BalanceTransaction, ParseError> {
    let int = |key: &str| object.int(key)?.ok_or_else(|| object.missing(key));
    Ok(BalanceTransaction {
        id: object.must_id("id")?.to_owned(),
        kind: object.note("type")?.unwrap_or_default(),
        amount: int("amount")?,
        fee: int("fee")?,
        net: int("net")?,
        currency: object.must_currency("currency")?,
        source_id: object.id_or_object("source")?.map(str::to_owned),
        created_at: object.moment("created")?,
        available_on: object.moment("available_on")?,
    })
}

pub(crate) fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn positive(amount: i64) -> Result<(), CallError> {
    if amount > 0 {
        Ok(())
    } else {
        Err(CallError::unasked(format!("the amount {amount} is not positive")))
    }
}

fn metadata(form: &mut Form, name: &str, tags: &Tags) -> Result<(), CallError> {
    for (key, value) in tags.pairs() {
        if value.chars().count() > MAX_METADATA_CHARS {
            return Err(CallError::unasked(format!(
                "{key} has more than {MAX_METADATA_CHARS} characters"
            )));
        }
        form.push(pair(&format!("{name}[{key}]"), value));
    }
    Ok(())
}
