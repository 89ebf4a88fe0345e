//! Ways to reach a customer: phone, e-mail and language.
//!
//! It deliberately keeps what was said and sends nothing.

use thiserror::Error;

/// Why a text is not a phone number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is not a phone number; expected ten digits starting with 6 to 9, with or without +91, \
     or a landline with its area code"
)]
pub struct PhoneError(pub String);

/// A phone number: an Indian mobile as `+91XXXXXXXXXX`, or another number's digits as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads a number; spaces, hyphens, dots and brackets between digits are ignored.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let error = || PhoneError(text.chars().take(40).collect());
        let (plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits: String = rest.chars().filter(|c| !" -.()".contains(*c)).collect();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error());
        }
        if let Some(mobile) = indian_mobile(&digits, plus) {
            return Ok(Self(format!("+91{mobile}")));
        }
        // Landlines and foreign numbers (ITU-T E.164: at most 15 digits) cannot receive SMS here.
        let landline = (8..=15).contains(&digits.len()) && (plus || digits.starts_with('0'));
        if !landline {
            return Err(error());
        }
        Ok(Self(if plus { format!("+{digits}") } else { digits }))
    }

    /// The number: E.164 for mobiles.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number is an Indian mobile, which can receive SMS and WhatsApp. A landline of an
    /// area code that starts with 6 to 9, written with its leading 0, reads like a mobile; nothing
    /// in the number tells them apart.
    pub fn is_mobile(&self) -> bool {
        self.0
            .strip_prefix("+91")
            .is_some_and(|rest| rest.len() == 10 && rest.starts_with(['6', '7', '8', '9']))
    }
}

/// The ten digits of an Indian mobile. `91` is a country code only before ten more digits:
/// `9112345678` is a whole number.
fn indian_mobile(digits: &str, plus: bool) -> Option<&str> {
    let mobile = match digits.len() {
        10 if !plus => digits,
        11 if !plus => digits.strip_prefix('0')?,
        12 => digits.strip_prefix("91")?,
        _ => return None,
    };
    mobile.starts_with(['6', '7', '8', '9']).then_some(mobile)
}

/// Why a text is not an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not an e-mail address; expected one such as name@example.com")]
pub struct EmailError(pub String);

/// An e-mail address of plausible form; only a message that arrives proves one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address: something, one `@`, a domain with a dot, no spaces, at most 254 bytes
    /// (RFC 5321).
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let plausible = text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c))
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain.contains('.')
                    && domain.split('.').all(|label| !label.is_empty())
            });
        if plausible {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError(text.chars().take(40).collect()))
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The languages papers and messages can be written in, with their codes.
const LANGUAGES: [(&str, &str); 12] = [
    ("en", "English"),
    ("hi", "Hindi"),
    ("gu", "Gujarati"),
    ("mr", "Marathi"),
    ("ta", "Tamil"),
    ("te", "Telugu"),
    ("kn", "Kannada"),
    ("ml", "Malayalam"),
    ("bn", "Bengali"),
    ("pa", "Punjabi"),
    ("ur", "Urdu"),
    ("or", "Odia"),
];

/// Why a text is not a language.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is not a language; expected one of en, hi, gu, mr, ta, te, kn, ml, bn, pa, ur, or"
)]
pub struct LanguageError(pub String);

/// A language by its two-letter code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Language(&'static str);

impl Language {
    /// Reads a code (`gu`, also `gu-IN`) or an English name, in any case.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let short = text.split(['-', '_']).next().unwrap_or(text);
        LANGUAGES
            .iter()
            .find(|(code, name)| {
                code.eq_ignore_ascii_case(short) || name.eq_ignore_ascii_case(text)
            })
            .map(|(code, _)| Self(code))
            .ok_or_else(|| LanguageError(text.chars().take(40).collect()))
    }

    /// The two-letter code.
    pub const fn code(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, Language, Phone};

    #[test]
    fn mobiles_are_kept_in_one_form() {
        for text in ["9812300001", "+919812300001", "919812300001", "09812300001", "98123 00001"] {
            let phone = Phone::parse(text).unwrap();
            assert_eq!(phone.as_str(), "+919812300001", "{text}");
            assert!(phone.is_mobile());
        }
        assert_eq!(Phone::parse("9112345678").unwrap().as_str(), "+919112345678");
    }

    #[test]
    fn landlines_are_allowed_and_nonsense_is_not() {
        let landline = Phone::parse("022-2630 1234").unwrap();
        assert_eq!(landline.as_str(), "02226301234");
        assert!(!landline.is_mobile());
        assert_eq!(Phone::parse("+44 20 7946 0000").unwrap().as_str(), "+442079460000");
        for wrong in
            ["12345", "5812300001", "98123x0001", "", "+", "९८१२३००००१", "1234567890123456"]
        {
            assert!(Phone::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_and_languages() {
        assert_eq!(Email::parse("a.b@example.co.in").unwrap().as_str(), "a.b@example.co.in");
        for wrong in ["a", "a@", "@b.c", "a@b", "a@b@c.d", "a b@c.d", "a@b..c", "a@.c"] {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Language::parse("gu-IN").unwrap().code(), "gu");
        assert_eq!(Language::parse("HINDI").unwrap().code(), "hi");
        assert!(Language::parse("xx").is_err());
    }
}
