//! Business, customers, products, prices, imports, counters and the audit trail: kept and found
//! again as they were, on both databases; and every query is understood by both.
//!
//! It deliberately checks whole values, so that a column that is forgotten shows.

use crate::kit::{
    C1, C2, GHEE, MILK, actor, business, count, customer, day, product, read, small, write,
};
use domain::billing::RoundOff;
use domain::calendar::{Day, Moment};
use domain::catalog::{PriceBasis, PriceChange, Unit};
use domain::customers::{Email, Fssai, Gstin, Language, Phone, Pincode, State};
use domain::ids::{CustomerId, ProductId};
use domain::money::{Money, TaxRate, UnitPrice};
use store::audit::Entry;
use store::imports::{Counter, Tally, allot, begin, finish};
use store::{Store, audit, catalog, customers};
use testkit::on_both;

#[test]
fn every_query_is_understood_by_both() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let queries = store::all_queries(store.is_sqlite());
        assert!(queries.len() > 50, "{}", queries.len());
        for sql in queries {
            let checked = store.read(|tx| tx.check(&sql));
            checked.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let wrong = store.read(|tx| tx.check("SELECT nothing FROM nowhere"));
        assert!(wrong.is_err());
    });
}

#[test]
fn the_business_is_kept() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        assert_eq!(read(&store, store::business::load), None);
        let mut all = business();
        "ગોકુળ ડેરી".clone_into(&mut all.name);
        all.gstin = Some(Gstin::parse("24AABCR1718E1ZV").unwrap());
        all.fssai = Some(Fssai::parse("10012011000001").unwrap());
        all.round_off = RoundOff::Rupee;
        write(&store, |tx| store::business::add(tx, &all, actor().at));
        assert_eq!(read(&store, store::business::load), Some(all.clone()));
        assert!(store.write(|tx| store::business::add(tx, &all, actor().at)).is_err());
    });
}

fn full_customer() -> domain::customers::Customer {
    let mut full = customer("C-9");
    "મીના પટેલ".clone_into(&mut full.name);
    full.phone = Some(Phone::parse("9812300001").unwrap());
    full.email = Some(Email::parse("meena@example.com").unwrap());
    full.language = Some(Language::parse("gu").unwrap());
    full.address = Some("Flat 3,\nRose Wing".to_owned());
    full.pincode = Some(Pincode::parse("380001").unwrap());
    full.state = Some(State::parse("27").unwrap());
    full.gstin = Some(Gstin::parse("29AABCR1718E1ZL").unwrap());
    full.route = Some("North".to_owned());
    full.opening_balance = Money::from_paise(-12_345);
    full
}

#[test]
fn customers_are_added_changed_and_found() {
    on_both(|database| {
        let store = small(database);
        let full = full_customer();
        let ids = write(&store, |tx| customers::add(tx, &[&full], actor().at));
        assert_eq!(ids, [CustomerId(4)]);
        let all = read(&store, customers::all);
        assert_eq!(all.len(), 4);
        assert_eq!(all["C-9"], (CustomerId(4), full.clone()));
        assert_eq!(all["C1"], (C1, customer("C1")));
        assert_eq!(read(&store, customers::codes)["C-9"], CustomerId(4));
        let found = read(&store, |tx| customers::by_code(tx, "C-9"));
        assert_eq!(found, Some((CustomerId(4), full.name.clone())));
        assert_eq!(read(&store, |tx| customers::by_code(tx, "c-9")), None);

        let bare = customer("C-9");
        let later = Moment::from_unix_micros(actor().at.unix_micros() + 1);
        write(&store, |tx| customers::update(tx, CustomerId(4), &bare, later));
        let all = read(&store, customers::all);
        assert_eq!(all["C-9"].1, bare);
        assert_eq!(count(&store, "SELECT version FROM customers WHERE id = 4"), 2);
        let kept = count(&store, "SELECT updated_at - created_at FROM customers WHERE id = 4");
        assert_eq!(kept, 1, "microseconds are kept exactly");
    });
}

#[test]
fn customers_of_a_range_know_their_state_of_supply() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        assert_eq!(read(&store, customers::last_id), 0);
        let mut registered = customer("A");
        registered.gstin = full_customer().gstin;
        let stated = full_customer();
        write(&store, |tx| customers::add(tx, &[&registered, &stated, &customer("B")], actor().at));
        assert_eq!(read(&store, customers::last_id), 3);
        let range = |from, to| read(&store, |tx| customers::range(tx, from, to));
        let found: Vec<_> = range(1, 3)
            .into_iter()
            .map(|found| (found.id.0, found.code, found.state.map(State::code)))
            .collect();
        let expected = [
            (1, "A".to_owned(), Some("29")),
            (2, "C-9".to_owned(), Some("27")),
            (3, "B".to_owned(), None),
        ];
        assert_eq!(found, expected);
        assert_eq!(range(2, 2).len(), 1);
        assert!(range(4, 9).is_empty());
        let nobody: Vec<_> = write(&store, |tx| customers::add(tx, &[], actor().at));
        assert!(nobody.is_empty());
    });
}

#[test]
fn products_are_added_changed_and_found() {
    on_both(|database| {
        let store = small(database);
        let all = read(&store, catalog::products);
        assert_eq!(all[&MILK], product("MILK"));
        let mut changed = product("MILK");
        changed.name = "Cow milk".to_owned();
        changed.unit = Unit::Piece;
        changed.hsn = None;
        changed.tax_rate = TaxRate::from_ten_thousandths(1250);
        changed.tax_inclusive = true;
        changed.price = None;
        write(&store, |tx| catalog::update(tx, MILK, &changed, actor().at));
        let all = read(&store, catalog::products);
        assert_eq!(all[&MILK], changed);
        assert_eq!(all[&GHEE], product("GHEE"));
    });
}

#[test]
fn prices_are_kept_by_day_and_replaced() {
    on_both(|database| {
        let store = small(database);
        let change = |customer, from: &str, milli: Option<i64>| PriceChange {
            product: MILK,
            customer,
            effective_from: day(from),
            price: milli.map(UnitPrice::from_milli),
        };
        let changes = [
            change(None, "2026-09-10", Some(62_000)),
            change(Some(C1), "2026-09-10", Some(55_000)),
            change(Some(C1), "2026-09-20", None),
            change(Some(C2), "2026-09-10", Some(1)),
        ];
        write(&store, |tx| catalog::put_prices(tx, &changes, 1));
        let replaced = [
            change(None, "2026-09-10", Some(63_000)),
            change(Some(C1), "2026-09-10", Some(56_000)),
        ];
        write(&store, |tx| catalog::put_prices(tx, &replaced, 1));
        assert_eq!(read(&store, catalog::general_prices), [replaced[0]]);
        let mut own = read(&store, catalog::own_prices);
        own.sort_by_key(|found| (found.customer, found.effective_from));
        assert_eq!(own, [replaced[1], changes[2], changes[3]]);

        let book = read(&store, |tx| {
            let products = catalog::products(tx)?;
            catalog::price_book(tx, &products, 1, 1)
        });
        let found = |customer, on: &str| {
            let found = book.in_force(customer, MILK, day(on)).unwrap();
            (found.price.milli(), found.basis, found.effective_from)
        };
        let general = PriceBasis::General;
        assert_eq!(found(C1, "2026-09-09"), (60_000, general, Day::MIN));
        let own = PriceBasis::Customer;
        assert_eq!(found(C1, "2026-09-19"), (56_000, own, day("2026-09-10")));
        assert_eq!(found(C1, "2026-09-20"), (63_000, general, day("2026-09-10")));
        // C2 is outside the range that was asked for.
        assert_eq!(found(C2, "2026-09-20").0, 63_000);
        let none = book.in_force(C1, ProductId(9), day("2026-09-20"));
        assert_eq!(none, None);
        write(&store, |tx| catalog::put_prices(tx, &[], 1));
    });
}

#[test]
fn counters_give_every_id_once() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        for counter in [
            Counter::Customers,
            Counter::Products,
            Counter::Orders,
            Counter::Imports,
            Counter::Bills,
            Counter::LedgerTransactions,
            Counter::BillRuns,
            Counter::Audit,
        ] {
            let taken = write(&store, |tx| {
                Ok([allot(tx, counter, 3)?, allot(tx, counter, 0)?, allot(tx, counter, 1)?])
            });
            assert_eq!(taken, [1, 4, 4], "{counter:?}");
            // What was not kept is given again.
            let gone = store.write(|tx| {
                allot(tx, counter, 5)?;
                Err::<(), _>(store::StoreError::unexpected("the power is gone"))
            });
            assert!(gone.is_err());
            assert_eq!(write(&store, |tx| allot(tx, counter, 1)), 5, "{counter:?}");
        }
    });
}

#[test]
fn imports_are_kept_with_their_tally() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let tally = Tally { rows: 9, added: 3, changed: 2, unchanged: 4 };
        let ids = write(&store, |tx| {
            let first = begin(tx, "orders", "orders.csv", &actor())?;
            finish(tx, first, &tally)?;
            Ok([first, begin(tx, "customers", "customers.csv", &actor())?])
        });
        assert_eq!(ids, [1, 2]);
        let sums = "SELECT row_count * 1000 + added * 100 + changed * 10 + unchanged FROM imports \
                    WHERE kind = 'orders'";
        assert_eq!(count(&store, sums), 9324);
    });
}

#[test]
fn the_audit_trail_is_read_in_order() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let entry = |action, before: Option<&str>| Entry {
            action,
            table: "bills",
            record: "INV/26-27/000001".to_owned(),
            before: before.map(str::to_owned),
            after: Some("{\"total\":\"1.00\"}".to_owned()),
            changed: None,
        };
        let entries = [entry("draft", None), entry("issue", Some("{}"))];
        write(&store, |tx| audit::write(tx, &actor(), &entries));
        write(&store, |tx| audit::write(tx, &actor(), &[]));
        let found = read(&store, |tx| audit::of_record(tx, "bills", "INV/26-27/000001"));
        let kept: Vec<_> =
            found.iter().map(|kept| (kept.action.as_str(), kept.before.as_deref())).collect();
        assert_eq!(kept, [("draft", None), ("issue", Some("{}"))]);
        assert_eq!(found[0].actor, actor());
        assert_eq!(found[0].after, entries[0].after);
        assert!(read(&store, |tx| audit::of_record(tx, "orders", "INV/26-27/000001")).is_empty());
    });
}

#[test]
fn a_transaction_is_whole_and_a_reader_cannot_write() {
    on_both(|database| {
        let store = small(database);
        let failed = store.write(|tx| {
            customers::add(tx, &[&customer("D")], actor().at)?;
            Err::<(), _>(store::StoreError::unexpected("a change of mind"))
        });
        assert!(failed.is_err());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
        let written = store.read(|tx| customers::add(tx, &[&customer("D")], actor().at));
        assert!(written.is_err(), "a reading transaction has written");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
    });
}

#[test]
fn many_rows_cross_the_limits_of_one_statement() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let many: Vec<_> = (0..20_100).map(|n| customer(&format!("N{n}"))).collect();
        let list: Vec<_> = many.iter().collect();
        write(&store, |tx| customers::add(tx, &list, actor().at));
        let months: Vec<_> =
            (1..=20_100).map(|id| (CustomerId(id), crate::kit::month("2026-09"))).collect();
        write(&store, |tx| store::deliveries::mark_unbilled(tx, &months));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM unbilled_months"), 20_100);
        write(&store, |tx| store::deliveries::settle(tx, &months[1..]));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM unbilled_months"), 1);
        write(&store, |tx| tx.refresh_statistics(&["customers", "unbilled_months"]));
    });
}
