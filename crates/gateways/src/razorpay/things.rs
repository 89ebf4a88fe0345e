//! What is asked of Razorpay and what it answers, apart from payments, refunds and settlements,
//! which are observations.
//!
//! It deliberately leaves out what nobody here needs: offers, transfers, customers, cards.

use domain::calendar::Moment;
use serde::Serialize;
use serde_json::{Value, json};

use super::entities::prefixed;
use crate::call::{CallError, Tags, secs};
use crate::json::{Fields, ParseError};

/// Characters of a receipt or reference.
const MAX_REFERENCE_CHARS: usize = 40;

/// Characters of a description of a link.
const MAX_DESCRIPTION_CHARS: usize = 2048;

/// Characters of one note.
const MAX_NOTE_CHARS: usize = 256;

/// The least amount of an order, in minor units.
const MIN_ORDER_AMOUNT: i64 = 100;

/// Characters an idempotency key of a refund has at least.
const MIN_KEY_CHARS: usize = 10;

/// An order to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Minor units, at least 100.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Our own reference, unique, at most 40 characters: an order is found again by it.
    pub receipt: String,
    /// Bill, customer and plan.
    pub tags: Tags,
    /// Whether it may be paid in parts.
    pub partial_payment: bool,
}

impl NewOrder {
    pub(crate) fn body(&self) -> Result<Value, CallError> {
        at_least(self.amount, MIN_ORDER_AMOUNT)?;
        reference("receipt", &self.receipt)?;
        Ok(json!({
            "amount": self.amount,
            "currency": self.currency,
            "receipt": self.receipt,
            "partial_payment": self.partial_payment,
            "notes": notes(&self.tags)?,
        }))
    }
}

/// A payment link to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPaymentLink {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Our own reference, unique, at most 40 characters: a link is found again by it.
    pub reference_id: String,
    /// Shown to the payer, at most 2048 characters.
    pub description: String,
    /// Whether it may be paid in parts.
    pub accept_partial: bool,
    /// The least first part, in minor units.
    pub first_min_partial_amount: Option<i64>,
    /// At least 15 minutes ahead and at most six months, which it is otherwise.
    pub expire_by: Option<Moment>,
    /// The payer's name.
    pub customer_name: Option<String>,
    /// The payer's phone number.
    pub customer_contact: Option<String>,
    /// Where the payer's browser comes back.
    pub callback_url: Option<String>,
    /// Bill, customer and plan.
    pub tags: Tags,
}

impl NewPaymentLink {
    pub(crate) fn body(&self) -> Result<Value, CallError> {
        #[derive(Serialize)]
        struct Body<'a> {
            amount: i64,
            currency: &'a str,
            accept_partial: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            first_min_partial_amount: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            expire_by: Option<i64>,
            reference_id: &'a str,
            description: &'a str,
            customer: Value,
            notify: Value,
            reminder_enable: bool,
            notes: Value,
            #[serde(skip_serializing_if = "Option::is_none")]
            callback_url: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            callback_method: Option<&'a str>,
        }
        at_least(self.amount, 1)?;
        reference("reference_id", &self.reference_id)?;
        if self.description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(CallError::unasked("the description has more than 2048 characters"));
        }
        let mut customer = serde_json::Map::new();
        for (name, value) in [("name", &self.customer_name), ("contact", &self.customer_contact)] {
            if let Some(value) = value {
                customer.insert(name.to_owned(), json!(value));
            }
        }
        let body = Body {
            amount: self.amount,
            currency: &self.currency,
            accept_partial: self.accept_partial,
            first_min_partial_amount: self.first_min_partial_amount,
            expire_by: self.expire_by.map(secs),
            reference_id: &self.reference_id,
            description: &self.description,
            customer: Value::Object(customer),
            // Messages to customers are ours to send.
            notify: json!({"sms": false, "email": false}),
            reminder_enable: false,
            notes: notes(&self.tags)?,
            callback_url: self.callback_url.as_deref(),
            callback_method: self.callback_url.as_ref().map(|_| "get"),
        };
        serde_json::to_value(body).map_err(|_| CallError::unasked("the link cannot be written"))
    }
}

/// A QR code to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQrCode {
    /// Shown to the payer.
    pub name: String,
    /// One payment of this amount, or any number of any amount.
    pub fixed_amount: Option<i64>,
    /// Shown to the payer.
    pub description: String,
    /// Razorpay's customer: codes are found again by it.
    pub customer_id: Option<String>,
    /// Only with a fixed amount, at most two hours ahead. The answer says what holds.
    pub close_by: Option<Moment>,
    /// Bill, customer and plan.
    pub tags: Tags,
}

impl NewQrCode {
    pub(crate) fn body(&self) -> Result<Value, CallError> {
        let mut body = json!({
            "type": "upi_qr",
            "name": self.name,
            "usage": if self.fixed_amount.is_some() { "single_use" } else { "multiple_use" },
            "fixed_amount": self.fixed_amount.is_some(),
            "description": self.description,
            "notes": notes(&self.tags)?,
        });
        if let Some(amount) = self.fixed_amount {
            at_least(amount, 1)?;
            body["payment_amount"] = json!(amount);
            if let Some(close_by) = self.close_by {
                body["close_by"] = json!(secs(close_by));
            }
        }
        if let Some(customer_id) = &self.customer_id {
            body["customer_id"] = json!(customer_id);
        }
        Ok(body)
    }
}

/// A refund to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Minor units; always sent, because without it the whole payment would go back.
    pub amount: i64,
    /// Ours, unique per refund and unchanged over retries: at least 10 of `[A-Za-z0-9_-]`.
    pub idempotency_key: String,
    /// Our own reference, at most 40 characters.
    pub receipt: Option<String>,
    /// Bill, customer and plan.
    pub tags: Tags,
}

impl NewRefund {
    pub(crate) fn body(&self) -> Result<Value, CallError> {
        at_least(self.amount, 1)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if self.idempotency_key.len() < MIN_KEY_CHARS || !self.idempotency_key.bytes().all(plain) {
            return Err(CallError::unasked(
                "the idempotency key is not of at least 10 letters, digits, `_` or `-`",
            ));
        }
        let mut body =
            json!({"amount": self.amount, "speed": "normal", "notes": notes(&self.tags)?});
        if let Some(receipt) = &self.receipt {
            reference("receipt", receipt)?;
            body["receipt"] = json!(receipt);
        }
        Ok(body)
    }
}

/// A range of time and a page of it. Overlap ranges and pages: pages go by number, and what comes
/// in between shifts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first second.
    pub from: Moment,
    /// The last second.
    pub to: Moment,
    /// How many, 1 to 100.
    pub count: u32,
    /// How many to pass over.
    pub skip: u32,
}

impl Window {
    pub(crate) fn query(&self) -> [(&'static str, String); 4] {
        [
            ("from", secs(self.from).to_string()),
            ("to", secs(self.to).to_string()),
            ("count", self.count.to_string()),
            ("skip", self.skip.to_string()),
        ]
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// `order_…`.
    pub id: String,
    /// Minor units.
    pub amount: i64,
    /// Paid so far.
    pub amount_paid: i64,
    /// ISO 4217.
    pub currency: String,
    /// Our reference.
    pub receipt: Option<String>,
    /// `created`, `attempted` or `paid`. It stays `paid` when a payment is refunded.
    pub status: String,
    /// When it was made.
    pub created_at: Option<Moment>,
}

pub(crate) fn order(entity: Fields<'_, '_>) -> Result<Order, ParseError> {
    Ok(Order {
        id: prefixed(entity.must_id("id")?, "order_"),
        amount: entity.must_amount("amount")?,
        amount_paid: entity.amount("amount_paid")?.unwrap_or(0),
        currency: entity.must_currency("currency")?,
        receipt: entity.note("receipt")?,
        status: entity.note("status")?.unwrap_or_default(),
        created_at: entity.moment("created_at")?,
    })
}

/// A payment link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLink {
    /// `plink_…`.
    pub id: String,
    /// The address to send to the payer.
    pub short_url: String,
    /// Minor units.
    pub amount: i64,
    /// Paid so far.
    pub amount_paid: i64,
    /// ISO 4217.
    pub currency: String,
    /// `created`, `partially_paid`, `expired`, `cancelled` or `paid`.
    pub status: String,
    /// Our reference.
    pub reference_id: Option<String>,
    /// The order behind it, once there is one.
    pub order_id: Option<String>,
    /// The captured payments.
    pub payment_ids: Vec<String>,
    /// When it ends; absent means after six months.
    pub expire_by: Option<Moment>,
}

pub(crate) fn payment_link(entity: Fields<'_, '_>) -> Result<PaymentLink, ParseError> {
    let mut payment_ids = Vec::new();
    for payment in entity.list("payments")? {
        if let Some(payment) = Fields::of(payment, "payments")
            && let Some(id) = payment.id("payment_id")?
        {
            payment_ids.push(id.to_owned());
        }
    }
    Ok(PaymentLink {
        id: prefixed(entity.must_id("id")?, "plink_"),
        short_url: must_text(entity, "short_url")?,
        amount: entity.must_amount("amount")?,
        amount_paid: entity.amount("amount_paid")?.unwrap_or(0),
        currency: entity.must_currency("currency")?,
        status: entity.note("status")?.unwrap_or_default(),
        reference_id: entity.note("reference_id")?,
        order_id: entity.id("order_id")?.map(|id| prefixed(id, "order_")),
        payment_ids,
        expire_by: entity.moment("expire_by")?,
    })
}

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    /// `qr_…`.
    pub id: String,
    /// The picture.
    pub image_url: String,
    /// `active` or `closed`.
    pub status: String,
    /// When it closes. This holds, whatever was asked for.
    pub close_by: Option<Moment>,
    /// Razorpay's customer.
    pub customer_id: Option<String>,
    /// The bill it is for.
    pub bill_ref: Option<String>,
    /// Our own reference.
    pub reference: Option<String>,
}

pub(crate) fn qr_code(entity: Fields<'_, '_>) -> Result<QrCode, ParseError> {
    let notes = entity.object("notes", "notes")?;
    Ok(QrCode {
        id: entity.must_id("id")?.to_owned(),
        image_url: must_text(entity, "image_url")?,
        status: entity.note("status")?.unwrap_or_default(),
        close_by: entity.moment("close_by")?,
        customer_id: entity.id("customer_id")?.map(str::to_owned),
        bill_ref: notes.map(|notes| notes.reference("bill_no")).transpose()?.flatten(),
        reference: notes.map(|notes| notes.reference("reference")).transpose()?.flatten(),
    })
}

/// What a row of reconciliation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReconKind {
    /// Credited: amount less fee.
    Payment,
    /// Debited: amount.
    Refund,
    /// Debited: amount and fee.
    Transfer,
    /// Either.
    Adjustment,
    /// A kind unknown to us.
    Other,
}

/// One row of what was settled. The sum of credits less debits of a settlement should be its
/// amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconRow {
    /// The payment, refund, transfer or adjustment.
    pub entity_id: String,
    /// What it is.
    pub kind: ReconKind,
    /// Minor units given to us.
    pub credit: i64,
    /// Minor units taken from us.
    pub debit: i64,
    /// Minor units of the thing itself.
    pub amount: i64,
    /// Tax included.
    pub fee: i64,
    /// The tax in the fee.
    pub tax: i64,
    /// ISO 4217.
    pub currency: String,
    /// `setl_…`; absent while not settled.
    pub settlement_id: Option<String>,
    /// The bank's reference of the settlement.
    pub settlement_utr: Option<String>,
    /// The payment of a refund. A payment is named by `entity_id`.
    pub payment_id: Option<String>,
    /// The order.
    pub order_id: Option<String>,
    /// Our receipt of the order.
    pub order_receipt: Option<String>,
    /// The dispute of an adjustment.
    pub dispute_id: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Moment>,
}

pub(crate) fn recon_row(entity: Fields<'_, '_>) -> Result<ReconRow, ParseError> {
    let zero = |key: &str| Ok::<_, ParseError>(entity.amount(key)?.unwrap_or(0));
    Ok(ReconRow {
        entity_id: entity.must_id("entity_id")?.to_owned(),
        kind: match entity.text("type")? {
            Some("payment") => ReconKind::Payment,
            Some("refund") => ReconKind::Refund,
            Some("transfer") => ReconKind::Transfer,
            Some("adjustment") => ReconKind::Adjustment,
            _ => ReconKind::Other,
        },
        credit: entity.must_amount("credit")?,
        debit: entity.must_amount("debit")?,
        amount: entity.must_amount("amount")?,
        fee: zero("fee")?,
        tax: zero("tax")?,
        currency: entity.must_currency("currency")?,
        settlement_id: entity.id("settlement_id")?.map(str::to_owned),
        settlement_utr: entity.note("settlement_utr")?,
        payment_id: entity.id("payment_id")?.map(str::to_owned),
        order_id: entity.id("order_id")?.map(|id| prefixed(id, "order_")),
        order_receipt: entity.note("order_receipt")?,
        dispute_id: entity.id("dispute_id")?.map(str::to_owned),
        settled_at: entity.moment("settled_at")?,
    })
}

fn must_text(entity: Fields<'_, '_>, key: &str) -> Result<String, ParseError> {
    entity.text(key)?.map(str::to_owned).ok_or_else(|| entity.missing(key))
}

fn at_least(amount: i64, least: i64) -> Result<(), CallError> {
    if amount >= least {
        Ok(())
    } else {
        Err(CallError::unasked(format!("the amount {amount} is below {least}")))
    }
}

fn reference(name: &str, text: &str) -> Result<(), CallError> {
    if (1..=MAX_REFERENCE_CHARS).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(CallError::unasked(format!("{name} has not 1 to {MAX_REFERENCE_CHARS} characters")))
    }
}

fn notes(tags: &Tags) -> Result<Value, CallError> {
    for (name, value) in tags.pairs() {
        if value.chars().count() > MAX_NOTE_CHARS {
            return Err(CallError::unasked(format!(
                "{name} has more than {MAX_NOTE_CHARS} characters"
            )));
        }
    }
    serde_json::to_value(tags).map_err(|_| CallError::unasked("the notes cannot be written"))
}
