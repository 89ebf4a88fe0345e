//! The audit trail: found by record, person and time, in pages; and sealed in the order in which
//! rows become visible.
//!
//! It deliberately does not recompute seals; `domain` and `app` do.

use crate::kit::{actor, count, execute, read, small, write};
use domain::access::Role;
use domain::audit::{Link, SealHash};
use domain::calendar::Moment;
use domain::ids::PersonId;
use std::thread;
use store::audit::{self, Actor, Cursor, Entry, Filter};
use store::{Store, StoreError};
use testkit::on_both;

fn at(secs: i64) -> Moment {
    Moment::from_unix_micros(actor().at.unix_micros() + secs * 1_000_000)
}

fn entry(action: &'static str, table: &'static str, record: &str) -> Entry {
    Entry {
        action,
        table,
        record: record.to_owned(),
        before: None,
        after: Some("{}".to_owned()),
        changed: None,
    }
}

fn person(id: i64, secs: i64) -> Actor {
    Actor {
        name: format!("P{id}"),
        at: at(secs),
        person: Some(PersonId(id)),
        role: Some(Role::Owner),
        request: Some(format!("r-{id}")),
    }
}

/// Six rows; the fourth was begun before the third.
fn filled(store: &Store) {
    let write = |actor: &Actor, entries: &[Entry]| {
        write(store, |tx| audit::write(tx, actor, entries));
    };
    write(&person(1, 10), &[entry("add", "customers", "C1"), entry("add", "customers", "C2")]);
    write(&person(2, 30), &[entry("change", "customers", "C1")]);
    write(&person(1, 20), &[entry("change", "products", "C1")]);
    write(&Actor::program("cli", at(40)), &[entry("issue", "bills", "B1")]);
    write(&person(2, 50), &[entry("issue", "bills", "B2")]);
}

fn found(store: &Store, filter: &Filter) -> Vec<i64> {
    read(store, |tx| audit::search(tx, filter, None, 100)).iter().map(|row| row.id).collect()
}

#[test]
fn rows_are_found_the_newest_first() {
    on_both(|database| {
        let store = small(database);
        filled(&store);
        let all = Filter::default();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found(&store, &all), [6, 5, 3, 4, 2, 1]);
        let record = Filter { table: text("customers"), record: text("C1"), ..all.clone() };
        assert_eq!(found(&store, &record), [3, 1]);
        let by_both = Filter { person: Some(PersonId(1)), ..record.clone() };
        assert_eq!(found(&store, &by_both), [1]);
        let table = Filter { table: text("bills"), ..all.clone() };
        assert_eq!(found(&store, &table), [6, 5]);
        let by_person = Filter { person: Some(PersonId(1)), ..all.clone() };
        assert_eq!(found(&store, &by_person), [4, 2, 1]);
        assert_eq!(found(&store, &Filter { table: text("products"), ..by_person }), [4]);
        let action = Filter { action: text("issue"), person: Some(PersonId(2)), ..all.clone() };
        assert_eq!(found(&store, &action), [6]);
        let time = Filter { from: Some(at(20)), until: Some(at(40)), ..all.clone() };
        assert_eq!(found(&store, &time), [3, 4]);
        assert_eq!(found(&store, &Filter { action: text("change"), ..time }), [3, 4]);
        let nothing = Filter { table: text("x'; --"), record: text("%"), ..all };
        assert!(found(&store, &nothing).is_empty());
    });
}

#[test]
fn pages_have_each_row_once() {
    on_both(|database| {
        let store = small(database);
        filled(&store);
        for filter in [Filter::default(), Filter { person: Some(PersonId(1)), ..Filter::default() }]
        {
            let whole = found(&store, &filter);
            let (mut paged, mut after) = (Vec::new(), None::<Cursor>);
            loop {
                let page = read(&store, |tx| audit::search(tx, &filter, after, 2));
                let Some(last) = page.last() else { break };
                after = Some(last.cursor());
                paged.extend(page.iter().map(|row| row.id));
            }
            assert_eq!(paged, whole);
        }
        let row = read(&store, |tx| audit::search(tx, &Filter::default(), None, 1)).remove(0);
        assert_eq!(row.actor(), person(2, 50));
        assert_eq!((row.after.as_deref(), row.before, row.changed), (Some("{}"), None, None));
        let kept = read(&store, |tx| audit::of_record(tx, "bills", "B2"));
        assert_eq!((kept.len(), &kept[0].actor), (1, &person(2, 50)));
    });
}

#[test]
fn seals_are_kept_and_stay() {
    on_both(|database| {
        let store = small(database);
        filled(&store);
        let rows = |from, to, limit| {
            let mut ids = Vec::new();
            read(&store, |tx| audit::rows_between(tx, from, to, limit, |row| ids.push(row.id)));
            ids
        };
        assert_eq!(rows(1, None, 4), [1, 2, 3, 4]);
        assert_eq!(rows(5, None, 4), [5, 6]);
        assert_eq!(rows(2, Some(3), 9), [2, 3]);
        assert_eq!(read(&store, audit::last_seal), None);
        assert_eq!(read(&store, audit::next_ids), (7, 1));
        let hash = SealHash::parse(&"ab".repeat(32)).unwrap();
        let mut links = Vec::new();
        for (first_id, last_id) in [(1, 4), (5, 6)] {
            links.push(write(&store, |tx| {
                let id = audit::allot_seal(tx)?;
                let row_count = last_id - first_id + 1;
                let seal = Link { id, first_id, last_id, row_count, sealed_at: at(9), hash };
                audit::add_seal(tx, &seal)?;
                Ok(seal)
            }));
        }
        assert_eq!(read(&store, audit::last_seal), Some(links[1]));
        assert_eq!(read(&store, |tx| audit::seals_after(tx, 0, 9)), links);
        assert_eq!(read(&store, |tx| audit::seals_after(tx, 0, 1)), links[..1]);
        assert_eq!(read(&store, |tx| audit::seals_after(tx, 1, 9)), links[1..]);
        assert_eq!(read(&store, audit::next_ids), (7, 3));
        for sql in ["UPDATE audit_seals SET row_count = 9", "DELETE FROM audit_seals"] {
            assert!(matches!(execute(&store, &[sql]), Err(StoreError::Refused(_))), "{sql}");
        }
    });
}

/// What sealing relies on: no row is seen before all rows before it are, and ids have no gap,
/// though transactions overlap and some are rolled back.
#[test]
fn rows_become_visible_in_the_order_of_ids() {
    const WRITERS: i64 = 3;
    const EACH: i64 = 40;
    on_both(|database| {
        let store = small(database);
        let reader = Store::open(&database.url).unwrap();
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn(move || {
                        let store = Store::open(&database.url).unwrap();
                        for n in 0..EACH {
                            let entries = [entry("add", "t", "a"), entry("add", "t", "b")];
                            let done = store.write(|tx| {
                                if n % 3 == 0 {
                                    tx.flush_later()?;
                                }
                                audit::write(tx, &person(writer, n), &entries)?;
                                if n % 4 == 3 { Err(StoreError::NotInitialised) } else { Ok(()) }
                            });
                            assert_eq!(done.is_ok(), n % 4 != 3, "{done:?}");
                        }
                    })
                })
                .collect();
            let mut looks = 0;
            while looks == 0 || writers.iter().any(|writer| !writer.is_finished()) {
                let sql = "SELECT COALESCE(MAX(id), 0) - COUNT(*) FROM audit";
                assert_eq!(count(&reader, sql), 0, "a row was seen before an earlier one");
                looks += 1;
            }
        });
        let rows = WRITERS * EACH / 4 * 3 * 2;
        assert_eq!(count(&store, "SELECT COUNT(*) FROM audit"), rows);
        assert_eq!(read(&store, audit::next_ids).0, rows + 1);
    });
}
