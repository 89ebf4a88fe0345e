//! A day on which customers pay, most of them without trouble.
//!
//! It deliberately lets the gateways deliver badly: twice, late, in another order, once with a
//! wrong signature. What is booked is the same.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use domain::money::{Money, inr};
use gateways::fake::{Misbehaviour, Outcome};
use serde_json::{Value, json};

use crate::Result;
use crate::api::Api;
use crate::bills::{Owing, Roles};
use crate::dairy::People;
use crate::fakes::Fakes;

/// How often is looked whether the worker has asked the gateways, and how long between.
const LOOKS: usize = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// The bank's reference of the first UPI payment; the others follow.
const FIRST_RRN: u64 = 618_200_000_000;

/// What the gateways have made, by customer.
pub struct Asked(HashMap<String, String>);

impl Asked {
    /// What was made for a customer.
    pub fn of(&self, who: &Owing) -> Result<&str> {
        let made = self.0.get(&who.customer).map(String::as_str);
        made.ok_or_else(|| format!("nothing was asked for {}", who.customer).into())
    }
}

/// Asks the gateways for everything that will be paid there, and waits until it is made.
pub fn ask(api: &Api, roles: &Roles) -> Result<Asked> {
    // What is older than the bill of the order is paid already, so that two payments are one too
    // many.
    let earlier = roles.twice.all.minus(roles.twice.last)?;
    if earlier > Money::ZERO {
        upi(api, &roles.twice, earlier, FIRST_RRN)?;
    }
    let mut waiting = HashMap::new();
    let link = |who: &Owing| {
        json!({
            "provider": "razorpay", "kind": "link", "customer_code": who.customer,
        })
    };
    let mut bodies: Vec<(&Owing, Value)> = Vec::new();
    for who in &roles.at_once {
        bodies.push((who, link(who)));
    }
    for who in [&roles.second_try, &roles.disputes, &roles.withheld, &roles.in_order] {
        bodies.push((who, link(who)));
    }
    let mut in_parts = link(&roles.short);
    in_parts["in_parts"] = json!(true);
    bodies.push((&roles.short, in_parts));
    let order = json!({ "provider": "razorpay", "kind": "order", "bill_number": roles.twice.bill });
    bodies.push((&roles.twice, order));
    for who in &roles.cards {
        let of = json!({ "provider": "stripe", "kind": "checkout", "customer_code": who.customer });
        bodies.push((who, of));
    }
    for (who, body) in &bodies {
        let made = api.post("payment-requests", body)?;
        waiting.insert(made["id"].as_i64().unwrap_or_default(), who.customer.clone());
    }
    println!(
        "{} links, orders and checkouts are asked for; a worker calls the gateways.",
        bodies.len()
    );
    let mut asked = HashMap::new();
    for _ in 0..LOOKS {
        let page = api.get("payment-requests?limit=200")?;
        for one in page["items"].as_array().into_iter().flatten() {
            let id = one["id"].as_i64().unwrap_or_default();
            match (one["status"].as_str(), one["provider_reference"].as_str()) {
                (Some("done"), Some(made)) => {
                    waiting.remove(&id).map(|customer| asked.insert(customer, made.to_owned()));
                }
                (Some("refused"), _) => return Err(format!("a gateway refuses: {one}").into()),
                _ => {}
            }
        }
        if waiting.is_empty() {
            return Ok(Asked(asked));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Err("the gateways have not answered in time".into())
}

/// Records that somebody paid all or some of it by UPI.
pub fn upi(api: &Api, who: &Owing, amount: Money, rrn: u64) -> Result<()> {
    let body = json!({
        "method": "upi", "amount": amount.to_string(), "reference": rrn.to_string(),
        "customer_code": who.customer,
    });
    api.post("payments", &body)?;
    Ok(())
}

/// The customers pay, and the gateways pay out.
pub fn pay(api: &Api, fakes: &Fakes, roles: &Roles, asked: &Asked, people: &People) -> Result<()> {
    for who in &roles.at_once {
        fakes.pay(asked.of(who)?, Outcome::Captured)?;
    }
    println!("{} pay by link.", roles.at_once.len());
    let link = asked.of(&roles.second_try)?;
    fakes.pay(link, Outcome::Failed)?;
    fakes.pay(link, Outcome::Captured)?;
    println!("{} fails at first and pays at the second try.", roles.second_try.customer);
    let order = asked.of(&roles.twice)?;
    fakes.pay(order, Outcome::Captured)?;
    fakes.pay(order, Outcome::Captured)?;
    println!("{} pays {} twice.", roles.twice.customer, roles.twice.bill);
    let (half, all) = (roles.short.all.paise() / 2, roles.short.all);
    fakes.razorpay.pay_amount(asked.of(&roles.short)?, half, Outcome::Captured)?;
    println!("{} pays {} of {}.", roles.short.customer, inr(Money::from_paise(half)), inr(all));
    let disputed = fakes.pay(asked.of(&roles.disputes)?, Outcome::Captured)?;
    let outcomes = [Outcome::Captured, Outcome::Failed, Outcome::FailedThenCaptured];
    for (who, outcome) in roles.cards.iter().zip(outcomes) {
        let session = asked.of(who)?;
        fakes.pay(session, outcome)?;
        if outcome == Outcome::Failed {
            fakes.pay(session, Outcome::Captured)?;
        }
    }
    println!("{} pay at Stripe: at once, after a failure, and later than said.", roles.cards.len());
    for what in [
        Misbehaviour::Reorder,
        Misbehaviour::Duplicate,
        Misbehaviour::WrongSignature,
        Misbehaviour::Delay,
        Misbehaviour::Duplicate,
    ] {
        fakes.misbehave(what);
    }
    fakes.stripe.misbehave(Misbehaviour::Duplicate);
    let (attempts, refused) = fakes.deliver()?;
    println!(
        "{attempts} webhooks come: three of them twice, one late, Razorpay's last first; {refused} \
         with a wrong signature, which is refused and comes again."
    );
    fakes.razorpay.dispute(&disputed)?;
    fakes.deliver()?;
    println!("{} disputes the payment.", roles.disputes.customer);
    cash(api, roles, people)?;
    for (who, rrn) in roles.ordinary.iter().zip(FIRST_RRN + 1..) {
        upi(api, who, who.all, rrn)?;
    }
    println!("{} pay by UPI, by the bank's reference.", roles.ordinary.len());
    fakes.razorpay.settle();
    fakes.stripe.settle();
    fakes.deliver()?;
    println!("Razorpay and Stripe pay out what has come in, less their fees.\n");
    Ok(())
}

/// The rider collects, and hands over what is in hand.
fn cash(api: &Api, roles: &Roles, people: &People) -> Result<()> {
    let mut sum = Money::ZERO;
    for who in &roles.in_cash {
        take(api, who, people.rider.0, None)?;
        sum = sum.plus(who.all)?;
    }
    // Notes of 100 rupees, and the rest in coins that were counted together.
    let (notes, coins) = (sum.paise() / 10_000, Money::from_paise(sum.paise() % 10_000));
    let body = json!({
        "giver": people.rider.1, "taker": people.counter,
        "pieces": [{ "value": 100, "count": notes }], "coins": coins.to_string(),
    });
    api.post("cash/hand-overs", &body)?;
    // The counter brings it to the bank the same day.
    let body = json!({
        "giver": people.counter, "taker": "bank",
        "pieces": [{ "value": 100, "count": notes }], "coins": coins.to_string(),
    });
    api.post("cash/hand-overs", &body)?;
    println!("{} pay the rider, who hands over {}.", roles.in_cash.len(), inr(sum));
    Ok(())
}

/// Records that somebody has taken cash.
pub fn take(api: &Api, who: &Owing, person: i64, day: Option<&str>) -> Result<()> {
    let body = json!({
        "method": "cash", "amount": who.all.to_string(), "customer_code": who.customer,
        "person": person, "date": day,
    });
    api.post("payments", &body)?;
    Ok(())
}
