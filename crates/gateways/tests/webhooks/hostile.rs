//! Bodies that somebody made to hurt: none may panic, take long, or become money.
//!
//! It deliberately says nothing about signatures: whoever holds the secret could send these.

use gateways::{MAX_BODY_BYTES, ParseError, razorpay, stripe};
use proptest::prelude::*;

use crate::examples::{CAPTURED, LINK_PAID};

fn both(raw: &[u8]) -> [Result<gateways::Event, ParseError>; 2] {
    [razorpay::webhook::parse(raw), stripe::webhook::parse(raw)]
}

#[test]
fn five_megabytes_are_refused_unread() {
    let mut raw = br#"{"event":"payment.captured","object":"event","pad":""#.to_vec();
    raw.resize(5 << 20, b'x');
    raw.extend_from_slice(b"\"}");
    let bytes = raw.len();
    for found in both(&raw) {
        assert_eq!(found, Err(ParseError::TooLarge { bytes }));
    }
}

#[test]
fn the_largest_body_is_read_however_it_is_built() {
    let wide = format!(
        r#"{{"event":"x","object":"event","id":"evt_A","type":"x","pad":[{}0]}}"#,
        "0,".repeat(MAX_BODY_BYTES / 2 - 100)
    );
    assert!(wide.len() <= MAX_BODY_BYTES);
    assert!(both(wide.as_bytes()).iter().all(Result::is_ok));
    let keys: Vec<String> = (0..80_000).map(|n| format!("\"k{n}\":0,")).collect();
    let keys = keys.concat();
    let many = format!(r#"{{{keys}"event":"x","object":"event","id":"evt_A","type":"x"}}"#);
    assert!(both(many.as_bytes()).iter().all(Result::is_ok));
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
        let raw = format!(r#"{{"event":"x","object":"event","id":"e","type":"x","a":{deep}}}"#);
        for found in both(raw.as_bytes()) {
            assert!(matches!(found, Err(ParseError::NotJson { .. })), "{found:?}");
        }
    }
}

#[test]
fn what_is_no_event_is_refused() {
    for raw in ["null", "[]", "7", "\"event\"", "{}", r#"{"event":null}"#, r#"{"event":7}"#] {
        for found in both(raw.as_bytes()) {
            assert_eq!(found, Err(ParseError::NotAnEvent), "{raw}");
        }
    }
    for raw in ["", "{", "event=payment.captured", "<a/>", "{}{}", "\u{feff}{}", "{'a':1}"] {
        for found in both(raw.as_bytes()) {
            assert!(matches!(found, Err(ParseError::NotJson { .. })), "{raw}");
        }
    }
}

#[test]
fn amounts_that_are_none_are_refused() {
    for amount in [
        "-184250",
        "184250.5",
        "184250.0",
        "1.8425e5",
        "9223372036854775808",
        "1e308",
        "null",
        "true",
        "[184250]",
        "{}",
        "\"\"",
        "\"184250.00\"",
        "\"1,84,250\"",
        "\"0x2cfba\"",
    ] {
        let raw = CAPTURED.replace(r#""amount":184250"#, &format!(r#""amount":{amount}"#));
        let error = razorpay::webhook::parse(raw.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("payload.payment.entity.amount is"), "{amount}");
    }
}

#[test]
fn two_readers_cannot_be_told_two_amounts() {
    for (once, twice) in [
        (r#""amount":184250"#, r#""amount":184250,"amount":1"#),
        (r#""status":"captured""#, r#""status":"failed","status":"captured""#),
        (r#""status":"captured""#, r#""status":"captured","st\u0061tus":"failed""#),
        (r#""event":"payment.captured""#, r#""event":"payment.captured","event":"x""#),
        (r#""payload":{"#, r#""payload":{},"payload":{"#),
        (r#""payment":{"entity":{"#, r#""payment":{},"payment":{"entity":{"#),
        (r#""bill_no":"DB-0617-0117""#, r#""bill_no":"DB-0617-0117","bill_no":"DB-1""#),
    ] {
        let raw = CAPTURED.replacen(once, twice, 1);
        assert_ne!(raw, CAPTURED);
        let found = razorpay::webhook::parse(raw.as_bytes());
        assert!(matches!(found, Err(ParseError::Twice { .. })), "{twice}: {found:?}");
    }
}

#[test]
fn errors_show_no_content() {
    let raw = CAPTURED.replace("184250", "\"lakshmi@exampleupi\"");
    let error = razorpay::webhook::parse(raw.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("lakshmi"));
}

proptest! {
    /// Any change of a good body is read or refused, and never becomes another amount unless the
    /// amount itself was changed to a good one.
    #[test]
    fn damaged_bodies_never_panic(place in 0_usize..900, byte: u8, cut in 0_usize..1_900) {
        for example in [CAPTURED, LINK_PAID] {
            let mut raw = example.as_bytes().to_vec();
            let at = place % raw.len();
            raw[at] = byte;
            let _ = both(&raw);
            raw.truncate(cut);
            let _ = both(&raw);
        }
    }

    #[test]
    fn noise_never_panics(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(both(&raw).iter().all(Result::is_err));
    }
}
