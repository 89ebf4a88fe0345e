//! Asking gateways for what the books are compared with: the payments of a day, and the rows of
//! settlements.
//!
//! It deliberately hands in no list that is not whole, and says which is missing; nothing is asked
//! within a transaction.

use super::gateways::{Given, ProviderPayment, ProviderSettlement, after};
use crate::AppError;
use crate::payments::Gateways;
use domain::calendar::{Day, Moment};
use domain::jobs::earlier;
use domain::money::Money;
use domain::payments::Provider;
use domain::reconciliation::{IssueKind, SettlementRow};
use gateways::call::CallError;
use gateways::event::{About, Observation, PaymentState};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use store::Store;
use store::reconciliation::{self, PaidOut, Unlisted};

/// Pages of one list: 50,000 payments, or as many rows of settlements as a gateway puts on them.
const MOST_PAGES: u32 = 500;
/// How far before a day its list begins: a payment may be captured days after it was made
/// (protocols 1.7), and counts for the day on which we were told of it.
const MADE_BEFORE: Duration = Duration::from_hours(4 * 24);
/// Payments of a day that are not in its list and are asked about one by one; a longer line of them
/// is no matter of single payments.
const MOST_SINGLY: usize = 100;
/// Settlements of so many days up to the day are asked about, and those that were found wrong.
const SETTLED_DAYS: i32 = 7;
/// Settlements that were found wrong, of which so many are asked about again.
const MOST_WRONG: i64 = 200;
/// The answers that say that there is no such payment.
const NOT_THERE: [u16; 2] = [400, 404];

/// What gateways have answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The lists that are here.
    pub given: Given,
    /// Those that are not, each with the reason. The books are compared without them.
    pub missing: Vec<String>,
}

/// Asks the gateways of the settings for what they have of a day; without gateways, nothing.
pub fn ask(store: &Store, gateways: &Gateways, day: Day) -> Result<Asked, AppError> {
    let mut asked = Asked::default();
    let providers = gateways.providers();
    if providers.is_empty() {
        return Ok(asked);
    }
    let (ours, paid_out) = store.read(|tx| {
        let ours = reconciliation::unlisted(tx, day)?;
        let mut paid_out = reconciliation::paid_out(tx, day)?;
        let kind = Some(IssueKind::SettlementSumWrong);
        let wrong = reconciliation::page(tx, (None, None, kind), None, MOST_WRONG)?;
        let wrong: HashSet<String> = wrong.into_iter().map(|found| found.issue.subject).collect();
        let since = day.plus_days(-SETTLED_DAYS);
        paid_out.retain(|one| {
            let subject = format!("{} {}", one.provider.as_str(), one.reference);
            one.day > since || wrong.contains(&subject)
        });
        Ok::<_, AppError>((ours, paid_out))
    })?;
    for provider in providers {
        let name = provider.as_str();
        match payments(gateways, provider, day, &ours) {
            Ok(listed) => {
                asked.given.listed.push(provider);
                asked.given.payments.extend(listed);
            }
            Err(why) => asked.missing.push(format!("{name}, the payments: {why}")),
        }
        match settlements(gateways, provider, &paid_out) {
            Ok(rows) => asked.given.settlements.extend(rows),
            Err(why) => asked.missing.push(format!("{name}, the rows of settlements: {why}")),
        }
    }
    Ok(asked)
}

/// The payments made up to the end of the day, and those of ours of that day which were made
/// earlier.
fn payments(
    gateways: &Gateways,
    provider: Provider,
    day: Day,
    ours: &[Unlisted],
) -> Result<Vec<ProviderPayment>, String> {
    let end = Moment::from_unix_micros(after(day).unix_micros() - 1);
    let from = earlier(after(day.plus_days(-1)), MADE_BEFORE);
    let mut known = HashSet::new();
    let mut listed = Vec::new();
    let mut last = None;
    for number in 0..=MOST_PAGES {
        if number == MOST_PAGES {
            return Err(format!("there are more than {MOST_PAGES} pages"));
        }
        let page = gateways.payments(provider, (from, end), (number, last.take()));
        let page = whole(page.map_err(|error| error.to_string())?)?;
        // Pages that go by number overlap when something comes in meanwhile.
        let new = page.items.iter().filter(|one| known.insert(one.id.clone()));
        listed.extend(new.map(|one| as_listed(provider, one)));
        if !page.more {
            break;
        }
        last = page.last_id;
    }
    let is_left = |one: &&Unlisted| one.provider == provider && !known.contains(&one.reference);
    for one in ours.iter().filter(is_left).take(MOST_SINGLY) {
        match gateways.payment(provider, &one.reference) {
            Ok(seen) => listed.push(as_listed(provider, &seen)),
            // Stripe does not list a charge without an intent; nothing is known against it.
            Err(_) if provider == Provider::Stripe && one.reference.starts_with("ch_") => {
                let reference = one.reference.clone();
                listed.push(ProviderPayment { provider, reference, captured: None });
            }
            Err(CallError::Refused { status: Some(status), .. }) if NOT_THERE.contains(&status) => {
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(listed)
}

/// The items of a page, unless some of it cannot be read.
fn whole<T>(page: gateways::call::Page<T>) -> Result<gateways::call::Page<T>, String> {
    match page.unreadable.first() {
        None => Ok(page),
        Some(error) => Err(format!("a part of it cannot be read: {error}")),
    }
}

fn as_listed(provider: Provider, seen: &Observation) -> ProviderPayment {
    let captured = match seen.about {
        About::Payment(PaymentState::Captured) => seen.amount.map(Money::from_paise),
        // It need not have been captured before it went back.
        About::Payment(PaymentState::Refunded | PaymentState::Unclear) => None,
        _ => Some(Money::ZERO),
    };
    ProviderPayment { provider, reference: seen.id.clone(), captured }
}

/// The rows of settlements. One without any is left out: its rows are not there yet.
fn settlements(
    gateways: &Gateways,
    provider: Provider,
    paid_out: &[PaidOut],
) -> Result<Vec<ProviderSettlement>, String> {
    let mut rows: BTreeMap<String, Vec<SettlementRow>> = BTreeMap::new();
    let mut days = HashSet::new();
    let mut wanted = HashSet::new();
    for one in paid_out.iter().filter(|one| one.provider == provider) {
        wanted.insert(one.reference.as_str());
        // Razorpay lists all settlements of a day at once.
        if provider == Provider::Razorpay && !days.insert(one.day) {
            continue;
        }
        rows_of(gateways, one, &mut rows)?;
    }
    let kept = rows.into_iter().filter(|(reference, _)| wanted.contains(reference.as_str()));
    Ok(kept.map(|(reference, rows)| ProviderSettlement { provider, reference, rows }).collect())
}

fn rows_of(
    gateways: &Gateways,
    one: &PaidOut,
    rows: &mut BTreeMap<String, Vec<SettlementRow>>,
) -> Result<(), String> {
    let mut last = None;
    for number in 0..MOST_PAGES {
        let of = (one.reference.as_str(), one.day);
        let page = gateways.settlement_rows(one.provider, of, (number, last.take()));
        let page = whole(page.map_err(|error| error.to_string())?)?;
        for (settlement, row) in page.items {
            if let Some(settlement) = settlement {
                rows.entry(settlement).or_default().push(row);
            }
        }
        if !page.more {
            return Ok(());
        }
        last = page.last_id;
    }
    Err(format!("there are more than {MOST_PAGES} pages"))
}
