//! The secret of a second factor, encrypted for the database with `XChaCha20-Poly1305` and bound
//! to its person: `v1.KEY.BASE64URL(nonce, secret, tag)`.
//!
//! It deliberately keeps the key's id beside, so that keys can be changed one after the other.

use super::secrets::KeyRing;
use crate::{AppError, Random};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::ids::PersonId;

/// Bytes of a nonce: as many as may be random without ever meeting again.
const NONCE_BYTES: usize = 24;
/// The form of what is written.
const FORM: &str = "v1";

fn failed(what: &str) -> AppError {
    AppError::Secrets(format!("the secret of a second factor {what}"))
}

fn bound_to(person: PersonId) -> String {
    format!("dairyos totp {}", person.0)
}

/// Encrypts a secret of a person with the current key.
pub(super) fn seal(
    keys: &KeyRing,
    random: &dyn Random,
    person: PersonId,
    secret: &[u8],
) -> Result<String, AppError> {
    let (id, key) = keys.current();
    let cipher = XChaCha20Poly1305::new_from_slice(key).map_err(|_| failed("has no key"))?;
    let mut bytes = [0; NONCE_BYTES];
    random.fill(&mut bytes)?;
    let bound_to = bound_to(person);
    let payload = Payload { msg: secret, aad: bound_to.as_bytes() };
    let sealed = cipher
        .encrypt(&XNonce::from(bytes), payload)
        .map_err(|_| failed("could not be encrypted"))?;
    let text = URL_SAFE_NO_PAD.encode([&bytes[..], &sealed].concat());
    Ok(format!("{FORM}.{id}.{text}"))
}

/// Decrypts the secret of a person.
pub(super) fn open(keys: &KeyRing, person: PersonId, sealed: &str) -> Result<Vec<u8>, AppError> {
    let damaged = || failed("cannot be read; it is damaged or belongs to another person");
    let mut parts = sealed.split('.');
    let (Some(FORM), Some(id), Some(text), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(damaged());
    };
    let key =
        keys.of(id).ok_or_else(|| failed(&format!("needs the key {id}, which is missing")))?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).map_err(|_| failed("has no key"))?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged())?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
    let bound_to = bound_to(person);
    let payload = Payload { msg: sealed, aad: bound_to.as_bytes() };
    cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::{open, seal};
    use crate::access::KeyRing;
    use crate::{NoRandomness, Random};
    use domain::ids::PersonId;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            bytes.fill(7);
            Ok(())
        }
    }

    #[test]
    fn a_secret_is_read_by_its_key_for_its_person_only() {
        let old = KeyRing::new(vec![("old".to_owned(), vec![1; 32])]).unwrap();
        let both = vec![("new".to_owned(), vec![2; 32]), ("old".to_owned(), vec![1; 32])];
        let both = KeyRing::new(both).unwrap();
        let other = KeyRing::new(vec![("old".to_owned(), vec![3; 32])]).unwrap();
        let (asha, bina) = (PersonId(1), PersonId(2));
        let sealed = seal(&old, &Sevens, asha, b"the secret").unwrap();
        assert!(sealed.starts_with("v1.old."), "{sealed}");
        assert_eq!(open(&old, asha, &sealed).unwrap(), b"the secret");
        assert_eq!(open(&both, asha, &sealed).unwrap(), b"the secret");
        assert!(open(&old, bina, &sealed).is_err());
        assert!(open(&other, asha, &sealed).is_err());
        let newer = seal(&both, &Sevens, asha, b"the secret").unwrap();
        let missing = open(&old, asha, &newer).unwrap_err().to_string();
        assert!(missing.contains("key new"), "{missing}");
        let changed = sealed.replace("v1.old.BwcH", "v1.old.BwcI");
        assert_ne!(changed, sealed);
        for bad in
            ["", "v1", "v1.old", "v1.old.", "v1.old.!!", "v2.old.AA", "v1.old.AA.AA", &changed]
        {
            assert!(open(&old, asha, bad).is_err(), "{bad}");
        }
    }
}
