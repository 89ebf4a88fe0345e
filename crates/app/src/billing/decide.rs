//! The decision for one customer: what stands where, and what becomes of the month's bill.
//!
//! It deliberately sees one customer at a time and saves nothing; a customer who cannot be billed
//! is a decision too.

use super::facts::{Facts, Item, Origin, Party};
use super::run::Mode;
use crate::AppError;
use domain::billing::{
    self, BillOfMonth, ContentHash, Counts, Draft, Left, LineKind, OnBill, Standing, bill_content,
    compute_line, draft_bill, standing_of,
};
use domain::ids::BillId;
use domain::money::{Money, Quantity};
use std::collections::HashMap;

/// What becomes of a customer in a run.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There is nothing to bill.
    Nothing {
        /// A draft that has lost everything it billed.
        withdrawn: Option<BillId>,
    },
    /// The customer cannot be billed.
    Excluded {
        /// Why, and what to do.
        reason: String,
        /// A draft that cannot stand any more.
        withdrawn: Option<BillId>,
    },
    /// A bill is computed from the items.
    Computed(Computed),
    /// The month's bill stays as it is; a draft may be issued.
    Stands {
        /// What its items come to with taxes, valued anew.
        value: Money,
    },
}

/// A bill as computed from its items.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) draft: Draft,
    pub(super) content: ContentHash,
    /// The items on it, by their place among the customer's, in the order of
    /// `draft.line_of_item`.
    pub(super) items: Vec<usize>,
    /// Whether the kept draft says something else; true when there is none.
    pub(super) changed: bool,
}

/// The decision for one customer.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) outcome: Outcome,
    pub(super) deliveries: Counts,
    pub(super) orders: Counts,
    /// Months in which something is still to be billed.
    pub(super) open_months: Vec<domain::calendar::Month>,
}

/// Decides about one customer.
pub(super) fn decide(facts: &Facts, party: &Party, mode: Mode) -> Result<Decision, AppError> {
    let mut tally = Tally::default();
    let bill_of_month = party.bill_of_month(mode);
    let waits = party.bill.as_ref().is_some_and(|bill| bill.needs_rerun);
    let mut billable = Vec::new();
    let mut staying = Vec::new();
    for (place, item) in party.items.iter().enumerate() {
        match stand(facts, party, item, bill_of_month) {
            Standing::Billed(kind) => billable.push((place, kind)),
            Standing::Stays => staying.push(item),
            Standing::Left(Left::AfterIssue) if waits => tally.left(item, Left::CustomerExcluded),
            Standing::Left(reason) => tally.left(item, reason),
        }
    }
    let outcome = match (&party.bill, bill_of_month) {
        (Some(bill), BillOfMonth::Issued) if bill.needs_rerun => {
            for item in staying {
                tally.left(item, Left::CustomerExcluded);
            }
            excluded(
                "a delivery on its draft was corrected; run the month's bills again, then issue",
            )
        }
        (Some(bill), BillOfMonth::Issued) => {
            for item in &staying {
                tally.billed(item);
            }
            let value = value_of(facts, bill.id, bill.interstate, &staying)?;
            Outcome::Stands { value }
        }
        _ if mode == Mode::IssueDrafts && !billable.is_empty() => {
            let items = billable.iter().filter_map(|(place, _)| party.items.get(*place));
            items.for_each(|item| tally.left(item, Left::NoDraft));
            excluded("it has deliveries but no draft; run the month's bills again, then issue")
        }
        _ if billable.is_empty() => {
            Outcome::Nothing { withdrawn: party.bill.as_ref().map(|bill| bill.id) }
        }
        _ => compute(facts, party, &billable, &mut tally),
    };
    let Tally { deliveries, orders, mut open_months } = tally;
    open_months.sort_unstable();
    open_months.dedup();
    Ok(Decision { outcome, deliveries, orders, open_months })
}

fn excluded(reason: &str) -> Outcome {
    Outcome::Excluded { reason: reason.to_owned(), withdrawn: None }
}

fn stand(facts: &Facts, party: &Party, item: &Item, bill_of_month: BillOfMonth) -> Standing {
    if let Some(reason) = item.unbillable {
        return Standing::Left(reason);
    }
    let own_kind = match item.origin {
        Origin::Delivery => LineKind::Delivery,
        Origin::Order(_) => LineKind::Order,
    };
    let on_bill = match (item.on, &party.bill) {
        (None, _) => OnBill::No,
        (Some((on, _)), Some(bill)) if bill.id == on => OnBill::ThisMonths,
        (Some(_), _) => OnBill::Another,
    };
    let closed = item.day.month() != facts.month && facts.is_closed(party.id, item.day.month());
    standing_of(item.day, own_kind, on_bill, facts.month, bill_of_month, closed)
}

fn compute(
    facts: &Facts,
    party: &Party,
    billable: &[(usize, LineKind)],
    tally: &mut Tally,
) -> Outcome {
    let mut places = Vec::with_capacity(billable.len());
    let mut items = Vec::with_capacity(billable.len());
    for (place, kind) in billable {
        let Some(item) = party.items.get(*place) else {
            continue;
        };
        places.push(*place);
        items.push(billing::Item {
            kind: *kind,
            product: item.product,
            day: item.day,
            quantity: item.quantity,
            agreed_price: item.agreed_price,
        });
    }
    let payer = billing::Party { customer: party.id, interstate: party.interstate };
    let drafted =
        draft_bill(payer, &items, &facts.products, &facts.prices, facts.business.round_off);
    let on_places = places.iter().filter_map(|place| party.items.get(*place));
    match drafted {
        Ok(draft) => {
            on_places.for_each(|item| tally.billed(item));
            let content = bill_content(&party.code, facts.month, &draft);
            let changed = party.bill.as_ref().is_none_or(|bill| {
                bill.content != content || bill.needs_rerun || bill.interstate != party.interstate
            });
            Outcome::Computed(Computed { draft, content, items: places, changed })
        }
        Err(error) => {
            on_places.for_each(|item| tally.left(item, Left::CustomerExcluded));
            let withdrawn = party.bill.as_ref().map(|bill| bill.id);
            Outcome::Excluded { reason: error.to_string(), withdrawn }
        }
    }
}

/// What the items on a bill that stands come to, valued anew at its lines' prices and rates. An
/// item whose line is missing counts for nothing, so that the sums disagree and show it.
fn value_of(
    facts: &Facts,
    bill: BillId,
    interstate: bool,
    items: &[&Item],
) -> Result<Money, AppError> {
    let mut quantities: HashMap<i64, Quantity> = HashMap::new();
    for item in items {
        let line = item.on.map_or(0, |(_, line)| line);
        let sum = quantities.entry(line).or_default();
        *sum = sum.plus(item.quantity)?;
    }
    let mut value = Money::ZERO;
    for kept in facts.lines.get(&bill).map(Vec::as_slice).unwrap_or_default() {
        let line = &kept.line;
        let quantity = quantities.get(&kept.line_no).copied().unwrap_or_default();
        let (price, rate) = (line.unit_price, line.tax_rate);
        let (_, split) = compute_line(quantity, price, rate, line.tax_inclusive, interstate)?;
        value = value.plus(split.total()?)?;
    }
    Ok(value)
}

/// Counts what stands where.
#[derive(Default)]
struct Tally {
    deliveries: Counts,
    orders: Counts,
    open_months: Vec<domain::calendar::Month>,
}

impl Tally {
    fn counts(&mut self, item: &Item) -> &mut Counts {
        match item.origin {
            Origin::Delivery => &mut self.deliveries,
            Origin::Order(_) => &mut self.orders,
        }
    }

    fn billed(&mut self, item: &Item) {
        self.counts(item).add_billed(1);
    }

    fn left(&mut self, item: &Item, reason: Left) {
        self.counts(item).add_left(reason);
        if item.unbillable.is_none() {
            self.open_months.push(item.day.month());
        }
    }
}
