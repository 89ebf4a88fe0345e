//! Signatures and the example deliveries of Razorpay.
//!
//! It deliberately does not vary the shapes; see `razorpay_shapes`.

use domain::calendar::Moment;
use gateways::event::{About, LinkState, PaymentState, RefundState};
use gateways::razorpay::webhook::{check_timestamp, parse, sign, verify};
use gateways::signature::TOLERANCE;
use gateways::{SecretIndex, Secrets, SignatureError};

use crate::examples::*;

fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(texts).unwrap()
}

fn check(raw: &str, signature: &str, texts: &[&str]) -> Result<SecretIndex, SignatureError> {
    verify(raw.as_bytes(), Some(signature.as_bytes()), &secrets(texts))
}

#[test]
fn vectors() {
    for (raw, signature) in [
        (CAPTURED, CAPTURED_SIGNATURE),
        (LINK_PAID, LINK_PAID_SIGNATURE),
        (SPEED_CHANGED, SPEED_CHANGED_SIGNATURE),
        (QR_CREDITED, QR_CREDITED_SIGNATURE),
    ] {
        assert_eq!(check(raw, signature, &[SECRET]), Ok(SecretIndex(0)));
        assert_eq!(sign(raw.as_bytes(), &secrets(&[SECRET])), signature);
        assert_eq!(check(&format!("{raw}\n"), signature, &[SECRET]), Err(SignatureError::Wrong));
    }
    let small = r#"{"a":1,"b":2,"c":{"d":3}}"#;
    let good = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc";
    assert_eq!(check(small, good, &["123456"]), Ok(SecretIndex(0)));
}

#[test]
fn escaped_slashes_are_part_of_what_is_signed() {
    let good = "7e740ecc65e9f1f1a63897cba6c6b0d0ca6f5cf65626061585b52f160f6d0986";
    let reserialised = "eff2872e9838dd1061c92f315b467840b7b3293f696d977ed16ad8fd598c9387";
    assert_eq!(SLASHES.len(), 282);
    assert_eq!(check(SLASHES, good, &["dairyos_test_secret"]), Ok(SecretIndex(0)));
    let wrong = check(SLASHES, reserialised, &["dairyos_test_secret"]);
    assert_eq!(wrong, Err(SignatureError::Wrong));
    let plain = SLASHES.replace("\\/", "/");
    assert_eq!(check(&plain, reserialised, &["dairyos_test_secret"]), Ok(SecretIndex(0)));
    assert_eq!(check(&plain, good, &["dairyos_test_secret"]), Err(SignatureError::Wrong));
}

#[test]
fn old_and_new_secret_hold_side_by_side() {
    assert_eq!(check(CAPTURED, CAPTURED_SIGNATURE, &["new", SECRET]), Ok(SecretIndex(1)));
    assert_eq!(check(CAPTURED, CAPTURED_SIGNATURE, &["new"]), Err(SignatureError::Wrong));
}

#[test]
fn only_lower_case_hexadecimal_signs() {
    let raw = CAPTURED.as_bytes();
    let secrets = secrets(&[SECRET]);
    assert_eq!(verify(raw, None, &secrets), Err(SignatureError::Missing));
    assert_eq!(verify(raw, Some(b""), &secrets), Err(SignatureError::Missing));
    let padded = format!(" {CAPTURED_SIGNATURE}");
    let capitals = CAPTURED_SIGNATURE.to_uppercase();
    for wrong in [capitals.as_str(), &padded, "00", &CAPTURED_SIGNATURE[1..], "\u{661}"] {
        assert_eq!(verify(raw, Some(wrong.as_bytes()), &secrets), Err(SignatureError::Malformed));
    }
    assert_eq!(check(CAPTURED, &"0".repeat(64), &[SECRET]), Err(SignatureError::Wrong));
}

#[test]
fn a_timestamp_of_a_proxy_is_near() {
    let now = Moment::from_unix_micros(1_782_880_211_000_000);
    let check = |text: &str| check_timestamp(text.as_bytes(), now, TOLERANCE);
    assert_eq!(check("1782880211"), Ok(()));
    assert_eq!(check("1782879911"), Ok(()));
    assert_eq!(check("1782879910"), Err(SignatureError::TooOld));
    assert_eq!(check("1782880512"), Err(SignatureError::TooNew));
    for wrong in ["", "now", "-5", "1782880211.0"] {
        assert_eq!(check(wrong), Err(SignatureError::Malformed), "{wrong}");
    }
}

#[test]
fn a_captured_payment() {
    let event = parse(CAPTURED.as_bytes()).unwrap();
    assert_eq!((event.kind.as_str(), event.id.as_deref()), ("payment.captured", None));
    assert_eq!(event.created_at.unwrap().unix_micros(), 1_782_880_211_000_000);
    assert_eq!(event.account.as_deref(), Some("acc_T3stAcc0000001"));
    let [payment] = &event.observations[..] else { panic!("{:?}", event.observations) };
    assert_eq!(payment.about, About::Payment(PaymentState::Captured));
    assert_eq!(payment.id, "pay_T3stPay0000001");
    assert_eq!(payment.amount, Some(184_250));
    assert_eq!(payment.amount.unwrap() - payment.fee.unwrap(), 179_902);
    assert_eq!(payment.tax, Some(663));
    assert_eq!(payment.currency.as_deref(), Some("INR"));
    assert_eq!(payment.order_id.as_deref(), Some("order_T3stOrd0000001"));
    assert_eq!(payment.bill_ref.as_deref(), Some("DB-0617-0117"));
    assert_eq!(payment.rrn.as_deref(), Some("618200000117"));
    assert_eq!(payment.vpa.as_deref(), Some("lakshmi@exampleupi"));
    assert_eq!(payment.method.as_deref(), Some("upi"));
    assert_eq!(payment.amount_refunded, Some(0));
}

#[test]
fn a_link_that_is_paid() {
    let event = parse(LINK_PAID.as_bytes()).unwrap();
    let [link, payment] = &event.observations[..] else { panic!("{:?}", event.observations) };
    assert_eq!(link.about, About::Link(LinkState::Paid));
    assert_eq!(link.id, "plink_T3stLnk0000001");
    assert_eq!(link.payment_id.as_deref(), Some("pay_T3stPay0000002"));
    assert_eq!(payment.about, About::Payment(PaymentState::Captured));
    assert_eq!(payment.id, "pay_T3stPay0000002");
    assert_eq!(payment.link_id.as_deref(), Some("plink_T3stLnk0000001"));
    for seen in [link, payment] {
        assert_eq!(seen.order_id.as_deref(), Some("order_T3stOrd0000002"));
        assert_eq!(seen.bill_ref.as_deref(), Some("DB-0617-0118"));
        assert_eq!(seen.amount, Some(184_250));
    }
}

#[test]
fn a_refund_whose_speed_changed() {
    let event = parse(SPEED_CHANGED.as_bytes()).unwrap();
    assert_eq!(event.created_at.unwrap().unix_micros(), 1_782_966_600_000_000);
    let [refund] = &event.observations[..] else { panic!("{:?}", event.observations) };
    assert_eq!(refund.about, About::Refund(RefundState::Processed));
    assert_eq!(refund.id, "rfnd_T3stRfd0000001");
    assert_eq!(refund.payment_id.as_deref(), Some("pay_T3stPay0000001"));
    assert_eq!((refund.amount, refund.amount_refunded), (Some(25_000), Some(25_000)));
}

#[test]
fn a_qr_code_that_is_credited() {
    let event = parse(QR_CREDITED.as_bytes()).unwrap();
    let [payment] = &event.observations[..] else { panic!("{:?}", event.observations) };
    assert_eq!(payment.about, About::Payment(PaymentState::Captured));
    assert_eq!(payment.qr_id.as_deref(), Some("qr_T3stQrc0000001"));
    assert_eq!(payment.customer_id.as_deref(), Some("cust_T3stCus0000001"));
    assert_eq!((payment.order_id.as_deref(), payment.bill_ref.as_deref()), (None, None));
    assert_eq!((payment.amount, payment.fee), (Some(6_400), Some(0)));
}
