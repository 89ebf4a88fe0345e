//! Reading and writing decimal numbers as scaled integers, exactly.
//!
//! It deliberately accepts one spelling only: an optional `-`, digits, and optionally a dot with
//! at least one digit. No signs `+`, no exponents, no grouping, no other scripts' digits.

use thiserror::Error;

/// Why a text is not an exact decimal number of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// The text has no characters.
    #[error("it is empty; expected a number such as {example}")]
    Empty {
        /// A number that would be accepted.
        example: &'static str,
    },
    /// The text is not written as a plain decimal number.
    #[error(
        "\"{text}\" is not a plain decimal number; expected digits, with at most one dot, such as \
         {example}"
    )]
    NotPlain {
        /// The text, shortened when long.
        text: String,
        /// A number that would be accepted.
        example: &'static str,
    },
    /// The number has more decimals than can be kept exactly.
    #[error("\"{text}\" has {found} decimals; expected at most {allowed}")]
    TooManyDecimals {
        /// The text as given.
        text: String,
        /// Decimals found.
        found: usize,
        /// Decimals that are kept.
        allowed: usize,
    },
    /// The number does not fit.
    #[error("\"{text}\" is too large; expected at most {limit} digits before the dot")]
    TooLarge {
        /// The text, shortened when long.
        text: String,
        /// Digits that fit before the dot.
        limit: usize,
    },
}

/// Longest piece of a wrong text that is repeated in a message.
const SHOWN_CHARS: usize = 40;

fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    short.push_str("...");
    short
}

/// The example shown in messages for a kind of number with `decimals` decimals.
const fn example(decimals: usize) -> &'static str {
    match decimals {
        2 => "1250.50",
        3 => "1.500",
        _ => "5",
    }
}

/// Parses `text` into an integer scaled by ten to the power of `decimals` (at most 18).
///
/// `"12.5"` with 3 decimals is `12500`. Numbers with more decimals are refused even when the
/// surplus digits are zero: the sender then means another unit.
pub fn parse_fixed(text: &str, decimals: usize) -> Result<i64, DecimalError> {
    let example = example(decimals);
    if text.is_empty() {
        return Err(DecimalError::Empty { example });
    }
    let not_plain = || DecimalError::NotPlain { text: shown(text), example };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(not_plain()),
        Some(pair) => pair,
        None => (digits, ""),
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return Err(not_plain());
    }
    if fraction.len() > decimals {
        let (found, allowed) = (fraction.len(), decimals);
        return Err(DecimalError::TooManyDecimals { text: shown(text), found, allowed });
    }
    let too_large = || DecimalError::TooLarge { text: shown(text), limit: 18 - decimals.min(18) };
    let mut value: i64 = 0;
    let padding = std::iter::repeat_n(b'0', decimals - fraction.len());
    for byte in whole.bytes().chain(fraction.bytes()).chain(padding) {
        let digit = i64::from(byte - b'0');
        value =
            value.checked_mul(10).and_then(|tens| tens.checked_add(digit)).ok_or_else(too_large)?;
    }
    Ok(if negative { -value } else { value })
}

/// Writes a scaled integer with exactly `decimals` decimals: `12500` with 3 is `12.500`.
pub fn format_fixed(value: i64, decimals: usize) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let sign = if value < 0 { "-" } else { "" };
    if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::{DecimalError, format_fixed, parse_fixed};
    use proptest::prelude::*;

    #[test]
    fn reads_plain_numbers() {
        for (text, decimals, expected) in [
            ("0", 2, 0),
            ("12.5", 3, 12_500),
            ("-0.01", 2, -1),
            ("007", 0, 7),
            ("92233720368547758.07", 2, i64::MAX),
        ] {
            assert_eq!(parse_fixed(text, decimals), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else_and_says_why() {
        for text in [
            "1e3", "NaN", "inf", "+5", "1,250", ".5", "5.", ".", "-", "--1", "1.2.3", " 1", "1 ",
            "0x10", "१२", "1_000", "₹5", "5-",
        ] {
            let error = parse_fixed(text, 2).unwrap_err();
            assert!(matches!(error, DecimalError::NotPlain { .. }), "{text}: {error}");
        }
        let error = parse_fixed("1.2345", 3).unwrap_err();
        assert_eq!(error.to_string(), "\"1.2345\" has 4 decimals; expected at most 3");
        assert!(parse_fixed("1.5000", 3).is_err());
        assert_eq!(
            parse_fixed("", 3).unwrap_err().to_string(),
            "it is empty; expected a number such as 1.500"
        );
        let error = parse_fixed("99999999999999999999", 2).unwrap_err();
        assert!(matches!(error, DecimalError::TooLarge { limit: 16, .. }), "{error}");
        let long = "x".repeat(1000);
        assert!(parse_fixed(&long, 2).unwrap_err().to_string().len() < 200);
    }

    proptest! {
        #[test]
        fn written_numbers_read_back(value in any::<i64>(), decimals in 0usize..=4) {
            prop_assume!(value != i64::MIN);
            prop_assert_eq!(parse_fixed(&format_fixed(value, decimals), decimals), Ok(value));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = parse_fixed(&text, 3);
        }
    }
}
