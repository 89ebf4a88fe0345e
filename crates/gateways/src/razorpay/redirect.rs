//! The signature with which a payer's browser comes back from Razorpay's pages.
//!
//! It deliberately posts no money: an authentic return is a hint for the screen. The secret is that
//! of the API key, never that of the webhook, and the ids that we have stored are checked, never
//! those the browser brings, except for the payment's.

use crate::signature::{self, Secrets, SignatureError};

/// Checks the return of a checkout of an order.
pub fn verify_checkout(
    key_secret: &Secrets,
    stored_order_id: &str,
    payment_id: &str,
    signature: &str,
) -> Result<(), SignatureError> {
    check(key_secret, &[stored_order_id, payment_id], signature)
}

/// Checks the return of a subscription's first payment. The order of the parts is the other way
/// round here.
pub fn verify_subscription(
    key_secret: &Secrets,
    payment_id: &str,
    stored_subscription_id: &str,
    signature: &str,
) -> Result<(), SignatureError> {
    check(key_secret, &[payment_id, stored_subscription_id], signature)
}

/// The signature with which Razorpay would send the payer of an order back.
pub fn sign_checkout(key_secret: &Secrets, order_id: &str, payment_id: &str) -> String {
    key_secret.sign(0, &[order_id.as_bytes(), b"|", payment_id.as_bytes()])
}

/// What comes back from a payment link.
#[derive(Clone, Copy, Debug)]
pub struct LinkReturn<'a> {
    /// The link, as stored.
    pub link_id: &'a str,
    /// Our reference of the link, as stored; empty if it has none.
    pub reference_id: &'a str,
    /// The status the browser brings.
    pub status: &'a str,
    /// The payment the browser brings.
    pub payment_id: &'a str,
}

/// Checks the return of a payment link.
pub fn verify_payment_link(
    key_secret: &Secrets,
    link: &LinkReturn<'_>,
    signature: &str,
) -> Result<(), SignatureError> {
    let parts = [link.link_id, link.reference_id, link.status, link.payment_id];
    check(key_secret, &parts, signature)
}

fn check(secrets: &Secrets, parts: &[&str], signature: &str) -> Result<(), SignatureError> {
    if signature.is_empty() {
        return Err(SignatureError::Missing);
    }
    let given = signature::unhex(signature.as_bytes()).ok_or(SignatureError::Malformed)?;
    let message = parts.join("|");
    let found = secrets.matching(&[message.as_bytes()], &[given]);
    found.map(|_| ()).ok_or(SignatureError::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Secrets {
        Secrets::new([text]).unwrap()
    }

    fn link<'a>(link_id: &'a str, reference_id: &'a str) -> LinkReturn<'a> {
        LinkReturn { link_id, reference_id, status: "paid", payment_id: "pay_IH3d0ara9bSsjQ" }
    }

    /// Vectors of the reference (2.4), first secret.
    #[test]
    fn vectors_of_one_secret() {
        let secret = secrets("EnLs21M47BllR3X8PSFtjtbd");
        let (order, payment) = ("order_IEIaMR65cu6nz3", "pay_IH4NVgf4Dreq1l");
        let good = "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f";
        assert_eq!(verify_checkout(&secret, order, payment, good), Ok(()));
        assert_eq!(sign_checkout(&secret, order, payment), good);
        let other = verify_checkout(&secret, "order_IEIaMR65cu6nz4", payment, good);
        assert_eq!(other, Err(SignatureError::Wrong));
        let capitals = verify_checkout(&secret, order, payment, &good.to_uppercase());
        assert_eq!(capitals, Err(SignatureError::Malformed));
        assert_eq!(verify_checkout(&secret, order, payment, ""), Err(SignatureError::Missing));

        let (payment, subscription) = ("pay_IDZNwZZFtnjyym", "sub_ID6MOhgkcoHj9I");
        let good = "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693";
        assert_eq!(verify_subscription(&secret, payment, subscription, good), Ok(()));
        assert!(verify_subscription(&secret, subscription, payment, good).is_err());

        let good = "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b";
        let back = link("plink_IH3cNucfVEgV68", "TSsd1989");
        assert_eq!(verify_payment_link(&secret, &back, good), Ok(()));
        assert!(
            verify_payment_link(&secret, &LinkReturn { status: "created", ..back }, good).is_err()
        );
    }

    /// Vectors of the reference (2.4), second secret.
    #[test]
    fn vectors_of_another_secret() {
        let secret = secrets("key_secret");
        for (order, good) in [
            ("fake_order_id", "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89"),
            ("fake_other_id", "965ee2de4c5c4e6f006fb0a5a1736d992e5d4d52f9fe10b98c9b97ee169ebe18"),
        ] {
            assert_eq!(verify_checkout(&secret, order, "fake_payment_id", good), Ok(()));
        }
        let good = "b8a6acda585c9b74e9da393c7354c7e685e37e69d30ae654730f042e674e0283";
        let back = link("fake_razorpay_payment_link_id", "fake_reference_id");
        assert_eq!(verify_payment_link(&secret, &back, good), Ok(()));
        let good = "3dabcab8ca113e7994cf78c80f8d50974ddfb2d380029743f30a6d67934cd845";
        let found = verify_subscription(&secret, "fake_payment_id", "fake_other_id", good);
        assert_eq!(found, Ok(()));
    }
}
