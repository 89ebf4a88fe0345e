//! The part of a run that one range of customers contributes.
//!
//! It deliberately only adds up.

use crate::AppError;
use domain::billing::{
    Certificate, ContentHash, Counts, Excluded, MAX_EXCLUDED_LISTED, RunHash, Sums,
};
use domain::calendar::Month;

/// What a run changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Bills made for the first time.
    pub created: u64,
    /// Drafts whose content changed.
    pub changed: u64,
    /// Bills that stayed as they were.
    pub unchanged: u64,
    /// Drafts withdrawn because they had nothing to bill, or could not stand.
    pub withdrawn: u64,
    /// Bills issued.
    pub issued: u64,
}

impl Changes {
    fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.withdrawn += other.withdrawn;
        self.issued += other.issued;
    }
}

/// What is known of a run so far.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) customers: u64,
    pub(super) billed: u64,
    pub(super) nothing: u64,
    pub(super) excluded: u64,
    pub(super) excluded_listed: Vec<Excluded>,
    pub(super) deliveries: Counts,
    pub(super) orders: Counts,
    pub(super) drafts: u64,
    pub(super) issued: u64,
    pub(super) sums: Sums,
    pub(super) contents: Vec<ContentHash>,
    pub(super) changes: Changes,
}

fn add_counts(sum: &mut Counts, part: &Counts) {
    sum.considered += part.considered;
    sum.billed += part.billed;
    for (reason, count) in part.left.iter() {
        sum.left.add(reason, count);
    }
}

impl Part {
    /// Counts one customer's deliveries and orders.
    pub(super) fn count(&mut self, deliveries: &Counts, orders: &Counts) {
        self.customers += 1;
        add_counts(&mut self.deliveries, deliveries);
        add_counts(&mut self.orders, orders);
    }

    /// Notes a customer who is excluded.
    pub(super) fn exclude(&mut self, customer_code: &str, reason: String) {
        self.excluded += 1;
        if self.excluded_listed.len() < MAX_EXCLUDED_LISTED {
            let customer_code = customer_code.to_owned();
            self.excluded_listed.push(Excluded { customer_code, reason });
        }
    }
}

/// A run added up.
#[derive(Debug, Default)]
pub(super) struct Whole {
    sum: Part,
    hash: RunHash,
}

impl Whole {
    /// Adds the part of the next range of customers.
    pub(super) fn add(&mut self, part: Part) -> Result<(), AppError> {
        let sum = &mut self.sum;
        sum.customers += part.customers;
        sum.billed += part.billed;
        sum.nothing += part.nothing;
        sum.excluded += part.excluded;
        let room = MAX_EXCLUDED_LISTED.saturating_sub(sum.excluded_listed.len());
        sum.excluded_listed.extend(part.excluded_listed.into_iter().take(room));
        add_counts(&mut sum.deliveries, &part.deliveries);
        add_counts(&mut sum.orders, &part.orders);
        sum.drafts += part.drafts;
        sum.issued += part.issued;
        sum.sums.add(&part.sums)?;
        sum.changes.add(&part.changes);
        for content in &part.contents {
            self.hash.add(content);
        }
        Ok(())
    }

    /// The certificate of the run, and what it changed.
    pub(super) fn certify(self, month: Month) -> (Certificate, Changes) {
        let sum = self.sum;
        let certificate = Certificate {
            month,
            customers_considered: sum.customers,
            customers_billed: sum.billed,
            customers_nothing: sum.nothing,
            customers_excluded: sum.excluded,
            excluded: sum.excluded_listed,
            deliveries: sum.deliveries,
            orders: sum.orders,
            bills_draft: sum.drafts,
            bills_issued: sum.issued,
            sums: sum.sums,
            content: self.hash.finish(),
        };
        (certificate, sum.changes)
    }
}
