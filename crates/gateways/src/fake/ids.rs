//! Ids that look like a provider's and are the same in every run with the same seed.
//!
//! They are deliberately no secrets: whoever knows the seed knows them all.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters after the prefix, as Razorpay has them.
const LENGTH: usize = 14;

#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    made: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, made: 0 }
    }

    /// The next id with a prefix such as `pay_`. The first half counts, so no two are the same.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.made += 1;
        let mut id = prefix.to_owned();
        let mut counted = self.made;
        let mut mixed = mix(self.seed ^ mix(self.made));
        for place in 0..LENGTH {
            let source = if place < LENGTH / 2 { &mut counted } else { &mut mixed };
            let digit = usize::try_from(*source % 62).unwrap_or(0);
            *source /= 62;
            id.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
        }
        id
    }

    /// The next reference of a bank: twelve digits.
    pub(crate) fn next_rrn(&mut self) -> String {
        self.made += 1;
        format!("6{:011}", mix(self.seed ^ self.made) % 100_000_000_000)
    }
}

/// The mixing function of `SplitMix64` (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_follow_from_the_seed_and_never_repeat() {
        let take = |seed| {
            let mut ids = Ids::new(seed);
            (0..10_000).map(|_| ids.next("pay_")).collect::<Vec<_>>()
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
        assert_eq!(take(1).iter().collect::<HashSet<_>>().len(), 10_000);
        assert!(take(1).iter().all(|id| id.len() == 18));
    }
}
