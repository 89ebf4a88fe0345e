//! Whether a customer pays before or after being delivered to.
//!
//! It deliberately changes nothing of how bills are made.

use thiserror::Error;

/// The longest part of a wrong text that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 40;

/// Why a text is no billing mode.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a billing mode; expected postpaid or prepaid")]
pub struct BillingModeError(pub String);

/// When a customer pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BillingMode {
    /// After the month, by bill.
    #[default]
    Postpaid,
    /// Before: deliveries go on while there is a balance.
    Prepaid,
}

impl BillingMode {
    /// The word under which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postpaid => "postpaid",
            Self::Prepaid => "prepaid",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Result<Self, BillingModeError> {
        let known = [Self::Postpaid, Self::Prepaid].into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| BillingModeError(text.chars().take(MAX_SHOWN_CHARS).collect()))
    }

    /// Whether deliveries need a balance.
    pub const fn is_prepaid(self) -> bool {
        matches!(self, Self::Prepaid)
    }
}

#[cfg(test)]
mod tests {
    use super::BillingMode;

    #[test]
    fn modes_are_words() {
        for mode in [BillingMode::Postpaid, BillingMode::Prepaid] {
            assert_eq!(BillingMode::parse(mode.as_str()), Ok(mode));
            assert_eq!(mode.is_prepaid(), mode == BillingMode::Prepaid);
        }
        assert_eq!(BillingMode::default(), BillingMode::Postpaid);
        assert!(BillingMode::parse("").is_err());
        let long = BillingMode::parse(&"x".repeat(500)).unwrap_err();
        assert!(long.to_string().len() < 250, "{long}");
    }
}
