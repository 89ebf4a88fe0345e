//! For how long nobody has committed anything: what was read may be shown again for as long.

use crate::kit::{count, on_server, small, write};
use std::thread;
use std::time::{Duration, Instant};
use store::Store;
use store::epoch::Epoch;
use testkit::{Database, on_both};

/// What another program on a server needs at most to be seen, with much to spare.
const SOON: Duration = Duration::from_secs(10);

/// The epoch, as soon as it can be told.
fn told(store: &Store) -> Epoch {
    let begun = Instant::now();
    loop {
        if let Some(epoch) = store.epoch() {
            return epoch;
        }
        assert!(begun.elapsed() < SOON, "the epoch is not told");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A store that nobody else has open.
fn alone(database: &Database) -> Store {
    drop(small(database));
    Store::open(&database.url).unwrap()
}

fn rename(store: &Store) {
    write(store, |tx| tx.execute("UPDATE customers SET name = 'Other'", &[]));
}

/// Waits until the epoch is another one.
fn changes(store: &Store, from: Epoch) {
    let begun = Instant::now();
    while told(store) == from {
        assert!(begun.elapsed() < SOON, "the epoch does not change");
    }
}

#[test]
fn it_changes_with_each_own_commit_and_with_nothing_else() {
    on_both(|database| {
        let store = alone(database);
        let first = told(&store);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
        if store.is_sqlite() {
            // A server counts the commits of all its databases.
            assert_eq!(store.epoch(), Some(first), "reading changes nothing");
        }
        rename(&store);
        let second = store.epoch();
        assert_ne!(second, Some(first), "own commits are known at once");
        let together = |name: &str| {
            let mut works = [name].into_iter();
            store.write_together(|tx| {
                let sql = format!("UPDATE customers SET name = '{}'", works.next()?);
                Some(tx.execute(&sql, &[]).is_ok())
            })
        };
        let before = told(&store);
        together("Third").unwrap();
        assert_ne!(store.epoch(), Some(before));
    });
}

#[test]
fn what_others_commit_is_never_shown_late() {
    on_both(|database| {
        let store = alone(database);
        let first = told(&store);
        let other = Store::open(&database.url).unwrap();
        if store.is_sqlite() {
            rename(&other);
            thread::sleep(Duration::from_millis(2));
            assert_ne!(store.epoch(), Some(first));
            return;
        }
        // On a server nothing is told from the moment on at which another program can write.
        assert_eq!(store.epoch(), None);
        rename(&other);
        assert_eq!((store.epoch(), other.epoch()), (None, None));
        thread::sleep(Duration::from_millis(250));
        assert_eq!(store.epoch(), None, "it is still there");
        drop(other);
        assert_ne!(told(&store), first, "what it did is counted once it has gone");
    });
}

#[test]
fn what_is_written_past_the_program_is_seen() {
    let Some(database) = on_server() else { return };
    let store = alone(&database);
    let first = told(&store);
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    client.batch_execute("UPDATE customers SET name = 'By hand'").unwrap();
    changes(&store, first);
}

/// Ends all connections to a database.
fn drop_all(database: &Database) {
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.batch_execute(all).unwrap();
}

/// Longer than anything that was seen holds.
const LONG_PAST: Duration = Duration::from_millis(150);

/// The counts of the narrow areas once all that was written is known.
fn narrow(store: &Store) -> (i64, i64) {
    thread::sleep(LONG_PAST);
    let epoch = told(store);
    (epoch.access, epoch.entitlements)
}

#[test]
fn a_narrow_area_is_counted_only_when_it_is_written() {
    on_both(|database| {
        let store = alone(database);
        told(&store);
        let (access, entitlements) = narrow(&store);
        let before = told(&store).everything;
        write(&store, |tx| tx.execute("UPDATE products SET name = 'Other'", &[]));
        assert_ne!(told(&store).everything, before);
        assert_eq!(narrow(&store), (access, entitlements));
        write(&store, |tx| tx.execute("UPDATE customers SET name = 'Other'", &[]));
        assert_ne!(told(&store).entitlements, entitlements, "own commits are known at once");
        let (same, _) = narrow(&store);
        assert_eq!(same, access);
    });
}

#[test]
fn commits_of_others_on_a_file_are_told_from_own_ones() {
    let database = Database::sqlite();
    let store = alone(&database);
    let path = database.url.strip_prefix("sqlite:").unwrap();
    let other = rusqlite::Connection::open(path).unwrap();
    other.busy_timeout(SOON).unwrap();
    told(&store);
    let mut late = Duration::ZERO;
    // A row that is written as it was is no change of the file: each value is another one.
    let own = |n: i32| {
        write(&store, |tx| tx.execute(&format!("UPDATE products SET name = 'Own {n}'"), &[]));
    };
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..500 {
                own(n);
                // Leaves the lock to the other one.
                thread::sleep(Duration::from_millis(1));
            }
        });
        let mut n = 0;
        while !writing.is_finished() {
            let before = told(&store).access;
            n += 1;
            let sql = format!("UPDATE customers SET name = 'Other {n}'");
            other.execute(&sql, []).unwrap();
            let begun = Instant::now();
            while told(&store).access == before && begun.elapsed() < SOON {}
            late = late.max(begun.elapsed());
        }
    });
    // Ten milliseconds, and what a busy machine adds.
    assert!(late < Duration::from_secs(1), "seen after {late:?}");
    let quiet = narrow(&store);
    own(501);
    assert_eq!(narrow(&store), quiet);
}

#[test]
fn what_is_written_by_hand_is_counted_in_its_area_after_its_commit() {
    let Some(database) = on_server() else { return };
    let store = alone(&database);
    told(&store);
    let (access, entitlements) = narrow(&store);
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    client.batch_execute("UPDATE products SET name = 'By hand'").unwrap();
    assert_eq!(narrow(&store), (access, entitlements));
    // A transaction that lasts, beside others that end.
    client.batch_execute("BEGIN; UPDATE customers SET name = 'By hand'").unwrap();
    let (_, begun) = narrow(&store);
    assert_ne!(begun, entitlements);
    write(&store, |tx| tx.execute("UPDATE products SET name = 'Other'", &[]));
    let (_, before) = narrow(&store);
    client.batch_execute("COMMIT").unwrap();
    let (same, after) = narrow(&store);
    assert_ne!(after, before, "what was committed late is counted");
    assert_eq!(same, access);
    // Then all is quiet again.
    client.batch_execute("UPDATE products SET name = 'By hand'").unwrap();
    assert_eq!(narrow(&store), (access, after));
    client.batch_execute("UPDATE people SET name = 'By hand'").unwrap();
    assert_ne!(narrow(&store).0, access);
}

#[test]
fn what_is_written_by_hand_is_not_lost_when_a_program_comes_meanwhile() {
    let Some(database) = on_server() else { return };
    let store = alone(&database);
    told(&store);
    narrow(&store);
    // The watch sleeps by now and sees both at once.
    thread::sleep(Duration::from_millis(300));
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    client.batch_execute("BEGIN; UPDATE customers SET name = 'By hand'").unwrap();
    drop(Store::open(&database.url).unwrap());
    let (_, before) = narrow(&store);
    client.batch_execute("COMMIT").unwrap();
    assert_ne!(narrow(&store).1, before);
}

#[test]
fn whoever_may_write_the_tables_needs_no_right_to_count() {
    let Some(database) = on_server() else { return };
    drop(small(&database));
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    let role = format!("writer_{}", std::process::id());
    let begin = format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}"
    );
    client.batch_execute(&begin).unwrap();
    let (_, rest) = database.url.split_once('@').unwrap();
    let url = format!("postgres://{role}@{rest}");
    let mut writer = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    assert!(writer.execute("UPDATE customers SET name = 'By hand'", &[]).unwrap() > 0);
    drop(writer);
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn a_server_that_drops_the_connection_is_asked_again() {
    let Some(database) = on_server() else { return };
    let store = alone(&database);
    let first = told(&store);
    drop_all(&database);
    changes(&store, first);
}

#[test]
fn a_program_that_was_cut_off_comes_again_before_it_writes() {
    let Some(database) = on_server() else { return };
    let store = alone(&database);
    let other = Store::open(&database.url).unwrap();
    drop_all(&database);
    // Nobody else is seen now, so the epoch is told.
    let before = told(&store);
    let sql = "UPDATE customers SET name = 'Other'";
    let begun = Instant::now();
    // The connection that was lost is found out by whoever uses it.
    while other.write(|tx| tx.execute(sql, &[]).map(drop)).is_err() {
        assert!(begun.elapsed() < SOON);
    }
    assert_ne!(store.epoch(), Some(before));
}

#[test]
fn whoever_may_only_read_opens_it_too() {
    let Some(database) = on_server() else { return };
    drop(small(&database));
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    let role = format!("reader_{}", std::process::id());
    client
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .unwrap();
    let (_, rest) = database.url.split_once('@').unwrap();
    let store = Store::open(&format!("postgres://{role}@{rest}")).unwrap();
    assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
    assert_eq!(store.epoch(), None);
    drop(store);
    let gone = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    client.batch_execute(&gone).unwrap();
}
