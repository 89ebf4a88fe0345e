//! Signatures of Stripe's deliveries.
//!
//! It deliberately does not look at what they say; see `stripe_shapes`.

use std::time::Duration;

use domain::calendar::Moment;
use gateways::signature::TOLERANCE;
use gateways::stripe::webhook::{sign, verify};
use gateways::{SecretIndex, Secrets, SignatureError};

const SECRET: &str = "whsec_test_secret";
const ROLLED: &str = "whsec_test_secret_rolled_key";
const BODY: &str = r#"{"id":"evt_test_webhook","object":"event"}"#;
const OLD_V1: &str = "d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990";
const NEW_V1: &str = "7548122dce5e2b728b67327c07959ace6ce459f5ca13822932dac476fc4e0005";
const AT: i64 = 1_700_000_000;

fn at(secs: i64, millis: i64) -> Moment {
    Moment::from_unix_micros(secs * 1_000_000 + millis * 1_000)
}

fn check(header: &str, secrets: &[&str]) -> Result<SecretIndex, SignatureError> {
    let secrets = Secrets::new(secrets).unwrap();
    verify(BODY.as_bytes(), Some(header.as_bytes()), &secrets, at(AT, 0), TOLERANCE)
}

#[test]
fn vectors() {
    let payload = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
    let header = "t=12345,v1=2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e";
    let secrets = Secrets::new([SECRET]).unwrap();
    assert_eq!(sign(payload.as_bytes(), &secrets, 12_345), header);
    let found =
        verify(payload.as_bytes(), Some(header.as_bytes()), &secrets, at(12_345, 0), TOLERANCE);
    assert_eq!(found, Ok(SecretIndex(0)));
    assert_eq!(check(&format!("t={AT},v1={OLD_V1}"), &[SECRET]), Ok(SecretIndex(0)));
    assert_eq!(check(&format!("t={AT},v1={NEW_V1}"), &[ROLLED]), Ok(SecretIndex(0)));
}

#[test]
fn during_a_rotation_either_secret_holds() {
    let both = format!("t={AT},v1={OLD_V1},v1={NEW_V1}");
    assert_eq!(check(&both, &[SECRET]), Ok(SecretIndex(0)));
    assert_eq!(check(&both, &[ROLLED]), Ok(SecretIndex(0)));
    assert_eq!(check(&format!("t={AT},v1={OLD_V1}"), &[ROLLED, SECRET]), Ok(SecretIndex(1)));
}

#[test]
fn headers_are_read_strictly() {
    use SignatureError::{Malformed, Missing, Wrong};
    let zeros = "0".repeat(64);
    for (header, expected) in [
        (String::new(), Missing),
        ("v1,t=1".to_owned(), Malformed),
        ("t=".to_owned(), Malformed),
        (format!("t=,v1={OLD_V1}"), Malformed),
        (format!("v1={OLD_V1}"), Malformed),
        (format!("t={AT},t={AT},v1={OLD_V1}"), Malformed),
        (format!("t=+{AT},v1={OLD_V1}"), Malformed),
        (format!("t={AT},v1={OLD_V1},"), Malformed),
        (format!("t={AT},v1={OLD_V1}=="), Malformed),
        (format!("t={AT},v1={OLD_V1},{}", "v1=0,".repeat(2_000)), Malformed),
        (format!("t={AT},v0={OLD_V1}"), Wrong),
        (format!("t={AT},v1={zeros}"), Wrong),
        (format!("t={AT},v1={}", OLD_V1.to_uppercase()), Wrong),
        (format!("t={},v1={OLD_V1}", AT + 1), Wrong),
        // The digits are signed as they came.
        (format!("t=0{AT},v1={OLD_V1}"), Wrong),
    ] {
        assert_eq!(check(&header, &[SECRET]), Err(expected), "{header}");
    }
    for header in [
        format!("t={AT},v1={OLD_V1},v1=bad_signature"),
        format!("t={AT},v1=bad_signature,v1={OLD_V1},v0={zeros}"),
        format!("t={AT}, v1={OLD_V1}"),
        format!("v1={OLD_V1},t={AT}"),
    ] {
        assert_eq!(check(&header, &[SECRET]), Ok(SecretIndex(0)), "{header}");
    }
}

#[test]
fn no_header_is_not_signed() {
    let secrets = Secrets::new([SECRET]).unwrap();
    let found = verify(BODY.as_bytes(), None, &secrets, at(AT, 0), TOLERANCE);
    assert_eq!(found, Err(SignatureError::Missing));
}

#[test]
fn the_moment_is_near_both_ways() {
    let secrets = Secrets::new([SECRET]).unwrap();
    let header = format!("t={AT},v1={OLD_V1}");
    let check = |now: Moment, tolerance: Duration| {
        verify(BODY.as_bytes(), Some(header.as_bytes()), &secrets, now, tolerance).map(|_| ())
    };
    let ten = Duration::from_secs(10);
    assert_eq!(check(at(AT + 15, 0), ten), Err(SignatureError::TooOld));
    assert_eq!(check(at(AT + 299, 0), TOLERANCE), Ok(()));
    assert_eq!(check(at(AT + 300, 0), TOLERANCE), Ok(()));
    assert_eq!(check(at(AT + 300, 1), TOLERANCE), Err(SignatureError::TooOld));
    assert_eq!(check(at(AT - 300, 0), TOLERANCE), Ok(()));
    assert_eq!(check(at(AT - 301, 999), TOLERANCE), Err(SignatureError::TooNew));
    assert_eq!(check(at(AT - 31_536_000, 0), TOLERANCE), Err(SignatureError::TooNew));
}

#[test]
fn every_byte_of_the_body_is_signed() {
    let secrets = Secrets::new([SECRET]).unwrap();
    let header = format!("t={AT},v1={OLD_V1}");
    for place in 0..BODY.len() {
        let mut raw = BODY.as_bytes().to_vec();
        raw[place] ^= 1;
        let found = verify(&raw, Some(header.as_bytes()), &secrets, at(AT, 0), TOLERANCE);
        assert_eq!(found, Err(SignatureError::Wrong), "{place}");
    }
}
