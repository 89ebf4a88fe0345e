//! Faults planted on purpose, each of a kind that happens.
//!
//! It deliberately plants them through what people and gateways do, never in the database.

use domain::calendar::Day;
use domain::money::{Money, inr};
use gateways::fake::{Misbehaviour, Outcome};
use serde_json::json;

use crate::Result;
use crate::api::Api;
use crate::bills::Roles;
use crate::dairy::People;
use crate::fakes::Fakes;
use crate::payday::{Asked, take, upi};

/// What must be found, by severity and type.
pub const EXPECTED: [(&str, &str); 4] = [
    ("error", "provider_only"),
    ("error", "settlement_sum_wrong"),
    ("warning", "cash_not_handed_over"),
    ("warning", "duplicate"),
];

/// How many days ago the cash was taken that nobody has handed over.
const CASH_DAYS: i32 = 3;
/// What is missing in a settlement, in paise.
const MISSING: i64 = 50_000;
/// The bank's reference of a payment that is entered twice.
const RRN: u64 = 618_300_000_001;

/// Plants them.
pub fn plant(
    api: &Api,
    fakes: &Fakes,
    roles: &Roles,
    asked: &Asked,
    people: &People,
    today: Day,
) -> Result<()> {
    let payment = fakes.pay(asked.of(&roles.withheld)?, Outcome::Captured)?;
    for _ in 0..fakes.razorpay.waiting() {
        fakes.misbehave(Misbehaviour::NeverDeliver);
    }
    fakes.deliver()?;
    let (who, amount) = (&roles.withheld.customer, inr(roles.withheld.all));
    println!("1. {who} pays {amount} by link ({payment}), and no webhook tells of it.");

    let twice = &roles.entered_twice;
    upi(api, twice, twice.all, RRN)?;
    let body = json!({
        "method": "bank", "amount": twice.all.to_string(), "reference": "UTR0000000618300",
        "customer_code": twice.customer,
    });
    api.post("payments", &body)?;
    println!(
        "2. {} pays {} by UPI; the office enters it again from the bank's statement.",
        twice.customer,
        inr(twice.all)
    );

    let day = today.plus_days(-CASH_DAYS);
    take(api, &roles.kept, people.dispatcher.0, Some(&day.to_string()))?;
    println!(
        "3. {} paid {} in cash on {day}; {} has not handed it over.",
        roles.kept.customer,
        inr(roles.kept.all),
        people.dispatcher.1
    );

    fakes.pay(asked.of(&roles.in_order)?, Outcome::Captured)?;
    fakes.deliver()?;
    fakes.misbehave(Misbehaviour::ShortSettlement(MISSING));
    let settlement = fakes.razorpay.settle().ok_or("there is nothing to settle")?;
    fakes.deliver()?;
    let missing = inr(Money::from_paise(MISSING));
    println!("4. Razorpay pays out {missing} less than its payments come to ({settlement}).\n");
    Ok(())
}
