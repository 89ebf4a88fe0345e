//! One-time orders: added, found by reference, moved on, linked and read.
//!
//! It deliberately leaves the rules of bills to the guards.

use crate::kit::{C1, C2, DRAFT, GHEE, ISSUED, count, day, issued, month, order, read, write};
use domain::deliveries::Billed;
use domain::ids::OrderId;
use domain::money::{Quantity, UnitPrice};
use domain::orders::Status;
use store::orders::{self, Billable};
use testkit::on_both;

#[test]
fn orders_are_found_by_reference_with_their_bill() {
    on_both(|database| {
        let store = issued(database);
        let mut priced = order("O4", C2, "2026-10-01", Status::Pending);
        priced.agreed_price = Some(UnitPrice::from_milli(1));
        priced.ordered_on = day("2026-09-30");
        priced.quantity = Quantity::from_milli(123);
        write(&store, |tx| orders::add(tx, &[&priced], 1));
        let asked = [
            priced.clone(),
            order("O9", C1, "2026-09-05", Status::Pending),
            order("O1", C1, "2026-09-05", Status::Delivered),
        ];
        let mut kept = read(&store, |tx| orders::kept(tx, &asked));
        kept.sort_by_key(|kept| kept.place);
        assert_eq!(kept.len(), 2);
        assert_eq!((kept[0].place, kept[0].id), (0, OrderId(4)));
        assert_eq!(kept[0].order, priced);
        assert_eq!((kept[0].billed, kept[0].bill), (Billed::No, None));
        assert_eq!((kept[1].place, kept[1].id), (2, OrderId(1)));
        assert_eq!((kept[1].billed, kept[1].bill), (Billed::Issued, Some(ISSUED)));
        assert!(store.write(|tx| orders::add(tx, &[&priced], 1)).is_err());
    });
}

#[test]
fn an_order_moves_on_and_leaves_its_draft() {
    on_both(|database| {
        let store = issued(database);
        crate::billing::draft_with_order(&store);
        let mut moved = order("O3", C2, "2026-09-09", Status::Cancelled);
        moved.agreed_price = Some(UnitPrice::from_milli(50_000));
        moved.quantity = Quantity::from_milli(2000);
        write(&store, |tx| orders::correct(tx, OrderId(3), &moved, 1));
        let kept = read(&store, |tx| orders::kept(tx, &[moved.clone()]));
        assert_eq!(kept[0].order, moved);
        assert_eq!(kept[0].bill, None);
        let issued = order("O1", C1, "2026-09-05", Status::Cancelled);
        assert!(store.write(|tx| orders::correct(tx, OrderId(1), &issued, 1)).is_err());
    });
}

#[test]
fn orders_of_a_month_and_of_earlier_ones() {
    on_both(|database| {
        let store = issued(database);
        let of_month = |from, to, text: &str| {
            let mut found = read(&store, |tx| orders::of_month(tx, from, to, month(text)));
            found.sort_by_key(|found| found.id);
            found
        };
        let found = of_month(1, 1, "2026-09");
        let first = Billable {
            id: OrderId(1),
            customer: C1,
            day: day("2026-09-05"),
            product: GHEE,
            quantity: Quantity::from_milli(1000),
            status: Status::Delivered,
            agreed_price: None,
            on: Some((ISSUED, 3)),
        };
        assert_eq!(found[0], first);
        assert_eq!((found[1].id, found[1].status), (OrderId(2), Status::Pending));
        assert_eq!(of_month(2, 9, "2026-09").len(), 1);
        assert!(of_month(1, 9, "2026-10").is_empty());
        let earlier = |from, to, until: &str| {
            let mut found = read(&store, |tx| orders::earlier(tx, from, to, month(until)));
            found.sort_by_key(|found| found.id);
            found.iter().map(|found| found.id.0).collect::<Vec<_>>()
        };
        // Those on a bill are read as well; who asks passes them over.
        assert_eq!(earlier(1, 9, "2026-10"), [1, 3]);
        assert_eq!(earlier(2, 9, "2026-10"), [3]);
        assert!(earlier(1, 9, "2026-09").is_empty());
    });
}

#[test]
fn orders_are_linked_once_and_unlinked() {
    on_both(|database| {
        let store = issued(database);
        crate::billing::draft_with_order(&store);
        let link = || write(&store, |tx| orders::link(tx, &[(DRAFT, 2, OrderId(3))]));
        assert_eq!(link(), 0, "it is on its line already");
        write(&store, |tx| orders::unlink(tx, &[(C1, DRAFT), (C2, DRAFT)]));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM orders WHERE bill_id = 2"), 0);
        assert_eq!(link(), 1);
        assert!(store.write(|tx| orders::unlink(tx, &[(C1, ISSUED)])).is_err());
    });
}

#[test]
fn the_orders_behind_lines() {
    on_both(|database| {
        let store = issued(database);
        crate::billing::late_bill(&store);
        let behind = read(&store, |tx| orders::of_line(tx, C1, ISSUED, 3));
        assert_eq!(behind.len(), 1);
        assert_eq!(behind[0].reference, "O1");
        assert_eq!(behind[0].ordered_on, day("2026-09-05"));
        assert_eq!(behind[0].file_name, "deliveries.csv");
        assert!(read(&store, |tx| orders::of_line(tx, C1, ISSUED, 1)).is_empty());
        let late = |drafts| {
            let october = month("2026-10");
            let found = read(&store, |tx| orders::late_on_bills(tx, 1, 3, october, drafts));
            found.iter().map(|found| found.id.0).collect::<Vec<_>>()
        };
        assert_eq!(late(true), [2]);
        assert!(late(false).is_empty());
    });
}
