//! Loading the payments that are told of, and finding out whose they are.
//!
//! It deliberately locks before it loads what it will change: first the customers, in order, then
//! their payments, in order, so that no two transactions wait for each other.

use super::{Told, Whose, Work, Works};
use crate::AppError;
use domain::calendar::Moment;
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use domain::payments::{Facts, Provider};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use store::Tx;
use store::payments::{self, Kept, Names};

/// Loads the payments told of, or begins them, and finds out whose they are.
pub(super) fn load(
    tx: &mut Tx<'_>,
    at: Moment,
    told: &[Told],
) -> Result<(Works, Vec<Whose>), AppError> {
    let mut works = Works::default();
    let mut keys: Vec<(Provider, &str)> = Vec::new();
    for one in told {
        let key = (one.provider, one.reference.clone());
        if let Entry::Vacant(place) = works.by_key.entry(key) {
            place.insert(keys.len());
            keys.push((one.provider, &one.reference));
        }
    }
    let (mut whose, owners) = resolve(tx, told, &keys)?;
    works.ids = Some(payments::ask_ids(tx, keys.len().saturating_sub(owners.len()))?);
    let mut customers: BTreeSet<CustomerId> = whose.iter().filter_map(|w| w.customer).collect();
    customers.extend(owners.iter().filter_map(|(_, _, customer)| *customer));
    let customers: Vec<CustomerId> = customers.into_iter().collect();
    payments::lock_customers(tx, &customers)?;
    let mut ids: Vec<PaymentId> = owners.iter().map(|(_, id, _)| *id).collect();
    ids.sort_unstable();
    let loaded = payments::load_for_change(tx, &ids)?;
    let mut loaded: HashMap<PaymentId, Kept> =
        loaded.into_iter().map(|kept| (kept.id, kept)).collect();
    let places: HashMap<usize, PaymentId> =
        owners.iter().map(|(place, id, _)| (*place, *id)).collect();
    for (place, (provider, reference)) in keys.iter().enumerate() {
        let kept = places.get(&place).and_then(|id| loaded.remove(id));
        if let Some(customer) = kept.as_ref().and_then(|kept| kept.customer)
            && customers.binary_search(&customer).is_err()
        {
            // Somebody else has just said whose it is.
            return Err(AppError::Changed(format!("the payment {reference}")));
        }
        works.all.push(begin(kept, *provider, reference, at));
    }
    // One that is known keeps its customer; another one is not locked.
    for (one, whose) in told.iter().zip(&mut whose) {
        let place = works.by_key.get(&(one.provider, one.reference.clone()));
        let work = place.and_then(|place| works.all.get(*place));
        if let Some(customer) = work.and_then(|work| work.now.customer) {
            whose.bill = whose.bill.filter(|_| whose.customer == Some(customer));
            whose.customer = Some(customer);
        }
    }
    Ok((works, whose))
}

/// A payment at work: as it is kept, or new.
pub(super) fn begin(kept: Option<Kept>, provider: Provider, reference: &str, at: Moment) -> Work {
    let is_new = kept.is_none();
    let now = kept.unwrap_or_else(|| Kept {
        id: PaymentId(0),
        provider,
        reference: reference.to_owned(),
        customer: None,
        named_bill: None,
        request: None,
        facts: Facts::default(),
        free: Money::ZERO,
        method: None,
        bank_reference: None,
        person: None,
        plan: None,
        received_day: at.business_day(),
        allocation_count: 0,
        version: 0,
        created_at: at,
        updated_at: at,
    });
    Work {
        before: now.facts.clone(),
        customer_before: now.customer,
        named_before: now.named_bill,
        is_new,
        state_before: (!is_new).then(|| now.facts.state().as_str()),
        now,
        log: Vec::new(),
        failed: None,
    }
}

/// Payments that are known: the places of their keys, and who pays.
type Owners = Vec<(usize, PaymentId, Option<CustomerId>)>;

/// Finds out whose the payments are: by what we asked for, else by the bill named, else by the
/// customer named.
fn resolve(
    tx: &mut Tx<'_>,
    told: &[Told],
    keys: &[(Provider, &str)],
) -> Result<(Vec<Whose>, Owners), AppError> {
    let requests = told.iter().enumerate().flat_map(|(place, one)| {
        one.names.requests.iter().map(move |id| (place, (one.provider, id.as_str())))
    });
    let (of_requests, requests): (Vec<usize>, Vec<_>) = requests.unzip();
    let (of_bills, bills) = named(told, |names| names.bill.as_deref());
    let (of_customers, customers) = named(told, |names| names.customer.as_deref());
    let names = Names { requests: &requests, bills: &bills, customers: &customers, payments: keys };
    let found = payments::look_up(tx, &names)?;

    let mut whose: Vec<Whose> = told.iter().map(|_| Whose::default()).collect();
    for (key, request) in found.requests {
        let Some(whose) = at(&of_requests, key, &mut whose) else { continue };
        if whose.request.is_none() {
            whose.customer = Some(request.customer);
            whose.bill = request.bill;
            whose.plan.clone_from(&request.plan);
            whose.request = Some(request);
        }
    }
    for (key, named) in found.bills {
        let Some(whose) = at(&of_bills, key, &mut whose) else { continue };
        if whose.customer.is_none_or(|customer| customer == named.customer) {
            whose.customer = Some(named.customer);
            whose.bill = whose.bill.or(Some(named.bill));
        }
    }
    for (key, customer) in found.customers {
        let Some(whose) = at(&of_customers, key, &mut whose) else { continue };
        whose.customer = whose.customer.or(Some(customer));
    }
    for (one, whose) in told.iter().zip(&mut whose) {
        whose.plan = whose.plan.take().or_else(|| one.names.plan.clone());
    }
    Ok((whose, found.payments))
}

/// The names of one kind that are told, and the places of those that tell them.
fn named<'t>(
    told: &'t [Told],
    name: impl Fn(&'t super::Names) -> Option<&'t str>,
) -> (Vec<usize>, Vec<&'t str>) {
    let all = told.iter().enumerate();
    all.filter_map(|(place, one)| Some((place, name(&one.names)?))).unzip()
}

/// Whose a payment is that was told of at the place of a key.
fn at<'w>(places: &[usize], key: usize, whose: &'w mut [Whose]) -> Option<&'w mut Whose> {
    places.get(key).and_then(|place| whose.get_mut(*place))
}
