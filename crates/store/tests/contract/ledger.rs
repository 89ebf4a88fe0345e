//! The ledger: postings kept whole, balances, and the journal as a stream.
//!
//! It deliberately leaves what the database refuses to the guards.

use crate::kit::{C1, C2, ISSUED, actor, day, issued, read, small, write};
use domain::ledger::{Account, opening_balance_transaction};
use domain::money::Money;
use store::{StoreError, ledger};
use testkit::on_both;

fn rupees(rupees: i64) -> Money {
    Money::from_paise(rupees * 100)
}

#[test]
fn postings_balances_and_the_journal() {
    on_both(|database| {
        let store = issued(database);
        let on = day("2026-09-01");
        let opening = |customer, amount| {
            opening_balance_transaction(on, customer, Money::ZERO, amount).unwrap().unwrap()
        };
        let postings = [opening(C1, rupees(10)), opening(C2, rupees(-4))];
        write(&store, |tx| ledger::post(tx, &postings, actor().at));
        write(&store, |tx| ledger::post(tx, &[], actor().at));

        let mut owed = read(&store, |tx| ledger::receivables(tx, 1, 3));
        owed.sort_unstable_by_key(|(customer, _)| *customer);
        assert_eq!(owed, [(C1, rupees(250)), (C2, rupees(-4))]);
        assert_eq!(read(&store, |tx| ledger::receivables(tx, 2, 2)), [(C2, rupees(-4))]);
        let balances = read(&store, ledger::balances);
        let expected = [
            (Account::Receivable, rupees(246), 3),
            (Account::Sales, rupees(-240), 1),
            (Account::OpeningBalances, rupees(-6), 2),
        ];
        assert_eq!(balances, expected);
        let of_customers = read(&store, ledger::customer_balances);
        let found: Vec<_> = of_customers
            .iter()
            .map(|found| (found.code.as_str(), found.name.as_str(), found.balance))
            .collect();
        assert_eq!(found, [("C1", "Of C1", rupees(250)), ("C2", "Of C2", rupees(-4))]);

        let mut rows = Vec::new();
        read(&store, |tx| {
            ledger::journal(tx, |entry| {
                let number = entry.number.unwrap_or(entry.cause);
                let code = entry.customer_code;
                let account = entry.account.as_str();
                rows.push(format!("{} {number} {code} {account} {}", entry.day, entry.amount));
                Ok(())
            })
        });
        let expected = [
            "2026-09-01 opening_balance C1 receivable 10.00",
            "2026-09-01 opening_balance C1 opening_balances -10.00",
            "2026-09-01 opening_balance C2 receivable -4.00",
            "2026-09-01 opening_balance C2 opening_balances 4.00",
            "2026-09-30 INV/26-27/000001 C1 receivable 240.00",
            "2026-09-30 INV/26-27/000001 C1 sales -240.00",
        ];
        assert_eq!(rows, expected);
        let stopped = store
            .read(|tx| ledger::journal(tx, |_| Err(StoreError::unexpected("the pipe is closed"))));
        assert!(stopped.is_err());
        // The connection is of use after a stream that was not read to its end.
        assert_eq!(read(&store, ledger::balances).len(), 3);
    });
}

#[test]
fn the_entries_of_a_bill() {
    on_both(|database| {
        let store = issued(database);
        let entries = read(&store, |tx| ledger::of_bill(tx, ISSUED));
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].account, Account::Receivable);
        assert_eq!(entries[0].amount, rupees(240));
        assert_eq!(entries[0].day, day("2026-09-30"));
        assert_eq!(entries[0].posted_at, actor().at);
        assert_eq!(entries[1].amount, rupees(-240));
        assert!(read(&store, |tx| ledger::of_bill(tx, crate::kit::DRAFT)).is_empty());
    });
}

#[test]
fn an_empty_ledger() {
    on_both(|database| {
        let store = small(database);
        assert!(read(&store, ledger::balances).is_empty());
        assert!(read(&store, ledger::customer_balances).is_empty());
        assert!(read(&store, |tx| ledger::receivables(tx, 1, 9)).is_empty());
    });
}

/// Sums of 64-bit amounts are wider on PostgreSQL and must come back as they are.
#[test]
fn large_sums_come_back_exactly() {
    on_both(|database| {
        let store = small(database);
        let on = day("2026-09-01");
        let huge = Money::from_paise(4_000_000_000_000_000_001);
        let posting = |customer| {
            opening_balance_transaction(on, customer, Money::ZERO, huge).unwrap().unwrap()
        };
        write(&store, |tx| ledger::post(tx, &[posting(C1), posting(C2)], actor().at));
        let balances = read(&store, ledger::balances);
        assert_eq!(balances[0].1.paise(), 8_000_000_000_000_000_002);
        let third = posting(C1);
        write(&store, |tx| ledger::post(tx, &[third], actor().at));
        let overflow = store.read(ledger::balances);
        assert!(overflow.is_err(), "a sum that does not fit is an error");
    });
}
