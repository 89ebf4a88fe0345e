//! One-time orders: asked for once, delivered on a day, billed with that day's month.
//!
//! It deliberately does not take payments for them; that is the bill's.

use crate::calendar::Day;
use crate::deliveries::{Billed, Repeat, RepeatError};
use crate::ids::{CustomerId, ProductId};
use crate::money::{Quantity, UnitPrice};

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Not delivered yet: it is not billed.
    Pending,
    /// Delivered: it is billed.
    Delivered,
    /// Called off: it is not billed.
    Cancelled,
}

impl Status {
    /// All, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Cancelled];

    /// The word under which it is kept and used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word used in files.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A one-time order as reported. Its reference is its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The sender's reference, used once.
    pub reference: String,
    /// The day it was asked for.
    pub ordered_on: Day,
    /// The day it was or will be delivered.
    pub delivery_day: Day,
    /// Who ordered.
    pub customer: CustomerId,
    /// What was ordered.
    pub product: ProductId,
    /// How much; zero or more.
    pub quantity: Quantity,
    /// What became of it.
    pub status: Status,
    /// The price agreed for this order; the price in force on the delivery day when absent.
    pub agreed_price: Option<UnitPrice>,
}

/// Judges a second report of an order that is already kept.
pub fn judge_repeat(kept: &Order, reported: &Order, billed: Billed) -> Result<Repeat, RepeatError> {
    if (kept.customer, kept.product) != (reported.customer, reported.product) {
        return Err(RepeatError::ReferenceTaken);
    }
    if kept == reported {
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
    use super::{Order, Status, judge_repeat};
    use crate::calendar::Day;
    use crate::deliveries::{Billed, Repeat, RepeatError};
    use crate::ids::{CustomerId, ProductId};
    use crate::money::Quantity;

    #[test]
    fn an_order_moves_on_until_its_bill_is_issued() {
        let kept = Order {
            reference: "O-1".to_owned(),
            ordered_on: Day::parse("2026-10-01").unwrap(),
            delivery_day: Day::parse("2026-10-02").unwrap(),
            customer: CustomerId(1),
            product: ProductId(1),
            quantity: Quantity::from_milli(1000),
            status: Status::Pending,
            agreed_price: None,
        };
        let delivered = Order { status: Status::Delivered, ..kept.clone() };
        let stolen = Order { customer: CustomerId(2), ..kept.clone() };
        assert_eq!(judge_repeat(&kept, &kept, Billed::Issued), Ok(Repeat::Unchanged));
        assert_eq!(judge_repeat(&kept, &delivered, Billed::No), Ok(Repeat::Correct));
        let reopened = judge_repeat(&kept, &delivered, Billed::Draft);
        assert_eq!(reopened, Ok(Repeat::CorrectAndReopenDraft));
        assert_eq!(judge_repeat(&kept, &delivered, Billed::Issued), Err(RepeatError::Issued));
        assert_eq!(judge_repeat(&kept, &stolen, Billed::No), Err(RepeatError::ReferenceTaken));
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("lost"), None);
    }
}
