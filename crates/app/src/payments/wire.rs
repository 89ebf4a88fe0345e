//! Payments as they are written in answers and printed as JSON.
//!
//! It deliberately shows no payer's address and no full reference of a card.

use super::{AskedFor, AskedRefund, Listed, Shown};
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{CURRENCY, Destination, RefundState, RequestKind, RequestState};
use serde::Serialize;
use utoipa::ToSchema;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Its number.
    id: i64,
    /// `cash`, `upi`, `bank`, `cheque`, `razorpay` or `stripe`.
    method: &'static str,
    /// The gateway's id of it, the bank's reference, the number of the cheque, or ours for cash.
    reference: String,
    /// Who pays; null until that is known.
    #[schema(required)]
    customer_code: Option<String>,
    /// The bill it was made for.
    #[schema(required)]
    bill_number: Option<String>,
    /// Where it stands.
    status: &'static str,
    /// What was asked for, in rupees.
    amount: String,
    /// What came in, in rupees.
    captured: String,
    /// What went back or is on its way, in rupees.
    refunded: String,
    /// What the gateway keeps, in rupees; null until that is known.
    #[schema(required)]
    fee: Option<String>,
    /// What has paid nothing yet, in rupees.
    advance: String,
    /// The business day it came.
    date: String,
    /// The plan it buys.
    #[schema(required)]
    plan_code: Option<String>,
    /// How often it has changed.
    version: i64,
}

impl From<&Listed> for Payment {
    fn from(listed: &Listed) -> Self {
        let payment = &listed.payment;
        let facts = &payment.facts;
        Self {
            id: payment.id.0,
            method: payment.provider.as_str(),
            reference: payment.reference.clone(),
            customer_code: listed.customer_code.clone(),
            bill_number: listed.bill_number.clone(),
            status: facts.state().as_str(),
            amount: facts.amount.to_string(),
            captured: facts.captured.to_string(),
            refunded: facts.refunded().unwrap_or(Money::ZERO).to_string(),
            fee: facts.fee.map(|fee| fee.amount().to_string()),
            advance: payment.free.to_string(),
            date: payment.received_day.to_string(),
            plan_code: payment.plan.clone(),
            version: payment.version,
        }
    }
}

/// A change of a payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentChange {
    /// When.
    at: String,
    /// The state before.
    #[schema(required)]
    from: Option<String>,
    /// The state after.
    to: String,
    /// The kind of the event, or the command.
    cause: String,
    /// The event's id, or what names the command or the occasion.
    cause_key: String,
    /// Who did it.
    actor: String,
}

/// What a payment has paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentPart {
    /// The bill's number; null for the balance brought forward.
    #[schema(required)]
    bill_number: Option<String>,
    /// How much, in rupees; negative takes back.
    amount: String,
    /// When.
    at: String,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentPosting {
    /// The transaction.
    transaction: i64,
    /// The day it counts for.
    date: String,
    /// What it is for.
    posting: String,
    /// The account.
    account: &'static str,
    /// In rupees; debit positive, credit negative.
    amount: String,
}

/// A payment with all that followed.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholePayment {
    /// The payment.
    #[serde(flatten)]
    payment: Payment,
    /// What changed it, in order.
    log: Vec<PaymentChange>,
    /// What it has paid, in order.
    allocations: Vec<PaymentPart>,
    /// What was posted for it, in order.
    postings: Vec<PaymentPosting>,
}

impl From<&Shown> for WholePayment {
    fn from(shown: &Shown) -> Self {
        let log = shown.log.iter().map(|entry| PaymentChange {
            at: entry.at.rfc3339(),
            from: entry.from.clone(),
            to: entry.to.clone(),
            cause: entry.cause.clone(),
            cause_key: entry.cause_key.clone(),
            actor: entry.actor.clone(),
        });
        let allocations = shown.allocations.iter().map(|part| PaymentPart {
            bill_number: part.bill_number.clone(),
            amount: part.amount.to_string(),
            at: part.at.rfc3339(),
        });
        let postings = shown.postings.iter().map(|entry| PaymentPosting {
            transaction: entry.transaction,
            date: entry.day.to_string(),
            posting: entry.posting.clone(),
            account: entry.account.as_str(),
            amount: entry.amount.to_string(),
        });
        Self {
            payment: Payment::from(&shown.listed),
            log: log.collect(),
            allocations: allocations.collect(),
            postings: postings.collect(),
        }
    }
}

/// What a checkout page of our own needs for an order of Razorpay.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckoutOptions {
    /// The id of the key.
    key_id: String,
    /// The order.
    order_id: String,
    /// In paise.
    amount: i64,
    /// Always `INR`.
    currency: &'static str,
}

/// Something that a gateway was asked for, so that a customer can pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentRequest {
    /// Its number.
    id: i64,
    /// `razorpay` or `stripe`.
    provider: &'static str,
    /// `order`, `link`, `qr` or `checkout`.
    kind: &'static str,
    /// `new`, `sent`, `done`, `refused`, `unknown`, `cancelled`, `expired` or `paid`.
    status: &'static str,
    /// Our reference, which the gateway knows it by.
    reference: String,
    /// The gateway's id of it; null until that is known.
    #[schema(required)]
    provider_reference: Option<String>,
    /// The gateway's id of the order, or of the order behind it; null until that is known.
    #[schema(required)]
    order_id: Option<String>,
    /// The address to pay at, or of the picture of the QR code; null until that is known.
    #[schema(required)]
    url: Option<String>,
    /// What a checkout page needs; null but for an order that can be paid.
    #[schema(required)]
    checkout: Option<CheckoutOptions>,
    /// Who is to pay.
    customer_code: String,
    /// The bill to be paid.
    #[schema(required)]
    bill_number: Option<String>,
    /// The plan to be bought.
    #[schema(required)]
    plan_code: Option<String>,
    /// In rupees; null when any amount may be paid.
    #[schema(required)]
    amount: Option<String>,
    /// Whether less may be paid.
    in_parts: bool,
    /// When it ends.
    #[schema(required)]
    expires_at: Option<String>,
    /// Whether it is to be withdrawn.
    cancel_asked: bool,
    /// How often the gateway was called about making it.
    attempts: u32,
    /// Why it was refused, or what is not known of it.
    #[schema(required)]
    reason: Option<String>,
    /// When it was asked for.
    created_at: String,
    /// When it was changed last.
    updated_at: String,
}

impl PaymentRequest {
    /// A request; `key_id` is that of Razorpay's key.
    pub fn of(asked: &AskedFor, key_id: Option<&str>) -> Self {
        let is_order = asked.kind == RequestKind::Order;
        let order_id = asked.order_reference.clone();
        let order_id = order_id.or(asked.provider_reference.clone().filter(|_| is_order));
        let payable = is_order && asked.state == RequestState::Done;
        let checkout = key_id.filter(|_| payable).zip(order_id.clone()).zip(asked.amount);
        let checkout = checkout.map(|((key_id, order_id), amount)| CheckoutOptions {
            key_id: key_id.to_owned(),
            order_id,
            amount: amount.paise(),
            currency: CURRENCY,
        });
        Self {
            id: asked.id.0,
            provider: asked.provider.as_str(),
            kind: asked.kind.as_str(),
            status: asked.state.as_str(),
            reference: asked.reference.clone(),
            provider_reference: asked.provider_reference.clone(),
            order_id,
            url: asked.url.clone(),
            checkout,
            customer_code: asked.customer_code.clone(),
            bill_number: asked.bill_number.clone(),
            plan_code: asked.plan.clone(),
            amount: asked.amount.map(|amount| amount.to_string()),
            in_parts: asked.in_parts,
            expires_at: asked.expires_at.map(Moment::rfc3339),
            cancel_asked: asked.cancel_asked,
            attempts: asked.attempts,
            reason: asked.reason.clone(),
            created_at: asked.created_at.rfc3339(),
            updated_at: asked.updated_at.rfc3339(),
        }
    }
}

/// A refund that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Its number.
    id: i64,
    /// The payment's number.
    payment: i64,
    /// How the payment came in.
    method: &'static str,
    /// Our reference.
    reference: String,
    /// How much, in rupees.
    amount: String,
    /// `source` or `advance`.
    destination: &'static str,
    /// `requested`, `approved`, `declined`, `sent`, `unknown`, `processed` or `failed`.
    status: &'static str,
    /// Why.
    reason: String,
    /// Whether somebody must pay it by hand now.
    to_be_paid_out: bool,
    /// What the gateway calls it, or ours when it needs none; null until that is known.
    #[schema(required)]
    provider_reference: Option<String>,
    /// The bank's reference, when it was paid by hand.
    #[schema(required)]
    paid_reference: Option<String>,
    /// Whose cash it is paid from, for cash.
    #[schema(required)]
    person: Option<i64>,
    /// Why it failed, or what is not known of it.
    #[schema(required)]
    failure: Option<String>,
    /// Who asked for it.
    asked_by: String,
    /// Who agreed or declined.
    #[schema(required)]
    checked_by: Option<String>,
    /// How often it has changed.
    version: i64,
    /// When it was asked for.
    created_at: String,
    /// When it was changed last.
    updated_at: String,
}

impl From<&AskedRefund> for Refund {
    fn from(refund: &AskedRefund) -> Self {
        let by_hand = !refund.by_gateway && refund.destination == Destination::Source;
        Self {
            id: refund.id.0,
            payment: refund.payment.0,
            method: refund.provider.as_str(),
            reference: refund.reference.clone(),
            amount: refund.amount.to_string(),
            destination: refund.destination.as_str(),
            status: refund.state.as_str(),
            reason: refund.reason.clone(),
            to_be_paid_out: by_hand && refund.state == RefundState::Approved,
            provider_reference: refund.told_as.clone(),
            paid_reference: refund.paid_reference.clone(),
            person: refund.person.map(|person| person.0),
            failure: refund.failure.clone(),
            asked_by: refund.asked_as.clone(),
            checked_by: refund.checked_as.clone(),
            version: refund.version,
            created_at: refund.created_at.rfc3339(),
            updated_at: refund.updated_at.rfc3339(),
        }
    }
}
