//! HMAC-SHA256 over bytes as they came: a set of secrets, keyed once, and comparison in constant
//! time.
//!
//! It deliberately knows no header and no message layout; those are the providers'.

use std::fmt;
use std::time::Duration;

use domain::calendar::Moment;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How far a signed moment may lie before or after ours: five minutes, as Stripe and Standard
/// Webhooks have it.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// How many secrets of one endpoint may be valid at once. Each costs one HMAC per wrong signature.
pub const MAX_SECRETS: usize = 8;

/// Bytes of an HMAC-SHA256.
pub(crate) const MAC_BYTES: usize = 32;

const MICROS_PER_SECOND: i128 = 1_000_000;

/// An HMAC-SHA256 as bytes.
pub(crate) type MacBytes = [u8; MAC_BYTES];

/// Why a delivery is not authentic. Nothing of it may have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// There is no signature header, or an empty one.
    #[error("the delivery is not signed")]
    Missing,
    /// The header is not of the provider's form.
    #[error("the signature header is not of the provider's form")]
    Malformed,
    /// No signature in the header is that of the bytes under any secret.
    #[error("no signature matches the body under any secret")]
    Wrong,
    /// It was signed longer ago than is tolerated.
    #[error("the delivery was signed too long ago")]
    TooOld,
    /// It claims to have been signed in the future, by more than is tolerated.
    #[error("the delivery was signed in the future")]
    TooNew,
}

/// Why texts are no set of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretsError {
    /// No secret was given; nothing could ever be authentic.
    #[error("no secret is configured; set the secret of the webhook")]
    None,
    /// A secret is empty, which would let anybody sign.
    #[error("a secret is empty; remove it or set it")]
    Empty,
    /// More than [`MAX_SECRETS`].
    #[error("more than {MAX_SECRETS} secrets; remove those no longer in use")]
    TooMany,
}

/// Which secret of the set signed, by its place. Place 0 is the current one by custom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretIndex(pub usize);

/// A set of secrets, each already mixed into its HMAC, so that a check costs the body alone.
#[derive(Clone)]
pub struct Secrets(Vec<Hmac<Sha256>>);

impl Secrets {
    /// A set from texts, whose UTF-8 bytes are the keys. Stripe's `whsec_…` is taken whole.
    pub fn new<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Result<Self, SecretsError> {
        let mut keyed = Vec::new();
        for text in texts {
            if text.as_ref().is_empty() {
                return Err(SecretsError::Empty);
            }
            if keyed.len() == MAX_SECRETS {
                return Err(SecretsError::TooMany);
            }
            // HMAC takes keys of any length, so this error cannot come.
            let mac = Hmac::new_from_slice(text.as_ref()).map_err(|_| SecretsError::Empty)?;
            keyed.push(mac);
        }
        if keyed.is_empty() { Err(SecretsError::None) } else { Ok(Self(keyed)) }
    }

    /// The first secret under which one of the signatures is that of the parts in a row.
    pub(crate) fn matching(&self, parts: &[&[u8]], given: &[MacBytes]) -> Option<SecretIndex> {
        let found = |keyed: &Hmac<Sha256>| {
            let mac = finish(keyed, parts);
            given.iter().any(|one| bool::from(mac.ct_eq(one)))
        };
        self.0.iter().position(found).map(SecretIndex)
    }

    /// The signature of the parts in a row under the secret in a place; the last one's beyond.
    pub(crate) fn sign(&self, place: usize, parts: &[&[u8]]) -> String {
        let keyed = self.0.get(place).or(self.0.last());
        keyed.map(|keyed| hex(&finish(keyed, parts))).unwrap_or_default()
    }

    /// How many secrets there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Shows only how many there are.
impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.0.len())
    }
}

fn finish(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> MacBytes {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Reads 64 lower-case hexadecimal digits. Upper case is refused, as the providers' own libraries
/// refuse it by comparing texts.
pub(crate) fn unhex(text: &[u8]) -> Option<MacBytes> {
    if text.len() != 2 * MAC_BYTES {
        return None;
    }
    let mut bytes = [0; MAC_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')).collect()
}

/// Whether a signed second lies within the tolerance of now, before or after. Both ends are in.
pub(crate) fn near(
    signed_secs: i64,
    now: Moment,
    tolerance: Duration,
) -> Result<(), SignatureError> {
    let age = i128::from(now.unix_micros()) - i128::from(signed_secs) * MICROS_PER_SECOND;
    let most = i128::try_from(tolerance.as_micros()).unwrap_or(i128::MAX);
    if age > most {
        Err(SignatureError::TooOld)
    } else if age < -most {
        Err(SignatureError::TooNew)
    } else {
        Ok(())
    }
}

/// Reads a Unix time of plain digits. Twelve digits last until the year 33658.
pub(crate) fn unix_secs(text: &[u8]) -> Option<i64> {
    const MOST_DIGITS: usize = 12;
    if text.is_empty() || text.len() > MOST_DIGITS {
        return None;
    }
    text.iter().try_fold(0_i64, |sum, character| {
        character.is_ascii_digit().then(|| sum * 10 + i64::from(character - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(micros: i64) -> Moment {
        Moment::from_unix_micros(micros)
    }

    /// Vectors of the reference, secret `test_secret`.
    #[test]
    fn raw_vectors() {
        let secrets = Secrets::new(["test_secret"]).unwrap();
        for (text, expected) in [
            ("", "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd"),
            (
                r#"{"obj1":"hello","obj2":"world"}"#,
                "bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363",
            ),
            ("\u{1F600}", "837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43"),
        ] {
            assert_eq!(secrets.sign(0, &[text.as_bytes()]), expected);
            let given = unhex(expected.as_bytes()).unwrap();
            assert_eq!(secrets.matching(&[text.as_bytes()], &[given]), Some(SecretIndex(0)));
        }
    }

    #[test]
    fn secrets_are_never_empty_and_never_shown() {
        assert_eq!(Secrets::new([""; 1]).unwrap_err(), SecretsError::Empty);
        assert_eq!(Secrets::new(["a", ""]).unwrap_err(), SecretsError::Empty);
        assert_eq!(Secrets::new([""; 0]).unwrap_err(), SecretsError::None);
        assert_eq!(Secrets::new(["a"; 9]).unwrap_err(), SecretsError::TooMany);
        assert_eq!(format!("{:?}", Secrets::new(["hush", "hushed"]).unwrap()), "Secrets(2)");
    }

    #[test]
    fn only_lower_case_hexadecimal_is_read() {
        let text = "0123456789abcdef".repeat(4);
        let bytes = unhex(text.as_bytes()).unwrap();
        assert_eq!(hex(&bytes), text);
        assert_eq!(unhex(text.to_uppercase().as_bytes()), None);
        assert_eq!(unhex(&text.as_bytes()[1..]), None);
        assert_eq!(unhex(text.replace('0', "g").as_bytes()), None);
        assert_eq!(unhex(b""), None);
    }

    #[test]
    fn both_ends_of_the_tolerance_are_in() {
        let at = 1_700_000_000_i64;
        let near = |micros: i64| near(at, moment(at * 1_000_000 + micros), TOLERANCE);
        assert_eq!(near(300_000_000), Ok(()));
        assert_eq!(near(300_001_000), Err(SignatureError::TooOld));
        assert_eq!(near(-300_000_000), Ok(()));
        assert_eq!(near(-300_000_001), Err(SignatureError::TooNew));
        assert_eq!(super::near(i64::MIN, moment(0), TOLERANCE), Err(SignatureError::TooOld));
        assert_eq!(super::near(i64::MAX, moment(0), TOLERANCE), Err(SignatureError::TooNew));
    }

    #[test]
    fn unix_times_are_digits() {
        assert_eq!(unix_secs(b"1700000000"), Some(1_700_000_000));
        for wrong in ["", "-1", "+1", "1.5", " 1", "1e9", "9999999999999"] {
            assert_eq!(unix_secs(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
