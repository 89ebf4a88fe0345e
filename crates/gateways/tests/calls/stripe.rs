//! The calls to Stripe, against the local one.
//!
//! It deliberately looks at webhooks only where a call returns missed ones; see `webhooks`.

use gateways::CallError;
use gateways::event::{About, LinkState, PaymentState, RefundState};
use gateways::fake::{Misbehaviour, Outcome};
use gateways::stripe::{NewCheckoutSession, NewPaymentIntent, NewRefund, Since};

use crate::kit::{NOW, Receiver, fake_stripe, moment, reply, tags};

fn session(bill_no: &str) -> NewCheckoutSession {
    NewCheckoutSession {
        amount: 184_250,
        currency: "INR".to_owned(),
        name: "Milk & more".to_owned(),
        client_reference_id: bill_no.to_owned(),
        success_url: "https://dairy.example/done?x={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: None,
        tags: tags(bill_no),
    }
}

fn since(starting_after: Option<String>, limit: u32) -> Since {
    Since { from: moment(NOW - 10), to: None, starting_after, limit }
}

#[test]
fn a_session_is_made_once_under_its_key_and_paid() {
    let (fake, client) = fake_stripe();
    fake.misbehave(Misbehaviour::TimeOutAfterSuccess);
    let made = client.create_checkout_session(&session("DB-1"), "session-DB-1").unwrap();
    let again = client.create_checkout_session(&session("DB-1"), "session-DB-1").unwrap();
    assert_eq!((&again.id, &again.url), (&made.id, &made.url));
    assert!(made.url.unwrap().starts_with("https://checkout.stripe.com/"));
    assert_eq!(made.observations[0].about, About::Link(LinkState::Open));
    let other = client.create_checkout_session(&session("DB-2"), "session-DB-1");
    let refused = other.unwrap_err();
    assert!(matches!(&refused, CallError::Refused { code, .. } if code == "idempotency_error"));

    let intent_id = fake.pay(&made.id, Outcome::Captured).unwrap();
    let paid = client.checkout_session(&made.id).unwrap();
    assert_eq!(paid.url, None);
    assert_eq!(paid.observations[0].about, About::Link(LinkState::Paid));
    assert_eq!(paid.observations[1].id, intent_id);
    assert_eq!(paid.observations[1].about, About::Payment(PaymentState::Captured));
    let intent = client.payment_intent(&intent_id).unwrap().payment;
    assert_eq!(intent.amount, Some(184_250));
    assert_eq!(intent.bill_ref.as_deref(), Some("DB-1"));
    // What Stripe keeps is in no event; the charge that is asked for along with it says so.
    assert_eq!((intent.fee, intent.tax), (Some(3_685), Some(0)));
    assert_eq!(client.payment_intents(&since(None, 10)).unwrap().items, [intent]);
    assert!(fake.pay(&made.id, Outcome::Captured).is_err());
}

#[test]
fn a_failure_after_the_fact_stays_the_answer_under_its_key() {
    let (fake, client) = fake_stripe();
    let intent = NewPaymentIntent { amount: 5_000, currency: "INR".to_owned(), tags: tags("DB-1") };
    fake.misbehave(Misbehaviour::Fail500AfterSuccess);
    let outcome = client.create_payment_intent(&intent, "intent-1");
    assert!(matches!(outcome, Err(CallError::Unknown { .. })), "{outcome:?}");
    // Only asking settles it.
    let found = client.payment_intents(&since(None, 10)).unwrap().items;
    assert_eq!(found[0].bill_ref.as_deref(), Some("DB-1"));
    let made = client.create_payment_intent(&intent, "intent-2").unwrap();
    assert!(made.client_secret.is_some());
    fake.misbehave(Misbehaviour::Fail500);
    assert!(client.create_payment_intent(&intent, "intent-3").is_ok());
}

#[test]
fn refunds_and_the_balance_add_up() {
    let (fake, client) = fake_stripe();
    let made = client.create_checkout_session(&session("DB-1"), "s-1").unwrap();
    let intent_id = fake.pay(&made.id, Outcome::Captured).unwrap();
    let refund = NewRefund { payment_intent: intent_id.clone(), amount: 1_000, tags: tags("DB-1") };
    let first = client.refund_payment(&refund, "refund-1").unwrap();
    assert_eq!(first.about, About::Refund(RefundState::Processed));
    assert_eq!(client.refund_payment(&refund, "refund-1").unwrap().id, first.id);
    assert_eq!(client.refunds_of_payment(&intent_id).unwrap().items, [first]);
    let much = NewRefund { amount: 184_250, ..refund };
    assert!(matches!(client.refund_payment(&much, "refund-2"), Err(CallError::Refused { .. })));
    let payout = fake.settle().unwrap();
    let moved = client.balance_transactions(&since(None, 100), Some(&payout)).unwrap().items;
    let net: i64 = moved.iter().map(|one| one.net).sum();
    assert_eq!(net, 184_250 - 3_685 - 1_000);
    let kinds: Vec<_> = moved.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["refund", "charge"]);
    let all = client.balance_transactions(&since(None, 100), None).unwrap().items;
    assert_eq!(all.iter().map(|one| one.net).sum::<i64>(), 0);
}

#[test]
fn missed_events_are_found_page_by_page() {
    let (fake, client) = fake_stripe();
    fake.send_webhooks_to(&Receiver::start(|_| Some(reply(500, ""))).url);
    for number in 0..3 {
        let name = format!("DB-{number}");
        let made = client.create_checkout_session(&session(&name), &name).unwrap();
        fake.pay(&made.id, Outcome::Captured).unwrap();
    }
    let kinds = ["payment_intent.succeeded"];
    assert_eq!(client.missed_events(&since(None, 2), &kinds).unwrap().items.len(), 0);
    assert!(fake.deliver_all().iter().all(|delivery| delivery.status == Some(500)));
    let first = client.missed_events(&since(None, 2), &kinds).unwrap();
    assert_eq!((first.items.len(), first.more), (2, true));
    let rest = client.missed_events(&since(first.last_id, 2), &kinds).unwrap();
    assert_eq!((rest.items.len(), rest.more), (1, false));
    let missed = &rest.items[0];
    assert_eq!(missed.event.observations[0].bill_ref.as_deref(), Some("DB-0"));
    assert!(missed.raw.contains(missed.event.id.as_deref().unwrap()));
    assert_eq!(client.missed_events(&since(None, 100), &[]).unwrap().items.len(), 6);
}
