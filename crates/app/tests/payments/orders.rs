//! Events of payments in many orders, with repetitions and in sets of any size: the same books.

use crate::kit::{billed, books, captured, delivery, dispute, event, payment, receive, refund};
use serde_json::json;
use testkit::on_both;

/// All events of three payments of one customer.
fn story() -> Vec<String> {
    let notes = || json!({ "customer_code": "C1" });
    vec![
        event(
            "payment.authorized",
            &[("payment", payment("pay_1", 40_000, "authorized", notes()))],
        ),
        captured("pay_1", 40_000, notes()),
        event("payment.failed", &[("payment", payment("pay_1", 40_000, "failed", notes()))]),
        refund("refund.created", "rfnd_1", "pay_1", 10_000, "pending"),
        refund("refund.processed", "rfnd_1", "pay_1", 10_000, "processed"),
        captured("pay_2", 50_000, notes()),
        refund("refund.failed", "rfnd_2", "pay_2", 20_000, "failed"),
        dispute("payment.dispute.created", "disp_1", "pay_2", 50_000, "open"),
        dispute("payment.dispute.lost", "disp_1", "pay_2", 50_000, "lost"),
        captured("pay_3", 25_000, json!([])),
        refund("refund.processed", "rfnd_3", "pay_3", 25_000, "processed"),
    ]
}

/// A shuffle that is the same each time.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        order.swap(place, other);
    }
    order
}

#[test]
fn every_order_ends_in_the_same_books() {
    on_both(|database| {
        let orders = if database.kind == "sqlite" { 24 } else { 6 };
        let mut expected: Option<Vec<String>> = None;
        for seed in 0..orders {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            let story = story();
            let mut order = shuffled(story.len(), seed);
            // Some come twice, once more under another id.
            let again: Vec<usize> = order.iter().copied().filter(|place| place % 3 == 0).collect();
            order.extend(&again);
            let deliveries: Vec<_> = order
                .iter()
                .enumerate()
                .map(|(turn, place)| {
                    let other = turn >= story.len() && place % 2 == 0;
                    let id = if other { format!("other{place}") } else { format!("e{place}") };
                    delivery(&id, &story[*place])
                })
                .collect();
            let size = 1 + usize::try_from(seed).unwrap() % 5;
            for part in deliveries.chunks(size) {
                receive(&dairy, part);
            }
            let books = books(&dairy);
            dairy.assert_verified();
            match &expected {
                None => expected = Some(books),
                Some(expected) => assert_eq!(&books, expected, "seed {seed}"),
            }
        }
    });
}
