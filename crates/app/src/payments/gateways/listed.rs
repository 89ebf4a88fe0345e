//! What gateways list: the payments of a range of time, one payment, and the rows of a settlement.
//!
//! It deliberately turns no page by itself: how many are asked for is for the caller to bound.

use super::{Answered, Gateways, PAGE};
use domain::calendar::{Day, Moment};
use domain::money::Money;
use domain::payments::Provider;
use domain::reconciliation::SettlementRow;
use gateways::call::Page;
use gateways::event::Observation;
use gateways::razorpay::client::MAX_RECON_COUNT;
use gateways::{razorpay, stripe};

/// A row of what was settled, with the gateway's id of the settlement that holds it.
pub(crate) type Settled = (Option<String>, SettlementRow);

impl Gateways {
    /// A page of the payments made in a range of time; the page before says where it begins.
    pub(crate) fn payments(
        &self,
        provider: Provider,
        (from, to): (Moment, Moment),
        before: (u32, Option<String>),
    ) -> Answered<Page<Observation>> {
        if provider == Provider::Stripe {
            let since = stripe::Since { from, to: Some(to), starting_after: before.1, limit: PAGE };
            return self.ask_stripe("list_payments", |way| way.client.payment_intents(&since));
        }
        let window = razorpay::Window { from, to, count: PAGE, skip: before.0 * PAGE };
        self.ask_razorpay("list_payments", |way| way.client.payments(&window))
    }

    /// A payment as it is now.
    pub(crate) fn payment(&self, provider: Provider, id: &str) -> Answered<Observation> {
        if provider == Provider::Stripe {
            let seen = self.ask_stripe("show_payment", |way| way.client.payment_intent(id))?;
            return Ok(seen.payment);
        }
        self.ask_razorpay("show_payment", |way| way.client.payment(id))
    }

    /// A page of the rows of a settlement. Razorpay lists those of all settlements of a day.
    pub(crate) fn settlement_rows(
        &self,
        provider: Provider,
        (reference, day): (&str, Day),
        before: (u32, Option<String>),
    ) -> Answered<Page<Settled>> {
        if provider == Provider::Stripe {
            // The payout says which movements are its own, whenever they were made.
            let from = Moment::from_unix_micros(0);
            let since = stripe::Since { from, to: None, starting_after: before.1, limit: PAGE };
            let page = self.ask_stripe("list_settled", |way| {
                way.client.balance_transactions(&since, Some(reference))
            })?;
            let id = Some(reference.to_owned());
            return Ok(page_of(page, |one| {
                // The payout is a movement of the balance as well, and no part of itself.
                let is_part = one.kind != "payout";
                is_part.then(|| (id.clone(), row(one.net.max(0), one.net.min(0).saturating_neg())))
            }));
        }
        let skip = before.0 * MAX_RECON_COUNT;
        let page = self.ask_razorpay("list_settled", |way| {
            way.client.recon(parts(day), MAX_RECON_COUNT, skip)
        })?;
        Ok(page_of(page, |one| Some((one.settlement_id, row(one.credit, one.debit)))))
    }
}

fn row(credit: i64, debit: i64) -> SettlementRow {
    SettlementRow { credit: Money::from_paise(credit), debit: Money::from_paise(debit) }
}

/// Year, month and day as Razorpay is asked for them.
fn parts(day: Day) -> (i16, i8, Option<i8>) {
    let (year, month) = (day.number() / 10_000, day.number() / 100 % 100);
    let small = |number: i64| i8::try_from(number).unwrap_or(1);
    (i16::try_from(year).unwrap_or(i16::MAX), small(month), Some(small(day.number() % 100)))
}

fn page_of<T, U>(page: Page<T>, into: impl FnMut(T) -> Option<U>) -> Page<U> {
    let Page { items, unreadable, received, last_id, more } = page;
    Page {
        items: items.into_iter().filter_map(into).collect(),
        unreadable,
        received,
        last_id,
        more,
    }
}
