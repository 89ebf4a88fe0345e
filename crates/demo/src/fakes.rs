//! The local Razorpay and Stripe, and their webhooks on the way to the dairy.
//!
//! It deliberately uses fixed seeds: the same demo has the same payments.

use std::sync::Arc;

use domain::calendar::Moment;
use gateways::fake::{
    Clock, Delivery, FakeRazorpay, FakeStripe, Misbehaviour, Outcome, RazorpaySettings,
    StripeSettings,
};

use crate::Result;

/// All ids follow from it.
const SEED: u64 = 1;
/// Two in a hundred, as gateways commonly take.
const FEE_BASIS_POINTS: i64 = 200;
/// Rounds of deliveries; what fails is tried again in the next.
const ROUNDS: usize = 5;

const RAZORPAY_KEY: &str = "rzp_test_demo";
const RAZORPAY_SECRET: &str = "demo_key_secret";
const STRIPE_KEY: &str = "sk_test_demo";
const RAZORPAY_HOOK: &str = "demo_webhook_secret";
const STRIPE_HOOK: &str = "whsec_demo";

/// Both local gateways.
pub struct Fakes {
    pub razorpay: FakeRazorpay,
    pub stripe: FakeStripe,
}

/// Now.
pub fn now() -> Moment {
    #[expect(clippy::disallowed_methods, reason = "the one place where the demo reads the time")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Moment::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

impl Fakes {
    pub fn start() -> Result<Self> {
        let clock: Clock = Arc::new(now);
        let razorpay = FakeRazorpay::start(RazorpaySettings {
            port: 0,
            key_id: RAZORPAY_KEY.to_owned(),
            key_secret: RAZORPAY_SECRET.to_owned(),
            webhook_secret: RAZORPAY_HOOK.to_owned(),
            webhook_url: None,
            seed: SEED,
            fee_basis_points: FEE_BASIS_POINTS,
            clock: Arc::clone(&clock),
        })?;
        let stripe = FakeStripe::start(StripeSettings {
            port: 0,
            secret_key: STRIPE_KEY.to_owned(),
            webhook_secret: STRIPE_HOOK.to_owned(),
            webhook_url: None,
            seed: SEED,
            fee_basis_points: FEE_BASIS_POINTS,
            clock,
        })?;
        Ok(Self { razorpay, stripe })
    }

    /// The settings of a program that calls them, as variables.
    pub fn settings(&self) -> Vec<(String, String)> {
        let of = |gateway: &str, key: &str, value: String| {
            (format!("DAIRYOS_GATEWAYS__{gateway}__{key}"), value)
        };
        vec![
            of("RAZORPAY", "BASE_URL", self.razorpay.url()),
            of("RAZORPAY", "KEY_ID", RAZORPAY_KEY.to_owned()),
            of("RAZORPAY", "KEY_SECRET", RAZORPAY_SECRET.to_owned()),
            of("RAZORPAY", "WEBHOOK_SECRETS", format!("[\"{RAZORPAY_HOOK}\"]")),
            of("STRIPE", "BASE_URL", self.stripe.url()),
            of("STRIPE", "SECRET_KEY", STRIPE_KEY.to_owned()),
            of("STRIPE", "SUCCESS_URL", "https://dairy.example/thanks".to_owned()),
            of("STRIPE", "WEBHOOK_SECRETS", format!("[\"{STRIPE_HOOK}\"]")),
            of("STRIPE", "TEST_MODE", "true".to_owned()),
        ]
    }

    /// Says where the webhooks go.
    pub fn deliver_to(&self, address: &str) {
        self.razorpay.send_webhooks_to(&format!("{address}/api/v1/webhooks/razorpay"));
        self.stripe.send_webhooks_to(&format!("{address}/api/v1/webhooks/stripe"));
    }

    /// Delivers what waits until nothing does. Returns how many attempts there were, and how many
    /// of them were refused.
    pub fn deliver(&self) -> Result<(usize, usize)> {
        let mut all: Vec<Delivery> = Vec::new();
        for _ in 0..ROUNDS {
            all.extend(self.razorpay.deliver_all());
            all.extend(self.stripe.deliver_all());
            if self.razorpay.waiting() + self.stripe.waiting() == 0 {
                let refused = all.iter().filter(|one| !one.taken()).count();
                return Ok((all.len(), refused));
            }
        }
        Err(format!("webhooks are not taken; the last: {:?}", all.last()).into())
    }

    /// The next event is delivered so.
    pub fn misbehave(&self, what: Misbehaviour) {
        self.razorpay.misbehave(what);
    }

    /// Somebody pays what was made: a session of Stripe, or an order, link or QR code of Razorpay.
    pub fn pay(&self, made: &str, outcome: Outcome) -> Result<String> {
        Ok(if made.starts_with("cs_") {
            self.stripe.pay(made, outcome)?
        } else {
            self.razorpay.pay(made, outcome)?
        })
    }
}
