//! Goods and services tax on one amount: rate, inclusive and exclusive prices, intra-State halves
//! and the inter-State whole (CGST Act section 9, IGST Act section 5; the arithmetic is the
//! product's rule, `docs/decisions/0002-money.md`).
//!
//! It deliberately does not decide which rate applies to which goods.

use super::amount::{Money, Overflow};
use super::decimal::{DecimalError, format_fixed, parse_fixed};
use super::half_even;
use std::fmt;
use thiserror::Error;

/// Why a text is not a tax rate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TaxRateError {
    /// Not a decimal number with at most two decimals.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Below 0 or above 100 per cent.
    #[error("\"{0}\" is not a tax rate in per cent; expected 0 to 100")]
    OutOfRange(String),
}

/// A tax rate in ten-thousandths, NUMERIC(5,4): 5 % is `0.0500`, kept as 500.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxRate(i64);

/// Ten-thousandths in one: the scale of `TaxRate`.
const WHOLE: i128 = 10_000;

impl TaxRate {
    /// A rate in ten-thousandths.
    pub const fn from_ten_thousandths(value: i64) -> Self {
        Self(value)
    }

    /// The rate in ten-thousandths.
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// Reads a percentage with at most two decimals: `5`, `2.5`, `0.25`.
    pub fn parse_percent(text: &str) -> Result<Self, TaxRateError> {
        let hundredths = parse_fixed(text, 2)?;
        if (0..=10_000).contains(&hundredths) {
            Ok(Self(hundredths))
        } else {
            Err(TaxRateError::OutOfRange(text.to_owned()))
        }
    }
}

/// The percentage with two decimals, such as `5.00`.
impl fmt::Display for TaxRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format_fixed(self.0, 2))
    }
}

/// One amount parted into its taxable value and its taxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxSplit {
    /// The value the tax is computed on.
    pub taxable: Money,
    /// Central tax; always equal to `sgst`.
    pub cgst: Money,
    /// State tax; always equal to `cgst`.
    pub sgst: Money,
    /// Integrated tax, for supplies to another State.
    pub igst: Money,
}

impl TaxSplit {
    /// Taxable value and all taxes together: what the customer pays for the line.
    pub fn total(&self) -> Result<Money, Overflow> {
        Money::sum([self.taxable, self.cgst, self.sgst, self.igst])
    }
}

/// Parts `amount` into taxable value and taxes.
///
/// Exclusive: the tax comes on top. Inclusive: it is taken out of the amount, and taxable value
/// and taxes add up to the amount exactly. Within the State two equal halves, each rounded half to
/// even; to another State one integrated tax.
pub fn split_tax(
    amount: Money,
    rate: TaxRate,
    inclusive: bool,
    interstate: bool,
) -> Result<TaxSplit, Overflow> {
    let doing = "a tax";
    let base = i128::from(amount.paise());
    let rate = i128::from(rate.0);
    let parts = if interstate { 1 } else { 2 };
    let whole = if inclusive { WHOLE + rate } else { WHOLE };
    let tax = half_even(base * rate, parts * whole).ok_or(Overflow { doing })?;
    let tax = Money::from_wide(tax, doing)?;
    let (half, igst) = if interstate { (Money::ZERO, tax) } else { (tax, Money::ZERO) };
    let taxable = if inclusive { amount.minus(half)?.minus(half)?.minus(igst)? } else { amount };
    Ok(TaxSplit { taxable, cgst: half, sgst: half, igst })
}

#[cfg(test)]
mod tests {
    use super::{TaxRate, split_tax};
    use crate::money::{Money, half_even};
    use proptest::prelude::*;

    fn split(paise: i64, percent: &str, inclusive: bool, interstate: bool) -> [i64; 4] {
        let rate = TaxRate::parse_percent(percent).unwrap();
        let split = split_tax(Money::from_paise(paise), rate, inclusive, interstate).unwrap();
        [split.taxable, split.cgst, split.sgst, split.igst].map(Money::paise)
    }

    #[test]
    fn worked_examples() {
        // Rs 64.00 inclusive at 5 %: 1.52 + 1.52, taxable 60.96.
        assert_eq!(split(6_400, "5", true, false), [6_096, 152, 152, 0]);
        assert_eq!(split(6_400, "5", true, true), [6_095, 0, 0, 305]);
        assert_eq!(split(10_000, "5", false, false), [10_000, 250, 250, 0]);
        assert_eq!(split(10_000, "5", false, true), [10_000, 0, 0, 500]);
        // Exactly half a paisa goes to the even side.
        assert_eq!(split(20, "5", false, false), [20, 0, 0, 0]);
        assert_eq!(split(60, "5", false, false), [60, 2, 2, 0]);
        assert_eq!(split(12_345, "0", true, false), [12_345, 0, 0, 0]);
        assert_eq!(split(10_000, "0.25", false, false), [10_000, 12, 12, 0]);
        assert_eq!(split(-6_400, "5", true, false), [-6_096, -152, -152, 0]);
    }

    #[test]
    fn percentages_are_bounded_and_exact() {
        assert_eq!(TaxRate::parse_percent("2.5").unwrap().ten_thousandths(), 250);
        assert_eq!(TaxRate::parse_percent("2.5").unwrap().to_string(), "2.50");
        for wrong in ["-1", "100.01", "5.125", "5%", ""] {
            assert!(TaxRate::parse_percent(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn halves_are_equal_and_inclusive_sums_are_exact(
            paise in -1_000_000_000_000i64..1_000_000_000_000,
            rate in 0i64..=10_000,
            interstate: bool,
        ) {
            let amount = Money::from_paise(paise);
            let rate = TaxRate::from_ten_thousandths(rate);
            let inclusive = split_tax(amount, rate, true, interstate).unwrap();
            prop_assert_eq!(inclusive.cgst, inclusive.sgst);
            prop_assert_eq!(inclusive.total().unwrap(), amount);
            let exclusive = split_tax(amount, rate, false, interstate).unwrap();
            prop_assert_eq!(exclusive.cgst, exclusive.sgst);
            prop_assert_eq!(exclusive.taxable, amount);
            // cgst = half_even(taxable × rate / 2), igst = half_even(taxable × rate).
            let n = i128::from(paise) * i128::from(rate.ten_thousandths());
            let (half, whole) = (half_even(n, 20_000).unwrap(), half_even(n, 10_000).unwrap());
            let (cgst, igst) = (exclusive.cgst.paise(), exclusive.igst.paise());
            prop_assert_eq!(i128::from(cgst), if interstate { 0 } else { half });
            prop_assert_eq!(i128::from(igst), if interstate { whole } else { 0 });
        }
    }
}
