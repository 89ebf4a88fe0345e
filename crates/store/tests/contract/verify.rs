//! What verification reads: bills, goods and postings by ranges of customers, and the questions
//! whose answer must be empty.
//!
//! It deliberately plants each damage around the guards; `app` tests what is made of the answers.

use crate::kit::{C1, ISSUED, execute, issued, read};
use domain::billing::BillState;
use domain::ledger::Account;
use domain::money::Money;
use store::verify::{self, Posted, Question};
use store::{Store, StoreError};
use testkit::{Database, on_both};

const QUESTIONS: [Question; 6] = [
    Question::UnbalancedTransactions,
    Question::EntriesAlone,
    Question::BrokenSeries,
    Question::WithoutSeries,
    Question::Untraced,
    Question::LinesAlone,
];

fn answers(store: &Store) -> Vec<(Question, Vec<String>)> {
    QUESTIONS
        .into_iter()
        .map(|question| {
            let mut places = read(store, |tx| verify::ask(tx, question));
            places.dedup();
            (question, places)
        })
        .filter(|(_, places)| !places.is_empty())
        .collect()
}

/// Executes statements without guards and without keys between tables.
fn plant(database: &Database, statements: &[String]) {
    if database.kind == "sqlite" {
        let path = database.url.strip_prefix("sqlite:").unwrap();
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        let mut names = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'");
        let names = names.as_mut().unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for name in names.collect::<Result<Vec<_>, _>>().unwrap() {
            conn.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        conn.execute_batch(&statements.join(";")).unwrap();
    } else {
        let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
        client.batch_execute("SET session_replication_role = replica").unwrap();
        client.batch_execute(&statements.join(";")).unwrap();
    }
}

#[test]
fn a_sound_database_has_no_answers() {
    on_both(|database| {
        let store = issued(database);
        assert_eq!(answers(&store), []);
        assert!(read(&store, verify::missing_guards).is_empty());
        assert!(read(&store, verify::file_damage).is_empty());
    });
}

#[test]
fn every_question_finds_its_damage() {
    let damages = [
        (
            "UPDATE ledger_entries SET amount_paise = amount_paise + 1 WHERE entry_no = 1",
            Question::UnbalancedTransactions,
            "1",
        ),
        ("DELETE FROM ledger_transactions", Question::EntriesAlone, "1"),
        ("UPDATE number_series SET next_serial = 5", Question::BrokenSeries, "INV/2026"),
        ("UPDATE bills SET serial = 2 WHERE id = 1", Question::BrokenSeries, "INV/2026"),
        ("DELETE FROM number_series", Question::WithoutSeries, "INV/26-27/000001"),
        ("DELETE FROM audit", Question::Untraced, "INV/26-27/000001"),
        ("DELETE FROM bills WHERE id = 2", Question::LinesAlone, "2"),
    ];
    let tables = ["bills", "number_series", "ledger_transactions", "ledger_entries", "audit"];
    on_both(|database| {
        let store = issued(database);
        let copy = |table| format!("CREATE TABLE sound_{table} AS SELECT * FROM {table}");
        plant(database, &tables.map(copy));
        for (sql, question, place) in damages {
            plant(database, &[sql.to_owned()]);
            assert_eq!(answers(&store), [(question, vec![place.to_owned()])], "{sql}");
            // Mended again, so that one damage does not hide the next.
            let mend = |table| {
                format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM sound_{table}")
            };
            plant(database, &tables.map(mend));
        }
        assert_eq!(answers(&store), []);
    });
}

#[test]
fn answers_are_bounded() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let mut sql = "INSERT INTO number_series VALUES ('A', 2000, 9)".to_owned();
        for year in 2001..2020 {
            sql += &format!(", ('A', {year}, 9)");
        }
        execute(&store, &[&sql]).unwrap();
        let places = read(&store, |tx| verify::ask(tx, Question::BrokenSeries));
        assert_eq!(places.len(), usize::from(verify::PLACES_NAMED));
        assert_eq!(places[0], "A/2000");
    });
}

#[test]
fn bills_goods_and_postings_are_read_by_range() {
    on_both(|database| {
        let store = issued(database);
        let bills = read(&store, |tx| verify::bills(tx, 1, 3));
        assert_eq!(bills.len(), 2);
        assert_eq!((bills[0].id, bills[0].state), (ISSUED, BillState::Issued));
        assert_eq!(bills[0].customer_code, "C1");
        assert_eq!((bills[0].content.lines.len(), bills[1].content.lines.len()), (3, 1));
        let number = ("INV/26-27/000001".to_owned(), "INV".to_owned(), 2026, 1);
        assert_eq!(bills[0].number, Some(number));
        assert_eq!(bills[1].number, None);
        assert_eq!(bills[0].day, 20_260_930);
        assert_eq!(bills[0].previous_balance, Money::from_paise(500));
        assert_eq!(read(&store, |tx| verify::bills(tx, 2, 2)).len(), 1);

        let mut goods = Vec::new();
        read(&store, |tx| verify::delivered(tx, 1, 1, |found| goods.push(found)));
        // Four deliveries and one order; the pending one is not delivered.
        assert_eq!(goods.len(), 5);
        assert_eq!(goods.iter().filter(|found| found.on.is_none()).count(), 1);
        let mut posted = Vec::new();
        read(&store, |tx| verify::posted(tx, 1, 3, |found| posted.push(found)));
        posted.sort_by_key(|found| found.account);
        let receivable = Posted {
            transaction: 1,
            customer: C1,
            bill: Some(ISSUED),
            payment: None,
            day: 20_260_930,
            account: Account::Receivable,
            receivable_of: Some(C1),
            amount: Money::from_paise(24_000),
        };
        let sales = Posted {
            account: Account::Sales,
            receivable_of: None,
            amount: Money::from_paise(-24_000),
            ..receivable
        };
        assert_eq!(posted, [receivable, sales]);
        let opening = read(&store, |tx| verify::opening_balances(tx, 1, 2));
        assert_eq!(opening.len(), 2);
        assert_eq!(opening[0], (C1, "C1".to_owned(), Money::ZERO));
    });
}

/// Every trigger, and every index that was made by name.
#[test]
fn every_guard_is_missed_when_it_is_gone() {
    on_both(|database| {
        let store = issued(database);
        let objects = if store.is_sqlite() {
            "SELECT name, type || ' ' || name FROM sqlite_schema \
             WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
        } else {
            "SELECT t.tgname::text, 'TRIGGER ' || t.tgname || ' ON ' || c.relname \
             FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal \
             UNION SELECT indexname::text, 'INDEX ' || indexname FROM pg_indexes \
             WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        };
        let objects = read(&store, |tx| {
            tx.list(objects, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        });
        assert!(objects.len() >= 30, "{}", objects.len());
        for (name, object) in objects {
            // Undone at once, so that one is missing at a time.
            let found = store.write(|tx| {
                tx.execute(&format!("DROP {object}"), &[])?;
                let missing = verify::missing_guards(tx)?;
                Err::<(), _>(StoreError::Other(missing.join(",")))
            });
            assert_eq!(found.unwrap_err().to_string(), format!("the database reports: {name}"));
        }
    });
}

#[test]
fn unexpected_values_are_errors_and_not_guesses() {
    on_both(|database| {
        let store = issued(database);
        for (sql, question) in [
            ("UPDATE customers SET state = 'xx' WHERE id = 1", "customers.state"),
            ("UPDATE customers SET state = NULL, gstin = 'xx' WHERE id = 1", "customers.gstin"),
        ] {
            execute(&store, &[sql]).unwrap();
            let error = store.read(|tx| store::customers::range(tx, 1, 3)).unwrap_err();
            assert!(matches!(&error, StoreError::Unexpected(what) if what == question));
            assert!(error.to_string().contains("run dairyos verify"));
        }
        execute(&store, &["UPDATE business SET state = 'xx'"]).unwrap();
        assert!(store.read(store::business::load).is_err());
        execute(&store, &["UPDATE orders SET ordered_on = 20260931 WHERE id = 2"]).unwrap();
        let asked = crate::kit::order("O2", C1, "2026-09-06", domain::orders::Status::Pending);
        let error = store.read(|tx| store::orders::kept(tx, &[asked])).unwrap_err();
        assert!(error.to_string().contains("orders.ordered_on holds 20260931, not a day"));
    });
}
