//! Parting a sum among several so that no paisa is lost or made.
//!
//! It deliberately takes weights as integers; who deserves which weight is the caller's rule.

use super::Money;
use thiserror::Error;

/// Why a sum cannot be parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PartsError {
    /// There is nobody to share among.
    #[error("a sum cannot be parted among nobody")]
    NoParts,
    /// All weights are zero.
    #[error("a sum cannot be parted by weights that are all zero")]
    NoWeight,
}

/// Parts `total` into `count` shares that differ by at most one paisa; the first get the surplus.
pub fn split_evenly(total: Money, count: usize) -> Result<Vec<Money>, PartsError> {
    split_by_weights(total, &vec![1; count])
}

/// Parts `total` in proportion to `weights`; the shares add up to `total` exactly.
///
/// Each share is the exact share cut towards zero; the paise left over go one each to the largest
/// cut-off fractions, earlier ones first (largest remainder method).
pub fn split_by_weights(total: Money, weights: &[u32]) -> Result<Vec<Money>, PartsError> {
    if weights.is_empty() {
        return Err(PartsError::NoParts);
    }
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole == 0 {
        return Err(PartsError::NoWeight);
    }
    let paise = i128::from(total.paise());
    let mut shares = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    let mut given: i128 = 0;
    for (index, weight) in weights.iter().enumerate() {
        let exact = paise * i128::from(*weight);
        let share = exact / whole;
        given += share;
        shares.push(share);
        fractions.push(((exact % whole).abs(), index));
    }
    fractions.sort_by_key(|(fraction, index)| (-fraction, *index));
    let left = (paise - given).unsigned_abs();
    let step = (paise - given).signum();
    // Fewer paise are left than there are shares, since each share lost less than one.
    for ((_, index), _) in fractions.iter().zip(0..left) {
        if let Some(share) = shares.get_mut(*index) {
            *share += step;
        }
    }
    // No share is larger than the total, which fits.
    let fits = |share: i128| i64::try_from(share).map_or(total, Money::from_paise);
    Ok(shares.into_iter().map(fits).collect())
}

#[cfg(test)]
mod tests {
    use super::{PartsError, split_by_weights, split_evenly};
    use crate::money::Money;
    use proptest::prelude::*;

    #[test]
    fn surplus_goes_to_the_first() {
        let shares = split_evenly(Money::from_paise(100), 3).unwrap();
        assert_eq!(shares.iter().map(|share| share.paise()).collect::<Vec<_>>(), [34, 33, 33]);
        let shares = split_by_weights(Money::from_paise(-101), &[0, 1, 1]).unwrap();
        assert_eq!(shares.iter().map(|share| share.paise()).collect::<Vec<_>>(), [0, -51, -50]);
        assert_eq!(split_evenly(Money::ZERO, 0), Err(PartsError::NoParts));
        assert_eq!(split_by_weights(Money::ZERO, &[0]), Err(PartsError::NoWeight));
    }

    proptest! {
        #[test]
        fn no_paisa_is_lost(
            paise in any::<i64>(),
            weights in prop::collection::vec(any::<u32>(), 1..40),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let total = Money::from_paise(paise);
            let shares = split_by_weights(total, &weights).unwrap();
            let sum: i128 = shares.iter().map(|share| i128::from(share.paise())).sum();
            prop_assert_eq!(sum, i128::from(paise));
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(*weight > 0 || share.is_zero());
            }
        }

        #[test]
        fn even_shares_differ_by_at_most_one_paisa(paise in any::<i64>(), count in 1usize..50) {
            let shares = split_evenly(Money::from_paise(paise), count).unwrap();
            let most = shares.iter().map(|share| share.paise()).max().unwrap();
            let least = shares.iter().map(|share| share.paise()).min().unwrap();
            prop_assert!(most - least <= 1);
        }
    }
}
