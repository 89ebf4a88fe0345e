//! Who owes how much, and who plays which part.
//!
//! It deliberately adds up nothing that the program does not say: what a customer owes is the
//! payable amount of their last bill, since nobody has paid yet.

use std::collections::BTreeMap;

use domain::money::Money;

use crate::Result;
use crate::api::text;
use crate::dairy::Dairy;

/// Ordinary customers who pay; more than that would make the demo long.
const MOST_ORDINARY: usize = 1_000;

/// A customer who owes something.
#[derive(Clone, Debug)]
pub struct Owing {
    pub customer: String,
    /// The number of the last bill.
    pub bill: String,
    /// The amount of the last bill.
    pub last: Money,
    /// All that is owed.
    pub all: Money,
}

/// The customers who owe something, by their codes, from the bills of months in their order.
pub fn owing(dairy: &Dairy, months: &[String]) -> Result<Vec<Owing>> {
    let mut by_customer = BTreeMap::new();
    for month in months {
        let bills = dairy.read(&["bills", "list", "--month", month, "--json"])?;
        for bill in bills.as_array().into_iter().flatten() {
            // A draft has none.
            let Some(number) = bill["number"].as_str() else { continue };
            let customer = text(&bill["customer_code"])?.to_owned();
            let owing = Owing {
                customer: customer.clone(),
                bill: number.to_owned(),
                last: Money::parse(text(&bill["total"])?)?,
                all: Money::parse(text(&bill["payable"])?)?,
            };
            by_customer.insert(customer, owing);
        }
    }
    let owes = |one: &Owing| one.last > Money::ZERO && one.all >= one.last;
    Ok(by_customer.into_values().filter(owes).collect())
}

/// Who plays which part.
#[derive(Debug)]
pub struct Roles {
    /// Pay by links, at once.
    pub at_once: Vec<Owing>,
    /// Fails at first, by link.
    pub second_try: Owing,
    /// Pays an order twice.
    pub twice: Owing,
    /// Pays a part of a link.
    pub short: Owing,
    /// Pays a link, and disputes it.
    pub disputes: Owing,
    /// Pay at Stripe: at once, after a failure, and by a method that takes its time.
    pub cards: Vec<Owing>,
    /// Pay the rider in cash.
    pub in_cash: Vec<Owing>,
    /// Pay by UPI, and the office enters the bank's reference.
    pub ordinary: Vec<Owing>,
    /// Pays by a link of which no webhook will tell.
    pub withheld: Owing,
    /// Pays by a link, all in order, among the faults.
    pub in_order: Owing,
    /// Is entered twice.
    pub entered_twice: Owing,
    /// Pays in cash that is not handed over.
    pub kept: Owing,
}

impl Roles {
    /// Casts the parts, from the first customers on; none when there are too few.
    pub fn cast(owing: &[Owing]) -> Option<Self> {
        let mut rest = owing.iter().cloned();
        let mut next = || rest.next();
        let roles = Self {
            at_once: vec![next()?, next()?, next()?],
            second_try: next()?,
            twice: next()?,
            short: next()?,
            disputes: next()?,
            cards: vec![next()?, next()?, next()?],
            in_cash: vec![next()?, next()?, next()?],
            withheld: next()?,
            in_order: next()?,
            entered_twice: next()?,
            kept: next()?,
            ordinary: Vec::new(),
        };
        Some(Self { ordinary: rest.take(MOST_ORDINARY).collect(), ..roles })
    }
}
