//! Customers as people work with them: found, listed, added and changed one by one.
//!
//! It deliberately never removes one, and shares its rules with the import of customers.

use crate::{Actor, AppError, Invalid, paging};
use domain::calendar::Day;
use domain::customers::{
    BillingMode, Customer, Email, Gstin, Language, Phone, Pincode, State, check_code,
    check_free_text, check_name,
};
use domain::ids::CustomerId;
use domain::ledger::opening_balance_transaction;
use domain::money::Money;
use serde_json::{Value, json};
use store::customers::{self, After};
use store::{Lock, Tx, audit, billing, imports, ledger, payments};

pub use store::customers::{Filter, Known};

/// The largest opening balance either way: ten thousand crore rupees, so that the sum over all
/// customers still fits.
const MAX_OPENING: Money = Money::from_paise(10_000_000_000_000);

/// What is said about a customer, as texts. `None` leaves what is known as it is; an empty text
/// takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The name.
    pub name: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The language, such as `gu`.
    pub language: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The PIN code.
    pub pincode: Option<String>,
    /// The code or name of the State.
    pub state: Option<String>,
    /// The GSTIN.
    pub gstin: Option<String>,
    /// The route.
    pub route: Option<String>,
    /// What was owed at the start, in rupees.
    pub opening_balance: Option<String>,
    /// `postpaid` or `prepaid`.
    pub billing_mode: Option<String>,
}

/// How a list of customers is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By code.
    #[default]
    Code,
    /// By code, falling.
    CodeFalling,
    /// The longest unchanged first.
    Changed,
    /// The last changed first.
    ChangedFalling,
}

/// A page of customers and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    filter: &Filter,
    sort: Sort,
    after: Option<&str>,
    limit: u16,
) -> Result<(Vec<Known>, Option<String>), AppError> {
    let after = match sort {
        Sort::Code => After::Code(after.unwrap_or("").to_owned()),
        Sort::CodeFalling => After::CodeFalling(after.unwrap_or(paging::LAST_TEXT).to_owned()),
        Sort::Changed => {
            let (at, code) = paging::moment_and_text(after)?.unwrap_or(paging::FIRST);
            After::Changed(at, code)
        }
        Sort::ChangedFalling => {
            let (at, code) = paging::moment_and_text(after)?.unwrap_or(paging::LAST);
            After::ChangedFalling(at, code)
        }
    };
    let found = customers::page(tx, filter, &after, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| match sort {
        Sort::Code | Sort::CodeFalling => last.customer.code.clone(),
        Sort::Changed | Sort::ChangedFalling => {
            format!("{} {}", last.updated_at.unix_micros(), last.customer.code)
        }
    }))
}

/// The customer with a code.
pub fn by_code(tx: &mut Tx<'_>, code: &str) -> Result<Known, AppError> {
    customers::known(tx, code)?
        .ok_or_else(|| AppError::NotFound(format!("there is no customer {code}")))
}

/// Adds a customer.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, code: &str, said: &Said) -> Result<Known, AppError> {
    let mut invalid = Invalid::new();
    invalid.take("#/code", check_code(code));
    if said.name.is_none() {
        invalid.add("#/name", "expected a name");
    }
    let customer = understood(code, said, None, invalid)?;
    tx.lock(Lock::Facts)?;
    imports::queue(tx, imports::Counter::Customers)?;
    if customers::known(tx, code)?.is_some() {
        return Err(AppError::Conflict(format!("there is a customer {code} already")));
    }
    let ids = customers::add(tx, &[&customer], actor.at)?;
    for id in ids {
        post_opening(tx, actor, id, Money::ZERO, customer.opening_balance)?;
    }
    let entry = crate::audit::entry("add", "customers", code, None, Some(&traced(&customer)));
    audit::write(tx, actor, &[entry])?;
    by_code(tx, code)
}

/// Changes a customer whose present version is `version`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    code: &str,
    version: i64,
    said: &Said,
) -> Result<Known, AppError> {
    tx.lock(Lock::Facts)?;
    imports::queue(tx, imports::Counter::Customers)?;
    let known = by_code(tx, code)?;
    if known.version != version {
        return Err(AppError::VersionLost { asked: version, present: known.version });
    }
    let customer = understood(code, said, Some(&known.customer), Invalid::new())?;
    if customer == known.customer {
        return Ok(known);
    }
    if let Some(why) = why_opening_stays(tx, known.id, &known.customer, &customer)? {
        return Err(Invalid::one("#/opening_balance", why).into());
    }
    keep(tx, actor, known.id, &known.customer, &customer)?;
    by_code(tx, code)
}

/// Why a change of the opening balance would contradict issued bills, or payments of it.
pub(crate) fn why_opening_stays(
    tx: &mut Tx<'_>,
    id: CustomerId,
    known: &Customer,
    customer: &Customer,
) -> Result<Option<String>, AppError> {
    let (before, after) = (known.opening_balance, customer.opening_balance);
    if before == after {
        return Ok(None);
    }
    if billing::has_issued_bill(tx, id)? {
        let code = &known.code;
        let what = format!(
            "{code} opened with {before}, which stands on issued bills; expected {before} or a \
             blank"
        );
        return Ok(Some(what));
    }
    // Whoever is about to pay something of it waits.
    payments::lock_customers(tx, &[id])?;
    let paid = payments::paid_of_opening(tx, id)?;
    Ok((paid > Money::ZERO && after < paid).then(|| {
        format!(
            "{paid} of what {} opened with has been paid; expected {paid} or more, or take the \
             payments back first",
            known.code
        )
    }))
}

/// Keeps new facts of a customer, with the posting and the trace that belong to them.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CustomerId,
    known: &Customer,
    customer: &Customer,
) -> Result<(), AppError> {
    customers::update(tx, id, customer, actor.at)?;
    post_opening(tx, actor, id, known.opening_balance, customer.opening_balance)?;
    let (before, after) = (traced(known), traced(customer));
    let code = &customer.code;
    let entry = crate::audit::entry("change", "customers", code, Some(&before), Some(&after));
    audit::write(tx, actor, &[entry])?;
    Ok(())
}

fn post_opening(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CustomerId,
    before: Money,
    after: Money,
) -> Result<(), AppError> {
    let posting = opening_balance_transaction(opening_day(actor), id, before, after)?;
    ledger::post(tx, posting.as_slice(), actor.at)?;
    Ok(())
}

/// The day on which opening balances count: the last of the financial year before, so that they
/// precede the bills of the year.
pub(crate) fn opening_day(actor: &Actor) -> Day {
    let year = actor.at.business_day().month().financial_year().start_year();
    Day::from_number(year * 10_000 + 3_31).unwrap_or(Day::MIN)
}

/// An opening balance from its text.
pub(crate) fn opening_balance(text: &str) -> Result<Money, String> {
    let money = Money::parse(text).map_err(|error| error.to_string())?;
    if money > MAX_OPENING || money < Money::from_paise(-MAX_OPENING.paise()) {
        return Err(format!("\"{text}\" is too large; expected at most {MAX_OPENING} either way"));
    }
    Ok(money)
}

/// What the audit trail keeps of a customer: phone numbers end in their last four digits only.
pub(crate) fn traced(customer: &Customer) -> Value {
    let phone = customer.phone.as_ref().map(|phone| {
        let digits = phone.as_str();
        format!("...{}", digits.get(digits.len().saturating_sub(4)..).unwrap_or(""))
    });
    json!({
        "name": customer.name,
        "phone": phone,
        "email": customer.email.as_ref().map(Email::as_str),
        "language": customer.language.map(Language::code),
        "address": customer.address,
        "pincode": customer.pincode.as_ref().map(Pincode::as_str),
        "state": customer.state.map(State::code),
        "gstin": customer.gstin.as_ref().map(Gstin::as_str),
        "route": customer.route,
        "opening_balance": customer.opening_balance.to_string(),
        "billing_mode": customer.billing_mode.as_str(),
    })
}

/// A part that may be absent: as said, or as known.
fn part<T: Clone, E: ToString>(
    invalid: &mut Invalid,
    pointer: &str,
    said: Option<&str>,
    known: Option<T>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    match said {
        None => known,
        Some("") => None,
        Some(text) => invalid.take(pointer, parse(text).map_err(|error| error.to_string())),
    }
}

/// The customer that what is said and what is known make.
fn understood(
    code: &str,
    said: &Said,
    known: Option<&Customer>,
    mut invalid: Invalid,
) -> Result<Customer, Invalid> {
    let free = |text: &str| check_free_text(text).map(|()| text.to_owned());
    let named = |text: &str| check_name(text).map(|()| text.to_owned());
    let of = |field: fn(&Customer) -> Option<String>| known.and_then(field);
    let name = match (said.name.as_deref(), known) {
        (None, Some(known)) => Some(known.name.clone()),
        (Some(text), _) => invalid.take("#/name", named(text)),
        (None, None) => None,
    };
    let mut check = invalid;
    let invalid = &mut check;
    let phone = known.and_then(|known| known.phone.clone());
    let email = known.and_then(|known| known.email.clone());
    let language = known.and_then(|known| known.language);
    let pincode = known.and_then(|known| known.pincode.clone());
    let state = known.and_then(|known| known.state);
    let gstin = known.and_then(|known| known.gstin.clone());
    let (address, route) = (of(|known| known.address.clone()), of(|known| known.route.clone()));
    let opening = known.map(|known| known.opening_balance);
    let customer = Customer {
        code: code.to_owned(),
        name: name.unwrap_or_default(),
        phone: part(invalid, "#/phone", said.phone.as_deref(), phone, Phone::parse),
        email: part(invalid, "#/email", said.email.as_deref(), email, Email::parse),
        language: part(invalid, "#/language", said.language.as_deref(), language, Language::parse),
        address: part(invalid, "#/address", said.address.as_deref(), address, free),
        pincode: part(invalid, "#/pincode", said.pincode.as_deref(), pincode, Pincode::parse),
        state: part(invalid, "#/state", said.state.as_deref(), state, State::parse),
        gstin: part(invalid, "#/gstin", said.gstin.as_deref(), gstin, Gstin::parse),
        route: part(invalid, "#/route", said.route.as_deref(), route, named),
        opening_balance: part(
            invalid,
            "#/opening_balance",
            said.opening_balance.as_deref(),
            opening,
            opening_balance,
        )
        .unwrap_or(Money::ZERO),
        billing_mode: part(
            invalid,
            "#/billing_mode",
            said.billing_mode.as_deref(),
            known.map(|known| known.billing_mode),
            BillingMode::parse,
        )
        .unwrap_or_default(),
    };
    check.check()?;
    Ok(customer)
}
