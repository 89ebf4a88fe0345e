//! Where one delivery or order stands when a month is billed: on a line of which kind, or left,
//! and why.
//!
//! It deliberately looks at one item at a time; grouping is `draft`'s.

use super::LineKind;
use crate::calendar::{Day, Month};

/// Why an item is not on the month's bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Left {
    /// Planned, not made.
    Missed,
    /// Not wanted that day.
    Skipped,
    /// An order not delivered yet.
    Pending,
    /// An order called off.
    Cancelled,
    /// Delivered with a quantity of zero.
    NoQuantity,
    /// It came after this month's bill was issued; the next bill takes it as late.
    AfterIssue,
    /// Its own month has not been billed; that month's run takes it.
    MonthNotBilled,
    /// Its customer has no draft of the month, and only drafts are being issued.
    NoDraft,
    /// It stands on another bill already.
    OnAnotherBill,
    /// Its customer is excluded from the run.
    CustomerExcluded,
}

impl Left {
    /// All, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::Missed,
        Self::Skipped,
        Self::Pending,
        Self::Cancelled,
        Self::NoQuantity,
        Self::AfterIssue,
        Self::MonthNotBilled,
        Self::NoDraft,
        Self::OnAnotherBill,
        Self::CustomerExcluded,
    ];

    /// The name of the reason in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
            Self::Cancelled => "cancelled",
            Self::NoQuantity => "no_quantity",
            Self::AfterIssue => "after_issue",
            Self::MonthNotBilled => "month_not_billed",
            Self::NoDraft => "no_draft",
            Self::OnAnotherBill => "on_another_bill",
            Self::CustomerExcluded => "customer_excluded",
        }
    }

    /// The reason in words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Missed => "missed: planned, not delivered",
            Self::Skipped => "skipped: not wanted that day",
            Self::Pending => "pending: ordered, not delivered yet",
            Self::Cancelled => "cancelled order",
            Self::NoQuantity => "delivered with quantity 0",
            Self::AfterIssue => "came after the bill was issued; the next bill takes it as late",
            Self::MonthNotBilled => {
                "of an earlier month that is not issued; issue that month first"
            }
            Self::NoDraft => "its customer has no draft of the month; run the month's bills again",
            Self::OnAnotherBill => "already on another bill",
            Self::CustomerExcluded => "its customer is excluded",
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// Counts by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftCounts([u64; Left::ALL.len()]);

impl LeftCounts {
    /// Counts `more` items left for `reason`.
    pub fn add(&mut self, reason: Left, more: u64) {
        if let Some(count) = self.0.get_mut(reason.place()) {
            *count += more;
        }
    }

    /// The reasons that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Left, u64)> + '_ {
        let counts = Left::ALL.into_iter().zip(self.0.iter().copied());
        counts.filter(|(_, count)| *count > 0)
    }

    /// All items left.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The bill an item stands on now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBill {
    /// None.
    No,
    /// The bill of the month being run.
    ThisMonths,
    /// Another bill.
    Another,
}

/// The customer's bill of the month being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillOfMonth {
    /// None, or a draft that may be recomputed.
    Open,
    /// Issued: it takes nothing more.
    Issued,
}

/// What a run does with one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on (or stays on) a line of this kind.
    Billed(LineKind),
    /// It stays on the issued bill it stands on.
    Stays,
    /// It is left, for a reason.
    Left(Left),
}

/// Decides about one delivered item.
///
/// `own_kind` is `Delivery` or `Order`. `own_month_closed` says whether bills of the item's own
/// month have been issued to this customer, or that month's issue is complete: only then is an
/// item of an earlier month late. An item of an earlier month that was never billed is left to
/// that month's run, so that a business that starts in the middle of a year does not find its
/// whole history on one bill.
pub fn standing_of(
    day: Day,
    own_kind: LineKind,
    on_bill: OnBill,
    month: Month,
    bill: BillOfMonth,
    own_month_closed: bool,
) -> Standing {
    match (on_bill, bill) {
        (OnBill::Another, _) => Standing::Left(Left::OnAnotherBill),
        // A later month's item that was put on this bill, or never read here, is not this month's.
        (_, BillOfMonth::Open) if day.month() > month => Standing::Left(Left::MonthNotBilled),
        (OnBill::ThisMonths, BillOfMonth::Issued) => Standing::Stays,
        (OnBill::No, BillOfMonth::Issued) => {
            if day.month() == month || own_month_closed {
                Standing::Left(Left::AfterIssue)
            } else {
                Standing::Left(Left::MonthNotBilled)
            }
        }
        (OnBill::No | OnBill::ThisMonths, BillOfMonth::Open) => {
            if day.month() == month {
                Standing::Billed(own_kind)
            } else if own_month_closed {
                Standing::Billed(LineKind::Late)
            } else {
                Standing::Left(Left::MonthNotBilled)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BillOfMonth, Left, LeftCounts, OnBill, Standing, standing_of};
    use crate::billing::LineKind;
    use crate::calendar::{Day, Month};

    #[test]
    fn every_case() {
        use BillOfMonth::{Issued, Open};
        use OnBill::{Another, No, ThisMonths};
        let month = Month::parse("2026-10").unwrap();
        let own = LineKind::Order;
        for (day, on_bill, bill, closed, expected) in [
            ("2026-10-05", No, Open, false, Standing::Billed(own)),
            ("2026-10-05", ThisMonths, Open, false, Standing::Billed(own)),
            ("2026-10-05", ThisMonths, Issued, true, Standing::Stays),
            ("2026-10-05", No, Issued, true, Standing::Left(Left::AfterIssue)),
            ("2026-10-05", Another, Open, false, Standing::Left(Left::OnAnotherBill)),
            ("2026-09-30", No, Open, true, Standing::Billed(LineKind::Late)),
            ("2026-09-30", ThisMonths, Open, true, Standing::Billed(LineKind::Late)),
            ("2026-09-30", No, Open, false, Standing::Left(Left::MonthNotBilled)),
            ("2026-09-30", No, Issued, true, Standing::Left(Left::AfterIssue)),
            ("2026-09-30", No, Issued, false, Standing::Left(Left::MonthNotBilled)),
        ] {
            let day = Day::parse(day).unwrap();
            let found = standing_of(day, own, on_bill, month, bill, closed);
            assert_eq!(found, expected, "{day} {on_bill:?} {bill:?} {closed}");
        }
    }

    #[test]
    fn reasons_are_counted() {
        let mut counts = LeftCounts::default();
        for (place, reason) in Left::ALL.into_iter().enumerate() {
            assert_eq!(reason.place(), place);
            assert!(!reason.as_str().is_empty() && !reason.explanation().is_empty());
            counts.add(reason, 2);
        }
        assert_eq!(counts.total(), 20);
        assert_eq!(counts.iter().count(), 10);
    }
}
