//! HS256 (RFC 7518, section 3.2) for `jsonwebtoken`: HMAC with SHA-256.
//!
//! The library's own choices of cryptography bring RSA, elliptic curves or a C library with them,
//! the first with a known weakness (RUSTSEC-2023-0071), for algorithms that are never taken here.
//! This deliberately knows one algorithm: a token of any other cannot even be verified.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use sha2::Sha256;
use signature::{Error, Signer, Verifier};

/// A key, ready for use.
struct Hs256(Hmac<Sha256>);

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    },
    // Keys are never JWKs here.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Lets the library sign and verify; to be called before each use, and cheap.
pub(super) fn provide() {
    // It can be said once in a process, and says the same each time.
    let _ = PROVIDER.install_default();
}

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let hmac = Hmac::new_from_slice(key).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Self(hmac))
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// In constant time, and only over a signature of the whole length.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.over(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::provide;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::{sign, verify};
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

    /// RFC 7515, appendix A.1.
    const KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75\
                       aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const MESSAGE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
                           .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl\
                           LmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_vector_of_the_standard() {
        provide();
        let key = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(KEY).unwrap());
        let made = sign(MESSAGE.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(made, SIGNATURE);
        let key = DecodingKey::from_secret(key.as_bytes());
        let holds = |signature: &str, message: &str| {
            verify(signature, message.as_bytes(), &key, Algorithm::HS256).unwrap_or(false)
        };
        assert!(holds(SIGNATURE, MESSAGE));
        assert!(!holds(SIGNATURE, "another"));
        for wrong in ["", "dBjf", &SIGNATURE.replace('d', "e"), &(SIGNATURE.to_owned() + "AAAA")] {
            assert!(!holds(wrong, MESSAGE), "{wrong}");
        }
    }

    #[test]
    fn no_other_algorithm_is_known() {
        provide();
        let key = [7; 64];
        for other in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::EdDSA] {
            assert!(sign(b"x", &EncodingKey::from_secret(&key), other).is_err());
            assert!(verify("AAAA", b"x", &DecodingKey::from_secret(&key), other).is_err());
        }
    }
}
