//! By what an issue is the same as yesterday's.
//!
//! It deliberately leaves out amounts and words, which change while an issue stays.

use crate::ids::{BillId, PaymentId};
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of what an issue is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of an issue of a kind about a bill, a payment and something else.
    pub(super) fn of(
        kind: &str,
        bill: Option<BillId>,
        payment: Option<PaymentId>,
        subject: &str,
    ) -> Self {
        let mut hash = Sha256::new();
        // The kind has no line end and ids are numbers, so no two issues give the same bytes.
        hash.update(kind.as_bytes());
        for id in [bill.map(|bill| bill.0), payment.map(|payment| payment.0)] {
            hash.update(b"\n");
            hash.update(id.map_or_else(String::new, |id| id.to_string()).as_bytes());
        }
        hash.update(b"\n");
        hash.update(subject.as_bytes());
        Self(hash.finalize().into())
    }

    /// The fingerprint kept as 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;
    use crate::ids::{BillId, PaymentId};
    use std::collections::HashSet;

    #[test]
    fn each_issue_has_its_own() {
        let mut seen = HashSet::new();
        for kind in ["duplicate", "ours_only"] {
            for bill in [None, Some(BillId(1)), Some(BillId(11))] {
                for payment in [None, Some(PaymentId(1)), Some(PaymentId(11))] {
                    for subject in ["", "1", "\n", "1\n"] {
                        assert!(seen.insert(Fingerprint::of(kind, bill, payment, subject)));
                    }
                }
            }
        }
    }

    #[test]
    fn it_is_kept_as_text() {
        let made = Fingerprint::of("duplicate", Some(BillId(1)), None, "");
        assert_eq!(Fingerprint::parse(&made.to_string()), Some(made));
        let text = made.to_string();
        let upper = "A".repeat(64);
        for wrong in ["", &text[1..], &upper, &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
        }
    }
}
