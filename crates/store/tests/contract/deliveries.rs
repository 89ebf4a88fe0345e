//! Deliveries: added once, found again by reference or key, corrected, marked, linked and read.
//!
//! It deliberately leaves the rules of bills to the guards.

use crate::kit::{
    C1, C2, DRAFT, GHEE, ISSUED, MILK, count, day, delivery, issued, links, month, read,
    referenced, small, write,
};
use domain::deliveries::{Billed, Shift, Status};
use domain::ids::{BillId, CustomerId};
use domain::money::Quantity;
use store::Store;
use store::deliveries::{self, Billable, Link};
use testkit::on_both;

#[test]
fn a_delivery_is_added_once_and_found_again() {
    on_both(|database| {
        let store = small(database);
        let mut evening = delivery(C1, "2026-09-01", MILK, 250);
        evening.key.shift = Shift::Evening;
        evening.status = Status::Missed;
        let list = [
            delivery(C1, "2026-09-01", MILK, 1000),
            evening,
            referenced("R1", delivery(C1, "2026-09-01", MILK, 500)),
            referenced("R2", delivery(C2, "2026-09-01", MILK, 500)),
        ];
        assert_eq!(write(&store, |tx| deliveries::add(tx, &list, 1)), 4);
        assert_eq!(write(&store, |tx| deliveries::add(tx, &list, 1)), 0);
        assert_eq!(write(&store, |tx| deliveries::add(tx, &[], 1)), 0);
        // A reference that is known names the kept delivery, whatever else is said.
        let stolen = referenced("R1", delivery(C2, "2026-09-09", GHEE, 1));
        assert_eq!(write(&store, |tx| deliveries::add(tx, std::slice::from_ref(&stolen), 1)), 0);

        let unknown = delivery(C2, "2026-09-01", MILK, 500);
        let asked = [stolen, list[1].clone(), unknown, list[0].clone()];
        let mut kept = read(&store, |tx| deliveries::kept(tx, &asked));
        kept.sort_by_key(|kept| kept.place);
        let found: Vec<_> = kept.iter().map(|kept| (kept.place, &kept.delivery)).collect();
        assert_eq!(found, [(0, &list[2]), (1, &list[1]), (3, &list[0])]);
        for kept in &kept {
            assert_eq!((kept.import, kept.billed, kept.bill), (1, Billed::No, None));
        }
    });
}

#[test]
fn kept_deliveries_know_their_bill() {
    on_both(|database| {
        let store = issued(database);
        let asked = [
            delivery(C1, "2026-09-01", MILK, 1000),
            delivery(C2, "2026-09-01", MILK, 1000),
            delivery(C1, "2026-09-20", MILK, 1000),
        ];
        let mut kept = read(&store, |tx| deliveries::kept(tx, &asked));
        kept.sort_by_key(|kept| kept.place);
        let found: Vec<_> = kept.iter().map(|kept| (kept.billed, kept.bill)).collect();
        let expected =
            [(Billed::Issued, Some(ISSUED)), (Billed::Draft, Some(DRAFT)), (Billed::No, None)];
        assert_eq!(found, expected);
    });
}

#[test]
fn a_correction_takes_a_delivery_off_its_draft() {
    on_both(|database| {
        let store = issued(database);
        let mut corrected = delivery(C2, "2026-09-01", MILK, 0);
        corrected.status = Status::Skipped;
        let import = write(&store, |tx| {
            store::imports::begin(tx, "deliveries", "again.csv", &crate::kit::actor())
        });
        write(&store, |tx| deliveries::correct(tx, &[&corrected], import));
        let kept = read(&store, |tx| deliveries::kept(tx, &[corrected.clone()]));
        assert_eq!(kept[0].delivery, corrected);
        assert_eq!((kept[0].import, kept[0].bill), (import, None));
        let late = delivery(C1, "2026-09-01", MILK, 9000);
        assert!(store.write(|tx| deliveries::correct(tx, &[&late], import)).is_err());
    });
}

fn collect(work: impl FnOnce(&mut dyn FnMut(Billable))) -> Vec<(i64, i64, i64)> {
    let mut found = Vec::new();
    work(&mut |item: Billable| {
        let bill = item.on.map_or(0, |(bill, line)| bill.0 * 10 + line);
        found.push((item.customer.0, item.day.number(), bill));
    });
    found.sort_unstable();
    found
}

fn of_month(store: &Store, from: i64, to: i64, text: &str) -> Vec<(i64, i64, i64)> {
    collect(|each| read(store, |tx| deliveries::of_month(tx, from, to, month(text), each)))
}

#[test]
fn a_month_is_read_by_range_of_customers() {
    on_both(|database| {
        let store = issued(database);
        write(&store, |tx| {
            let list =
                [delivery(C1, "2026-08-31", MILK, 1000), delivery(C1, "2026-10-01", MILK, 1000)];
            deliveries::add(tx, &list, 1)
        });
        let of_c1 =
            [(1, 2026_09_01, 11), (1, 2026_09_02, 11), (1, 2026_09_03, 12), (1, 2026_09_20, 0)];
        assert_eq!(of_month(&store, 1, 1, "2026-09"), of_c1);
        assert_eq!(of_month(&store, 2, 3, "2026-09"), [(2, 2026_09_01, 21)]);
        assert_eq!(of_month(&store, 1, 3, "2026-09").len(), 5);
        assert_eq!(of_month(&store, 1, 3, "2026-11"), []);
        let mut whole = Vec::new();
        read(&store, |tx| {
            deliveries::of_month(tx, 2, 2, month("2026-09"), |found| whole.push(found))
        });
        let expected = Billable {
            customer: C2,
            day: day("2026-09-01"),
            product: MILK,
            quantity: Quantity::from_milli(1000),
            status: Status::Delivered,
            on: Some((DRAFT, 1)),
        };
        assert_eq!(whole, [expected]);
    });
}

#[test]
fn earlier_months_are_read_where_they_are_marked() {
    on_both(|database| {
        let store = small(database);
        let mut missed = delivery(C1, "2026-08-02", MILK, 1000);
        missed.status = Status::Missed;
        let list = [
            delivery(C1, "2026-07-31", MILK, 1000),
            delivery(C1, "2026-08-01", MILK, 1000),
            missed,
            delivery(C1, "2026-08-03", MILK, 0),
            delivery(C1, "2026-08-31", MILK, 1000),
            delivery(C1, "2026-09-01", MILK, 1000),
            delivery(C2, "2026-08-01", MILK, 1000),
        ];
        let (july, august, september) = (month("2026-07"), month("2026-08"), month("2026-09"));
        write(&store, |tx| {
            deliveries::add(tx, &list, 1)?;
            let marks = [(C1, august), (C1, september), (C2, august)];
            deliveries::mark_unbilled(tx, &marks)?;
            deliveries::mark_unbilled(tx, &marks)
        });
        let earlier = |from, to, until| {
            collect(|each| read(&store, |tx| deliveries::earlier(tx, from, to, until, each)))
        };
        let of_c1 = [(1, 2026_08_01, 0), (1, 2026_08_31, 0)];
        assert_eq!(earlier(1, 1, september), of_c1);
        assert_eq!(earlier(1, 3, september).len(), 3);
        assert_eq!(earlier(1, 3, august), []);
        let unbilled = |until| read(&store, |tx| deliveries::unbilled(tx, 1, 1, until));
        assert_eq!(unbilled(july), []);
        assert_eq!(unbilled(august), [(C1, august)]);
        assert_eq!(unbilled(september).len(), 2);
        write(&store, |tx| deliveries::settle(tx, &[(C1, august), (C1, july)]));
        assert_eq!(unbilled(september), [(C1, september)]);
        assert_eq!(earlier(1, 1, september), []);
    });
}

#[test]
fn deliveries_are_linked_by_day_and_product_and_unlinked() {
    on_both(|database| {
        let store = issued(database);
        // Those that are on a line already are passed over.
        assert_eq!(write(&store, |tx| deliveries::link(tx, &links())), 0);
        write(&store, |tx| {
            deliveries::unlink(tx, &[(C2, day("2026-09-01"), day("2026-09-30"), DRAFT)])
        });
        assert_eq!(of_month(&store, 2, 2, "2026-09"), [(2, 2026_09_01, 0)]);
        let [.., of_draft] = links();
        let beyond = Link { first: day("2026-09-02"), ..of_draft };
        assert_eq!(write(&store, |tx| deliveries::link(tx, &[beyond])), 0);
        assert_eq!(write(&store, |tx| deliveries::link(tx, &[of_draft])), 1);
        // Of another bill, or of other days, nothing is taken off.
        write(&store, |tx| {
            let days = |first: &str| (C2, day(first), day("2026-09-30"));
            let (customer, first, last) = days("2026-09-01");
            deliveries::unlink(tx, &[(customer, first, last, BillId(9))])?;
            let (customer, first, last) = days("2026-09-02");
            deliveries::unlink(tx, &[(customer, first, last, DRAFT)])
        });
        assert_eq!(of_month(&store, 2, 2, "2026-09"), [(2, 2026_09_01, 21)]);
        let taken = store.write(|tx| {
            deliveries::unlink(tx, &[(C1, day("2026-09-01"), day("2026-09-30"), ISSUED)])
        });
        assert!(taken.is_err());
    });
}

#[test]
fn what_was_not_delivered_is_never_linked() {
    on_both(|database| {
        let store = issued(database);
        write(&store, |tx| {
            let mut missed = delivery(C2, "2026-09-01", MILK, 1000);
            missed.key.shift = Shift::Evening;
            missed.status = Status::Missed;
            let empty = referenced("R0", delivery(C2, "2026-09-01", MILK, 0));
            deliveries::add(tx, &[missed, empty], 1)
        });
        assert_eq!(write(&store, |tx| deliveries::link(tx, &links())), 0);
        let linked = "SELECT COUNT(*) FROM deliveries WHERE bill_id = 2";
        assert_eq!(count(&store, linked), 1);
    });
}

#[test]
fn late_deliveries_are_read_through_their_lines() {
    on_both(|database| {
        let store = issued(database);
        crate::billing::late_bill(&store);
        let late = |from, to, until: &str, drafts| {
            collect(|each| {
                read(&store, |tx| {
                    deliveries::late_on_bills(tx, from, to, month(until), drafts, each)
                });
            })
        };
        assert_eq!(late(1, 3, "2026-10", true), [(1, 2026_09_20, 32)]);
        assert_eq!(late(1, 3, "2026-10", false), []);
        assert_eq!(late(2, 3, "2026-10", true), []);
        assert_eq!(late(1, 3, "2026-09", true), []);
    });
}

#[test]
fn the_deliveries_behind_a_line_tell_their_origin() {
    on_both(|database| {
        let store = issued(database);
        let days = (day("2026-09-01"), day("2026-09-02"));
        let of_line = |customer: CustomerId, line| {
            read(&store, |tx| deliveries::of_line(tx, customer, days, ISSUED, line))
        };
        let behind = of_line(C1, 1);
        assert_eq!(behind.len(), 2);
        assert_eq!(behind[0].day, day("2026-09-01"));
        assert_eq!(behind[0].file_name, "deliveries.csv");
        assert_eq!(behind[0].actor, "office");
        assert_eq!(behind[0].imported_at, crate::kit::actor().at.unix_micros());
        assert_eq!(behind[1].quantity, Quantity::from_milli(1000));
        assert!(of_line(C1, 2).is_empty());
        assert!(of_line(C2, 1).is_empty());
    });
}
