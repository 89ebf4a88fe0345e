//! UPI links of bills and of what customers owe: the text that a payer's program opens, which is
//! also the text of the QR code.
//!
//! It deliberately asks nobody and keeps nothing: that money came is told by the bank, and typed in
//! with its reference.

use super::Desk;
use super::requests::is_meant;
use crate::catalog::find_customer;
use crate::{AppError, billing, business};
use domain::calendar::Month;
use domain::ids::{BillId, CustomerId};
use domain::money::Money;
use domain::payments::{LinkReference, UpiLink, Vpa};
use serde::Serialize;
use store::Tx;
use store::payments;
use utoipa::ToSchema;

/// Who is paid by UPI, as the settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The address.
    pub vpa: Vpa,
    /// The name that payers see; without it that of the business.
    pub name: Option<String>,
    /// The merchant category code that the bank gave.
    pub category: Option<String>,
}

/// A UPI link with what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UpiPayment {
    /// The link, `upi://pay?...`.
    pub link: String,
    /// The text of the QR code: the same.
    pub qr: String,
    /// The address that is paid.
    pub payee: String,
    /// The name that the payer sees.
    pub payee_name: String,
    /// What is due, in rupees.
    pub amount: String,
    /// Always `INR`.
    pub currency: String,
    /// Our reference in the link.
    #[schema(required)]
    pub reference: Option<String>,
    /// The note for the payer.
    pub note: String,
    /// The bill; null when it is for all that the customer owes.
    #[schema(required)]
    pub bill_number: Option<String>,
    /// The customer.
    pub customer_code: String,
}

/// What a customer owes of a bill, or of all bills and the balance brought forward.
pub(super) fn due(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    bill: Option<BillId>,
) -> Result<Money, AppError> {
    let dues = payments::dues(tx, &[customer])?;
    let open = dues.iter().map(|one| one.due).filter(|due| due.due > Money::ZERO);
    let meant = open.filter(|due| is_meant(bill, due.target));
    Ok(Money::sum(meant.map(|due| due.due))?)
}

/// The link of a bill: what is still due of it.
pub fn upi_of_bill(tx: &mut Tx<'_>, desk: &Desk, number: &str) -> Result<UpiPayment, AppError> {
    let bill = billing::by_number(tx, number)?;
    let named = payments::bills_by_number(tx, &[number])?.pop();
    let named = named.map(|(_, named)| named.bill);
    made(tx, desk, bill.customer, &bill.customer_code, named, Some(number))
}

/// The link of a customer's own bill of a month.
pub fn upi_of_own_bill(
    tx: &mut Tx<'_>,
    desk: &Desk,
    customer: CustomerId,
    month: Month,
) -> Result<UpiPayment, AppError> {
    let bill = billing::own(tx, customer, month)?;
    let number = bill.number.ok_or_else(|| AppError::NotFound(String::new()))?;
    upi_of_bill(tx, desk, &number)
}

/// The link of all that a customer owes.
pub fn upi_of_customer(tx: &mut Tx<'_>, desk: &Desk, code: &str) -> Result<UpiPayment, AppError> {
    let customer = find_customer(tx, code)?;
    made(tx, desk, customer, code, None, None)
}

fn made(
    tx: &mut Tx<'_>,
    desk: &Desk,
    customer: CustomerId,
    code: &str,
    bill: Option<BillId>,
    number: Option<&str>,
) -> Result<UpiPayment, AppError> {
    let payee = desk.upi.as_ref().ok_or_else(|| {
        let what = "there is no UPI address to be paid at: set payments.upi_vpa";
        AppError::NotConfigured(what.to_owned())
    })?;
    let amount = due(tx, customer, bill)?;
    if amount <= Money::ZERO {
        let whose = number.map_or_else(|| format!("customer {code}"), |n| format!("bill {n}"));
        return Err(AppError::Conflict(format!("nothing is due of {whose}")));
    }
    let name = match &payee.name {
        Some(name) => name.clone(),
        None => business::load(tx)?.name,
    };
    let reference = number
        .and_then(|number| LinkReference::of(number).ok())
        .unwrap_or_else(|| LinkReference::of_customer(code));
    let note = number.map_or_else(|| format!("Account {code}"), |number| format!("Bill {number}"));
    let link = UpiLink {
        payee: &payee.vpa,
        name: &name,
        category: payee.category.as_deref(),
        reference: Some(&reference),
        note: Some(&note),
        amount: Some(amount),
    };
    let link = link.text().map_err(|error| AppError::Conflict(error.to_string()))?;
    Ok(UpiPayment {
        qr: link.clone(),
        link,
        payee: payee.vpa.as_str().to_owned(),
        payee_name: name,
        amount: amount.to_string(),
        currency: domain::payments::CURRENCY.to_owned(),
        reference: Some(reference.as_str().to_owned()),
        note,
        bill_number: number.map(str::to_owned),
        customer_code: code.to_owned(),
    })
}
