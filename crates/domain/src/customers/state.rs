//! The States and Union Territories with their GST codes, which decide the place of supply.
//!
//! It deliberately does not guess a State from a postal code.

use std::fmt;
use thiserror::Error;

/// Codes and names. 25 and 28 are no longer in use.
const STATES: [(&str, &str); 38] = [
    ("01", "Jammu and Kashmir"),
    ("02", "Himachal Pradesh"),
    ("03", "Punjab"),
    ("04", "Chandigarh"),
    ("05", "Uttarakhand"),
    ("06", "Haryana"),
    ("07", "Delhi"),
    ("08", "Rajasthan"),
    ("09", "Uttar Pradesh"),
    ("10", "Bihar"),
    ("11", "Sikkim"),
    ("12", "Arunachal Pradesh"),
    ("13", "Nagaland"),
    ("14", "Manipur"),
    ("15", "Mizoram"),
    ("16", "Tripura"),
    ("17", "Meghalaya"),
    ("18", "Assam"),
    ("19", "West Bengal"),
    ("20", "Jharkhand"),
    ("21", "Odisha"),
    ("22", "Chhattisgarh"),
    ("23", "Madhya Pradesh"),
    ("24", "Gujarat"),
    ("26", "Dadra and Nagar Haveli and Daman and Diu"),
    ("27", "Maharashtra"),
    ("29", "Karnataka"),
    ("30", "Goa"),
    ("31", "Lakshadweep"),
    ("32", "Kerala"),
    ("33", "Tamil Nadu"),
    ("34", "Puducherry"),
    ("35", "Andaman and Nicobar Islands"),
    ("36", "Telangana"),
    ("37", "Andhra Pradesh"),
    ("38", "Ladakh"),
    ("96", "Other Countries"),
    ("97", "Other Territory"),
];

/// Why a text is not a State.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a State; expected its two-digit GST code, such as 24, or its name")]
pub struct StateError(pub String);

/// A State or Union Territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(&'static str);

impl State {
    /// Reads a two-digit code (`24`; `7` is read as `07`) or an English name in any case.
    pub fn parse(text: &str) -> Result<Self, StateError> {
        let padded = if text.len() == 1 { format!("0{text}") } else { text.to_owned() };
        STATES
            .iter()
            .find(|(code, name)| *code == padded || name.eq_ignore_ascii_case(text))
            .map(|(code, _)| Self(code))
            .ok_or_else(|| StateError(text.chars().take(40).collect()))
    }

    /// The two-digit GST code.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The English name.
    pub fn name(self) -> &'static str {
        STATES.iter().find(|(code, _)| *code == self.0).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn codes_and_names() {
        assert_eq!(State::parse("24").unwrap().name(), "Gujarat");
        assert_eq!(State::parse("tamil nadu").unwrap().code(), "33");
        assert_eq!(State::parse("7").unwrap().to_string(), "07");
        for wrong in ["25", "28", "00", "GJ", "", "२४"] {
            assert!(State::parse(wrong).is_err(), "{wrong}");
        }
    }
}
