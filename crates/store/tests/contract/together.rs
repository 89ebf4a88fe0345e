//! Works that share one transaction, and the order in which connections are lent.

use crate::kit::{actor, count, customer, read, small, write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;
use store::{Store, StoreError, Tx, customers};
use testkit::{Database, on_both};

const ALL: &str = "SELECT COUNT(*) FROM customers";

fn add(tx: &mut Tx<'_>, code: &str) -> Result<(), StoreError> {
    let one = customer(code);
    customers::add(tx, &[&one], actor().at).map(|_| ())
}

fn has(store: &Store, code: &str) -> bool {
    read(store, |tx| customers::by_code(tx, code)).is_some()
}

#[test]
fn each_is_kept_or_undone_by_itself() {
    on_both(|database| {
        let store = small(database);
        let mut works = ["N1", "N2", "C1", "N3", ""].iter();
        let mut refused = Vec::new();
        store
            .write_together(|tx| {
                let code = *works.next()?;
                let done = if code.is_empty() { Ok(()) } else { add(tx, code) };
                if done.is_err() {
                    refused.push(code);
                }
                // N2 succeeds and is not to be kept all the same.
                Some(done.is_ok() && code != "N2")
            })
            .unwrap();
        assert_eq!(refused, ["C1"], "a code that is taken");
        assert_eq!([has(&store, "N1"), has(&store, "N2"), has(&store, "N3")], [true, false, true]);
        assert!(has(&store, "C1"));
        store.write_together(|_| None).unwrap();
    });
}

#[test]
fn nothing_is_kept_before_the_commit_of_all() {
    on_both(|database| {
        let store = small(database);
        let other = Store::open(&database.url).unwrap();
        let before = count(&store, ALL);
        let mut works = ["N1", "N2"].iter();
        store
            .write_together(|tx| {
                assert_eq!(count(&other, ALL), before);
                works.next().map(|code| add(tx, code).is_ok())
            })
            .unwrap();
        assert_eq!(count(&other, ALL), before + 2);
    });
}

#[test]
fn a_long_row_of_transactions_keeps_nobody_out() {
    let database = Database::sqlite();
    let store = small(&database);
    let (stop, began) = (AtomicBool::new(false), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            began.wait();
            while !stop.load(Ordering::Relaxed) {
                write(&store, |_| {
                    thread::sleep(Duration::from_millis(20));
                    Ok(())
                });
            }
        });
        began.wait();
        thread::sleep(Duration::from_millis(30));
        let (done, ended) = mpsc::channel();
        let store = &store;
        scope.spawn(move || {
            for _ in 0..10 {
                write(store, |_| Ok(()));
            }
            done.send(()).unwrap();
        });
        let in_turn = ended.recv_timeout(Duration::from_secs(10));
        stop.store(true, Ordering::Relaxed);
        in_turn.unwrap();
    });
}

#[test]
fn a_free_reader_is_one_that_nobody_has() {
    let database = Database::sqlite();
    let store = small(&database);
    drop(store);
    let store = Store::open_with(&database.url, 1).unwrap();
    assert!(store.free_reader().is_none(), "none has been opened yet");
    assert!(has(&store, "C1"));
    let reader = store.free_reader().unwrap();
    assert!(store.free_reader().is_none(), "the only one is lent");
    let found: Result<_, StoreError> = reader.read(|tx| customers::by_code(tx, "C2"));
    assert!(found.unwrap().is_some());
    assert!(store.free_reader().is_some());
    if let Some(url) = testkit::postgres_server() {
        let store = small(&Database::postgres(&url));
        assert!(store.free_reader().is_none(), "a server is not asked in passing");
    }
}

#[test]
fn what_was_committed_is_moved_into_the_file_apart() {
    let database = Database::sqlite();
    let store = small(&database);
    let checkpoints = store.checkpoints().unwrap().unwrap();
    checkpoints.run().unwrap();
    let path = database.url.strip_prefix("sqlite:").unwrap();
    for code in ["N1", "N2"] {
        write(&store, |tx| add(tx, code));
        assert_eq!(checkpoints.run().unwrap(), 0, "nothing is left in the journal");
        let file = std::fs::read(path).unwrap();
        assert!(file.windows(2).any(|two| two == code.as_bytes()), "{code}");
    }
    if let Some(url) = testkit::postgres_server() {
        assert!(small(&Database::postgres(&url)).checkpoints().unwrap().is_none());
    }
}

#[test]
fn a_transaction_that_only_read_does_not_stay_open() {
    on_both(|database| {
        let store = small(database);
        if store.is_sqlite() {
            return;
        }
        assert!(has(&store, "C1"));
        // Its end is sent and not waited for.
        let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'dairyos' AND state LIKE 'idle in transaction%'";
        let open = || client.query_one(sql, &[]).unwrap().get::<_, i64>(0);
        let mut tries = std::iter::repeat_with(open).take(50);
        assert!(tries.any(|open| open == 0));
    });
}
