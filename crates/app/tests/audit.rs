//! The audit trail on both databases: lists, reports, and the chain of seals, which finds every
//! altered, removed or inserted row.
//!
//! They deliberately take the guards away to plant damage: with them it is impossible.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "billing/kit.rs"]
#[expect(dead_code, reason = "the dairy of the billing tests, of which the trail needs a part")]
mod kit;

use app::audit::{self, Filter, Sealed};
use app::verify::Invariant::{self, AuditChain, AuditSealsInOrder};
use app::{Actor, AppError};
use domain::access::Role;
use domain::audit::ROWS_PER_SEAL;
use domain::calendar::Moment;
use domain::ids::PersonId;
use kit::Dairy;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::audit::Entry;
use store::{Store, StoreError};
use testkit::on_both;

fn seal(dairy: &Dairy<'_>) -> Sealed {
    audit::seal(&dairy.store, dairy.actor().at, &|| true).unwrap()
}

/// Writes audit rows, some of whose columns are empty.
fn write(store: &Store, actor: &Actor, count: usize) {
    let entries: Vec<Entry> = (0..count)
        .map(|n| Entry {
            action: "change",
            table: "customers",
            record: format!("C{n}"),
            before: (n % 2 == 0).then(|| "{\"route\":\"R1\"}".to_owned()),
            after: Some(format!("{{\"route\":\"R{n}\"}}")),
            changed: (n % 3 == 0).then(|| "route".to_owned()),
        })
        .collect();
    store.write(|tx| store::audit::write(tx, actor, &entries)).unwrap();
}

/// Three seals over rows 1 to 30, and five rows that are not sealed yet.
fn prepared(dairy: &Dairy<'_>) {
    let already = usize::try_from(dairy.count("SELECT COUNT(*) FROM audit")).unwrap();
    for count in [10 - already, 10, 10] {
        write(&dairy.store, &dairy.actor(), count);
        assert_eq!(seal(dairy).seals, 1);
    }
    write(&dairy.store, &dairy.actor(), 5);
    dairy.assert_verified();
}

/// Executes statements while the guards are away.
fn plant(dairy: &Dairy<'_>, statements: &[&str]) {
    let sqlite = dairy.store.is_sqlite();
    let done: Result<(), StoreError> = dairy.store.write(|tx| {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' \
                   AND name LIKE 'audit%'";
        let mut guards = Vec::new();
        if sqlite {
            guards =
                tx.list(sql, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))?;
        }
        for (name, _) in &guards {
            tx.execute(&format!("DROP TRIGGER {name}"), &[])?;
        }
        if !sqlite {
            tx.execute("SET LOCAL session_replication_role = replica", &[])?;
        }
        for statement in statements {
            assert!(tx.execute(statement, &[])? > 0, "{statement}");
        }
        for (_, sql) in &guards {
            tx.execute(sql, &[])?;
        }
        Ok(())
    });
    done.unwrap();
}

/// The broken invariants with their places.
fn broken(dairy: &Dairy<'_>) -> Vec<(Invariant, Vec<String>)> {
    let findings = app::verify::verify(&dairy.store, &mut |_, _| {}).unwrap();
    let broken = findings.checks().iter().filter(|check| check.broken > 0);
    broken.map(|check| (check.invariant, check.places.clone())).collect()
}

const INSERT: &str = "INSERT INTO audit (id, at, actor, action, table_name, record) \
                      VALUES (15, 1, 'x', 'add', 'customers', 'C')";

/// An invariant with its places.
type Found = (Invariant, &'static [&'static str]);

/// The damage and where it is found.
const DAMAGES: [(&str, &[&str], &[Found]); 16] = [
    (
        "a row is altered",
        &["UPDATE audit SET actor = 'nobody' WHERE id = 15"],
        &[(AuditChain, &["seal 2 over audit rows 11 to 20"])],
    ),
    (
        "a fact of a row is altered",
        &["UPDATE audit SET after = '{\"route\":\"R77\"}' WHERE id = 30"],
        &[(AuditChain, &["seal 3 over audit rows 21 to 30"])],
    ),
    (
        "nothing is made of an empty fact",
        &["UPDATE audit SET changed = '' WHERE id = (SELECT MIN(id) FROM audit \
            WHERE changed IS NULL AND id BETWEEN 11 AND 20)"],
        &[(AuditChain, &["seal 2 over audit rows 11 to 20"])],
    ),
    (
        "a row is removed",
        &["DELETE FROM audit WHERE id = 15"],
        &[(AuditChain, &["audit row 15", "seal 2 over audit rows 11 to 20"])],
    ),
    (
        "a row is put into the gap of another",
        &["DELETE FROM audit WHERE id = 15", INSERT],
        &[(AuditChain, &["seal 2 over audit rows 11 to 20"])],
    ),
    (
        "rows at the border of two seals are removed",
        &["DELETE FROM audit WHERE id IN (20, 21)"],
        &[(
            AuditChain,
            &[
                "audit rows 20 to 21",
                "seal 2 over audit rows 11 to 20",
                "seal 3 over audit rows 21 to 30",
            ],
        )],
    ),
    (
        "all rows under a seal are removed",
        &["DELETE FROM audit WHERE id BETWEEN 11 AND 20"],
        &[(AuditChain, &["audit rows 11 to 20", "seal 2 over audit rows 11 to 20"])],
    ),
    (
        "a row that is not sealed yet is removed",
        &["DELETE FROM audit WHERE id = 33"],
        &[(AuditChain, &["audit row 33"])],
    ),
    (
        "the last row is removed",
        &["DELETE FROM audit WHERE id = 35"],
        &[(AuditChain, &["audit row 35"])],
    ),
    (
        "a row is put behind the last one",
        &["INSERT INTO audit (id, at, actor, action, table_name, record) \
           VALUES (36, 1, 'x', 'add', 'customers', 'C')"],
        &[(AuditChain, &["audit row 36"])],
    ),
    (
        "a row gets another id",
        &["UPDATE audit SET id = -5 WHERE id = 1"],
        &[(AuditChain, &["audit row 1", "seal 1 over audit rows 1 to 10"])],
    ),
    (
        "a seal's hash is altered",
        &["UPDATE audit_seals SET seal_hash = (SELECT seal_hash FROM audit_seals WHERE id = 1) \
           WHERE id = 2"],
        &[(AuditChain, &["seal 2 over audit rows 11 to 20", "seal 3 over audit rows 21 to 30"])],
    ),
    (
        "a seal's time is altered",
        &["UPDATE audit_seals SET sealed_at = sealed_at + 1 WHERE id = 3"],
        &[(AuditChain, &["seal 3 over audit rows 21 to 30"])],
    ),
    (
        "a seal is removed",
        &["DELETE FROM audit_seals WHERE id = 2"],
        &[(AuditChain, &["seal 3 over audit rows 21 to 30"]), (AuditSealsInOrder, &["seal 3"])],
    ),
    (
        "the last seal is removed",
        &["DELETE FROM audit_seals WHERE id = 3"],
        &[(AuditSealsInOrder, &["seal 3"])],
    ),
    (
        "the border between seals is moved",
        &[
            "UPDATE audit_seals SET last_id = 19, row_count = 9 WHERE id = 2",
            "UPDATE audit_seals SET first_id = 20, row_count = 11 WHERE id = 3",
        ],
        &[(AuditChain, &["seal 2 over audit rows 11 to 19", "seal 3 over audit rows 20 to 30"])],
    ),
];

#[test]
fn every_damage_to_the_trail_is_found() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        prepared(&dairy);
        for table in ["audit", "audit_seals"] {
            dairy.sql(&format!("CREATE TABLE sound_{table} AS SELECT * FROM {table}"));
        }
        for (name, statements, expected) in DAMAGES {
            plant(&dairy, statements);
            let expected: Vec<_> = expected
                .iter()
                .map(|(invariant, places)| {
                    (*invariant, places.iter().map(|place| (*place).to_owned()).collect())
                })
                .collect();
            assert_eq!(broken(&dairy), expected, "{name}");
            mend(&dairy);
        }
        dairy.assert_verified();
    });
}

fn mend(dairy: &Dairy<'_>) {
    let all = ["audit", "audit_seals"].map(|table| {
        [format!("DELETE FROM {table}"), format!("INSERT INTO {table} SELECT * FROM sound_{table}")]
    });
    let all: Vec<&str> = all.iter().flatten().map(String::as_str).collect();
    plant(dairy, &all);
}

/// Numbers at the edge of what a column holds are damage, not the end of verification.
#[test]
fn absurd_seals_are_found_and_not_stumbled_over() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        prepared(&dairy);
        for change in [
            "first_id = -9223372036854775808",
            "last_id = 9223372036854775807",
            "row_count = 9223372036854775807",
            "seal_hash = 'not a hash, but as long as one is, and that is sixty-four let...'",
            "id = 9223372036854775807",
        ] {
            dairy.sql("DROP TABLE IF EXISTS sound_audit");
            dairy.sql("DROP TABLE IF EXISTS sound_audit_seals");
            for table in ["audit", "audit_seals"] {
                dairy.sql(&format!("CREATE TABLE sound_{table} AS SELECT * FROM {table}"));
            }
            plant(&dairy, &[&format!("UPDATE audit_seals SET {change} WHERE id = 3")]);
            let found: Vec<Invariant> = broken(&dairy).into_iter().map(|found| found.0).collect();
            assert!(found.contains(&AuditChain), "{change}: {found:?}");
            mend(&dairy);
        }
        dairy.assert_verified();
    });
}

#[test]
fn rows_are_sealed_in_batches_and_in_order() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let already = dairy.count("SELECT COUNT(*) FROM audit");
        let many = ROWS_PER_SEAL as usize * 2 + 5;
        write(&dairy.store, &dairy.actor(), many);
        let sealed = seal(&dairy);
        let rows = u64::try_from(already).unwrap() + many as u64;
        assert_eq!((sealed.seals, sealed.rows), (3, rows));
        assert_eq!(sealed.last.unwrap().id, 3);
        assert_eq!(seal(&dairy), Sealed::default());
        dairy.assert_verified();
        // Asked to end, it ends between two seals.
        write(&dairy.store, &dairy.actor(), many);
        let looks = std::cell::Cell::new(0);
        let once = || looks.replace(looks.get() + 1) == 0;
        let sealed = audit::seal(&dairy.store, dairy.actor().at, &once).unwrap();
        assert_eq!((sealed.seals, sealed.rows), (1, u64::from(ROWS_PER_SEAL)));
        dairy.assert_verified();
    });
}

/// Writes rows, and others that are rolled back.
fn write_and_undo(store: &Store, at: Moment) {
    let entry = Entry {
        action: "add",
        table: "t",
        record: "r".to_owned(),
        before: None,
        after: None,
        changed: None,
    };
    for _ in 0..25 {
        write(store, &Actor::program("w", at), 3);
        let undone: Result<(), StoreError> = store.write(|tx| {
            store::audit::write(tx, &Actor::program("undone", at), std::slice::from_ref(&entry))?;
            Err(StoreError::NotInitialised)
        });
        assert!(undone.is_err());
    }
}

#[test]
fn several_programs_may_seal_while_others_write() {
    const WRITERS: usize = 2;
    on_both(|database| {
        let dairy = Dairy::new(database);
        let at = dairy.actor().at;
        let ended = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    write_and_undo(&Store::open(&database.url).unwrap(), at);
                    ended.fetch_add(1, Ordering::SeqCst);
                });
                scope.spawn(|| {
                    let store = Store::open(&database.url).unwrap();
                    while ended.load(Ordering::SeqCst) < WRITERS {
                        audit::seal(&store, at, &|| true).unwrap();
                    }
                });
            }
        });
        seal(&dairy);
        dairy.assert_verified();
        assert!(dairy.count("SELECT COUNT(*) FROM audit_seals") > 1);
        let sealed = "SELECT MAX(last_id) - CAST(SUM(row_count) AS BIGINT) FROM audit_seals";
        assert_eq!(dairy.count(sealed), 0);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM audit WHERE actor = 'undone'"), 0);
    });
}

fn person() -> Actor {
    Actor {
        name: "Meena, \"the\" owner".to_owned(),
        at: Moment::parse("2026-10-05T22:30:00Z").unwrap(),
        person: Some(PersonId(7)),
        role: Some(Role::Owner),
        request: Some("r-1".to_owned()),
    }
}

#[test]
fn a_report_has_every_column_and_every_row() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        write(&dairy.store, &person(), 2);
        let filter = Filter { person: Some(PersonId(7)), ..Filter::default() };
        let report = |filter: &Filter| {
            let mut out = Vec::new();
            let rows = audit::report(&dairy.store, filter, &mut out).unwrap();
            (rows, String::from_utf8(out).unwrap())
        };
        let first = dairy.count("SELECT MIN(id) FROM audit WHERE person_id = 7");
        let who = "2026-10-06T04:00:00+05:30,\"Meena, \"\"the\"\" owner\",owner,7,change,customers";
        let expected = format!(
            "id,at,actor,role,person,action,table,record,changed,before,after,request_id\n\
             {},{who},C1,,,\"{{\"\"route\"\":\"\"R1\"\"}}\",r-1\n\
             {},{who},C0,route,\"{{\"\"route\"\":\"\"R1\"\"}}\",\
             \"{{\"\"route\"\":\"\"R0\"\"}}\",r-1\n",
            first + 1,
            first
        );
        assert_eq!(report(&filter), (2, expected));
        // More than one page.
        write(&dairy.store, &dairy.actor(), 2_345);
        let (rows, text) = report(&Filter::default());
        assert_eq!(i64::try_from(rows).unwrap(), dairy.count("SELECT COUNT(*) FROM audit"));
        assert_eq!(text.lines().count() as u64, rows + 1);
        let none = Filter { action: Some("no such".to_owned()), ..Filter::default() };
        assert_eq!(report(&none), (0, audit::REPORT_COLUMNS.join(",") + "\n"));
    });
}

/// A reader that has seen enough.
struct Closed;

impl std::io::Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the pipe is closed"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_report_ends_when_nobody_reads_it() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let error = audit::report(&dairy.store, &Filter::default(), &mut Closed).unwrap_err();
        assert!(matches!(error, AppError::Output(text) if text == "the pipe is closed"));
    });
}

#[test]
fn lists_have_pages_and_filters_that_make_sense() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        write(&dairy.store, &person(), 5);
        let filter = Filter { person: Some(PersonId(7)), ..Filter::default() };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = audit::list(&dairy.store, &filter, after, 2).unwrap();
            seen.extend(page.rows.iter().map(|row| row.record.clone()));
            // A cursor that went out as text and came back.
            let next = page.next.map(|next| audit::parse_cursor(&next.to_string()).unwrap());
            assert_eq!(next, page.next);
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["C4", "C3", "C2", "C1", "C0"]);
        let row = &audit::list(&dairy.store, &filter, None, 9).unwrap().rows[4];
        let shape = serde_json::to_value(audit::shape(row)).unwrap();
        assert_eq!(shape["at"], "2026-10-06T04:00:00+05:30");
        assert_eq!(shape["before"]["route"], "R1");
        assert_eq!((&shape["changed"][0], &shape["person"]), (&"route".into(), &7.into()));
        let alone = Filter { record: Some("C1".to_owned()), ..Filter::default() };
        for refused in [
            audit::list(&dairy.store, &alone, None, 9).map(drop),
            audit::report(&dairy.store, &alone, &mut Vec::new()).map(drop),
        ] {
            let Err(AppError::Invalid(invalid)) = refused else { panic!("a record alone") };
            assert_eq!(invalid.parts().next().unwrap().0, "#/table");
        }
    });
}
