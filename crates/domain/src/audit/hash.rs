//! The hash of a seal.
//!
//! It deliberately reads one spelling only: 64 lower-case hexadecimal digits.

use std::fmt;

/// SHA-256 of a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealHash([u8; 32]);

impl SealHash {
    /// What stands for the seal before the first one.
    pub const NONE: Self = Self([0; 32]);

    pub(super) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash kept as 64 hexadecimal digits.
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

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for SealHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::SealHash;

    #[test]
    fn one_spelling() {
        let text = "00ff1e".repeat(10) + "abcd";
        assert_eq!(SealHash::parse(&text).unwrap().to_string(), text);
        assert_eq!(SealHash::NONE.to_string(), "0".repeat(64));
        for wrong in
            ["", "00", &text.to_uppercase(), &text.replace('a', "g"), &(text.clone() + "0")]
        {
            assert_eq!(SealHash::parse(wrong), None, "{wrong}");
        }
    }
}
