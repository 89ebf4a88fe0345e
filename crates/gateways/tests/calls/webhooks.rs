//! Webhooks as the local providers deliver them, well and badly.
//!
//! It deliberately posts nothing: it reads what arrives and compares what it says.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use gateways::event::{About, DisputeState, LinkState, PaymentState};
use gateways::fake::{Misbehaviour, Outcome};
use gateways::razorpay::{NewOrder, Razorpay};
use gateways::signature::TOLERANCE;
use gateways::stripe::NewCheckoutSession;
use gateways::{Event, Secrets, SignatureError, razorpay, stripe};

use crate::kit::{
    RAZORPAY_SECRET, Received, Receiver, STRIPE_SECRET, fake_razorpay, fake_stripe, now, tags,
};

fn receiver() -> (Receiver, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    (Receiver::with_status(status.clone()), status)
}

fn order(client: &Razorpay, receipt: &str) -> String {
    let order = NewOrder {
        amount: 5_000,
        currency: "INR".to_owned(),
        receipt: receipt.to_owned(),
        tags: tags(receipt),
        partial_payment: false,
    };
    client.create_order(&order).unwrap().id
}

fn event_id(request: &Received) -> String {
    request.header(razorpay::webhook::EVENT_ID_HEADER).unwrap().to_owned()
}

fn from_razorpay(request: &Received) -> Result<Event, SignatureError> {
    let secrets = Secrets::new([RAZORPAY_SECRET]).unwrap();
    let header = request.header(razorpay::webhook::SIGNATURE_HEADER).map(str::as_bytes);
    razorpay::webhook::verify(&request.body, header, &secrets)?;
    Ok(razorpay::webhook::parse(&request.body).unwrap())
}

fn from_stripe(request: &Received) -> Result<Event, SignatureError> {
    let secrets = Secrets::new([STRIPE_SECRET]).unwrap();
    let header = request.header(stripe::webhook::SIGNATURE_HEADER).map(str::as_bytes);
    stripe::webhook::verify(&request.body, header, &secrets, now(), TOLERANCE)?;
    Ok(stripe::webhook::parse(&request.body).unwrap())
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn one_payment_fires_several_events_with_one_key() {
    use PaymentState::{Authorized, Captured, Failed};
    let (fake, client) = fake_razorpay();
    let (receiver, _) = receiver();
    fake.send_webhooks_to(&receiver.url);
    let order_id = order(&client, "DB-1");
    let id = fake.pay(&order_id, Outcome::FailedThenCaptured).unwrap();
    assert!(fake.deliver_all().iter().all(gateways::fake::Delivery::taken));
    assert_eq!(fake.waiting(), 0);
    let requests = receiver.received();
    let events: Vec<Event> = requests.iter().map(|r| from_razorpay(r).unwrap()).collect();
    assert_eq!(
        kinds(&events),
        ["payment.failed", "payment.authorized", "payment.captured", "order.paid"]
    );
    assert_eq!(requests.iter().map(event_id).collect::<HashSet<_>>().len(), 4);
    for event in &events {
        assert_eq!((event.observations.len(), &event.observations[0].id), (1, &id));
        assert_eq!(event.observations[0].bill_ref.as_deref(), Some("DB-1"));
        assert_eq!(event.observations[0].order_id.as_ref(), Some(&order_id));
    }
    let told: Vec<_> = events.iter().map(|event| event.observations[0].about).collect();
    assert_eq!(told, [Failed, Authorized, Captured, Captured].map(About::Payment));
}

#[test]
fn a_link_arrives_as_odd_as_the_real_one() {
    let (fake, client) = fake_razorpay();
    let (receiver, _) = receiver();
    fake.send_webhooks_to(&receiver.url);
    let link = razorpay::NewPaymentLink {
        amount: 5_000,
        currency: "INR".to_owned(),
        reference_id: "DB-2".to_owned(),
        description: "Milk".to_owned(),
        accept_partial: false,
        first_min_partial_amount: None,
        expire_by: None,
        customer_name: None,
        customer_contact: None,
        callback_url: None,
        tags: gateways::call::Tags::default(),
    };
    let link = client.create_payment_link(&link).unwrap();
    let id = fake.pay(&link.id, Outcome::Captured).unwrap();
    fake.deliver_all();
    let requests = receiver.received();
    let last = requests.last().unwrap();
    let text = String::from_utf8_lossy(&last.body);
    assert!(text.contains(r#""short_url":"https:\/\/rzp.io\/"#), "{text}");
    assert!(text.contains(r#""notes":null"#) && text.contains(r#""notes":[]"#), "{text}");
    let event = from_razorpay(last).unwrap();
    assert_eq!(event.kind, "payment_link.paid");
    let [told, payment] = &event.observations[..] else { panic!("{event:?}") };
    assert_eq!(told.about, About::Link(LinkState::Paid));
    assert_eq!((&told.id, told.payment_id.as_ref()), (&link.id, Some(&id)));
    assert_eq!(payment.bill_ref.as_deref(), Some("DB-2"));
    assert!(payment.order_id.as_ref().unwrap().starts_with("order_"));
}

#[test]
fn misbehaviour_at_delivery() {
    let (fake, client) = fake_razorpay();
    let (receiver, _) = receiver();
    fake.send_webhooks_to(&receiver.url);
    let pay = |receipt: &str| fake.pay(&order(&client, receipt), Outcome::Failed).unwrap();

    pay("DB-1");
    fake.misbehave(Misbehaviour::Duplicate);
    let deliveries = fake.deliver_all();
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0], deliveries[1]);

    let (first, second) = (pay("DB-2"), pay("DB-3"));
    fake.misbehave(Misbehaviour::Reorder);
    fake.deliver_all();
    let events: Vec<Event> =
        receiver.received()[2..].iter().map(|r| from_razorpay(r).unwrap()).collect();
    let told: Vec<_> = events.iter().map(|event| &event.observations[0].id).collect();
    assert_eq!(told, [&second, &first]);

    pay("DB-4");
    pay("DB-5");
    fake.misbehave(Misbehaviour::Delay);
    assert_eq!((fake.deliver_all().len(), fake.waiting()), (1, 1));
    assert_eq!((fake.deliver_all().len(), fake.waiting()), (1, 0));

    pay("DB-6");
    fake.misbehave(Misbehaviour::NeverDeliver);
    assert_eq!((fake.deliver_all().len(), fake.waiting()), (0, 0));

    pay("DB-7");
    fake.misbehave(Misbehaviour::WrongSignature);
    fake.deliver_all();
    let forged = receiver.received().pop().unwrap();
    assert_eq!(from_razorpay(&forged), Err(SignatureError::Wrong));
}

#[test]
fn what_is_not_taken_comes_again_under_its_id() {
    let (fake, client) = fake_razorpay();
    let (receiver, status) = receiver();
    fake.send_webhooks_to(&receiver.url);
    fake.pay(&order(&client, "DB-1"), Outcome::Failed).unwrap();
    status.store(503, Ordering::SeqCst);
    assert_eq!(fake.deliver_all()[0].status, Some(503));
    assert_eq!(fake.waiting(), 1);
    status.store(200, Ordering::SeqCst);
    assert!(fake.deliver_all()[0].taken());
    let requests = receiver.received();
    assert_eq!(event_id(&requests[0]), event_id(&requests[1]));
    assert_eq!(requests[0].body, requests[1].body);
    // Given up after ten attempts.
    fake.pay(&order(&client, "DB-2"), Outcome::Failed).unwrap();
    status.store(400, Ordering::SeqCst);
    for _ in 0..10 {
        assert_eq!(fake.deliver_all().len(), 1);
    }
    assert_eq!((fake.deliver_all().len(), fake.waiting()), (0, 0));
}

#[test]
fn nobody_listens() {
    let (fake, client) = fake_razorpay();
    fake.pay(&order(&client, "DB-1"), Outcome::Failed).unwrap();
    assert_eq!(fake.deliver_all(), []);
    fake.send_webhooks_to("http://127.0.0.1:1/");
    assert_eq!(fake.deliver_all()[0].status, None);
    assert_eq!(fake.waiting(), 1);
}

fn session(fake: &gateways::fake::FakeStripe, client: &stripe::Stripe) -> String {
    let session = NewCheckoutSession {
        amount: 5_000,
        currency: "INR".to_owned(),
        name: "Milk".to_owned(),
        client_reference_id: "DB-1".to_owned(),
        success_url: "https://dairy.example/".to_owned(),
        cancel_url: None,
        tags: tags("DB-1"),
    };
    let key = format!("session-{}", fake.waiting());
    client.create_checkout_session(&session, &key).unwrap().id
}

#[test]
fn stripe_tells_of_one_payment_by_one_key() {
    let (fake, client) = fake_stripe();
    let (receiver, _) = receiver();
    fake.send_webhooks_to(&receiver.url);
    let first = fake.pay(&session(&fake, &client), Outcome::Captured).unwrap();
    let second = fake.pay(&session(&fake, &client), Outcome::FailedThenCaptured).unwrap();
    let dispute = fake.dispute(&first).unwrap();
    fake.end_dispute(&dispute, false).unwrap();
    fake.settle().unwrap();
    fake.deliver_all();
    let events: Vec<Event> = receiver.received().iter().map(|r| from_stripe(r).unwrap()).collect();
    assert_eq!(
        kinds(&events),
        [
            "payment_intent.succeeded",
            "checkout.session.completed",
            "payment_intent.payment_failed",
            "checkout.session.completed",
            "payment_intent.succeeded",
            "checkout.session.async_payment_succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
            "payout.paid",
        ]
    );
    let captured: Vec<&str> = events
        .iter()
        .flat_map(|event| &event.observations)
        .filter(|seen| seen.about == About::Payment(PaymentState::Captured))
        .map(|seen| seen.id.as_str())
        .collect();
    assert_eq!(captured, [&first, &first, &second, &second]);
    let lost = &events[8].observations[0];
    assert_eq!(lost.about, About::Dispute(DisputeState::Lost));
    assert_eq!(lost.payment_id.as_ref(), Some(&first));
    assert!(events.iter().all(|event| stripe::webhook::is_for(event, stripe::webhook::Mode::Test)));
}

#[test]
fn stripe_signs_wrongly_when_told() {
    let (fake, client) = fake_stripe();
    let (receiver, status) = receiver();
    fake.send_webhooks_to(&receiver.url);
    fake.pay(&session(&fake, &client), Outcome::Failed).unwrap();
    status.store(400, Ordering::SeqCst);
    fake.misbehave(Misbehaviour::WrongSignature);
    fake.deliver_all();
    assert_eq!(from_stripe(&receiver.received()[0]), Err(SignatureError::Wrong));
    fake.deliver_all();
    assert!(from_stripe(&receiver.received()[1]).is_ok());
}
