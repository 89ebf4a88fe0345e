//! `dairyos ledger`: balances, and journals that balance in every form.

use crate::journals::{Transaction, beancount, csv, hledger};
use crate::kit::{Books, assert_help, assert_words, fields, list, paise, scaled};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use testkit::on_both;

/// Codes that differ in what a journal's spelling may not hold.
const AWKWARD: [&str; 20] = [
    "AB",
    "A B",
    "A  B",
    "A:B",
    "A;B",
    "A_B",
    "A|B",
    "A,B",
    "A\"B",
    "A-B",
    "A/B",
    "A\\B",
    "a b",
    "(AB)",
    "[AB]",
    "*",
    "#1",
    "ગાય",
    "A-20-B",
    "A%20B",
];

#[test]
fn help_names_every_option() {
    assert_help(&["ledger"], &["balances", "export"]);
    assert_help(&["ledger", "balances"], &["--json"]);
    assert_help(&["ledger", "export"], &["--format", "hledger", "beancount", "csv"]);
}

#[test]
fn balances_of_accounts_and_customers() {
    on_both(|database| {
        let books = Books::issued(database);
        let balances = books.json(&["ledger", "balances"]);
        assert_eq!(fields(&balances), ["accounts", "customers", "sum"]);
        assert_eq!(balances["sum"], "0.00");
        let accounts: BTreeMap<&str, i64> = list(&balances["accounts"])
            .iter()
            .map(|row| (row["account"].as_str().unwrap(), paise(&row["balance"])))
            .collect();
        let expected = BTreeMap::from([
            ("receivable", 129_986),
            ("sales", -100_844),
            ("output_cgst", -1_071),
            ("output_sgst", -1_071),
            ("output_igst", -2_000),
            ("opening_balances", -25_000),
        ]);
        for (account, balance) in &expected {
            assert_eq!(accounts.get(account), Some(balance), "{account}");
        }
        assert_eq!(accounts.values().sum::<i64>(), 0);
        for row in list(&balances["accounts"]) {
            assert!(row["entries"].is_u64(), "{row}");
        }
        let customers: Vec<[&str; 2]> = list(&balances["customers"])
            .iter()
            .map(|row| ["customer_code", "balance"].map(|name| row[name].as_str().unwrap()))
            .collect();
        let expected = [["C-001", "490.00"], ["C-002", "389.86"], ["C-003", "420.00"]];
        assert_eq!(customers, expected);
        let table = books.ok(&["ledger", "balances"]);
        assert_words(
            &table,
            &["receivable", "₹1,299.86", "₹1,008.44", "Sum of all accounts: ₹0.00"],
        );
        assert_words(&table, &["C-002", "Shah, Ravi", "₹389.86"]);
    });
}

#[test]
fn books_without_postings() {
    on_both(|database| {
        let books = Books::empty(database);
        let balances = books.json(&["ledger", "balances"]);
        assert_eq!(balances["sum"], "0.00");
        assert_eq!(balances["customers"], json!([]));
        let out = books.ok(&["ledger", "export", "--format", "csv"]);
        assert_eq!(csv(&out).len(), 1);
        assert!(hledger(&books.ok(&["ledger", "export", "--format", "hledger"])).is_empty());
        assert!(beancount(&books.ok(&["ledger", "export", "--format", "beancount"])).is_empty());
        books.run(&["ledger", "export"]).misused();
        books.run(&["ledger", "export", "--format", "xml"]).misused();
        books.run(&["ledger"]).code.filter(|code| *code == 2).unwrap();
    });
}

#[test]
fn the_journal_as_csv() {
    on_both(|database| {
        let books = Books::issued(database);
        let rows = csv(&books.ok(&["ledger", "export", "--format", "csv"]));
        let header = "transaction,date,cause,bill_number,customer_code,account,debit,credit";
        assert_eq!(rows[0].join(","), header);
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &rows[1..] {
            let [transaction, _, cause, number, _, _, debit, credit] = &row[..] else {
                panic!("{row:?}")
            };
            assert!(debit.is_empty() != credit.is_empty(), "{row:?}");
            assert_eq!(number.is_empty(), cause == "opening_balance", "{row:?}");
            let amount = if credit.is_empty() { scaled(debit, 2) } else { -scaled(credit, 2) };
            assert!(credit.is_empty() || amount < 0, "{row:?}");
            *sums.entry(transaction).or_default() += amount;
        }
        assert_eq!(sums.len(), 4);
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
        let of_second = |row: &&Vec<String>| row[3] == "INV/24-25/000002";
        let second: BTreeSet<String> =
            rows.iter().filter(of_second).map(|row| row[1..].join(",")).collect();
        let start = "2024-10-31,bill,INV/24-25/000002,C-002";
        let expected = [
            format!("{start},receivable,139.86,"),
            format!("{start},sales,,133.20"),
            format!("{start},output_cgst,,3.33"),
            format!("{start},output_sgst,,3.33"),
        ];
        assert_eq!(second, BTreeSet::from(expected));
        // By day; the balance brought forward was posted today.
        let days: Vec<&String> = rows[1..].iter().map(|row| &row[1]).collect();
        assert!(days.is_sorted(), "{days:?}");
    });
}

#[test]
fn journals_of_awkward_customers_balance_with_one_account_each() {
    on_both(|database| {
        let books = Books::empty(database);
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut customers = String::from("code,name,opening_balance\n");
        for (place, code) in AWKWARD.iter().enumerate() {
            let name = quoted(&format!("{code}; \"x\" | \\ {place}"));
            customers.push_str(&format!("{},{name},{}.00\n", quoted(code), place + 1));
        }
        let count = AWKWARD.len() as u64;
        assert_eq!(books.counts("customers", &customers), [count, count, 0, 0]);
        // A change of the balances posts a second transaction to the same accounts.
        let again = customers.replace(".00\n", ".50\n");
        assert_eq!(books.counts("customers", again), [count, 0, count, 0]);
        let rows = csv(&books.ok(&["ledger", "export", "--format", "csv"]));
        let codes: BTreeSet<&str> = rows[1..].iter().map(|row| row[4].as_str()).collect();
        assert_eq!(codes, BTreeSet::from(AWKWARD));
        let hledger = hledger(&books.ok(&["ledger", "export", "--format", "hledger"]));
        assert_accounts_of_their_own(&hledger, "assets:receivable:", 3);
        let beancount = beancount(&books.ok(&["ledger", "export", "--format", "beancount"]));
        assert_accounts_of_their_own(&beancount, "Assets:Receivable:", 3);
        books.assert_verified();
    });
}

/// Asserts that each of the awkward customers has an account with the two amounts posted to it.
fn assert_accounts_of_their_own(journal: &[Transaction], prefix: &str, depth: usize) {
    assert_eq!(journal.len(), 2 * AWKWARD.len());
    let mut receivable: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for transaction in journal {
        assert_eq!(transaction.sum(), 0, "{transaction:?}");
        assert!(!transaction.title.contains([';', '|']), "{transaction:?}");
        for (account, amount) in &transaction.entries {
            if account.starts_with(prefix) {
                assert_eq!(account.split(':').count(), depth, "{account}");
                receivable.entry(account).or_default().push(*amount);
            }
        }
    }
    let names: Vec<&&str> = receivable.keys().collect();
    assert_eq!(receivable.len(), AWKWARD.len(), "two customers share an account: {names:#?}");
    let mut found: Vec<Vec<i64>> = receivable.into_values().collect();
    found.sort();
    let expected: Vec<Vec<i64>> = (1..=20).map(|place| vec![place * 100, 50]).collect();
    assert_eq!(found, expected);
}

#[test]
fn journals_of_bills_say_the_same_in_every_form() {
    on_both(|database| {
        let books = Books::issued(database);
        let export = |format| books.ok(&["ledger", "export", "--format", format]);
        let (text, beans) = (export("hledger"), export("beancount"));
        let (hledger, beancount) = (hledger(&text), beancount(&beans));
        assert_eq!([hledger.len(), beancount.len()], [4, 4]);
        for (one, other) in hledger.iter().zip(&beancount) {
            assert_eq!([one.sum(), other.sum()], [0, 0]);
            assert_eq!(one.day, other.day);
            let amounts = |transaction: &Transaction| -> Vec<i64> {
                transaction.entries.iter().map(|(_, amount)| *amount).collect()
            };
            assert_eq!(amounts(one), amounts(other));
        }
        let words = [
            "2024-10-31 * INV/24-25/000001 C-001 Meena Patel",
            "assets:receivable:C-001 ",
            "income:sales ",
            "liabilities:gst:output cgst ",
            "liabilities:gst:output igst ",
            "equity:opening balances ",
        ];
        assert_words(&text, &words);
        let words = [
            "option \"operating_currency\" \"INR\"",
            "2024-10-31 * \"INV/24-25/000001 C-001 Meena Patel\"",
            "Assets:Receivable:C-C-2d-001 ",
            "2024-10-31 open Income:Sales INR",
            "Liabilities:GST:Output-SGST ",
            "Equity:Opening-Balances ",
        ];
        assert_words(&beans, &words);
    });
}
