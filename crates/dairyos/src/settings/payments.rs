//! What the settings say about payments, made ready for work: the gateways that may be called, the
//! limit of refunds, the UPI address.
//!
//! It deliberately calls nobody, and repeats no secret in a message.

use super::{Gateways as GatewaySettings, Settings};
use app::payments::gateways::{
    Razorpay, RazorpayAccess, Retry, Secret, Secrets, Stripe, StripeAccess, Timeouts, Transport,
};
use app::payments::{Called, Desk, Gateways, Payee};
use domain::money::Money;
use domain::payments::{UpiLink, Vpa};
use std::time::Duration;

/// How often a call is made at most where that is safe; the worker tries again by itself.
const ATTEMPTS: u32 = 2;

/// Keys that are wrong, each with what is wrong.
pub type Problems = Vec<(&'static str, String)>;

/// The desk of the settings; `hear` is told of every call of a gateway.
pub fn desk(
    settings: &Settings,
    hear: impl Fn(&Called) + Send + Sync + 'static,
) -> Result<Desk, Problems> {
    let mut problems = Problems::new();
    let razorpay = razorpay(&settings.gateways, &mut problems);
    let stripe = stripe(settings, &mut problems);
    let limit = Money::parse(&settings.payments.refund_limit).ok();
    let limit = limit.filter(|limit| *limit >= Money::ZERO);
    if limit.is_none() {
        let what = "expected rupees, such as \"1000.00\"".to_owned();
        problems.push(("payments.refund_limit", what));
    }
    let upi = payee(settings, &mut problems);
    match limit {
        Some(refund_limit) if problems.is_empty() => {
            let gateways = Gateways::new(razorpay, stripe, hear);
            let gateways = gateways.in_mode(settings.gateways.stripe.mode());
            Ok(Desk { gateways, refund_limit, upi })
        }
        _ => Err(problems),
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn transport(
    key: &'static str,
    base_url: &str,
    gateways: &GatewaySettings,
    problems: &mut Problems,
) -> Option<Transport> {
    let timeouts = Timeouts {
        connect: Duration::from_secs(gateways.connect_timeout_secs),
        answer: Duration::from_secs(gateways.answer_timeout_secs),
    };
    let made = Transport::new(base_url, timeouts);
    made.map_err(|error| problems.push((key, error.to_string()))).ok()
}

fn retry() -> Retry {
    Retry { attempts: ATTEMPTS, ..Retry::default() }
}

fn razorpay(gateways: &GatewaySettings, problems: &mut Problems) -> Option<RazorpayAccess> {
    let of = &gateways.razorpay;
    let way = transport("gateways.razorpay.base_url", &of.base_url, gateways, problems);
    let (key_id, secret) = (given(&of.key_id), given(of.key_secret.expose()));
    let secret = match (&key_id, secret) {
        (None, None) => return None,
        (Some(_), Some(secret)) => secret,
        (None, Some(_)) => {
            let what = "it is needed beside gateways.razorpay.key_secret".to_owned();
            problems.push(("gateways.razorpay.key_id", what));
            return None;
        }
        (Some(_), None) => {
            let what = "it is needed beside gateways.razorpay.key_id".to_owned();
            problems.push(("gateways.razorpay.key_secret", what));
            return None;
        }
    };
    let key_secret = Secrets::new([&secret]);
    let key_secret = key_secret
        .map_err(|error| problems.push(("gateways.razorpay.key_secret", error.to_string())));
    let key_id = key_id?;
    Some(RazorpayAccess {
        client: Razorpay::new(way?, &key_id, &Secret::new(secret), retry()),
        key_id,
        key_secret: key_secret.ok()?,
        callback_url: given(&of.callback_url),
    })
}

fn stripe(settings: &Settings, problems: &mut Problems) -> Option<StripeAccess> {
    let of = &settings.gateways.stripe;
    let key = "gateways.stripe.base_url";
    let way = transport(key, &of.base_url, &settings.gateways, problems);
    let secret = given(of.secret_key.expose())?;
    let success_url = given(&of.success_url).or_else(|| given(&settings.http.public_url));
    if success_url.is_none() {
        let what = "it is needed beside gateways.stripe.secret_key, or http.public_url".to_owned();
        problems.push(("gateways.stripe.success_url", what));
    }
    let client = Stripe::new(way?, &Secret::new(secret), retry());
    Some(StripeAccess { client, success_url: success_url? })
}

fn payee(settings: &Settings, problems: &mut Problems) -> Option<Payee> {
    let of = &settings.payments;
    let vpa = match Vpa::parse(&given(&of.upi_vpa)?) {
        Ok(vpa) => vpa,
        Err(error) => {
            problems.push(("payments.upi_vpa", error.to_string()));
            return None;
        }
    };
    let payee = Payee { vpa, name: given(&of.upi_name), category: given(&of.upi_category) };
    let link = UpiLink {
        payee: &payee.vpa,
        name: payee.name.as_deref().unwrap_or("Dairy"),
        category: payee.category.as_deref(),
        reference: None,
        note: None,
        amount: None,
    };
    if let Err(error) = link.text() {
        problems.push(("payments.upi_name", error.to_string()));
    }
    Some(payee)
}

/// The problems as an error.
pub fn error(problems: &Problems) -> app::AppError {
    let lines: Vec<String> = problems.iter().map(|(key, what)| format!("{key}: {what}")).collect();
    app::AppError::BadArgument(lines.join("; "))
}
