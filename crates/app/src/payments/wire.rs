//! Payments as they are written in answers and printed as JSON.
//!
//! It deliberately shows no payer's address and no full reference of a card.

use super::{Listed, Shown};
use domain::money::Money;
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
    /// The event's id, or the request's.
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
