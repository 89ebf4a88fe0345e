//! The certificate of a bill run: what was considered, billed and left, and three sums that must
//! agree.
//!
//! It deliberately says nothing about how long the run took or who made it; a rerun reproduces it.

use super::standing::LeftCounts;
use super::{ContentHash, Left};
use crate::calendar::Month;
use crate::money::{Money, Overflow};

/// Excluded customers that are listed by name; beyond, they are only counted.
pub const MAX_EXCLUDED_LISTED: usize = 1000;

/// A customer who could not be billed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// The customer's code.
    pub customer_code: String,
    /// The cause, and what to do about it.
    pub reason: String,
}

/// Counts of deliveries or of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Looked at.
    pub considered: u64,
    /// On the month's bills.
    pub billed: u64,
    /// Not on them, by reason.
    pub left: LeftCounts,
}

impl Counts {
    /// Counts items that are on the month's bills.
    pub fn add_billed(&mut self, count: u64) {
        self.considered += count;
        self.billed += count;
    }

    /// Counts an item that is left.
    pub fn add_left(&mut self, reason: Left) {
        self.considered += 1;
        self.left.add(reason, 1);
    }

    /// Whether every item is either billed or left with a reason.
    pub fn is_complete(&self) -> bool {
        self.considered == self.billed + self.left.total()
    }
}

/// Sums over the month's bills that must agree: what was delivered is what the lines say, lines
/// and round-offs are what the bills come to, and the issued bills are what the ledger has posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What the deliveries and orders come to with taxes, valued anew from themselves, line by
    /// line.
    pub deliveries: Money,
    /// What the kept lines come to with taxes.
    pub lines: Money,
    /// What brought the bills to whole rupees.
    pub round_off: Money,
    /// What the bills come to.
    pub bills: Money,
    /// What the issued ones among them come to.
    pub issued: Money,
    /// What the ledger has posted to receivables for them.
    pub receivable: Money,
}

impl Sums {
    /// Whether the sums agree.
    pub fn agree(&self) -> bool {
        self.deliveries == self.lines
            && self.lines.plus(self.round_off) == Ok(self.bills)
            && self.issued == self.receivable
    }

    /// Adds the sums of more bills.
    pub fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        self.deliveries = self.deliveries.plus(other.deliveries)?;
        self.lines = self.lines.plus(other.lines)?;
        self.round_off = self.round_off.plus(other.round_off)?;
        self.bills = self.bills.plus(other.bills)?;
        self.issued = self.issued.plus(other.issued)?;
        self.receivable = self.receivable.plus(other.receivable)?;
        Ok(())
    }
}

/// What a run of a month's bills found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The month.
    pub month: Month,
    /// Customers looked at.
    pub customers_considered: u64,
    /// Customers with a bill for the month.
    pub customers_billed: u64,
    /// Customers without anything to bill.
    pub customers_nothing: u64,
    /// Customers who could not be billed; see `excluded`.
    pub customers_excluded: u64,
    /// The first of them, with causes.
    pub excluded: Vec<Excluded>,
    /// Standing deliveries.
    pub deliveries: Counts,
    /// One-time orders.
    pub orders: Counts,
    /// Bills of the month that are still drafts.
    pub bills_draft: u64,
    /// Bills of the month that are issued.
    pub bills_issued: u64,
    /// The sums that must agree.
    pub sums: Sums,
    /// Fingerprint of all bills of the month.
    pub content: ContentHash,
}

impl Certificate {
    /// Whether everything was accounted for, the sums agree, and no customer was excluded.
    pub fn is_clean(&self) -> bool {
        self.is_sound() && self.customers_excluded == 0
    }

    /// Whether everything was accounted for and the sums agree.
    pub fn is_sound(&self) -> bool {
        let customers = self.customers_billed + self.customers_nothing + self.customers_excluded;
        self.sums.agree()
            && self.deliveries.is_complete()
            && self.orders.is_complete()
            && self.customers_considered == customers
    }
}
