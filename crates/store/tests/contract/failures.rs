//! What goes wrong with a database, and how it is told: files that are missing, damaged, full,
//! read-only or locked; servers that are absent, gone or out of room.
//!
//! It deliberately leaves a really full disk and file permissions to the command line's tests: this
//! one may run as root, and within one process.

use crate::kit::{actor, count, customer, issued, on_server, read, small, write};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};
use store::{Lock, Mark, Store, StoreError, Tx, customers, verify};
use testkit::{Database, on_both};

fn path(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite:").unwrap())
}

fn open_error(database: &Database) -> StoreError {
    Store::open(&database.url).err().unwrap()
}

fn pragma(store: &Store, sql: &str) -> i64 {
    read(store, |tx| tx.find(sql, &[], |row| row.int(0))).unwrap_or(0)
}

fn set(store: &Store, pragma: &str) {
    write(store, |tx| tx.find(pragma, &[], |row| row.int(0)));
}

fn add(store: &Store, codes: std::ops::Range<usize>) -> Result<(), StoreError> {
    let many: Vec<_> = codes.map(|n| customer(&format!("N{n}"))).collect();
    let list: Vec<_> = many.iter().collect();
    store.write(|tx| customers::add(tx, &list, actor().at).map(|_| ()))
}

#[test]
fn a_file_that_is_missing_no_database_or_a_folder() {
    let database = Database::sqlite();
    let error = open_error(&database);
    assert!(matches!(&error, StoreError::Missing(_)), "{error}");
    assert!(error.to_string().contains("create one with dairyos init"));
    assert!(!path(&database).exists(), "opening must not create");

    database.file("dairyos.db", "code,name\nC1,Asha\n".repeat(100));
    let error = open_error(&database);
    assert!(matches!(&error, StoreError::Corrupt(_)), "{error}");
    assert!(error.to_string().contains("dairyos.db"), "{error}");
    assert!(Store::create(&database.url).is_err());

    fs::remove_file(path(&database)).unwrap();
    fs::create_dir(path(&database)).unwrap();
    let error = open_error(&database);
    assert!(error.to_string().contains("dairyos.db"), "{error}");
    assert!(!matches!(error, StoreError::Missing(_)), "{error}");
    let nowhere = format!("sqlite:{}/no/such/folder/x.db", database.folder().display());
    assert!(Store::create(&nowhere).is_err());
}

#[test]
fn a_damaged_file_is_told_and_never_answered_from() {
    let database = Database::sqlite();
    let store = issued(&database);
    add(&store, 0..3000).unwrap();
    pragma(&store, "PRAGMA wal_checkpoint(TRUNCATE)");
    drop(store);
    let sound = fs::read(path(&database)).unwrap();
    assert!(sound.len() > 200_000, "{}", sound.len());

    let found = |bytes: &[u8]| {
        for suffix in ["-wal", "-shm"] {
            let mut beside = path(&database).into_os_string();
            beside.push(suffix);
            let _ = fs::remove_file(beside);
        }
        fs::write(path(&database), bytes).unwrap();
        let store = Store::open(&database.url)?;
        let damage = store.read(verify::file_damage)?;
        store.read(customers::all)?;
        Ok::<_, StoreError>(damage)
    };
    assert_eq!(found(&sound).unwrap(), Vec::<String>::new());
    // A part of the middle is overwritten.
    let mut torn = sound.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 20_000].fill(0xA5);
    is_damage(found(&torn));
    // The end is gone.
    is_damage(found(&sound[..sound.len() / 2]));
    // The first page is of another kind.
    let mut headless = sound.clone();
    headless[..16].copy_from_slice(b"SQLite format 9\0");
    is_damage(found(&headless));
}

fn is_damage(found: Result<Vec<String>, StoreError>) {
    match found {
        Ok(damage) => assert!(!damage.is_empty(), "the damage was not found"),
        Err(StoreError::Corrupt(_)) => {}
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_locked_database_is_busy_and_then_free() {
    let database = Database::sqlite();
    let other = small(&database);
    let impatient = format!("{}?busy_timeout_ms=20", database.url);
    let store = Store::open(&impatient).unwrap();
    let (locked, is_locked) = mpsc::channel();
    let (release, released) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let done: Result<(), StoreError> = other.write(|tx| {
                tx.lock(Lock::Billing(0))?;
                locked.send(()).unwrap();
                released.recv().unwrap();
                Ok(())
            });
            done.unwrap();
        });
        is_locked.recv().unwrap();
        let error = add(&store, 0..1).unwrap_err();
        assert!(matches!(&error, StoreError::Busy(_)), "{error}");
        assert!(error.to_string().contains("in use by another program"), "{error}");
        // Reading goes on.
        assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
        // Who waits gets through.
        let patient = Store::open(&database.url).unwrap();
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(100));
            release.send(()).unwrap();
        });
        add(&patient, 0..1).unwrap();
    });
    assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 4);
}

#[test]
fn a_reader_sees_one_state_while_another_writes() {
    on_both(|database| {
        let store = small(database);
        let other = Store::open(&database.url).unwrap();
        let seen = read(&store, |tx| {
            let before = customers::last_id(tx)?;
            add(&other, 0..5)?;
            Ok([before, customers::last_id(tx)?])
        });
        assert_eq!(seen, [3, 3]);
        assert_eq!(read(&store, customers::last_id), 8);
    });
}

#[test]
fn a_database_that_may_not_be_written() {
    on_both(|database| {
        let store = small(database);
        let error = store.write(|tx| {
            if database.kind == "sqlite" {
                tx.execute("PRAGMA query_only = ON", &[])?;
            } else {
                tx.execute("SET TRANSACTION READ ONLY", &[])?;
            }
            let added = customers::add(tx, &[&customer("D")], actor().at);
            if database.kind == "sqlite" {
                tx.execute("PRAGMA query_only = OFF", &[])?;
            }
            added
        });
        let error = error.unwrap_err();
        assert!(matches!(&error, StoreError::ReadOnly(_)), "{error}");
        assert!(error.to_string().contains("check the permissions"), "{error}");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
        add(&store, 0..1).unwrap();
    });
}

#[test]
fn a_full_disk_keeps_what_was_there() {
    let database = Database::sqlite();
    let store = issued(&database);
    let pages = pragma(&store, "PRAGMA page_count");
    set(&store, &format!("PRAGMA max_page_count = {}", pages + 10));
    let error = add(&store, 0..5000).unwrap_err();
    assert!(matches!(&error, StoreError::Full(_)), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 3);
    set(&store, "PRAGMA max_page_count = 1000000");
    add(&store, 0..5000).unwrap();
    assert!(read(&store, verify::file_damage).is_empty());
    assert_eq!(count(&store, "SELECT COUNT(*) FROM customers"), 5003);
}

#[test]
fn what_sqlite_keeps_survives_a_power_cut() {
    let database = Database::sqlite();
    let store = small(&database);
    assert_eq!(pragma(&store, "PRAGMA busy_timeout"), 60_000);
    assert_eq!(pragma(&store, "PRAGMA synchronous"), 2, "FULL");
    assert_eq!(pragma(&store, "PRAGMA foreign_keys"), 1);
    let mode = read(&store, |tx| {
        tx.find("PRAGMA journal_mode", &[], |row| row.text(0).map(str::to_owned))
    });
    assert_eq!(mode.as_deref(), Some("wal"));
}

/// The URL with another user part, host part or name.
fn url_with(database: &Database, host: &str, name: &str) -> String {
    let (_, rest) = database.url.split_once('@').unwrap();
    let (server, own) = rest.split_once('/').unwrap();
    let server = if host.is_empty() { server } else { host };
    let name = if name.is_empty() { own } else { name };
    format!("postgres://dairyos:geheim@{server}/{name}")
}

#[test]
fn a_server_that_cannot_be_reached_is_named_without_the_password() {
    let Some(database) = on_server() else { return };
    let begun = Instant::now();
    for (host, name) in [("127.0.0.1:1", ""), ("", "no_such_database"), ("no.such.invalid:1", "")] {
        let error = Store::open(&url_with(&database, host, name)).err().unwrap();
        let said = format!("{error} {error:?}");
        assert!(matches!(&error, StoreError::Unreachable(_)), "{host} {name}: {said}");
        assert!(said.contains("check that it runs and that the URL is right"));
        assert!(!said.contains("geheim"), "{said}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    let wrong = Store::open("postgres://dairyos:geheim@127.0.0.1:notaport/x").err().unwrap();
    assert!(matches!(&wrong, StoreError::Url(_)), "{wrong}");
    assert!(!format!("{wrong} {wrong:?}").contains("geheim"));
}

#[test]
fn a_connection_that_is_cut_is_told() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let other = Store::open(&database.url).unwrap();
    let pid = write(&store, |tx| tx.find("SELECT pg_backend_pid()", &[], |row| row.int(0)));
    let pid = pid.unwrap();
    let cut = format!("SELECT pg_terminate_backend({pid})::int");
    let error = store.write(|tx| {
        customers::add(tx, &[&customer("D")], actor().at)?;
        assert_eq!(count(&other, &cut), 1);
        customers::add(tx, &[&customer("E")], actor().at)
    });
    let error = error.unwrap_err();
    assert!(matches!(&error, StoreError::Unreachable(_)), "{error:?}");
    // The next transaction has a connection of its own.
    assert_eq!(store.read(customers::last_id).unwrap(), 3);
    assert_eq!(count(&other, "SELECT COUNT(*) FROM customers"), 3);
}

#[test]
fn the_servers_states_are_told_apart() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    for (state, expected) in [
        ("53100", "the disk of the database is full"),
        ("25006", "check the permissions"),
        ("55P03", "in use by another program"),
        ("40001", "in use by another program"),
        ("40P01", "in use by another program"),
        ("XX001", "damaged"),
        ("XX002", "damaged"),
        ("57P01", "cannot be reached"),
        ("53300", "cannot be reached"),
        ("08006", "cannot be reached"),
        ("23514", "refused the change"),
        ("23505", "refused the change"),
        ("22003", "the database reports: planted [22003]"),
    ] {
        let sql =
            format!("DO $x$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{state}'; END $x$");
        let done: Result<u64, StoreError> = store.write(|tx| tx.execute(&sql, &[]));
        let said = done.unwrap_err().to_string();
        assert!(said.contains(expected) && said.contains("planted"), "{state}: {said}");
    }
    // A refused change names its table, never the row.
    let error = crate::kit::execute(&store, &["UPDATE products SET unit = 'geheim'"]);
    let said = error.unwrap_err().to_string();
    assert!(said.contains("(table products)") && !said.contains("geheim"), "{said}");
}

/// Takes a lock and hears that it is held, which is otherwise heard with the next answer.
fn held(tx: &mut Tx<'_>, lock: Lock) -> Result<(), StoreError> {
    tx.lock(lock)?;
    tx.find("SELECT 1::BIGINT", &[], |row| row.int(0)).map(drop)
}

#[test]
fn facts_wait_for_billing_and_not_for_each_other() {
    let Some(database) = on_server() else { return };
    let store = small(&database);
    let other = Store::open(&database.url).unwrap();
    let try_lock = |lock| -> Result<(), StoreError> {
        other.write(|tx| {
            tx.execute("SET LOCAL lock_timeout = '50ms'", &[])?;
            tx.lock(lock)
        })
    };
    let is_busy = |lock| matches!(try_lock(lock), Err(StoreError::Busy(_)));
    write(&store, |tx| {
        held(tx, Lock::Facts)?;
        try_lock(Lock::Facts).unwrap();
        assert!(is_busy(Lock::Billing(0)) && is_busy(Lock::Business));
        Ok(())
    });
    write(&store, |tx| {
        held(tx, Lock::Billing(0))?;
        // Each range once, other ranges at the same time.
        try_lock(Lock::Billing(1)).unwrap();
        assert!(is_busy(Lock::Billing(0)) && is_busy(Lock::Facts) && is_busy(Lock::Business));
        Ok(())
    });
    write(&store, |tx| {
        held(tx, Lock::Business)?;
        assert!(is_busy(Lock::Business) && is_busy(Lock::Facts) && is_busy(Lock::Billing(0)));
        Ok(())
    });
    try_lock(Lock::Billing(0)).unwrap();
}

fn marked(tx: &mut Tx<'_>) -> Result<Option<Mark>, StoreError> {
    tx.mark()
}

#[test]
fn a_mark_tells_whether_anybody_else_wrote() {
    let database = Database::sqlite();
    let store = small(&database);
    let other = Store::open(&database.url).unwrap();
    let mark = |store: &Store| write(store, marked).unwrap();
    let first = mark(&store);
    assert_eq!(mark(&store), first.after(1));
    write(&store, |tx| tx.execute("UPDATE customers SET name = 'own'", &[]));
    assert_eq!(mark(&store), first.after(3), "own writes are counted, not seen as foreign");
    add(&other, 10..11).unwrap();
    assert_ne!(mark(&store), first.after(4), "another connection's write is seen");
    let again = mark(&store);
    read(&other, marked);
    assert_eq!(mark(&store), again.after(1), "reading elsewhere changes nothing");
    if let Some(database) = on_server() {
        let store = small(&database);
        assert_eq!(write(&store, marked), None, "locks do this there");
    }
}
