//! The calls to Razorpay, against the local one.
//!
//! It deliberately looks at no webhook; see `webhooks`.

use gateways::CallError;
use gateways::event::{About, PaymentState, RefundState, SettlementState};
use gateways::fake::{Misbehaviour, Outcome};
use gateways::razorpay::redirect::verify_checkout;
use gateways::razorpay::{
    NewOrder, NewPaymentLink, NewQrCode, NewRefund, Order, Razorpay, ReconKind, Window,
};

use crate::kit::{NOW, fake_razorpay, moment, razorpay_at, retry, tags};

fn order_of(client: &Razorpay, receipt: &str) -> Order {
    let order = NewOrder {
        amount: 184_250,
        currency: "INR".to_owned(),
        receipt: receipt.to_owned(),
        tags: tags(receipt),
        partial_payment: false,
    };
    client.create_order(&order).unwrap()
}

fn link(reference: &str) -> NewPaymentLink {
    NewPaymentLink {
        amount: 10_000,
        currency: "INR".to_owned(),
        reference_id: reference.to_owned(),
        description: "Milk".to_owned(),
        accept_partial: true,
        first_min_partial_amount: None,
        expire_by: None,
        customer_name: Some("A customer".to_owned()),
        customer_contact: None,
        callback_url: Some("https://dairy.example/back".to_owned()),
        tags: tags(reference),
    }
}

fn window(from: i64, to: i64) -> Window {
    Window { from: moment(from), to: moment(to), count: 100, skip: 0 }
}

#[test]
fn an_order_is_made_found_and_paid() {
    let (fake, client) = fake_razorpay();
    let order = order_of(&client, "DB-1");
    assert!(order.id.starts_with("order_"), "{}", order.id);
    assert_eq!(client.orders_by_receipt("DB-1").unwrap().items, std::slice::from_ref(&order));
    assert_eq!(client.orders_by_receipt("DB-2").unwrap().items, []);
    let failed = fake.pay(&order.id, Outcome::Failed).unwrap();
    let paid = fake.pay(&order.id, Outcome::Captured).unwrap();
    let order = client.order(&order.id).unwrap();
    assert_eq!((order.status.as_str(), order.amount_paid), ("paid", 184_250));
    let payments = client.payments_of_order(&order.id).unwrap().items;
    let states: Vec<_> = payments.iter().map(|seen| (seen.id.as_str(), seen.about)).collect();
    assert_eq!(
        states,
        [
            (failed.as_str(), About::Payment(PaymentState::Failed)),
            (paid.as_str(), About::Payment(PaymentState::Captured)),
        ]
    );
    let key = gateways::Secrets::new(["key_secret_A"]).unwrap();
    let signature = fake.sign_return(&order.id, &paid);
    assert_eq!(verify_checkout(&key, &order.id, &paid, &signature), Ok(()));
    let payment = client.payment(&paid).unwrap();
    assert_eq!((payment.fee, payment.tax), (Some(4_348), Some(663)));
    assert_eq!(payment.bill_ref.as_deref(), Some("DB-1"));
    assert_eq!(payment.rrn.map(|rrn| rrn.len()), Some(12));
    assert_eq!(client.payments(&window(NOW, NOW)).unwrap().items.len(), 2);
    assert_eq!(client.payments(&window(NOW + 1, NOW + 9)).unwrap().items, []);
}

#[test]
fn pages_go_by_number() {
    let (fake, client) = fake_razorpay();
    for number in 0..5 {
        let order = order_of(&client, &format!("DB-{number}"));
        fake.pay(&order.id, Outcome::Captured).unwrap();
    }
    let page = Window { count: 2, ..window(0, NOW) };
    let first = client.payments(&page).unwrap();
    assert_eq!((first.items.len(), first.received, first.more), (2, 2, true));
    let last = client.payments(&Window { skip: 4, ..page }).unwrap();
    assert_eq!((last.items.len(), last.more), (1, false));
    assert_eq!(last.items[0].bill_ref.as_deref(), Some("DB-0"));
}

#[test]
fn an_authorized_payment_is_taken_once() {
    let (fake, client) = fake_razorpay();
    let order = order_of(&client, "DB-1");
    let id = fake.pay(&order.id, Outcome::Authorized).unwrap();
    let before = client.payment(&id).unwrap();
    assert_eq!(before.about, About::Payment(PaymentState::Authorized));
    let wrong = client.capture(&id, 1, "INR");
    assert!(matches!(wrong, Err(CallError::Refused { status: Some(400), .. })), "{wrong:?}");
    let taken = client.capture(&id, 184_250, "INR").unwrap();
    assert_eq!(taken.about, About::Payment(PaymentState::Captured));
    assert!(client.capture(&id, 184_250, "INR").is_err());
}

#[test]
fn a_link_is_unique_by_its_reference_and_paid_in_parts() {
    let (fake, client) = fake_razorpay();
    let made = client.create_payment_link(&link("DB-1")).unwrap();
    assert!(made.short_url.starts_with("https://rzp.io/"), "{}", made.short_url);
    let again = client.create_payment_link(&link("DB-1"));
    assert!(matches!(again, Err(CallError::Refused { status: Some(400), .. })), "{again:?}");
    let found = client.payment_links_by_reference("DB-1").unwrap();
    assert_eq!(found.items, std::slice::from_ref(&made));
    fake.pay_amount(&made.id, 4_000, Outcome::Captured).unwrap();
    let partly = client.payment_link(&made.id).unwrap();
    assert_eq!((partly.status.as_str(), partly.amount_paid), ("partially_paid", 4_000));
    let last = fake.pay(&made.id, Outcome::Captured).unwrap();
    let paid = client.payment_link(&made.id).unwrap();
    assert_eq!((paid.status.as_str(), paid.amount_paid), ("paid", 10_000));
    assert_eq!(paid.payment_ids.last(), Some(&last));
    assert!(fake.pay(&made.id, Outcome::Captured).is_err());
    let other = client.create_payment_link(&link("DB-2")).unwrap();
    assert_eq!(client.cancel_payment_link(&other.id).unwrap().status, "cancelled");
    assert!(client.cancel_payment_link(&other.id).is_err());
}

#[test]
fn a_qr_code_closes_when_the_answer_says() {
    let (fake, client) = fake_razorpay();
    let asked = NewQrCode {
        name: "Demo dairy".to_owned(),
        fixed_amount: Some(6_400),
        description: "Milk".to_owned(),
        customer_id: Some("cust_A".to_owned()),
        close_by: Some(moment(NOW + 86_400)),
        tags: tags("DB-1"),
    };
    let made = client.create_qr_code(&asked).unwrap();
    assert_eq!(made.close_by, Some(moment(NOW + 7_200)));
    assert_eq!(made.bill_ref.as_deref(), Some("DB-1"));
    let found = client.qr_codes_of_customer("cust_A").unwrap();
    assert_eq!(found.items, std::slice::from_ref(&made));
    let id = fake.pay(&made.id, Outcome::Captured).unwrap();
    let payments = client.payments_of_qr_code(&made.id).unwrap().items;
    assert_eq!((payments[0].id.as_str(), payments[0].amount), (id.as_str(), Some(6_400)));
    // One payment of a fixed amount, and it is closed.
    assert!(fake.pay(&made.id, Outcome::Captured).is_err());
    let open = client.create_qr_code(&NewQrCode { fixed_amount: None, ..asked }).unwrap();
    fake.pay_amount(&open.id, 100, Outcome::Captured).unwrap();
    assert_eq!(client.close_qr_code(&open.id).unwrap().status, "closed");
    assert!(fake.pay_amount(&open.id, 100, Outcome::Captured).is_err());
}

#[test]
fn a_refund_is_made_once_under_its_key() {
    let (fake, client) = fake_razorpay();
    let id = fake.pay(&order_of(&client, "DB-1").id, Outcome::Captured).unwrap();
    let refund = NewRefund {
        amount: 25_000,
        idempotency_key: "refund-0001".to_owned(),
        receipt: Some("RF-1".to_owned()),
        tags: tags("DB-1"),
    };
    // Done, and not answered: the next attempt under the same key gets the first one's answer.
    fake.misbehave(Misbehaviour::TimeOutAfterSuccess);
    let first = client.refund_payment(&id, &refund).unwrap();
    assert_eq!(first.about, About::Refund(RefundState::Processed));
    assert_eq!(client.refund_payment(&id, &refund).unwrap().id, first.id);
    let other = client.refund_payment(&id, &NewRefund { amount: 1, ..refund.clone() });
    let refused = other.unwrap_err().to_string();
    assert!(refused.contains("Different request with the same idempotency key"), "{refused}");
    assert_eq!(client.refunds_of_payment(&id).unwrap().items, std::slice::from_ref(&first));
    assert_eq!(client.refund(&first.id).unwrap().id, first.id);
    let key = "refund-0002".to_owned();
    let much = NewRefund { amount: 184_250, idempotency_key: key, ..refund };
    assert!(matches!(client.refund_payment(&id, &much), Err(CallError::Refused { .. })));
    assert_eq!(client.payment(&id).unwrap().amount_refunded, Some(25_000));
}

#[test]
fn an_order_of_unknown_outcome_is_found_by_its_receipt() {
    let (fake, client) = fake_razorpay();
    let order = NewOrder {
        amount: 5_000,
        currency: "INR".to_owned(),
        receipt: "DB-9".to_owned(),
        tags: tags("DB-9"),
        partial_payment: false,
    };
    for misbehaviour in [Misbehaviour::TimeOutAfterSuccess, Misbehaviour::Fail500AfterSuccess] {
        fake.misbehave(misbehaviour);
        let outcome = client.create_order(&order);
        assert!(matches!(outcome, Err(CallError::Unknown { .. })), "{outcome:?}");
    }
    assert_eq!(client.orders_by_receipt("DB-9").unwrap().items.len(), 2);
    fake.misbehave(Misbehaviour::Fail500);
    assert!(matches!(client.create_order(&order), Err(CallError::Unknown { .. })));
    assert_eq!(client.orders_by_receipt("DB-9").unwrap().items.len(), 2);
    fake.misbehave(Misbehaviour::TooManyRequests);
    assert!(client.create_order(&order).is_ok());
}

#[test]
fn rows_of_reconciliation_add_up_to_the_settlement() {
    use ReconKind::{Adjustment, Payment, Refund};
    let (fake, client) = fake_razorpay();
    let expected = [Payment, Payment, Refund, Adjustment];
    assert_eq!(fake.settle(), None);
    let first = fake.pay(&order_of(&client, "DB-1").id, Outcome::Captured).unwrap();
    let second = fake.pay(&order_of(&client, "DB-2").id, Outcome::Captured).unwrap();
    let refund = NewRefund {
        amount: 1_000,
        idempotency_key: "refund-0001".to_owned(),
        receipt: None,
        tags: tags("DB-1"),
    };
    client.refund_payment(&first, &refund).unwrap();
    let dispute = fake.dispute(&second).unwrap();
    let id = fake.settle().unwrap();
    let rows = client.recon((2026, 7, None), 1_000, 0).unwrap();
    let sum: i64 = rows.items.iter().map(|row| row.credit - row.debit).sum();
    assert!(rows.items.iter().all(|row| row.settlement_id.as_ref() == Some(&id)));
    let kinds: Vec<_> = rows.items.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, expected);
    assert_eq!(rows.items[0].credit, 179_902);
    assert_eq!(
        (&rows.items[0].payment_id, rows.items[0].order_receipt.as_deref()),
        (&None, Some("DB-1"))
    );
    assert_eq!(rows.items[2].payment_id.as_ref(), Some(&first));
    assert_eq!(rows.items[3].dispute_id.as_ref(), Some(&dispute));
    let settlements = client.settlements(&window(NOW, NOW)).unwrap().items;
    assert_eq!(settlements[0].about, About::Settlement(SettlementState::Processed));
    assert_eq!(
        (settlements[0].amount, &settlements[0].rrn),
        (Some(sum), &rows.items[0].settlement_utr)
    );
    assert_eq!(fake.settle(), None);

    fake.end_dispute(&dispute, true).unwrap();
    fake.misbehave(Misbehaviour::ShortSettlement(50));
    fake.settle().unwrap();
    let settlements = client.settlements(&window(NOW, NOW)).unwrap().items;
    assert_eq!(settlements[0].amount, Some(184_250 - 50));
}

#[test]
fn a_wrong_key_is_refused() {
    let (fake, _) = fake_razorpay();
    let transport = crate::kit::transport(&fake.url());
    let key = gateways::Secret::new("another");
    let client = Razorpay::new(transport, "rzp_test_A", &key, retry(1).0);
    let outcome = client.order("order_A");
    assert!(matches!(outcome, Err(CallError::Refused { status: Some(401), .. })), "{outcome:?}");
    let unknown = razorpay_at(&fake.url(), retry(1).0).order("order_A");
    assert!(matches!(unknown, Err(CallError::Refused { status: Some(400), .. })), "{unknown:?}");
}

#[test]
fn many_at_once_under_one_key_give_back_once() {
    let (fake, client) = fake_razorpay();
    let id = fake.pay(&order_of(&client, "DB-1").id, Outcome::Captured).unwrap();
    let refund = NewRefund {
        amount: 25_000,
        idempotency_key: "refund-0001".to_owned(),
        receipt: None,
        tags: tags("DB-1"),
    };
    let made: Vec<String> = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| client.refund_payment(&id, &refund).unwrap().id);
        let asked: Vec<_> = (0..8).map(|_| ask()).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(made.iter().all(|one| *one == made[0]), "{made:?}");
    assert_eq!(client.payment(&id).unwrap().amount_refunded, Some(25_000));
}
