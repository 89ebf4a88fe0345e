//! A reduction of an amount: a fixed sum or a percentage.
//!
//! It deliberately does not decide who gets one.

use super::amount::{Money, Overflow};
use super::{TaxRate, half_even};
use thiserror::Error;

/// Why a discount cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DiscountError {
    /// The fixed sum is negative or larger than the amount it reduces.
    #[error("a discount of {discount} on {amount} is not between 0 and the amount itself")]
    OutOfRange {
        /// The discount asked for.
        discount: Money,
        /// The amount it would reduce.
        amount: Money,
    },
    /// The result does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// How an amount is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// A fixed sum.
    Amount(Money),
    /// A percentage from 0 to 100 with two decimals, kept like a tax rate.
    Percent(TaxRate),
}

impl Discount {
    /// The sum taken off `amount` (zero or more), rounded half to even to the paisa.
    pub fn on(self, amount: Money) -> Result<Money, DiscountError> {
        let discount = match self {
            Self::Amount(sum) => sum,
            Self::Percent(percent) => {
                let exact = i128::from(amount.paise()) * i128::from(percent.ten_thousandths());
                let doing = "a discount";
                Money::from_wide(half_even(exact, 10_000).ok_or(Overflow { doing })?, doing)?
            }
        };
        if discount < Money::ZERO || discount > amount {
            return Err(DiscountError::OutOfRange { discount, amount });
        }
        Ok(discount)
    }
}

#[cfg(test)]
mod tests {
    use super::Discount;
    use crate::money::{Money, TaxRate};
    use proptest::prelude::*;

    #[test]
    fn sums_and_percentages() {
        let amount = Money::from_paise(1_050);
        assert_eq!(Discount::Amount(Money::from_paise(50)).on(amount).unwrap().paise(), 50);
        let five = Discount::Percent(TaxRate::parse_percent("5").unwrap());
        // 52.5 paise goes to the even 52.
        assert_eq!(five.on(amount).unwrap().paise(), 52);
        assert!(Discount::Amount(Money::from_paise(1_051)).on(amount).is_err());
        assert!(Discount::Amount(Money::from_paise(-1)).on(amount).is_err());
        assert!(five.on(Money::from_paise(-100)).is_err());
    }

    proptest! {
        #[test]
        fn a_percentage_never_exceeds_the_amount(paise in 0i64.., percent in 0i64..=10_000) {
            let discount = Discount::Percent(TaxRate::from_ten_thousandths(percent));
            let taken = discount.on(Money::from_paise(paise)).unwrap();
            prop_assert!(taken.paise() <= paise && taken.paise() >= 0);
        }
    }
}
