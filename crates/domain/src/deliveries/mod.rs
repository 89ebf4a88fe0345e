//! Deliveries: what the rider handed over, day by day, and how a later report of the same delivery
//! is judged.
//!
//! It deliberately does not plan rounds; it records what happened.

use crate::calendar::Day;
use crate::ids::{CustomerId, ProductId};
use crate::money::Quantity;
use thiserror::Error;

/// The round a delivery was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// The dawn round.
    Morning,
    /// The second round.
    Evening,
}

impl Shift {
    /// The number under which it is kept.
    pub const fn number(self) -> i64 {
        match self {
            Self::Morning => 1,
            Self::Evening => 2,
        }
    }

    /// The shift kept under `number`.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Morning),
            2 => Some(Self::Evening),
            _ => None,
        }
    }

    /// The word used in files and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Evening => "evening",
        }
    }

    /// Reads the word used in files.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Morning, Self::Evening].into_iter().find(|shift| shift.as_str() == text)
    }
}

/// What became of a planned delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Handed over: it is billed.
    Delivered,
    /// Planned but not made, by the dairy's fault or circumstance: it is not billed.
    Missed,
    /// Not wanted that day: it is not billed.
    Skipped,
}

impl Status {
    /// All, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Missed, Self::Skipped];

    /// The number under which it is kept.
    pub const fn number(self) -> i64 {
        match self {
            Self::Delivered => 1,
            Self::Missed => 2,
            Self::Skipped => 3,
        }
    }

    /// The status kept under `number`.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Delivered),
            2 => Some(Self::Missed),
            3 => Some(Self::Skipped),
            _ => None,
        }
    }

    /// The word used in files and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the word used in files.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What makes a delivery the same delivery: its reference if it has one, else the other four.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// Who received it.
    pub customer: CustomerId,
    /// The business day.
    pub day: Day,
    /// The round.
    pub shift: Shift,
    /// What was delivered.
    pub product: ProductId,
    /// The sender's own reference; empty when it gave none.
    pub reference: String,
}

/// A delivery as reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// Its identity.
    pub key: DeliveryKey,
    /// How much was handed over; zero or more.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
}

/// Whether a kept delivery is on a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billed {
    /// On no bill.
    No,
    /// On a draft, which a rerun recomputes.
    Draft,
    /// On an issued bill, which never changes.
    Issued,
}

/// What to do with a second report of a kept delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It says the same: nothing to do.
    Unchanged,
    /// It corrects an unbilled delivery: keep the new facts.
    Correct,
    /// It corrects a delivery on a draft: keep the new facts and have the draft recomputed.
    CorrectAndReopenDraft,
}

/// Why a second report cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RepeatError {
    /// The delivery stands on an issued bill.
    #[error(
        "this delivery is already on an issued bill with other facts; an issued bill never \
         changes, so it needs a credit note or a further delivery with its own reference"
    )]
    Issued,
    /// The same reference names a delivery of another customer, product, day or shift.
    #[error(
        "this reference already names another delivery (other customer, product, day or shift); \
         expected a reference that is used once"
    )]
    ReferenceTaken,
}

/// Judges a second report of a delivery that is already kept.
pub fn judge_repeat(
    kept: &Delivery,
    reported: &Delivery,
    billed: Billed,
) -> Result<Repeat, RepeatError> {
    if kept.key != reported.key {
        return Err(RepeatError::ReferenceTaken);
    }
    if (kept.quantity, kept.status) == (reported.quantity, reported.status) {
        return Ok(Repeat::Unchanged);
    }
    match billed {
        Billed::No => Ok(Repeat::Correct),
        Billed::Draft => Ok(Repeat::CorrectAndReopenDraft),
        Billed::Issued => Err(RepeatError::Issued),
    }
}

#[cfg(test)]
mod tests {
    use super::{Billed, Delivery, DeliveryKey, Repeat, RepeatError, Shift, Status, judge_repeat};
    use crate::calendar::Day;
    use crate::ids::{CustomerId, ProductId};
    use crate::money::Quantity;

    fn delivery(milli: i64, status: Status, reference: &str, customer: i64) -> Delivery {
        let key = DeliveryKey {
            customer: CustomerId(customer),
            day: Day::parse("2026-10-05").unwrap(),
            shift: Shift::Morning,
            product: ProductId(1),
            reference: reference.to_owned(),
        };
        Delivery { key, quantity: Quantity::from_milli(milli), status }
    }

    #[test]
    fn a_repeat_changes_nothing_and_a_correction_depends_on_the_bill() {
        let kept = delivery(1000, Status::Delivered, "", 1);
        let other = delivery(1500, Status::Delivered, "", 1);
        let missed = delivery(1000, Status::Missed, "", 1);
        for billed in [Billed::No, Billed::Draft, Billed::Issued] {
            assert_eq!(judge_repeat(&kept, &kept, billed), Ok(Repeat::Unchanged));
        }
        assert_eq!(judge_repeat(&kept, &other, Billed::No), Ok(Repeat::Correct));
        let reopened = judge_repeat(&kept, &missed, Billed::Draft);
        assert_eq!(reopened, Ok(Repeat::CorrectAndReopenDraft));
        assert_eq!(judge_repeat(&kept, &other, Billed::Issued), Err(RepeatError::Issued));
    }

    #[test]
    fn a_reference_names_one_delivery() {
        let kept = delivery(1000, Status::Delivered, "R1", 1);
        let stolen = delivery(1000, Status::Delivered, "R1", 2);
        let error = judge_repeat(&kept, &stolen, Billed::No);
        assert_eq!(error, Err(RepeatError::ReferenceTaken));
    }

    #[test]
    fn words_and_numbers_are_kept_and_found() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(Status::from_number(status.number()), Some(status));
        }
        for shift in [Shift::Morning, Shift::Evening] {
            assert_eq!(Shift::parse(shift.as_str()), Some(shift));
            assert_eq!(Shift::from_number(shift.number()), Some(shift));
        }
        assert_eq!(Status::parse("Delivered"), None);
        assert_eq!(Status::from_number(0), None);
        assert_eq!(Shift::parse("noon"), None);
        assert_eq!(Shift::from_number(3), None);
    }
}
