//! What the settings hand over: keys for access tokens and for the secrets of second factors, and
//! the rules of the business.
//!
//! It deliberately has neither `Debug` nor `Display`: a key is never shown.

use super::Policy;
use super::tokens::Seen;
use crate::AppError;

/// Bytes of a key for HS256 at least (RFC 7518, section 3.2).
const LEAST_TOKEN_KEY_BYTES: usize = 32;
/// Bytes of a key of `XChaCha20-Poly1305`.
const TOTP_KEY_BYTES: usize = 32;
/// Characters of a key's id at most.
const MOST_ID_CHARS: usize = 32;

/// Keys by id; one is current and makes what is new, the others still read what they have made.
#[derive(Clone)]
pub struct KeyRing {
    current: (String, Vec<u8>),
    others: Vec<(String, Vec<u8>)>,
}

impl KeyRing {
    /// Keys, the first of which is current. Ids are 1 to 32 of letters, digits, `-` and `_`.
    pub fn new(keys: Vec<(String, Vec<u8>)>) -> Result<Self, AppError> {
        for (place, (id, _)) in keys.iter().enumerate() {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || id.len() > MOST_ID_CHARS || !id.chars().all(good) {
                let what = format!("a key's id has 1 to {MOST_ID_CHARS} of A-Z, a-z, 0-9, - and _");
                return Err(AppError::BadArgument(what));
            }
            if keys.iter().take(place).any(|(other, _)| other == id) {
                return Err(AppError::BadArgument(format!("there are two keys with the id {id}")));
            }
        }
        let mut keys = keys.into_iter();
        let none = || AppError::BadArgument("there is no key".to_owned());
        Ok(Self { current: keys.next().ok_or_else(none)?, others: keys.collect() })
    }

    /// The id and bytes of the current key.
    pub(super) fn current(&self) -> (&str, &[u8]) {
        (&self.current.0, &self.current.1)
    }

    /// The bytes of the key of an id.
    pub(super) fn of(&self, id: &str) -> Option<&[u8]> {
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        keys.find(|(known, _)| known == id).map(|(_, bytes)| bytes.as_slice())
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        std::iter::once(&self.current).chain(&self.others).map(|(_, bytes)| bytes.len())
    }
}

/// What the program needs to sign people in.
pub struct Secrets {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) token_keys: KeyRing,
    pub(super) totp_keys: KeyRing,
    /// Tokens found good with these keys.
    pub(super) seen: Seen,
    pub(super) policy: Policy,
}

impl Secrets {
    /// Secrets of a program that names itself `issuer` in its tokens and takes only those for
    /// `audience`. Keys for tokens have 32 random bytes or more, those for second factors 32.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        token_keys: KeyRing,
        totp_keys: KeyRing,
    ) -> Result<Self, AppError> {
        if token_keys.lengths().any(|length| length < LEAST_TOKEN_KEY_BYTES) {
            let what = format!("a key for tokens has {LEAST_TOKEN_KEY_BYTES} bytes or more");
            return Err(AppError::BadArgument(what));
        }
        if totp_keys.lengths().any(|length| length != TOTP_KEY_BYTES) {
            let what = format!("a key for second factors has {TOTP_KEY_BYTES} bytes");
            return Err(AppError::BadArgument(what));
        }
        let (issuer, audience, seen) = (issuer.into(), audience.into(), Seen::default());
        let policy = Policy::default();
        Ok(Self { issuer, audience, token_keys, totp_keys, seen, policy })
    }

    /// The same under the rules of a business.
    #[must_use]
    pub fn under(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyRing, Secrets};

    fn ring(keys: &[(&str, usize)]) -> Result<KeyRing, crate::AppError> {
        KeyRing::new(keys.iter().map(|(id, len)| ((*id).to_owned(), vec![7; *len])).collect())
    }

    #[test]
    fn keys_are_long_enough_and_known_by_one_id() {
        let good = ring(&[("2026-a", 32), ("2025", 64)]).unwrap();
        assert_eq!(good.current().0, "2026-a");
        assert_eq!(good.of("2025").unwrap().len(), 64);
        assert!(good.of("2024").is_none() && good.of("").is_none());
        for bad in [&[][..], &[("", 32)], &[("a b", 32)], &[("a", 32), ("a", 32)]] {
            assert!(ring(bad).is_err());
        }
        let of = |token, totp| {
            Secrets::new("d", "d", ring(&[("a", token)]).unwrap(), ring(&[("a", totp)]).unwrap())
        };
        assert!(of(32, 32).is_ok());
        assert!(of(31, 32).is_err() && of(32, 31).is_err() && of(32, 33).is_err());
    }
}
