//! `dairyos import`: files that are taken, how often whatever is said, and what the program says.

use crate::kit::{
    Books, CUSTOMERS, DELIVERIES, ORDERS, PRODUCTS, assert_help, assert_words, fields, list,
};
use serde_json::json;
use testkit::on_both;

const PRICES: &str = "sku,customer_code,effective_from,price\n\
    MILK,,2024-10-02,62\nMILK,C-001,2024-10-02,61.5\nMILK,C-001,2024-11-01,general\n";

#[test]
fn help_names_every_kind() {
    assert_help(&["import"], &["--kind", "--json", "customers.csv", "deliveries", "orders"]);
}

#[test]
fn a_folder_is_taken_in_the_order_of_dependence() {
    on_both(|database| {
        let books = Books::empty(database);
        for (name, content) in [
            ("customers", CUSTOMERS),
            ("products", PRODUCTS),
            ("prices", PRICES),
            ("deliveries", DELIVERIES),
            ("orders", ORDERS),
        ] {
            database.file(&format!("all/{name}.csv"), content);
        }
        database.file("all/notes.txt", "not for the program");
        let rows = [("customers", 4), ("products", 3), ("prices", 3), ("deliveries", 5)];
        let rows: Vec<_> = rows.into_iter().chain([("orders", 2)]).collect();
        let answer = books.json(&["import", "all"]);
        assert_eq!(fields(&answer), ["complete", "imported"]);
        assert_eq!(answer["complete"], true);
        let expected: Vec<_> = rows
            .iter()
            .map(|(kind, count)| {
                json!({
                    "kind": kind, "file": format!("all/{kind}.csv"), "rows": count,
                    "added": count, "changed": 0, "unchanged": 0,
                })
            })
            .collect();
        assert_eq!(list(&answer["imported"]), &expected);
        // Once more: nothing new. Told as a table this time.
        let table = books.ok(&["import", "all"]);
        assert_eq!(table.lines().count(), 6, "{table}");
        for (line, (kind, count)) in table.lines().skip(1).zip(&rows) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let count = count.to_string();
            assert_eq!(words, [*kind, count.as_str(), "0", "0", count.as_str()], "{table}");
        }
    });
}

#[test]
fn every_kind_is_taken_once_changed_when_it_says_something_new() {
    on_both(|database| {
        let books = Books::empty(database);
        assert_eq!(books.counts("customers", CUSTOMERS), [4, 4, 0, 0]);
        assert_eq!(books.counts("products", PRODUCTS), [3, 3, 0, 0]);
        assert_eq!(books.counts("prices", PRICES), [3, 3, 0, 0]);
        assert_eq!(books.counts("deliveries", DELIVERIES), [5, 5, 0, 0]);
        assert_eq!(books.counts("orders", ORDERS), [2, 2, 0, 0]);
        let changed = CUSTOMERS.replace("Chirag", "Chirag Rao");
        assert_eq!(books.counts("customers", changed), [4, 0, 1, 3]);
        let changed = PRODUCTS.replace(",620,", ",640,");
        assert_eq!(books.counts("products", changed), [3, 0, 1, 2]);
        assert_eq!(books.counts("prices", PRICES.replace("61.5", "61.55")), [3, 0, 1, 2]);
        let changed = DELIVERIES.replace("0.333,delivered", "0.334,delivered");
        assert_eq!(books.counts("deliveries", changed), [5, 0, 1, 4]);
        assert_eq!(books.counts("orders", ORDERS.replace("cancelled", "pending")), [2, 0, 1, 1]);
        books.assert_verified();
    });
}

#[test]
fn marks_line_ends_quotes_and_the_order_of_columns_do_not_matter() {
    on_both(|database| {
        let books = Books::empty(database);
        let customers = "\u{feff}NAME,Address,code,opening_balance\r\n\
            \"Asha \"\"Didi\"\" Rao\",\"Flat 3,\r\nRose Wing\",C-001,-50.25\r\n\
            \r\n\
            મીના પટેલ,, C-002 ,\r\n";
        assert_eq!(books.counts("customers", customers), [2, 2, 0, 0]);
        for end in ["\n", "\r"] {
            let [rows, added, ..] = books.counts("customers", customers.replace("\r\n", end));
            assert_eq!([rows, added], [2, 0]);
        }
        let balances = books.ok(&["ledger", "balances"]);
        assert_words(&balances, &["Asha \"Didi\" Rao", "-₹50.25"]);
        // A wrong row behind a field of two lines is named by the line it starts on.
        let wrong = format!("{customers}X,,C-003,1.005\r\n");
        let answer = books.import("customers", wrong).failed();
        assert_words(
            &answer.err,
            &["customers.csv:6:4: opening_balance: \"1.005\" has 3 decimals"],
        );
    });
}

#[test]
fn a_header_without_rows_says_nothing_new() {
    on_both(|database| {
        let books = Books::empty(database);
        for (kind, content) in
            [("customers", "code,name"), ("deliveries", DELIVERIES.lines().next().unwrap())]
        {
            assert_eq!(books.counts(kind, content), [0, 0, 0, 0]);
        }
    });
}

#[test]
fn a_folder_stops_at_the_first_refused_file_and_keeps_those_before() {
    on_both(|database| {
        let books = Books::empty(database);
        database.file("part/customers.csv", CUSTOMERS);
        database.file("part/products.csv", PRODUCTS.replace("true", "yes"));
        database.file("part/orders.csv", ORDERS);
        let answer = books.run(&["import", "part", "--json"]);
        assert_eq!(answer.code, Some(1));
        let imported = answer.json();
        assert_eq!(imported["complete"], false);
        assert_eq!(list(&imported["imported"]).len(), 1);
        assert_eq!(imported["imported"][0]["added"], 4);
        let (code, message) = answer.error();
        assert_eq!(code, "bad_file");
        let problem =
            "products.csv:4:7: tax_inclusive: \"yes\" is not known; expected true or false";
        assert_words(&message, &[problem, "nothing of the file was imported"]);
        assert_eq!(books.counts("customers", CUSTOMERS), [4, 0, 0, 4]);
        assert_eq!(books.counts("products", PRODUCTS), [3, 3, 0, 0]);
        let answer = books.run(&["import", "part"]).failed();
        assert_words(&answer.out, &["customers", "Unchanged"]);
        assert_words(&answer.err, &["products.csv:4:7:"]);
    });
}

#[test]
fn what_cannot_be_found_is_told() {
    on_both(|database| {
        let books = Books::empty(database);
        std::fs::create_dir(database.folder().join("void")).unwrap();
        let answer = books.run(&["import", "nowhere"]).failed();
        assert_words(&answer.err, &["nowhere", "folder"]);
        let answer = books.run(&["import", "void"]).failed();
        assert_words(&answer.err, &["void", "nothing to import", "customers.csv"]);
        let (code, message) = books.error(&["import", "--kind", "prices", "nowhere.csv"]);
        assert_eq!(code, "bad_file");
        assert_words(&message, &["nowhere.csv", "No such file"]);
        let (code, message) = books.error(&["import", "--kind", "prices", "void"]);
        assert_eq!(code, "bad_file");
        assert_words(&message, &["void"]);
        books.run(&["import"]).misused();
        books.run(&["import", "--kind", "cows", "x.csv"]).misused();
    });
}

#[test]
fn books_that_are_not_there_take_nothing() {
    on_both(|database| {
        let books = Books::none(database);
        database.file("customers.csv", CUSTOMERS);
        let (code, message) = books.error(&["import", "--kind", "customers", "customers.csv"]);
        let expected =
            if database.kind == "sqlite" { "database_missing" } else { "database_not_initialised" };
        assert_eq!(code, expected);
        assert_words(&message, &["dairyos init"]);
    });
}

#[test]
fn the_actor_and_the_file_are_remembered() {
    on_both(|database| {
        let books = Books::small(database);
        let more = "reference,date,shift,customer_code,sku,quantity,status\n\
            X-9,2024-10-09,morning,C-004,MILK,2,delivered\n";
        database.file("late.csv", more);
        books.ok(&["import", "--kind", "deliveries", "late.csv", "--actor", "ravi"]);
        books.ok(&["bills", "run", "--month", "2024-10", "--issue", "--actor", "asha"]);
        let number = books.bills("2024-10")[3]["number"].as_str().unwrap().to_owned();
        let explained = books.json(&["explain", &number]);
        let behind = &explained["lines"][0]["behind"][0];
        assert_eq!(behind["reference"], "X-9");
        assert_eq!(behind["file"], "late.csv");
        assert_eq!(behind["imported_by"], "ravi");
        assert_eq!(explained["audit"][0]["actor"], "asha");
    });
}
