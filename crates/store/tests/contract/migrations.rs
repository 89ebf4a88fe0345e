//! Migrations: from nothing to the latest, twice, at once, from the release before; and databases
//! that are newer, older, empty or somebody else's.
//!
//! It deliberately names no table's columns; the other tests do.

use crate::kit::{count, execute, issued, read};
use std::thread;
use store::{Store, StoreError, verify};
use testkit::{Database, on_both};

const LATEST: i64 = 11;

#[test]
fn a_fresh_database_reaches_the_latest_version_and_stays() {
    on_both(|database| {
        let store = issued(database);
        assert_eq!(store.schema_version().unwrap(), Some(LATEST));
        let history = "SELECT COUNT(*) FROM refinery_schema_history";
        assert_eq!(count(&store, history), LATEST);
        drop(store);
        let again = Store::create(&database.url).unwrap();
        assert_eq!(count(&again, history), LATEST);
        assert_eq!(count(&again, "SELECT COUNT(*) FROM bills"), 2);
        drop(again);
        let (store, before, after) = Store::open_and_migrate(&database.url).unwrap();
        assert_eq!((before, after), (LATEST, LATEST));
        assert_eq!(store.schema_version().unwrap(), Some(LATEST));
        drop(store);
        assert!(Store::open(&database.url).is_ok());
    });
}

/// Takes away what the steps after the second have added.
fn back_to_the_second_version(store: &Store) {
    for sql in testkit::back_to_the_second_version(store.is_sqlite()) {
        execute(store, &[&sql]).unwrap();
    }
}

#[test]
fn an_older_database_is_named_and_brought_up_to_date() {
    on_both(|database| {
        let store = issued(database);
        back_to_the_second_version(&store);
        assert!(!read(&store, verify::missing_guards).is_empty());
        drop(store);
        let older = Store::open(&database.url).err().unwrap();
        assert!(matches!(older, StoreError::Older { found: 2, known: LATEST }), "{older}");
        assert!(older.to_string().contains("make a backup, then run dairyos migrate"));
        // Setting up anew is not the way either: first a backup.
        let older = Store::create(&database.url).err().unwrap();
        assert!(matches!(older, StoreError::Older { .. }), "{older}");
        let (store, before, after) = Store::open_and_migrate(&database.url).unwrap();
        assert_eq!((before, after), (2, LATEST));
        assert!(read(&store, verify::missing_guards).is_empty());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM bills"), 2);
    });
}

#[test]
fn a_newer_database_is_refused_by_every_way_in() {
    on_both(|database| {
        let store = issued(database);
        let future = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                      VALUES (99, 'future', '2030-01-01T00:00:00Z', '1')";
        execute(&store, &[future]).unwrap();
        drop(store);
        let migrate = |url: &str| Store::open_and_migrate(url).map(|(store, ..)| store);
        let refused =
            [Store::open(&database.url), Store::create(&database.url), migrate(&database.url)];
        for way in refused {
            let error = way.err().unwrap();
            assert!(matches!(error, StoreError::Newer { found: 99, known: LATEST }), "{error}");
            assert!(error.to_string().contains("use the newer program"));
        }
    });
}

#[test]
fn a_database_without_tables_of_ours_is_told_so() {
    on_both(|database| {
        if database.kind == "sqlite" {
            database.file("dairyos.db", "");
        }
        let error = Store::open(&database.url).err().unwrap();
        assert!(matches!(error, StoreError::NotInitialised), "{error}");
        let error = Store::open_and_migrate(&database.url).err().unwrap();
        assert!(matches!(error, StoreError::NotInitialised), "{error}");
    });
}

#[test]
fn somebody_elses_tables_are_left_alone() {
    on_both(|database| {
        raw(database, "CREATE TABLE bills (theirs TEXT)");
        let error = Store::create(&database.url).err().unwrap();
        assert!(matches!(&error, StoreError::Foreign(table) if table == "bills"), "{error}");
        // Nothing of ours was left beside theirs.
        raw(database, "CREATE TABLE customers (theirs TEXT)");
        let error = Store::open(&database.url).err().unwrap();
        assert!(!matches!(error, StoreError::Older { .. }), "{error}");
    });
}

fn raw(database: &Database, sql: &str) {
    if database.kind == "sqlite" {
        let path = database.url.strip_prefix("sqlite:").unwrap();
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    } else {
        let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }
}

#[test]
fn two_programs_may_create_at_once() {
    on_both(|database| {
        thread::scope(|scope| {
            let create = || Store::create(&database.url).map(|store| store.schema_version());
            let all: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
            for one in all {
                assert_eq!(one.join().unwrap().unwrap().unwrap(), Some(LATEST));
            }
        });
        let store = Store::open(&database.url).unwrap();
        assert_eq!(count(&store, "SELECT COUNT(*) FROM counters"), 22);
    });
}
