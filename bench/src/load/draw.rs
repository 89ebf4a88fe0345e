//! A seeded sequence of numbers, the same for the same seed on every machine.
//!
//! It deliberately is nothing for secrets: `SplitMix64` (Steele, Lea, Flood 2014), chosen because
//! a draw costs a few instructions.

/// What is added to the state for each number: 2^64 over the golden ratio, odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The sequence.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The sequence of a seed. `lane` parts those who draw from one seed at the same time.
    pub fn new(seed: u64, lane: u64) -> Self {
        // Another draw in between, so that neighbours do not follow the same sequence shifted.
        let start = Self(lane).number();
        Self(seed ^ start)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit; 0 when the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let wide = u128::from(self.number()) * limit as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// One of some; nothing of none.
    pub fn one_of<'a, T>(&mut self, some: &'a [T]) -> Option<&'a T> {
        some.get(self.below(some.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The first numbers of the published generator for the seed 1234567.
        let mut draw = Draw(1_234_567);
        assert_eq!(draw.number(), 6_457_827_717_110_365_317);
        assert_eq!(draw.number(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_below_the_limit_and_reach_everything() {
        let mut draw = Draw::new(1, 0);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[draw.below(7)] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.one_of::<u8>(&[]), None);
    }

    #[test]
    fn seeds_and_lanes_differ() {
        let first = |seed, lane| Draw::new(seed, lane).number();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }
}
