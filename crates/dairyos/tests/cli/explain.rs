//! `dairyos explain`: what stands behind a bill and behind one of its lines.

use crate::kit::{Books, assert_help, assert_words, fields, list, paise};
use serde_json::{Value, json};
use testkit::on_both;

#[test]
fn help_names_every_option() {
    assert_help(&["explain"], &["<SUBJECT>", "--json"]);
}

/// What stands behind the line of a product.
fn behind(explained: &Value, sku: &str) -> Vec<Value> {
    let lines = list(&explained["bill"]["lines"]);
    let place = lines.iter().position(|line| line["sku"] == sku).unwrap() + 1;
    let line = list(&explained["lines"]).iter().find(|line| line["line"] == place).unwrap();
    list(&line["behind"]).clone()
}

#[test]
fn every_delivery_order_and_entry_behind_a_bill() {
    on_both(|database| {
        let books = Books::issued(database);
        let explained = books.json(&["explain", "INV/24-25/000001"]);
        assert_eq!(fields(&explained), ["audit", "bill", "ledger", "lines"]);
        assert_eq!(explained["bill"], books.bills("2024-10")[0]);
        let milk = behind(&explained, "MILK");
        let facts = |item: &Value| {
            ["kind", "date", "shift", "reference", "quantity"].map(|name| item[name].clone())
        };
        let expected = [
            ["delivery", "2024-10-01", "morning", "R-1", "1.500"],
            ["delivery", "2024-10-02", "evening", "", "1.500"],
        ];
        assert_eq!(milk.len(), 2);
        for (item, expected) in milk.iter().zip(expected) {
            assert_eq!(facts(item), expected.map(Value::from));
            assert_eq!(item["file"], "deliveries.csv");
            assert_eq!(item["imported_by"], "meena");
            assert!(item["imported_at"].as_str().unwrap().starts_with("20"), "{item}");
            let price = json!({
                "unit_price": "60.000", "basis": "general", "effective_from": "1900-01-01",
                "listed_now": null,
            });
            assert_eq!(item["price"], price);
        }
        let ghee = behind(&explained, "GHEE");
        let expected = [json!("order"), json!("2024-10-07"), Value::Null, json!("O-1")];
        assert_eq!(facts(&ghee[0])[..4], expected);
        let entries = list(&explained["ledger"]);
        assert_eq!(entries.iter().map(|entry| paise(&entry["amount"])).sum::<i64>(), 0);
        let receivable = entries.iter().find(|entry| entry["account"] == "receivable").unwrap();
        assert_eq!(receivable["amount"], "490.00");
        let issue = &list(&explained["audit"])[0];
        assert_eq!([&issue["actor"], &issue["action"]], ["meena", "issue"]);
    });
}

#[test]
fn one_line_and_words_for_people() {
    on_both(|database| {
        let books = Books::issued(database);
        let both = books.json(&["explain", "INV/24-25/000001"]);
        for line in [1, 2] {
            let one = books.json(&["explain", &format!("INV/24-25/000001/{line}")]);
            assert_eq!(list(&one["lines"]).len(), 1);
            assert_eq!(one["lines"][0], both["lines"][line - 1]);
        }
        let out = books.ok(&["explain", "INV/24-25/000001"]);
        assert_words(&out, &["INV/24-25/000001", "Meena Patel", "Cow milk", "3.000 L x 60.000"]);
        assert_words(&out, &["R-1", "deliveries.csv", "orders.csv", "general price", "Ledger"]);
        assert_words(&out, &["receivable", "₹490.00", "-₹475.24", "meena", "issue"]);
        let out = books.ok(&["explain", "INV/24-25/000003/1"]);
        assert_words(&out, &["Chirag", "IGST ₹20.00", "2024-10-31"]);
    });
}

#[test]
fn the_price_says_where_it_comes_from_and_when_the_list_has_changed() {
    on_both(|database| {
        let books = Books::small(database);
        books.counts(
            "prices",
            "sku,customer_code,effective_from,price\nMILK,C-001,2024-10-02,62\n\
             PANEER,,2024-10-30,410\n",
        );
        books.ok(&["bills", "run", "--month", "2024-10", "--issue"]);
        let basis = |number: &str, sku: &str, place: usize| {
            let explained = books.json(&["explain", number]);
            let price = behind(&explained, sku)[place]["price"].clone();
            ["unit_price", "basis", "effective_from"].map(|name| price[name].clone())
        };
        let explained = books.json(&["explain", "INV/24-25/000001"]);
        let all: Vec<&Value> = list(&explained["lines"]).iter().collect();
        assert_eq!(all.len(), 3, "two prices of milk and an order");
        let dear = all.iter().find(|line| line["behind"][0]["price"]["unit_price"] == "62.000");
        let price = &dear.unwrap()["behind"][0]["price"];
        assert_eq!([&price["basis"], &price["effective_from"]], ["customer", "2024-10-02"]);
        let expected = ["410.000", "general", "2024-10-30"].map(Value::from);
        assert_eq!(basis("INV/24-25/000003", "PANEER", 0), expected);
        books.counts("prices", "sku,customer_code,effective_from,price\nPANEER,,2024-10-30,415\n");
        let explained = books.json(&["explain", "INV/24-25/000003"]);
        let price = &behind(&explained, "PANEER")[0]["price"];
        let expected = json!({
            "unit_price": "410.000", "basis": null, "effective_from": null,
            "listed_now": "415.000",
        });
        assert_eq!(*price, expected);
    });
}

#[test]
fn what_is_not_there_is_told() {
    on_both(|database| {
        let books = Books::issued(database);
        for subject in
            ["INV/24-25/000009", "INV/24-25/000001/3", "INV/24-25/000001/0", "INV/24-25", "/", ""]
        {
            let (code, message) = books.error(&["explain", subject]);
            assert_eq!(code, "not_found", "{subject}: {message}");
            assert!(message.len() > 20, "{message}");
        }
        let answer = books.run(&["explain", "INV/24-25/000009"]).failed();
        assert!(answer.err.starts_with("dairyos: "), "{}", answer.err);
        assert_words(&answer.err, &["INV/24-25/000009"]);
        books.run(&["explain"]).misused();
    });
}
