//! Signed webhooks in any number, quickly: what a benchmark sends.
//!
//! They deliberately have the size and the oddities of real ones. The same number gives the same
//! bytes.

use crate::razorpay::webhook as razorpay;
use crate::signature::Secrets;
use crate::stripe::webhook as stripe;

/// A delivery, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBody {
    /// The event's id. At Razorpay it goes into [`razorpay::EVENT_ID_HEADER`].
    pub event_id: String,
    /// The id of the payment it tells of.
    pub payment_id: String,
    /// The signature header's value.
    pub signature: String,
    /// The bytes that are signed.
    pub body: Vec<u8>,
}

/// What one delivery tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// Makes the ids of event, payment and order.
    pub number: u64,
    /// The bill. It must need no escape in JSON.
    pub bill_no: &'a str,
    /// Minor units of rupees.
    pub amount: i64,
    /// Unix seconds.
    pub at_secs: i64,
}

/// Razorpay's `payment.captured`.
pub fn razorpay_captured(secrets: &Secrets, told: &Told<'_>) -> SignedBody {
    let Told { number, bill_no, amount, at_secs } = told;
    let fee = amount / 50;
    let tax = fee * 18 / 118;
    let body = format!(
        concat!(
            r#"{{"entity":"event","account_id":"acc_LocalFake00001","event":"payment.captured","#,
            r#""contains":["payment"],"payload":{{"payment":{{"entity":{{"id":"pay_{n:014}","#,
            r#""entity":"payment","amount":{amount},"currency":"INR","base_amount":{amount},"#,
            r#""status":"captured","order_id":"order_{n:014}","invoice_id":null,"#,
            r#""international":false,"method":"upi","amount_refunded":0,"amount_transferred":0,"#,
            r#""refund_status":null,"captured":true,"description":"Milk bill \/ month","#,
            r#""card_id":null,"bank":null,"wallet":null,"vpa":"payer@exampleupi","email":null,"#,
            r#""contact":"+910000000000","notes":{{"bill_no":"{bill}"}},"fee":{fee},"tax":{tax},"#,
            r#""error_code":null,"error_description":null,"error_source":null,"error_step":null,"#,
            r#""error_reason":null,"acquirer_data":{{"rrn":"{n:012}"}},"#,
            r#""upi":{{"vpa":"payer@exampleupi"}},"created_at":{at}}}}}}},"created_at":{at}}}"#,
        ),
        n = number,
        amount = amount,
        bill = bill_no,
        fee = fee,
        tax = tax,
        at = at_secs,
    );
    let body = body.into_bytes();
    SignedBody {
        event_id: format!("evt_{number:014}"),
        payment_id: format!("pay_{number:014}"),
        signature: razorpay::sign(&body, secrets),
        body,
    }
}

/// Stripe's `payment_intent.succeeded`, signed at its moment.
pub fn stripe_succeeded(secrets: &Secrets, told: &Told<'_>) -> SignedBody {
    let Told { number, bill_no, amount, at_secs } = told;
    let body = format!(
        concat!(
            r#"{{"id":"evt_{n:024}","object":"event","api_version":"{version}","created":{at},"#,
            r#""data":{{"object":{{"id":"pi_{n:024}","object":"payment_intent","#,
            r#""amount":{amount},"amount_capturable":0,"amount_received":{amount},"#,
            r#""automatic_payment_methods":{{"enabled":true}},"canceled_at":null,"#,
            r#""capture_method":"automatic_async","confirmation_method":"automatic","#,
            r#""created":{at},"currency":"inr","customer":null,"description":"Milk bill","#,
            r#""last_payment_error":null,"latest_charge":"ch_{n:024}","livemode":false,"#,
            r#""metadata":{{"bill_no":"{bill}"}},"next_action":null,"#,
            r#""payment_method_types":["card"],"receipt_email":null,"status":"succeeded"}}}},"#,
            r#""livemode":false,"pending_webhooks":1,"request":{{"id":null,"#,
            r#""idempotency_key":null}},"type":"payment_intent.succeeded"}}"#,
        ),
        n = number,
        version = crate::stripe::client::API_VERSION,
        at = at_secs,
        amount = amount,
        bill = bill_no,
    );
    let body = body.into_bytes();
    SignedBody {
        event_id: format!("evt_{number:024}"),
        payment_id: format!("pi_{number:024}"),
        signature: stripe::sign(&body, secrets, *at_secs),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{About, PaymentState};

    #[test]
    fn they_are_authentic_and_say_what_was_told() {
        let secrets = Secrets::new(["whsec_bench"]).unwrap();
        let at_secs = 1_782_880_211;
        let told = Told { number: 4_711, bill_no: "DB-0617-0117", amount: 184_250, at_secs };
        let now = domain::calendar::Moment::from_unix_micros(at_secs * 1_000_000);

        let one = razorpay_captured(&secrets, &told);
        let signature = Some(one.signature.as_bytes());
        assert!(razorpay::verify(&one.body, signature, &secrets).is_ok());
        let at_razorpay = razorpay::parse(&one.body).unwrap();

        let two = stripe_succeeded(&secrets, &told);
        let signature = Some(two.signature.as_bytes());
        let tolerance = crate::signature::TOLERANCE;
        assert!(stripe::verify(&two.body, signature, &secrets, now, tolerance).is_ok());
        let at_stripe = stripe::parse(&two.body).unwrap();
        assert_eq!(at_stripe.id, Some(two.event_id));

        for (event, payment_id) in [(at_razorpay, one.payment_id), (at_stripe, two.payment_id)] {
            let [payment] = &event.observations[..] else { panic!("{event:?}") };
            assert_eq!(payment.about, About::Payment(PaymentState::Captured));
            assert_eq!((&payment.id, payment.amount), (&payment_id, Some(184_250)));
            assert_eq!(payment.bill_ref.as_deref(), Some("DB-0617-0117"));
        }
        assert_eq!(razorpay_captured(&secrets, &told).body, one.body);
    }
}
