//! All chance of the generator: a small permuted congruential generator that starts from the seed.
//!
//! It deliberately deals in integers only, and is for made-up data, never for secrets.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A source of chance that gives the same answers for the same seed and stream.
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// Dice for one of several independent streams of a seed.
    pub fn new(seed: u64, stream: u8) -> Self {
        // Each stream begins at its own pair of numbers of a generator that only deals out seeds.
        let mut root = Pcg64Mcg::seed_from_u64(seed);
        for _ in 0..stream {
            root.next_u64();
            root.next_u64();
        }
        Self(Pcg64Mcg::from_rng(&mut root))
    }

    /// A number from 0 to below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something happens that happens `share` times in ten thousand.
    pub fn chance(&mut self, share: u32) -> bool {
        self.below(10_000) < share
    }

    /// Any element, each equally often.
    pub fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        const { assert!(N > 0, "there is nothing to pick from") };
        let bound = u32::try_from(N).unwrap_or(u32::MAX);
        let place = usize::try_from(self.below(bound)).unwrap_or(0);
        from[place]
    }

    /// Any element, each as often as its weight says; the last one when all weights are zero.
    pub fn weighted<T: Copy, const N: usize>(&mut self, from: &[(u32, T); N]) -> T {
        const { assert!(N > 0, "there is nothing to pick from") };
        let whole = from.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(whole);
        for (weight, element) in from {
            if left < *weight {
                return *element;
            }
            left -= weight;
        }
        from[N - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn seeds_and_streams_differ_and_repeat() {
        let first = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            [dice.below(u32::MAX), dice.below(u32::MAX)]
        };
        assert_eq!(first(1, 1), first(1, 1));
        assert_ne!(first(1, 1), first(1, 2));
        assert_ne!(first(1, 1), first(2, 1));
        assert_ne!(first(0, 0), first(u64::MAX, 0));
    }

    #[test]
    fn answers_stay_in_bounds() {
        let mut dice = Dice::new(7, 0);
        let mut seen = [0; 3];
        for _ in 0..1000 {
            assert!(dice.below(5) < 5);
            assert!((3..=4).contains(&dice.between(3, 4)));
            seen[dice.weighted(&[(1, 0_usize), (0, 1), (9, 2)])] += 1;
        }
        assert_eq!(dice.below(0), 0);
        assert_eq!(seen[1], 0);
        assert!(seen[0] > 50 && seen[2] > 800, "{seen:?}");
    }
}
